use crate::{
    Body, BodyError, IsapiDocument, ResponseStatus, SubStatus, UserCheck, digest::Challenges,
};

/// A device's reply to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsapiReply {
    /// The status code of HTTP.
    pub status: u16,
    /// What its `WWW-Authenticate` headers offer.
    pub challenges: Challenges,
    /// Its body, of at most [`Body::MAX_BYTES`].
    pub body: Vec<u8>,
}

impl IsapiReply {
    /// The elements of its body.
    pub fn body(&self) -> Result<Body, BodyError> {
        Body::read(&self.body)
    }

    /// A document of its body. `None` if it is not there.
    pub fn document<D: IsapiDocument>(&self) -> Option<D> {
        D::read(&self.body().ok()?)
    }

    /// Whether what was asked counts from the next reboot on.
    pub fn needs_restart(&self) -> bool {
        self.document::<ResponseStatus>()
            .is_some_and(|it| it.needs_restart())
    }

    /// Whether the status is one of success. The body may say otherwise.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// Why a device does not answer a question, or not take a login, whatever the password
/// is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpRefusal {
    /// It takes no login from this computer's address for a while.
    Locked {
        /// Seconds until it does, if it tells.
        seconds: Option<u32>,
    },
    /// It has no password yet.
    NotActivated,
    /// This firmware has no such URL.
    NoSuchUrl,
    /// It still boots.
    Booting,
    /// The account may not do that, or the address is locked out: 403.
    Forbidden {
        /// The word that tells more, if there is one.
        word: Option<SubStatus>,
    },
    /// Any other status code.
    Unexpected {
        /// The status code.
        status: u16,
    },
}

impl HttpRefusal {
    /// What a reply refuses, apart from a 401 about the password. `None` if it refuses
    /// nothing, or only wants a login.
    pub fn of(reply: &IsapiReply) -> Option<Self> {
        let body = reply.body().ok();
        let body = body.as_ref();
        let check = body.and_then(UserCheck::read).unwrap_or_default();
        let status = body.and_then(ResponseStatus::read).unwrap_or_default();
        if check.is_locked() {
            let seconds = check.unlock_time.or(status.res_lock_time);
            return Some(Self::Locked { seconds });
        }
        if check.is_activated == Some(false) {
            return Some(Self::NotActivated);
        }
        match reply.status {
            404 | 405 | 501 => return Some(Self::NoSuchUrl),
            200..=299 | 401 | 403 => {}
            status => return Some(Self::Unexpected { status }),
        }
        match status.sub_status {
            Some(SubStatus::NotActivated) => Some(Self::NotActivated),
            Some(SubStatus::UserLocked | SubStatus::MaxPasswordAttempts) => Some(Self::Locked {
                seconds: status.res_lock_time,
            }),
            // Nothing else counts before a login.
            _ if reply.status == 401 => None,
            Some(SubStatus::NotSupport | SubStatus::MethodNotAllowed) => Some(Self::NoSuchUrl),
            Some(SubStatus::InvalidOperation) => Some(Self::Booting),
            None if status.status_code == Some(INVALID_OPERATION) => Some(Self::Booting),
            word => (reply.status == 403).then_some(Self::Forbidden { word }),
        }
    }
}

/// The group of refusals that stands alone while a device boots.
const INVALID_OPERATION: u32 = 4;

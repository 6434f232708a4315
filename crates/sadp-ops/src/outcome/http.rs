//! What is known of a device by its own HTTP interface.

use jiff::{SignedDuration, Timestamp};
use sadp_isapi::{
    CertificateFingerprint, DeviceInfo, DiscoveryMode, EditError, HttpFailure, HttpRefusal,
    LoginOutcome, SubStatus, Time, Transport, UserCheck, Withheld,
};
use sadp_model::{MacAddr, State};
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use super::{Impact, Outcome, OutcomeStatus, Reason};
use crate::DiscoveredDevice;

/// What a device tells over HTTP. `None` where it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpStatus {
    /// Whether it has a password.
    pub activated: Option<bool>,
    /// How it takes its first password over HTTP.
    pub activation: Option<HttpActivation>,
    /// Whether logins from this computer are locked, and how many tries are left.
    pub check: UserCheck,
    /// How it was asked. Over HTTP it may have led to HTTPS.
    pub transport: Option<Transport>,
    /// The certificate that it showed.
    pub certificate: Option<CertificateFingerprint>,
    /// Why it could not be asked over HTTPS, where that speaks against a login over HTTP.
    pub no_https: Option<HttpFailure>,
    /// What it reports by SADP.
    pub by_sadp: Option<State>,
    /// What became of the login, where one was sent.
    pub login: Option<HttpLogin>,
    /// What it told after the login, where that was asked for.
    pub details: Option<Box<HttpDetails>>,
}

/// What a device tells with a login. `None` where its firmware does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpDetails {
    /// What it is.
    pub info: Option<DeviceInfo>,
    /// Its clock.
    pub clock: Option<DeviceClock>,
    /// Whether it can be found by SADP.
    pub discovery: Option<DiscoveryMode>,
    /// Its MAC, where it is not the one that it reports by SADP.
    pub other_mac: Option<MacAddr>,
}

/// The clock of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceClock {
    /// What it reports.
    pub time: Time,
    /// How far it is ahead of this computer's clock. `None` where it cannot be told. A
    /// second more or less means nothing: the request takes its time.
    pub deviation: Option<SignedDuration>,
}

impl DeviceClock {
    /// A clock that was read at `now`.
    pub fn new(time: Time, now: Timestamp) -> Self {
        let deviation = time.deviation(now);
        Self { time, deviation }
    }

    /// Whether it is as right as can be told: requests take their time, and devices tell
    /// full seconds.
    pub fn is_right(&self) -> bool {
        const SECONDS: u64 = 2;
        self.deviation
            .is_some_and(|it| it.unsigned_abs().as_secs() <= SECONDS)
    }
}

impl HttpStatus {
    /// Whether it says over HTTP that it has a password, and by SADP that it has none,
    /// or the other way round.
    pub fn is_contradictory(&self) -> bool {
        let by_sadp = self.by_sadp.map(|state| state != State::Unactivated);
        matches!((self.activated, by_sadp), (Some(http), Some(sadp)) if http != sadp)
    }
}

/// How a device takes its first password over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpActivation {
    /// As since 2015.
    Legacy,
    /// As newer firmware does, with longer keys.
    V3,
}

/// What became of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpLogin {
    /// The password is right.
    Verified,
    /// The password is wrong.
    Refused,
}

/// Why a device was not asked over HTTP, not told, or not sent a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFinding {
    /// Not asked: it reports no IPv4 address.
    NoAddress,
    /// Not asked: another device has the same address, and either may answer.
    AddressShared,
    /// Not asked: its address is in none of this computer's networks.
    OffSubnet,
    /// Not asked: no look found it again.
    NotFoundAgain,
    /// No answer, or none that can be used.
    NotReached(HttpFailure),
    /// The login was not sent.
    Withheld(LoginObstacle),
    /// The password is wrong.
    WrongPassword {
        /// Tries left before the lock, if the device tells.
        tries_left: Option<u32>,
    },
    /// The login was sent and not judged.
    NotJudged(HttpRefusal),
    /// A request with a login was sent, and no whole reply came.
    Unanswered(HttpFailure),
    /// A change was sent with a login that the device had taken before, and no whole reply
    /// came.
    Unconfirmed(HttpFailure),
    /// The device took the login and refused the request.
    Refused(HttpRefusal),
    /// The same, in its own words.
    NotDone(Option<SubStatus>),
    /// The device took the login, and its reply is not what was asked for.
    NotReadable,
    /// Not activated: over HTTP it reports that it has no password, by SADP that it has.
    StatesDiffer,
    /// Not activated: the newer activation goes to one named device alone.
    NotAlone,
    /// Its firmware has nothing of the kind.
    NotOffered,
    /// Its firmware has no time server.
    NoTimeServer,
    /// Its firmware has no users of ONVIF.
    NoOnvifUsers,
    /// Not sent: it could not be written down before.
    NotWrittenDown,
    /// Not asked: it is no recorder.
    NotRecorder {
        /// Whether the user named the device.
        named: bool,
    },
}

impl HttpFinding {
    /// What a login means that was not accepted.
    pub(crate) fn of(ended: LoginOutcome) -> Self {
        match ended {
            LoginOutcome::WrongPassword { tries_left } => Self::WrongPassword { tries_left },
            LoginOutcome::Refused(refusal) => Self::NotJudged(refusal),
            LoginOutcome::Unknown(failure) => Self::Unanswered(failure),
            LoginOutcome::Withheld(Withheld::Failed(failure)) => Self::NotReached(failure),
            LoginOutcome::Withheld(withheld) => Self::Withheld(LoginObstacle::of(withheld)),
            LoginOutcome::Accepted(_) => Self::NotReadable,
        }
    }

    /// How an operation on the device ended by it.
    pub(crate) const fn status(&self) -> OutcomeStatus {
        match self {
            Self::NoAddress
            | Self::AddressShared
            | Self::OffSubnet
            | Self::NotFoundAgain
            | Self::NotReached(HttpFailure::CertificateChanged { .. })
            | Self::Withheld(_)
            | Self::StatesDiffer
            | Self::NotAlone
            | Self::NotOffered
            | Self::NoTimeServer
            | Self::NoOnvifUsers
            | Self::NotWrittenDown
            | Self::NotRecorder { .. } => OutcomeStatus::Skipped,
            Self::NotReached(_) | Self::NotReadable => OutcomeStatus::NoAnswer,
            Self::WrongPassword { .. }
            | Self::NotJudged(_)
            | Self::Refused(_)
            | Self::NotDone(_) => OutcomeStatus::Refused,
            Self::Unanswered(_) | Self::Unconfirmed(_) => OutcomeStatus::Unknown,
        }
    }

    /// A refusal in the words that devices use by SADP, so that scripts read one kind.
    pub(crate) fn verdict(&self) -> Option<RefusalReply> {
        let (refusal, tries_left, lock_minutes) = match *self {
            Self::WrongPassword { tries_left } => (Refusal::PasswordError, tries_left, None),
            Self::NotJudged(HttpRefusal::Locked { seconds })
            | Self::Refused(HttpRefusal::Locked { seconds }) => {
                (Refusal::Locked, None, seconds.map(|it| it.div_ceil(60)))
            }
            _ => return None,
        };
        Some(RefusalReply {
            tries_left,
            lock_minutes,
            ..refusal.into()
        })
    }

    /// The outcome of a device of which this is found.
    pub(crate) fn outcome(self, device: &DiscoveredDevice, action: Action) -> Outcome {
        let mut outcome = Outcome {
            verdict: self.verdict(),
            ..Outcome::new(device, action, self.status())
        };
        outcome.reason = Reason::Http(self);
        outcome
    }

    pub(super) const fn impact(&self) -> Impact {
        match self {
            Self::AddressShared
            | Self::Withheld(
                LoginObstacle::Locked { .. }
                | LoginObstacle::NotActivated
                | LoginObstacle::OneTryLeft
                | LoginObstacle::BasicOnly
                | LoginObstacle::NoHttps(_),
            )
            | Self::NotReached(HttpFailure::CertificateChanged { .. })
            | Self::StatesDiffer
            | Self::NotAlone
            | Self::NotOffered
            | Self::NoTimeServer
            | Self::NoOnvifUsers
            | Self::NotRecorder { named: true } => Impact::Safety,
            Self::NotRecorder { named: false } => Impact::None,
            _ => Impact::Device,
        }
    }
}

/// A document without the place of a value is not one that is understood.
impl From<EditError> for HttpFinding {
    fn from(_: EditError) -> Self {
        Self::NotReadable
    }
}

/// Why no login was sent. It costs no try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginObstacle {
    /// The device takes none from this computer for a while.
    Locked {
        /// Seconds until it does, if it tells.
        seconds: Option<u32>,
    },
    /// The device has no password yet.
    NotActivated,
    /// One try is left before the lock.
    OneTryLeft,
    /// The device answers without a login.
    NotNeeded,
    /// It offers no login that is understood.
    NoChallenge,
    /// It takes the password only unencrypted.
    BasicOnly,
    /// Its HTTPS does not answer any more, is too old, or has another certificate than
    /// before, and the user did not choose HTTP.
    NoHttps(HttpFailure),
    /// It refuses in any case.
    Refused(HttpRefusal),
    /// The device before it did not reply to the password.
    EarlierUnanswered,
}

impl LoginObstacle {
    fn of(withheld: Withheld) -> Self {
        match withheld {
            Withheld::NotNeeded(_) => Self::NotNeeded,
            Withheld::Refused(HttpRefusal::Locked { seconds }) => Self::Locked { seconds },
            Withheld::Refused(HttpRefusal::NotActivated) => Self::NotActivated,
            Withheld::Refused(refusal) => Self::Refused(refusal),
            Withheld::OneTryLeft => Self::OneTryLeft,
            Withheld::BasicOnly => Self::BasicOnly,
            Withheld::NoChallenge | Withheld::Failed(_) => Self::NoChallenge,
        }
    }
}

/// What one login with the new password shows of the command that set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyFinding {
    /// The device has the new password.
    Set,
    /// No reply came, and the device does not have the new password.
    NotSet,
    /// The device replied that it set the new password, and refuses it.
    Contradicted,
}

//! What the end of a login or of a request means for its device.

use sadp_isapi::{EditError, HttpFailure, HttpRefusal, LoginOutcome, Withheld};
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use super::{HttpFinding, LoginObstacle};
use crate::{DiscoveredDevice, Outcome, OutcomeStatus, Reason};

impl HttpFinding {
    /// What a login means that was not accepted.
    pub(super) fn of(ended: LoginOutcome) -> Self {
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
    pub(super) fn verdict(&self) -> Option<RefusalReply> {
        let (refusal, tries_left, lock_minutes) = match *self {
            Self::WrongPassword { tries_left } => (Refusal::PasswordError, tries_left, None),
            Self::NotJudged(HttpRefusal::Locked { seconds })
            | Self::Refused(HttpRefusal::Locked { seconds }) => {
                (Refusal::Locked, None, seconds.map(|it| it.div_ceil(60)))
            }
            _ => return None,
        };
        Some(RefusalReply {
            refusal,
            tries_left,
            lock_minutes,
            without_mac: false,
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
}

/// A document without the place of a value is not one that is understood.
impl From<EditError> for HttpFinding {
    fn from(_: EditError) -> Self {
        Self::NotReadable
    }
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

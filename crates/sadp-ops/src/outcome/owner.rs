//! What the owner changes: every change with its command, and what is known of it.
//! A new change is described here and nowhere else in this crate.

use sadp_model::{Device, State};
use sadp_proto::{Command, Refusal, VerificationCode, seal::Password};
use sadp_reset::Action;

use super::{Outcome, OutcomeStatus, Reason, Seen};
use crate::OpsError;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerChange {
    /// Hik-Connect is switched on.
    CloudOn,
    /// Hik-Connect is switched off.
    CloudOff,
    /// The verification code is set by which an account adds the device.
    Code,
    /// The device is unbound from its account.
    Unbind,
    /// The device is returned to the unactivated state.
    Deactivate,
}

impl OwnerChange {
    pub(crate) const fn action(self) -> Action {
        match self {
            Self::CloudOn | Self::CloudOff => Action::CloudSet,
            Self::Code => Action::CloudCode,
            Self::Unbind => Action::CloudUnbind,
            Self::Deactivate => Action::Deactivate,
        }
    }

    /// Whether the device does not report it yet.
    pub(crate) fn is_needed(self, device: &Device) -> bool {
        let cloud = &device.cloud;
        match self {
            Self::CloudOn => cloud.enabled != Some(true),
            // Devices without Hik-Connect report that it is off, too.
            Self::CloudOff => cloud.supported != Some(true) || cloud.enabled != Some(false),
            Self::Deactivate => device.state != Some(State::Unactivated),
            Self::Code | Self::Unbind => true,
        }
    }

    pub(crate) fn command(
        self,
        password: Password,
        code: Option<VerificationCode>,
    ) -> Result<Command, OpsError> {
        Ok(match self {
            Self::CloudOn | Self::CloudOff => Command::SetCloud {
                enabled: self == Self::CloudOn,
                password,
            },
            Self::Code => Command::SetVerificationCode {
                code: code.ok_or(OpsError::CodeMissing)?,
                password,
            },
            Self::Unbind => Command::Unbind { password },
            Self::Deactivate => Command::Deactivate { password },
        })
    }

    /// Whether the device reports the change. `None` where it does not report that.
    fn is_reported(self, device: &Device) -> Option<bool> {
        match self {
            Self::CloudOn => device.cloud.enabled,
            Self::CloudOff => device.cloud.enabled.map(|enabled| !enabled),
            Self::Code => None,
            Self::Unbind => device.cloud.bound.map(|bound| !bound),
            Self::Deactivate => device.state.map(|state| state == State::Unactivated),
        }
    }

    /// Adds what a device that accepted the change, or did not reply, reports
    /// afterwards.
    pub(crate) fn conclude(self, outcome: &mut Outcome, now: Option<&Device>) {
        let replied = match outcome.status {
            OutcomeStatus::Done => true,
            OutcomeStatus::Unknown => false,
            _ => return,
        };
        let reported = now.and_then(|device| self.is_reported(device));
        outcome.seen = Some(Seen::of(reported));
        let (status, finding) = match (replied, reported) {
            (_, Some(true)) => (OutcomeStatus::Done, OwnerFinding::Done(self)),
            (_, Some(false)) => {
                let finding = OwnerFinding::NotReported { accepted: replied };
                (OutcomeStatus::Unknown, finding)
            }
            (true, None) if now.is_some() => (OutcomeStatus::Done, OwnerFinding::Done(self)),
            (true, None) => (OutcomeStatus::Done, OwnerFinding::Accepted),
            (false, None) => return,
        };
        outcome.status = status;
        outcome.reason = Reason::Owner(finding);
        outcome.next = None;
    }
}

/// What is known of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerFinding {
    /// Not sent: a dry run.
    Planned(OwnerChange),
    /// Not sent: the device reports it already.
    NotNeeded(OwnerChange),
    /// It is done.
    Done(OwnerChange),
    /// The device accepted it, and was not found again yet.
    Accepted,
    /// The device does not report it afterwards.
    NotReported {
        /// Whether the device accepted it.
        accepted: bool,
    },
    /// The device refused when it was asked whether it can be unbound. The password
    /// was not sent.
    CannotUnbind,
    /// The device did not reply to that. The password was not sent.
    NoUnbindStatus,
}

/// What a device reports of Hik-Connect. `None` where it does not report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudStatus {
    /// Whether it has Hik-Connect.
    pub supported: Option<bool>,
    /// Whether that is switched on.
    pub enabled: Option<bool>,
    /// Whether it is bound to an account.
    pub bound: Option<bool>,
    /// Whether it can be unbound.
    pub unbind: Option<UnbindStatus>,
}

/// What a device replies when it is asked whether it can be unbound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnbindStatus {
    /// It is bound and can be unbound.
    Ready,
    /// Why it cannot be unbound.
    Refused(Refusal),
}

impl CloudStatus {
    pub(crate) fn new(device: &Device, unbind: Option<UnbindStatus>) -> Self {
        let bound = match &unbind {
            Some(UnbindStatus::Ready) => Some(true),
            Some(UnbindStatus::Refused(Refusal::NotBound)) => Some(false),
            _ => device.cloud.bound,
        };
        Self {
            supported: device.cloud.supported,
            enabled: device.cloud.enabled,
            bound,
            unbind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_afterwards_decides() {
        use OutcomeStatus::{Done, Refused, Unknown};
        let on = OwnerChange::CloudOn;
        for (status, enabled, expected) in [
            (Done, Some(true), Done),
            (Done, Some(false), Unknown),
            (Done, None, Done),
            (Unknown, Some(true), Done),
            (Unknown, Some(false), Unknown),
            (Unknown, None, Unknown),
            (Refused, Some(true), Refused),
        ] {
            let mut now = Device::unknown();
            now.cloud.enabled = enabled;
            let mut outcome = Outcome::new(crate::DeviceRef::default(), on.action(), status);
            on.conclude(&mut outcome, Some(&now));
            assert_eq!(outcome.status, expected, "{status:?} {enabled:?}");
        }
        let mut unseen = Outcome::new(crate::DeviceRef::default(), Action::Deactivate, Done);
        OwnerChange::Deactivate.conclude(&mut unseen, None);
        assert_eq!(unseen.reason, Reason::Owner(OwnerFinding::Accepted));
    }
}

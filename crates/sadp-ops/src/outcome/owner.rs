use sadp_model::Device;
use sadp_proto::Refusal;

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

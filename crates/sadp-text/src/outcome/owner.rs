//! Hik-Connect, and the return to the unactivated state.

use sadp_ops::owner::{CloudStatus, OwnerChange as Change, OwnerFinding as Finding, UnbindStatus};
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use super::first_password;
use crate::{Announcement, Explanation, refusal, say};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: Finding, verdict: Option<&RefusalReply>) -> Explanation {
    match finding {
        Finding::Planned(Change::CloudOn) => say("Hik-Connect would be switched on"),
        Finding::Planned(Change::CloudOff) => say("Hik-Connect would be switched off"),
        Finding::Planned(Change::Code) => say("its verification code would be set"),
        Finding::Planned(Change::Unbind) => say("it would be unbound from its account"),
        Finding::Planned(Change::Deactivate) => say("its password would be deleted, and it would be unactivated"),
        Finding::NotNeeded(Change::CloudOn) => say("Hik-Connect is on already; nothing was sent"),
        Finding::NotNeeded(Change::CloudOff) => say("Hik-Connect is off already; nothing was sent"),
        Finding::NotNeeded(Change::Deactivate) => say("it is unactivated already; nothing was sent"),
        Finding::NotNeeded(_) => say("no change needed; nothing was sent"),
        Finding::Done(Change::CloudOn) => say("Hik-Connect is on"),
        Finding::Done(Change::CloudOff) => say("Hik-Connect is off"),
        Finding::Done(Change::Code) => say("the verification code is set"),
        Finding::Done(Change::Unbind) => say("it is unbound from its account"),
        Finding::Done(Change::Deactivate) => say("it is unactivated: it has no password now").next(first_password("DEVICE")),
        Finding::Accepted => say("it accepted the command; it is not back on the network yet")
            .next("scan again: it may be restarting"),
        Finding::NotReported { accepted: true } => say("it accepted the command, but does not report the change")
            .next("wait a minute and look again before you send it anything"),
        Finding::NotReported { accepted: false } => say("no reply, and it does not report the change")
            .next("wait a minute and look again; sending it again uses the password once more"),
        Finding::CannotUnbind => verdict.map(|it| refusal::explain(it, Action::CloudShow)).unwrap_or_default(),
        Finding::NoUnbindStatus => say("it did not say whether it can be unbound; the password was not sent"),
    }
}

/// The state of Hik-Connect.
pub(super) fn status(status: &CloudStatus) -> String {
    if status.supported == Some(false) {
        return "it has no Hik-Connect".into();
    }
    let enabled = match status.enabled {
        Some(true) => "Hik-Connect is on",
        Some(false) => "Hik-Connect is off",
        None => "it does not report whether Hik-Connect is on",
    };
    let bound = match status.bound {
        Some(true) => "bound to an account",
        Some(false) => "not bound to an account",
        None => "it does not report whether it is bound to an account",
    };
    let offline = match status.unbind {
        Some(UnbindStatus::Refused(Refusal::CloudOffline)) => "; it cannot reach the service now",
        _ => "",
    };
    format!("{enabled}; {bound}{offline}")
}

impl Announcement {
    /// A change that needs the current password.
    #[rustfmt::skip]
    pub const fn owner(change: Change) -> Self {
        match change {
            Change::CloudOn => Self::new(Action::CloudSet, "Hik-Connect is switched on for", "Switch on Hik-Connect for {}?"),
            Change::CloudOff => Self::new(Action::CloudSet, "Hik-Connect is switched off for", "Switch off Hik-Connect for {}?"),
            Change::Code => Self::new(Action::CloudCode, "the Hik-Connect verification code is set on", "Set the verification code of {}?"),
            Change::Unbind => Self::new(Action::CloudUnbind, "the Hik-Connect account is unbound from", "Unbind {} from its account?"),
            Change::Deactivate => Self::new(Action::Deactivate, "the password, security questions, e-mail address and GUIDs are deleted on", "Deactivate {}?"),
        }
    }
}

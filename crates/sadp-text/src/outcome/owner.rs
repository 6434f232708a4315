//! Hik-Connect, and the return to the unactivated state.

use std::borrow::Cow;

use sadp_ops::owner::{CloudStatus, OwnerChange as Change, OwnerFinding as Finding, UnbindStatus};
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use super::FIRST_PASSWORD;
use crate::{Announcement, explain};

/// What happened.
pub(super) fn message(finding: Finding, verdict: Option<&RefusalReply>) -> Cow<'static, str> {
    let text = match finding {
        Finding::Planned(Change::CloudOn) => "Hik-Connect would be switched on",
        Finding::Planned(Change::CloudOff) => "Hik-Connect would be switched off",
        Finding::Planned(Change::Code) => "its verification code would be set",
        Finding::Planned(Change::Unbind) => "it would be unbound from its account",
        Finding::Planned(Change::Deactivate) => {
            "its password would be deleted, and it would be unactivated"
        }
        Finding::NotNeeded(Change::CloudOn) => "Hik-Connect is on already; nothing was sent",
        Finding::NotNeeded(Change::CloudOff) => "Hik-Connect is off already; nothing was sent",
        Finding::NotNeeded(Change::Deactivate) => "it is unactivated already; nothing was sent",
        Finding::NotNeeded(_) => "no change needed; nothing was sent",
        Finding::Done(Change::CloudOn) => "Hik-Connect is on",
        Finding::Done(Change::CloudOff) => "Hik-Connect is off",
        Finding::Done(Change::Code) => "the verification code is set",
        Finding::Done(Change::Unbind) => "it is unbound from its account",
        Finding::Done(Change::Deactivate) => "it is unactivated: it has no password now",
        Finding::Accepted => "it accepted the command; it is not back on the network yet",
        Finding::NotReported { accepted: true } => {
            "it accepted the command, but does not report the change"
        }
        Finding::NotReported { accepted: false } => "no reply, and it does not report the change",
        Finding::CannotUnbind => {
            let why = verdict.map(|it| explain(it, Action::CloudShow).message);
            return why.unwrap_or_default().into();
        }
        Finding::NoUnbindStatus => {
            "it did not say whether it can be unbound; the password was not sent"
        }
    };
    text.into()
}

/// What to do next.
pub(super) fn next_step(
    finding: Finding,
    verdict: Option<&RefusalReply>,
) -> Option<Cow<'static, str>> {
    let text = match finding {
        Finding::Done(Change::Deactivate) => FIRST_PASSWORD,
        Finding::Accepted => "scan again: it may be restarting",
        Finding::NotReported { accepted: true } => {
            "wait a minute and look again before you send it anything"
        }
        Finding::NotReported { accepted: false } => {
            "wait a minute and look again; sending it again uses the password once more"
        }
        Finding::CannotUnbind => return Some(explain(verdict?, Action::CloudShow).next.into()),
        _ => return None,
    };
    Some(text.into())
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
    pub const fn owner(change: Change) -> Self {
        match change {
            Change::CloudOn => Self::new(
                Action::CloudSet,
                "Hik-Connect is switched on for",
                "Switch on Hik-Connect for {}?",
            ),
            Change::CloudOff => Self::new(
                Action::CloudSet,
                "Hik-Connect is switched off for",
                "Switch off Hik-Connect for {}?",
            ),
            Change::Code => Self::new(
                Action::CloudCode,
                "the Hik-Connect verification code is set on",
                "Set the verification code of {}?",
            ),
            Change::Unbind => Self::new(
                Action::CloudUnbind,
                "the Hik-Connect account is unbound from",
                "Unbind {} from its account?",
            ),
            Change::Deactivate => Self::new(
                Action::Deactivate,
                "the password, security questions, e-mail address and GUIDs are deleted on",
                "Deactivate {}?",
            ),
        }
    }
}

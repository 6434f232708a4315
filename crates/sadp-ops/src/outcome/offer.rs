//! What devices offer, and what can be prepared on them.

use sadp_model::{Device, RecoveryMethod};
use sadp_proto::CommandSpec;
use sadp_reset::Action;
use strum::{EnumIter, IntoEnumIterator};

/// What a device must report before a command is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Offer {
    /// A GUID to export and import.
    Guid,
    /// Security questions.
    Questions,
    /// A reserved e-mail address.
    Mailbox,
    /// Hik-Connect.
    Cloud,
    /// Unbinding from a Hik-Connect account.
    Unbind,
    /// The return to the unactivated state.
    Deactivate,
}

impl Offer {
    /// What a device must report before the command of an action is sent to it.
    pub(crate) fn for_action(action: Action) -> Option<Self> {
        let offered_by = action.spec().offered_by?;
        // It shows what the device reports by itself, too.
        let is_always_sent = action == Action::CloudShow;
        let mut all = Self::iter().filter(|_| !is_always_sent);
        all.find(|offer| offer.spec().offered_by == Some(offered_by))
    }

    /// A command that needs it.
    const fn spec(self) -> &'static CommandSpec {
        match self {
            Self::Guid => &CommandSpec::EXPORT_GUID,
            Self::Questions => &CommandSpec::SET_QUESTIONS,
            Self::Mailbox => &CommandSpec::SET_MAILBOX,
            Self::Cloud => &CommandSpec::SET_CLOUD,
            Self::Unbind => &CommandSpec::UNBIND,
            Self::Deactivate => &CommandSpec::DEACTIVATE,
        }
    }

    /// Whether the device offers it. `None` where it does not report that.
    pub const fn of(self, device: &Device) -> Option<bool> {
        match self {
            Self::Guid => device.recovery.guid,
            Self::Questions => device.recovery.questions,
            Self::Mailbox => device.recovery.mailbox,
            Self::Cloud => device.cloud.supported,
            Self::Unbind => device.cloud.can_unbind,
            Self::Deactivate => device.can_deactivate,
        }
    }
}

/// A preparation that makes recovery possible later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// Set security questions.
    Questions,
    /// Set a reserved e-mail address.
    Mailbox,
    /// Export the GUID.
    Guid,
}

impl Preparation {
    /// All of them, in the order in which they are sent.
    pub const ALL: [Self; 3] = [Self::Guid, Self::Mailbox, Self::Questions];

    /// What a device must offer for it.
    pub const fn offer(self) -> Offer {
        match self {
            Self::Guid => Offer::Guid,
            Self::Mailbox => Offer::Mailbox,
            Self::Questions => Offer::Questions,
        }
    }

    /// The recovery method that it is for.
    pub const fn method(self) -> RecoveryMethod {
        match self {
            Self::Guid => RecoveryMethod::Guid,
            Self::Mailbox => RecoveryMethod::Mail,
            Self::Questions => RecoveryMethod::Questions,
        }
    }

    /// The command by which it is done.
    pub const fn action(self) -> Action {
        match self {
            Self::Guid => Action::GuidExport,
            Self::Mailbox => Action::MailSet,
            Self::Questions => Action::QuestionsSet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_must_offer_follows_from_the_command() {
        let offers = [
            (Action::GuidImport, Some(Offer::Guid)),
            (Action::QuestionsRead, Some(Offer::Questions)),
            (Action::MailQr, Some(Offer::Mailbox)),
            (Action::CloudCode, Some(Offer::Cloud)),
            (Action::CloudUnbind, Some(Offer::Unbind)),
            (Action::Deactivate, Some(Offer::Deactivate)),
            (Action::CloudShow, None),
            (Action::SetUpRead, None),
            (Action::ExportRequest, None),
            (Action::NetSet, None),
        ];
        for (action, offer) in offers {
            assert_eq!(Offer::for_action(action), offer, "{action}");
        }
    }
}

//! The commands devices obey, and which devices know them.

use rand::rngs::Xoshiro256PlusPlus;

use super::{
    Executions, activate, cloud,
    command::{Answer, Order},
    exchange, guid, lamp, mail,
    memory::Memory,
    questions, request, reset, set_up, update,
};
use crate::{Device, device::Support};

/// The commands devices obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exchange,
    Activate,
    Update,
    Lamp,
    GetCode,
    GetEncryptString,
    Reset,
    ExportGuid,
    GuidReset,
    GetQuestions,
    SetQuestions,
    AnswerReset,
    SetMailbox,
    GetQrCodes,
    MailReset,
    GetSetUp,
    SetCloud,
    SetVerificationCode,
    GetUnbindStatus,
    Unbind,
    Deactivate,
}

impl Kind {
    pub(super) fn of(types: &str) -> Option<Self> {
        Some(match types {
            "exchangecode" => Self::Exchange,
            "activate" => Self::Activate,
            "update" => Self::Update,
            "lamp" => Self::Lamp,
            "getcode" => Self::GetCode,
            "getencryptstring" => Self::GetEncryptString,
            "reset" => Self::Reset,
            "ExportGUID" => Self::ExportGuid,
            "GUIDReset" => Self::GuidReset,
            "getsecurityquestion" => Self::GetQuestions,
            "setsecurityquestion" => Self::SetQuestions,
            "AnswerReset" => Self::AnswerReset,
            "SetMailBox" => Self::SetMailbox,
            "GetQRcodes" => Self::GetQrCodes,
            "MailReset" => Self::MailReset,
            "getPasswordResetType" => Self::GetSetUp,
            "SetHCPlatform" => Self::SetCloud,
            "SetVerificationCode" => Self::SetVerificationCode,
            "getUnbindStatus" => Self::GetUnbindStatus,
            "ezvizUnbind" => Self::Unbind,
            "restoreInactive" => Self::Deactivate,
            _ => return None,
        })
    }

    /// Whether the firmware of a device knows the command. One that does not
    /// stays silent.
    pub(super) fn is_known_to(self, device: &Device) -> bool {
        match self {
            Self::Exchange | Self::Activate => device.profile.knows_activation(),
            Self::Update | Self::Reset => true,
            Self::Lamp => device.profile.has_lamp(),
            _ => self.support(device) != Support::Unknown,
        }
    }

    /// Whether it sets a password in place of a forgotten one.
    pub(super) fn replaces_password(self) -> bool {
        matches!(
            self,
            Self::Reset | Self::GuidReset | Self::AnswerReset | Self::MailReset
        )
    }

    /// Lets a device do what the command says.
    pub(super) fn answer(
        self,
        device: &mut Device,
        memory: &mut Memory,
        order: Order<'_>,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Answer {
        // What has to do with e-mail has words of its own for a device without.
        if self.element() != Some(mail::SUPPORT) && self.support(device) == Support::No {
            return Answer::refused("failed");
        }
        match self {
            Self::Exchange => exchange::answer(memory, order, rng),
            Self::Activate => activate::answer(device, memory, order),
            Self::Update => update::answer(device, order),
            Self::Lamp => lamp::answer(device, order),
            Self::GetCode | Self::GetEncryptString => request::answer(device, memory, order, rng),
            Self::Reset => reset::answer(device, memory, order),
            Self::ExportGuid => guid::export(device, memory, order, rng),
            Self::GuidReset => guid::reset(device, memory, order),
            Self::GetQuestions => questions::list(device),
            Self::SetQuestions => questions::set(device, memory, order),
            Self::AnswerReset => questions::reset(device, memory, order),
            Self::SetMailbox => mail::set(device, memory, order),
            Self::GetQrCodes => mail::ask(device, memory, order, rng),
            Self::MailReset => mail::reset(device, memory, order),
            Self::GetSetUp => set_up::list(device, memory),
            Self::SetCloud => cloud::switch(device, memory, order),
            Self::SetVerificationCode => cloud::set_code(device, memory, order),
            Self::GetUnbindStatus => cloud::unbind_status(device),
            Self::Unbind => cloud::unbind(device, memory, order),
            Self::Deactivate => activate::undo(device, memory, order),
        }
    }

    pub(super) fn counter(self, executions: &mut Executions) -> &mut u64 {
        match self {
            Self::Exchange => &mut executions.exchanges,
            Self::Activate => &mut executions.activations,
            Self::Update => &mut executions.updates,
            Self::Lamp => &mut executions.lamps,
            Self::GetCode | Self::GetEncryptString => &mut executions.requests,
            Self::Reset => &mut executions.resets,
            Self::ExportGuid => &mut executions.guid_exports,
            Self::GuidReset => &mut executions.guid_resets,
            Self::GetQuestions => &mut executions.question_lists,
            Self::SetQuestions => &mut executions.questions_set,
            Self::AnswerReset => &mut executions.answer_resets,
            Self::SetMailbox => &mut executions.mailboxes_set,
            Self::GetQrCodes => &mut executions.mail_codes,
            Self::MailReset => &mut executions.mail_resets,
            Self::GetSetUp | Self::GetUnbindStatus => &mut executions.status_reads,
            Self::SetCloud | Self::SetVerificationCode | Self::Unbind => {
                &mut executions.cloud_changes
            }
            Self::Deactivate => &mut executions.deactivations,
        }
    }

    /// The element by which a device says whether it takes the command, where
    /// there is one.
    fn element(self) -> Option<&'static str> {
        Some(match self {
            Self::GetCode => "PasswordResetAbility",
            Self::GetEncryptString => "PasswordResetModeSecond",
            Self::ExportGuid | Self::GuidReset => "SupportGUID",
            Self::GetQuestions | Self::SetQuestions | Self::AnswerReset => {
                "SupportSecurityQuestion"
            }
            Self::SetMailbox | Self::GetQrCodes | Self::MailReset => mail::SUPPORT,
            Self::GetSetUp => "SupportPasswordResetType",
            Self::SetCloud | Self::SetVerificationCode => "SupportHCPlatform",
            Self::GetUnbindStatus | Self::Unbind => "supportEzvizUnbind",
            Self::Deactivate => "SupportRestoreInactive",
            _ => return None,
        })
    }

    fn support(self, device: &Device) -> Support {
        self.element()
            .map_or(Support::Yes, |element| device.supports(element))
    }
}

//! One table of facts about commands.

use super::Command;

/// Describes one kind of command. Sending, ledger, safety checks and command line
/// all read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a table of independent facts"
)]
pub struct CommandSpec {
    /// The `Types` element.
    pub types: &'static str,
    /// Whether a key exchange comes first.
    pub sealed: bool,
    /// Whether it may be sent again after a timeout: it costs no try, and a second
    /// one does no harm, or makes only the later result valid. All others are sent
    /// once.
    pub repeatable: bool,
    /// Whether the device makes something new each time and voids what it made
    /// before: the last of several replies counts.
    pub makes_new: bool,
    /// Whether it contains a secret that the device may find wrong and count.
    pub costs_try: bool,
    /// Whether it changes the device's password.
    pub sets_password: bool,
    /// Whether it contains a password, an answer, a code or a GUID.
    pub carries_secret: bool,
    /// The element of an inquiry reply that reports support for this command.
    /// `None` if there is none.
    pub offered_by: Option<&'static str>,
}

impl CommandSpec {
    /// [`Command::Activate`].
    pub const ACTIVATE: Self = Self {
        sealed: true,
        sets_password: true,
        carries_secret: true,
        ..Self::plain("activate")
    };
    /// [`Command::Update`].
    pub const UPDATE: Self = Self {
        sealed: false,
        ..Self::with_password("update")
    };
    /// [`Command::Lamp`].
    pub const LAMP: Self = Self::read("lamp");
    /// [`Command::GetCode`].
    pub const GET_CODE: Self = Self {
        makes_new: true,
        ..Self::read("getcode").offered("PasswordResetAbility")
    };
    /// [`Command::GetEncryptString`].
    pub const GET_ENCRYPT_STRING: Self = Self {
        makes_new: true,
        ..Self::read("getencryptstring").offered("PasswordResetModeSecond")
    };
    /// [`Command::Reset`].
    pub const RESET: Self = Self::new_password("reset");
    /// [`Command::ResetToDefault`].
    pub const RESET_TO_DEFAULT: Self = Self {
        sealed: false,
        ..Self::new_password("reset")
    };
    /// [`Command::ExportGuid`].
    pub const EXPORT_GUID: Self = Self::with_password("ExportGUID").offered(GUID);
    /// [`Command::ResetByGuid`].
    pub const RESET_BY_GUID: Self = Self::new_password("GUIDReset").offered(GUID);
    /// [`Command::GetQuestions`].
    pub const GET_QUESTIONS: Self = Self::read("getsecurityquestion").offered(QUESTIONS);
    /// [`Command::SetQuestions`].
    pub const SET_QUESTIONS: Self = Self::with_password("setsecurityquestion").offered(QUESTIONS);
    /// [`Command::ResetByAnswers`].
    pub const RESET_BY_ANSWERS: Self = Self::new_password("AnswerReset").offered(QUESTIONS);
    /// [`Command::SetMailbox`].
    pub const SET_MAILBOX: Self = Self::with_password("SetMailBox").offered(MAILBOX);
    /// [`Command::GetMailQr`].
    pub const GET_MAIL_QR: Self = Self {
        makes_new: true,
        ..Self::read("GetQRcodes").offered(MAILBOX)
    };
    /// [`Command::ResetByMail`].
    pub const RESET_BY_MAIL: Self = Self::new_password("MailReset").offered(MAILBOX);

    /// [`Command::GetSetUp`].
    pub const GET_SET_UP: Self =
        Self::read("getPasswordResetType").offered("SupportPasswordResetType");
    /// [`Command::SetCloud`].
    pub const SET_CLOUD: Self = Self::with_password("SetHCPlatform").offered(CLOUD);
    /// [`Command::SetVerificationCode`].
    pub const SET_VERIFICATION_CODE: Self =
        Self::with_password("SetVerificationCode").offered(CLOUD);
    /// [`Command::GetUnbindStatus`].
    pub const GET_UNBIND_STATUS: Self = Self::read("getUnbindStatus").offered(UNBIND);
    /// [`Command::Unbind`].
    pub const UNBIND: Self = Self::with_password("ezvizUnbind").offered(UNBIND);
    /// [`Command::Deactivate`]. The device has no password afterwards.
    pub const DEACTIVATE: Self =
        Self::new_password("restoreInactive").offered("SupportRestoreInactive");

    /// Without a secret, sent once.
    const fn plain(types: &'static str) -> Self {
        Self {
            types,
            sealed: false,
            repeatable: false,
            makes_new: false,
            costs_try: false,
            sets_password: false,
            carries_secret: false,
            offered_by: None,
        }
    }

    /// Without a secret; a second one does no harm.
    const fn read(types: &'static str) -> Self {
        Self {
            repeatable: true,
            ..Self::plain(types)
        }
    }

    /// Contains the current password.
    const fn with_password(types: &'static str) -> Self {
        Self {
            sealed: true,
            costs_try: true,
            carries_secret: true,
            ..Self::plain(types)
        }
    }

    /// Sets a new password without the current one.
    const fn new_password(types: &'static str) -> Self {
        Self {
            sets_password: true,
            ..Self::with_password(types)
        }
    }

    const fn offered(self, by: &'static str) -> Self {
        Self {
            offered_by: Some(by),
            ..self
        }
    }
}

impl Command {
    /// The facts about this kind of command.
    pub const fn spec(&self) -> &'static CommandSpec {
        match self {
            Self::Activate { .. } => &CommandSpec::ACTIVATE,
            Self::Update(_) => &CommandSpec::UPDATE,
            Self::Lamp { .. } => &CommandSpec::LAMP,
            Self::GetCode => &CommandSpec::GET_CODE,
            Self::GetEncryptString => &CommandSpec::GET_ENCRYPT_STRING,
            Self::Reset { .. } => &CommandSpec::RESET,
            Self::ResetToDefault { .. } => &CommandSpec::RESET_TO_DEFAULT,
            Self::ExportGuid { .. } => &CommandSpec::EXPORT_GUID,
            Self::ResetByGuid { .. } => &CommandSpec::RESET_BY_GUID,
            Self::GetQuestions => &CommandSpec::GET_QUESTIONS,
            Self::SetQuestions { .. } => &CommandSpec::SET_QUESTIONS,
            Self::ResetByAnswers { .. } => &CommandSpec::RESET_BY_ANSWERS,
            Self::SetMailbox { .. } => &CommandSpec::SET_MAILBOX,
            Self::GetMailQr => &CommandSpec::GET_MAIL_QR,
            Self::ResetByMail { .. } => &CommandSpec::RESET_BY_MAIL,
            Self::GetSetUp => &CommandSpec::GET_SET_UP,
            Self::SetCloud { .. } => &CommandSpec::SET_CLOUD,
            Self::SetVerificationCode { .. } => &CommandSpec::SET_VERIFICATION_CODE,
            Self::GetUnbindStatus => &CommandSpec::GET_UNBIND_STATUS,
            Self::Unbind { .. } => &CommandSpec::UNBIND,
            Self::Deactivate { .. } => &CommandSpec::DEACTIVATE,
        }
    }
}

/// Elements that report support for several commands.
const GUID: &str = "SupportGUID";
const QUESTIONS: &str = "SupportSecurityQuestion";
const MAILBOX: &str = "SupportMailBox";
const CLOUD: &str = "SupportHCPlatform";
const UNBIND: &str = "supportEzvizUnbind";

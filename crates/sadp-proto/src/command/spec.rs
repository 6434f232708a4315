//! What holds for every command of one kind, in one table.

use super::Command;

/// Describes one kind of command. Sending, the ledger, the guards and the
/// command line read it, so that a new command is described in one place.
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
    /// Whether it may be sent again where no reply came: it costs no try, and
    /// sending it twice does what sending it once does, or leaves only the
    /// later result valid. All others are sent once.
    pub repeatable: bool,
    /// Whether the device makes something new each time it receives this, and
    /// forgets what it made before: of several replies the last one counts.
    pub makes_new: bool,
    /// Whether it carries a secret that the device may find wrong, and count.
    pub costs_try: bool,
    /// Whether the device has another password once it did this.
    pub sets_password: bool,
    /// Whether it carries a password, an answer, a code or a GUID.
    pub carries_secret: bool,
    /// The element of an inquiry reply by which a device says that it takes
    /// this command. `None` where no element says so.
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
    /// [`Command::Deactivate`]. The device has no password then.
    pub const DEACTIVATE: Self =
        Self::new_password("restoreInactive").offered("SupportRestoreInactive");

    /// No secret, sent once.
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

    /// No secret, and sending it twice does no harm.
    const fn read(types: &'static str) -> Self {
        Self {
            repeatable: true,
            ..Self::plain(types)
        }
    }

    /// Carries the current password.
    const fn with_password(types: &'static str) -> Self {
        Self {
            sealed: true,
            costs_try: true,
            carries_secret: true,
            ..Self::plain(types)
        }
    }

    /// Sets a new password by something other than the current one.
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
    /// What holds for every command of this kind.
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

/// Elements by which several commands are offered.
const GUID: &str = "SupportGUID";
const QUESTIONS: &str = "SupportSecurityQuestion";
const MAILBOX: &str = "SupportMailBox";
const CLOUD: &str = "SupportHCPlatform";
const UNBIND: &str = "supportEzvizUnbind";

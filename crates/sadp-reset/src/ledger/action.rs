//! The words the audit is written in. None is free text, so that no secret can
//! stand among them.
//!
//! A word that is added here raises the schema version: an older build must
//! refuse the ledger rather than call an unknown word damage.

use std::{fmt, str::FromStr};

use sadp_proto::CommandSpec;

/// What was asked of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Its first password was set.
    Activate,
    /// Its network settings were changed.
    NetSet,
    /// A request for the vendor's support was exported.
    ExportRequest,
    /// The vendor's answer was given to it.
    ImportAnswer,
    /// Its GUID was exported.
    GuidExport,
    /// A GUID exported earlier was given to it.
    GuidImport,
    /// It was asked which security questions are set.
    QuestionsShow,
    /// Its security questions were set.
    QuestionsSet,
    /// Its security questions were answered.
    QuestionsAnswer,
    /// A reserved e-mail address was set.
    MailSet,
    /// The QR code for a mailed code was read.
    MailQr,
    /// A mailed code was given to it.
    MailConfirm,
    /// Its lamp was switched.
    Locate,
    /// It was asked which recovery ways are set up.
    SetUpRead,
    /// It was asked for its Hik-Connect state.
    CloudShow,
    /// Hik-Connect was switched on or off.
    CloudSet,
    /// Its Hik-Connect verification code was set.
    CloudCode,
    /// It was unbound from its Hik-Connect account.
    CloudUnbind,
    /// It was returned to the unactivated state.
    Deactivate,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 19] = [
        Self::Activate,
        Self::NetSet,
        Self::ExportRequest,
        Self::ImportAnswer,
        Self::GuidExport,
        Self::GuidImport,
        Self::QuestionsShow,
        Self::QuestionsSet,
        Self::QuestionsAnswer,
        Self::MailSet,
        Self::MailQr,
        Self::MailConfirm,
        Self::Locate,
        Self::SetUpRead,
        Self::CloudShow,
        Self::CloudSet,
        Self::CloudCode,
        Self::CloudUnbind,
        Self::Deactivate,
    ];

    /// The description of the command that is sent for it. A request to the
    /// vendor and its answer have more than one form: these differ in `types`,
    /// and in whether they are sealed, alone.
    pub const fn spec(self) -> &'static CommandSpec {
        match self {
            Self::Activate => &CommandSpec::ACTIVATE,
            Self::NetSet => &CommandSpec::UPDATE,
            Self::ExportRequest => &CommandSpec::GET_ENCRYPT_STRING,
            Self::ImportAnswer => &CommandSpec::RESET,
            Self::GuidExport => &CommandSpec::EXPORT_GUID,
            Self::GuidImport => &CommandSpec::RESET_BY_GUID,
            Self::QuestionsShow => &CommandSpec::GET_QUESTIONS,
            Self::QuestionsSet => &CommandSpec::SET_QUESTIONS,
            Self::QuestionsAnswer => &CommandSpec::RESET_BY_ANSWERS,
            Self::MailSet => &CommandSpec::SET_MAILBOX,
            Self::MailQr => &CommandSpec::GET_MAIL_QR,
            Self::MailConfirm => &CommandSpec::RESET_BY_MAIL,
            Self::Locate => &CommandSpec::LAMP,
            Self::SetUpRead => &CommandSpec::GET_SET_UP,
            Self::CloudShow => &CommandSpec::GET_UNBIND_STATUS,
            Self::CloudSet => &CommandSpec::SET_CLOUD,
            Self::CloudCode => &CommandSpec::SET_VERIFICATION_CODE,
            Self::CloudUnbind => &CommandSpec::UNBIND,
            Self::Deactivate => &CommandSpec::DEACTIVATE,
        }
    }

    /// The name scripts see, e.g. `net-set`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::NetSet => "net-set",
            Self::ExportRequest => "export-request",
            Self::ImportAnswer => "import-answer",
            Self::GuidExport => "guid-export",
            Self::GuidImport => "guid-import",
            Self::QuestionsShow => "questions-show",
            Self::QuestionsSet => "questions-set",
            Self::QuestionsAnswer => "questions-answer",
            Self::MailSet => "mail-set",
            Self::MailQr => "mail-qr",
            Self::MailConfirm => "mail-confirm",
            Self::Locate => "locate",
            Self::SetUpRead => "set-up-read",
            Self::CloudShow => "cloud-show",
            Self::CloudSet => "cloud-set",
            Self::CloudCode => "cloud-code",
            Self::CloudUnbind => "cloud-unbind",
            Self::Deactivate => "deactivate",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|action| action.name() == name).ok_or(UnknownWord)
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptResult {
    /// The device did it.
    Done,
    /// The device said no.
    Refused,
    /// No answer to a command that may have been carried out.
    Unknown,
    /// No answer to a read.
    NoAnswer,
    /// Not sent after all.
    Skipped,
}

impl AttemptResult {
    /// Every outcome.
    pub const ALL: [Self; 5] = [
        Self::Done,
        Self::Refused,
        Self::Unknown,
        Self::NoAnswer,
        Self::Skipped,
    ];

    /// The name scripts see, e.g. `no-answer`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::NoAnswer => "no-answer",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for AttemptResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AttemptResult {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| outcome.name() == name)
            .ok_or(UnknownWord)
    }
}

/// The device's word for why it said no, e.g. `PasswordError`.
///
/// Every word known so far is of ASCII letters alone. Only such a word is kept,
/// up to [`RefusalWord::MAX_BYTES`]: a hostile device may answer with whatever it
/// was just sent, and most of what is secret has a digit or a sign in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefusalWord(Box<str>);

impl RefusalWord {
    /// The longest word that is kept.
    pub const MAX_BYTES: usize = 64;

    /// What stands for a word of another shape. No device can say it: it has a
    /// hyphen.
    pub const UNUSUAL: &str = "unusual-word";

    /// The word, or [`RefusalWord::UNUSUAL`] where it is empty, too long or not of
    /// letters alone.
    pub fn new(word: &str) -> Self {
        let usual = (1..=Self::MAX_BYTES).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        Self(if usual { word } else { Self::UNUSUAL }.into())
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RefusalWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the name of an action or of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word the ledger knows")]
pub struct UnknownWord;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(action));
        }
        for outcome in AttemptResult::ALL {
            assert_eq!(outcome.name().parse(), Ok(outcome));
        }
        assert_eq!("Activate".parse::<Action>(), Err(UnknownWord));
        assert_eq!("".parse::<AttemptResult>(), Err(UnknownWord));
    }

    #[test]
    fn only_plain_words_are_kept_as_refusals() {
        let longest = "a".repeat(RefusalWord::MAX_BYTES);
        for word in ["PasswordError", "locked", &longest] {
            assert_eq!(RefusalWord::new(word).as_str(), word);
        }
        let longer = "a".repeat(RefusalWord::MAX_BYTES + 1);
        for word in ["", "Secret12", "two words", "süß", "a\0b", &longer] {
            assert_eq!(
                RefusalWord::new(word).as_str(),
                RefusalWord::UNUSUAL,
                "{word:?}"
            );
        }
        assert_eq!(
            RefusalWord::new(RefusalWord::UNUSUAL).as_str(),
            RefusalWord::UNUSUAL,
            "what was stored is read back as it was"
        );
    }
}

//! The words of the audit. None is free text, so that none can hold a secret.
//!
//! A new word raises the schema version: an older build must refuse the ledger
//! instead of reporting an unknown word as damage.

use sadp_proto::CommandSpec;

words! {
    /// The kind of a command, as the audit names it.
    #[strum(serialize_all = "kebab-case")]
    pub enum Action {
        /// Sets the first password.
        Activate,
        /// Changes network settings.
        NetSet,
        /// Exports a request for the vendor's support.
        ExportRequest,
        /// Sends the vendor's answer.
        ImportAnswer,
        /// Exports a GUID.
        GuidExport,
        /// Sends a GUID that was exported earlier.
        GuidImport,
        /// Reads which security questions are set. Older versions wrote `questions-show`.
        #[strum(to_string = "questions-read", serialize = "questions-show")]
        QuestionsRead,
        /// Sets security questions.
        QuestionsSet,
        /// Sends answers to security questions.
        QuestionsAnswer,
        /// Sets the recovery e-mail address.
        MailSet,
        /// Reads the QR code for a mailed code.
        MailQr,
        /// Sends a mailed code.
        MailConfirm,
        /// Switches the lamp.
        Locate,
        /// Reads which recovery methods are set up.
        SetUpRead,
        /// Reads the Hik-Connect state.
        CloudShow,
        /// Switches Hik-Connect on or off.
        CloudSet,
        /// Sets the Hik-Connect verification code.
        CloudCode,
        /// Unbinds the device from its Hik-Connect account.
        CloudUnbind,
        /// Returns the device to the unactivated state.
        Deactivate,
        /// Tries the current password once, over HTTP.
        Check,
        /// Reads the clock, over HTTP.
        TimeShow,
        /// Sets clock, time zone and NTP server, over HTTP.
        TimeSet,
        /// Reads the ONVIF switch and its users, over HTTP.
        OnvifShow,
        /// Sets the ONVIF switch or a user, over HTTP.
        OnvifSet,
        /// Reads which cameras a recorder has, over HTTP.
        Cameras,
    }
}

impl Action {
    /// The description of the command that is sent. A request to the vendor and its
    /// answer have more than one form; the forms differ only in `types`, and in
    /// whether they are sealed.
    pub const fn spec(self) -> &'static CommandSpec {
        match self {
            Self::Activate => &CommandSpec::ACTIVATE,
            Self::NetSet => &CommandSpec::UPDATE,
            Self::ExportRequest => &CommandSpec::GET_ENCRYPT_STRING,
            Self::ImportAnswer => &CommandSpec::RESET,
            Self::GuidExport => &CommandSpec::EXPORT_GUID,
            Self::GuidImport => &CommandSpec::RESET_BY_GUID,
            Self::QuestionsRead => &CommandSpec::GET_QUESTIONS,
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
            Self::Check
            | Self::TimeShow
            | Self::TimeSet
            | Self::OnvifShow
            | Self::OnvifSet
            | Self::Cameras => &LOGIN,
        }
    }

    /// Whether it goes over the device's own HTTP interface alone, with a login.
    pub const fn is_over_http(self) -> bool {
        matches!(
            self,
            Self::Check
                | Self::TimeShow
                | Self::TimeSet
                | Self::OnvifShow
                | Self::OnvifSet
                | Self::Cameras
        )
    }
}

/// A login is no command of SADP, but costs a try like one with a password.
const LOGIN: CommandSpec = CommandSpec {
    types: "",
    sealed: false,
    repeatable: false,
    makes_new: false,
    costs_try: true,
    sets_password: false,
    carries_secret: true,
    offered_by: None,
    answered_by: None,
};

words! {
    /// The result of an attempt.
    #[strum(serialize_all = "kebab-case")]
    pub enum AttemptResult {
        /// The device carried it out.
        Done,
        /// The device refused, or a login showed that it did not carry it out.
        Refused,
        /// No reply to a command that may have been carried out.
        Unknown,
        /// No reply to a read.
        NoAnswer,
        /// It was not sent.
        Skipped,
    }
}

/// A device's reason for a refusal, e.g. `PasswordError`.
///
/// Every known word has ASCII letters only. Only such a word is kept, up to
/// [`RefusalWord::MAX_BYTES`]: a hostile device may reply with what it was just
/// sent, and most secrets have a digit or a punctuation mark in them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefusalWord(Box<str>);

impl RefusalWord {
    /// The longest word that is kept.
    pub const MAX_BYTES: usize = 64;

    /// Stands for a word of any other form. No device can send it: it has a hyphen.
    pub const UNUSUAL: &str = "unusual-word";

    /// Keeps the word, or [`RefusalWord::UNUSUAL`] where it is empty, too long or has
    /// other characters than letters.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnknownWord;

    #[test]
    fn names_are_read_back() {
        for &action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(action));
        }
        for &outcome in AttemptResult::ALL {
            assert_eq!(outcome.name().parse(), Ok(outcome));
        }
        // As older versions wrote it.
        assert_eq!("questions-show".parse(), Ok(Action::QuestionsRead));
        assert_eq!("Activate".parse::<Action>(), Err(UnknownWord));
        assert_eq!("".parse::<AttemptResult>(), Err(UnknownWord));
    }

    #[test]
    fn only_words_of_letters_are_kept_as_refusals() {
        let longest = "a".repeat(RefusalWord::MAX_BYTES);
        // What was stored is read back as it was.
        for word in ["PasswordError", "locked", &longest, RefusalWord::UNUSUAL] {
            assert_eq!(RefusalWord::new(word).as_str(), word);
        }
        let longer = "a".repeat(RefusalWord::MAX_BYTES + 1);
        for word in ["", "Secret12", "two words", "süß", "a\0b", &longer] {
            let kept = RefusalWord::new(word);
            assert_eq!(kept.as_str(), RefusalWord::UNUSUAL, "{word:?}");
        }
    }
}

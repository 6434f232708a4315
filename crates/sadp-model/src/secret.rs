use std::fmt;

use crate::text::is_unprintable;

/// A secret as a person gave it, by file, prompt or page: without one byte order mark at
/// its start and one line break at its end. All secrets are checked here, before one
/// costs a device a try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretText<'a> {
    /// The secret. Codes are without blanks at their ends.
    pub text: &'a str,
    /// Whether a byte order mark was dropped.
    pub byte_order_mark: bool,
    /// Why it is most likely not what was meant. Only current passwords may go out all
    /// the same; new ones have [`PasswordCheck`](crate::PasswordCheck) as well.
    pub problem: Option<SecretProblem>,
}

/// Kinds of secrets, by what they may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// A password that a device gets. It has to be typed into web pages.
    NewPassword,
    /// The password that a device has.
    CurrentPassword,
    /// A code: one word of ASCII. Blanks around it were copied along.
    Code,
    /// The vendor's key or dated code. The same, but it may have several words.
    Key,
    /// An answer to a security question.
    Answer,
    /// A passphrase for files: no device sees it.
    Passphrase,
}

impl<'a> SecretText<'a> {
    /// Reads a secret as it was given.
    pub fn read(given: &'a str, kind: SecretKind) -> Self {
        let text = given.strip_prefix('\u{feff}').unwrap_or(given);
        let byte_order_mark = text.len() < given.len();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut text = text.strip_suffix('\r').unwrap_or(text);
        if matches!(kind, SecretKind::Code | SecretKind::Key) {
            text = text.trim();
        }
        Self {
            text,
            byte_order_mark,
            problem: SecretProblem::of(text, kind),
        }
    }
}

impl fmt::Debug for SecretText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// Why a secret is most likely not what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// Nothing is left of it.
    #[error("is empty")]
    Empty,
    /// It has a line break inside.
    #[error("has more than one line")]
    SeveralLines,
    /// It has a control or invisible character.
    #[error("contains a control or invisible character")]
    Unprintable,
    /// It has a character that is not ASCII.
    #[error("contains a character that is not ASCII")]
    NotAscii,
    /// It begins or ends with a blank.
    #[error("begins or ends with a blank")]
    OuterBlank,
    /// It is more than one word.
    #[error("is more than one word")]
    SeveralWords,
}

impl SecretProblem {
    fn of(text: &str, kind: SecretKind) -> Option<Self> {
        use SecretKind::{Code, Key, NewPassword, Passphrase};
        if text.is_empty() {
            Some(Self::Empty)
        } else if kind == Passphrase {
            None
        } else if text.contains(['\n', '\r']) {
            Some(Self::SeveralLines)
        } else if text.contains(is_unprintable) {
            Some(Self::Unprintable)
        } else if matches!(kind, NewPassword | Code | Key) && !text.is_ascii() {
            Some(Self::NotAscii)
        } else if text.trim().len() < text.len() {
            Some(Self::OuterBlank)
        } else if kind == Code && text.contains(char::is_whitespace) {
            Some(Self::SeveralWords)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use SecretKind::{Answer, Code, CurrentPassword, Key, NewPassword, Passphrase};
    use SecretProblem::{Empty, NotAscii, OuterBlank, SeveralLines, SeveralWords, Unprintable};

    use super::*;

    #[test]
    fn every_kind_is_read_by_one_rule() {
        #[rustfmt::skip]
        let cases = [
            ("Garden7!\r\n", NewPassword, "Garden7!", None),
            ("\u{feff}Garden7!", CurrentPassword, "Garden7!", None),
            ("Garden7!\n\n", CurrentPassword, "Garden7!\n", Some(SeveralLines)),
            (" Garden7!", CurrentPassword, " Garden7!", Some(OuterBlank)),
            ("G\u{e4}rten77", CurrentPassword, "G\u{e4}rten77", None),
            ("G\u{e4}rten77", NewPassword, "G\u{e4}rten77", Some(NotAscii)),
            ("Gar\u{200b}den7", CurrentPassword, "Gar\u{200b}den7", Some(Unprintable)),
            ("Gar den7", NewPassword, "Gar den7", None),
            (" 123456 \r\n\r\n", Code, "123456", None),
            ("Your code: 123456", Code, "Your code: 123456", Some(SeveralWords)),
            ("123\n456", Code, "123\n456", Some(SeveralLines)),
            ("\u{ff11}23456", Code, "\u{ff11}23456", Some(NotAscii)),
            (" 88 991\n", Key, "88 991", None),
            ("Z\u{fc}rich", Answer, "Z\u{fc}rich", None),
            ("Rex ", Answer, "Rex ", Some(OuterBlank)),
            ("Re\tx", Answer, "Re\tx", Some(Unprintable)),
            (" a\nb ", Passphrase, " a\nb ", None),
            ("\u{feff}\n", Passphrase, "", Some(Empty)),
            ("  ", Code, "", Some(Empty)),
        ];
        for (given, kind, text, problem) in cases {
            let read = SecretText::read(given, kind);
            assert_eq!(
                (read.text, read.problem),
                (text, problem),
                "{given:?} {kind:?}"
            );
            assert_eq!(read.byte_order_mark, given.starts_with('\u{feff}'));
            assert!(!format!("{read:?}").contains("Garden"));
        }
    }
}

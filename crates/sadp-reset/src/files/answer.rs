//! The vendor's answers: read without any change, distinguished from other files, and
//! matched to their requests.

mod archive;
mod assign;
mod collect;
mod filename_hints;
mod kind;
mod mail;

use std::{io, path::PathBuf};

use sadp_proto::Code;
use zeroize::Zeroizing;

pub use self::{
    assign::{AnswerTarget, Assignment, MatchBasis, Matched, assign, targets},
    collect::{AnswerFile, Collected, ReceivedFile, collect, collect_received},
    kind::{AnswerForm, NotAnAnswer},
};
use crate::{DeviceKey, Digest, PackageError};

/// The text that is sent to a device to reset its password: the content of an answer
/// file, a typed key, or a dated code. Wiped when dropped, and never shown.
pub struct Answer {
    text: Zeroizing<String>,
    form: AnswerForm,
}

impl Answer {
    /// The maximum length of an answer file, in bytes: all of it is sent.
    pub const MAX_BYTES: usize = Code::MAX_BYTES;

    /// The length of a key, in characters.
    pub const KEY_CHARS: usize = 8;

    /// The maximum length of a dated code, in characters.
    pub const MAX_CODE_CHARS: usize = 64;

    /// Parses the content of an answer file: all of it, without blanks and line breaks
    /// around it.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnAnswer> {
        kind::parse(bytes).map(|(text, form)| Self::new(text, form))
    }

    /// Parses a typed key. Blanks around it are ignored.
    pub fn typed_key(text: &str) -> Result<Self, NotAnAnswer> {
        let key = text.trim();
        let graphic = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.len() != Self::KEY_CHARS || !graphic {
            return Err(NotAnAnswer::NotAKey);
        }
        Ok(Self::new(key, AnswerForm::Key))
    }

    /// Parses a typed dated code for a legacy device. Blanks around it are ignored.
    pub fn dated_code(text: &str) -> Result<Self, NotAnAnswer> {
        let code = text.trim();
        let plain = code
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !(1..=Self::MAX_CODE_CHARS).contains(&code.len()) || !plain {
            return Err(NotAnAnswer::NotACode);
        }
        Ok(Self::new(code, AnswerForm::DatedCode))
    }

    /// What it is.
    pub const fn form(&self) -> AnswerForm {
        self.form
    }

    /// The text to send.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The digest of the text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    fn new(text: &str, form: AnswerForm) -> Self {
        let text = Zeroizing::new(text.to_owned());
        Self { text, form }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// A file or folder that cannot be used as an answer.
#[derive(Debug)]
pub struct AnswerProblem {
    /// The file or folder.
    pub path: PathBuf,
    /// The device, where known.
    pub device: Option<DeviceKey>,
    /// The reason.
    pub why: Why,
}

/// Why a file or folder cannot be used as an answer.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It is something else.
    #[error(transparent)]
    NotAnAnswer(#[from] NotAnAnswer),
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is neither a file nor a folder.
    #[error("it is neither a file nor a folder")]
    Special,
    /// It is a link, and not followed.
    #[error("it is a link, which is not followed")]
    Link,
    /// The folder is nested too deeply.
    #[error("the folder is nested too deeply")]
    TooDeep,
    /// There are more files than the limit.
    #[error("there are too many files: the rest was not read")]
    TooMany,
    /// The `request.json` beside it is not valid.
    #[error("the record of the request cannot be used")]
    Record(#[source] PackageError),
    /// Nothing shows which request it answers.
    #[error("nothing shows which request it answers")]
    Unmatched,
    /// Its name contains the MAC of a device without a request here.
    #[error("its name holds the MAC of a device that has no request here")]
    Stranger,
    /// It can belong to several devices.
    #[error("it may be of {} devices", .0.len())]
    Ambiguous(Vec<DeviceKey>),
    /// Its folder, its name and the selected device contradict each other: they name these
    /// devices.
    #[error("its folder, its name and the device asked for do not agree")]
    Contradiction(Vec<DeviceKey>),
    /// Its name identifies one device; its folder or the selected device is another.
    #[error("its name shows another device than its folder or --device: it belongs in {}", package.display())]
    Misplaced {
        /// The device in its name.
        device: DeviceKey,
        /// The package of that device's latest request.
        package: PathBuf,
    },
    /// The same request has another, different answer, in these files.
    #[error("there is another, different answer to the same request")]
    TwoAnswers(Vec<PathBuf>),
    /// The same answer is stored with another request, in these files, but fits only one.
    #[error("the folder of another request has the same answer, and it fits only one")]
    SharedAnswer(Vec<PathBuf>),
    /// A later request of the same device is answered here, too, by this file.
    #[error("a later request of the same device has its answer here, too")]
    OlderRequest(PathBuf),
}

impl Why {
    /// Whether nothing tells which request the file answers, or which of several: only who
    /// has it can say.
    pub const fn is_unclear(&self) -> bool {
        matches!(self, Self::Unmatched | Self::Ambiguous(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_eight_characters() {
        for (typed, key) in [("AbC12345", "AbC12345"), (" abcdefgh\r\n", "abcdefgh")] {
            assert_eq!(Answer::typed_key(typed).unwrap().expose(), key);
        }
        let wrong = [
            "",
            "abcdefg",
            "abcdefghi",
            "abcd efg",
            "abcdefgü",
            "abcd\tefg",
        ];
        for typed in wrong {
            let wrong = Answer::typed_key(typed).unwrap_err();
            assert_eq!(wrong, NotAnAnswer::NotAKey, "{typed:?}");
        }
    }

    #[test]
    fn a_dated_code_is_bounded_text() {
        assert_eq!(Answer::dated_code(" 88 991\n").unwrap().expose(), "88 991");
        let longest = "1".repeat(Answer::MAX_CODE_CHARS);
        Answer::dated_code(&longest).unwrap();
        for typed in ["", "  ", &format!("{longest}1"), "a\u{1b}b", "ü"] {
            let wrong = Answer::dated_code(typed).unwrap_err();
            assert_eq!(wrong, NotAnAnswer::NotACode, "{typed:?}");
        }
    }

    #[test]
    fn debug_does_not_show_the_answer() {
        let answer = Answer::parse(b"geheim").unwrap();
        assert!(!format!("{answer:?}").contains("geheim"));
    }
}

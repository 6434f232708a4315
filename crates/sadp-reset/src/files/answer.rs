//! The vendor's answers: read without being touched, told from what is none,
//! and matched to the request each was made for.

mod assign;
mod collect;
mod filename_hints;
mod kind;
mod problem;

use sadp_proto::Code;
use zeroize::Zeroizing;

pub use self::{
    assign::{Assignment, KnownBy, Matched, Target, assign},
    collect::{AnswerFile, Collected, collect},
    kind::NotAnAnswer,
    problem::{Problem, Why},
};
use crate::Digest;

/// What goes to a device as the code of a reset: the text of an answer file, a
/// typed key, or a dated code. Wiped when dropped, and never shown.
pub struct Answer(Zeroizing<String>);

impl Answer {
    /// The most bytes of an answer file: those that are sent.
    pub const MAX_BYTES: usize = Code::MAX_BYTES;

    /// The characters of a key.
    pub const KEY_CHARS: usize = 8;

    /// The most characters of a dated code.
    pub const MAX_CODE_CHARS: usize = 64;

    /// The answer in a file of these bytes: all of them but one line break at
    /// the end.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnAnswer> {
        kind::parse(bytes).map(Self::of)
    }

    /// A key as a person typed it. Blanks around it are none of it.
    pub fn typed_key(text: &str) -> Result<Self, NotAnAnswer> {
        let key = text.trim();
        let graphic = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.len() != Self::KEY_CHARS || !graphic {
            return Err(NotAnAnswer::NotAKey);
        }
        Ok(Self::of(key))
    }

    /// A dated code for a legacy device, as a person typed it. Blanks around it
    /// are none of it.
    pub fn dated_code(text: &str) -> Result<Self, NotAnAnswer> {
        let code = text.trim();
        let plain = code
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !(1..=Self::MAX_CODE_CHARS).contains(&code.len()) || !plain {
            return Err(NotAnAnswer::NotACode);
        }
        Ok(Self::of(code))
    }

    /// The text to be sent.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// By what it is known again.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
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
        for typed in [
            "",
            "abcdefg",
            "abcdefghi",
            "abcd efg",
            "abcdefgü",
            "abcd\tefg",
        ] {
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
    fn it_does_not_show_itself() {
        let answer = Answer::parse(b"geheim").unwrap();
        assert!(!format!("{answer:?}").contains("geheim"));
    }
}

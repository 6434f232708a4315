//! Answers to security questions, from a file of lines `id=answer`.

use std::{
    io,
    path::{Path, PathBuf},
};

use sadp_proto::{SecretAnswers, seal::SessionKey};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::disk::read_bounded;

/// Answers by the number of their question, in the file's order. No number
/// stands twice, and there is at least one.
#[derive(Debug)]
pub struct QuestionAnswers(Vec<(u32, SecretString)>);

impl QuestionAnswers {
    /// Reads a file. See [`QuestionAnswers::parse`].
    pub fn read(path: &Path) -> Result<Self, QuestionFileError> {
        let bytes =
            read_bounded(path, MAX_FILE_BYTES).map_err(|source| QuestionFileError::Read {
                path: path.to_owned(),
                source,
            })?;
        let bytes = Zeroizing::new(bytes);
        Self::parse(&bytes).map_err(|source| QuestionFileError::Content {
            path: path.to_owned(),
            source,
        })
    }

    /// Parses lines `id=answer`. The answer is all behind the first `=`. Lines
    /// that are blank or begin with `#` are skipped.
    pub fn parse(bytes: &[u8]) -> Result<Self, QuestionAnswersError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut answers: Vec<(u32, SecretString)> = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let wrong = |what| QuestionAnswersError { line: number, what };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = str::from_utf8(line).map_err(|_| wrong(QuestionProblem::NotText))?;
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let (id, answer) = entry(line).map_err(wrong)?;
            if answers.iter().any(|(known, _)| *known == id) {
                return Err(wrong(QuestionProblem::Twice));
            }
            answers.push((id, SecretString::from(answer)));
        }
        if answers.is_empty() {
            let what = QuestionProblem::None;
            return Err(QuestionAnswersError { line: 1, what });
        }
        Ok(Self(answers))
    }

    /// Each question's number and answer.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &SecretString)> {
        self.0.iter().map(|(id, answer)| (*id, answer))
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.0.len()
    }
}

fn entry(line: &str) -> Result<(u32, &str), QuestionProblem> {
    let (id, answer) = line.split_once('=').ok_or(QuestionProblem::NoEquals)?;
    let id = id.trim().parse().map_err(|_| QuestionProblem::Id)?;
    if !(1..=SecretAnswers::MAX_ID).contains(&id) {
        return Err(QuestionProblem::Id);
    }
    if answer.trim().is_empty() {
        return Err(QuestionProblem::Empty);
    }
    if answer.trim() != answer {
        return Err(QuestionProblem::Blank);
    }
    if answer.len() > SessionKey::MAX_ANSWER_BYTES {
        return Err(QuestionProblem::TooLong);
    }
    if answer.chars().any(char::is_control) {
        return Err(QuestionProblem::NotText);
    }
    Ok((id, answer))
}

/// Why a file of answers cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum QuestionFileError {
    /// The file cannot be read, or is too long.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line of it is wrong.
    #[error("cannot use {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: QuestionAnswersError,
    },
}

/// What is wrong with a line, without anything of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct QuestionAnswersError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: QuestionProblem,
}

/// What can be wrong with a line of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionProblem {
    /// There is no answer at all.
    #[error("no answer in the file")]
    None,
    /// No `=`.
    #[error("not of the form id=answer")]
    NoEquals,
    /// The number is none, or none that a question has.
    #[error(
        "no number of a question, 1 to {}, before the =",
        SecretAnswers::MAX_ID
    )]
    Id,
    /// The number stands twice.
    #[error("this question has an answer already")]
    Twice,
    /// Nothing behind the `=`.
    #[error("the answer is empty")]
    Empty,
    /// A blank at either end of the answer: most often a slip, and a wrong
    /// answer costs a try.
    #[error("the answer begins or ends with a blank")]
    Blank,
    /// More than [`SessionKey::MAX_ANSWER_BYTES`].
    #[error("the answer has more than {} bytes", SessionKey::MAX_ANSWER_BYTES)]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("not plain UTF-8 text")]
    NotText,
}

const MAX_FILE_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn parsed(text: &str) -> Vec<(u32, String)> {
        let answers = QuestionAnswers::parse(text.as_bytes()).unwrap();
        let answers = answers.iter();
        answers
            .map(|(id, answer)| (id, answer.expose_secret().to_owned()))
            .collect()
    }

    #[test]
    fn lines_comments_and_blanks_are_read() {
        let text = "\u{feff}# mine\r\n1=Paris\r\n\r\n  # more\n 12 =a = b#c\n3=Zürich";
        let expected = [(1, "Paris"), (12, "a = b#c"), (3, "Zürich")];
        assert_eq!(
            parsed(text),
            expected.map(|(id, answer)| (id, answer.to_owned()))
        );
        let longest = format!("1={}", "a".repeat(SessionKey::MAX_ANSWER_BYTES));
        assert_eq!(parsed(&longest).len(), 1);
        let all: Vec<_> = (1..=32).map(|id| format!("{id}=a")).collect();
        assert_eq!(parsed(&all.join("\n")).len(), 32);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_nothing_of_it() {
        let too_long = format!("1={}", "geheim".repeat(33));
        for (text, line, what) in [
            ("", 1, QuestionProblem::None),
            ("# only\n", 1, QuestionProblem::None),
            ("1=a\ngeheim", 2, QuestionProblem::NoEquals),
            ("geheim=1", 1, QuestionProblem::Id),
            ("0=geheim", 1, QuestionProblem::Id),
            ("-1=geheim", 1, QuestionProblem::Id),
            ("1=a\n33=geheim", 2, QuestionProblem::Id),
            ("10000000000=geheim", 1, QuestionProblem::Id),
            ("1=a\n\n1=geheim", 3, QuestionProblem::Twice),
            ("1=", 1, QuestionProblem::Empty),
            ("1=  ", 1, QuestionProblem::Empty),
            ("1= geheim", 1, QuestionProblem::Blank),
            ("1=geheim ", 1, QuestionProblem::Blank),
            (&too_long, 1, QuestionProblem::TooLong),
            ("1=geheim\u{1b}x", 1, QuestionProblem::NotText),
        ] {
            let error = QuestionAnswers::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error, QuestionAnswersError { line, what }, "{text}");
            assert!(!format!("{error:?} {error}").contains("geheim"));
        }
        let error = QuestionAnswers::parse(b"1=\xff").unwrap_err();
        assert_eq!(error.what, QuestionProblem::NotText);
    }

    #[test]
    fn answers_do_not_show_themselves() {
        let answers = QuestionAnswers::parse(b"1=geheim").unwrap();
        assert!(!format!("{answers:?}").contains("geheim"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = QuestionAnswers::parse(&bytes);
        }
    }
}

//! Answers to security questions, from a file: lines `id=answer` for all devices, or a
//! line `MAC;id=answer;id=answer;id=answer` a device.

use std::path::{Path, PathBuf};

use sadp_model::{MacAddr, SecretKind, SecretProblem, SecretText};
use sadp_proto::{SecretAnswers, seal::SessionKey};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{FileError, disk::read_bounded};

/// Answers by the number of their question, in the file's order: at least one, and
/// no number twice.
#[derive(Debug)]
pub struct QuestionAnswers {
    answers: Vec<(u32, SecretString)>,
    byte_order_mark: bool,
}

impl QuestionAnswers {
    /// Reads a file. See [`QuestionAnswers::parse`].
    pub fn read(path: &Path) -> Result<Self, QuestionFileError> {
        read(path, Self::parse)
    }

    /// Parses lines `id=answer`. The answer is everything after the first `=`. Blank
    /// lines and lines that begin with `#` are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, QuestionAnswersError> {
        let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let byte_order_mark = plain.len() < bytes.len();
        let mut answers: Vec<(u32, SecretString)> = Vec::new();
        for (number, line) in (1..).zip(plain.split(|byte| *byte == b'\n')) {
            match entry(line) {
                Ok(None) => {}
                Ok(Some((id, answer))) if answers.iter().all(|(known, _)| *known != id) => {
                    answers.push((id, SecretString::from(answer)));
                }
                Ok(Some(_)) => return Err(QuestionProblem::Twice.at(number)),
                Err(problem) => return Err(problem.at(number)),
            }
        }
        if answers.is_empty() {
            return Err(QuestionProblem::None.at(1));
        }
        Ok(Self {
            answers,
            byte_order_mark,
        })
    }

    /// Returns each question's number and answer.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &SecretString)> {
        self.answers.iter().map(|(id, answer)| (*id, answer))
    }

    /// Whether a byte order mark stood before the first line.
    pub const fn had_byte_order_mark(&self) -> bool {
        self.byte_order_mark
    }

    /// The number of answers.
    pub const fn count(&self) -> usize {
        self.answers.len()
    }
}

/// A file with answers for several devices.
#[derive(Debug)]
pub enum QuestionAnswersFile {
    /// The same for all.
    Same(QuestionAnswers),
    /// Each device's own.
    PerDevice(Vec<(MacAddr, QuestionAnswers)>),
}

impl QuestionAnswersFile {
    /// Separates what belongs to a device. No answer of such a line contains it.
    const SEPARATOR: char = ';';

    /// Reads a file. See [`QuestionAnswersFile::parse`].
    pub fn read(path: &Path) -> Result<Self, QuestionFileError> {
        read(path, Self::parse)
    }

    /// Parses lines `id=answer`, or lines that begin with a MAC, one a device.
    pub fn parse(bytes: &[u8]) -> Result<Self, QuestionAnswersError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let lines = (1..).zip(text.split(|byte| *byte == b'\n'));
        let mut devices: Vec<(MacAddr, QuestionAnswers)> = Vec::new();
        for (number, line) in lines {
            let line = content(line).map_err(|problem| problem.at(number))?;
            let Some(line) = line else { continue };
            let device = line.split_once(Self::SEPARATOR);
            let device = device.and_then(|(mac, rest)| Some((mac.trim().parse().ok()?, rest)));
            match device {
                None if devices.is_empty() => return QuestionAnswers::parse(bytes).map(Self::Same),
                None => return Err(QuestionProblem::NoMac.at(number)),
                Some((mac, _)) if devices.iter().any(|(known, _)| *known == mac) => {
                    return Err(QuestionProblem::MacTwice.at(number));
                }
                Some((mac, answers)) => {
                    let lines = Zeroizing::new(answers.replace(Self::SEPARATOR, "\n"));
                    let answers = QuestionAnswers::parse(lines.as_bytes());
                    let answers = answers.map_err(|error| error.what.at(number))?;
                    devices.push((mac, answers));
                }
            }
        }
        if devices.is_empty() {
            return Err(QuestionProblem::None.at(1));
        }
        Ok(Self::PerDevice(devices))
    }

    /// The line of a device.
    pub fn line(mac: MacAddr, answers: &[(u32, SecretString)]) -> Zeroizing<String> {
        let mut line = Zeroizing::new(mac.to_string());
        for (id, answer) in answers {
            line.push(Self::SEPARATOR);
            line.push_str(&id.to_string());
            line.push('=');
            line.push_str(answer.expose_secret());
        }
        line.push('\n');
        line
    }
}

/// Reads a file, and wipes what was read.
fn read<T>(
    path: &Path,
    parse: fn(&[u8]) -> Result<T, QuestionAnswersError>,
) -> Result<T, QuestionFileError> {
    let bytes = read_bounded(path, MAX_FILE_BYTES).map_err(FileError::new("read", path))?;
    parse(&Zeroizing::new(bytes)).map_err(|source| QuestionFileError::Content {
        path: path.to_owned(),
        source,
    })
}

/// The text of a line. `None` where it is blank or a comment.
fn content(line: &[u8]) -> Result<Option<&str>, QuestionProblem> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = str::from_utf8(line).map_err(|_| QuestionProblem::NotText)?;
    let is_content = !line.trim().is_empty() && !line.trim_start().starts_with('#');
    Ok(is_content.then_some(line))
}

/// Parses a line, or returns `None` where it is blank or a comment.
fn entry(line: &[u8]) -> Result<Option<(u32, &str)>, QuestionProblem> {
    let Some(line) = content(line)? else {
        return Ok(None);
    };
    let (id, answer) = line.split_once('=').ok_or(QuestionProblem::NoEquals)?;
    let id = id.trim().parse().map_err(|_| QuestionProblem::Id)?;
    if !(1..=SecretAnswers::MAX_ID).contains(&id) {
        return Err(QuestionProblem::Id);
    }
    match SecretText::read(answer, SecretKind::Answer).problem {
        _ if answer.trim().is_empty() => Err(QuestionProblem::Empty),
        Some(SecretProblem::OuterBlank) => Err(QuestionProblem::Blank),
        Some(_) => Err(QuestionProblem::NotText),
        None if answer.len() > SessionKey::MAX_ANSWER_BYTES => Err(QuestionProblem::TooLong),
        None => Ok(Some((id, answer))),
    }
}

/// Why a file with answers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum QuestionFileError {
    /// The file cannot be read, or is too long.
    #[error(transparent)]
    Read(#[from] FileError),
    /// A line is wrong.
    #[error("cannot use {}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Which line, and what is wrong.
        source: QuestionAnswersError,
    },
}

/// What is wrong with a line. Holds no text of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct QuestionAnswersError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: QuestionProblem,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionProblem {
    /// The file has no answer.
    #[error("no answer in the file")]
    None,
    /// No `=`.
    #[error("not of the form id=answer")]
    NoEquals,
    /// It does not begin with a MAC, as the lines before.
    #[error("not of the form MAC;id=answer;id=answer;id=answer, as the lines before")]
    NoMac,
    /// The device has a line already.
    #[error("this device has answers already")]
    MacTwice,
    /// Not a number, or not the number of a question.
    #[error(
        "no number of a question, 1 to {}, before the =",
        SecretAnswers::MAX_ID
    )]
    Id,
    /// The number appears twice.
    #[error("this question has an answer already")]
    Twice,
    /// Nothing after the `=`.
    #[error("the answer is empty")]
    Empty,
    /// A blank at either end of the answer: most often a mistake, and a wrong answer
    /// costs a try.
    #[error("the answer begins or ends with a blank")]
    Blank,
    /// More than [`SessionKey::MAX_ANSWER_BYTES`].
    #[error("the answer has more than {} bytes", SessionKey::MAX_ANSWER_BYTES)]
    TooLong,
    /// Not UTF-8, or with control or invisible characters.
    #[error("not plain UTF-8 text")]
    NotText,
}

impl QuestionProblem {
    const fn at(self, line: usize) -> QuestionAnswersError {
        QuestionAnswersError { line, what: self }
    }
}

const MAX_FILE_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> QuestionAnswers {
        QuestionAnswers::parse(text.as_bytes()).unwrap()
    }

    fn shown(answers: &QuestionAnswers) -> Vec<(u32, &str)> {
        let answers = answers.iter();
        answers.map(|(id, it)| (id, it.expose_secret())).collect()
    }

    #[test]
    fn lines_comments_and_blanks_are_read() {
        let text = "\u{feff}# mine\r\n1=Paris\r\n\r\n  # more\n 12 =a = b#c\n3=Zürich";
        let expected = [(1, "Paris"), (12, "a = b#c"), (3, "Zürich")];
        assert_eq!(shown(&parsed(text)), expected);
        let longest = format!("1={}", "a".repeat(SessionKey::MAX_ANSWER_BYTES));
        assert_eq!(parsed(&longest).count(), 1);
        let all: Vec<_> = (1..=32).map(|id| format!("{id}=a")).collect();
        assert_eq!(parsed(&all.join("\n")).count(), 32);
    }

    #[test]
    fn a_file_has_the_same_answers_for_all_or_a_line_a_device() {
        let parse = |text: &str| QuestionAnswersFile::parse(text.as_bytes());
        assert!(matches!(
            parse("# x\n1=a;b\n2=c\n"),
            Ok(QuestionAnswersFile::Same(answers)) if answers.count() == 2
        ));
        let mac = MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, 0x13]);
        let expected = [(1, "Riverside School"), (4, "Rex = dog"), (9, "blue")];
        let answers = expected.map(|(id, answer)| (id, answer.into()));
        let line = QuestionAnswersFile::line(mac, &answers);
        let Ok(QuestionAnswersFile::PerDevice(devices)) =
            parse(&format!("\u{feff}# camera\r\n{}", *line))
        else {
            panic!("{}", *line);
        };
        let (read_mac, read) = &devices[0];
        assert_eq!((*read_mac, devices.len()), (mac, 1));
        assert_eq!(shown(read), expected);
        for (second, what) in [
            ("1=geheim", QuestionProblem::NoMac),
            (&line, QuestionProblem::MacTwice),
            ("44:47:cc:1d:6d:14;1=a;1=geheim", QuestionProblem::Twice),
            ("44:47:cc:1d:6d:14;geheim", QuestionProblem::NoEquals),
        ] {
            let error = parse(&format!("{}{second}", *line)).unwrap_err();
            assert_eq!((error.line, error.what), (2, what));
            assert!(!error.to_string().contains("geheim"));
        }
    }

    #[test]
    fn errors_name_their_line_and_hold_none_of_its_text() {
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

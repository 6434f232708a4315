//! What an owner prepared to bring a forgotten password back.

use std::{net::Ipv4Addr, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use super::{Tries, read_flag};
use crate::Device;

/// What an owner prepared to bring a forgotten password back, and what guards
/// it.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// The security questions that are set.
    pub questions: Questions,
    /// The reserved e-mail address.
    pub mailbox: Option<Box<str>>,
    /// How many wrong answers, codes and GUIDs, counted together, lock these
    /// ways. Passwords are counted apart: both a guess.
    pub tries: Tries,
    /// How long a request to the vendor and a code by e-mail are good.
    pub valid: Duration,
    /// The cameras a recorder passes a new password on to, by their addresses.
    /// `None`: all active ones that have the password the recorder had.
    pub cameras: Option<Box<[Ipv4Addr]>>,
}

impl Recovery {
    /// How long a request or a code is good, unless told otherwise.
    pub const VALID: Duration = Duration::from_hours(48);

    /// Where a simulated vendor takes QR codes. Nobody can have this address.
    pub(crate) const SERVICE_MAILBOX: &'static str = "service@example.com";

    /// The reserved e-mail address of made-up devices that have one.
    pub const MAILBOX: &'static str = "owner@example.com";
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            questions: Questions::default(),
            mailbox: None,
            tries: Tries::default(),
            valid: Self::VALID,
            cameras: None,
        }
    }
}

/// Security questions that are set: none, or three.
#[derive(Clone, Debug, Default)]
pub struct Questions(Vec<(u32, SecretString)>);

impl Questions {
    /// How many are set.
    pub const COUNT: usize = 3;

    /// The highest number a question has: as many are listed as clients read.
    pub const MAX_ID: u32 = 15;

    /// The longest answer that is set. Clients may send longer ones to answer.
    pub const MAX_ANSWER_BYTES: usize = sadp_proto::SecretAnswers::MAX_SET_BYTES;

    /// The answers of made-up devices that have questions set, to questions 1,
    /// 2 and 3.
    pub const ANSWERS: [&'static str; Self::COUNT] = [
        "Simulated answer 1",
        "Simulated answer 2",
        "Simulated answer 3",
    ];

    pub(crate) fn of_made_up_devices() -> Self {
        let answers = (1..).zip(Self::ANSWERS);
        Self(answers.map(|(id, answer)| (id, answer.into())).collect())
    }

    /// Three questions by their numbers, and the answers to them.
    pub fn new(mut answers: Vec<(u32, SecretString)>) -> Result<Self, QuestionsError> {
        answers.sort_by_key(|(id, _)| *id);
        let known = |(id, _): &(u32, _)| (1..=Self::MAX_ID).contains(id);
        let twice = answers.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if answers.len() != Self::COUNT || twice || !answers.iter().all(known) {
            return Err(QuestionsError::Number);
        }
        let fits = |(_, answer): &(u32, SecretString)| {
            (1..=Self::MAX_ANSWER_BYTES).contains(&answer.expose_secret().len())
        };
        if !answers.iter().all(fits) {
            return Err(QuestionsError::Answer);
        }
        Ok(Self(answers))
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this question is set.
    pub fn holds(&self, id: u32) -> bool {
        self.0.iter().any(|(set, _)| *set == id)
    }

    /// Whether these are the answers to all questions that are set.
    pub(crate) fn are_answered_by(&self, answers: &[(u32, SecretString)]) -> bool {
        let right = |(id, answer): &(u32, SecretString)| {
            let mut given = answers.iter().filter(|(given, _)| given == id);
            given
                .next()
                .is_some_and(|(_, given)| given.expose_secret() == answer.expose_secret())
        };
        !self.is_empty() && answers.len() == self.0.len() && self.0.iter().all(right)
    }
}

/// Why questions cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionsError {
    /// Not three, or not three different ones that devices have.
    #[error(
        "not {} different questions, numbered 1 to {}",
        Questions::COUNT,
        Questions::MAX_ID
    )]
    Number,
    /// An answer is empty or too long.
    #[error("an answer has 1 to {} bytes", Questions::MAX_ANSWER_BYTES)]
    Answer,
}

/// What a device's account of itself says of something it may support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// It does not name it: its firmware does not know it.
    Unknown,
    /// It says that it has none.
    No,
    Yes,
}

impl Device {
    /// What it says of a way to bring its password back, by the element that
    /// tells of it.
    pub(crate) fn supports(&self, element: &str) -> Support {
        match self.says(element) {
            None => Support::Unknown,
            Some(text) if read_flag(Some(&text)) == Some(true) => Support::Yes,
            Some(_) => Support::No,
        }
    }

    /// Whether it takes a `Code` only sealed. Such firmware has a word for a wrong
    /// answer of the vendor's, too: that the two go together is a guess.
    pub(crate) fn opens_codes(&self) -> bool {
        self.supports("codeEncrypt") == Support::Yes
    }

    /// Whether it takes the vendor's dated code and nothing else: it says that
    /// it takes neither a file nor a key.
    pub(crate) fn is_legacy(&self) -> bool {
        ["PasswordResetAbility", "PasswordResetModeSecond"]
            .iter()
            .all(|element| self.supports(element) != Support::Yes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions(ids: &[u32], answer: &str) -> Result<Questions, QuestionsError> {
        Questions::new(ids.iter().map(|&id| (id, answer.into())).collect())
    }

    #[test]
    fn questions_are_three_different_ones() {
        for ids in [
            &[][..],
            &[1, 2],
            &[1, 2, 3, 4],
            &[1, 2, 2],
            &[0, 1, 2],
            &[1, 2, 16],
        ] {
            assert_eq!(questions(ids, "x").unwrap_err(), QuestionsError::Number);
        }
        assert!(questions(&[15, 1, 7], &"x".repeat(128)).is_ok());
        for answer in ["", &"x".repeat(129)] {
            assert_eq!(
                questions(&[1, 2, 3], answer).unwrap_err(),
                QuestionsError::Answer
            );
        }
    }

    #[test]
    fn all_answers_must_be_right_in_any_order() {
        let set = Questions::new(vec![(1, "a".into()), (5, "b".into()), (9, "c".into())]).unwrap();
        let given = |answers: &[(u32, &str)]| {
            let answers: Vec<_> = answers.iter().map(|&(id, it)| (id, it.into())).collect();
            set.are_answered_by(&answers)
        };
        assert!(given(&[(9, "c"), (1, "a"), (5, "b")]));
        assert!(!given(&[(9, "c"), (1, "a"), (5, "B")]));
        assert!(!given(&[(9, "c"), (1, "a")]));
        assert!(!given(&[(9, "c"), (1, "a"), (1, "a"), (5, "b")]));
        assert!(!given(&[(1, "x"), (1, "a"), (5, "b")]));
        assert!(!Questions::default().are_answered_by(&[]));
    }
}

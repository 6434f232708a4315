//! The recovery methods that an owner has set up.

use std::{net::Ipv4Addr, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use super::{Tries, read_flag};
use crate::Device;

/// The recovery methods that an owner has set up, and their protection.
#[derive(Clone, Debug)]
pub struct RecoverySettings {
    /// The security questions that are set.
    pub questions: Questions,
    /// The recovery e-mail address.
    pub mailbox: Option<Box<str>>,
    /// The wrong answers, codes and GUIDs, counted together, until these methods lock.
    /// Passwords are counted separately: both a guess.
    pub tries: Tries,
    /// How long a request to the vendor and a mailed code are valid.
    pub valid: Duration,
    /// The addresses of the cameras that a recorder passes a new password on to. `None`:
    /// all active ones with the recorder's former password.
    pub cameras: Option<Box<[Ipv4Addr]>>,
}

impl RecoverySettings {
    /// The default of [`RecoverySettings::valid`].
    pub const VALID: Duration = Duration::from_hours(48);

    /// The simulated vendor's address for QR codes. Nobody can have this address.
    pub(crate) const SERVICE_MAILBOX: &'static str = "service@example.com";

    /// The recovery e-mail address of generated devices that have one.
    pub const MAILBOX: &'static str = "owner@example.com";
}

impl Default for RecoverySettings {
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
    /// The number of questions that are set.
    pub const COUNT: usize = 3;

    /// The highest number of a question: clients read as many.
    pub const MAX_ID: u32 = 15;

    /// The longest answer that can be set. Clients may send longer ones to a reset.
    pub const MAX_ANSWER_BYTES: usize = sadp_proto::SecretAnswers::MAX_SET_BYTES;

    /// The answers of generated devices to questions 1, 2 and 3.
    pub const ANSWERS: [&'static str; Self::COUNT] = [
        "Simulated answer 1",
        "Simulated answer 2",
        "Simulated answer 3",
    ];

    pub(crate) fn of_generated_devices() -> Self {
        let answers = (1..).zip(Self::ANSWERS);
        Self(answers.map(|(id, answer)| (id, answer.into())).collect())
    }

    /// Makes three questions from their numbers and answers.
    pub fn new(mut answers: Vec<(u32, SecretString)>) -> Result<Self, QuestionsError> {
        answers.sort_by_key(|(id, _)| *id);
        let twice = answers.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if answers.len() != Self::COUNT
            || twice
            || !answers
                .iter()
                .all(|(id, _)| (1..=Self::MAX_ID).contains(id))
        {
            return Err(QuestionsError::Number);
        }
        for (_, answer) in &answers {
            if !(1..=Self::MAX_ANSWER_BYTES).contains(&answer.expose_secret().len()) {
                return Err(QuestionsError::Answer);
            }
        }
        Ok(Self(answers))
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this question is set.
    pub fn contains(&self, id: u32) -> bool {
        self.0.iter().any(|(set, _)| *set == id)
    }

    /// Whether these are the answers to all questions that are set.
    pub(crate) fn are_answered_by(&self, answers: &[(u32, SecretString)]) -> bool {
        !self.is_empty()
            && answers.len() == self.0.len()
            && self.0.iter().all(|(id, answer)| {
                let given = answers.iter().find(|(given, _)| given == id);
                given.is_some_and(|(_, given)| given.expose_secret() == answer.expose_secret())
            })
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

/// Whether a device's report says that it supports something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// The element is absent: the firmware does not know it.
    Unknown,
    /// The report denies it.
    No,
    Yes,
}

impl Device {
    /// Whether the device reports support by this element.
    pub(crate) fn supports(&self, element: &str) -> Support {
        match self.says(element) {
            None => Support::Unknown,
            Some(text) if read_flag(Some(&text)) == Some(true) => Support::Yes,
            Some(_) => Support::No,
        }
    }

    /// Whether it takes a `Code` only sealed. Such firmware also has a word for a wrong
    /// vendor answer: that both go together is a guess.
    pub(crate) fn opens_codes(&self) -> bool {
        self.supports("codeEncrypt") == Support::Yes
    }

    /// Whether it takes only the vendor's dated code: it reports support for neither a file
    /// nor a key.
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
            let refused = questions(&[1, 2, 3], answer).unwrap_err();
            assert_eq!(refused, QuestionsError::Answer);
        }
    }

    #[test]
    fn all_answers_must_be_right_in_any_order() {
        let set = Questions::new(vec![(1, "a".into()), (5, "b".into()), (9, "c".into())]).unwrap();
        for (given, right) in [
            (&[(9, "c"), (1, "a"), (5, "b")][..], true),
            (&[(9, "c"), (1, "a"), (5, "B")], false),
            (&[(9, "c"), (1, "a")], false),
            (&[(9, "c"), (1, "a"), (1, "a"), (5, "b")], false),
            (&[(1, "x"), (1, "a"), (5, "b")], false),
        ] {
            let answers: Vec<_> = given.iter().map(|&(id, it)| (id, it.into())).collect();
            assert_eq!(set.are_answered_by(&answers), right, "{given:?}");
        }
        assert!(!Questions::default().are_answered_by(&[]));
    }
}

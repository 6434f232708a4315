//! Answers to security questions.

use secrecy::{ExposeSecret, SecretString};

use super::fields::CommandFields;
use crate::seal::{SealError, SessionKey};

/// Answers to security questions, by the number of their question.
pub struct SecretAnswers(Vec<(u32, SecretString)>);

impl SecretAnswers {
    /// How many questions are set, and asked: what the vendor's client sends.
    pub const COUNT: usize = 3;

    /// The highest number a question may have on the wire. Devices number theirs
    /// as they like: how many are listed is bounded by
    /// [`QuestionList::MOST`](crate::QuestionList::MOST), not by this.
    pub const MAX_ID: u32 = 32;

    /// The most bytes of an answer that is set. An answer that is given may be
    /// longer: see [`SessionKey::MAX_ANSWER_BYTES`].
    pub const MAX_SET_BYTES: usize = 128;

    /// Answers to be set: as [`SecretAnswers::new`], but refused over
    /// [`SecretAnswers::MAX_SET_BYTES`].
    pub fn to_set(answers: Vec<(u32, SecretString)>) -> Result<Self, AnswersError> {
        let too_long =
            |(_, answer): &&(u32, SecretString)| answer.expose_secret().len() > Self::MAX_SET_BYTES;
        if let Some((id, _)) = answers.iter().find(too_long) {
            return Err(AnswersError::TooLongToSet { id: *id });
        }
        Self::new(answers)
    }

    /// Three answers to three questions. The texts are checked where they are
    /// sealed: 1 to [`SessionKey::MAX_ANSWER_BYTES`], none is sent otherwise.
    pub fn new(answers: Vec<(u32, SecretString)>) -> Result<Self, AnswersError> {
        if answers.len() != Self::COUNT {
            let count = answers.len();
            return Err(AnswersError::Count { count });
        }
        for (place, (id, answer)) in answers.iter().enumerate() {
            if !(1..=Self::MAX_ID).contains(id) {
                return Err(AnswersError::Id { id: *id });
            }
            if answers
                .iter()
                .skip(place)
                .skip(1)
                .any(|(other, _)| other == id)
            {
                return Err(AnswersError::Twice { id: *id });
            }
            SessionKey::check_answer(answer).map_err(|error| AnswersError::Text {
                id: *id,
                source: error,
            })?;
        }
        Ok(Self(answers))
    }

    /// The numbers of the questions.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(id, _)| *id)
    }

    pub(super) fn write(
        &self,
        key: &SessionKey,
        fields: &mut CommandFields,
    ) -> Result<(), SealError> {
        for (id, answer) in &self.0 {
            fields.put("QuestionList/Question/ID", &id.to_string());
            let sealed = key.seal_answer(answer)?;
            fields.put("QuestionList/Question/Answer", sealed.as_str());
            fields.put("QuestionList/Question/mark", "true");
        }
        Ok(())
    }
}

impl std::fmt::Debug for SecretAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretAnswers")
            .field(&self.ids().collect::<Vec<_>>())
            .finish()
    }
}

/// Why answers are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    /// Not three.
    #[error("{count} answers are given, and devices take {}", SecretAnswers::COUNT)]
    Count {
        /// How many there are.
        count: usize,
    },
    /// No question has this number.
    #[error(
        "there is no question {id}: they are numbered 1 to {}",
        SecretAnswers::MAX_ID
    )]
    Id {
        /// The number.
        id: u32,
    },
    /// Two answers to one question.
    #[error("question {id} is answered twice")]
    Twice {
        /// The question.
        id: u32,
    },
    /// An answer is longer than devices keep.
    #[error(
        "the answer to question {id} has more than {} bytes",
        SecretAnswers::MAX_SET_BYTES
    )]
    TooLongToSet {
        /// The question.
        id: u32,
    },
    /// An answer cannot be sealed.
    #[error("the answer to question {id} cannot be sent")]
    Text {
        /// The question.
        id: u32,
        /// Why.
        source: SealError,
    },
}

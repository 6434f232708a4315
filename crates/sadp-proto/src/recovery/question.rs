//! Security questions and the answers to them.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    CommandReply, inquiry,
    seal::{SealError, SessionKey},
};

/// A security question. On the wire it is a number; its text is in the vendor's
/// user interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its number, 1 to [`SecretAnswers::MAX_ID`].
    pub id: u32,
    /// Whether it is set.
    pub set: bool,
}

/// The questions that a device lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionList {
    /// Each question once, sorted by number: the first [`QuestionList::MOST`] of
    /// the reply.
    pub questions: Vec<Question>,
    /// How many further ones the reply contains. They are ignored.
    pub ignored: usize,
}

impl QuestionList {
    /// The most questions that are read, as in both vendor clients.
    pub const MOST: usize = 15;

    /// Parses the reply to `getsecurityquestion`. Invalid questions are ignored;
    /// the first of duplicates counts.
    pub fn read(reply: &CommandReply) -> Self {
        const LIST: &str = "QuestionList/Question/";
        let mut list = Self::default();
        let mut is_open = false;
        for (path, text) in reply.fields.iter() {
            let name = path.split_at_checked(LIST.len());
            match name.filter(|(list, _)| list.eq_ignore_ascii_case(LIST)) {
                Some((_, name)) if name.eq_ignore_ascii_case("ID") => is_open = list.add(text),
                Some((_, name)) if is_open && name.eq_ignore_ascii_case("mark") => {
                    if let Some(question) = list.questions.last_mut() {
                        question.set = inquiry::boolean(text) == Some(true);
                    }
                }
                _ => {}
            }
        }
        list.questions.sort_by_key(|question| question.id);
        list
    }

    /// Whether any is set. `None` if the list is empty.
    pub fn is_set(&self) -> Option<bool> {
        let listed = !self.questions.is_empty();
        listed.then(|| self.questions.iter().any(|it| it.set))
    }

    /// Whether the list contains this question.
    pub fn holds(&self, id: u32) -> bool {
        self.questions.iter().any(|question| question.id == id)
    }

    /// Adds a question by its number as received. Returns whether it is new and
    /// there was room for it.
    fn add(&mut self, id: &str) -> bool {
        let id = id.parse().ok();
        let id = id.filter(|id| (1..=SecretAnswers::MAX_ID).contains(id));
        let Some(id) = id.filter(|id| !self.holds(*id)) else {
            return false;
        };
        let has_room = self.questions.len() < Self::MOST;
        if has_room {
            self.questions.push(Question { id, set: false });
        } else {
            self.ignored = self.ignored.saturating_add(1);
        }
        has_room
    }
}

/// Answers to security questions, by the number of their question.
#[derive(Clone)]
pub struct SecretAnswers(Vec<(u32, SecretString)>);

impl SecretAnswers {
    /// The number of questions that are set and answered, as in the vendor's
    /// client.
    pub const COUNT: usize = 3;

    /// The highest number of a question on the wire. Devices choose the numbers;
    /// [`QuestionList::MOST`] bounds how many there are.
    pub const MAX_ID: u32 = 32;

    /// The most bytes of an answer to set. An answer for a reset may be longer: see
    /// [`SessionKey::MAX_ANSWER_BYTES`].
    pub const MAX_SET_BYTES: usize = 128;

    /// Answers to set: as [`SecretAnswers::new`], but fails over
    /// [`SecretAnswers::MAX_SET_BYTES`].
    pub fn to_set(answers: Vec<(u32, SecretString)>) -> Result<Self, AnswersError> {
        for (id, answer) in &answers {
            if answer.expose_secret().len() > Self::MAX_SET_BYTES {
                return Err(AnswersError::TooLongToSet(*id));
            }
        }
        Self::new(answers)
    }

    /// Takes three answers to three questions, each of 1 to
    /// [`SessionKey::MAX_ANSWER_BYTES`] bytes.
    pub fn new(answers: Vec<(u32, SecretString)>) -> Result<Self, AnswersError> {
        if answers.len() != Self::COUNT {
            let count = answers.len();
            return Err(AnswersError::Count(count));
        }
        for (place, (id, answer)) in answers.iter().enumerate() {
            if !(1..=Self::MAX_ID).contains(id) {
                return Err(AnswersError::Id(*id));
            }
            if answers.iter().take(place).any(|(other, _)| other == id) {
                return Err(AnswersError::Twice(*id));
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

    /// The numbers of the questions and their answers, only for the wire.
    pub fn iter(&self) -> impl Iterator<Item = &(u32, SecretString)> {
        self.0.iter()
    }
}

impl std::fmt::Debug for SecretAnswers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretAnswers")
            .field(&self.ids().collect::<Vec<_>>())
            .finish()
    }
}

/// Why answers cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswersError {
    /// So many, not three.
    #[error("{0} answers are given, and devices take {max}", max = SecretAnswers::COUNT)]
    Count(usize),
    /// No question has this number.
    #[error("there is no question {0}: they are numbered 1 to {max}", max = SecretAnswers::MAX_ID)]
    Id(u32),
    /// Two answers to the question of this number.
    #[error("question {0} is answered twice")]
    Twice(u32),
    /// The answer to the question of this number is longer than devices keep.
    #[error(
        "the answer to question {0} has more than {max} bytes",
        max = SecretAnswers::MAX_SET_BYTES
    )]
    TooLongToSet(u32),
    /// An answer cannot be sealed.
    #[error("the answer to question {id} cannot be sent")]
    Text {
        /// The question.
        id: u32,
        /// Why.
        source: SealError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::command_reply;

    fn read_list(list: &str) -> QuestionList {
        let body = format!("<QuestionList>{list}</QuestionList></ProbeMatch>");
        QuestionList::read(&command_reply("getsecurityquestion", &body))
    }

    fn read(list: &str) -> Vec<(u32, bool)> {
        let questions = read_list(list).questions;
        questions.iter().map(|one| (one.id, one.set)).collect()
    }

    #[test]
    fn fifteen_questions_are_read_and_the_others_counted() {
        fn question(id: u32) -> String {
            format!("<Question><ID>{id}</ID><mark>true</mark></Question>")
        }
        for (count, ignored) in [(15, 0), (16, 1), (32, 17)] {
            // The last listed has the lowest number.
            let text: String = (1..=count).rev().map(question).collect();
            let list = read_list(&text);
            let first = count - 14;
            let ids: Vec<_> = list.questions.iter().map(|one| one.id).collect();
            assert_eq!(ids, (first..=count).collect::<Vec<_>>());
            assert!(list.questions.iter().all(|one| one.set));
            assert_eq!(list.ignored, ignored);
            assert_eq!(list.holds(1), ignored == 0);
        }
        let twice: String = (1..=15).chain(1..=15).map(question).collect();
        assert_eq!(read_list(&twice).ignored, 0);
    }

    #[test]
    fn questions_are_read_with_their_marks_and_others_are_passed_over() {
        let list = "<Question><ID>3</ID><mark>true</mark></Question>\
            <Question><ID>1</ID><mark>flase</mark></Question>\
            <question><Id>4</Id><Mark>true</Mark></question>\
            <Question><ID>2</ID></Question>";
        assert_eq!(read(list), [(1, false), (2, false), (3, true), (4, true)]);
        assert_eq!(read(""), []);
        let list = "<Question><ID>0</ID><mark>true</mark></Question>\
            <Question><ID>x</ID><mark>true</mark></Question>\
            <Question><ID>33</ID></Question>\
            <Question><mark>true</mark></Question>\
            <Question><ID>7</ID><mark>1</mark></Question>\
            <Question><ID>7</ID><mark>0</mark></Question>";
        assert_eq!(read(list), [(7, true)]);
    }

    #[test]
    fn answers_out_of_bounds_are_refused() {
        let empty = AnswersError::Text {
            id: 2,
            source: SealError::AnswerLength(0),
        };
        for (answers, error) in [
            (&[(1, "a"), (2, "b")][..], AnswersError::Count(2)),
            (&[(1, "a"), (2, "b"), (33, "c")], AnswersError::Id(33)),
            (&[(0, "a"), (2, "b"), (3, "c")], AnswersError::Id(0)),
            (&[(1, "a"), (2, "b"), (1, "c")], AnswersError::Twice(1)),
            (&[(1, "a"), (2, ""), (3, "c")], empty),
        ] {
            let answers = answers.iter().map(|(id, text)| (*id, (*text).into()));
            assert_eq!(SecretAnswers::new(answers.collect()).unwrap_err(), error);
        }
        let answers = [(1, "Paris"), (5, "Rex"), (32, "7")].map(|(id, text)| (id, text.into()));
        let answers = SecretAnswers::new(answers.into()).unwrap();
        assert_eq!(format!("{answers:?}"), "SecretAnswers([1, 5, 32])");
    }
}

//! How security questions are told, set and answered: `getsecurityquestion`,
//! `setsecurityquestion` and `AnswerReset`.

use sadp_model::RawFields;
use sadp_proto::seal::device::{DeviceSession, OpenError};
use secrecy::SecretString;

use super::{
    command::{Answer, Order},
    memory::Memory,
    secret,
};
use crate::{Device, Questions, QuestionsError};

/// Tells which questions there are and which are set, whoever asks.
pub(super) fn list(device: &Device) -> Answer {
    let surplus = device.quirks.as_ref().map_or(0, |it| it.surplus_questions);
    (1..=Questions::MAX_ID + u32::from(surplus)).fold(Answer::success(), |answer, id| {
        let set = device.recovery.questions.holds(id);
        answer
            .with("QuestionList/Question/ID", id.to_string())
            .with("QuestionList/Question/mark", set.to_string())
    })
}

/// Takes three questions and their answers from who knows the password.
pub(super) fn set(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    take_questions(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take_questions(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<Answer, Answer> {
    let (session, password) = secret::open(memory, order)?;
    // It has no word for a device that has no password yet.
    if !device.state.activated {
        return Err(Answer::refused("failed"));
    }
    // What is wrong by itself is told before a try is spent.
    let answers = open_answers(&session, order.fields)?;
    let questions = Questions::new(answers).map_err(|error| {
        Answer::refused(match error {
            QuestionsError::Number => "QuestionNumErr",
            QuestionsError::Answer => "LongAnswer",
        })
    })?;
    secret::prove(device, &password, order)?;
    device.recovery.questions = questions;
    Ok(Answer::success())
}

/// Takes the answers to the questions that are set, with a new password.
pub(super) fn reset(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    take_answers(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take_answers(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<Answer, Answer> {
    let (session, password) = secret::open(memory, order)?;
    if device.recovery.questions.is_empty() {
        return Err(Answer::refused("failed"));
    }
    secret::check_lock(&mut device.recovery.tries, order)?;
    let answers = open_answers(&session, order.fields)?;
    if !device.recovery.questions.are_answered_by(&answers) {
        return Err(secret::deny(
            &mut device.recovery.tries,
            order,
            "AnswerError",
        ));
    }
    secret::replace(device, memory, password)
}

/// The answers by the numbers of their questions. What is no number becomes 0,
/// which no question has.
fn open_answers(
    session: &DeviceSession,
    fields: &RawFields,
) -> Result<Vec<(u32, SecretString)>, Answer> {
    /// Far more than any device has questions.
    const MOST: usize = 64;
    let mut answers = Vec::new();
    let mut id = 0;
    for (path, text) in fields.iter() {
        match path.strip_prefix("QuestionList/Question/") {
            Some("ID") => id = text.parse().unwrap_or_default(),
            Some("Answer") if answers.len() < MOST => {
                let opened = session.open_answer(text).map_err(|error| {
                    Answer::refused(match error {
                        OpenError::Length => "LongAnswer",
                        _ => "failed",
                    })
                })?;
                answers.push((id, opened));
            }
            _ => {}
        }
    }
    Ok(answers)
}

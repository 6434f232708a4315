//! Security questions: `getsecurityquestion`, `setsecurityquestion` and `AnswerReset`.

use sadp_model::RawFields;
use sadp_proto::seal::device::{DeviceSession, OpenError};
use secrecy::SecretString;

use super::{command::Response, execution::Execution, kind::commands};
use crate::{Questions, QuestionsError};

commands! {
    GET_QUESTIONS others list;
    SET_QUESTIONS questions_set set;
    RESET_BY_ANSWERS answer_resets reset, true;
}

/// Lists the questions and which are set. Needs no password.
#[expect(clippy::unnecessary_wraps, reason = "commands have one signature")]
fn list(it: &mut Execution<'_>) -> Result<Response, Response> {
    let surplus = it.device.quirks.surplus_questions;
    let mut response = Response::success();
    for id in 1..=Questions::MAX_ID + u32::from(surplus) {
        let is_set = it.device.recovery.questions.contains(id);
        response = response
            .with("QuestionList/Question/ID", id.to_string())
            .with("QuestionList/Question/mark", is_set.to_string());
    }
    Ok(response)
}

/// Sets three questions and their answers, given the password.
fn set(it: &mut Execution<'_>) -> Result<Response, Response> {
    let (session, password) = it.open()?;
    // There is no word for a device that has no password yet.
    if !it.device.state.activated {
        return Err(Response::failed());
    }
    // Invalid questions are refused before the password costs a try.
    let answers = open_answers(&session, it.request.fields)?;
    let questions = Questions::new(answers).map_err(|error| {
        Response::refused(match error {
            QuestionsError::Number => "QuestionNumErr",
            QuestionsError::Answer => "LongAnswer",
        })
    })?;
    it.prove_password(&password)?;
    it.device.recovery.questions = questions;
    Ok(Response::success())
}

/// Takes the answers to the questions that are set, with a new password.
fn reset(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let (session, password) = it.open()?;
    if it.device.recovery.questions.is_empty() {
        return Err(Response::failed());
    }
    it.check_recovery_lock()?;
    let answers = open_answers(&session, it.request.fields)?;
    if !it.device.recovery.questions.are_answered_by(&answers) {
        return Err(it.wrong_secret("AnswerError"));
    }
    it.replace_password(password)
}

/// Returns the answers with the numbers of their questions. What is not a number
/// becomes 0, which no question has.
fn open_answers(
    session: &DeviceSession,
    fields: &RawFields,
) -> Result<Vec<(u32, SecretString)>, Response> {
    /// Far more than any device has questions.
    const MAX_ANSWERS: usize = 64;
    let mut answers = Vec::new();
    let mut id = 0;
    for (path, text) in fields.iter() {
        match path.strip_prefix("QuestionList/Question/") {
            Some("ID") => id = text.parse().unwrap_or_default(),
            Some("Answer") if answers.len() < MAX_ANSWERS => {
                let opened = session.open_answer(text).map_err(|error| match error {
                    OpenError::Length => Response::refused("LongAnswer"),
                    _ => Response::failed(),
                })?;
                answers.push((id, opened));
            }
            _ => {}
        }
    }
    Ok(answers)
}

//! Security questions: told, set and answered.

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::{
    Command, CommandOutcome, GROUP, QuestionList, Refusal, SecretAnswers,
    seal::{ExchangeKey, SessionKey},
};
use sadp_sim::Access;

use super::{
    PASSWORD, UNACTIVATED,
    van::{Van, assert_refused, assert_try, done, is_done, password, refused, word},
};

const CAMERA: &str = "ipc-v5.5.82";
const SET: &str = "questions = { 1 = \"Paris\", 4 = \"Rex & Co\", 9 = \"blue\" }";

fn answers(given: [(u32, &str); 3]) -> SecretAnswers {
    SecretAnswers::new(given.map(|(id, text)| (id, text.into())).to_vec()).unwrap()
}

fn reset(van: &mut Van, given: [(u32, &str); 3]) -> CommandOutcome {
    let command = Command::ResetByAnswers {
        answers: answers(given),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    van.order(0, command)
}

fn set(van: &mut Van, given: [(u32, &str); 3], current: &str) -> CommandOutcome {
    let command = Command::SetQuestions {
        answers: answers(given),
        password: password(current),
    };
    van.order(0, command)
}

fn set_ids(van: &mut Van) -> Vec<u32> {
    let reply = done(van.order(0, Command::GetQuestions));
    let list = QuestionList::read(&reply);
    assert_eq!((list.questions.len(), list.ignored), (15, 0));
    let questions = list.questions;
    let set = questions.iter().filter(|question| question.set);
    set.map(|question| question.id).collect()
}

const RIGHT: [(u32, &str); 3] = [(9, "blue"), (1, "Paris"), (4, "Rex & Co")];
const WRONG: [(u32, &str); 3] = [(9, "blue"), (1, "paris"), (4, "Rex & Co")];

#[test]
fn questions_set_at_the_start_reset_the_password() {
    let mut van = Van::one(CAMERA, SET);
    assert_eq!(set_ids(&mut van), [1, 4, 9]);
    assert_try(reset(&mut van, WRONG), &Refusal::AnswerError, 6);
    assert!(is_done(&reset(&mut van, RIGHT)));
    assert!(van.has_password(0, PASSWORD));
    assert_eq!(van.fleet.executions(0).answer_resets, 1);
    assert_try(reset(&mut van, WRONG), &Refusal::AnswerError, 6);
}

#[test]
fn questions_are_set_with_the_password() {
    let mut van = Van::one(CAMERA, "");
    assert!(set_ids(&mut van).is_empty());
    assert_refused(reset(&mut van, RIGHT), &Refusal::Failed);
    assert_try(set(&mut van, RIGHT, "wrong"), &Refusal::PasswordError, 6);
    assert!(is_done(&set(&mut van, RIGHT, Access::PASSWORD)));
    assert_eq!(set_ids(&mut van), [1, 4, 9]);
    assert!(is_done(&set(
        &mut van,
        [(2, "a"), (3, "b"), (15, "c")],
        Access::PASSWORD
    )));
    assert_eq!(set_ids(&mut van), [2, 3, 15]);
    assert_eq!(van.fleet.executions(0).questions_set, 2);
    assert_try(reset(&mut van, RIGHT), &Refusal::AnswerError, 6);
}

#[test]
fn wrong_answers_lock() {
    let mut van = Van::one(CAMERA, &format!("{SET}\ntries = 2"));
    assert_try(reset(&mut van, WRONG), &Refusal::AnswerError, 1);
    let verdict = refused(reset(&mut van, WRONG));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(30))
    );
    assert_eq!(word(reset(&mut van, RIGHT)), Refusal::Locked);
    let mut van = Van::one(CAMERA, "tries_left = 0");
    assert_eq!(
        word(set(&mut van, RIGHT, Access::PASSWORD)),
        Refusal::Locked
    );
}

#[test]
fn a_risky_password_is_reported_once_the_answers_are_right() {
    let mut van = Van::one(CAMERA, SET);
    let risky = |given| Command::ResetByAnswers {
        answers: answers(given),
        password: password("Garden123"),
        sync_cameras: false,
    };
    assert_try(van.order(0, risky(WRONG)), &Refusal::AnswerError, 6);
    assert_refused(van.order(0, risky(RIGHT)), &Refusal::RiskPassword);
}

#[test]
fn who_has_no_password_or_no_questions_says_so() {
    let mut van = Van::one(CAMERA, UNACTIVATED);
    assert_refused(set(&mut van, RIGHT, "wrong"), &Refusal::Failed);
    assert_refused(reset(&mut van, RIGHT), &Refusal::NotActivated);
    let mut van = Van::one("ipc-v5.3.3", "");
    let outcome = van.order(0, Command::GetQuestions);
    assert!(matches!(outcome, CommandOutcome::NoAnswer));
    let mut van = Van::one(CAMERA, "fields = { SupportSecurityQuestion = \"0\" }");
    assert_refused(van.order(0, Command::GetQuestions), &Refusal::Failed);
}

/// The command as no honest client sends it.
fn set_by_hand(van: &mut Van, given: &[(&str, &str)]) -> String {
    let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
    let public = format!("<Code>{}</Code>", key.public_code().unwrap());
    let reply = van.say_plainly(0, "exchangecode", &public);
    let session: SessionKey = key
        .open(reply.first("Code").unwrap(), &mut UnwrapErr(SysRng))
        .unwrap();
    let question = |(id, answer): &(&str, &str)| {
        let answer = session.seal_answer(&(*answer).into()).unwrap();
        let sealed = answer.as_str();
        format!("<Question><ID>{id}</ID><Answer>{sealed}</Answer><mark>true</mark></Question>")
    };
    let list: Vec<_> = given.iter().map(question).collect();
    let list = list.concat();
    let sealed = session.seal_password(&password(Access::PASSWORD));
    let body = format!(
        "<QuestionList>{list}</QuestionList><Password>{}</Password>",
        sealed.as_str()
    );
    let reply = van.say_plainly(0, "setsecurityquestion", &body);
    reply.first("Result").unwrap().to_owned()
}

#[test]
fn what_is_wrong_with_questions_is_reported() {
    let mut van = Van::one(CAMERA, "");
    let long = "x".repeat(129);
    for (given, expected) in [
        (&[][..], "QuestionNumErr"),
        (&[("1", "a"), ("2", "b")], "QuestionNumErr"),
        (&[("1", "a"), ("2", "b"), ("2", "c")], "QuestionNumErr"),
        (&[("1", "a"), ("2", "b"), ("33", "c")], "QuestionNumErr"),
        (&[("1", "a"), ("2", "b"), ("x", "c")], "QuestionNumErr"),
        (&[("1", "a"), ("2", "b"), ("3", &long)], "LongAnswer"),
        (&[("1", "a"), ("2", "b"), ("3", "c")], "success"),
    ] {
        assert_eq!(set_by_hand(&mut van, given), expected, "{given:?}");
    }
    let mac = van.mac(0);
    let bare = format!(
        "<Probe><Uuid>A</Uuid><MAC>{mac}</MAC><Types>AnswerReset</Types><Password>AAAA</Password></Probe>"
    );
    van.say(GROUP, bare.as_bytes());
    van.wait(super::van::MS);
    let (_, _, fields) = van.heard.last().unwrap();
    assert_eq!(fields.first("Result"), Some("failed"));
}

//! Security questions of simulated recorders: read, set and answered.

use sadp_ops::{
    Impact, Outcome, OutcomeData, OutcomeStatus, Overrides, PasswordSettings, Reason, StopReason,
    recovery::{
        password_reset::{self, Method, OwnerSecret, PasswordReset, ResetChoice, ResetFinding},
        questions::{self, NewQuestions, QuestionCheck, ReadSettings},
    },
};
use sadp_proto::{Refusal, SecretAnswers};
use sadp_reset::QuestionNames;
use secrecy::SecretString;

use crate::{
    mail::CURRENT,
    site::{Simulated, quiet},
};

const UNSET: &str = "[[device]]\nprofile = \"nvr-v4.30.085\"\n";
pub(crate) const SET: &str = "[[device]]\nprofile = \"nvr-v4.30.085\"\n\
                   questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }\n";
pub(crate) const RIGHT: [(u32, &str); 3] = [(1, "Paris"), (4, "Rex"), (9, "blue")];

pub(crate) fn answers(answers: [(u32, &str); 3]) -> SecretAnswers {
    let answers = answers.map(|(id, answer)| (id, SecretString::from(answer)));
    SecretAnswers::new(answers.into()).unwrap()
}

impl Simulated {
    async fn read_questions(&mut self, named: bool) -> Vec<Outcome> {
        let inventory = self.inventory().await;
        let devices = inventory.devices.clone();
        let plan = questions::plan_read(&self.session, devices, named).unwrap();
        let settings = ReadSettings {
            inventory: &inventory,
            names: &QuestionNames::default(),
            parallel: 8,
        };
        let report = plan
            .carry_out(&mut self.session, settings, &mut quiet)
            .await;
        report.unwrap().outcomes
    }

    pub(crate) async fn answer(&mut self, given: [(u32, &str); 3]) -> Outcome {
        let inventory = self.inventory().await;
        let device = inventory.devices[0].clone();
        let choice = ResetChoice::default();
        let plan = password_reset::plan(&self.session, device, Method::Answers, choice);
        let mut plan = plan.unwrap();
        let check = QuestionCheck {
            numbers: &given.map(|(id, _)| id),
            inventory: &inventory,
        };
        let checked = check
            .apply(&mut plan.selection, &mut self.session, &mut quiet)
            .await;
        checked.unwrap();
        let reset = PasswordReset {
            settings: PasswordSettings {
                inventory: &inventory,
                password: &"Garden-77x".into(),
            },
            secret: OwnerSecret::Answers(answers(given)),
        };
        let report = plan.carry_out(&mut self.session, reset, &mut quiet).await;
        report.unwrap().outcomes.remove(0)
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_set_sets_a_new_password() {
    let mut site = Simulated::new(UNSET);
    let inventory = site.inventory().await;
    let device = inventory.devices[0].clone();
    let plan = questions::plan_set(&site.session, device, Overrides::default()).unwrap();
    let questions = NewQuestions {
        answers: answers(RIGHT),
        settings: PasswordSettings {
            inventory: &inventory,
            password: &CURRENT.into(),
        },
    };
    let report = plan
        .carry_out(&mut site.session, questions, &mut quiet)
        .await;
    assert_eq!(report.unwrap().outcomes[0].status, OutcomeStatus::Done);
    let outcome = site.answer(RIGHT).await;
    let finding = ResetFinding::Set { seen: true };
    assert_eq!(outcome.reason, Reason::PasswordReset(finding));
    assert_eq!(site.executions(0).answer_resets, 1);
}

#[tokio::test(start_paused = true)]
async fn questions_are_read_from_all_that_offer_them() {
    let camera = "[[device]]\nprofile = \"ipc-v5.2.5\"\n";
    let mut site = Simulated::new(&format!("{SET}{camera}"));
    let outcomes = site.read_questions(false).await;
    let read = outcomes.iter().find_map(|it| match &it.data {
        OutcomeData::Questions(list) => Some(list),
        _ => None,
    });
    let questions = &read.unwrap().questions;
    assert_eq!(questions.len(), 15);
    let set = questions.iter().filter(|it| it.set).map(|it| it.id);
    assert_eq!(set.collect::<Vec<_>>(), [1, 4, 9]);
    let skipped = outcomes
        .iter()
        .find(|it| it.status == OutcomeStatus::Skipped);
    assert_eq!(skipped.unwrap().impact(), Impact::None);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_answer_is_refused_and_sent_once() {
    let mut site = Simulated::new(SET);
    let outcome = site.answer([(1, "Paris"), (4, "Max"), (9, "blue")]).await;
    assert_eq!(outcome.status, OutcomeStatus::Refused);
    assert_eq!(outcome.verdict.unwrap().refusal, Refusal::AnswerError);
    assert_eq!(site.executions(0).refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_device_does_not_list_is_not_answered() {
    let mut site = Simulated::new(SET);
    let outcome = site.answer([(1, "Paris"), (4, "Rex"), (20, "blue")]).await;
    assert_eq!(outcome.reason, Reason::QuestionNotListed(20));
    assert_eq!(outcome.impact(), Impact::Safety);
    assert_eq!(site.executions(0).exchanges, 0);
}

/// Answers leave only for a device that listed its questions, and once.
#[tokio::test(start_paused = true)]
async fn under_loss_answers_leave_once_at_most() {
    for seed in 0..12 {
        let mut site = Simulated::new(&format!("seed = {seed}\n{SET}loss = 0.3\n"));
        let outcome = site.answer(RIGHT).await;
        let resets = site.executions(0).answer_resets;
        assert!(resets <= 1);
        if outcome.status == OutcomeStatus::Done {
            assert_eq!(resets, 1);
        }
        if outcome.status == OutcomeStatus::Skipped {
            assert_eq!(resets, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_sends_no_answers() {
    let mut site = Simulated::new(SET);
    let inventory = site.inventory().await;
    let device = inventory.devices[0].clone();
    let choice = ResetChoice::default();
    let plan = password_reset::plan(&site.session, device, Method::Answers, choice);
    let mut plan = plan.unwrap();
    site.cancellation.stop.cancel();
    let check = QuestionCheck {
        numbers: &[1, 4, 9],
        inventory: &inventory,
    };
    let checked = check
        .apply(&mut plan.selection, &mut site.session, &mut quiet)
        .await;
    checked.unwrap();
    assert!(plan.selection.devices.is_empty());
    assert_eq!(plan.selection.left_out[0].reason, Reason::QuestionsUnknown);
    let plan = password_reset::plan(
        &site.session,
        inventory.devices[0].clone(),
        Method::Answers,
        ResetChoice::default(),
    );
    let reset = PasswordReset {
        settings: PasswordSettings {
            inventory: &inventory,
            password: &"Garden-77x".into(),
        },
        secret: OwnerSecret::Answers(answers(RIGHT)),
    };
    let report = plan
        .unwrap()
        .carry_out(&mut site.session, reset, &mut quiet)
        .await;
    let outcome = report.unwrap().outcomes.remove(0);
    assert_eq!(outcome.reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).exchanges, 0);
}

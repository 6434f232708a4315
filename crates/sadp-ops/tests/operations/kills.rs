//! Runs that are killed at any moment: what may be used once leaves this computer once.

use std::time::Duration;

use sadp_ops::{LedgerAccess, Overrides};
use sadp_reset::{Action, AttemptFilter, AttemptRecord, AttemptResult};
use sadp_sim::Executions;
use tokio::time::timeout;

use crate::{
    answer::Answered,
    guid::{RECORDER, vault},
    mail::{CURRENT, WITH_MAILBOX, mailed},
    questions::{RIGHT, SET},
    site::Simulated,
};

/// How often each command is killed, times two.
const SITES: u64 = 75;

impl AsMut<Self> for Simulated {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Kills two runs of an attempt at different moments, and lets a third end. The device
/// counts what it was sent: that is one at most.
async fn sent_once<T: AsMut<Simulated>>(
    prepare: impl AsyncFn() -> T,
    attempt: impl AsyncFn(&mut T),
    sent: fn(&Executions) -> u64,
) {
    let mut by_killed = 0;
    for number in 0..SITES {
        let mut it = prepare().await;
        for step in [53, 37] {
            let moment = Duration::from_millis(number * step % 3_000);
            let killed = timeout(moment, attempt(&mut it)).await.is_err();
            it.as_mut().reopen(LedgerAccess::Write);
            let executions = it.as_mut().executions(0);
            by_killed += u64::from(killed && sent(&executions) > 0);
        }
        attempt(&mut it).await;
        let executions = it.as_mut().executions(0);
        assert_eq!(executions.refused, 0, "run {number}");
        assert!(sent(&executions) <= 1, "run {number}: {executions:?}");
    }
    assert!(by_killed > 0, "some were killed after the command left");
}

#[tokio::test(start_paused = true)]
async fn an_answer_leaves_once_however_often_its_run_is_killed() {
    let prepare = async || Answered::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n").await;
    let attempt = async |it: &mut Answered| drop(it.import(Overrides::default()).await);
    sent_once(prepare, attempt, |it| it.resets).await;
}

#[tokio::test(start_paused = true)]
async fn a_guid_leaves_once_however_often_its_run_is_killed() {
    let prepare = async || {
        let mut site = Simulated::new(RECORDER);
        site.export(CURRENT).await;
        site
    };
    let attempt = async |it: &mut Simulated| drop(it.import(vault(), Overrides::default()).await);
    sent_once(prepare, attempt, |it| it.guid_resets).await;
}

#[tokio::test(start_paused = true)]
async fn a_mailed_code_leaves_once_however_often_its_run_is_killed() {
    let prepare = async || {
        let mut site = Simulated::new(WITH_MAILBOX);
        let qr = site.fetch_qr().await;
        WithCode {
            code: mailed(&qr),
            site,
        }
    };
    let attempt = async |it: &mut WithCode| drop(it.site.confirm(&it.code).await);
    sent_once(prepare, attempt, |it| it.mail_resets).await;
}

/// A recorder, and the code that its owner was mailed.
struct WithCode {
    site: Simulated,
    code: String,
}

impl AsMut<Simulated> for WithCode {
    fn as_mut(&mut self) -> &mut Simulated {
        &mut self.site
    }
}

/// The same answers are good again once the device accepted them.
#[tokio::test(start_paused = true)]
async fn answers_to_questions_leave_once_however_often_their_run_is_killed() {
    let prepare = async || Simulated::new(SET);
    let attempt = async |it: &mut Simulated| {
        let all = AttemptFilter::default();
        let ledger = it.session.ledger();
        let attempts = ledger.map(|ledger| ledger.attempts(&all).unwrap());
        let accepted = |it: &AttemptRecord| {
            it.attempt.action == Action::QuestionsAnswer && it.result() == AttemptResult::Done
        };
        if !attempts.is_some_and(|all| all.iter().any(accepted)) {
            it.answer(RIGHT).await;
        }
    };
    sent_once(prepare, attempt, |it| it.answer_resets).await;
}

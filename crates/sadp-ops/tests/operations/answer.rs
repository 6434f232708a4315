//! The vendor's answers, each sent once, and the requests they close.

use std::{fs, path::Path};

use sadp_ops::{
    BlockReason, Guard, Impact, Inventory, NextStep, Outcome, OutcomeData, OutcomeStatus,
    Overrides, Reason, Session, StopReason,
    recovery::{
        self, CaseStep, History,
        answer::{self, AnswerFinding, AnswerFor, AnswerInput, Plan, ResetChoice, Settings},
    },
};
use sadp_proto::Refusal;
use sadp_reset::{
    Action, Attempt, AttemptResult, AttemptVerdict, CaseEnding, DeviceKey, Ledger, Package,
    RequestKind, collect,
};
use sadp_sim::vendor_support::RequestText;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{
    request_example,
    site::{Simulated, quiet},
};

impl AsMut<Simulated> for Answered {
    fn as_mut(&mut self) -> &mut Simulated {
        &mut self.site
    }
}

/// A session that exported requests from all devices and got an answer to each.
pub(crate) struct Answered {
    site: Simulated,
    out: TempDir,
    inventory: Inventory,
}

impl Answered {
    pub(crate) async fn new(devices: &str) -> Self {
        let mut site = Simulated::new(devices);
        let out = tempfile::tempdir().unwrap();
        let exported = request_example::export_all(&mut site.session, out.path());
        let outcomes = exported.await.unwrap();
        let (inventory, _) = site.session.look(&mut quiet).await.unwrap();
        for outcome in &outcomes {
            if let OutcomeData::Request(exported) = &outcome.data {
                save_answer(exported.package.path());
            }
        }
        Self {
            site,
            out,
            inventory,
        }
    }

    fn plan(&self, overrides: Overrides) -> Plan {
        let session = &self.site.session;
        let input = AnswerInput::Files(collect(&[self.out.path().to_owned()]));
        let matching = answer::match_requests(session, input, None, overrides).unwrap();
        let choice = ResetChoice {
            overrides,
            sync_cameras: false,
        };
        answer::plan(session, &self.inventory, matching, &choice).unwrap()
    }

    pub(crate) async fn import(&mut self, overrides: Overrides) -> Vec<Outcome> {
        let plan = self.plan(overrides);
        let password = SecretString::from("Garden-77x");
        let settings = Settings {
            inventory: &self.inventory,
            password: Some(&password),
            parallel: 8,
        };
        let session = &mut self.site.session;
        let report = plan.carry_out(session, settings, &mut quiet).await.unwrap();
        assert!(report.failure.is_none());
        report.outcomes
    }

    /// Whether the device of an outcome has set a new password.
    fn is_reset(&self, outcome: &Outcome) -> bool {
        let fleet = self.site.fleet.lock().unwrap();
        let mut devices = fleet.devices().iter();
        let place = devices.position(|it| Some(it.identity.mac) == outcome.device.mac);
        fleet.executions(place.unwrap()).resets == 1
    }

    fn endings(&self) -> Vec<Option<CaseEnding>> {
        endings(&self.site.session)
    }
}

fn endings(session: &Session) -> Vec<Option<CaseEnding>> {
    let history = History::read(session.ledger(), session.now()).unwrap();
    let cases = history.cases().iter();
    cases.map(|case| case.ended.map(|it| it.how)).collect()
}

pub(crate) fn save_answer(package: &Path) {
    // A dated code answers the requests that have none.
    let Ok(request) = fs::read_to_string(package.join(Package::CODE_FILE)) else {
        return;
    };
    let (code, _) = RequestText::read_exported(&request).unwrap();
    fs::write(package.join("Encrypt.xml"), code.answer()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_sets_the_password_and_closes_its_request() {
    let mut site = Answered::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n").await;
    let outcomes = site.import(Overrides::default()).await;
    let set = AnswerFinding::PasswordSet {
        synced: false,
        seen: true,
    };
    assert_eq!(outcomes[0].reason, Reason::Answer(set));
    assert_eq!(site.endings(), [Some(CaseEnding::Recovered)]);
    assert_eq!(site.site.executions(0).resets, 1);
    // The same files again: nothing is left to do.
    let outcomes = site.import(Overrides::default()).await;
    assert!(matches!(
        outcomes[0].reason,
        Reason::Answer(AnswerFinding::AlreadyRecovered { .. })
    ));
    assert_eq!(outcomes[0].impact(), Impact::None);
    assert_eq!(site.site.executions(0).resets, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_refused_is_not_sent_again_unless_the_user_insists() {
    let refusing = "[[device]]\nprofile = \"ipc-v5.5.82\"\nrefuse = { reset = \"failed\" }\n";
    let mut site = Answered::new(refusing).await;
    let outcomes = site.import(Overrides::default()).await;
    let verdict = outcomes[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.refusal, Refusal::Failed);
    assert_eq!(
        outcomes[0].reason,
        Reason::Answer(AnswerFinding::WrongAnswer { doubt: None })
    );
    assert_eq!(site.endings(), [None]);
    // Its file is as old as the clock of this computer says: older than the refusal.
    let refused = site.site.executions(0).refused;
    let outcomes = site.import(Overrides::default()).await;
    assert!(matches!(
        outcomes[0].reason,
        Reason::Answer(AnswerFinding::RefusedBefore { .. })
    ));
    assert_eq!(outcomes[0].impact(), Impact::Safety);
    assert_eq!(site.site.executions(0).refused, refused);
    site.import(Overrides::default().with(Guard::RefusedBefore))
        .await;
    assert_eq!(site.site.executions(0).refused, refused + 1);
}

/// Each answer leaves once, and no request is closed that is not answered.
#[tokio::test(start_paused = true)]
async fn under_loss_no_answer_is_sent_twice_and_silence_closes_nothing() {
    let mut site = Answered::new(
        "seed = 5\n[defaults]\nloss = 0.2\n[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 30\n",
    )
    .await;
    let outcomes = site.import(Overrides::default()).await;
    let is_done = |it: &&Outcome| it.status == OutcomeStatus::Done;
    let recovered = site.endings().iter().filter(|it| it.is_some()).count();
    assert_eq!(outcomes.iter().filter(is_done).count(), recovered);
    assert!((0..30).all(|it| site.site.executions(it).resets <= 1));
    for outcome in &outcomes {
        if outcome.status == OutcomeStatus::Unknown {
            assert_eq!(outcome.reason, Reason::Answer(AnswerFinding::NoReply));
        }
    }
}

/// The device takes the answer, and its reply does not arrive.
#[tokio::test(start_paused = true)]
async fn after_a_lost_reply_the_answer_is_not_sent_again_and_its_request_is_not_spent() {
    let site = "[[device]]\nprofile = \"ipc-v5.5.82\"\nlate = { reset = \"3600s\" }\n";
    let mut site = Answered::new(site).await;
    let first = site.import(Overrides::default()).await;
    assert_eq!(first[0].reason, Reason::Answer(AnswerFinding::NoReply));
    for _ in 0..3 {
        let again = site.import(Overrides::default()).await;
        assert!(matches!(
            again[0].reason,
            Reason::Blocked(BlockReason::MayHaveWorked { .. })
        ));
        assert_eq!(again[0].impact(), Impact::Safety);
    }
    assert_eq!(site.site.executions(0).resets, 1, "at the device");
    let cases = recovery::review(&site.site.session, Some(&site.inventory)).unwrap();
    assert!(cases[0].possibly_answered.is_some());
    assert_eq!(cases[0].next, Some(CaseStep::TryPassword));
    // By its word it goes: that the device has no request now is no refusal.
    let lifted = Overrides::default().with(Guard::MayHaveWorked);
    let forced = site.import(lifted).await;
    assert_eq!(forced[0].status, OutcomeStatus::Unknown);
    assert_eq!(site.site.executions(0).resets, 1);
    assert_eq!(site.endings(), [None]);
}

/// A reply without MAC, and no look after it found the device: the request is open, and the
/// answer is not sent again.
#[tokio::test(start_paused = true)]
async fn what_a_reply_without_mac_says_was_taken_is_not_sent_again() {
    let mut site = Answered::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n").await;
    let at = site.site.session.now();
    let attempt = Attempt {
        device: DeviceKey::of(&site.inventory.devices[0].entry.device),
        address: None,
        action: Action::ImportAnswer,
        at,
    };
    let mut ledger = Ledger::open(site.site.session.state()).unwrap();
    let id = ledger.begin(&attempt).unwrap();
    let done = AttemptVerdict::new(AttemptResult::Done, at);
    ledger.finish(id, &done).unwrap();
    let outcomes = site.import(Overrides::default()).await;
    assert!(matches!(
        outcomes[0].reason,
        Reason::Answer(AnswerFinding::AlreadyRecovered { .. })
    ));
    assert_eq!(site.site.executions(0).exchanges, 0);
    let cases = recovery::review(&site.site.session, None).unwrap();
    assert_eq!(cases[0].next, Some(CaseStep::TryPassword));
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_there_is_sent_nothing_and_its_request_stays_open() {
    let mut site = Answered::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n").await;
    site.inventory.devices.clear();
    let outcomes = site.import(Overrides::default()).await;
    assert_eq!(outcomes[0].reason, Reason::Answer(AnswerFinding::NotFound));
    assert_eq!(outcomes[0].impact(), Impact::Device);
    assert_eq!(site.endings(), [None]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_sends_no_answer() {
    let mut site = Answered::new("[[device]]\nprofile = \"ipc-v5.5.82\"\n").await;
    site.site.cancellation.stop.cancel();
    let outcomes = site.import(Overrides::default()).await;
    assert_eq!(outcomes[0].reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.site.executions(0).resets, 0);
    assert_eq!(site.endings(), [None]);
}

/// By the number of a request, a file needs no name and no folder; each kind of device is
/// sent what it takes.
#[tokio::test(start_paused = true)]
async fn a_request_is_named_by_its_number_and_takes_only_its_kind_of_answer() {
    let devices = "[[device]]\nprofile = \"ipc-v5.5.82\"\n[[device]]\nprofile = \"ipc-v5.5.6\"\n[[device]]\nprofile = \"ipc-v5.2.5\"\n";
    let site = Answered::new(devices).await;
    let session = &site.site.session;
    let history = History::read(session.ledger(), session.now()).unwrap();
    let loose = site.out.path().join("loose");
    for case in history.cases() {
        let answer = case.request.package.join("Encrypt.xml");
        let file = if answer.exists() {
            fs::read_to_string(answer).unwrap()
        } else {
            "SIMULATED-1".into()
        };
        let finding = |text: &str, key: bool| {
            fs::write(&loose, text).unwrap();
            let whose = AnswerFor::Case(Box::new(case.clone()));
            let input = if key {
                AnswerInput::Key(text.into())
            } else {
                AnswerInput::Files(collect(std::slice::from_ref(&loose)))
            };
            let none = Overrides::default();
            let matching = answer::match_requests(session, input, Some(&whose), none).unwrap();
            let choice = ResetChoice::default();
            let plan = answer::plan(session, &site.inventory, matching, &choice).unwrap();
            match plan.into_outcomes().remove(0).reason {
                Reason::Answer(AnswerFinding::Planned { .. }) => "sent",
                Reason::Answer(AnswerFinding::TakesNoKey) => "takes no key",
                Reason::Answer(AnswerFinding::NotAnAnswer(_)) => "no answer",
                other => panic!("{other:?}"),
            }
        };
        let kind = case.request.kind;
        let expected = match kind {
            RequestKind::LegacyCode => ["sent", "sent", "sent", "sent"],
            RequestKind::File => ["sent", "takes no key", "no answer", "no answer"],
            RequestKind::FileOrKey => ["sent", "sent", "no answer", "no answer"],
        };
        let found = [
            finding(&file, false),
            finding("AbC12345", false),
            finding("8R9zQrd9SR", false),
            finding("8R9zQrd9SR", true),
        ];
        assert_eq!(found, expected, "{kind:?}");
    }
}

/// A tenth of all datagrams is lost each way. What is reported is what the devices did, in
/// each of three runs, and what is not known names the one thing to try.
#[tokio::test(start_paused = true)]
async fn a_hundred_answers_under_loss_are_reported_as_the_devices_took_them() {
    let mut site = Answered::new(
        "seed = 7\n[defaults]\nloss = 0.1\n[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 100\n",
    )
    .await;
    let [mut done, mut unknown] = [0, 0];
    for run in 0..3 {
        let outcomes = site.import(Overrides::default()).await;
        assert!(run > 0 || outcomes.len() == 100, "{}", outcomes.len());
        for outcome in &outcomes {
            let is_reset = site.is_reset(outcome);
            match (outcome.status, &outcome.reason) {
                (OutcomeStatus::Done, _) => {
                    assert!(is_reset, "{outcome:#?}");
                    done += 1;
                }
                (OutcomeStatus::Unknown, reason) => {
                    assert_eq!(*reason, Reason::Answer(AnswerFinding::NoReply));
                    unknown += 1;
                }
                // No key: nothing was sent that costs a try.
                (OutcomeStatus::NoAnswer, _) => assert!(!is_reset, "{outcome:#?}"),
                (
                    OutcomeStatus::Skipped,
                    Reason::Answer(AnswerFinding::AlreadyRecovered { .. }),
                ) => assert!(is_reset, "{outcome:#?}"),
                (OutcomeStatus::Skipped, Reason::Blocked(BlockReason::MayHaveWorked { .. })) => {}
                _ => panic!("{outcome:#?}"),
            }
        }
    }
    assert!(unknown > 0 && done + unknown == 100, "{done} {unknown}");
    // Each request that is open, and its device reset, says what to try.
    for reviewed in recovery::review(&site.site.session, None).unwrap() {
        let tries = reviewed.next == Some(CaseStep::TryPassword);
        assert_eq!(tries, reviewed.case.is_open(), "{reviewed:#?}");
    }
    assert!((0..100).all(|it| site.site.executions(it).refused == 0));
}

/// The network delivers each command twice, and the device obeys both: the second answer
/// comes too late for it.
#[tokio::test(start_paused = true)]
async fn a_network_that_duplicates_makes_no_reset_refused() {
    let mut site = Answered::new(
        "[defaults]\nduplicate = 1.0\n[[device]]\nprofile = \"ipc-v5.5.82\"\nobeys_copies = [\"reset\"]\n",
    )
    .await;
    let outcomes = site.import(Overrides::default()).await;
    let executions = site.site.executions(0);
    assert_eq!((executions.resets, executions.refused), (1, 1));
    assert_eq!(outcomes[0].status, OutcomeStatus::Unknown);
    assert_eq!(outcomes[0].reason, Reason::Contradicted);
    assert_eq!(outcomes[0].next, Some(NextStep::TryNewPassword));
    let again = site.import(Overrides::default()).await;
    assert!(matches!(
        again[0].reason,
        Reason::Blocked(BlockReason::MayHaveWorked { .. })
    ));
    let cases = recovery::review(&site.site.session, None).unwrap();
    assert_eq!(cases[0].next, Some(CaseStep::TryPassword));
    // Whatever the device says now, the answer may have been taken.
    let lifted = Overrides::default().with(Guard::MayHaveWorked);
    let forced = site.import(lifted).await;
    assert_eq!(forced[0].status, OutcomeStatus::Unknown, "{forced:#?}");
    assert_eq!(site.endings(), [None]);
}

//! Which recovery methods fit devices, and what is read for that.

use sadp_model::{Availability, RecoveryMethod};
use sadp_ops::{
    LedgerAccess,
    recovery::methods::{self, AssessedDevice},
};
use sadp_reset::{Action, AttemptFilter, Ledger};

use crate::site::{Simulated, quiet};

const QUESTIONS: &str = "questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }\n";

/// Reports which methods are set up.
const NEWER: &str = "[[device]]\nprofile = \"nvr-v4.62.210\"\nmailbox = \"owner@example.com\"\n";

/// Lists its questions only.
const OLDER: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\n";

async fn assess(site: &mut Simulated) -> Vec<AssessedDevice> {
    let (inventory, _) = site.session.look(&mut quiet).await.unwrap();
    let mut devices = inventory.devices.clone();
    let session = &mut site.session;
    methods::read_prepared(session, &inventory, &mut devices, &mut quiet)
        .await
        .unwrap();
    devices.sort_by_key(|it| it.entry.device.mac);
    methods::assess(session, devices).unwrap()
}

fn standing(assessed: &AssessedDevice, way: RecoveryMethod) -> &'static str {
    let mut methods = assessed.methods.iter();
    methods
        .find(|it| it.method == way)
        .unwrap()
        .availability
        .name()
}

/// What was sent, by the ledger.
fn sent(session: &sadp_ops::Session) -> Vec<Action> {
    let ledger = Ledger::open_existing(session.state()).unwrap();
    let attempts = ledger.map(|ledger| ledger.attempts(&AttemptFilter::default()).unwrap());
    let attempts = attempts.unwrap_or_default().into_iter();
    attempts.map(|it| it.attempt.action).collect()
}

#[tokio::test(start_paused = true)]
async fn what_devices_report_decides_which_methods_are_ready() {
    let mut site = Simulated::new(&format!("{NEWER}{OLDER}{QUESTIONS}"));
    let mut assessed = assess(&mut site).await;
    assessed.sort_by_key(|it| it.device.entry.device.model.clone());
    let [camera, recorder] = &assessed[..] else {
        panic!("{assessed:?}");
    };
    assert_eq!(standing(camera, RecoveryMethod::Questions), "ready");
    assert_eq!(standing(recorder, RecoveryMethod::Mail), "ready");
    assert_eq!(
        standing(recorder, RecoveryMethod::Questions),
        "not-for-this-device"
    );
    let mut sent = sent(&site.session);
    sent.sort();
    assert_eq!(sent, [Action::QuestionsRead, Action::SetUpRead]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_it_unknown() {
    let mut site = Simulated::new(&format!(
        "{OLDER}{QUESTIONS}refuse = {{ getsecurityquestion = \"failed\" }}\n"
    ));
    let assessed = assess(&mut site).await;
    assert_eq!(standing(&assessed[0], RecoveryMethod::Questions), "needs");
}

#[tokio::test(start_paused = true)]
async fn under_loss_nothing_is_reported_wrongly() {
    let mut site = Simulated::new(&format!(
        "seed = 5\n[defaults]\nloss = 0.2\n{OLDER}{QUESTIONS}count = 30\n"
    ));
    let assessed = assess(&mut site).await;
    let standing = |it: &AssessedDevice| standing(it, RecoveryMethod::Questions);
    let ready = assessed.iter().filter(|it| standing(it) == "ready");
    assert!(ready.count() > assessed.len() / 2);
    assert!(
        !assessed
            .iter()
            .any(|it| standing(it) == "not-for-this-device")
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_reads_nothing() {
    let mut site = Simulated::new(&format!("{OLDER}{QUESTIONS}"));
    site.reopen(LedgerAccess::Read);
    let (inventory, _) = site.session.look(&mut quiet).await.unwrap();
    let mut devices = inventory.devices.clone();
    site.cancellation.stop.cancel();
    methods::read_prepared(&mut site.session, &inventory, &mut devices, &mut quiet)
        .await
        .unwrap();
    let assessed = methods::assess(&site.session, devices).unwrap();
    let questions = assessed[0]
        .methods
        .iter()
        .find(|it| it.method == RecoveryMethod::Questions);
    assert!(matches!(
        questions.unwrap().availability,
        Availability::Needs(_)
    ));
    assert_eq!(sent(&site.session), []);
}

/// What is sent is recorded, by a session that was opened to read, too.
#[tokio::test(start_paused = true)]
async fn a_session_that_reads_writes_the_ledger_once_it_sends() {
    let mut site = Simulated::new(&format!("{OLDER}{QUESTIONS}"));
    for (access, expected) in [(LedgerAccess::Read, 1), (LedgerAccess::Optional, 2)] {
        site.reopen(access);
        assess(&mut site).await;
        assert_eq!(sent(&site.session).len(), expected, "{access:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_goes_on_without_a_ledger_that_cannot_be_read() {
    let mut site = Simulated::new(OLDER);
    std::fs::write(site.session.state().join(Ledger::FILE_NAME), "no ledger").unwrap();
    site.reopen(LedgerAccess::Optional);
    let mut unreadable = 0;
    let mut observer = |event: sadp_ops::Event<'_>| {
        unreadable += u32::from(matches!(event, sadp_ops::Event::LocksUnreadable(_)));
    };
    let (inventory, _) = site.session.look(&mut observer).await.unwrap();
    assert_eq!((inventory.devices.len(), unreadable), (1, 1));
}

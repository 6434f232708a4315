//! Recovery of simulated devices, prepared while the password is known.

use std::{collections::BTreeMap, time::Duration};

use sadp_model::MacAddr;
use sadp_ops::{
    Impact, LedgerAccess, Outcome, OutcomeData, OutcomeStatus, Overrides, Preparation, Reason,
    SETTLE, StopReason,
    recovery::prepare::{
        self, AnswerSet, PreparedDevice, Settings, WantedAnswers, WantedPreparation,
    },
};
use sadp_proto::{Mailbox, Refusal, SecretAnswers};
use sadp_sim::Profile;
use secrecy::SecretString;
use tokio::time::timeout;

use crate::{
    guid::{RECORDER, vault},
    mail::CURRENT,
    site::{Simulated, quiet},
};

fn wanted() -> WantedPreparation {
    let answers = [(1, "Paris"), (2, "Rex"), (3, "blue")].map(|(id, text)| (id, text.into()));
    let answers = SecretAnswers::to_set(answers.into()).unwrap();
    WantedPreparation {
        mailbox: Some(Mailbox::new("owner@example.com").unwrap()),
        answers: Some(WantedAnswers::Given(AnswerSet::Same(answers))),
        overrides: Overrides::default(),
        named: false,
    }
}

impl Simulated {
    async fn prepare(&mut self, password: &str) -> Vec<Outcome> {
        let inventory = self.inventory().await;
        let devices = inventory.devices.clone();
        let session = &mut self.session;
        let candidates = prepare::read(session, &inventory, devices, &mut quiet).await;
        let plan = prepare::plan(session, candidates.unwrap(), wanted()).unwrap();
        let settings = Settings {
            inventory: &inventory,
            password: &SecretString::from(password),
            passphrase: None,
            parallel: 32,
            settle: SETTLE,
        };
        let report = plan.carry_out(session, settings, &mut quiet).await.unwrap();
        assert!(report.failure.is_none(), "{report:#?}");
        report.outcomes
    }
}

fn prepared(outcome: &Outcome) -> &PreparedDevice {
    match &outcome.data {
        OutcomeData::Prepared(prepared) => prepared,
        _ => panic!("not prepared: {outcome:#?}"),
    }
}

/// How each step ended. `None` where it was prepared before.
fn steps(outcome: &Outcome) -> Vec<(Preparation, Option<OutcomeStatus>)> {
    let steps = prepared(outcome).steps.iter();
    steps
        .map(|it| (it.preparation, it.outcome.as_ref().map(|it| it.status)))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn all_that_a_device_offers_is_prepared_once() {
    use Preparation::{Guid, Mailbox, Questions};
    let mut site = Simulated::new(&format!("{RECORDER}[[device]]\nprofile = \"ipc-v5.2.5\"\n"));
    let outcomes = site.prepare(CURRENT).await;
    let done = Some(OutcomeStatus::Done);
    let all = [(Guid, done), (Mailbox, done), (Questions, done)];
    let ready = |outcomes: &[Outcome]| {
        let of = |it: &&Outcome| it.status == OutcomeStatus::Done;
        steps(outcomes.iter().find(of).unwrap())
    };
    assert_eq!(ready(&outcomes), all);
    assert_eq!(outcomes[0].name(), "prepare");
    let camera = outcomes.iter().find(|it| it.status != OutcomeStatus::Done);
    let camera = camera.unwrap();
    assert_eq!(camera.reason, Reason::NothingToPrepare { named: false });
    assert_eq!(camera.impact(), Impact::None);
    let executed = site.executions(0);
    let sent = (
        executed.guid_exports,
        executed.mailboxes_set,
        executed.questions_set,
    );
    assert_eq!((sent, executed.refused), ((1, 1, 1), 0));
    let again = site.prepare(CURRENT).await;
    assert_eq!(
        ready(&again),
        [(Guid, None), (Mailbox, None), (Questions, None)]
    );
    assert_eq!(site.executions(0).exchanges, executed.exchanges);
}

/// A tenth of all datagrams is lost each way. The ledger knows the password of each
/// device, so what is sent again costs no try.
#[tokio::test(start_paused = true)]
async fn under_loss_one_run_prepares_every_device() {
    for seed in 1..=5 {
        let mut site = Simulated::new(&format!(
            "seed = {seed}\n[defaults]\nloss = 0.1\n{RECORDER}count = 20\nactivated = false"
        ));
        let activated = crate::activate_all(&mut site).await;
        assert!(activated.iter().all(|it| it.status == OutcomeStatus::Done));
        let outcomes = site.prepare("Garden-77x").await;
        assert_eq!(outcomes.len(), 20);
        for (place, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.status, OutcomeStatus::Done, "{seed}: {outcome:#?}");
            let executed = site.executions(place);
            assert!(
                executed.guid_exports > 0 && executed.mailboxes_set > 0,
                "{executed:?}"
            );
            assert_eq!(executed.refused, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_goes_to_one_device_once() {
    let mut site = Simulated::new(&format!("{RECORDER}count = 3"));
    let outcomes = site.prepare("Wrong-77x").await;
    let refused = outcomes.iter().filter(|it| {
        let verdict = it.verdict.as_ref();
        verdict.is_some_and(|it| it.refusal == Refusal::PasswordError)
    });
    assert_eq!(refused.count(), 1);
    let tries = (0..3).map(|it| site.executions(it).refused).sum::<u64>();
    assert_eq!(tries, 1);
    let stopped = Reason::Stopped(StopReason::WrongSecret);
    let others = outcomes.iter().filter(|it| it.verdict.is_none());
    assert!(others.clone().all(|it| it.reason == stopped));
    assert_eq!(others.count(), 2);
}

/// The only device is silent: whether it took the password is unknown, and it is not
/// sent a second time.
#[tokio::test(start_paused = true)]
async fn a_silent_device_is_not_sent_an_unproven_password_again() {
    let mut site = Simulated::new(&format!("{RECORDER}late = {{ ExportGUID = \"3600s\" }}"));
    let outcomes = site.prepare(CURRENT).await;
    let unknown = Some(OutcomeStatus::Unknown);
    let skipped = Some(OutcomeStatus::Skipped);
    let statuses: Vec<_> = steps(&outcomes[0]).iter().map(|it| it.1).collect();
    assert_eq!(statuses, [unknown, skipped, skipped]);
    assert_eq!(site.executions(0).guid_exports, 1);
}

#[tokio::test(start_paused = true)]
async fn each_device_gets_answers_of_its_own() {
    let mut site = Simulated::new(&format!("{RECORDER}count = 3"));
    let inventory = site.inventory().await;
    let devices = inventory.devices.clone();
    let candidates = prepare::read(&mut site.session, &inventory, devices, &mut quiet).await;
    let made = prepare::make_answers(&candidates.unwrap()).unwrap();
    let macs: Vec<MacAddr> = made.iter().map(|(mac, _)| *mac).collect();
    assert_eq!(macs.len(), 3);
    let mut words: Vec<String> = Vec::new();
    for (_, answers) in made {
        assert_eq!(answers.len(), SecretAnswers::COUNT);
        let texts = answers
            .iter()
            .map(|(_, text)| secrecy::ExposeSecret::expose_secret(text));
        words.extend(texts.map(str::to_owned));
        SecretAnswers::to_set(answers).unwrap();
    }
    let letters =
        |word: &String| word.len() == 12 && word.bytes().all(|it| it.is_ascii_lowercase());
    assert!(words.iter().all(letters), "{words:?}");
    words.sort();
    words.dedup();
    assert_eq!(words.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_prepares_nothing() {
    let mut site = Simulated::new(RECORDER);
    let inventory = site.inventory().await;
    let devices = inventory.devices.clone();
    let session = &mut site.session;
    let candidates = prepare::read(session, &inventory, devices, &mut quiet).await;
    let plan = prepare::plan(session, candidates.unwrap(), wanted()).unwrap();
    assert_eq!(plan.devices().count(), 1);
    assert!(plan.counts().iter().all(|(_, devices, _)| *devices == 1));
    site.cancellation.stop.cancel();
    let settings = Settings {
        inventory: &inventory,
        password: &CURRENT.into(),
        passphrase: None,
        parallel: 32,
        settle: SETTLE,
    };
    let report = plan.carry_out(session, settings, &mut quiet).await.unwrap();
    let interrupted = Reason::Stopped(StopReason::Interrupted);
    assert_eq!(report.outcomes[0].reason, interrupted);
    assert_eq!(site.executions(0).exchanges, 0);
}

/// A device of every profile, and a recorder whose account is locked. A tenth of all
/// datagrams is lost each way.
#[tokio::test(start_paused = true)]
async fn of_every_kind_of_device_nothing_is_claimed_that_was_not_done() {
    let profiles = Profile::all().iter();
    let kinds = profiles.map(|it| (it.name().to_owned(), ""));
    let locked = (
        "nvr-v4.30.085".to_owned(),
        "refuse = { ExportGUID = \"locked\" }\n",
    );
    let kinds: Vec<_> = kinds.chain([locked]).collect();
    let mac = |place: usize| format!("44:47:cc:00:00:{:02x}", place + 1);
    let devices = kinds.iter().enumerate().map(|(place, (profile, more))| {
        let mac = mac(place);
        format!("[[device]]\nprofile = \"{profile}\"\nmac = \"{mac}\"\n{more}")
    });
    let devices: String = devices.collect();
    let mut site = Simulated::new(&format!("seed = 3\n[defaults]\nloss = 0.1\n{devices}"));
    let places = (0..kinds.len()).map(|place| (mac(place).parse().unwrap(), place));
    let places: BTreeMap<MacAddr, _> = places.collect();
    let outcomes = site.prepare(CURRENT).await;
    assert_eq!(outcomes.len(), places.len());
    let mut done = 0;
    for outcome in &outcomes {
        let place = places[&outcome.device.mac.unwrap()];
        let executed = site.executions(place);
        let is_locked = place + 1 == places.len();
        assert!(executed.refused == 0 || is_locked, "{outcome:#?}");
        let OutcomeData::Prepared(prepared) = &outcome.data else {
            assert_eq!(outcome.status, OutcomeStatus::Skipped, "{outcome:#?}");
            continue;
        };
        for step in &prepared.steps {
            let status = step.outcome.as_ref().map(|it| it.status);
            let count = match step.preparation {
                Preparation::Guid => executed.guid_exports,
                Preparation::Mailbox => executed.mailboxes_set,
                Preparation::Questions => executed.questions_set,
            };
            assert!(
                status != Some(OutcomeStatus::Done) || count > 0,
                "{outcome:#?}"
            );
            done += u64::from(count > 0);
        }
    }
    assert!(done > 0, "some were prepared");
}

/// Two runs are killed at any moment; the third ends. What the ledger then holds as
/// prepared is on the device, and what the device made is not lost.
#[tokio::test(start_paused = true)]
async fn killed_runs_lose_nothing_and_claim_nothing() {
    for number in 0..50 {
        let mut site = Simulated::new(RECORDER);
        for step in [53, 37] {
            let moment = Duration::from_millis(number * step % 4_000);
            let _ = timeout(moment, site.prepare(CURRENT)).await;
            site.reopen(LedgerAccess::Write);
        }
        let outcomes = site.prepare(CURRENT).await;
        let executed = site.executions(0);
        assert_eq!(executed.refused, 0, "run {number}");
        for (preparation, status) in steps(&outcomes[0]) {
            let count = match preparation {
                Preparation::Guid => executed.guid_exports,
                Preparation::Mailbox => executed.mailboxes_set,
                Preparation::Questions => executed.questions_set,
            };
            let is_ready = matches!(status, None | Some(OutcomeStatus::Done));
            assert!(is_ready && count > 0, "run {number}: {outcomes:#?}");
        }
        let imported = site.import(vault(), Overrides::default()).await;
        assert_eq!(imported[0].status, OutcomeStatus::Done, "run {number}");
    }
}

//! What the next run does with what the ledger knows, and two runs at once.

use std::time::Duration;

use jiff::SignedDuration;
use sadp_ops::{
    BlockReason, Event, Guard, Impact, LedgerAccess, OpsError, Outcome, OutcomeStatus, Overrides,
    Reason, activate,
    network::{self, DeviceChange, Login, Settings, WantedSettings},
};
use sadp_proto::Guid;
use sadp_reset::{
    Action, Attempt, Claim, ClaimAttempt, ClaimHolder, DeviceKey, GuidExport, GuidVoid, Ledger,
    Vault,
};
use tokio::time::Instant;

use crate::{
    mail::CURRENT,
    site::{Simulated, quiet},
};

const CAMERA: &str = "[[device]]\nprofile = \"ipc-v5.5.82\"\n";

impl Simulated {
    /// Sets another port of the only device, as one run does.
    pub(crate) async fn set_port(
        &mut self,
        port: u16,
        password: &str,
        overrides: Overrides,
    ) -> Outcome {
        self.reopen(LedgerAccess::Write);
        let inventory = self.inventory().await;
        let change = DeviceChange {
            device: inventory.devices[0].clone(),
            wanted: WantedSettings {
                http: Some(port),
                ..WantedSettings::default()
            },
        };
        let settings = Settings {
            overrides,
            ..Settings::default()
        };
        let plan = network::set(&self.session, &inventory, change, settings).await;
        let plan = plan.unwrap();
        if plan.changes.is_empty() {
            return plan.into_outcomes().remove(0);
        }
        let login = Login {
            inventory: &inventory,
            password: &password.into(),
            parallel: 1,
            settle: Duration::ZERO,
            wait_back: Duration::ZERO,
        };
        let report = plan.carry_out(&mut self.session, login, &mut quiet).await;
        report.unwrap().outcomes.remove(0)
    }

    async fn key(&mut self) -> DeviceKey {
        let inventory = self.inventory().await;
        DeviceKey::of(&inventory.devices[0].entry.device).unwrap()
    }

    /// Leaves an attempt without a result, as a run does that is killed.
    pub(crate) async fn begin(&mut self, action: Action) {
        let attempt = Attempt {
            device: Some(self.key().await),
            address: None,
            action,
            at: self.session.now(),
        };
        let mut ledger = Ledger::open(self.session.state()).unwrap();
        ledger.begin(&attempt).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn five_runs_of_a_wrong_password_take_one_try() {
    let mut site = Simulated::new(CAMERA);
    let wrong = "Guessed-99";
    let first = site.set_port(81, wrong, Overrides::default()).await;
    assert_eq!(first.status, OutcomeStatus::Refused);
    for _ in 0..4 {
        let again = site.set_port(81, wrong, Overrides::default()).await;
        assert!(matches!(
            again.reason,
            Reason::Blocked(BlockReason::RefusedBefore { .. })
        ));
        assert_eq!(again.impact(), Impact::Safety);
    }
    assert_eq!(site.executions(0).refused, 1, "at the device");
    // By its word it goes, and an accepted password ends the memory.
    let lifted = Overrides::default().with(Guard::RefusedBefore);
    let right = site.set_port(81, CURRENT, lifted).await;
    assert_eq!(right.status, OutcomeStatus::Done, "{right:?}");
    let next = site.set_port(82, CURRENT, Overrides::default()).await;
    assert_eq!(next.status, OutcomeStatus::Done, "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_asked_sends_again_and_a_day_ends_the_memory() {
    let mut site = Simulated::new(CAMERA);
    site.set_port(81, "Guessed-99", Overrides::default()).await;
    let inventory = site.inventory().await;
    let refused = |site: &Simulated, action| {
        let refused = site.session.refused_before(action, &inventory.devices);
        refused.unwrap().len()
    };
    assert_eq!(
        refused(&site, Action::MailSet),
        1,
        "a current password, too"
    );
    assert_eq!(refused(&site, Action::GuidImport), 0);
    assert_eq!(refused(&site, Action::Locate), 0);
    let asked = Overrides::default().asking_after_refusals();
    assert!(!asked.lifts(Guard::RefusedBefore));
    let again = site.set_port(81, "Guessed-98", asked).await;
    assert_eq!(again.status, OutcomeStatus::Refused, "{again:?}");
    tokio::time::advance(Duration::from_hours(24)).await;
    assert_eq!(refused(&site, Action::NetSet), 0);
}

#[tokio::test(start_paused = true)]
async fn an_activation_whose_reply_was_lost_is_done_once_the_device_is_active() {
    let mut site = Simulated::new(CAMERA);
    site.begin(Action::Activate).await;
    let sent = site.session.now();
    tokio::time::advance(Duration::from_mins(5)).await;
    site.reopen(LedgerAccess::Write);
    let inventory = site.inventory().await;
    for named in [true, false] {
        let devices = inventory.devices.clone();
        let plan = activate::plan(&site.session, devices, Overrides::default(), named).unwrap();
        assert_eq!((plan.selection.devices.len(), plan.already_active), (0, 0));
        let outcome = plan.selection.into_outcomes().remove(0);
        assert_eq!(outcome.status, OutcomeStatus::Done);
        let Reason::ActivatedEarlier { at } = outcome.reason else {
            panic!("{outcome:?}");
        };
        assert!(sent.duration_since(at).abs() < SignedDuration::from_secs(30));
    }
    // A password that it accepts proves all there is to prove.
    let accepted = site.set_port(81, CURRENT, Overrides::default()).await;
    assert_eq!(accepted.status, OutcomeStatus::Done);
    let devices = inventory.devices.clone();
    let plan = activate::plan(&site.session, devices, Overrides::default(), true).unwrap();
    assert_eq!(
        plan.selection.into_outcomes()[0].reason,
        Reason::AlreadyActive
    );
}

/// What a look proves of an earlier run is written down as if this run had done it.
#[tokio::test(start_paused = true)]
async fn an_activation_of_an_earlier_run_makes_guids_void() {
    let mut site = Simulated::new(CAMERA);
    let device = site.key().await;
    let state = site.session.state().to_owned();
    let export = GuidExport {
        device: &device,
        guid: &Guid::new(&[7; 128]).unwrap(),
        at: site.session.now(),
    };
    let mut ledger = Ledger::open(&state).unwrap();
    Vault::new(&state).store(&mut ledger, export, None).unwrap();
    drop(ledger);
    site.begin(Action::Activate).await;
    site.reopen(LedgerAccess::Write);
    let devices = site.inventory().await.devices;
    let plan = activate::plan(&site.session, devices, Overrides::default(), true).unwrap();
    plan.record_earlier(&mut site.session).unwrap();
    let ledger = site.session.ledger().unwrap();
    let guid = ledger.guids(Some(&device)).unwrap().remove(0);
    assert_eq!(
        guid.void.map(|(why, _)| why),
        Some(GuidVoid::PasswordChanged)
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_run_waits_names_the_holder_and_goes_on_or_refuses() {
    let mut site = Simulated::new(CAMERA);
    let now = site.session.now();
    let take = |site: &Simulated| {
        let holder = ClaimHolder::this("sadpctl net apply", now);
        match Claim::try_take(site.session.state(), &holder).unwrap() {
            ClaimAttempt::Taken(claim) => claim,
            ClaimAttempt::Held(_) => panic!("nobody has it"),
        }
    };
    let claim = take(&site);
    let begun = Instant::now();
    let mut told = Vec::new();
    let mut observer = |event: Event<'_>| {
        if let Event::WaitingForClaim { holder, .. } = event {
            told.push(holder.cloned());
        }
    };
    let wait = Duration::from_secs(30);
    let refused = site.session.claim("sadpctl activate", wait, &mut observer);
    assert!(matches!(refused.await, Err(OpsError::Claimed(_))));
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(told.len(), 1, "once");
    if cfg!(unix) {
        let holder = told[0].as_ref().unwrap();
        assert_eq!(holder.process, std::process::id());
        assert_eq!(holder.command, "sadpctl net apply");
    }
    // The other run ends.
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(claim);
    });
    let mut quiet = quiet;
    let claimed = site.session.claim("sadpctl activate", wait, &mut quiet);
    claimed.await.unwrap();
    let holder = ClaimHolder::this("", now);
    let attempt = || Claim::try_take(site.session.state(), &holder).unwrap();
    assert!(matches!(attempt(), ClaimAttempt::Held(_)));
    site.reopen(LedgerAccess::Write);
    drop(take(&site));
    // Asked to stop, a run waits no longer.
    let _claim = take(&site);
    site.cancellation.stop.cancel();
    let stopped = site.session.claim("sadpctl activate", wait, &mut quiet);
    assert!(matches!(stopped.await, Err(OpsError::Stopped)));
}

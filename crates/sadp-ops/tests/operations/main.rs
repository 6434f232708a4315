//! Operations over simulated devices in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]
#![expect(clippy::duplicate_mod, reason = "each example is a program of its own")]

mod answer;
mod button;
mod cases;
#[expect(dead_code, reason = "only its main is not called")]
#[path = "../../examples/activate.rs"]
mod example;
mod guards;
mod guid;
mod job;
mod kills;
mod mail;
mod memory;
mod methods;
mod network;
mod owner;
mod prepare;
mod questions;
mod request;
#[expect(dead_code, reason = "only its main is not called")]
#[path = "../../examples/request.rs"]
mod request_example;
mod site;

use std::time::Duration;

use sadp_ops::{
    Event, Impact, Inventory, NextStep, OpsError, OutcomeStatus, Overrides, Reason, Seen,
    StopReason,
    activate::{self, Activation},
    locate::{self, Lamp},
};
use sadp_proto::Guid;
use sadp_reset::{DeviceKey, GuidExport, GuidVoid, Ledger, Vault};
use secrecy::SecretString;
use site::Simulated;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn an_activation_is_seen_and_advises_to_prepare() {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false");
    let outcomes = activate_all(&mut site).await;
    assert_eq!(outcomes.len(), 1);
    let outcome = &outcomes[0];
    assert_eq!(outcome.status, OutcomeStatus::Done);
    assert_eq!(outcome.reason, Reason::Checked { replied: true });
    assert_eq!(outcome.seen, Some(Seen::Changed));
    assert!(matches!(outcome.next, Some(NextStep::Prepare(_))));
    assert_eq!(site.executions(0).activations, 1);
}

/// It did as told, and says so in an hour.
#[tokio::test(start_paused = true)]
async fn an_activation_that_only_the_look_proves_makes_guids_void() {
    let mut site = Simulated::new(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false\nlate = { activate = \"3600s\" }",
    );
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let device = DeviceKey::of(&inventory.devices[0].entry.device).unwrap();
    let export = GuidExport {
        device: &device,
        guid: &Guid::new(&[7; 128]).unwrap(),
        at: site.session.now(),
    };
    let state = site.session.state().to_owned();
    let mut ledger = Ledger::open(&state).unwrap();
    Vault::new(&state).store(&mut ledger, export, None).unwrap();
    drop(ledger);
    let outcomes = activate_all(&mut site).await;
    assert_eq!(outcomes[0].status, OutcomeStatus::Done);
    assert_eq!(outcomes[0].reason, Reason::Checked { replied: false });
    let ledger = site.session.ledger().unwrap();
    let guid = ledger.guids(Some(&device)).unwrap().remove(0);
    let why = guid.void.map(|(why, _)| why);
    assert_eq!(why, Some(GuidVoid::PasswordChanged));
}

#[tokio::test(start_paused = true)]
async fn active_devices_are_left_out_and_nothing_is_sent_to_them() {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 3");
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let plan = |named| {
        let devices = inventory.devices.clone();
        activate::plan(&site.session, devices, Overrides::default(), named).unwrap()
    };
    let all = plan(false);
    assert_eq!(
        (all.already_active, all.selection.into_outcomes().len()),
        (3, 0)
    );
    for outcome in plan(true).selection.into_outcomes() {
        assert_eq!(outcome.reason, Reason::AlreadyActive);
        assert_eq!(outcome.impact(), Impact::Safety);
    }
    assert_eq!(site.fleet.lock().unwrap().stats().executions.exchanges, 0);
}

/// A fifth of all datagrams is lost each way: what the looks prove undone is sent
/// again, until every device is seen to be active, and none is activated twice.
#[tokio::test(start_paused = true)]
async fn under_loss_one_run_activates_every_device() {
    for seed in 1..=20 {
        let mut site = Simulated::new(&format!(
            "seed = {seed}\n[defaults]\nloss = 0.2\n[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 8\nactivated = false"
        ));
        let outcomes = activate_all(&mut site).await;
        assert_eq!(outcomes.len(), 8);
        for outcome in &outcomes {
            let confirmed = (OutcomeStatus::Done, Some(Seen::Changed));
            assert_eq!((outcome.status, outcome.seen), confirmed, "{outcome:#?}");
        }
        let fleet = site.fleet.lock().unwrap();
        assert!((0..8).all(|it| fleet.executions(it).activations == 1));
    }
}

/// The devices are looked at while another key is waited for, not after that.
#[tokio::test(start_paused = true)]
async fn without_loss_an_activation_takes_no_look_of_its_own() {
    let mut site =
        Simulated::new("[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 8\nactivated = false");
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let devices = inventory.devices.clone();
    let plan = activate::plan(&site.session, devices, Overrides::default(), false).unwrap();
    let password = "Garden-77x".into();
    let mut looks = 0;
    let mut count = |event: Event<'_>| looks += usize::from(matches!(event, Event::LookEnds));
    let report = plan
        .carry_out(
            &mut site.session,
            activation(&inventory, &password),
            &mut count,
        )
        .await
        .unwrap();
    assert!(
        report
            .outcomes
            .iter()
            .all(|it| it.seen == Some(Seen::Changed))
    );
    assert_eq!((report.outcomes.len(), looks), (8, 0));
}

/// Someone pulls the cable after the look: three devices are silent, then all are. What
/// was not sent is said, at once.
#[tokio::test(start_paused = true)]
async fn a_network_that_is_gone_ends_a_batch() {
    let mut site =
        Simulated::new("[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 40\nactivated = false");
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let devices = inventory.devices.clone();
    let plan = activate::plan(&site.session, devices, Overrides::default(), false).unwrap();
    site.disconnect();
    let password = "Garden-77x".into();
    let activation = activation(&inventory, &password);
    let began = Instant::now();
    let report = plan
        .carry_out(&mut site.session, activation, &mut site::quiet)
        .await
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "{began:?}");
    let gone = Reason::Stopped(StopReason::NetworkGone);
    assert_eq!(report.outcomes.len(), 40);
    assert!(report.outcomes.iter().all(|it| it.reason == gone));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_asked_to_stop_sends_nothing() {
    let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.5.6\"\nactivated = false");
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let plan = activate::plan(
        &site.session,
        inventory.devices.clone(),
        Overrides::default(),
        true,
    );
    site.cancellation.stop.cancel();
    let password = "Garden-77x".into();
    let activation = activation(&inventory, &password);
    let plan = plan.unwrap();
    let report = plan
        .carry_out(&mut site.session, activation, &mut site::quiet)
        .await
        .unwrap();
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).activations, 0);
    let look = site.session.look(&mut site::quiet).await;
    assert!(matches!(look, Err(OpsError::Stopped)));
}

#[tokio::test(start_paused = true)]
async fn a_lamp_is_switched_and_a_model_without_one_is_said_to_have_none() {
    let mut site = Simulated::new(
        "[[device]]\nprofile = \"ipc-v5.7.3\"\n[[device]]\nprofile = \"ipc-v5.2.5\"",
    );
    let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
    let mut outcomes = Vec::new();
    for device in inventory.devices.clone() {
        let plan = locate::plan(&site.session, device, Lamp::On).unwrap();
        let report = plan
            .carry_out(&mut site.session, &inventory, &mut site::quiet)
            .await;
        outcomes.extend(report.unwrap().outcomes);
    }
    outcomes.sort_by_key(|outcome| outcome.status as u8);
    assert_eq!(outcomes[0].reason, Reason::Lamp(Lamp::On));
    assert_eq!(outcomes[1].status, OutcomeStatus::NoAnswer);
    assert_eq!(outcomes[1].next, Some(NextStep::MayHaveNoLamp));
}

/// The lamp is switched off after its time, and at once by a request to stop.
#[tokio::test(start_paused = true)]
async fn a_lamp_shines_for_its_time_or_until_it_is_to_stop() {
    for (stops, expected) in [(false, 30), (true, 0)] {
        let mut site = Simulated::new("[[device]]\nprofile = \"ipc-v5.7.3\"");
        let (inventory, _) = site.session.look(&mut site::quiet).await.unwrap();
        let device = inventory.devices[0].clone();
        let lamp = Lamp::For(Duration::from_secs(30));
        let plan = locate::plan(&site.session, device, lamp).unwrap();
        let stop = site.cancellation.stop.clone();
        let mut lit = None;
        let mut observer = |event: Event<'_>| {
            if let Event::LampIsOn(_) = event {
                lit = Some(Instant::now());
                if stops {
                    stop.cancel();
                }
            }
        };
        let report = plan
            .carry_out(&mut site.session, &inventory, &mut observer)
            .await
            .unwrap();
        assert_eq!(report.outcomes[0].reason, Reason::Lamp(lamp));
        assert_eq!(lit.unwrap().elapsed().as_secs(), expected);
        assert_eq!(site.executions(0).lamps, 2, "on, and off");
    }
}

/// Eight at a time, repeated as usual.
fn activation<'a>(inventory: &'a Inventory, password: &'a SecretString) -> Activation<'a> {
    Activation {
        inventory,
        password,
        parallel: 8,
        settle: sadp_ops::SETTLE,
    }
}

async fn activate_all(site: &mut Simulated) -> Vec<sadp_ops::Outcome> {
    example::activate_all(&mut site.session).await.unwrap()
}

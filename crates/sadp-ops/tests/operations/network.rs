//! Network settings of simulated devices.

use std::{fmt::Write as _, net::Ipv4Addr};

use sadp_ops::{
    Event, Guard, Inventory, Outcome, OutcomeData, OutcomeStatus, Overrides, Reason, Report,
    SETTLE, Seen, StopReason,
    network::{
        self, AddressHolder, AddressRange, ApplyError, DeviceChange, Login, NetworkFinding, Plan,
        Proposal, SetError, Settings, WantedSettings,
        plan_file::{self, PlanRow},
    },
};

use sadp_reset::{AttemptFilter, AttemptResult, DeviceKey};

use crate::{
    example,
    site::{Simulated, quiet},
};

const PASSWORD: &str = "Simulated-7";

const SHOP: &str = r#"
[defaults]
mask = "255.255.255.0"
gateway = "192.168.1.1"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.101"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
ip = "192.168.1.102"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.64"
activated = false
"#;

const SWAP: &str = "mac,ip\n44:47:cc:00:00:01,192.168.1.102\n44:47:cc:00:00:02,192.168.1.101\n";

#[tokio::test(start_paused = true)]
async fn one_device_is_changed_and_seen_to_be() {
    let mut site = Simulated::new(SHOP);
    let inventory = look(&mut site).await;
    let plan = set(&site, &inventory, "192.168.1.111", Overrides::default()).await;
    let plan = plan.unwrap();
    assert_eq!(plan.target.unwrap().holder, None);
    let report = carry_out(&mut site, plan, &inventory, PASSWORD).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.status, OutcomeStatus::Done);
    assert_eq!(outcome.reason, Reason::Checked { replied: true });
    assert_eq!(outcome.seen, Some(Seen::Changed));
    let OutcomeData::Network(change) = &outcome.data else {
        panic!("{outcome:?}");
    };
    let address = change.after.ipv4.address;
    assert_eq!(address, Some(Ipv4Addr::new(192, 168, 1, 111)));
    let inventory = look(&mut site).await;
    let again = set(&site, &inventory, "192.168.1.111", Overrides::default()).await;
    let outcome = again.unwrap().into_outcomes().remove(0);
    assert_eq!(outcome.reason, Reason::Network(NetworkFinding::AlreadySet));
    assert_eq!(site.executions(0).updates, 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_a_device_has_is_given_only_where_that_is_lifted() {
    let mut site = Simulated::new(SHOP);
    let inventory = look(&mut site).await;
    let taken = set(&site, &inventory, "192.168.1.102", Overrides::default()).await;
    let Err(SetError::Taken(target)) = taken else {
        panic!("{taken:?}");
    };
    let mac = "44:47:cc:00:00:02".parse().ok();
    assert_eq!(target.holder, Some(AddressHolder::Device(mac)));
    let forced = set(
        &site,
        &inventory,
        "192.168.1.102",
        Overrides::default().with(Guard::AddressInUse),
    )
    .await;
    assert_eq!(forced.unwrap().steps.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_devices_swap_their_addresses() {
    let mut site = Simulated::new(SHOP);
    let outcomes = apply(&mut site, SWAP, PASSWORD).await;
    let done = outcomes
        .iter()
        .filter(|it| it.status == OutcomeStatus::Done);
    assert_eq!(done.count(), 2, "{outcomes:#?}");
    let updates = [0, 1].map(|device| site.executions(device).updates);
    assert_eq!(
        updates.iter().sum::<u64>(),
        3,
        "one goes by a spare address"
    );
    assert_eq!(
        addresses(&mut site).await[..2],
        ["192.168.1.102", "192.168.1.101"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_reaches_no_second_device() {
    let mut site = Simulated::new(SHOP);
    let plan = "mac,ip\n44:47:cc:00:00:01,192.168.1.111\n44:47:cc:00:00:02,192.168.1.112\n";
    let outcomes = apply(&mut site, plan, "Guessed-99").await;
    let left = outcomes[0].verdict.as_ref().and_then(|it| it.tries_left);
    assert_eq!(
        (outcomes[0].status, left),
        (OutcomeStatus::Refused, Some(6))
    );
    assert_eq!(outcomes[1].reason, Reason::Stopped(StopReason::WrongSecret));
}

#[tokio::test(start_paused = true)]
async fn devices_that_cannot_be_changed_are_left_out_with_the_reason() {
    let mut site = Simulated::new(SHOP);
    let inventory = look(&mut site).await;
    let rows = rows(
        "mac,ip\n44:47:cc:00:00:01,192.168.1.64\n44:47:cc:00:00:02,192.168.1.101\n\
         44:47:cc:00:00:03,192.168.1.65\n44:47:cc:00:00:09,192.168.1.67\n",
    );
    let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
    let outcomes = plan.unwrap().into_outcomes();
    let reasons: Vec<_> = outcomes.into_iter().map(|it| it.reason).collect();
    let taken = |address: [u8; 4], by: &str| {
        Reason::Network(NetworkFinding::AddressTaken {
            address: address.into(),
            holder: AddressHolder::Device(by.parse().ok()),
        })
    };
    assert_eq!(
        reasons,
        [
            taken([192, 168, 1, 64], "44:47:cc:00:00:03"),
            taken([192, 168, 1, 101], "44:47:cc:00:00:01"),
            Reason::Network(NetworkFinding::NotActivated),
            Reason::Network(NetworkFinding::NotFound { line: 5 }),
        ]
    );
    let none = network::apply(&site.session, &inventory, &rows[3..], Settings::default()).await;
    assert!(matches!(none, Err(ApplyError::NoneFound)));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_stopped_before_its_first_command_sends_nothing() {
    let mut site = Simulated::new(SHOP);
    let inventory = look(&mut site).await;
    let plan = set(&site, &inventory, "192.168.1.111", Overrides::default()).await;
    site.cancellation.stop.cancel();
    let report = carry_out(&mut site, plan.unwrap(), &inventory, PASSWORD).await;
    let reason = &report.outcomes[0].reason;
    assert_eq!(*reason, Reason::Stopped(StopReason::Interrupted));
    assert_eq!(site.executions(0).updates, 0);
}

/// After a stop no further wave leaves, and what was sent before is reported.
#[tokio::test(start_paused = true)]
async fn a_plan_that_is_stopped_between_two_waves_goes_no_further() {
    let mut site = Simulated::new(SHOP);
    let inventory = look(&mut site).await;
    let rows = rows(SWAP);
    let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
    let stop = site.cancellation.stop.clone();
    let mut ended = false;
    let mut observer = |event: Event<'_>| match event {
        Event::Progress { finished: 1, .. } => stop.cancel(),
        Event::BatchEnds(Some(_)) => ended = true,
        _ => {}
    };
    let password = PASSWORD.into();
    let login = Login {
        inventory: &inventory,
        password: &password,
        parallel: 1,
        settle: SETTLE,
        wait_back: Login::WAIT_BACK,
    };
    let report = plan
        .unwrap()
        .carry_out(&mut site.session, login, &mut observer)
        .await;
    let report = report.unwrap();
    assert!(ended);
    for outcome in &report.outcomes {
        assert_eq!(outcome.reason, Reason::Network(NetworkFinding::BatchEnded));
    }
    let updates = [0, 1].map(|device| site.executions(device).updates);
    assert_eq!(updates.iter().sum::<u64>(), 1);
}

/// A fifth of all datagrams is lost each way. The devices were activated with the
/// password: that one accepts it proves that it is the others', too, so that it may
/// be sent again to those that are silent and unchanged.
#[tokio::test(start_paused = true)]
async fn a_plan_is_carried_out_in_one_run_however_much_is_lost() {
    for seed in 1..=20 {
        let mut site = Simulated::new(&format!("seed = {seed}\n{FACTORY}"));
        example::activate_all(&mut site.session).await.unwrap();
        let plan = plan_for(&mut site).await;
        let outcomes = apply(&mut site, &plan, "Garden-77x").await;
        assert_eq!(outcomes.len(), 8);
        for outcome in &outcomes {
            let confirmed = (OutcomeStatus::Done, Some(Seen::Changed));
            assert_eq!(
                (outcome.status, outcome.seen),
                confirmed,
                "{seed}: {outcome:#?}"
            );
        }
        let outcomes = apply(&mut site, &plan, "Garden-77x").await;
        assert!(outcomes.iter().all(is_set_already));
    }
}

/// One device accepts the password: that alone does not send it to all others.
#[tokio::test(start_paused = true)]
async fn a_password_goes_to_several_at_once_after_two_accepted_it() {
    for (accepting, sent) in [(1, 2), (2, 4)] {
        let mut site = String::from("[defaults]\nmask = \"255.255.255.0\"\n");
        let mut plan = String::from("mac,ip\n");
        for number in 1..=4 {
            let password = if number <= accepting {
                PASSWORD
            } else {
                "Another-99"
            };
            write!(
                site,
                "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:0{number}\"\n\
                 ip = \"192.168.1.10{number}\"\npassword = \"{password}\"\n"
            )
            .unwrap();
            writeln!(plan, "44:47:cc:00:00:0{number},192.168.1.11{number}").unwrap();
        }
        let mut site = Simulated::new(&site);
        let rows = rows(&plan);
        let inventory = look(&mut site).await;
        let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
        let password = PASSWORD.into();
        let login = Login {
            inventory: &inventory,
            password: &password,
            parallel: 8,
            settle: SETTLE,
            wait_back: Login::WAIT_BACK,
        };
        let plan = plan.unwrap();
        let report = plan.carry_out(&mut site.session, login, &mut quiet).await;
        assert_eq!(report.unwrap().outcomes.len(), 4);
        let ledger = site.session.ledger().unwrap();
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        assert_eq!(attempts.len(), sent, "{accepting} accept it");
    }
}

/// Where nothing tells that the password is a device's, it goes there once.
#[tokio::test(start_paused = true)]
async fn a_password_that_is_not_known_to_be_right_goes_to_a_silent_device_once() {
    let site = FACTORY.replace("activated = false", "password = \"Simulated-7\"");
    for seed in 1..=8 {
        let mut site = Simulated::new(&format!("seed = {seed}\n{site}"));
        let plan = plan_for(&mut site).await;
        apply(&mut site, &plan, PASSWORD).await;
        let ledger = site.session.ledger().unwrap();
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        let mut sent: Vec<_> = attempts
            .iter()
            .filter(|it| {
                it.verdict
                    .as_ref()
                    .is_some_and(|it| it.result != AttemptResult::NoAnswer)
            })
            .map(|it| it.attempt.device.clone())
            .collect();
        let commands = sent.len();
        sent.dedup();
        assert_eq!(sent.len(), commands, "seed {seed}");
    }
}

const FACTORY: &str = r#"
[defaults]
loss = 0.2
mask = "255.255.255.0"
gateway = "192.168.1.1"

[[device]]
profile = "ipc-v5.5.82"
count = 8
ip = "192.168.1.101"
activated = false
"#;

/// A plan of other addresses for all devices.
async fn plan_for(site: &mut Simulated) -> String {
    let Inventory { devices, local, .. } = look(site).await;
    let range = AddressRange {
        first: Ipv4Addr::new(192, 168, 1, 121),
        mask: None,
        gateway: None,
    };
    let proposal = Proposal::new(devices, &[], &local, range).unwrap();
    let mut plan = Vec::new();
    proposal.write(&mut plan).unwrap();
    let plan = String::from_utf8(plan).unwrap();
    assert_eq!(proposal.plan_rows(), rows(&plan));
    plan
}

fn is_set_already(outcome: &Outcome) -> bool {
    outcome.reason == Reason::Network(NetworkFinding::AlreadySet)
}

async fn look(site: &mut Simulated) -> Inventory {
    let (mut inventory, _) = site.session.look(&mut quiet).await.unwrap();
    inventory.devices.sort_by_key(|it| it.entry.device.mac);
    inventory
}

async fn addresses(site: &mut Simulated) -> Vec<String> {
    let inventory = look(site).await;
    let addresses = inventory
        .devices
        .iter()
        .map(|it| it.entry.device.ipv4.address);
    addresses.map(|it| it.unwrap().to_string()).collect()
}

fn rows(plan: &str) -> Vec<PlanRow> {
    plan_file::read(plan.as_bytes()).unwrap().0
}

/// Plans another address for the first device.
async fn set(
    site: &Simulated,
    inventory: &Inventory,
    address: &str,
    overrides: Overrides,
) -> Result<Plan, SetError> {
    let change = DeviceChange {
        device: inventory.devices[0].clone(),
        wanted: WantedSettings {
            address: address.parse().ok(),
            ..WantedSettings::default()
        },
    };
    let settings = Settings {
        overrides,
        ..Settings::default()
    };
    network::set(&site.session, inventory, change, settings).await
}

async fn apply(site: &mut Simulated, plan: &str, password: &str) -> Vec<Outcome> {
    let rows = rows(plan);
    let keys = rows
        .iter()
        .filter_map(|row| DeviceKey::new(Some(row.mac), None));
    let keys: Vec<_> = keys.collect();
    let (mut inventory, _) = site.session.look_with(&keys, &mut quiet).await.unwrap();
    inventory.devices.sort_by_key(|it| it.entry.device.mac);
    let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
    let report = carry_out(site, plan.unwrap(), &inventory, password).await;
    assert_eq!(report.outcomes.len(), rows.len());
    report.outcomes
}

async fn carry_out(
    site: &mut Simulated,
    plan: Plan,
    inventory: &Inventory,
    password: &str,
) -> Report {
    let password = password.into();
    let login = Login {
        inventory,
        password: &password,
        parallel: 1,
        settle: SETTLE,
        wait_back: Login::WAIT_BACK,
    };
    let report = plan.carry_out(&mut site.session, login, &mut quiet).await;
    report.unwrap()
}

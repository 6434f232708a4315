//! Devices that are not what they were, or for which somebody else may speak: no secret
//! goes to them without the guard's word.

use std::{net::IpAddr, sync::Arc, time::Duration};

use sadp_model::{Contradiction, Warning};
use sadp_ops::{
    BlockReason, DiscoveredDevice, Guard, Impact, LedgerAccess, OutcomeStatus, Overrides, Reason,
    SafetyChecks, Selection,
    network::{self, DeviceChange, Login, Settings, WantedSettings, plan_file},
};
use sadp_reset::{Account, Action};
use tokio::time::Instant;

use crate::{
    mail::CURRENT,
    site::{self, Simulated, quiet},
};

/// A camera with these lines of its own.
fn camera(last: u8, salt: &str, own: &str) -> String {
    format!(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\nmac = \"44:47:cc:00:00:0{last}\"\n\
         serial = \"DS-2CD2320D-I20180919AACHC5260181{last}\"\nip = \"192.168.1.6{last}\"\n\
         dhcp = false\n{own}\n[device.fields]\nBootTime = \"2026-11-01 08:00:00\"\nSalt = \"{salt}\"\n"
    )
}

const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
const TWO: &str = "0000000000000000000000000000000000000000000000000000000000000002";

/// Why a command to this device is blocked.
fn blocked(
    site: &Simulated,
    device: &DiscoveredDevice,
    action: Action,
    overrides: Overrides,
) -> Option<BlockReason> {
    let checks = SafetyChecks::new(action, overrides);
    let selection = Selection::of(action, vec![device.clone()]);
    let left_out = checks.narrow(&site.session, selection).unwrap().left_out;
    let outcome = left_out.into_iter().next()?;
    assert_eq!(outcome.impact(), Impact::Safety);
    match outcome.reason {
        Reason::Blocked(reason) => Some(reason),
        reason => panic!("{reason:?}"),
    }
}

/// Every secret is kept from the device until the guard's word is given, and what
/// carries none goes.
fn assert_guarded(site: &Simulated, device: &DiscoveredDevice, reason: &BlockReason) {
    for &action in Action::ALL {
        let expected = action.spec().carries_secret.then_some(reason);
        let found = blocked(site, device, action, Overrides::default());
        assert_eq!(found.as_ref(), expected, "{action}");
        let lifted = Overrides::default().with(reason.guard().unwrap());
        assert_eq!(blocked(site, device, action, lifted), None, "{action}");
    }
    let bare = Guard::LIFTED_UNNAMED.into_iter().collect();
    let found = blocked(site, device, Action::NetSet, bare);
    assert_eq!(found.as_ref(), Some(reason), "a bare --force");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_contradicts_itself_is_given_no_secret() {
    let usual = camera(1, ONE, "");
    for (other, what) in [
        (camera(1, TWO, ""), Contradiction::Salt),
        (
            format!("{usual}UserName = \"installer\""),
            Contradiction::UserName,
        ),
        (
            format!("{usual}Encrypt = \"false\""),
            Contradiction::Encrypt,
        ),
        (
            camera(1, ONE, "gateway = \"192.168.1.254\""),
            Contradiction::Gateway,
        ),
        (
            camera(1, ONE, "").replace("dhcp = false", "dhcp = true"),
            Contradiction::Dhcp,
        ),
    ] {
        let mut site = Simulated::new(&format!("{usual}UserName = \"admin\"\n{other}"));
        let device = site.inventory().await.devices.remove(0);
        assert!(
            device.warnings.contains(Warning::ContradictsItself),
            "{what}"
        );
        assert_guarded(&site, &device, &BlockReason::ContradictsItself(what.into()));
    }
    // A reply that omits something contradicts none that has it, and weakens nothing.
    for omitted in ["Salt", "Encrypt", "IPv4Gateway", "DHCP"] {
        let other = camera(1, ONE, &format!("omit = [\"{omitted}\"]"));
        let mut site = Simulated::new(&format!("{usual}{other}"));
        let device = site.inventory().await.devices.remove(0);
        assert!(device.warnings.is_empty(), "{omitted}");
        let raw = &device.entry.device.raw;
        assert_eq!(
            (raw.told("Salt"), raw.told("Encrypt")),
            (Some(ONE), Some("true"))
        );
        assert_eq!(device.entry.device.replayable_password, Some(false));
        assert_eq!(
            blocked(&site, &device, Action::NetSet, Overrides::default()),
            None
        );
    }
}

#[tokio::test(start_paused = true)]
async fn two_devices_with_one_salt_are_given_no_secret() {
    let mut site =
        Simulated::new(&(camera(1, ONE, "") + &camera(2, ONE, "") + &camera(3, TWO, "")));
    let devices = site.inventory().await.devices;
    for device in &devices {
        let is_other = device.entry.device.raw.told("Salt") == Some(TWO);
        assert_eq!(device.warnings.contains(Warning::SharedSalt), !is_other);
        if is_other {
            assert_eq!(
                blocked(&site, device, Action::NetSet, Overrides::default()),
                None
            );
        } else {
            assert_guarded(&site, device, &BlockReason::SharedSalt);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_serial_under_one_mac_blocks_until_it_is_lifted() {
    let twin = camera(1, TWO, "").replace("5260181", "5260199");
    let mut site = Simulated::new(&(camera(1, ONE, "") + &twin));
    let devices = site.inventory().await.devices;
    assert_eq!(devices.len(), 2);
    for device in &devices {
        let warnings = [
            Warning::DuplicateIp,
            Warning::DuplicateMac,
            Warning::ContradictsItself,
        ];
        assert_eq!(device.warnings.iter().collect::<Vec<_>>(), warnings);
        let reason = blocked(&site, device, Action::Locate, Overrides::default()).unwrap();
        assert_eq!(reason, BlockReason::DuplicateMac);
        let guards = [Guard::TwoSenders, Guard::ContradictsItself].into_iter();
        assert_eq!(
            blocked(&site, device, Action::Activate, guards.collect()),
            None
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_lost_its_salt_or_has_another_name_is_given_no_secret() {
    for (now, salted, name) in [
        (camera(1, "", ""), false, "admin"),
        (
            format!("{}UserName = \"installer\"", camera(1, ONE, "")),
            true,
            "installer",
        ),
    ] {
        let mut site = Simulated::new(&camera(1, ONE, ""));
        let accepted = site.set_port(81, CURRENT, Overrides::default()).await;
        assert_eq!(accepted.status, OutcomeStatus::Done);
        site.replace_devices(&now);
        site.reopen(LedgerAccess::Write);
        let device = site.inventory().await.devices.remove(0);
        let account = |user_name: &str, salted| Account {
            user_name: user_name.into(),
            salted,
        };
        let reason = BlockReason::AccountChanged {
            before: account("admin", true),
            now: account(name, salted),
        };
        assert_guarded(&site, &device, &reason);
        // It was reset: what it accepts now is what is remembered.
        let lifted = Overrides::default().with(Guard::AccountChanged);
        let accepted = site.set_port(82, CURRENT, lifted).await;
        assert_eq!(accepted.status, OutcomeStatus::Done, "{accepted:?}");
        let again = site.set_port(83, CURRENT, Overrides::default()).await;
        assert_eq!(again.status, OutcomeStatus::Done);
    }
    // An activation remembers the account that the device reports after it.
    let unactivated = camera(1, ONE, "activated = false");
    let mut site = Simulated::new(&unactivated);
    crate::activate_all(&mut site).await;
    site.replace_devices(&camera(1, "", ""));
    let device = site.inventory().await.devices.remove(0);
    let reason = blocked(&site, &device, Action::NetSet, Overrides::default());
    assert!(matches!(reason, Some(BlockReason::AccountChanged { .. })));
    // Without a password it has no account.
    let mut site = Simulated::new(&camera(1, ONE, ""));
    site.set_port(81, CURRENT, Overrides::default()).await;
    site.replace_devices(&camera(1, "", "activated = false"));
    let device = site.inventory().await.devices.remove(0);
    assert_eq!(
        blocked(&site, &device, Action::Activate, Overrides::default()),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_that_moved_stays_unconfirmed_in_the_runs_after() {
    let usual = camera(1, ONE, "");
    let moved = usual.replace("192.168.1.61", "192.168.1.77");
    let former = IpAddr::from([192, 168, 1, 61]);
    let mut site = Simulated::new(&usual);
    let reason = site.look_while_it_moves(&moved).await;
    let just_moved = BlockReason::JustMoved {
        from: former,
        to: IpAddr::from([192, 168, 1, 77]),
    };
    assert_eq!(reason, Some(just_moved));
    let at = site.session.now();
    for minutes in [1, 60] {
        tokio::time::advance(Duration::from_mins(minutes)).await;
        site.reopen(LedgerAccess::Write);
        let device = site.inventory().await.devices.remove(0);
        let Some(reason) = blocked(&site, &device, Action::NetSet, Overrides::default()) else {
            panic!("a second run must not be the way in");
        };
        let BlockReason::MoveUnconfirmed {
            former: from,
            at: since,
        } = reason
        else {
            panic!("{reason:?}");
        };
        assert_eq!(from, former);
        assert!(
            at.duration_since(since).as_secs() < 10,
            "when it was first seen"
        );
        assert_guarded(&site, &device, &reason);
    }
    // What it accepts confirms it.
    let lifted = Overrides::default().with(Guard::TwoSenders);
    let accepted = site.set_port(81, CURRENT, lifted).await;
    assert_eq!(accepted.status, OutcomeStatus::Done);
    let again = site.set_port(82, CURRENT, Overrides::default()).await;
    assert_eq!(again.status, OutcomeStatus::Done, "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_back_did_not_move_and_a_look_that_only_reads_remembers_nothing() {
    let usual = camera(1, ONE, "");
    let moved = usual.replace("192.168.1.61", "192.168.1.77");
    for access in [LedgerAccess::Write, LedgerAccess::Read] {
        let mut site = Simulated::new(&usual);
        site.reopen(access);
        site.look_while_it_moves(&moved).await.unwrap();
        if access == LedgerAccess::Write {
            site.replace_devices(&usual);
            site.reopen(access);
            site.inventory().await;
            site.replace_devices(&moved);
        }
        site.reopen(LedgerAccess::Write);
        let device = site.inventory().await.devices.remove(0);
        assert_eq!(
            blocked(&site, &device, Action::NetSet, Overrides::default()),
            None
        );
    }
}

impl Simulated {
    /// Looks while the only device moves, and returns why it is sent no password then.
    async fn look_while_it_moves(&mut self, moved: &str) -> Option<BlockReason> {
        let (fleet, other) = (Arc::clone(&self.fleet), site::fleet(moved));
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            *fleet.lock().unwrap() = other;
        });
        let device = self.inventory().await.devices.remove(0);
        blocked(self, &device, Action::NetSet, Overrides::default())
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_is_written_is_shown_where_the_replies_are_not_alike() {
    let usual = camera(1, ONE, "");
    for (other, mixed) in [
        (usual.clone(), false),
        (camera(1, ONE, "omit = [\"IPv4Gateway\"]"), true),
        (camera(1, ONE, "http_port = 8080"), true),
    ] {
        let mut site = Simulated::new(&format!("{usual}{other}"));
        let inventory = site.inventory().await;
        let wanted = WantedSettings {
            sdk: Some(8001),
            ..WantedSettings::default()
        };
        let change = DeviceChange {
            device: inventory.devices[0].clone(),
            wanted,
        };
        let plan = network::set(&site.session, &inventory, change, Settings::default()).await;
        assert_eq!(plan.unwrap().changes[0].change.mixed, mixed, "{other}");
        let (rows, _) =
            plan_file::read(b"mac,ip,sdk_port\n44:47:cc:00:00:01,192.168.1.61,8001\n").unwrap();
        let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
        assert_eq!(plan.unwrap().changes[0].change.mixed, mixed, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn devices_that_accepted_no_secret_are_new_to_commands_with_the_current_password() {
    let mut site = Simulated::new(&(camera(1, ONE, "") + &camera(2, TWO, "")));
    site.set_port(81, CURRENT, Overrides::default()).await;
    site.reopen(LedgerAccess::Read);
    let devices = site.inventory().await.devices;
    for &action in Action::ALL {
        let new = site.session.never_seen(action, &devices).unwrap();
        let spec = action.spec();
        let current = spec.costs_try && !spec.sets_password || action == Action::Deactivate;
        assert_eq!(new.len(), usize::from(current), "{action}");
        assert!(new.iter().all(|it| it.key() != devices[0].key()));
    }
}

/// Each device takes 2 s to answer. A password that one device is known to have goes to
/// the others at once after it, an unknown one after two of them.
#[tokio::test(start_paused = true)]
async fn one_device_that_the_ledger_knows_proves_a_password_and_two_that_it_does_not() {
    let late = "late = { update = \"2s\" }";
    let cameras: String = (1..=5)
        .map(|last| camera(last, &format!("{last:064}"), late))
        .collect();
    let mut took = Vec::new();
    for known in [true, false] {
        let mut site = Simulated::new(&cameras);
        if known {
            site.set_port(81, CURRENT, Overrides::default()).await;
        }
        site.reopen(LedgerAccess::Write);
        let inventory = site.inventory().await;
        let rows = (1..=5).map(|last| format!("44:47:cc:00:00:0{last},192.168.1.6{last},82\n"));
        let plan = ["mac,ip,http_port\n".to_owned()].into_iter().chain(rows);
        let (rows, _) = plan_file::read(plan.collect::<String>().as_bytes()).unwrap();
        let plan = network::apply(&site.session, &inventory, &rows, Settings::default()).await;
        let login = Login {
            inventory: &inventory,
            password: &CURRENT.into(),
            parallel: 8,
            settle: Duration::ZERO,
            wait_back: Duration::ZERO,
        };
        let begun = Instant::now();
        let report = plan
            .unwrap()
            .carry_out(&mut site.session, login, &mut quiet)
            .await
            .unwrap();
        assert!(
            report
                .outcomes
                .iter()
                .all(|it| it.status == OutcomeStatus::Done)
        );
        took.push(begun.elapsed());
    }
    let longer = took[1].saturating_sub(took[0]).as_millis();
    assert!((2_000..3_000).contains(&longer), "{took:?}");
}

//! Cards that go down and come back, and addresses that change, while a scan or
//! a batch is under way.

use std::{fs, path::Path};

use sadp_reset::{AttemptFilter, AttemptResult, Ledger};

use crate::lan::Lan;

/// The devices answer so late that all comes after what happens to the card.
const LATE: [&str; 4] = ["--count", "10", "--delay", "3s..4s"];

#[test]
fn a_card_that_goes_down_and_comes_back_costs_no_device() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &LATE);
    let mut scan = installer.start_scan(&["-v", "--wait", "15s"]);
    scan.wait_for_line("asking on lan0");
    installer.ip(&["link", "set", "lan0", "down"]);
    installer.ip(&["link", "set", "lan0", "up"]);
    let found = scan.finish();
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(found.devices().len(), 10, "{found:?}");
}

#[test]
fn devices_found_before_a_card_goes_down_are_kept() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--count", "10"]);
    let mut scan = installer.start_scan(&["-v", "--wait", "15s"]);
    scan.wait_for_line("asking on lan0");
    // By its end the first has heard them, too.
    assert_eq!(installer.scan(&[]).devices().len(), 10);
    installer.ip(&["link", "set", "lan0", "down"]);
    let found = scan.finish();
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(found.devices().len(), 10, "{found:?}");
}

#[test]
fn an_address_that_changes_costs_no_device_that_answers_by_multicast() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &LATE);
    let mut scan = installer.start_scan(&["-v", "--wait", "15s"]);
    scan.wait_for_line("asking on lan0");
    let all = ["10.77.0.9/16", "broadcast", "+", "dev", "lan0"];
    installer.ip(&[&["addr", "add"], &all[..]].concat());
    installer.ip(&["addr", "del", "10.77.0.1/16", "dev", "lan0"]);
    let found = scan.finish();
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(found.devices().len(), 10, "{found:?}");
}

/// Whether it was carried out is not known here, and that is what is told.
#[test]
fn a_card_that_goes_down_behind_a_command_leaves_its_outcome_unknown() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("password"), "Garden-77x").unwrap();
    fs::write(
        path("site.toml"),
        // Neither says more than is known by then: what becomes of the card matters.
        "[[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"10.77.0.11\"\nactivated = false\n\
         late = { activate = \"3600s\" }\n\
         [[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"10.77.0.12\"\nactivated = false\n\
         late = { exchangecode = \"3600s\" }\n",
    )
    .unwrap();
    let _sim = cameras.sim("lan0", &[&path("site.toml")]);
    let (password, state) = (path("password"), path("state"));
    let mut batch = installer.start(&[
        "activate",
        "--all",
        "--yes",
        "--format",
        "json",
        "--parallel",
        "1",
        "--new-password-file",
        &password,
        "--state",
        &state,
    ]);
    batch.wait_for_line("the first password is set on 2 devices");
    // It is written down before it leaves.
    while attempts(folder.path()).is_empty() {}
    installer.ip(&["link", "set", "lan0", "down"]);
    let told = batch.finish();
    assert_eq!(told.code, 1, "{told:?}");
    assert_eq!(told.devices()[0]["result"], "unknown", "{told:?}");
    // The other's turn came when nothing could be sent any more.
    assert_eq!(told.devices()[1]["result"], "no-answer", "{told:?}");
    let why = "commands to devices there may not have left this computer";
    assert!(told.stderr.contains(why), "{told:?}");
    let why = "could not check the result: no network interface is up";
    assert!(told.stderr.contains(why), "{told:?}");
    assert_eq!(attempts(folder.path()), [AttemptResult::Unknown]);
}

/// What became of every command that left, by the ledger.
fn attempts(folder: &Path) -> Vec<AttemptResult> {
    let ledger = Ledger::open_existing(&folder.join("state")).unwrap();
    let attempts = ledger.map(|ledger| ledger.attempts(&AttemptFilter::default()).unwrap());
    let attempts = attempts.unwrap_or_default().into_iter();
    attempts.map(|attempt| attempt.result()).collect()
}

//! Disks of a test's own, seen by one command alone. Only root can make them.

use std::{fs, path::Path, process::Command};

use jiff::{Timestamp, ToSpan};
use sadp_model::MacAddr;
use sadp_reset::{AttemptResult, DeviceKey, Ledger};
use serde_json::Value;

use super::{activate, site};
use crate::{
    activate::Van,
    run::{Run, by, sadpctl, skipped},
    signals::{results, sent},
};

/// A disk of one megabyte.
const SMALL: &str = "mount -t tmpfs -o size=1M,mode=700 none \"$0\"";

/// The same without room.
const FULL: &str =
    "mount -t tmpfs -o size=1M,mode=700 none \"$0\" && ! head -c 2M /dev/zero 2>&- >\"$0/filler\"";

/// What lies in the folder, on a disk without room for more.
const FULL_WITH_ALL: &str = "mkdir \"$0.old\" && cp -r \"$0/.\" \"$0.old\" && \
     mount -t tmpfs -o size=1M,mode=700 none \"$0\" && cp -r \"$0.old/.\" \"$0\" && \
     ! head -c 2M /dev/zero 2>&- >\"$0/filler\"";

/// What lies in the folder, not to be changed.
const PROTECTED: &str = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";

/// Runs a command with such a disk in the place of a folder. `None` where
/// nobody may make disks.
fn with(disk: &str, folder: &Path, command: &Command) -> Option<Command> {
    let may = Command::new("unshare").args(["--mount", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        skipped("only root can make a disk of its own");
        return None;
    }
    fs::create_dir_all(folder).unwrap();
    let script = format!("{disk} && exec \"$@\"");
    let folder = folder.to_str().unwrap();
    let wrapper = ["unshare", "--mount", "sh", "-c", &script, folder];
    Some(by(&wrapper, command))
}

fn run(mut command: Command) -> Run {
    command.output().unwrap().into()
}

/// What lies in the folder, on a disk with room for so many pages more.
fn room_for(pages: u32) -> String {
    format!(
        "rm -rf \"$0.old\" && {{ {FULL_WITH_ALL}; }} && truncate -s -{} \"$0/filler\"",
        pages * 4096
    )
}

/// Runs a command on the smallest disk on which it sends anything at all: what
/// has to be written before that fits, and nothing more.
fn on_the_smallest_disk(folder: &Path, command: &Command) -> Option<Run> {
    drop(Ledger::open(folder).unwrap());
    for pages in 0.. {
        let ended = run(with(&room_for(pages), folder, command)?);
        assert_eq!(ended.code, 5, "{pages}: {ended}");
        let unsent = |outcome: &Value| outcome["result"] == "skipped";
        let outcomes = serde_json::from_str::<Vec<Value>>(&ended.stdout).unwrap_or_default();
        if !outcomes.iter().all(unsent) {
            return Some(ended);
        }
        assert!(pages < 100, "it sends nothing: {ended}");
    }
    unreachable!("it sends something, or has failed")
}

#[test]
fn without_room_for_the_ledger_nothing_is_sent() {
    let van = Van::new(&site(2));
    let state = van.path("state");
    let Some(command) = with(FULL, &state, &activate(&van, "state")) else {
        return;
    };
    let none = run(command);
    assert_eq!((none.code, none.stdout.as_str()), (5, ""), "{none}");
    assert!(none.stderr.contains("--state"), "{none}");
    // One that is there, and takes no more.
    drop(Ledger::open(&state).unwrap());
    let more = run(with(FULL_WITH_ALL, &state, &activate(&van, "state")).unwrap());
    assert_eq!(more.code, 5, "{more}");
    assert_eq!(van.states(), ["unactivated"; 2]);
}

#[test]
fn a_disk_that_fills_ends_the_batch_and_what_was_done_is_reported() {
    let van = Van::new(&site(3));
    let Some(run) = on_the_smallest_disk(&van.path("state"), &activate(&van, "state")) else {
        return;
    };
    assert!(run.stderr.contains("the ledger "), "{run}");
    let mut results = results(&run);
    results.sort();
    let unsent = "not sent: something could not be written on this computer";
    let unsent = ("skipped".to_owned(), unsent.to_owned());
    let done = ("done".to_owned(), "activated".to_owned());
    assert_eq!(results, [done, unsent.clone(), unsent], "{run}");
    let active = van.states().iter().filter(|it| *it == "active").count();
    assert_eq!(active, 1, "{run}");
}

#[test]
fn in_a_protected_folder_locks_are_read_and_nothing_is_sent() {
    let van = Van::new(&format!(
        "{}\n[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:77\"\n",
        site(1)
    ));
    let state = van.path("state");
    let scan = van.command(&["scan", "--format", "json", "--sort", "state"]);
    // Where nothing is remembered there is nothing to say.
    let Some(command) = with(PROTECTED, &state, &scan) else {
        return;
    };
    let empty = run(command);
    assert_eq!(empty.code, 0, "{empty}");
    assert!(!empty.stderr.contains("locks"), "{empty}");
    let none = run(with(PROTECTED, &state, &activate(&van, "state")).unwrap());
    assert_eq!((none.code, none.stdout.as_str()), (5, ""), "{none}");
    let mut ledger = Ledger::open(&state).unwrap();
    let locked = DeviceKey::new(Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 0x77])), None);
    let now = Timestamp::now();
    ledger
        .remember_lock(&locked.unwrap(), now + 1.hour(), now)
        .unwrap();
    drop(ledger);
    let told = run(with(PROTECTED, &state, &scan).unwrap());
    assert_eq!(told.code, 0, "{told}");
    let devices = told.json();
    let mut states = devices.as_array().unwrap().iter().map(|it| &it["state"]);
    assert!(states.any(|state| state == "locked"), "{told}");
    let refused = run(with(PROTECTED, &state, &activate(&van, "state")).unwrap());
    assert_eq!(refused.code, 5, "{refused}");
    assert!(refused.stderr.contains("--state"), "{refused}");
    assert_eq!(sent(&state), []);
    assert!(van.states().contains(&"unactivated".to_owned()));
}

#[test]
fn manual_pages_without_room_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    let man = sadpctl(&["man", "--out", out.to_str().unwrap()]);
    let Some(command) = with(FULL, &out, &man) else {
        return;
    };
    let full = run(command);
    assert_eq!((full.code, full.stdout.as_str()), (5, ""), "{full}");
    assert!(full.stderr.contains("cannot write to"), "{full}");
    assert!(!full.stderr.contains("manual pages are in"), "{full}");
}

/// A request is on the disk before it is told to be there.
#[test]
fn a_request_without_room_is_not_reported_to_be_kept() {
    let van = Van::new(&site(1).replace("activated = false\n", ""));
    let out = van.path("requests");
    let export = ["reset", "export", "--all", "--yes", "--format", "json"];
    let to = ["--out", out.to_str().unwrap()];
    let mut export = van.command(&[&export[..], &to].concat());
    export.env("XDG_CONFIG_HOME", van.path("config"));
    let Some(command) = with(FULL, &out, &export) else {
        return;
    };
    let full = run(command);
    assert_eq!(full.code, 5, "{full}");
    assert!(!full.stdout.contains("\"done\""), "{full}");
    let cases = van.run(&["reset", "cases", "--format", "json"]);
    assert!(!cases.stdout.contains("package"), "{cases}");
    let kept = run(with(SMALL, &out, &export).unwrap());
    assert_eq!(kept.code, 0, "{kept}");
    assert_eq!(sent(&van.path("state")).last(), Some(&AttemptResult::Done));
}

/// A request that a device gave is on the disk, whatever becomes of the ledger.
#[test]
fn a_ledger_without_room_ends_an_export_and_loses_no_request() {
    let van = Van::new(&site(3).replace("activated = false\n", ""));
    let (state, out) = (van.path("state"), van.path("requests"));
    let export = ["reset", "export", "--all", "--yes", "--parallel", "1"];
    let to = ["--format", "json", "--out", out.to_str().unwrap()];
    let mut export = van.command(&[&export[..], &to].concat());
    export.env("XDG_CONFIG_HOME", van.path("config"));
    let Some(ended) = on_the_smallest_disk(&state, &export) else {
        return;
    };
    assert!(ended.stderr.contains("disk is full"), "{ended}");
    let outcomes = ended.json();
    let outcomes = outcomes.as_array().unwrap();
    let (given, unsent): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .partition(|one| one["data"]["path"].is_string());
    assert_eq!((given.len(), unsent.len()), (1, 2), "{ended}");
    for outcome in unsent {
        assert_eq!(outcome["result"], "skipped", "{ended}");
    }
    let told = given[0]["message"].as_str().unwrap();
    assert!(told.contains("not noted in the ledger"), "{ended}");
    assert_eq!(given[0]["data"]["case"], Value::Null, "{ended}");
    // The disk went with the command, and the ledger with it: the package alone
    // is enough.
    assert_eq!(sent(&state), []);
    let package = given[0]["data"]["path"].as_str().unwrap();
    let desk = crate::run::run(&["sim", "vendor", package, "--out", out.to_str().unwrap()]);
    assert_eq!(desk.code, 0, "{desk}");
    let mut import = van.command(&["reset", "import", package, "--yes", "--format", "json"]);
    import.env("SADPCTL_NEW_PASSWORD", "Garden-77x");
    let import = run(import);
    assert_eq!(import.code, 0, "{import}");
    assert_eq!(import.json()[0]["result"], "done", "{import}");
}

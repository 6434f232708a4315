//! Commands that change simulated devices: `activate` and `locate`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use insta::assert_snapshot;
use tempfile::TempDir;

use crate::{
    loopback::Sim,
    run::{Run, run},
};

/// A site, a state folder and a password file of a test's own.
pub(crate) struct Van {
    pub(crate) sim: Sim,
    pub(crate) folder: TempDir,
}

impl Van {
    pub(crate) fn new(site: &str) -> Self {
        Self::attacked(site, &[])
    }

    /// With more arguments for the simulator.
    pub(crate) fn attacked(site: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        fs::write(&path, site).unwrap();
        let sim = Sim::start(&[&[path.to_str().unwrap()], more].concat());
        Self { sim, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that holds a password.
    pub(crate) fn file(&self, text: &str) -> String {
        let path = self.path("password.txt");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().into()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sim.command(arguments);
        command.env("SADPCTL_STATE", self.path("state"));
        command
    }

    fn activate_all(&self, password: &str, more: &[&str]) -> Run {
        let file = self.file(password);
        let arguments = ["activate", "--all", "--yes", "--new-password-file", &file];
        self.run(&[&arguments, more].concat())
    }

    pub(crate) fn states(&self) -> Vec<String> {
        let scan = self.run(&["scan", "--format", "json", "--sort", "mac"]);
        let devices = scan.json();
        let devices = devices.as_array().unwrap().iter();
        devices
            .map(|device| device["state"].as_str().unwrap().into())
            .collect()
    }
}

const FRESH: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.64"
activated = false
"#;

const PAIR: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
ip = "192.168.1.64"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
ip = "192.168.1.101"
"#;

#[test]
fn one_device_is_activated_and_then_passed_over() {
    let van = Van::new(PAIR);
    let file = van.file("Garden-77x\n");
    let name = ["activate", "4447cc000001", "--format", "json", "--yes"];
    let password = ["--new-password-file", &file];
    let run = van.run(&[&name[..], &password].concat());
    assert_eq!(run.code, 0, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["device"]["mac"], "44:47:cc:00:00:01", "{run}");
    assert_eq!(outcome["result"], "done", "{run}");
    assert_eq!(outcome["message"], "activated", "{run}");
    assert_eq!(outcome["data"]["confirmed"], true, "{run}");
    assert!(run.stderr.contains("the new password is strong"), "{run}");
    assert_eq!(van.states(), ["active", "active"]);
    let again = van.run(&[&name[..], &password].concat());
    assert_eq!(again.code, 4, "named, and not done: {again}");
    assert_eq!(again.json()[0]["result"], "skipped", "{again}");
    assert_eq!(again.json()[0]["message"], "already active", "{again}");
}

#[test]
fn outcomes_keep_their_keys_in_order() {
    let van = Van::new(FRESH);
    let run = van.run(&["activate", "--all", "--dry-run", "--format", "ndjson"]);
    let keys = [
        "\"device\":{\"serial\"",
        "\"mac\"",
        "\"address\"",
        "\"action\"",
        "\"result\"",
        "\"refusal\"",
        "\"number\"",
        "\"tries_left\"",
        "\"lock_minutes\"",
        "\"message\"",
        "\"next\"",
        "\"data\":{",
    ];
    let places: Vec<_> = keys.iter().map(|key| run.stdout.find(key)).collect();
    assert!(places.iter().all(Option::is_some), "{run}");
    assert!(places.is_sorted(), "{run}");
}

#[test]
fn all_unactivated_devices_are_activated_and_the_others_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password.txt");
    fs::write(&file, "Garden-77x").unwrap();
    let state = folder.path().join("state");
    let sim = Sim::start(&["--count", "40", "--seed", "5"]);
    let all = [
        "activate",
        "--all",
        "--yes",
        "--format",
        "json",
        "--parallel",
        "8",
    ];
    let more = [
        "--new-password-file",
        file.to_str().unwrap(),
        "--state",
        state.to_str().unwrap(),
    ];
    let run = sim.run(&[&all[..], &more].concat());
    assert_eq!(run.code, 0, "{run}");
    let number = |run: &Run, message: &str| {
        let outcomes = run.json();
        let outcomes = outcomes.as_array().unwrap().iter();
        outcomes
            .filter(|outcome| outcome["message"] == message)
            .count()
    };
    let done = number(&run, "activated");
    assert!(done > 0 && done < 40, "{run}");
    assert_eq!(run.json().as_array().unwrap().len(), done, "{run}");
    let counted = format!("{} devices are active already", 40 - done);
    assert!(run.stderr.contains(&counted), "{run}");
    let again = sim.run(&[&all[..], &more].concat());
    assert_eq!(
        (again.code, again.json()),
        (0, serde_json::json!([])),
        "{again}"
    );
    assert!(
        again.stderr.contains("40 devices are active already"),
        "{again}"
    );
}

/// Making the keys of so many takes longer than a device's answer is waited for.
#[test]
fn many_at_once_do_not_drown_in_their_keys() {
    let van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 120\nip = \"192.168.1.64\"\nactivated = false\ndelay = \"0..20ms\"\n",
    );
    let run = van.activate_all("Garden-77x", &["--format", "json", "--parallel", "256"]);
    assert_eq!(run.code, 0, "{run}");
    let outcomes = run.json();
    let mut outcomes = outcomes.as_array().unwrap().iter();
    assert!(outcomes.all(|outcome| outcome["result"] == "done"), "{run}");
}

#[test]
fn with_loss_every_device_is_confirmed_or_reported_not_to_be() {
    let van = Van::new(
        r#"
[[device]]
profile = "ipc-v5.5.82"
count = 8
ip = "192.168.1.64"
activated = false
loss = 0.2
delay = "0..100ms"
"#,
    );
    let run = van.activate_all("Garden-77x", &["--format", "json"]);
    let outcomes = run.json();
    for outcome in outcomes.as_array().unwrap() {
        // Every device ends confirmed, or is listed as not.
        let told = match outcome["result"].as_str().unwrap() {
            "done" => outcome["data"]["confirmed"] != false,
            _ => outcome["next"].is_string(),
        };
        assert!(told, "{run}");
    }
    let done = |result: &serde_json::Value| result["result"] == "done";
    let all_done = outcomes.as_array().unwrap().iter().all(done);
    assert_eq!(run.code, i32::from(!all_done), "{run}");
}

#[test]
fn a_batch_killed_midway_is_finished_by_the_next() {
    let van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 24\nip = \"192.168.1.64\"\nactivated = false\ndelay = \"50ms..150ms\"\n",
    );
    let file = van.file("Garden7!x");
    let arguments = [
        "activate",
        "--all",
        "--yes",
        "--parallel",
        "2",
        "--new-password-file",
        &file,
    ];
    let mut child = van
        .command(&arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let active = |van: &Van| {
        van.states()
            .iter()
            .filter(|state| *state == "active")
            .count()
    };
    // It is killed once some are done, and well before all are.
    while active(&van) == 0 && child.try_wait().unwrap().is_none() {}
    child.kill().unwrap();
    child.wait().unwrap();
    let before = active(&van);
    let run = van.activate_all("Garden7!x", &["--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(active(&van), 24, "{run}");
    let outcomes = run.json();
    let done = outcomes
        .as_array()
        .unwrap()
        .iter()
        .filter(|outcome| outcome["result"] == "done")
        // Under way when it was killed, and carried out by then.
        .filter(|outcome| !outcome["message"].as_str().unwrap().contains("earlier"))
        .count();
    assert_eq!(done + before, 24, "none is activated twice: {run}");
}

#[test]
fn weak_passwords_are_refused_before_anything_is_sent() {
    let van = Van::new(FRESH);
    let hard = van.activate_all("short7", &["--force"]);
    assert_eq!((hard.code, hard.stdout.as_str()), (4, ""), "{hard}");
    assert!(hard.stderr.contains("too-short"), "{hard}");
    let soft = van.activate_all("Garden123", &[]);
    assert_eq!((soft.code, soft.stdout.as_str()), (4, ""), "{soft}");
    for text in ["one-two-three", "--force weak-password"] {
        assert!(soft.stderr.contains(text), "{text}: {soft}");
    }
    assert_eq!(van.states(), ["unactivated"]);
    assert!(!van.path("state").exists());
}

#[test]
fn with_force_the_device_decides() {
    let site = |soft: bool| format!("{FRESH}soft_rules = {soft}\n");
    let lenient = Van::new(&site(false)).activate_all("Garden123", &["--force"]);
    assert_eq!(lenient.code, 0, "{lenient}");
    let strict = Van::new(&site(true)).activate_all("Garden123", &["--force", "--format", "csv"]);
    assert_eq!(strict.code, 1, "{strict}");
    assert!(strict.stdout.contains("(2020 riskPassword)"), "{strict}");
}

#[test]
fn a_dry_run_sends_nothing() {
    let van = Van::new(PAIR);
    let run = van.run(&["activate", "--all", "--dry-run", "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    let results: Vec<_> = run
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["result"].clone())
        .collect();
    assert_eq!(results, ["planned"], "{run}");
    assert!(run.stderr.contains("1 device is active already"), "{run}");
    let weak = van.activate_all("short7", &["--dry-run"]);
    assert_eq!(weak.code, 4, "{weak}");
    let lamp = van.run(&["locate", "192.168.1.101", "on", "--dry-run"]);
    assert_eq!(lamp.code, 0, "{lamp}");
    assert!(lamp.stdout.contains("planned"), "{lamp}");
    assert_eq!(van.states(), ["unactivated", "active"]);
    assert!(
        !van.path("state").exists(),
        "nothing was sent, so nothing is kept"
    );
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    for arguments in [
        &["activate", "--all"][..],
        &["cloud", "enable", "192.168.1.64"],
    ] {
        let run = run(&[arguments, &["-i", "127.0.0.1"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        assert!(run.stderr.contains("--yes"), "{run}");
    }
}

#[test]
fn a_password_that_cannot_be_had_ends_it() {
    let activate = |more: &[&str]| {
        let arguments = ["activate", "--all", "--yes", "-i", "127.0.0.1"];
        run(&[&arguments, more].concat())
    };
    let none = activate(&[]);
    assert_eq!(none.code, 2, "{none}");
    for text in ["--new-password-file", "SADPCTL_NEW_PASSWORD"] {
        assert!(none.stderr.contains(text), "{text}: {none}");
    }
    let missing = activate(&["--new-password-file", "no/such/file"]);
    assert_eq!(missing.code, 5, "{missing}");
    assert!(missing.stderr.contains("no/such/file"), "{missing}");
    let empty = activate(&["--new-password-file", "-"]);
    assert_eq!(empty.code, 2, "{empty}");
    let xml = activate(&["--format", "xml"]);
    assert_eq!((xml.code, xml.stdout.as_str()), (2, ""), "{xml}");
}

#[test]
fn a_password_is_read_from_standard_input() {
    let van = Van::new(FRESH);
    let arguments = ["activate", "--all", "--yes", "--new-password-file", "-"];
    let mut child = van
        .command(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"Garden-77x\n")
        .unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(van.states(), ["active"]);
}

#[test]
fn without_a_ledger_nothing_is_sent() {
    let van = Van::new(FRESH);
    fs::write(van.path("state"), "no folder").unwrap();
    let run = van.activate_all("Garden-77x", &[]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run}");
    assert!(run.stderr.contains("--state"), "{run}");
    // Scanning goes on without it.
    assert_eq!(van.states(), ["unactivated"]);
}

/// Every word of the table in docs/protocol.md, one unknown and one hostile.
#[test]
fn every_refusal_is_reported_with_number_cause_and_next_step() {
    const WORDS: [&str; 18] = [
        "failed",
        "locked",
        "notActivated",
        "riskPassword",
        "hasActivated",
        "emptyEncryptString",
        "exportFileOverDue",
        "PasswordError",
        "LongAnswer",
        "invalidGUID",
        "AnswerError",
        "QuestionNumErr",
        "CodeError",
        "IllegalVerificationCode",
        "notExist",
        "notSetMailBox",
        "denied",
        "\\u202Eevil\\u200B",
    ];
    let device = |(number, word): (usize, &&str)| {
        format!(
            "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:01:{number:02x}\"\n\
             ip = \"192.168.1.{}\"\nactivated = false\nrefuse = {{ activate = \"{word}\" }}\n",
            number + 100
        )
    };
    let site: String = WORDS.iter().enumerate().map(device).collect();
    let van = Van::new(&site);
    let run = van.activate_all("Garden-77x", &["--format", "json"]);
    assert_eq!(run.code, 1, "{run}");
    let mut outcomes = run.json().as_array().unwrap().clone();
    outcomes.sort_by_key(|outcome| outcome["device"]["mac"].to_string());
    let told: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            format!(
                "{} {:?} {}\n  {}\n  {}",
                outcome["result"].as_str().unwrap(),
                outcome["refusal"].as_str().unwrap(),
                outcome["number"],
                outcome["message"].as_str().unwrap(),
                outcome["next"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(told.len(), WORDS.len(), "{run}");
    assert_snapshot!(told.join("\n"));
}

#[test]
fn a_lock_that_a_device_reported_is_remembered() {
    let van = Van::new(
        r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.103"
refuse = { lamp = { word = "locked", retry_times = 0, lock_minutes = 12 } }
"#,
    );
    let run = van.run(&["locate", "192.168.1.103", "on", "--yes", "--format", "json"]);
    assert_eq!(run.code, 1, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["refusal"], "locked", "{run}");
    assert_eq!(outcome["number"], 2018, "{run}");
    assert_eq!(outcome["tries_left"], 0, "{run}");
    assert_eq!(outcome["lock_minutes"], 12, "{run}");
    let scan = van.run(&["scan", "--format", "json"]);
    let device = &scan.json()[0];
    assert_eq!(device["state"], "locked", "{scan}");
    assert!(device["locked_until"].is_string(), "{scan}");
    let show = van.run(&["show", "192.168.1.103", "--format", "json"]);
    assert_eq!(show.json()["state"], "locked", "{show}");
    assert!(ledger_exists(&van.path("state")));
    // Without that folder, nothing is remembered.
    let elsewhere = van.sim.run(&["scan", "--format", "json"]);
    assert_eq!(elsewhere.json()[0]["state"], "active", "{elsewhere}");
}

fn ledger_exists(folder: &Path) -> bool {
    folder.join("ledger.sqlite3").exists()
}

#[test]
fn a_lamp_is_switched_or_reported_to_be_missing() {
    let van = Van::new(
        r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:04"
ip = "192.168.1.104"

[[device]]
profile = "ipc-v5.2.5"
mac = "44:47:cc:00:00:05"
ip = "192.168.1.105"
"#,
    );
    let on = van.run(&["locate", "44:47:cc:00:00:04", "on", "--yes"]);
    let none = van.run(&["locate", "44:47:cc:00:00:05", "off", "--yes"]);
    assert_snapshot!(format!("{}\n{}", on.stderr, none.stderr));
    assert_eq!((on.code, none.code), (0, 1), "{on}\n{none}");
    assert!(on.stdout.contains("lamp on"), "{on}");
}

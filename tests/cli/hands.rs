//! Ways that take a person's hands: `reset button` and `reset app`. Who presses
//! the button is played by other devices in the place of the first.

use std::fs;

use crate::{activate::Van, talk::Talk};

const MAC: &str = "44:47:cc:00:00:01";

/// A camera with a password.
const LOCKED: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
serial = "DS-2CD2143G0-I20190114AAWRC08820301"
ip = "192.168.1.101"
"#;

/// The same after its button was held, and one that is none of our business.
const RESET: &str = r#"
[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
ip = "192.168.1.102"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
serial = "DS-2CD2143G0-I20190114AAWRC08820301"
ip = "192.168.1.64"
activated = false
"#;

const RECORDER: &str = r#"
[[device]]
profile = "nvr-v4.1.70"
mac = "44:47:cc:00:00:03"
ip = "192.168.1.100"
"#;

/// Runs until it waits for the button.
fn wait_for_button(van: &Van, more: &[&str]) -> Talk {
    let button = ["reset", "button", MAC, "--for", "1h"];
    let arguments = [&button, &["--format", "json"][..], more].concat();
    let mut waiting = Talk::start(&mut van.command(&arguments));
    waiting.until("Waiting for it");
    waiting
}

fn replace(van: &mut Van, site: &str) {
    let path = van.path("after.toml");
    fs::write(&path, site).unwrap();
    van.sim.replace(&[path.to_str().unwrap()]);
}

#[test]
fn a_device_that_comes_back_without_a_password_is_shown_with_how_to_activate_it() {
    let mut van = Van::new(LOCKED);
    let waiting = wait_for_button(&van, &[]);
    for text in [
        "more than 30 s",
        "All its settings are lost",
        "192.168.1.101",
    ] {
        assert!(waiting.said.contains(text), "{text}: {}", waiting.said);
    }
    replace(&mut van, RESET);
    let run = waiting.end();
    assert_eq!(run.code, 0, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["action"], "button", "{run}");
    assert_eq!(outcome["result"], "done", "{run}");
    assert_eq!(outcome["device"]["address"], "192.168.1.64", "{run}");
    assert_eq!(outcome["data"]["state"], "unactivated", "{run}");
    let next = outcome["next"].as_str().unwrap();
    assert!(next.contains(&format!("sadpctl activate {MAC}")), "{run}");
    assert!(!van.path("state").exists(), "nothing was sent");
}

#[test]
fn a_device_that_comes_back_is_activated_at_once() {
    let mut van = Van::new(LOCKED);
    let file = van.file("Garden-77x");
    let waiting = wait_for_button(&van, &["--activate", "--new-password-file", &file]);
    replace(&mut van, RESET);
    let run = waiting.end();
    assert_eq!(run.code, 0, "{run}");
    let outcomes = run.json();
    assert_eq!(outcomes.as_array().unwrap().len(), 1, "{run}");
    assert_eq!(outcomes[0]["action"], "activate", "{run}");
    assert_eq!(outcomes[0]["result"], "done", "{run}");
    assert_eq!(outcomes[0]["device"]["mac"], MAC, "{run}");
    let scan = van.run(&["scan", "--format", "json", "--sort", "mac"]);
    assert_eq!(scan.json()[0]["state"], "active", "{scan}");
    assert_eq!(scan.json()[1]["state"], "unactivated", "{scan}");
}

/// The whole course as the simulated device plays it: silent, a Hello, factory
/// settings, no password. The button is held long after it is waited for.
#[test]
fn a_button_held_is_followed_to_the_first_password() {
    let van = Van::new(&format!("{LOCKED}button = \"20s\"\nreboot = \"5s\"\n"));
    let file = van.file("Garden-77x");
    let waiting = wait_for_button(&van, &["--activate", "--new-password-file", &file]);
    let run = waiting.end();
    assert_eq!(run.code, 0, "{run}");
    let told = "It is back and unactivated, at 192.168.1.64; it was at 192.168.1.101.";
    assert!(run.stderr.contains(told), "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["action"], "activate", "{run}");
    assert_eq!(outcome["result"], "done", "{run}");
    assert_eq!(outcome["device"]["address"], "192.168.1.64", "{run}");
    assert_eq!(outcome["data"]["confirmed"], true, "{run}");
}

#[test]
fn a_device_that_is_unactivated_is_reported_at_once() {
    let van = Van::new(RESET);
    let run = van.run(&["reset", "button", MAC, "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["result"], "done", "{run}");
    let message = outcome["message"].as_str().unwrap();
    assert!(message.starts_with("already unactivated"), "{run}");
    assert!(!run.stderr.contains("hold"), "{run}");
    let file = van.file("Garden-77x");
    let activate = ["--activate", "--new-password-file", &file];
    let run = van.run(&[&["reset", "button", MAC], &activate[..]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("activated"), "{run}");
}

#[test]
fn the_waiting_ends() {
    let van = Van::new(LOCKED);
    let run = van.run(&["reset", "button", MAC, "--for", "100ms", "--format", "json"]);
    assert_eq!(run.code, 1, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["result"], "skipped", "{run}");
    assert_eq!(outcome["message"], "still active: not reset yet", "{run}");
    assert_eq!(outcome["data"]["state"], "active", "{run}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_wait_shows_how_far_it_got() {
    let mut van = Van::new(LOCKED);
    let waiting = wait_for_button(&van, &[]);
    waiting.signal("INT");
    let run = waiting.end();
    assert_eq!(run.code, 1, "{run}");
    let message = &run.json()[0]["message"];
    assert_eq!(message, "still active: not reset yet", "{run}");
    // Off, when it is interrupted.
    let mut waiting = wait_for_button(&van, &[]);
    van.sim.stop();
    waiting.until("It is offline");
    waiting.signal("INT");
    let run = waiting.end();
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(run.json()[0]["result"], "no-answer", "{run}");
    assert_eq!(run.json()[0]["data"]["state"], serde_json::Value::Null);
}

#[test]
fn other_methods_of_a_recorder_are_shown() {
    let van = Van::new(RECORDER);
    let name = ["reset", "button", "44:47:cc:00:00:03", "--format", "json"];
    let run = van.run(&name);
    assert_eq!(run.code, 4, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["result"], "skipped", "{run}");
    let message = outcome["message"].as_str().unwrap();
    assert!(message.contains("recorders"), "{run}");
    assert!(
        outcome["data"]["ways"]
            .as_array()
            .unwrap()
            .contains(&"request".into()),
        "{run}"
    );
    assert!(
        outcome["next"].as_str().unwrap().contains("GUID file"),
        "{run}"
    );
    assert!(!run.stderr.contains("Waiting"), "{run}");
    let forced = van.run(&[&name, &["--force", "--for", "0s"][..]].concat());
    assert_eq!(forced.code, 1, "{forced}");
    assert!(forced.stderr.contains("It may not work"), "{forced}");
}

#[test]
fn what_cannot_be_done_is_reported_before_the_wait() {
    let van = Van::new(LOCKED);
    let file = van.file("short7");
    let button = ["reset", "button", MAC];
    let weak = [&button[..], &["--activate", "--new-password-file", &file]].concat();
    let none = [&button[..], &["--activate"]].concat();
    let xml = [&button[..], &["--format", "xml"]].concat();
    let unknown = ["reset", "button", "44:47:cc:00:00:77"];
    for (arguments, code) in [(&weak[..], 4), (&none, 2), (&xml, 2), (&unknown, 3)] {
        let run = van.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run}");
        assert!(!run.stderr.contains("Waiting"), "{run}");
    }
}

#[test]
fn apps_are_judged_and_explained() {
    let van = Van::new(&format!("{LOCKED}{RECORDER}"));
    let camera = van.run(&["reset", "app", MAC, "--format", "json"]);
    assert_eq!(camera.code, 0, "{camera}");
    let apps = camera.json();
    assert_eq!(apps[0]["way"], "hik-proconnect", "{camera}");
    assert_eq!(apps[0]["availability"], "needs", "{camera}");
    assert_eq!(apps[0]["needs"][0]["name"], "installer-site", "{camera}");
    assert!(!apps[0]["steps"].as_array().unwrap().is_empty(), "{camera}");
    assert_eq!(apps[1]["way"], "hik-connect", "{camera}");
    assert_eq!(apps[1]["obstacle"]["name"], "kind", "{camera}");
    assert!(apps[1]["steps"].as_array().unwrap().is_empty(), "{camera}");
    let recorder = ["reset", "app", "192.168.1.100", "--app", "hik-connect"];
    let old = van.run(&[&recorder[..], &["--format", "ndjson"]].concat());
    assert_eq!(old.stdout.lines().count(), 1, "{old}");
    let app = serde_json::from_str::<serde_json::Value>(&old.stdout).unwrap();
    assert_eq!(app["obstacle"]["name"], "firmware-below", "{old}");
    assert_eq!(app["checks"][1]["name"], "firmware", "{old}");
    assert_eq!(app["checks"][1]["holds"], false, "{old}");
    let table = van.run(&recorder);
    assert!(table.stdout.contains("not for this device"), "{table}");
    assert!(table.stderr.contains("other methods"), "{table}");
    for format in ["csv", "xml"] {
        let run = van.run(&["reset", "app", MAC, "--format", format]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    }
    assert!(!van.path("state").exists(), "nothing was sent");
}

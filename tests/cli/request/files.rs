//! What is not sent: files that are no answers, and requests that are spoilt.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use sadp_reset::{Action, Attempt, DeviceKey, Digest, Ledger, Package};

use super::{RecoverySite, device, name, outcomes, results, text};
use crate::run::Run;

fn camera() -> RecoverySite {
    RecoverySite::new(&device("ipc-v5.5.82", 1, ""))
}

/// Imports a file for a device that is on no network of this computer: what got
/// as far as looking for it would end otherwise.
fn import(recovery: &RecoverySite, file: &str, more: &[&str]) -> Run {
    let arguments = ["reset", "import", file, "--yes", "--format", "json"];
    let mut command = crate::run::sadpctl(&[&arguments, more].concat());
    command
        .args(["-i", "no-such-interface"])
        .env("SADPCTL_STATE", recovery.van.path("state"))
        .env("SADPCTL_NEW_PASSWORD", super::NEW);
    command.output().unwrap().into()
}

#[test]
fn a_request_that_version_0_1_0_exported_is_still_answered() {
    let recovery = camera();
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    let serial = text(&export.json()[0]["device"]["serial"]);
    let package = recovery.packages().into_values().next().unwrap();
    let exported = fs::read_to_string(package.join("DeviceKey.xml")).unwrap();
    // Version 0.1.0 wrote the code alone.
    let code = exported.strip_suffix(&serial).unwrap();
    let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
    let record = fs::read_to_string(package.join("request.json")).unwrap();
    let record = record.replace(&digest(&exported), &digest(code));
    fs::write(package.join("DeviceKey.xml"), code).unwrap();
    fs::write(package.join("request.json"), record).unwrap();
    let state = recovery.van.path("state");
    fs::remove_dir_all(&state).unwrap();
    let case = Package::read(&package).unwrap().request;
    Ledger::open(&state).unwrap().open_case(&case).unwrap();
    recovery.answer(&[]);
    let import = recovery.import(&[]);
    assert_eq!(
        (import.code, results(&import)),
        (0, vec!["done".into()]),
        "{import}"
    );
    assert_eq!(recovery.cases()[0].1, "recovered");
}

#[test]
fn a_device_without_a_serial_number_is_recovered_and_the_lack_is_reported() {
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, "omit = [\"DeviceSN\"]"));
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    let message = text(&export.json()[0]["message"]);
    assert!(message.contains("reported no serial number"), "{export}");
    let package = recovery.packages().into_values().next().unwrap();
    let code = fs::read_to_string(package.join("DeviceKey.xml")).unwrap();
    assert!(
        code.parse::<sadp_sim::vendor_support::RequestText>()
            .is_ok()
    );
    let form = fs::read_to_string(package.join("request.txt")).unwrap();
    assert!(
        form.contains("The device reported no serial number."),
        "{form}"
    );
    recovery.answer(&["--key"]);
    let import = recovery.import(&[]);
    assert_eq!(
        (import.code, results(&import)),
        (0, vec!["done".into()]),
        "{import}"
    );
}

#[test]
fn files_that_are_no_answers_are_refused_before_anything_is_sent() {
    let recovery = camera();
    assert_eq!(recovery.export(&["--all"]).code, 0);
    let package = recovery.packages().into_values().next().unwrap();
    let list = recovery.run(&["scan", "--format", "csv"]).stdout;
    let code = fs::read(package.join("DeviceKey.xml")).unwrap();
    let record = fs::read(package.join("request.json")).unwrap();
    let form = fs::read(package.join("request.txt")).unwrap();
    let picture = fs::read(package.join("qr.png")).unwrap();
    let guid: Vec<u8> = (0..128).collect();
    let long = vec![b'a'; 1025];
    for (name, content, told) in [
        (
            "devices.csv",
            list.as_bytes(),
            "a device list, not an answer",
        ),
        ("DeviceKey.xml", &code[..], "the request itself"),
        ("copy.xml", &code[..], "the request itself"),
        ("record.xml", &record[..], "the record of a request"),
        ("form.txt", &form[..], "the form for the support"),
        ("photo.xml", &picture[..], "a picture"),
        ("DeviceGUID.xml", &guid[..], "a GUID"),
        ("empty.xml", b"", "empty"),
        ("long.xml", &long[..], "longer than any answer"),
        (
            "foreign_4447cc0000ee.xml",
            b"an-answer",
            "of a device that has no request here",
        ),
        (
            "Encrypt.xml",
            b"an-answer",
            "nothing shows which request it answers",
        ),
        (
            "letter.txt",
            b"Dear customer, here is your answer.",
            "a letter",
        ),
        ("sheet.csv", b"Camera;Place\nGate;Yard\n", "a table"),
        (
            "mail.txt",
            b"Subject: your answer\n",
            "an e-mail that cannot",
        ),
        (
            "words.txt",
            b"AbC 12345",
            "neither an encrypted answer nor a key",
        ),
        (
            "mail.eml",
            b"From: a@example.com\nSubject: your answer\n\nAbC12345\n",
            "the e-mail has no attachment",
        ),
    ] {
        let path = recovery.van.path(name);
        fs::write(&path, content).unwrap();
        let file = path.to_str().unwrap();
        let run = import(&recovery, file, &[]);
        assert_eq!(
            (run.code, results(&run)),
            (4, vec!["skipped".into()]),
            "{name}: {run}"
        );
        let outcome = &run.json()[0];
        assert!(
            outcome["message"].as_str().unwrap().contains(told),
            "{name}: {run}"
        );
        assert_eq!(outcome["data"]["file"], file, "{run}");
        assert!(outcome["next"].is_string(), "{run}");
        assert_eq!(
            fs::read(&path).unwrap(),
            content,
            "{name} is left as it was"
        );
    }
    let missing = import(&recovery, "no-such-file.xml", &[]);
    assert_eq!(missing.code, 5, "{missing}");
    let empty = recovery.van.path("empty");
    fs::create_dir(&empty).unwrap();
    let none = import(&recovery, empty.to_str().unwrap(), &[]);
    assert_eq!(none.code, 2, "{none}");
    assert!(none.stderr.contains("no answer was found"), "{none}");
}

#[test]
fn a_bad_file_does_not_hold_up_the_good_ones() {
    let recovery = camera();
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let csv = recovery.van.path("devices.csv");
    fs::write(&csv, recovery.run(&["scan", "--format", "csv"]).stdout).unwrap();
    let run = recovery.import(&[csv.to_str().unwrap()]);
    assert_eq!(
        (run.code, results(&run)),
        (4, ["done", "skipped"].map(Into::into).to_vec()),
        "{run}"
    );
}

#[test]
fn a_device_that_restarted_is_not_sent_its_old_answer() {
    let recovery = camera();
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let restarted = device("ipc-v5.5.82", 1, "").replace("09-18T09", "09-19T10");
    let recovery = recovery.go_to(&restarted);
    let run = recovery.import(&[]);
    assert_eq!(
        (run.code, results(&run)),
        (4, vec!["skipped".into()]),
        "{run}"
    );
    assert!(run.stdout.contains("restarted since the export"), "{run}");
    let cases = recovery.run(&["reset", "cases", "--look", "--format", "json"]);
    assert_eq!(
        cases.json()[0]["invalid_reasons"],
        serde_json::json!(["rebooted"]),
        "{cases}"
    );
    let ways = recovery.run(&["reset", "ways", "192.168.1.101"]);
    assert!(ways.stdout.contains("a new request; that of"), "{ways}");
    // The device itself has the last word.
    let forced = recovery.import(&["--force", "stale-request"]);
    assert_eq!(forced.code, 1, "{forced}");
    assert_eq!(
        forced.json()[0]["refusal"],
        "emptyEncryptString",
        "{forced}"
    );
    assert_eq!(recovery.cases()[0].1, "spent");
    // A spoilt request holds up no other: --again is not needed.
    let second = recovery.export(&["--all"]);
    assert_eq!(second.code, 0, "{second}");
}

#[test]
fn a_request_that_may_be_void_is_reported_and_left_to_the_user() {
    let recovery = camera();
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    // Another was asked for, and no answer came.
    let mut ledger = Ledger::open(&recovery.van.path("state")).unwrap();
    let attempt = Attempt {
        device: DeviceKey::new("44:47:cc:00:00:01".parse().ok(), None),
        address: None,
        action: Action::ExportRequest,
        at: Timestamp::now() + SignedDuration::from_secs(2),
    };
    ledger.begin(&attempt).unwrap();
    let cases = recovery.run(&["reset", "cases", "--format", "json"]);
    let case = &cases.json()[0];
    assert_eq!(
        (&case["state"], &case["invalid_reasons"]),
        (
            &"open".into(),
            &serde_json::json!(["possibly-exported-again"])
        ),
        "{cases}"
    );
    assert!(text(&case["next"]).contains("--again"), "{cases}");
    let told = "another request was asked for on";
    let planned = recovery.import(&["--dry-run"]);
    assert_eq!(
        (planned.code, results(&planned)),
        (0, vec!["planned".into()]),
        "{planned}"
    );
    assert!(planned.stdout.contains(told), "{planned}");
    let run = recovery.import(&[]);
    assert_eq!((run.code, results(&run)), (0, vec!["done".into()]), "{run}");
    assert!(run.stderr.contains(told), "{run}");
}

#[test]
fn an_open_request_is_not_given_up_by_yes_alone() {
    let recovery = camera();
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let again = recovery.export(&["192.168.1.101"]);
    assert_eq!(
        (again.code, results(&again)),
        (4, vec!["skipped".into()]),
        "{again}"
    );
    assert!(again.stdout.contains("--again"), "{again}");
    assert_eq!(recovery.packages().len(), 1);
    // A later second is needed for a package of another name.
    let old = recovery.packages().into_values().next().unwrap();
    let kept = recovery.van.path("kept_4447cc000001");
    fs::rename(&old, &kept).unwrap();
    let again = recovery.export(&["192.168.1.101", "--again"]);
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(
        again.json()[0]["data"]["superseded"],
        serde_json::json!([1]),
        "{again}"
    );
    let late = recovery.import_from(kept.to_str().unwrap(), &[]);
    assert_eq!(
        (late.code, results(&late)),
        (4, vec!["skipped".into()]),
        "{late}"
    );
    assert!(late.stdout.contains("exported again"), "{late}");
    recovery.answer(&[]);
    assert_eq!(recovery.import(&[]).code, 0);
    assert_eq!(recovery.cases()[1].1, "superseded");
}

#[test]
fn a_dry_run_writes_and_sends_nothing() {
    let recovery = camera();
    let export = recovery.export(&["--all", "--dry-run"]);
    assert_eq!(
        (export.code, results(&export)),
        (0, vec!["planned".into()]),
        "{export}"
    );
    assert!(!recovery.requests().exists());
    assert!(!recovery.van.path("state").exists());
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let import = recovery.import(&["--dry-run"]);
    assert_eq!(
        (import.code, results(&import)),
        (0, vec!["planned".into()]),
        "{import}"
    );
    assert_eq!(recovery.cases()[0].1, "open");
    assert_eq!(recovery.import(&[]).code, 0);
}

#[test]
fn a_key_goes_to_the_device_named() {
    let recovery = RecoverySite::new(&format!(
        "{}{}{}",
        device("ipc-v5.5.82", 1, ""),
        device("ipc-v5.3.3", 2, ""),
        device("ipc-v5.2.5", 3, ""),
    ));
    let keyed = ["192.168.1.101", "192.168.1.103"];
    assert_eq!(recovery.export(&keyed).code, 0);
    recovery.answer(&["--key"]);
    let key = |mac: &str| {
        let package = &recovery.packages()[mac];
        let mut files = fs::read_dir(package).unwrap();
        let keyed = files.find_map(|file| {
            let path = file.unwrap().path();
            name(&path).starts_with("key_").then_some(path)
        });
        keyed.unwrap().to_str().unwrap().to_owned()
    };
    let import = |device: &str, file: &str| {
        let arguments = ["reset", "import", "--device", device, "--key-file", file];
        let mut command =
            recovery.command(&[&arguments[..], &["--yes", "--format", "json"]].concat());
        if device.ends_with("03") {
            // Nobody is asked for a password that is not set.
            command.env_remove("SADPCTL_NEW_PASSWORD");
        }
        Run::from(command.output().unwrap())
    };
    let code = key("4447cc000003");
    let old = import("44:47:cc:00:00:03", &code);
    assert_eq!((old.code, results(&old)), (0, vec!["done".into()]), "{old}");
    assert!(
        old.stdout.contains("give it a password of its own at once"),
        "{old}"
    );
    assert!(recovery.takes("192.168.1.103", "SimDefault-1"));
    // A dated code is no key, and a device that takes files takes no key.
    let wrong = import("192.168.1.101", &code);
    assert_eq!(wrong.code, 4, "{wrong}");
    assert!(wrong.stdout.contains("exactly 8 characters"), "{wrong}");
    let file_only = import("192.168.1.102", &key("4447cc000001"));
    assert_eq!(file_only.code, 4, "{file_only}");
    assert!(file_only.stdout.contains("takes no key"), "{file_only}");
    let right = import("192.168.1.101", &key("4447cc000001"));
    assert_eq!(
        (right.code, results(&right)),
        (0, vec!["done".into()]),
        "{right}"
    );
    assert!(recovery.takes("192.168.1.101", super::NEW));
    let told = outcomes(&right);
    assert_eq!(
        told["44:47:cc:00:00:01"]["data"]["closed"], "recovered",
        "{right}"
    );
}

#[test]
fn cases_are_listed_and_forgotten() {
    let recovery = camera();
    let none = recovery.run(&["reset", "cases"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""), "{none}");
    assert!(
        !recovery.van.path("state").exists(),
        "listing makes no ledger"
    );
    assert_eq!(recovery.export(&["--all"]).code, 0);
    let run = recovery.run(&["reset", "cases", "--format", "json"]);
    let case = &run.json()[0];
    assert_eq!(case["case"], 1, "{run}");
    assert_eq!(case["kind"], "file-or-key", "{run}");
    assert_eq!(case["state"], "open", "{run}");
    assert_eq!(case["invalid_reasons"], serde_json::json!([]), "{run}");
    assert!(
        case["next"].as_str().unwrap().contains("reset import"),
        "{run}"
    );
    for format in ["table", "csv", "ndjson"] {
        let run = recovery.run(&["reset", "cases", "--look", "--format", format]);
        assert!(
            run.code == 0 && run.stdout.contains("44:47:cc:00:00:01"),
            "{run}"
        );
    }
    let state = recovery.van.path("state");
    let state = state.to_str().unwrap();
    let forget = |id| crate::run::run(&["reset", "cases", "forget", id, "--state", state]);
    let unknown = forget("7");
    assert_eq!(unknown.code, 3, "{unknown}");
    let given_up = forget("1");
    assert_eq!(given_up.code, 0, "{given_up}");
    assert_eq!(recovery.cases()[0].1, "forgotten");
    assert_eq!(forget("1").code, 3);
}

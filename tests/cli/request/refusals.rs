//! What devices refuse.

use insta::assert_snapshot;
use jiff::Timestamp;
use sadp_reset::{Action, Attempt, DeviceKey, Ledger};

use super::{RecoverySite, device, outcomes, results, text};

#[test]
fn every_word_of_refusal_is_reported_and_closes_what_it_must() {
    const WORDS: [&str; 8] = [
        "failed",
        "notActivated",
        "riskPassword",
        "emptyEncryptString",
        "exportFileOverDue",
        "locked",
        "denied",
        "\\u202Eevil",
    ];
    let refusing = |(last, word): (u8, &str)| {
        device(
            "ipc-v5.5.82",
            last,
            &format!("refuse = {{ reset = \"{word}\" }}"),
        )
    };
    let recovery = RecoverySite::new(&(1..).zip(WORDS).map(refusing).collect::<String>());
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    let run = recovery.import(&[]);
    assert_eq!(run.code, 1, "{run}");
    let mut cases = recovery.cases();
    cases.sort();
    let told: Vec<_> = outcomes(&run)
        .values()
        .zip(cases)
        .map(|(outcome, (_, case))| {
            format!(
                "{} {:?} {}, case {case}\n  {}\n  {}",
                text(&outcome["result"]),
                text(&outcome["refusal"]),
                outcome["number"],
                text(&outcome["message"]),
                text(&outcome["next"]),
            )
        })
        .collect();
    assert_eq!(told.len(), WORDS.len(), "{run}");
    assert_snapshot!(told.join("\n"));
}

#[test]
fn an_export_that_is_refused_opens_no_case() {
    let refuse = "refuse = { getencryptstring = \"failed\" }";
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, refuse));
    let run = recovery.export(&["--all"]);
    assert_eq!(
        (run.code, results(&run)),
        (1, vec!["refused".into()]),
        "{run}"
    );
    assert!(recovery.cases().is_empty());
    assert!(recovery.packages().is_empty());
}

#[test]
fn what_was_sent_before_without_a_reply_was_most_likely_taken() {
    let refuse = "refuse = { reset = \"emptyEncryptString\" }";
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, refuse));
    assert_eq!(recovery.export(&["--all"]).code, 0);
    recovery.answer(&[]);
    // As a run leaves it that was killed before a reply came.
    let mut ledger = Ledger::open(&recovery.van.path("state")).unwrap();
    let attempt = Attempt {
        device: DeviceKey::new(Some("44:47:cc:00:00:01".parse().unwrap()), None),
        address: None,
        action: Action::ImportAnswer,
        at: Timestamp::now(),
    };
    ledger.begin(&attempt).unwrap();
    drop(ledger);
    let sent = recovery.van.sent();
    let held = recovery.import(&[]);
    assert_eq!((held.code, recovery.van.sent()), (4, sent), "{held}");
    let outcome = &held.json()[0];
    assert!(
        text(&outcome["next"]).contains("--force may-have-worked"),
        "{held}"
    );
    let cases = recovery.run(&["reset", "cases", "--format", "json"]);
    let case = &cases.json()[0];
    assert!(text(&case["reasons"][0]).contains("most likely"), "{cases}");
    assert!(
        text(&case["next"]).contains("try the new password"),
        "{cases}"
    );
    let run = recovery.import(&["--force", "may-have-worked"]);
    assert_eq!(run.code, 1, "{run}");
    let outcome = &run.json()[0];
    assert_eq!(outcome["result"], "unknown", "{run}");
    assert!(
        text(&outcome["message"]).contains("most likely it accepted the answer"),
        "{run}"
    );
    assert!(
        text(&outcome["next"]).contains("try the new password"),
        "{run}"
    );
    assert_eq!(recovery.cases()[0].1, "open");
    let again = recovery.import(&[]);
    assert_eq!(
        (again.code, results(&again)),
        (4, vec!["skipped".into()]),
        "{again}"
    );
}

#[test]
fn only_recorders_that_offer_it_pass_the_password_on() {
    let camera = device("ipc-v5.5.82", 1, "password = \"Former-11\"");
    let recorder = device(
        "nvr-v4.30.085",
        2,
        "password = \"Former-22\"\ncameras = [\"192.168.1.103\"]",
    );
    let behind = device("ipc-v5.5.82", 3, "password = \"Former-33\"");
    let recovery = RecoverySite::new(&format!("{camera}{recorder}{behind}"));
    assert_eq!(recovery.export(&["192.168.1.101", "192.168.1.102"]).code, 0);
    recovery.answer(&[]);
    let run = recovery.import(&["--sync-cameras"]);
    assert_eq!(run.code, 4, "{run}");
    let told = outcomes(&run);
    assert_eq!(told["44:47:cc:00:00:01"]["result"], "skipped", "{run}");
    assert!(
        text(&told["44:47:cc:00:00:01"]["message"]).contains("does not offer"),
        "{run}"
    );
    assert_eq!(told["44:47:cc:00:00:02"]["result"], "done", "{run}");
    assert!(recovery.takes("192.168.1.103", super::NEW));
}

#[test]
fn a_locked_device_is_left_alone() {
    let recovery = RecoverySite::new(&device("ipc-v5.5.82", 1, "recovery_tries_left = 0"));
    assert_eq!(
        recovery.export(&["--all"]).code,
        0,
        "a lock holds up no request"
    );
    recovery.answer(&[]);
    let run = recovery.import(&[]);
    assert_eq!(run.json()[0]["refusal"], "locked", "{run}");
    let again = recovery.import(&[]);
    assert_eq!(
        (again.code, results(&again)),
        (4, vec!["skipped".into()]),
        "{again}"
    );
    assert!(again.stdout.contains("remembered as locked"), "{again}");
    assert_eq!(recovery.cases()[0].1, "open");
}

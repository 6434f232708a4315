//! The readiness of a simulated site.

use crate::{
    activate::Van,
    prepared::{ONE, TWO, recorder},
    run::Run,
};

const CAMERA: &str = "[[device]]\nprofile = \"ipc-v5.5.6\"\nmac = \"44:47:cc:00:00:03\"\n\
    ip = \"192.168.1.103\"\nactivated = false\n";

/// The findings of a device.
fn findings(run: &Run, mac: &str) -> Vec<String> {
    let json = run.json();
    let mut rows = json.as_array().unwrap().iter();
    let row = rows.find(|row| row["device"]["mac"] == mac).unwrap();
    let findings = row["findings"].as_array().unwrap().iter();
    findings
        .map(|it| it["finding"].as_str().unwrap().into())
        .collect()
}

#[test]
fn a_site_is_audited_prepared_and_audited_again() {
    let van = Van::new(&[&recorder(1, ""), &recorder(2, ""), CAMERA].concat());
    let audit = ["audit", "--format", "json"];
    let before = van.run(&audit);
    assert_eq!(before.code, 1, "{before}");
    assert_eq!(findings(&before, ONE), ["not-recoverable"], "{before}");
    assert_eq!(
        findings(&before, "44:47:cc:00:00:03"),
        ["unactivated"],
        "{before}"
    );
    let summary = "0 of 3 devices can be recovered without the vendor's support";
    assert!(before.stderr.contains(summary), "{before}");
    let earlier = van.put("before.json", &before.stdout);
    let prepared = van.reset(&["prepare", ONE, TWO, "--yes"]);
    assert_eq!(prepared.code, 0, "{prepared}");
    let since = [
        "audit", "--format", "json", "--since", &earlier, "--where", "kind=nvr",
    ];
    let after = van.run(&since);
    assert_eq!(after.code, 0, "advice alone: {after}");
    let advice = ["mailbox-missing", "questions-missing"];
    assert_eq!(findings(&after, TWO), advice, "{after}");
    let row = &after.json()[0];
    assert_eq!(row["recoverable"], true, "{after}");
    assert_eq!(row["since"]["mended"][0], "not-recoverable", "{after}");
    assert_eq!(row["findings"][0]["problem"], false, "{after}");
    let next = row["findings"][0]["next"].as_str().unwrap();
    assert!(
        next.starts_with("sadpctl reset prepare 44:47:cc"),
        "{after}"
    );
    assert!(after.stderr.contains("2 devices changed"), "{after}");
    assert!(
        after
            .stderr
            .contains("44:47:cc:00:00:03 was audited before"),
        "{after}"
    );
    let table = van.run(&["audit"]);
    assert!(table.stdout.contains("advice"), "{table}");
    assert!(
        table.stderr.contains("sadpctl activate DEVICE --prepare"),
        "{table}"
    );
}

#[test]
fn nothing_is_asked_where_that_is_not_wanted() {
    let van = Van::new(&recorder(1, "mailbox = \"owner@example.com\""));
    let quiet = van.run(&["audit", "--no-ask", "--format", "json"]);
    assert_eq!(
        (quiet.code, findings(&quiet, ONE)),
        (1, vec!["not-recoverable".into()]),
        "{quiet}"
    );
    assert!(!van.path("state").exists());
    let broken = van.put("broken.json", "{}");
    let run = van.run(&["audit", "--since", &broken]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    assert!(run.stderr.contains("is not the JSON of an audit"), "{run}");
}

//! `reset ways`.

use insta::assert_snapshot;

use super::{RecoverySite, device, text};

fn recovery() -> RecoverySite {
    let questions = "questions = { 1 = \"Paris\", 4 = \"Rex\", 9 = \"blue\" }";
    RecoverySite::new(&format!(
        "{}{}{}{}",
        device("ipc-v5.5.82", 1, questions),
        device("nvr-v4.30.085", 2, "mailbox = \"owner@example.com\""),
        device("ipc-v5.2.5", 3, ""),
        device("ipc-v5.5.82", 4, "activated = false"),
    ))
}

#[test]
fn every_way_of_each_device_is_reported() {
    let recovery = recovery();
    let all = [1, 2, 3, 4].map(|last| format!("192.168.1.10{last}"));
    let all = all.each_ref().map(String::as_str);
    let run = recovery.run(&[&["reset", "ways"], &all[..]].concat());
    assert_eq!(run.code, 0, "{run}");
    assert_snapshot!(run.stdout);
    let run = recovery.run(&["reset", "ways", "--all"]);
    assert_snapshot!("all", run);
}

#[test]
fn ways_have_forms_for_programs() {
    let recovery = recovery();
    let run = recovery.run(&["reset", "ways", "192.168.1.101", "--format", "json"]);
    let device = &run.json()[0];
    assert_eq!(device["device"]["mac"], "44:47:cc:00:00:01", "{run}");
    assert_eq!(device["device"]["model"], "DS-2CD2143G0-I", "{run}");
    let ways = device["ways"].as_array().unwrap();
    assert_eq!(ways.len(), 7, "{run}");
    assert_eq!(text(&ways[0]["way"]), "questions", "{run}");
    assert_eq!(text(&ways[0]["availability"]), "ready", "{run}");
    assert_eq!(ways[0]["recommended"], true, "{run}");
    let next = "sadpctl reset questions answer 44:47:cc:00:00:01";
    assert_eq!(text(&ways[0]["next"]), next, "{run}");
    // Not asked, it is not known.
    let run = recovery.run(&[
        "reset",
        "ways",
        "192.168.1.101",
        "--no-ask",
        "--format",
        "json",
    ]);
    let ways = run.json()[0]["ways"].clone();
    let mut ways = ways.as_array().unwrap().iter();
    let questions = ways.find(|way| way["way"] == "questions").unwrap();
    assert_eq!(text(&questions["availability"]), "needs", "{run}");
    let csv = recovery.run(&["reset", "ways", "--all", "--format", "csv"]);
    assert_eq!(csv.stdout.lines().count(), 1 + 4 * 7, "{csv}");
    let lines = recovery.run(&["reset", "ways", "--all", "--format", "ndjson"]);
    assert_eq!(lines.stdout.lines().count(), 4, "{lines}");
    let xml = recovery.run(&["reset", "ways", "--all", "--format", "xml"]);
    assert_eq!(xml.code, 2, "{xml}");
    assert!(
        xml.stderr.contains("ways of recovery have no XML form"),
        "{xml}"
    );
    assert!(!xml.stderr.contains("sent"), "it is no command: {xml}");
    let cases = recovery.run(&["reset", "cases", "--format", "xml"]);
    assert_eq!(cases.code, 2, "{cases}");
    assert!(
        cases.stderr.contains("requests have no XML form"),
        "{cases}"
    );
}

#[test]
fn an_open_request_is_reported_among_the_ways() {
    let recovery = recovery();
    assert_eq!(recovery.export(&["192.168.1.101"]).code, 0);
    let run = recovery.run(&["reset", "ways", "192.168.1.101", "--format", "json"]);
    let ways = run.json()[0]["ways"].clone();
    let request = ways
        .as_array()
        .unwrap()
        .iter()
        .find(|way| way["way"] == "request");
    let request = request.unwrap();
    assert_eq!(text(&request["availability"]), "needs", "{run}");
    assert!(
        text(&request["reasons"][0]).contains("the vendor's answer"),
        "{run}"
    );
}

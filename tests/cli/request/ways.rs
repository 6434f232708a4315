//! `reset ways`.

use std::{collections::BTreeMap, fs};

use insta::assert_snapshot;
use serde_json::json;

use super::{RecoverySite, device, text};
use crate::{loopback::Sim, run::Run};

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

/// By SADP these cameras say nothing about e-mail; over HTTP the first offers it. The
/// others answer nothing that can be used.
#[test]
fn a_way_that_is_offered_over_http_alone_may_work() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site.toml");
    let camera = |last: u8, http: &str| {
        format!(
            "[[device]]\nprofile = \"ipc-v5.5.82\"\nip = \"127.0.5.{last}\"\nhttp = {{ {http} }}\n"
        )
    };
    let cameras = [
        camera(1, "profile = \"camera-v5.8\""),
        camera(2, "off = true"),
        camera(3, "attack = \"redirect\""),
        camera(4, "attack = \"wrong-length\""),
    ];
    fs::write(&site, cameras.concat()).unwrap();
    let sim = Sim::start(&[site.to_str().unwrap(), "--http"]);
    let ways = |more: &[&str]| {
        let format = ["--format", "json"];
        let arguments = [&["reset", "ways", "--all"], more, &format].concat();
        let mut command = sim.command(&arguments);
        command.env("SADPCTL_STATE", folder.path().join("state"));
        let run = Run::from(command.output().unwrap());
        assert_eq!(run.code, 0, "{run}");
        let all = run.json();
        let mail = all.as_array().unwrap().iter().map(|one| {
            let mut ways = one["ways"].as_array().unwrap().iter();
            let mail = ways.find(|way| way["way"] == "mail").unwrap().clone();
            (text(&one["device"]["address"]), mail)
        });
        mail.collect::<BTreeMap<_, _>>()
    };
    let told = ways(&[]);
    let offered = &told["127.0.5.1"];
    assert_eq!(offered["availability"], "may-work", "{offered}");
    assert_eq!(offered["next"], json!(null), "{offered}");
    assert!(
        text(&offered["reasons"][1]).contains("over HTTP"),
        "{offered}"
    );
    for (address, mail) in told.iter().skip(1) {
        assert_eq!(mail["availability"], "not-for-this-device", "{address}");
    }
    let unasked = ways(&["--no-ask"]);
    let mail = &unasked["127.0.5.1"];
    assert_eq!(mail["availability"], "not-for-this-device", "{mail}");
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

/// A device that was exported before is known by every name, also where it is gone.
#[test]
fn a_device_that_is_gone_is_known_by_the_ledger() {
    let serial = "serial = \"DS-2CD2143G0-I20200225AAWRD78820301\"";
    let here = device("ipc-v5.5.82", 2, serial);
    let gone = device("ipc-v5.5.82", 1, "");
    let recovery = RecoverySite::new(&format!("{gone}{here}"));
    assert_eq!(recovery.export(&["--all"]).code, 0);
    let shown = recovery.run(&["show", "00:01", "--format", "json"]).json();
    let [serial, label] = ["serial", "label"].map(|key| text(&shown[key]));
    let recovery = recovery.go_to(&here);
    for name in [&*serial, &label, "44:47:cc:00:00:01", "00:01"] {
        let run = recovery.run(&["show", name]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run}");
        let message = format!("error: {name} was not found now: it was last seen on 20");
        assert!(run.stderr.contains(&message), "{run}");
        let device = format!("\n  44:47:cc:00:00:01  192.168.1.101  {serial}\n");
        assert!(run.stderr.contains(&device), "{run}");
    }
    let planned = recovery.run(&["reset", "export", "--dry-run", "--out", "new", &label]);
    assert_eq!(planned.code, 3, "{planned}");
    assert!(planned.stderr.contains("was not found now"), "{planned}");
    let other = recovery.run(&["show", "00:02"]);
    assert_eq!(other.code, 0, "{other}");
    // Of one that is here and one that is gone.
    let both = recovery.run(&["show", "20301"]);
    assert_eq!(both.code, 3, "{both}");
    let message = "2 devices have a serial or MAC that ends in 20301:";
    assert!(both.stderr.contains(message), "{both}");
    let unasked = recovery.export(&["00:02"]);
    assert_eq!(unasked.code, 3, "{unasked}");
    let message = "00:02 is not a full name, and nobody is asked";
    assert!(unasked.stderr.contains(message), "{unasked}");
}

//! Simulated devices and real sockets, on loopback. Every test has a port and a
//! group of its own, so that they run side by side; none is timed.

use std::collections::BTreeSet;

use crate::run::{Run, run, sadpctl};
pub(crate) use crate::sim::{Sim, channel};

#[test]
fn all_devices_are_found_whichever_way_they_answer() {
    for reply in ["multicast", "unicast", "both"] {
        let sim = Sim::start(&[
            "--count",
            "25",
            "--seed",
            "7",
            "--delay",
            "0..200ms",
            "--no-hello",
            "--reply",
            reply,
        ]);
        let run = sim.run(&["scan", "--format", "json"]);
        assert_eq!(run.code, 0, "{reply}: {run}");
        let devices = run.json();
        let devices = devices.as_array().unwrap();
        let macs: BTreeSet<_> = devices
            .iter()
            .map(|device| device["mac"].to_string())
            .collect();
        assert_eq!((devices.len(), macs.len()), (25, 25), "{reply}: {run}");
        for seen in devices
            .iter()
            .flat_map(|device| device["seen"].as_array().unwrap())
        {
            assert_eq!(seen["from"], "127.0.0.1");
            assert!(reply == "both" || seen["via"] == reply, "{seen}");
        }
    }
}

#[test]
fn lost_and_torn_replies_cost_no_device() {
    let sim = Sim::start(&[
        "--count",
        "10",
        "--loss",
        "30%",
        "--duplicate",
        "0.2",
        "--reorder",
        "0.2",
    ]);
    let run = sim.run(&["scan", "--format", "ndjson", "-q"]);
    assert_eq!(run.stdout.lines().count(), 10, "{run}");
}

#[test]
fn unreadable_replies_are_counted() {
    let sim = Sim::start(&["--count", "5", "--truncate", "1", "--no-hello"]);
    let run = sim.run(&["scan", "-q"]);
    assert!(
        run.stderr.contains("could not be read") || run.stdout.contains("bad-reply"),
        "{run}"
    );
}

#[test]
fn targets_are_asked_directly() {
    let sim = Sim::start(&["--count", "3", "--reply", "unicast"]);
    let run = sim.run(&["scan", "--target", "127.0.0.1", "--format", "csv"]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 4), "{run}");
}

#[test]
fn one_device_is_shown_by_each_of_its_names() {
    let sim = Sim::start(&["--count", "4", "--seed", "3", "--reply", "both"]);
    let devices = sim
        .run(&["scan", "--format", "json", "--sort", "serial"])
        .json();
    let device = &devices[0];
    let (serial, mac) = (
        device["serial"].as_str().unwrap(),
        device["mac"].as_str().unwrap(),
    );
    let bare = mac.replace(':', "").to_uppercase();
    for name in [serial, mac, &bare] {
        let run = sim.run(&["show", name]);
        assert_eq!(run.code, 0, "{run}");
        for text in [serial, mac, "Network", "As received", "DeviceSN: "] {
            assert!(run.stdout.contains(text), "{text}: {run}");
        }
    }
    let json = sim.run(&["show", serial, "--format", "json"]).json();
    assert_eq!(json["serial"], serial);
    let part = &serial[..serial.len() - 1];
    let run = sim.run(&["show", part]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run}");
    assert!(run.stderr.contains(serial), "the nearest is named: {run}");
}

#[test]
fn nothing_found_is_reported_with_what_to_do() {
    let (group, port) = channel();
    let run = run(&[
        "scan",
        "-i",
        "127.0.0.1",
        "--group",
        &group,
        "--port",
        &port,
        "--wait",
        "100ms",
        "--format",
        "json",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (3, "[]\n"), "{run}");
    for text in ["no device answered", "127.0.0.1", "firewall", "--target"] {
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
}

#[test]
fn nothing_but_data_is_on_stdout() {
    let sim = Sim::start(&["--count", "3"]);
    let run = sim.run(&["scan", "--format", "ndjson", "-vv"]);
    assert_eq!(run.code, 0, "{run}");
    for line in run.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn the_demo_explains_itself() {
    let run = run(&["demo"]);
    assert_eq!(run.code, 0, "{run}");
    for text in ["unactivated", "active", "192.168.1.64", "STATE"] {
        assert!(run.stdout.contains(text), "{text}: {run}");
    }
    for text in ["What the notes mean", "sadpctl scan", "sadpctl show"] {
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
}

#[test]
fn a_site_file_is_played_for_a_time() {
    for (site, option, said) in [
        ("small-shop", "--no-hello", "playing "),
        (
            "http",
            "--http",
            "9 devices answer HTTP, each at the port it reports",
        ),
        ("http", "--http", "1 device answers HTTPS: 127.0."),
    ] {
        let (group, port) = channel();
        let site = format!("fixtures/sites/{site}.toml");
        let place = ["-i", "127.0.0.1", "--group", &group, "--port", &port];
        let arguments = [&["sim", "run", &site, option, "--for", "50ms"], &place[..]].concat();
        let run = run(&arguments);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
        assert!(run.stderr.starts_with("playing "), "{run}");
        assert!(run.stderr.contains(said), "{run}");
    }
}

#[test]
fn the_doctor_looks_at_loopback_when_asked_to() {
    let sim = Sim::start(&["--count", "3"]);
    let run = sim.run(&["doctor", "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    let checks = run.json();
    let of = |check: &str| {
        let checks = checks.as_array().unwrap().iter();
        let mut found = checks.filter(|line| line["check"] == check);
        found.next().unwrap_or_else(|| panic!("{check}: {run}"))
    };
    for (check, words) in [
        ("port", "shared"),
        ("multicast", "are received"),
        ("devices", "3 devices"),
        ("receive-buffer", "bytes"),
    ] {
        let line = of(check);
        assert!(line["message"].as_str().unwrap().contains(words), "{line}");
        for field in ["subject", "verdict", "remedy", "data"] {
            assert!(line.get(field).is_some(), "{field}: {line}");
        }
    }
    assert_eq!(of("devices")["data"]["devices"], 3);
}

#[test]
fn the_doctor_says_what_silence_may_come_from() {
    let (group, port) = channel();
    let place = ["-i", "127.0.0.1", "--group", &group, "--port", &port];
    let run = |format: &str| {
        let mut command = sadpctl(&["doctor", "--wait", "100ms", "--format", format]);
        Run::from(command.args(place).output().unwrap())
    };
    let table = run("table");
    assert_eq!(table.code, 1, "{table}");
    for text in ["VERDICT", "problem  devices", "no device answered", " -> "] {
        assert!(table.stdout.contains(text), "{text}: {table}");
    }
    let lines = run("ndjson");
    for line in lines.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    for format in ["csv", "xml"] {
        let refused = run(format);
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (2, ""),
            "{refused}"
        );
    }
}

//! A live list, on loopback: what it tells of simulated devices that come, go
//! and change. Every wait is for something to be told, and bounded.

mod screen;
mod workbench;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    loopback::{Sim, channel},
    run::{Run, sadpctl},
};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// Devices that are exchanged for others within this time only changed.
const PATIENT: &str = "1h";

/// Soon enough to wait for, and longer than a device that is there takes to
/// answer.
const HASTY: &str = "8s";

/// A watch, and the lines it prints.
struct Watching {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Watching {
    fn start((group, port): &(String, String), offline_after: &str, arguments: &[&str]) -> Self {
        let mut child = sadpctl(&["watch", "-i", "127.0.0.1", "--group", group, "--port", port])
            .args(["--every", "1s", "--offline-after", offline_after])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Sends a signal and waits for the end.
    fn end(mut self, signal: &str) -> Run {
        kill(self.child.id(), signal);
        let drained: Vec<_> = self.lines.iter().collect();
        let _ = self.child.stdout.take();
        let run: Run = self.child.wait_with_output().unwrap().into();
        assert_eq!(drained.len(), 0, "{drained:?} {run}");
        run
    }
}

fn kill(process: u32, signal: &str) {
    let mut kill = std::process::Command::new("kill");
    let killed = kill.args([signal, &process.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// A site of one camera.
fn camera(folder: &TempDir, address: &str, boot: &str) -> PathBuf {
    let path = folder.path().join("site.toml");
    let site = format!(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:1d:6d:13\"\n\
         serial = \"DS-2CD2143G0-I20190101AAWRC12345678\"\nip = \"{address}\"\nboot = \"{boot}\"\n"
    );
    fs::write(&path, site).unwrap();
    path
}

const MORNING: &str = "2026-11-20T08:00:00";
const EVENING: &str = "2026-11-20T20:00:00";

#[test]
fn a_device_appears_moves_and_reboots() {
    let (place, folder) = (channel(), tempfile::tempdir().unwrap());
    let watching = Watching::start(&place, PATIENT, &["--format", "ndjson"]);
    let play = |address: &str, boot: &str| {
        let site = camera(&folder, address, boot);
        Sim::start_on(place.clone(), &[site.to_str().unwrap()])
    };
    let sim = play("127.0.0.5", MORNING);
    let event = watching.event();
    assert_eq!(event["event"], "online", "{event}");
    assert_eq!(event["device"]["mac"], "44:47:cc:1d:6d:13");
    assert_eq!(event["changes"], serde_json::json!([]));
    assert!(event["at"].as_str().unwrap().ends_with('Z'), "{event}");
    drop(sim);

    let sim = play("127.0.0.6", MORNING);
    let event = watching.event();
    assert_eq!(event["event"], "updated", "{event}");
    let moved =
        serde_json::json!([{"field": "ipv4.address", "before": "127.0.0.5", "after": "127.0.0.6"}]);
    assert_eq!(event["changes"], moved);
    drop(sim);

    let _sim = play("127.0.0.6", EVENING);
    let event = watching.event();
    assert_eq!(event["event"], "rebooted", "{event}");
    let rebooted = serde_json::json!([{"field": "boot_time", "before": MORNING, "after": EVENING}]);
    assert_eq!(event["changes"], rebooted);
    let run = watching.end("-TERM");
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.starts_with("watching on "), "{run}");
}

#[test]
fn a_device_vanishes_and_comes_back() {
    let (place, folder) = (channel(), tempfile::tempdir().unwrap());
    let watching = Watching::start(&place, HASTY, &["--format", "ndjson"]);
    let site = camera(&folder, "127.0.0.5", MORNING);
    let play = || Sim::start_on(place.clone(), &[site.to_str().unwrap()]);
    let sim = play();
    assert_eq!(watching.event()["event"], "online");
    drop(sim);
    let event = watching.event();
    assert_eq!(
        (&event["event"], &event["reason"]),
        (&"offline".into(), &"silence".into()),
        "{event}"
    );
    let _sim = play();
    assert_eq!(watching.event()["event"], "online");
    let run = watching.end("-TERM");
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn lines_for_people_show_a_duplicate_too() {
    let (place, folder) = (channel(), tempfile::tempdir().unwrap());
    let watching = Watching::start(&place, PATIENT, &["--where", "ipv4.address=127.0.0.5"]);
    let site = camera(&folder, "127.0.0.5", MORNING);
    let _first = Sim::start_on(place.clone(), &[site.to_str().unwrap()]);
    let line = watching.line();
    assert!(
        line.contains("online     127.0.0.5        44:47:cc:1d:6d:13  DS-2CD2143G0-I"),
        "{line}"
    );
    let text = fs::read_to_string(&site).unwrap();
    let twin = text.replace("6d:13", "6d:14").replace("5678", "5679");
    fs::write(&site, twin).unwrap();
    let _second = Sim::start_on(place, &[site.to_str().unwrap()]);
    let mut lines = [watching.line(), watching.line()];
    lines.sort_unstable_by_key(|line| line.contains("duplicate"));
    assert!(
        lines[0].contains("online") && lines[0].contains("same-IP"),
        "{lines:?}"
    );
    assert!(
        lines[1].contains("warnings") && lines[1].contains("duplicate-ip"),
        "{lines:?}"
    );
    let run = watching.end("-INT");
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let (place, folder) = (channel(), tempfile::tempdir().unwrap());
    let mut watching = sadpctl(&["watch", "-i", "127.0.0.1", "--format", "ndjson", "-q"])
        .args(["--group", &place.0, "--port", &place.1])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(watching.stdout.take());
    let site = camera(&folder, "127.0.0.5", MORNING);
    let _sim = Sim::start_on(place, &[site.to_str().unwrap()]);
    let run: Run = watching.wait_with_output().unwrap().into();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
}

//! `time`: the clocks of devices, shown and set over HTTP.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    loopback::{Sim, channel},
    run::{Run, sadpctl},
};

const PASSWORD: &str = "Warehouse-48";

/// A recorder, and cameras: one is an hour slow, one knows no time server, one does not
/// reach its own, one is old.
const DEVICES: &str = r#"
[[device]]
profile = "nvr-v4.62.210"
ip = "127.0.1.1"
[[device]]
profile = "ipc-v5.5.82"
ip = "127.0.1.2"
http = { clock = "-1h" }
[[device]]
profile = "ipc-v5.6.5"
ip = "127.0.1.3"
http = { clock = "40d", ntp = "none" }
[[device]]
profile = "ipc-v5.7.3"
ip = "127.0.1.4"
http = { clock = "-3h", ntp = "silent" }
[[device]]
profile = "ipc-v5.2.5"
ip = "127.0.1.5"
[[device]]
profile = "ipc-v5.5.6"
ip = "127.0.1.6"
activated = false
"#;

const BERLIN: &str = "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00";

/// Simulated devices that answer HTTP at one port, and a ledger.
pub(crate) struct HttpSite {
    sim: Sim,
    folder: tempfile::TempDir,
    port: String,
}

impl HttpSite {
    pub(crate) fn new(devices: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        let (_, port) = channel();
        let device = format!("[[device]]\nhttp_port = {port}");
        let devices = devices.replace("[[device]]", &device);
        let devices = format!("seed = 7\n[defaults]\npassword = \"{PASSWORD}\"\n{devices}");
        fs::write(&file, devices).unwrap();
        let sim = Sim::start(&[file.to_str().unwrap(), "--http"]);
        Self { sim, folder, port }
    }

    /// Runs a command with this password, and without a question.
    pub(crate) fn run_with(&self, password: Option<&str>, arguments: &[&str]) -> Run {
        let mut command = self
            .sim
            .command(&[arguments, &["--format", "json"]].concat());
        command.env("SADPCTL_STATE", self.folder.path().join("state"));
        if let Some(password) = password {
            command.env("SADPCTL_PASSWORD", password);
        }
        command.output().unwrap().into()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(Some(PASSWORD), arguments)
    }

    pub(crate) fn is_recorded(&self) -> bool {
        self.folder.path().join("state").exists()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the old camera answers, which takes Basic.
    pub(crate) fn ask_old(&self, request: &str, body: &str) -> String {
        let login = BASE64_STANDARD.encode(format!("admin:{PASSWORD}"));
        let mut stream = TcpStream::connect(format!("127.0.1.5:{}", self.port)).unwrap();
        write!(
            stream,
            "{request} HTTP/1.1\r\nHost: 127.0.1.5\r\nAuthorization: Basic {login}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        reply.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    pub(crate) fn tries_left(&self, device: &str) -> Value {
        let run = self.run(&["check", device]);
        run.json()[0]["data"]["tries_left"].take()
    }
}

#[test]
fn clocks_are_shown() {
    let site = HttpSite::new(DEVICES);
    let run = site.run(&["time", "show", "--all"]);
    assert_eq!(run.code, 0, "{run}");
    let shown = run.json();
    let of = |address: &str| {
        let mut all = shown.as_array().unwrap().iter();
        let found = all.find(|it| it["device"]["address"] == address);
        found.unwrap()["data"].clone()
    };
    for (address, mode, seconds, ntp) in [
        ("127.0.1.1", "platform", 0, true),
        ("127.0.1.2", "manual", -3600, true),
        ("127.0.1.3", "manual", 40 * 86400, false),
    ] {
        let data = of(address);
        assert_eq!(data["mode"], mode, "{run}");
        assert_eq!(data["zone"], "CST-8:00:00", "{run}");
        let off = data["deviation_seconds"].as_i64().unwrap() - seconds;
        assert!((-5..=1).contains(&off), "{run}");
        let server = json!({ "host": "time.windows.com", "port": 123, "interval_minutes": 1440 });
        assert_eq!(data["ntp"], if ntp { server } else { Value::Null }, "{run}");
    }
    assert!(
        run.stdout.contains("clock 40 days ahead, set by hand"),
        "{run}"
    );
    // The one without a password is no failure of a whole site.
    assert_eq!(of("127.0.1.6"), json!({}), "{run}");
}

#[test]
fn only_what_differs_is_set() {
    let site = HttpSite::new(DEVICES);
    let set = [
        "time",
        "set",
        "--yes",
        "--ntp",
        "192.168.1.1",
        "--zone",
        "Europe/Berlin",
    ];
    let both = ["127.0.1.1", "127.0.1.2"];
    let run = site.run(&[&set[..], &both].concat());
    assert_eq!(run.code, 0, "{run}");
    let outcome = &run.json()[1];
    assert_eq!(outcome["action"], "time-set", "{run}");
    assert_eq!(
        outcome["message"],
        "clock was 1h behind; now right, set by NTP from 192.168.1.1; zone Europe/Berlin"
    );
    assert_eq!(outcome["data"]["confirmed"], true, "{run}");
    let [before, after] = ["before", "after"].map(|it| outcome["data"][it].clone());
    assert_eq!(before["mode"], "manual", "{run}");
    assert_eq!(
        (&after["mode"], &after["zone"]),
        (&json!("NTP"), &json!(BERLIN))
    );
    assert_eq!(after["ntp"]["host"], "192.168.1.1", "{run}");
    assert_eq!(after["ntp"]["interval_minutes"], 1440, "{run}");
    let again = site.run(&[&set[..], &both].concat());
    assert_eq!(again.code, 0, "{again}");
    for outcome in again.json().as_array().unwrap() {
        let message = outcome["message"].as_str().unwrap();
        let expected = "nothing to change: clock right, set by NTP from 192.168.1.1, \
                        zone UTC+01 with daylight saving";
        assert_eq!(message, expected, "{again}");
        assert!(outcome["data"].get("confirmed").is_none(), "{again}");
    }
}

#[test]
fn a_zone_alone_makes_no_clock_wrong() {
    let site = HttpSite::new(DEVICES);
    let zone = ["time", "set", "--yes", "--zone", "America/New_York"];
    for (address, mode, seconds) in [("127.0.1.1", "platform", 0), ("127.0.1.2", "manual", -3600)] {
        let run = site.run(&[&zone[..], &[address]].concat());
        assert_eq!(run.code, 0, "{run}");
        let after = &run.json()[0]["data"]["after"];
        assert_eq!(after["mode"], mode, "{run}");
        assert!(
            after["zone"]
                .as_str()
                .unwrap()
                .starts_with("CST+5:00:00DST")
        );
        let off = after["deviation_seconds"].as_i64().unwrap() - seconds;
        assert!((-5..=2).contains(&off), "{run}");
    }
}

#[test]
fn a_time_server_that_is_not_reached_or_not_there_is_told() {
    let site = HttpSite::new(DEVICES);
    let set = ["time", "set", "--yes", "--ntp", "time.example.org"];
    let silent = site.run(&[&set[..], &["127.0.1.4"]].concat());
    assert_eq!(silent.code, 0, "{silent}");
    let outcome = &silent.json()[0];
    assert_eq!(
        outcome["message"],
        "clock was 3h behind; still 3h behind, set by NTP from time.example.org, which has not set it yet"
    );
    assert!(outcome["next"].as_str().unwrap().contains("time show"));

    let none = site.run(&[&set[..], &["--zone", "Asia/Tokyo", "127.0.1.3"]].concat());
    assert_eq!(none.code, 4, "{none}");
    assert_eq!(none.json()[0]["result"], "skipped", "{none}");
    assert!(none.stdout.contains("has no time server to set"), "{none}");
    // Not even the zone was written. By hand it works.
    let now = site.run(&["time", "set", "--yes", "--now", "127.0.1.3"]);
    assert_eq!(now.code, 0, "{now}");
    let data = &now.json()[0]["data"];
    assert_eq!(data["before"]["zone"], "CST-8:00:00", "{now}");
    assert_eq!(data["after"]["zone"], "CST-8:00:00", "{now}");
    let message = now.json()[0]["message"].clone();
    assert_eq!(message, "clock was 40 days ahead; now right, set by hand");
    let again = site.run(&["time", "set", "--yes", "--now", "127.0.1.3"]);
    assert!(again.stdout.contains("nothing to change"), "{again}");
}

#[test]
fn whatever_else_a_document_has_is_kept() {
    const TIME: &str = "/ISAPI/System/time";
    const NTP: &str = "/ISAPI/System/time/ntpServers/1";
    let site = HttpSite::new(DEVICES);
    let get = |path: &str| site.ask_old(&format!("GET {path}"), "");
    for path in [TIME, NTP] {
        let document = get(path);
        let end = document.rfind("</").unwrap();
        let more = format!(
            "{}<added><deep>a&amp;b</deep></added>\n{}",
            &document[..end],
            &document[end..]
        );
        site.ask_old(&format!("PUT {path}"), &more);
    }
    let before = [get(TIME), get(NTP)];
    let set = [
        "time",
        "set",
        "--yes",
        "--ntp",
        "192.168.1.1",
        "--zone",
        "Europe/Berlin",
    ];
    let run = site.run(&[&set[..], &["127.0.1.5"]].concat());
    assert_eq!(run.code, 0, "{run}");
    let changed_time = before[0]
        .replace(">manual<", ">NTP<")
        .replace("CST-8:00:00", BERLIN);
    let changed_ntp = before[1].replace(">hostname<", ">ipaddress<").replace(
        "<hostName>time.windows.com</hostName>",
        "<ipAddress>192.168.1.1</ipAddress>",
    );
    assert!(
        changed_time.contains("<deep>a&amp;b</deep>"),
        "{changed_time}"
    );
    let without_clock = |document: &str| {
        let lines = document.lines().filter(|it| !it.starts_with("<localTime>"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_clock(&get(TIME)), without_clock(&changed_time));
    assert_eq!(get(NTP), changed_ntp);
}

#[test]
fn a_wrong_password_costs_one_try_and_nothing_is_written() {
    let site = HttpSite::new(DEVICES);
    let set = ["time", "set", "--all", "--yes", "--now"];
    let tries = || ["127.0.1.1", "127.0.1.2"].map(|it| site.tries_left(it).as_u64().unwrap());
    let [first, second] = tries();
    let wrong = site.run_with(Some("Somebody-elses-1"), &set);
    assert_eq!(wrong.code, 1, "{wrong}");
    let all = wrong.json();
    let results = all.as_array().unwrap().iter().map(|it| &it["result"]);
    let refused = results.clone().filter(|it| *it == "refused").count();
    let skipped = results.filter(|it| *it == "skipped").count();
    assert_eq!((refused, skipped), (1, 5), "{wrong}");
    assert_eq!(tries(), [first - 1, second]);
    let again = ["time", "set", "127.0.1.1", "--yes", "--now"];
    let again = site.run_with(Some("Somebody-elses-1"), &again);
    assert_eq!(again.code, 4, "{again}");
    assert_eq!(tries(), [first - 1, second]);
    let shown = site.run(&["time", "show", "127.0.1.2", "127.0.1.4"]);
    for outcome in shown.json().as_array().unwrap() {
        assert_eq!(outcome["data"]["mode"], "manual", "{outcome}");
        assert_ne!(outcome["data"]["deviation_seconds"], 0, "{outcome}");
    }
}

#[test]
fn a_change_without_a_reply_is_unknown_and_done_by_the_next_run() {
    let site = HttpSite::new(
        "[[device]]\nprofile = \"ipc-v5.7.3\"\nip = \"127.0.1.2\"\nhttp = { attack = \"lost-replies\", clock = \"-1h\" }",
    );
    let set = ["time", "set", "127.0.1.2", "--yes", "--ntp", "192.168.1.1"];
    let lost = site.run(&set);
    assert_eq!(lost.code, 1, "{lost}");
    let outcome = &lost.json()[0];
    assert_eq!(outcome["result"], "unknown", "{lost}");
    assert!(lost.stdout.contains("it may have been made"), "{lost}");
    assert_eq!(outcome["data"]["before"]["mode"], "manual", "{lost}");
    assert_eq!(outcome["data"]["after"], Value::Null, "{lost}");
    // The server is set; then the mode.
    let mode = site.run(&set);
    assert_eq!(
        mode.json()[0]["data"]["before"]["ntp"]["host"],
        "192.168.1.1",
        "{mode}"
    );
    assert_eq!(mode.json()[0]["result"], "unknown", "{mode}");
    let done = site.run(&set);
    assert_eq!(done.code, 0, "{done}");
    assert!(
        done.stdout
            .contains("nothing to change: clock right, set by NTP"),
        "{done}"
    );
}

#[test]
fn a_dry_run_needs_no_password_and_asks_nothing_over_http() {
    let site = HttpSite::new(DEVICES);
    let set = [
        "time",
        "set",
        "--all",
        "--dry-run",
        "--zone",
        "europe/berlin",
    ];
    let run = site.run_with(None, &set);
    assert_eq!(run.code, 0, "{run}");
    let all = run.json();
    let planned: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["result"] == "planned")
        .collect();
    assert_eq!(planned.len(), 5, "{run}");
    for outcome in planned {
        assert_eq!(
            outcome["message"],
            "would be set, where it differs: zone Europe/Berlin"
        );
    }
    assert!(!site.is_recorded());
}

#[test]
fn settings_that_cannot_be_are_refused_before_anything_is_sent() {
    for (arguments, told) in [
        (
            &["--zone", "Africa/Casablanca"][..],
            "the time zone Africa/Casablanca",
        ),
        (&["--zone", "America/Santiago"], "Etc/GMT-1"),
        (&["--zone", "Berlin"], "did you mean Europe/Berlin?"),
        (&["--zone", ""], "--zone"),
        (&["--ntp", "192.168.1"], "pool.ntp.org"),
        (
            &["--ntp", "a", "--now"],
            "--ntp and --now do not go together",
        ),
        (&[], "needs one of --ntp, --zone, --now\n"),
    ] {
        let set = ["time", "set", "127.0.1.1", "--yes", "-i", "127.0.0.1"];
        let run = Run::from(sadpctl(&[&set[..], arguments].concat()).output().unwrap());
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains(told), "{told}: {run}");
    }
}

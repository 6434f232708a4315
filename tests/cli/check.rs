//! `check`: what devices tell over HTTP, and one login.

#[cfg(target_os = "linux")]
mod https;

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    loopback::{Sim, channel},
    request::text,
    run::{Run, run},
};

/// The shop of `fixtures/sites/http.toml`, which takes this password.
pub(crate) const PASSWORD: &str = "Warehouse-48";

/// Simulated devices that answer HTTP, and a ledger.
pub(crate) struct Shop {
    pub(crate) sim: Sim,
    folder: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self {
            sim: Sim::start(&["fixtures/sites/http.toml", "--http"]),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A shop of these devices.
    pub(crate) fn of(devices: &str) -> Self {
        let (folder, sim, _) = site(devices);
        Self { sim, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command that takes this password.
    pub(crate) fn run(&self, arguments: &[&str], password: &str) -> Run {
        let mut command = self.sim.command(arguments);
        command
            .env("SADPCTL_STATE", self.folder.path().join("state"))
            .env("SADPCTL_PASSWORD", password);
        command.output().unwrap().into()
    }

    pub(crate) fn check(&self, arguments: &[&str], password: Option<&str>) -> Run {
        let format = ["--format", "json"];
        let mut command = self.sim.command(&[&["check"], arguments, &format].concat());
        command.env("SADPCTL_STATE", self.folder.path().join("state"));
        if let Some(password) = password {
            let file = self.folder.path().join("password");
            fs::write(&file, password).unwrap();
            command.args(["--login", "--password-file"]).arg(file);
        }
        command.output().unwrap().into()
    }

    pub(crate) fn tries_left(&self, device: &str) -> Value {
        self.check(&[device], None).json()[0]["data"]["tries_left"].take()
    }
}

/// The outcomes by address.
pub(crate) fn outcomes(run: &Run) -> BTreeMap<String, Value> {
    let all = run.json();
    let all = all.as_array().unwrap().iter();
    all.map(|one| (text(&one["device"]["address"]), one.clone()))
        .collect()
}

#[test]
fn devices_tell_without_a_login() {
    let shop = Shop::new();
    let run = shop.check(&["--all"], None);
    // One of them has no HTTP.
    assert_eq!(run.code, 1, "{run}");
    let told = outcomes(&run);
    let data = |address: &str| told[address]["data"].clone();
    let unknown = json!({
        "activated": true, "activation": null, "locked": null, "unlock_seconds": null,
        "tries_left": null, "transport": "http", "certificate": null, "login": null, "details": null,
    });
    assert_eq!(data("127.0.1.9"), unknown, "{run}");
    assert_eq!(data("127.0.1.7")["activation"], "v3", "{run}");
    assert_eq!(data("127.0.1.6")["activated"], false, "{run}");
    assert_eq!(data("127.0.1.5")["tries_left"], 1, "{run}");
    assert_eq!(told["127.0.1.10"]["result"], "no-answer", "{run}");
    // Nothing of it is recorded, and no try was spent.
    assert!(!shop.folder.path().join("state").exists());
    assert_eq!(shop.check(&["--all"], None).stdout, run.stdout);
}

#[test]
fn a_wrong_password_costs_one_try_in_two_runs() {
    let shop = Shop::new();
    let first = shop.check(&["127.0.1.1"], Some("Somebody-elses-1"));
    let outcome = &first.json()[0];
    assert_eq!(first.code, 1, "{first}");
    assert_eq!(outcome["refusal"], "PasswordError", "{first}");
    assert_eq!(outcome["tries_left"], 6, "{first}");
    assert_eq!(outcome["data"]["login"], "refused", "{first}");
    let second = shop.check(&["127.0.1.1"], Some("Somebody-elses-1"));
    assert_eq!(second.code, 4, "{second}");
    assert_eq!(second.json()[0]["result"], "skipped", "{second}");
    assert_eq!(shop.tries_left("127.0.1.1"), 6);
    // The right one ends the memory.
    let right = shop.check(&["127.0.1.1", "--force", "refused-before"], Some(PASSWORD));
    assert_eq!(right.code, 0, "{right}");
    assert_eq!(right.json()[0]["data"]["login"], "verified", "{right}");
    let again = shop.check(&["127.0.1.1"], Some(PASSWORD));
    assert_eq!(again.code, 0, "{again}");
    assert_eq!(shop.tries_left("127.0.1.1"), 7);
}

#[test]
fn the_first_refusal_ends_a_batch_of_logins() {
    let shop = Shop::new();
    let run = shop.check(&["--all"], Some(PASSWORD));
    assert_eq!(run.code, 1, "{run}");
    let told = outcomes(&run);
    let results: Vec<_> = told.values().map(|it| text(&it["result"])).collect();
    let count = |result: &str| results.iter().filter(|it| *it == result).count();
    assert_eq!(told["127.0.1.4"]["result"], "refused", "{run}");
    assert_eq!(count("refused"), 1, "{run}");
    // The one with a single try left was not asked to judge.
    assert_eq!(told["127.0.1.5"]["result"], "skipped", "{run}");
    assert_eq!(shop.tries_left("127.0.1.5"), 1);
    assert_eq!(shop.tries_left("127.0.1.4"), 6);
}

#[test]
fn a_dry_run_asks_nothing_over_http() {
    let shop = Shop::new();
    let run = shop.check(&["--all", "--dry-run"], Some(PASSWORD));
    assert_eq!(run.code, 0, "{run}");
    for outcome in outcomes(&run).values() {
        assert_eq!(outcome["result"], "planned", "{run}");
    }
    assert!(!shop.folder.path().join("state").exists());
}

#[test]
fn a_password_without_a_login_is_refused() {
    let run = run(&["check", "--all", "--password-file", "no/such/file"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    for text in ["--password-file", "add --login"] {
        assert!(run.stderr.contains(text), "{text}: {run}");
    }
}

/// Both activations, by SADP, and the login that proves them.
#[test]
fn an_activation_is_verified() {
    let shop = Shop::new();
    let mut command = shop
        .sim
        .command(&["activate", "--all", "--verify", "--yes"]);
    command
        .args(["--format", "json"])
        .env("SADPCTL_STATE", shop.folder.path().join("state"))
        .env("SADPCTL_NEW_PASSWORD", "Garden-77x");
    let run = Run::from(command.output().unwrap());
    assert_eq!(run.code, 0, "{run}");
    let told: Vec<_> = run.json().as_array().unwrap().clone();
    let checks = told.iter().filter(|it| it["action"] == "check");
    let logins: Vec<_> = checks.map(|it| &it["data"]["login"]).collect();
    assert_eq!(logins, ["verified", "verified"], "{run}");
}

/// A site of these devices, on an HTTP port of their own.
fn site(devices: &str) -> (tempfile::TempDir, Sim, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    let (_, port) = channel();
    let device = format!("[[device]]\nhttp_port = {port}");
    fs::write(&file, devices.replace("[[device]]", &device)).unwrap();
    let sim = Sim::start(&[file.to_str().unwrap(), "--http"]);
    (folder, sim, port)
}

#[test]
fn a_device_that_does_not_answer_sadp_is_named_by_its_address() {
    let (folder, sim, port) = site(
        "[defaults]
        password = \"Warehouse-48\"
        [[device]]
        profile = \"ipc-v5.5.82\"
        ip = \"127.0.1.3\"
        http = { hidden = true }
        [[device]]
        profile = \"ipc-v5.5.82\"
        ip = \"127.0.1.4\"",
    );
    let shop = Shop { sim, folder };
    let hidden = format!("http://127.0.1.3:{port}/");
    let wrong = shop.check(&[&hidden], Some("Somebody-elses-1"));
    assert_eq!(wrong.json()[0]["refusal"], "PasswordError", "{wrong}");
    let left = shop.tries_left(&hidden);
    assert!(left.is_number(), "{left}");
    let again = shop.check(&[&hidden], Some("Somebody-elses-1"));
    assert_eq!(again.code, 4, "{again}");
    assert_eq!(shop.tries_left(&hidden), left);
    let details = ["--details", "--force", "refused-before"];
    let right = shop.check(&[&[&*hidden], &details[..]].concat(), Some(PASSWORD));
    assert_eq!(right.code, 0, "{right}");
    let outcome = &right.json()[0];
    let told = &outcome["data"]["details"];
    assert_eq!(told["discovery"]["sadp"], "nonDiscoverable", "{right}");
    let deviation = told["clock"]["deviation_seconds"].as_i64().unwrap();
    assert!(deviation.abs() < 60, "{right}");
    // What it is, is known only now.
    let (device, told) = (&outcome["device"], &told["device"]);
    assert_eq!(device["mac"], told["mac"], "{right}");
    assert_eq!(device["serial"], told["serial"], "{right}");
}

/// The older activation, and the newer one of a device that does not answer SADP.
#[test]
fn devices_are_activated_over_http() {
    let (folder, sim, port) = site(
        "[[device]]
        profile = \"ipc-v5.5.6\"
        ip = \"127.0.1.1\"
        activated = false
        [[device]]
        profile = \"ipc-v5.7.3\"
        ip = \"127.0.1.2\"
        activated = false
        http = { hidden = true }",
    );
    let hidden = format!("http://127.0.1.2:{port}/");
    let activate_by = |way: &str, devices: &[&str]| -> Run {
        let options = ["--via", way, "--yes", "--format", "json"];
        let mut command = sim.command(&[&["activate"], devices, &options].concat());
        command
            .env("SADPCTL_STATE", folder.path().join("state"))
            .env("SADPCTL_NEW_PASSWORD", "Garden-77x");
        command.output().unwrap().into()
    };
    let activate = |devices: &[&str]| activate_by("http", devices);
    let both = activate(&["127.0.1.1", &hidden]);
    assert_eq!(both.code, 4, "{both}");
    let told = outcomes(&both);
    assert_eq!(told["127.0.1.1"]["result"], "done", "{both}");
    // The newer one is for one device alone, and is always followed by a login.
    assert_eq!(told["127.0.1.2"]["result"], "skipped", "{both}");
    let alone = activate(&[&hidden]);
    assert_eq!(alone.code, 0, "{alone}");
    assert_eq!(alone.json()[0]["action"], "activate", "{alone}");
    assert_eq!(alone.json()[1]["data"]["login"], "verified", "{alone}");
    let again = activate(&[&hidden]);
    assert_eq!(again.code, 4, "{again}");
    // By SADP it is not found.
    let sadp = activate_by("sadp", &[&hidden]);
    assert_eq!(sadp.code, 3, "{sadp}");
}

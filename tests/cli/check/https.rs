//! HTTPS: certificates that are remembered, and devices that have none, or an old one.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::{PASSWORD, Shop, text};
use crate::{
    loopback::{Sim, channel},
    run::Run,
};

/// The fingerprint of no certificate.
const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A shop with one device at an address of its own, and the port of its HTTPS.
struct OneDevice {
    shop: Shop,
    address: String,
    port: String,
}

impl OneDevice {
    /// With these settings of `http`. The last number of its address is its own.
    fn new(number: u8, http: &str) -> Self {
        let (_, port) = channel();
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.2.{number}");
        let site = folder.path().join("site.toml");
        write_site(&site, &address, &http.replace("PORT", &port));
        let sim = Sim::start(&[site.to_str().unwrap(), "--http"]);
        Self {
            shop: Shop { sim, folder },
            address,
            port,
        }
    }

    fn site(&self) -> PathBuf {
        self.shop.folder.path().join("site.toml")
    }

    /// The device starts again, maybe with other settings.
    fn restart(&mut self, http: &str) {
        let site = self.site();
        write_site(&site, &self.address, &http.replace("PORT", &self.port));
        let arguments = [site.to_str().unwrap(), "--http"];
        self.shop.sim.replace(&arguments);
    }

    fn check(&self, options: &[&str]) -> Run {
        self.shop.check(&self.arguments(options), None)
    }

    fn log_in(&self, options: &[&str]) -> Run {
        self.shop.check(&self.arguments(options), Some(PASSWORD))
    }

    fn arguments<'a>(&'a self, options: &[&'a str]) -> Vec<&'a str> {
        let own: &[&str] = if options.contains(&"--http") {
            &[]
        } else {
            &["--https-port", &self.port]
        };
        [&[&*self.address], own, options].concat()
    }
}

fn write_site(site: &PathBuf, address: &str, http: &str) {
    let device = format!(
        "[[device]]\nprofile = \"ipc-v5.7.3\"\nip = \"{address}\"\npassword = \"{PASSWORD}\"\n{http}"
    );
    fs::write(site, device).unwrap();
}

/// What became of the one device.
fn outcome(run: &Run) -> Value {
    run.json()[0].clone()
}

fn verified(run: &Run, transport: &str) -> Value {
    assert_eq!(run.code, 0, "{run}");
    let mut data = outcome(run)["data"].take();
    assert_eq!(data["login"], "verified", "{run}");
    assert_eq!(data["transport"], transport, "{run}");
    data["certificate"].take()
}

/// The message and the next step of a login that was not sent.
fn withheld(run: &Run) -> String {
    assert_eq!(run.code, 4, "{run}");
    let outcome = outcome(run);
    assert_eq!(outcome["result"], "skipped", "{run}");
    assert_eq!(outcome["data"]["login"], Value::Null, "{run}");
    format!("{} {}", text(&outcome["message"]), text(&outcome["next"]))
}

#[test]
fn a_certificate_is_remembered_and_another_one_is_taken_only_by_name() {
    let renewed = "http = { https = PORT, tls = \"new-certificate\" }";
    let mut device = OneDevice::new(1, renewed);
    // Without a login nothing is recorded, and HTTP is asked.
    let asked = device.check(&[]);
    assert_eq!(outcome(&asked)["data"]["transport"], "http", "{asked}");
    let first = text(&verified(&device.log_in(&[]), "https"));
    assert_eq!(text(&verified(&device.log_in(&[]), "https")), first);

    device.restart(renewed);
    let refused = device.log_in(&[]);
    let said = withheld(&refused);
    let (_, second) = said.split_once("--accept-certificate ").unwrap();
    assert_ne!(second, first, "{refused}");
    assert!(
        said.contains(&first) && said.matches(second).count() == 2,
        "{refused}"
    );
    // What it tells over HTTP is shown all the same.
    assert_eq!(outcome(&refused)["data"]["activated"], true, "{refused}");

    let other = withheld(&device.log_in(&["--accept-certificate", OTHER]));
    assert!(other.contains(OTHER) && other.contains(second), "{other}");
    withheld(&device.log_in(&[]));
    let taken = device.log_in(&["--accept-certificate", second]);
    assert_eq!(verified(&taken, "https"), second);
    assert_eq!(verified(&device.log_in(&[]), "https"), second);
    let taken_back = withheld(&device.log_in(&["--accept-certificate", &first]));
    assert!(taken_back.contains(second), "{taken_back}");
}

#[test]
fn a_device_with_a_known_certificate_gets_no_login_over_http_by_itself() {
    let https = "http = { https = PORT }";
    let mut device = OneDevice::new(2, https);
    let certificate = verified(&device.log_in(&[]), "https");
    device.restart("http = {}");
    let said = withheld(&device.log_in(&[]));
    assert!(said.contains("--http"), "{said}");
    verified(&device.log_in(&["--http"]), "http");
    // The certificate is still known.
    device.restart(https);
    assert_eq!(verified(&device.log_in(&[]), "https"), certificate);
}

#[test]
fn https_that_is_too_old_is_told_and_http_is_taken_where_chosen() {
    let device = OneDevice::new(3, "http = { https = PORT, tls = \"too-old\" }");
    let said = withheld(&device.log_in(&[]));
    assert!(
        said.contains("TLS 1.2") && said.contains("--http"),
        "{said}"
    );
    assert_eq!(verified(&device.log_in(&["--http"]), "http"), Value::Null);
}

#[test]
fn https_is_asked_where_http_takes_no_connections() {
    // It reports a port that nothing listens at.
    let http = "fields = { HttpPort = \"9\" }\nhttp = { https = PORT }";
    let device = OneDevice::new(4, http);
    let asked = device.check(&[]);
    assert_eq!(asked.code, 0, "{asked}");
    let data = outcome(&asked)["data"].take();
    assert_eq!(data["transport"], "https", "{asked}");
    assert_eq!(data["activated"], true, "{asked}");
    let alone = device.check(&["--http"]);
    assert_eq!(outcome(&alone)["result"], "no-answer", "{alone}");
}

#[test]
fn the_password_itself_goes_only_where_that_is_allowed() {
    let device = OneDevice::new(5, "http = { profile = \"camera-v4.1\" }");
    let said = withheld(&device.log_in(&[]));
    assert!(said.contains("--allow-basic"), "{said}");
    verified(&device.log_in(&["--allow-basic"]), "http");
    for options in [
        &["--all", "--login", "--allow-basic"][..],
        &["127.0.2.5", "127.0.2.6", "--login", "--allow-basic"],
        &["--all", "--login", "--accept-certificate", OTHER],
        &["127.0.2.5", "--accept-certificate", OTHER],
        &["127.0.2.5", "--login", "--accept-certificate", "00"],
        &[
            "127.0.2.5",
            "--login",
            "--http",
            "--accept-certificate",
            OTHER,
        ],
    ] {
        let run = device.shop.check(options, None);
        assert_eq!(run.code, 2, "{run}");
    }
}

#[test]
fn a_url_of_https_is_asked_over_https_alone() {
    let device = OneDevice::new(10, "http = { https = PORT }");
    let url = format!("https://{}:{}/", device.address, device.port);
    let over_https = device.shop.check(&[&url], Some(PASSWORD));
    assert_eq!(over_https.code, 0, "{over_https}");
    assert_eq!(over_https.json()[0]["data"]["transport"], "https");
    let closed = format!("https://{}:9/", device.address);
    let nothing_there = device.shop.check(&[&closed], Some(PASSWORD));
    assert_eq!(
        nothing_there.json()[0]["result"],
        "no-answer",
        "{nothing_there}"
    );
}

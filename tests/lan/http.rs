//! Where requests over HTTP go: to the device that is asked, by the card on which it was
//! heard, and nowhere else.

use std::fs;

use crate::lan::{Host, Lan};

/// Simulated devices of a site file, on `lan0`.
fn play(host: &Host, folder: &tempfile::TempDir, name: &str, site: &str) -> crate::lan::Running {
    let file = folder.path().join(name);
    fs::write(&file, site).unwrap();
    host.sim("lan0", &[file.to_str().unwrap(), "--http"])
}

#[test]
fn two_devices_with_one_address_are_asked_each_by_its_own_card() {
    let lan = lan_or_skip!();
    let [installer, north, south] = [lan.host(), lan.host(), lan.host()];
    for (card, own, far) in [("card0", 1, &north), ("card1", 2, &south)] {
        let own = format!("192.168.1.{own}/24");
        lan.cable(&installer, card, &own, far, "lan0", "192.168.1.64/24");
    }
    for card in ["all", "card0", "card1"] {
        installer.rp_filter(card, 0);
    }
    let folder = tempfile::tempdir().unwrap();
    let device = |seed: u8, activated: bool| {
        format!(
            "seed = {seed}
            [[device]]
            profile = \"ipc-v5.5.6\"
            ip = \"192.168.1.64\"
            activated = {activated}"
        )
    };
    let _north = play(&north, &folder, "north.toml", &device(1, false));
    let _south = play(&south, &folder, "south.toml", &device(2, true));
    let state = folder.path().join("state").display().to_string();
    let arguments = ["--state", &state, "--format", "json"];
    let checked = installer.sadpctl("check", &[&["--all"], &arguments[..]].concat());
    assert_eq!(checked.code, 0, "{checked:?}");
    let found = installer.scan(&[]);
    for device in found.devices() {
        let checks = checked.devices();
        let mut checks = checks.iter();
        let check = checks.find(|it| it["device"]["mac"] == device["mac"]);
        let activated = &check.unwrap()["data"]["activated"];
        let heard = &device["seen"][0]["interface"];
        assert_eq!(activated == true, heard == "card1", "{checked:?} {found:?}");
    }
    assert_eq!(found.devices().len(), 2, "{found:?}");
}

#[test]
fn no_address_but_that_of_the_device_is_connected_to() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    // Every other address could be reached.
    installer.ip(&["route", "add", "default", "via", "10.77.0.2"]);
    let devices = [
        ("nvr-v4.62.210", ""),
        ("ipc-v5.5.82", ""),
        ("ipc-v5.8.10", "attack = \"redirect\""),
        ("ipc-v5.5.82", "attack = \"changing-challenge\""),
        ("ipc-v5.5.6", "attack = \"wrong-length\""),
    ];
    let mut site = "seed = 1\n[defaults]\npassword = \"Warehouse-48\"\n".to_owned();
    for (number, (profile, http)) in (1..).zip(devices) {
        let address = format!("10.77.1.{number}");
        cameras.ip(&["addr", "add", &format!("{address}/16"), "dev", "lan0"]);
        let other = "cameras = [\"10.77.9.1\", \"203.0.113.7\"]";
        let cameras = if profile.starts_with("nvr") {
            other
        } else {
            ""
        };
        let device = format!("profile = \"{profile}\"\nip = \"{address}\"\n{cameras}");
        site.extend(["[[device]]\n", &device, "\nhttp = { ", http, " }\n"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let _sim = play(&cameras, &folder, "site.toml", &site);
    let state = folder.path().join("state").display().to_string();
    let proxy = "http://10.77.0.2:3128";
    let variables = ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"];
    let variables = variables.map(|it| format!("{it}={proxy}"));
    let mut variables: Vec<_> = variables.iter().map(String::as_str).collect();
    variables.push("SADPCTL_PASSWORD=Warehouse-48");
    let commands: [&[&str]; 5] = [
        &["check", "--all"],
        &["check", "10.77.1.1", "--login", "--details", "--http"],
        &["cameras", "10.77.1.1", "--http"],
        &["time", "show", "10.77.1.2", "--http"],
        &["reset", "ways", "--all"],
    ];
    for command in commands {
        let begun = [
            installer.tcp_counter("ActiveOpens"),
            cameras.tcp_counter("PassiveOpens"),
        ];
        let options = ["--state", &state, "--format", "json"];
        let run = installer.sadpctl_with(&variables, &[command, &options].concat());
        let connected = installer.tcp_counter("ActiveOpens") - begun[0];
        let accepted = cameras.tcp_counter("PassiveOpens") - begun[1];
        // Only the devices listen: a connection to anything else is not accepted.
        assert!(accepted >= 2, "{command:?} {run:?}");
        assert_eq!(connected, accepted, "{command:?} {run:?}");
    }
}

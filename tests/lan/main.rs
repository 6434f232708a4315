//! Scans across LANs of their own: hosts are network namespaces, cables are
//! pairs of virtual cards. Needs root on Linux; elsewhere each test says that it
//! is skipped. Nothing leaves the namespaces, and none of the tests is timed.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

/// A LAN, or a word that the test is skipped.
macro_rules! lan_or_skip {
    () => {
        match Lan::new() {
            Some(lan) => lan,
            None => skip!("network namespaces need root and iproute2"),
        }
    };
}

/// Ends a test that cannot be made here, with a word why.
macro_rules! skip {
    ($why:literal) => {
        return eprintln!(concat!("skipped: ", $why))
    };
}

mod doctor;
mod faults;
mod http;
mod lan;
mod link_layer;

use lan::{Host, Lan};

/// An installer's host, and one beyond each of its cards `card0` and `card1`.
fn on_two_cards(lan: &Lan) -> [Host; 3] {
    let [installer, north, south] = [lan.host(), lan.host(), lan.host()];
    for (card, network, far) in [("card0", "10.77", &north), ("card1", "10.78", &south)] {
        let address = |host| format!("{network}.0.{host}/16");
        lan.cable(&installer, card, &address(1), far, "lan0", &address(2));
    }
    [installer, north, south]
}

#[test]
fn devices_of_two_cards_are_found_each_on_its_own() {
    let lan = lan_or_skip!();
    let [installer, north, south] = on_two_cards(&lan);
    let _north = north.sim("lan0", &["--count", "10", "--seed", "1"]);
    let _south = south.sim(
        "lan0",
        &["--count", "10", "--seed", "2", "--reply", "unicast"],
    );
    let found = installer.scan(&[]);
    assert_eq!(found.code, 0, "{found:?}");
    let on = |card: &str| {
        let heard = |device: &&serde_json::Value| device["seen"][0]["interface"] == card;
        found.devices().iter().filter(heard).count()
    };
    assert_eq!((on("card0"), on("card1")), (10, 10), "{found:?}");
    let one = installer.scan(&["-i", "card1"]);
    assert_eq!(one.devices().len(), 10);
}

#[test]
fn neither_a_default_route_nor_one_for_multicast_is_needed() {
    let lan = lan_or_skip!();
    let (installer, cameras) = (lan.host(), lan.host());
    lan.cable(
        &installer,
        "lan0",
        "10.77.0.1/32",
        &cameras,
        "lan0",
        "10.77.0.2/16",
    );
    installer.ip(&["route", "flush", "table", "main"]);
    let _sim = cameras.sim("lan0", &["--count", "10", "--answer-anyone"]);
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 10, "{found:?}");
}

#[test]
fn two_addresses_on_a_card_find_each_device_once() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    installer.ip(&["addr", "add", "192.168.1.250/24", "dev", "lan0"]);
    let _sim = cameras.sim(
        "lan0",
        &["--count", "25", "--reply", "both", "--answer-anyone"],
    );
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 25, "{found:?}");
}

#[test]
fn a_card_that_goes_down_meanwhile_costs_only_its_own_devices() {
    let lan = lan_or_skip!();
    let [installer, _north, south] = on_two_cards(&lan);
    let _south = south.sim("lan0", &["--count", "10", "--delay", "3s..4s"]);
    // It says on which cards it asks when it begins.
    let mut scan = installer.start_scan(&["-v", "--wait", "15s"]);
    scan.wait_for_line("asking on card1");
    installer.ip(&["link", "set", "card0", "down"]);
    let found = scan.finish();
    assert_eq!(found.code, 0, "{found:?}");
    assert_eq!(found.devices().len(), 10, "{found:?}");
    assert!(found.stderr.contains("card0"), "{found:?}");
}

#[test]
fn loss_in_both_directions_hides_no_device() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim(
        "lan0",
        &[
            "--count", "200", "--seed", "7", "--loss", "30%", "--delay", "0..300ms",
        ],
    );
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 200, "{}", found.stderr);
}

#[test]
fn a_burst_of_thousands_is_found() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--count", "5000", "--delay", "0ms"]);
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 5000, "{}", found.stderr);
}

#[test]
fn a_routed_network_is_found_by_asking_its_addresses() {
    let lan = lan_or_skip!();
    let (installer, router, cameras) = (lan.host(), lan.host(), lan.host());
    lan.cable(
        &installer,
        "lan0",
        "10.77.0.2/24",
        &router,
        "near",
        "10.77.0.1/24",
    );
    lan.cable(
        &router,
        "far",
        "10.88.0.253/24",
        &cameras,
        "lan0",
        "10.88.0.254/24",
    );
    router.run("sysctl", &["-qw", "net.ipv4.ip_forward=1"]);
    installer.ip(&["route", "add", "default", "via", "10.77.0.1"]);
    cameras.ip(&["route", "add", "default", "via", "10.88.0.253"]);
    // The cameras' host owns all their addresses.
    cameras.ip(&["route", "add", "local", "10.88.0.0/25", "dev", "lo"]);
    let _sim = cameras.sim(
        "lan0",
        &[
            "--count",
            "20",
            "--seed",
            "3",
            "--answer-anyone",
            "--reply",
            "unicast",
        ],
    );
    let quiet = installer.scan(&[]);
    assert_eq!(
        quiet.code, 3,
        "multicast does not pass the router: {quiet:?}"
    );
    let found = installer.scan(&["--target", "10.88.0.0/25"]);
    assert_eq!(found.code, 0, "{found:?}");
    let behind = |device: &&serde_json::Value| {
        device["ipv4"]["address"]
            .as_str()
            .is_some_and(|address| address.starts_with("10.88.0."))
    };
    assert!(
        found.devices().iter().filter(behind).count() >= 10,
        "{found:?}"
    );
}

#[test]
fn what_a_held_port_hides_is_said_and_unicast_is_received() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--count", "10", "--reply", "unicast"]);
    let holder = installer.hold_port(37020);
    let found = installer.scan(&[]);
    drop(holder);
    assert_eq!(found.devices().len(), 10, "{found:?}");
    assert!(
        found.stderr.contains("37020 is held by another program"),
        "{found:?}"
    );
}

#[test]
fn devices_without_an_interface_to_be_found_by_are_no_crash() {
    let lan = lan_or_skip!();
    let lonely: Host = lan.host();
    let found = lonely.scan(&[]);
    assert_eq!(found.code, 5, "{found:?}");
    let next = serde_json::from_str::<serde_json::Value>(found.stderr.trim()).unwrap();
    assert!(next["next"].is_string(), "{found:?}");
}

#[test]
fn a_watch_takes_in_cards_that_come_go_and_change_their_address() {
    let lan = lan_or_skip!();
    let (installer, north, south) = (lan.host(), lan.host(), lan.host());
    let watching = installer.watch(&[]);
    lan.cable(
        &installer,
        "card0",
        "10.77.0.1/16",
        &north,
        "lan0",
        "10.77.0.2/16",
    );
    // Only who is asked answers, and only to where the question came from.
    let quiet = ["--count", "1", "--no-hello", "--reply", "unicast", "--seed"];
    let sim = north.sim("lan0", &[&quiet[..], &["1"]].concat());
    let first = watching.wait_for("online", "card0");
    drop(sim);
    installer.ip(&["addr", "del", "10.77.0.1/16", "dev", "card0"]);
    installer.ip(&["addr", "add", "10.77.0.77/16", "dev", "card0"]);
    let _sim = north.sim("lan0", &[&quiet[..], &["2"]].concat());
    let second = watching.wait_for("online", "card0");
    assert_ne!(first["device"]["mac"], second["device"]["mac"]);
    lan.cable(
        &installer,
        "card1",
        "10.78.0.1/16",
        &south,
        "lan0",
        "10.78.0.2/16",
    );
    let _south = south.sim("lan0", &[&quiet[..], &["3"]].concat());
    watching.wait_for("online", "card1");
    installer.ip(&["link", "del", "card1"]);
    watching.wait_for("offline", "card1");
}

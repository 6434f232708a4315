//! Bare Ethernet frames, and what packet sockets hear that UDP sockets do not.

use crate::lan::{Found, Host, Lan};

const OLD_WIRE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../fixtures/sites/old-wire.toml"
);

const FRAMES_ONLY: &str =
    "[[device]]\nprofile = \"ipc-v5.5.6\"\nmac = \"44:47:cc:00:00:01\"\nlink = \"only\"\n";

/// In which ways each device was heard.
fn ways(found: &Found) -> Vec<Vec<String>> {
    let ways = |device: &serde_json::Value| {
        let seen = device["seen"].as_array().unwrap();
        let mut ways: Vec<_> = seen
            .iter()
            .map(|seen| seen["via"].as_str().unwrap().to_owned())
            .collect();
        ways.sort();
        ways
    };
    found.devices().iter().map(ways).collect()
}

#[test]
fn devices_that_answer_only_by_frames_are_found() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--link-layer", OLD_WIRE]);
    let found = installer.scan(&[]);
    assert_eq!(found.code, 0, "{found:?}");
    let ways = ways(&found);
    let times = |wanted: &[&str]| ways.iter().filter(|ways| **ways == wanted).count();
    assert_eq!(ways.len(), 10, "{found:?}");
    assert_eq!(times(&["link-layer"]), 5, "{ways:?}");
    let seen: Vec<_> = found
        .devices()
        .iter()
        .map(|it| it["seen"].to_string())
        .collect();
    assert_eq!(times(&["link-layer", "multicast"]), 3, "{seen:#?}");
    let seen: Vec<_> = found
        .devices()
        .iter()
        .map(|it| it["seen"].to_string())
        .collect();
    assert_eq!(times(&["multicast"]), 2, "{seen:#?}");
    assert!(!found.stderr.contains("could not be read"), "{found:?}");
    let without = installer.scan(&["--link-layer", "off"]);
    assert_eq!(without.devices().len(), 5, "{without:?}");
}

#[test]
fn no_command_is_sent_to_a_device_of_frames_alone() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let site = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&site, FRAMES_ONLY).unwrap();
    let _sim = cameras.sim("lan0", &["--link-layer", site.path().to_str().unwrap()]);
    let state = tempfile::tempdir().unwrap();
    let locate = installer.sadpctl(
        "locate",
        &[
            "--state",
            state.path().to_str().unwrap(),
            "--yes",
            "44:47:cc:00:00:01",
            "on",
        ],
    );
    assert_eq!(locate.code, 4, "{locate:?}");
    assert!(locate.stdout.contains("raw Ethernet frames"), "{locate:?}");
}

/// Cameras in another subnet, and an installer whose kernel drops what comes
/// from there.
fn filtered_pair(lan: &Lan) -> (Host, Host) {
    let (installer, cameras) = (lan.host(), lan.host());
    lan.cable(
        &installer,
        "lan0",
        "10.77.0.1/16",
        &cameras,
        "lan0",
        "192.168.1.2/24",
    );
    for (host, filter) in [(&installer, 1), (&cameras, 0)] {
        for place in ["all", "lan0"] {
            let setting = format!("net.ipv4.conf.{place}.rp_filter={filter}");
            host.run("sysctl", &["-qw", &setting]);
        }
    }
    (installer, cameras)
}

#[test]
fn the_packet_socket_receives_what_the_reverse_path_filter_drops() {
    let lan = lan_or_skip!();
    let (installer, cameras) = filtered_pair(&lan);
    let site = site("profile = \"ipc-v5.5.6\"\ncount = 25\n");
    let _sim = cameras.sim("lan0", &["--answer-anyone", site.path().to_str().unwrap()]);
    let blind = installer.scan(&["--link-layer", "off"]);
    assert_eq!(blind.code, 3, "{blind:?}");
    let hint = "drops answers from outside 10.77.0.0/16 on lan0 (reverse-path filter)";
    assert!(blind.stderr.contains(hint), "{blind:?}");
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 25, "{found:?}");
    assert!(!found.stderr.contains("reverse-path filter"), "{found:?}");
    assert!(
        ways(&found).iter().all(|ways| *ways == ["multicast"]),
        "{found:?}"
    );
}

/// A site file of devices like this one.
fn site(device: &str) -> tempfile::NamedTempFile {
    let site = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&site, format!("[[device]]\n{device}")).unwrap();
    site
}

/// Devices whose replies are longer than a frame.
fn long_replies() -> tempfile::NamedTempFile {
    let padding = "x".repeat(1000);
    site(&format!(
        "profile = \"ipc-v5.5.6\"\ncount = 10\nreply = \"multicast\"\nfields = {{ Padding = \"{padding}\" }}\n"
    ))
}

#[test]
fn replies_in_ip_fragments_are_received_behind_the_reverse_path_filter() {
    let lan = lan_or_skip!();
    let (installer, cameras) = filtered_pair(&lan);
    let site = long_replies();
    let _sim = cameras.sim("lan0", &["--answer-anyone", site.path().to_str().unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    for filter in [1, 2, 0] {
        for place in ["all", "lan0"] {
            installer.rp_filter(place, filter);
        }
        let record = folder.path().join(format!("{filter}.pcapng"));
        let record = record.to_str().unwrap();
        let found = installer.scan(&["--record", record]);
        assert_eq!(found.devices().len(), 10, "{filter}: {found:?}");
        for device in found.devices() {
            assert_eq!(device["raw"]["Padding"].as_str().unwrap().len(), 1000);
            assert_eq!(device["warnings"], serde_json::json!(["off-subnet"]));
            assert_eq!(
                device["seen"].as_array().unwrap().len(),
                1,
                "{filter}: {device}"
            );
        }
        assert!(!found.stderr.contains("fragments"), "{filter}: {found:?}");
        let decoded = installer.sadpctl("decode", &[record, "--format", "json"]);
        assert_eq!(decoded.devices().len(), 10, "{filter}: {decoded:?}");
    }
}

#[test]
fn a_first_fragment_alone_is_listed_and_given_no_command() {
    let lan = lan_or_skip!();
    let (installer, cameras) = filtered_pair(&lan);
    if !cameras.has("nft", &["list", "ruleset"]) {
        return;
    }
    // Every fragment but the first is lost on the way.
    for rule in [
        "add table netdev wire",
        "add chain netdev wire out { type filter hook egress device lan0 priority 0; }",
        "add rule netdev wire out ip frag-off & 0x1fff != 0 drop",
    ] {
        cameras.run("nft", &[rule]);
    }
    let site = long_replies();
    let _sim = cameras.sim("lan0", &["--answer-anyone", site.path().to_str().unwrap()]);
    let found = installer.scan(&[]);
    assert_eq!(found.devices().len(), 10, "{found:?}");
    for device in found.devices() {
        assert_eq!(
            device["warnings"],
            serde_json::json!(["off-subnet", "fragment-only"])
        );
        assert!(
            device["serial"].is_string() && device["mac"].is_string(),
            "{device}"
        );
    }
    assert!(found.stderr.contains("senders: 1)"), "{found:?}");
    let serial = found.devices()[0]["serial"].as_str().unwrap().to_owned();
    let state = tempfile::tempdir().unwrap();
    let state = state.path().to_str().unwrap();
    let locate = installer.sadpctl("locate", &["--state", state, "--yes", &serial, "on"]);
    assert_eq!(locate.code, 4, "{locate:?}");
    assert!(
        locate.stdout.contains("first part of its reply"),
        "{locate:?}"
    );
}

#[test]
fn what_both_sockets_receive_counts_once() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim(
        "lan0",
        &[
            "--count",
            "50",
            "--reply",
            "both",
            "--truncate",
            "20%",
            "--seed",
            "5",
        ],
    );
    for mode in ["off", "on"] {
        let found = installer.scan(&["--link-layer", mode]);
        assert_eq!(found.devices().len(), 50, "{mode}: {}", found.stderr);
        assert!(
            ways(&found).iter().all(|ways| ways.len() <= 2),
            "{mode}: {found:?}"
        );
    }
}

#[test]
fn without_permission_auto_does_without_and_on_says_how_to_get_it() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--link-layer", OLD_WIRE]);
    let auto = installer.unprivileged_scan(&[]);
    assert_eq!(auto.code, 0, "{auto:?}");
    assert_eq!(auto.devices().len(), 5, "{auto:?}");
    let on = installer.unprivileged_scan(&["--link-layer", "on"]);
    assert_eq!(on.code, 5, "{on:?}");
    assert!(on.stderr.contains("setcap cap_net_raw+ep /"), "{on:?}");
}

#[test]
fn a_watch_receives_frames_by_cards_that_come_and_go_and_records_them() {
    let lan = lan_or_skip!();
    let (installer, cameras) = (lan.host(), lan.host());
    let site = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&site, FRAMES_ONLY).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("watch.pcapng");
    let path = path.to_str().unwrap();
    let watching = installer.watch(&["--record", path]);
    for (card, last) in [("card0", 1), ("card1", 2)] {
        let own = format!("10.77.0.{last}/16");
        lan.cable(&installer, card, &own, &cameras, "lan0", "10.77.0.9/16");
        let sim = cameras.sim("lan0", &["--link-layer", site.path().to_str().unwrap()]);
        let online = watching.wait_for("online", card);
        assert_eq!(online["device"]["mac"], "44:47:cc:00:00:01");
        assert_eq!(online["device"]["seen"][0]["via"], "link-layer");
        drop(sim);
        installer.ip(&["link", "del", card]);
        watching.wait_for("offline", card);
    }
    watching.end();
    let decoded = installer.sadpctl("decode", &[path, "--format", "json"]);
    assert_eq!(decoded.devices().len(), 1, "{decoded:?}");
}

#[test]
fn a_record_holds_what_the_doctor_received() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--link-layer", OLD_WIRE]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doctor.pcapng");
    let path = path.to_str().unwrap();
    let told = installer.doctor(&["--record", path]);
    assert_eq!(told.verdict("devices", "scan", "10 devices"), "ok");
    let decoded = installer.sadpctl("decode", &[path, "--format", "json"]);
    assert_eq!(decoded.devices().len(), 10, "{decoded:?}");
}

#[test]
fn a_record_holds_what_the_scan_found() {
    let lan = lan_or_skip!();
    let (installer, cameras) = lan.pair();
    let _sim = cameras.sim("lan0", &["--link-layer", OLD_WIRE]);
    let folder = tempfile::tempdir().unwrap();
    for (file, mode, devices) in [("with.pcapng", "on", 10), ("without.pcapng", "off", 5)] {
        let path = folder.path().join(file);
        let path = path.to_str().unwrap();
        let found = installer.scan(&["--record", path, "--link-layer", mode]);
        assert_eq!(found.devices().len(), devices, "{found:?}");
        let decoded = installer.sadpctl("decode", &[path, "--format", "json"]);
        assert_eq!(decoded.devices().len(), devices, "{decoded:?}");
        let macs = |found: &Found| {
            let devices = found.devices();
            let mut macs: Vec<_> = devices.iter().map(|it| it["mac"].to_string()).collect();
            macs.sort();
            macs
        };
        assert_eq!(macs(&found), macs(&decoded));
        let again = installer.scan(&["--record", path]);
        assert_eq!(again.code, 5, "{again:?}");
    }
}

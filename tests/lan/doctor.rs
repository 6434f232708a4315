//! `doctor` on machines with each problem made on purpose.

use crate::lan::{Host, Lan};

/// An installer, and a host for cameras on the other end of the cable.
fn site(lan: &Lan) -> (Host, Host) {
    let (installer, cameras) = lan.pair();
    // Whatever the machine that runs the tests has set.
    for card in ["all", "lan0"] {
        installer.rp_filter(card, 0);
    }
    (installer, cameras)
}

#[test]
fn a_sound_machine_has_no_problem() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    let _sim = cameras.sim("lan0", &["--count", "5", "--seed", "1", "--answer-anyone"]);
    let told = installer.doctor(&[]);
    assert_eq!(told.code, 0, "{told:?}");
    for (check, subject, words) in [
        ("interface", "lan0", "used, by 10.77.0.1/16"),
        ("interface", "lo", "not used"),
        ("port", "UDP 37020", "free"),
        ("multicast", "lan0", "are received"),
        ("reverse-path", "lan0", "off"),
        (
            "raw-link",
            "this program",
            "may send and receive raw Ethernet frames",
        ),
        ("receive-buffer", "this computer", "2304 bytes each"),
        ("devices", "scan", "5 devices"),
    ] {
        assert_eq!(told.verdict(check, subject, words), "ok", "{check}");
    }
}

#[test]
fn what_the_reverse_path_filter_drops_is_reported() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    cameras.ip(&["addr", "flush", "dev", "lan0"]);
    cameras.ip(&["addr", "add", "192.168.1.64/24", "dev", "lan0"]);
    let sim = ["--count", "5", "--answer-anyone", "--reply", "multicast"];
    let _sim = cameras.sim("lan0", &sim);
    let open = installer.doctor(&[]);
    assert_eq!(open.verdict("devices", "scan", "5 devices"), "ok");
    for (filter, word) in [(1, "strict"), (2, "loose")] {
        installer.rp_filter("lan0", filter);
        let told = installer.doctor(&["--link-layer", "off"]);
        assert_eq!(told.code, 1, "{told:?}");
        assert_eq!(
            told.verdict("devices", "scan", "no device answered"),
            "problem"
        );
        let line = told.check("reverse-path", "lan0");
        assert_eq!(line["verdict"], "problem", "{told:?}");
        assert!(
            line["message"].as_str().unwrap().starts_with(word),
            "{line}"
        );
        assert!(line["data"]["dropped"].as_u64() > Some(0), "{line}");
        let remedy = line["remedy"].as_str().unwrap();
        assert!(
            remedy.ends_with("sudo sysctl net.ipv4.conf.lan0.rp_filter=0"),
            "{remedy}"
        );
    }
    let told = installer.doctor(&[]);
    assert_eq!(told.verdict("devices", "scan", "5 devices"), "ok");
    assert_eq!(
        told.verdict("reverse-path", "lan0", "received them by a packet socket"),
        "warning"
    );
    // One of the remedies: an address in their subnet.
    installer.ip(&["addr", "add", "192.168.1.250/24", "dev", "lan0"]);
    let told = installer.doctor(&[]);
    assert_eq!(told.verdict("devices", "scan", "5 devices"), "ok");
}

#[test]
fn off_subnet_devices_and_duplicates_are_reported() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    let twins = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/sites/small-shop.toml"
    );
    let _sim = cameras.sim("lan0", &[twins, "--answer-anyone"]);
    let told = installer.doctor(&[]);
    assert_eq!(told.code, 0, "these hide no device: {told:?}");
    assert_eq!(
        told.verdict("duplicates", "192.168.1.64", "2 devices have this address"),
        "warning"
    );
    let line = told.check("off-subnet", "192.168.1.0/24");
    assert_eq!(line["verdict"], "warning");
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .contains("no route leads there"),
        "{line}"
    );
    assert!(
        line["remedy"]
            .as_str()
            .unwrap()
            .contains("sudo ip addr add 192.168.1."),
        "{line}"
    );
}

#[test]
fn who_holds_the_port_is_reported() {
    let lan = lan_or_skip!();
    let (installer, _cameras) = site(&lan);
    let holder = installer.hold_port(37020);
    let told = installer.doctor(&[]);
    drop(holder);
    assert_eq!(told.code, 1, "{told:?}");
    assert_eq!(
        told.verdict("port", "UDP 37020", "used by perl (process "),
        "problem"
    );
    assert_eq!(
        told.verdict("multicast", "lan0", "by another port than 37020"),
        "ok"
    );
    let free = installer.doctor(&[]);
    assert_eq!(free.verdict("port", "UDP 37020", "free"), "ok");
}

#[test]
fn a_shared_port_does_no_harm() {
    let lan = lan_or_skip!();
    let (installer, _cameras) = site(&lan);
    let _sim = installer.sim("lan0", &["--count", "1"]);
    let told = installer.doctor(&[]);
    assert_eq!(
        told.verdict("port", "UDP 37020", "shared with sadpctl (process "),
        "ok"
    );
    assert_eq!(told.verdict("multicast", "lan0", "are received"), "ok");
}

#[test]
fn cards_that_cannot_be_used_are_explained() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    lan.cable(
        &installer,
        "spare0",
        "10.78.0.1/16",
        &cameras,
        "spare0",
        "10.78.0.2/16",
    );
    lan.cable(
        &installer,
        "bare0",
        "10.79.0.1/16",
        &cameras,
        "bare0",
        "10.79.0.2/16",
    );
    lan.cable(
        &installer,
        "cut0",
        "10.80.0.1/16",
        &cameras,
        "cut0",
        "10.80.0.2/16",
    );
    installer.ip(&["link", "set", "spare0", "down"]);
    installer.ip(&["addr", "flush", "dev", "bare0"]);
    cameras.ip(&["link", "set", "cut0", "down"]);
    installer.ip(&["link", "set", "lan0", "multicast", "off"]);
    let _sim = cameras.sim("lan0", &["--count", "1", "--answer-anyone"]);
    let told = installer.doctor(&[]);
    assert_eq!(told.code, 0, "{told:?}");
    for (card, words) in [
        ("lan0", "its multicast is switched off"),
        ("spare0", "it is switched off"),
        ("bare0", "no IPv4 address"),
        ("cut0", "no carrier"),
    ] {
        assert_eq!(told.verdict("interface", card, words), "warning", "{card}");
    }
    let named = installer.doctor(&["-i", "bare0"]);
    assert_eq!(named.code, 1, "{named:?}");
    assert_eq!(
        named.verdict("interface", "bare0", "no IPv4 address"),
        "problem"
    );
    assert_eq!(named.verdict("interface", "lan0", "-i names others"), "ok");
    assert_eq!(named.verdict("devices", "scan", "no scan"), "problem");
    let mistyped = installer.doctor(&["-i", "lan7"]);
    assert_eq!(mistyped.code, 2, "{mistyped:?}");
}

#[test]
fn a_computer_without_a_card_is_reported() {
    let lan = lan_or_skip!();
    let told = lan.host().doctor(&[]);
    assert_eq!(told.code, 1, "{told:?}");
    assert_eq!(
        told.verdict("interface", "this computer", "no network card can be used"),
        "problem"
    );
}

#[test]
fn what_a_firewall_drops_is_reported() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    if !installer.has("nft", &["list", "ruleset"]) {
        skip!("nftables is not here, or not in the kernel");
    }
    let _sim = cameras.sim(
        "lan0",
        &["--count", "5", "--answer-anyone", "--reply", "both"],
    );
    let nft = |rules: &str| installer.run("nft", &[rules]);
    nft("add table inet site");
    nft("add chain inet site in { type filter hook input priority 0; policy accept; }");
    let open = installer.doctor(&["--link-layer", "off"]);
    assert_eq!(
        open.verdict("firewall", "nftables", "lets UDP 37020 in"),
        "ok"
    );
    nft("add rule inet site in udp dport 37020 drop");
    let told = installer.doctor(&["--link-layer", "off"]);
    assert_eq!(told.code, 1, "{told:?}");
    let words = "a rule drops UDP 37020";
    // Answers by unicast came in anyway.
    assert_eq!(told.verdict("firewall", "nftables", words), "warning");
    assert_eq!(
        told.verdict("multicast", "lan0", "but not on port 37020"),
        "problem"
    );
    nft("add chain inet site in { policy drop; }");
    let told = installer.doctor(&["--link-layer", "off"]);
    assert_eq!(told.verdict("firewall", "nftables", words), "problem");
    assert_eq!(
        told.verdict("multicast", "lan0", "are not received"),
        "problem"
    );
    assert_eq!(
        told.verdict("devices", "scan", "no device answered"),
        "problem"
    );
    let line = told.check("devices", "scan");
    let remedy = line["remedy"].as_str().unwrap();
    assert!(
        remedy.starts_with("solve the problem above first"),
        "{line}"
    );
    // Frames get past it, and the hint says what that means.
    let scan = installer.scan(&["--link-layer", "on"]);
    assert!(
        scan.stderr.contains("a firewall on this computer may drop"),
        "{scan:?}"
    );
    // The remedy, as it is printed.
    let line = told.check("firewall", "nftables");
    let (_, commands) = line["remedy"].as_str().unwrap().split_once(": ").unwrap();
    for command in commands.split(" && ") {
        nft(command.strip_prefix("sudo nft ").unwrap());
    }
    let told = installer.doctor(&["--link-layer", "off"]);
    assert_eq!(told.verdict("devices", "scan", "5 devices"), "ok");
}

#[test]
fn torn_replies_are_reported() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    let sim = [
        "--count",
        "5",
        "--answer-anyone",
        "--truncate",
        "1",
        "--no-hello",
    ];
    let _sim = cameras.sim("lan0", &sim);
    let line = installer.doctor(&[]).check("malformed-replies", "scan");
    assert_eq!(line["verdict"], "warning", "{line}");
}

#[test]
fn other_programs_that_ask_are_reported() {
    let lan = lan_or_skip!();
    let (installer, cameras) = site(&lan);
    // It asks every second as long as the doctor listens, and longer.
    let mut other = cameras.start_scan(&["-v", "--wait", "1m"]);
    other.wait_for_line("asking on lan0");
    let told = installer.doctor(&["--wait", "8s"]);
    assert_eq!(
        told.verdict("other-tools", "network", "10.77.0.2"),
        "warning"
    );
    other.stop();
}

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use sadp_discovery::LinkInfo;
use sadp_model::{Device, Registry, Sighting, Via};
use sadp_proto::{DecodeError, Progress, Tally};

use super::*;
use crate::commands::doctor::route::sample;

fn report(addresses: &[[u8; 4]], tally: Tally) -> ScanReport {
    let mut registry = Registry::new();
    for (number, address) in (0u8..).zip(addresses) {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0xc4, 0x2f, 0x90, 0, 0, number]));
        device.ipv4.address = Some((*address).into());
        device.ipv4.mask = Some(Ipv4Addr::new(255, 255, 255, 0));
        let sighting = Sighting {
            interface: "lan0".into(),
            from: [10, 0, 0, 2].into(),
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
        };
        registry.record(device, sighting);
    }
    let network: Ipv4Net = "10.0.0.1/24".parse().unwrap();
    ScanReport {
        entries: registry.into_entries(),
        tally,
        local: vec![network],
        links: vec![LinkInfo {
            interface: Arc::from("lan0"),
            network,
        }],
        frames_on: Vec::new(),
        notices: Vec::new(),
        progress: Progress {
            elapsed: Duration::from_millis(1600),
            devices: addresses.len(),
            rounds: 3,
            sweep: None,
        },
    }
}

fn judged(report: ScanReport) -> Vec<Check> {
    let routes = [
        sample("lan0", "10.0.0.0/24", None),
        sample("wlan0", "0.0.0.0/0", Some([172, 16, 0, 1])),
    ];
    judge(&Facts::new(report), Some(&routes), Platform::Linux)
}

fn told(checks: &[Check]) -> Vec<(&str, &str, Verdict)> {
    let words = checks
        .iter()
        .map(|check| (check.topic, &*check.subject, check.verdict));
    words.collect()
}

#[test]
fn silence_is_a_problem_and_devices_are_none() {
    use Verdict::{Ok, Problem};
    let checks = judged(report(&[], Tally::default()));
    assert_eq!(told(&checks), [("devices", "scan", Problem)]);
    assert_eq!(checks[0].message, "no device answered within 1.6 s");
    let checks = judged(report(&[[10, 0, 0, 64]], Tally::default()));
    assert_eq!(told(&checks), [("devices", "scan", Ok)]);
}

#[test]
fn twins_and_strangers_have_a_line_each() {
    use Verdict::{Ok, Warning};
    let checks = judged(report(
        &[[10, 0, 0, 64], [10, 0, 0, 64], [192, 168, 1, 64]],
        Tally::default(),
    ));
    let expected = [
        ("devices", "scan", Ok),
        ("duplicates", "10.0.0.64", Warning),
        ("off-subnet", "192.168.1.0/24", Warning),
    ];
    assert_eq!(told(&checks), expected);
    assert_eq!(
        checks[1].message,
        "2 devices have this address: c4:2f:90:00:00:00, c4:2f:90:00:00:01"
    );
    assert!(
        checks[2]
            .message
            .ends_with("goes to the router 172.16.0.1 by wlan0")
    );
    let remedy = checks[2].remedy.as_ref().unwrap();
    assert!(
        remedy.ends_with("sudo ip addr add 192.168.1.250/24 dev lan0"),
        "{remedy}"
    );
}

#[test]
fn what_else_was_heard_is_told() {
    use Verdict::{Ok, Warning};
    let from: IpAddr = [10, 0, 0, 9].into();
    let own: IpAddr = [10, 0, 0, 1].into();
    let tally = Tally {
        malformed: 1,
        unreadable: 2,
        unreadable_from: [(from, DecodeError::NotXml)].into(),
        other_askers: [(from, 3), (own, 1)].into(),
        ..Tally::default()
    };
    let checks = judged(report(&[[10, 0, 0, 64]], tally));
    let expected = [
        ("devices", "scan", Ok),
        ("malformed-replies", "scan", Warning),
        ("other-tools", "network", Warning),
    ];
    assert_eq!(told(&checks), expected);
    assert_eq!(
        checks[1].message,
        "1 answer could be read only in part; 2 datagrams could not be read, from 10.0.0.9"
    );
    assert_eq!(
        checks[2].message,
        "other SADP programs ask, too: 10.0.0.1 (this machine), 10.0.0.9"
    );
}

#[test]
fn what_stopped_the_scan_is_a_problem_told_once_and_a_guess_a_warning() {
    let mut report = report(&[], Tally::default());
    report.notices = vec![
        Notice::PortTaken { port: 37020 },
        Notice::NotSent {
            interface: "lan0".into(),
            source: std::io::ErrorKind::NetworkUnreachable.into(),
        },
        Notice::InterfaceGuessed {
            interface: "lan0".into(),
        },
    ];
    let checks = judged(report);
    assert_eq!(checks.len(), 3);
    assert!(
        checks[1].message.starts_with("cannot send on lan0"),
        "{checks:?}"
    );
    assert_eq!(
        (checks[1].verdict, checks[2].verdict),
        (Verdict::Problem, Verdict::Warning)
    );
}

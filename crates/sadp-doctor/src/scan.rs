//! What a scan found, and what of it needs attention.

use std::{collections::BTreeMap, net::IpAddr};

use sadp_discovery::{Notice, ScanReport};
use sadp_model::{
    Assessment, DeviceCounts, DeviceRecord, KnownAddresses, MacAddr, Via, Warning, assess,
};

use crate::{Check, Duplicates, Finding, OtherTool, ScanSummary, Subject, Verdict, routes::Routes};

/// The most checks of one kind.
const MAX_CHECKS: usize = 20;

/// One check on the devices found, and one on each thing about them. `stopped`: this computer
/// drops replies.
pub(crate) fn judge(mut report: ScanReport, routes: &Routes, stopped: bool) -> Vec<Check> {
    let notices = std::mem::take(&mut report.notices);
    let site = Site {
        report: &report,
        assessments: assess(&report.entries, &report.networks),
    };
    let mut checks = vec![site.judge_devices(stopped)];
    checks.extend(notices.into_iter().filter_map(judge_notice));
    checks.extend(site.duplicates(Warning::DuplicateIp));
    checks.extend(site.duplicates(Warning::DuplicateMac));
    checks.extend(site.several_senders());
    checks.extend(site.off_subnet(routes));
    checks.extend(site.unreadable_replies());
    checks.extend(site.other_tools());
    checks
}

/// What limited the scan on an interface. The port and the group have checks of
/// their own.
fn judge_notice(notice: Notice) -> Option<Check> {
    let verdict = match notice {
        Notice::PortTaken(_) | Notice::PortRefused { .. } | Notice::NotJoined { .. } => {
            return None;
        }
        // The devices are found anyway.
        Notice::InterfaceGuessed(_) => Verdict::Warning,
        _ => Verdict::Problem,
    };
    let finding = Finding::ScanLimited(notice);
    Some(Check::new(Subject::Scan, verdict, finding))
}

/// What a scan found, assessed.
struct Site<'a> {
    report: &'a ScanReport,
    assessments: Vec<Assessment>,
}

impl<'a> Site<'a> {
    fn judge_devices(&self, stopped: bool) -> Check {
        let report = self.report;
        let devices = DeviceCounts::of(report.entries.iter().map(|entry| &*entry.device));
        let truncated = report.stats.refused > 0;
        let verdict = match (devices.total(), truncated) {
            (0, _) => Verdict::Problem,
            (_, true) => Verdict::Warning,
            (_, false) => Verdict::Ok,
        };
        let summary = ScanSummary {
            devices,
            elapsed: report.progress.elapsed,
            rounds: report.progress.rounds,
            datagrams: report.stats.datagrams,
            truncated,
            stopped,
        };
        Check::new(Subject::Scan, verdict, Finding::Devices(summary))
    }

    /// The devices that carry a warning.
    fn with(&self, warning: Warning) -> impl Iterator<Item = &'a DeviceRecord> {
        let all = self.report.entries.iter().zip(&self.assessments);
        all.filter(move |(_, assessment)| assessment.warnings.contains(warning))
            .map(|(entry, _)| entry)
    }

    /// Devices that share what should be unique, grouped by it.
    fn duplicates(&self, kind: Warning) -> impl Iterator<Item = Check> {
        let mut groups: BTreeMap<Subject, Duplicates> = BTreeMap::new();
        for entry in self.with(kind) {
            let device = &entry.device;
            let mac = device.mac.as_ref().map(MacAddr::to_string);
            let serial = device.serial.as_ref().map(ToString::to_string);
            let (subject, name) = match device.ipv4.address {
                Some(address) if kind == Warning::DuplicateIp => {
                    (Subject::Address(address), mac.or(serial))
                }
                _ => (Subject::Mac(device.mac), serial),
            };
            let group = groups.entry(subject).or_default();
            group.devices += 1;
            group.names.extend(name);
        }
        let groups = groups.into_iter().take(MAX_CHECKS);
        groups.map(|(subject, mut group)| {
            // One that contradicts itself is two devices under one name.
            group.devices = group.devices.max(2);
            warning(subject, Finding::Duplicates(group))
        })
    }

    fn several_senders(&self) -> impl Iterator<Item = Check> {
        let entries = self.with(Warning::TwoSenders).take(MAX_CHECKS);
        entries.map(|entry| {
            let seen = entry.seen.iter();
            let seen = seen.filter(|seen| seen.via != Via::LinkLayer);
            let senders = seen.map(|seen| seen.from).collect();
            let subject = Subject::Mac(entry.device.mac);
            warning(subject, Finding::SeveralSenders(senders))
        })
    }

    fn off_subnet(&self, routes: &Routes) -> impl Iterator<Item = Check> {
        let devices = self.report.entries.iter().map(|entry| &*entry.device);
        let known = KnownAddresses::new(devices, &self.report.local);
        let subnets = known.off_subnet(self.with(Warning::OffSubnet));
        subnets.into_iter().take(MAX_CHECKS).map(|subnet| {
            let (network, route) = (subnet.network, routes.lookup(subnet.network.addr()));
            warning(
                Subject::Subnet(network),
                Finding::OffSubnet { subnet, route },
            )
        })
    }

    fn unreadable_replies(&self) -> Option<Check> {
        let tally = &self.report.stats;
        let finding = Finding::UnreadableReplies {
            malformed: tally.malformed,
            unreadable: tally.unreadable,
            senders: tally.unreadable_from.keys().copied().collect(),
        };
        (tally.malformed > 0 || tally.unreadable > 0).then(|| warning(Subject::Scan, finding))
    }

    /// Programs that send probes as we do. Replies to them are received, too.
    fn other_tools(&self) -> Option<Check> {
        let others = &self.report.stats.other_askers;
        let tools = others.iter().map(|(&from, &probes)| {
            let mut own = self.report.local.iter().map(|net| IpAddr::V4(net.addr()));
            let here = from.is_loopback() || own.any(|own| own == from);
            (from, OtherTool { probes, here })
        });
        (!others.is_empty()).then(|| {
            let finding = Finding::OtherTools(tools.collect());
            warning(Subject::Network, finding)
        })
    }
}

fn warning(subject: Subject, finding: Finding) -> Check {
    Check::new(subject, Verdict::Warning, finding)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use ipnet::Ipv4Net;
    use sadp_discovery::LinkInfo;
    use sadp_model::testing::recorded_at;
    use sadp_proto::{DecodeError, DiscoveryStats, SurveyProgress};

    use super::*;

    fn report(addresses: &[[u8; 4]], tally: DiscoveryStats) -> ScanReport {
        let network: Ipv4Net = "10.0.0.1/24".parse().unwrap();
        ScanReport {
            entries: recorded_at(addresses),
            stats: tally,
            local: vec![network],
            networks: vec![network.into()],
            links: vec![LinkInfo {
                interface: Arc::from("lan0"),
                network,
            }],
            frames_on: Vec::new(),
            only_frames: false,
            notices: Vec::new(),
            progress: SurveyProgress {
                elapsed: Duration::from_millis(1600),
                devices: addresses.len(),
                rounds: 3,
                sweep: None,
            },
        }
    }

    fn judged(report: ScanReport) -> Vec<Check> {
        let routes = Routes::sample(&["10.0.0.0/24 lan0", "0.0.0.0/0 wlan0"]);
        judge(report, &routes, false)
    }

    #[test]
    fn silence_is_a_problem() {
        for (addresses, verdict) in [
            (&[][..], Verdict::Problem),
            (&[[10, 0, 0, 64]], Verdict::Ok),
        ] {
            let checks = judged(report(addresses, DiscoveryStats::default()));
            assert_eq!((checks.len(), checks[0].verdict), (1, verdict));
        }
    }

    #[test]
    fn duplicates_and_other_subnets_have_a_check_each() {
        let addresses = [[10, 0, 0, 64], [10, 0, 0, 64], [192, 168, 1, 64]];
        let checks = judged(report(&addresses, DiscoveryStats::default()));
        let [_, duplicates, off_subnet] = &checks[..] else {
            panic!("{checks:?}");
        };
        let Finding::Duplicates(found) = &duplicates.finding else {
            panic!("{duplicates:?}");
        };
        assert_eq!(found.devices, 2);
        let names: Vec<_> = found.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["c4:2f:90:00:00:00", "c4:2f:90:00:00:01"]);
        let Finding::OffSubnet { subnet, route } = &off_subnet.finding else {
            panic!("{off_subnet:?}");
        };
        assert_eq!(subnet.free.to_string(), "192.168.1.250/24");
        assert!(format!("{route:?}").contains("172.16.0.1"), "{route:?}");
    }

    #[test]
    fn other_traffic_is_reported() {
        let from: IpAddr = [10, 0, 0, 9].into();
        let own: IpAddr = [10, 0, 0, 1].into();
        let tally = DiscoveryStats {
            malformed: 1,
            unreadable: 2,
            unreadable_from: [(from, DecodeError::NotXml)].into(),
            other_askers: [(from, 3), (own, 1)].into(),
            ..DiscoveryStats::default()
        };
        let checks = judged(report(&[[10, 0, 0, 64]], tally));
        assert_eq!(checks.len(), 3, "{checks:?}");
        assert!(matches!(
            &checks[1].finding,
            Finding::UnreadableReplies { malformed: 1, unreadable: 2, senders } if senders.len() == 1
        ));
        let Finding::OtherTools(tools) = &checks[2].finding else {
            panic!("{checks:?}");
        };
        assert!(tools[&own].here && !tools[&from].here && tools[&from].probes == 3);
    }

    #[test]
    fn limits_of_the_scan_are_reported_once_and_a_guess_is_a_warning() {
        let mut report = report(&[], DiscoveryStats::default());
        report.notices = vec![
            Notice::PortTaken(37020),
            Notice::NotSent {
                interface: "lan0".into(),
                source: std::io::ErrorKind::NetworkUnreachable.into(),
            },
            Notice::InterfaceGuessed("lan0".into()),
        ];
        let checks = judged(report);
        let verdicts: Vec<_> = checks.iter().map(|check| check.verdict).collect();
        let expected = [Verdict::Problem, Verdict::Problem, Verdict::Warning];
        assert_eq!(verdicts, expected);
    }
}

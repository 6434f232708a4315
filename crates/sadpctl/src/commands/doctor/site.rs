//! What a scan brought, and what of it asks for a look.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use ipnet::Ipv4Net;
use sadp_discovery::{Notice, ScanReport};
use sadp_model::{MacAddr, Via, Warning};
use serde_json::json;

use super::route::{self, Route};
use crate::{
    advice::{self, Addresses, Platform, Remedy},
    check::{Check, Verdict},
    found::Found,
    text::count,
};

/// What was heard, and from where.
#[derive(Debug)]
pub(super) struct Facts {
    devices: Vec<Found>,
    report: ScanReport,
}

impl Facts {
    pub(super) fn new(mut report: ScanReport) -> Self {
        let entries = std::mem::take(&mut report.entries);
        Self {
            devices: Found::assess_all(entries, &report.local),
            report,
        }
    }

    /// How many devices were found.
    pub(super) fn devices(&self) -> usize {
        self.devices.len()
    }

    /// The cards on which a packet socket heard as well.
    pub(super) fn frames_on(&self) -> &[Arc<str>] {
        &self.report.frames_on
    }

    /// This machine's networks on the cards in use.
    pub(super) fn local(&self) -> &[Ipv4Net] {
        &self.report.local
    }
}

/// A line on the devices found, and one on each thing about them.
pub(super) fn judge(facts: &Facts, routes: Option<&[Route]>, platform: Platform) -> Vec<Check> {
    let Facts { devices, report } = facts;
    let mut checks = vec![judge_devices(devices, report)];
    checks.extend(report.notices.iter().filter_map(judge_notice));
    checks.extend(shared(devices, Warning::DuplicateIp));
    checks.extend(shared(devices, Warning::DuplicateMac));
    checks.extend(doubted(devices));
    checks.extend(off_subnet(facts, routes, platform));
    checks.extend(unreadable(report));
    checks.extend(other_tools(report));
    checks
}

fn judge_devices(devices: &[Found], report: &ScanReport) -> Check {
    let took = advice::seconds(report.progress.elapsed);
    let check = |verdict, message: String| {
        Check::new("devices", "scan", verdict, message)
            .data("devices", devices.len())
            .data("rounds", report.progress.rounds)
            .data("datagrams", report.tally.datagrams)
    };
    if devices.is_empty() {
        let message = format!("no device answered within {took}");
        return check(Verdict::Problem, message).remedy(
            "see the lines above; check that devices have power and are on this switch and VLAN; behind a router, name their network with --target",
        );
    }
    let message = format!("{}; took {took}", advice::summary(devices));
    if report.tally.refused > 0 {
        let message = format!("{message}; more answered than are kept");
        return check(Verdict::Warning, message).remedy("scan one card at a time with -i");
    }
    check(Verdict::Ok, message)
}

/// What stopped the scan on a card. The port and the group have lines of their
/// own.
fn judge_notice(notice: &Notice) -> Option<Check> {
    if matches!(
        notice,
        Notice::PortTaken { .. } | Notice::PortRefused { .. } | Notice::NotJoined { .. }
    ) {
        return None;
    }
    let cause = std::error::Error::source(notice);
    let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
    let message = format!("{notice}{cause}");
    let verdict = match notice {
        // The devices are heard all the same.
        Notice::InterfaceGuessed { .. } => Verdict::Warning,
        _ => Verdict::Problem,
    };
    Some(Check::new("scan", "scan", verdict, message).remedy(notice.remedy()))
}

/// The most devices that a line names.
const MAX_NAMED: usize = 4;

/// The most lines of one kind.
const MAX_LINES: usize = 20;

/// Devices that share what should be theirs alone, a line for each.
fn shared(devices: &[Found], warning: Warning) -> Vec<Check> {
    let mut groups: BTreeMap<String, Vec<&Found>> = BTreeMap::new();
    for found in devices {
        let device = &found.entry.device;
        let key = if warning == Warning::DuplicateIp {
            device.ipv4.address.map(|address| address.to_string())
        } else {
            device.mac.map(|mac| mac.to_string())
        };
        if found.warnings.contains(&warning) {
            groups
                .entry(key.unwrap_or_default())
                .or_default()
                .push(found);
        }
    }
    let lines = groups.into_iter().take(MAX_LINES);
    lines
        .map(|(subject, twins)| {
            let names: BTreeSet<String> = twins
                .iter()
                .filter_map(|found| name(found, warning))
                .collect();
            let (what, remedy) = if warning == Warning::DuplicateIp {
                (
                    "have this address",
                    "change one at a time, with the others unplugged",
                )
            } else {
                (
                    "say this MAC",
                    "compare their labels before you change anything: one may be faulty or cloned",
                )
            };
            // One that contradicts itself is two behind one name.
            let number = twins.len().max(2);
            let message = format!("{number} devices {what}: {}", list(&names));
            Check::new("duplicates", subject, Verdict::Warning, message)
                .remedy(remedy)
                .data("devices", json!(names))
        })
        .collect()
}

/// Devices for which two speak, a line for each.
fn doubted(devices: &[Found]) -> Vec<Check> {
    let doubted = devices
        .iter()
        .filter(|found| found.warnings.contains(&Warning::TwoSenders));
    let check = |found: &Found| {
        let mac = found.entry.device.mac.map(|mac| mac.to_string());
        let senders: BTreeSet<String> = found
            .entry
            .seen
            .iter()
            .filter(|seen| seen.via != Via::LinkLayer)
            .map(|seen| seen.from.to_string())
            .collect();
        let message = format!("answers come from several addresses: {}", list(&senders));
        Check::new(
            "senders",
            mac.unwrap_or_default(),
            Verdict::Warning,
            message,
        )
        .remedy("find which machine answers at each address: one may pretend to be the device")
        .data("from", json!(senders))
    };
    doubted.take(MAX_LINES).map(check).collect()
}

/// A device's name where the other one is shared.
fn name(found: &Found, shared: Warning) -> Option<String> {
    let device = &found.entry.device;
    let mac = device.mac.filter(|_| shared == Warning::DuplicateIp);
    let serial = device.serial.as_ref().map(ToString::to_string);
    mac.as_ref().map(MacAddr::to_string).or(serial)
}

fn list(names: &BTreeSet<String>) -> String {
    let mut shown: Vec<_> = names.iter().take(MAX_NAMED).cloned().collect();
    if names.len() > MAX_NAMED {
        shown.push(format!("{} more", names.len() - MAX_NAMED));
    }
    shown.join(", ")
}

/// Networks of devices that this machine is not in, and where what it sends
/// there would go.
fn off_subnet(facts: &Facts, routes: Option<&[Route]>, platform: Platform) -> Vec<Check> {
    let devices = &facts.devices;
    let known = devices.iter().map(|found| &found.entry.device);
    let site = Addresses::new(known, facts.local());
    let far = advice::out_of_reach(devices, &site, platform);
    let lines = far.into_iter().take(MAX_LINES);
    lines
        .map(|far| {
            let number = count(far.devices as u64, "device is", "devices are");
            let back = routes.map(|routes| way_to(routes, far.network.addr()));
            let back = back.map_or_else(String::new, |back| format!("; {back}"));
            let message = format!("{number} found there, which this machine is not in{back}");
            Check::new(
                "off-subnet",
                far.network.to_string(),
                Verdict::Warning,
                message,
            )
            .remedy(far.remedy())
            .data("devices", far.devices)
        })
        .collect()
}

fn way_to(routes: &[Route], address: Ipv4Addr) -> String {
    match route::towards(routes, address) {
        None => "no route leads there".into(),
        Some(Route {
            card,
            gateway: Some(gateway),
            ..
        }) => {
            format!("what it sends there goes to the router {gateway} by {card}")
        }
        Some(Route { card, .. }) => format!("what it sends there leaves by {card}"),
    }
}

fn unreadable(report: &ScanReport) -> Option<Check> {
    let tally = &report.tally;
    if tally.unreadable == 0 && tally.malformed == 0 {
        return None;
    }
    let mut parts = Vec::new();
    if tally.malformed > 0 {
        let replies = count(tally.malformed, "answer", "answers");
        parts.push(format!("{replies} could be read only in part"));
    }
    if tally.unreadable > 0 {
        let datagrams = count(tally.unreadable, "datagram", "datagrams");
        let from: BTreeSet<_> = tally
            .unreadable_from
            .keys()
            .map(IpAddr::to_string)
            .collect();
        parts.push(format!(
            "{datagrams} could not be read, from {}",
            list(&from)
        ));
    }
    Some(
        Check::new(
            "malformed-replies",
            "scan",
            Verdict::Warning,
            parts.join("; "),
        )
        .remedy("scan again; if it stays so, capture it and look: sadpctl decode --messages FILE")
        .data("malformed", tally.malformed)
        .data("unreadable", tally.unreadable),
    )
}

/// Programs that ask as we do. Answers to them are heard, too.
fn other_tools(report: &ScanReport) -> Option<Check> {
    let askers = &report.tally.other_askers;
    if askers.is_empty() {
        return None;
    }
    let own = |from: &IpAddr| match from {
        IpAddr::V4(from) => {
            from.is_loopback() || report.local.iter().any(|net| net.addr() == *from)
        }
        IpAddr::V6(from) => from.is_loopback(),
    };
    let names: BTreeSet<_> = askers
        .keys()
        .map(|from| {
            let whose = if own(from) { " (this machine)" } else { "" };
            format!("{from}{whose}")
        })
        .collect();
    let message = format!("other SADP programs ask, too: {}", list(&names));
    let by_address: BTreeMap<_, _> = askers
        .iter()
        .map(|(from, times)| (from.to_string(), times))
        .collect();
    Some(
        Check::new("other-tools", "network", Verdict::Warning, message)
            .remedy("make sure that nobody changes the same devices at the same time")
            .data("askers", json!(by_address)),
    )
}

#[cfg(test)]
mod tests;

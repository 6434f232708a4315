//! Checks of this computer in words: what was found, and what to do about it.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_discovery::Notice;
use sadp_doctor::{
    Check, Duplicates, FilterMode, Finding, Firewall, FirewallState, HostInterface,
    InterfaceStatus, ListenPort, LoopResult, MulticastLoop, PortHolder, PortState, RawEthernet,
    ReceiveBuffer, ReversePath, RouteLookup, ScanSummary, Subject, Verdict,
};
use sadp_model::OffSubnet;
use sadp_text::with_cause;
use serde_json::json;

use crate::{
    advice::{self, Platform, Remedy},
    output::CheckRow,
    text::count,
};

/// A check as a row.
pub(super) fn row(check: &Check, platform: Platform) -> CheckRow {
    let row = CheckRow::new(
        topic(&check.finding),
        subject(&check.subject),
        check.verdict,
    );
    match &check.finding {
        Finding::Interface(found) => interface(row, found, platform),
        Finding::NoUsableInterface => row
            .message("no card can be used: it takes one that is up and has an IPv4 address")
            .remedy("connect to the cameras' network and give this machine any address, e.g. 192.168.1.250/24"),
        Finding::Port(found) => port(row, found, platform),
        Finding::Multicast(test) => multicast(row, test),
        Finding::ReversePath(filter) => reverse_path(row, filter, platform),
        Finding::Firewall { port, state } => match &check.subject {
            Subject::Firewall(of) => firewall(row, *of, state, *port),
            _ => row,
        },
        Finding::NoFirewall => {
            row.message("none of firewalld, ufw, nftables and iptables filters what comes in")
        }
        Finding::RawEthernet(raw) => raw_ethernet(row, raw),
        Finding::ReceiveBuffer(buffer) => receive_buffer(row, *buffer),
        Finding::NotExamined => not_examined(row, platform),
        Finding::Devices(found) => devices(row, found),
        Finding::ScanFailed(error) => row
            .message(format!("no scan: {error}"))
            .remedy(error.remedy()),
        Finding::ScanLimited(notice) => limited(row, notice),
        Finding::Duplicates(found) => duplicates(row, found, &check.subject),
        Finding::SeveralSenders(senders) => row
            .message(format!("answers come from several addresses: {}", list(senders)))
            .remedy("find which machine answers at each address: one may pretend to be the device")
            .data("from", json!(senders)),
        Finding::OffSubnet { subnet, route } => off_subnet(row, subnet, route, platform),
        Finding::UnreadableReplies { malformed, unreadable, senders } => {
            let mut parts = Vec::new();
            if *malformed > 0 {
                let replies = count(*malformed, "answer", "answers");
                parts.push(format!("{replies} could be read only in part"));
            }
            if *unreadable > 0 {
                let datagrams = count(*unreadable, "datagram", "datagrams");
                parts.push(format!("{datagrams} could not be read, from {}", list(senders)));
            }
            row.message(parts.join("; "))
                .remedy("scan again; if it stays so, capture it and look: sadpctl decode --messages FILE")
                .data("malformed", *malformed)
                .data("unreadable", *unreadable)
        }
        Finding::OtherTools(tools) => {
            let names = tools.iter().map(|(from, tool)| {
                let whose = if tool.here { " (this machine)" } else { "" };
                format!("{from}{whose}")
            });
            let probes = tools
                .iter()
                .map(|(from, tool)| (from.to_string(), json!(tool.probes)))
                .collect::<serde_json::Map<_, _>>();
            row.message(format!(
                "other SADP programs ask, too: {}",
                list(&names.collect::<BTreeSet<_>>())
            ))
            .remedy("make sure that nobody changes the same devices at the same time")
            .data("askers", probes)
        }
    }
}

const fn topic(finding: &Finding) -> &'static str {
    match finding {
        Finding::Interface(_) | Finding::NoUsableInterface => "interface",
        Finding::Port(_) => "port",
        Finding::Multicast(_) => "multicast",
        Finding::ReversePath(_) => "reverse-path",
        Finding::Firewall { .. } | Finding::NoFirewall | Finding::NotExamined => "firewall",
        Finding::RawEthernet(_) => "raw-link",
        Finding::ReceiveBuffer(_) => "receive-buffer",
        Finding::Devices(_) | Finding::ScanFailed(_) => "devices",
        Finding::ScanLimited(_) => "scan",
        Finding::Duplicates(_) => "duplicates",
        Finding::SeveralSenders(_) => "senders",
        Finding::OffSubnet { .. } => "off-subnet",
        Finding::UnreadableReplies { .. } => "malformed-replies",
        Finding::OtherTools(_) => "other-tools",
    }
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Computer => "this machine".into(),
        Subject::Program => "this program".into(),
        Subject::Interface(name) => name.clone(),
        Subject::Port(port) => format!("UDP {port}"),
        Subject::Firewall(firewall) => firewall_name(*firewall).into(),
        Subject::Scan => "scan".into(),
        Subject::Network => "network".into(),
        Subject::Address(address) => address.to_string(),
        Subject::Mac(mac) => mac.map(|mac| mac.to_string()).unwrap_or_default(),
        Subject::Subnet(network) => network.to_string(),
    }
}

/// The most devices or senders that a row names.
const MAX_NAMED: usize = 4;

fn list(names: &BTreeSet<impl ToString>) -> String {
    let shown = names.iter().take(MAX_NAMED);
    let mut shown: Vec<_> = shown.map(ToString::to_string).collect();
    if names.len() > MAX_NAMED {
        shown.push(format!("{} more", names.len() - MAX_NAMED));
    }
    shown.join(", ")
}

fn interface(row: CheckRow, found: &HostInterface, platform: Platform) -> CheckRow {
    let addresses: Vec<_> = found.networks.iter().map(Ipv4Net::to_string).collect();
    let is_virtual = found.is_virtual();
    let message = match found.status() {
        InterfaceStatus::Used => {
            let used = format!("used, by {}", addresses.join(", "));
            if found.lacks_multicast() {
                format!("{used}, but its multicast is switched off")
            } else if is_virtual && found.named.is_none() {
                format!("{used}; looks like a VPN or container network: -i leaves it out")
            } else {
                used
            }
        }
        InterfaceStatus::NotNamed => "not used: -i names others".into(),
        InterfaceStatus::Loopback => "not used: reaches this machine only".into(),
        InterfaceStatus::SwitchedOff => "not used: it is switched off".into(),
        InterfaceStatus::NoCarrier if is_virtual => "not used: nothing is connected to it".into(),
        InterfaceStatus::NoCarrier => {
            "not used: no carrier (no cable, or the other end is off)".into()
        }
        InterfaceStatus::Down => "not used: it is down".into(),
        InterfaceStatus::NoAddress => match &found.controller {
            Some(bridge) => format!("not used: it is a part of {bridge}"),
            None if is_virtual => "not used: no IPv4 address".into(),
            None => "not used: no IPv4 address, though it is connected".into(),
        },
    };
    let remedy = interface_remedy(found, platform).filter(|_| row.verdict != Verdict::Ok);
    let row = row
        .message(message)
        .data("addresses", addresses)
        .data("used", found.is_used())
        .data("carrier", found.carrier)
        .data("multicast", found.multicast)
        .data("virtual", is_virtual);
    CheckRow { remedy, ..row }
}

fn interface_remedy(found: &HostInterface, platform: Platform) -> Option<String> {
    let name = &found.name;
    let linux = platform == Platform::Linux;
    match found.status() {
        InterfaceStatus::Used if found.multicast == Some(false) => Some(format!(
            "switch it on: sudo ip link set {name} multicast on"
        )),
        InterfaceStatus::SwitchedOff if linux => {
            Some(format!("switch it on: sudo ip link set {name} up"))
        }
        InterfaceStatus::SwitchedOff | InterfaceStatus::Down => Some("bring the card up".into()),
        InterfaceStatus::NoCarrier => Some("check the cable and the switch's port".into()),
        InterfaceStatus::NoAddress if found.controller.is_none() => {
            let address = Ipv4Net::new_assert([192, 168, 1, 250].into(), 24);
            Some(format!(
                "any address will do to find devices: {}",
                platform.add_address(name, address)
            ))
        }
        _ => None,
    }
}

fn port(row: CheckRow, found: &ListenPort, platform: Platform) -> CheckRow {
    let ListenPort {
        port,
        state,
        holders,
    } = found;
    let who = who(holders);
    let (word, message) = match state {
        PortState::Free => ("free", "free: answers by multicast can be heard".into()),
        PortState::Shared => (
            "shared",
            format!("shared with {who}: answers by multicast reach both"),
        ),
        PortState::Taken => (
            "taken",
            format!(
                "held by {who}, which shares it with nobody: devices that answer by multicast are not heard"
            ),
        ),
        PortState::Refused(error) => (
            "refused",
            format!("cannot be opened ({error}): devices that answer by multicast are not heard"),
        ),
    };
    let processes = holders.iter().map(|holder| {
        let process = holder.process.as_ref();
        json!({
            "process": process.map(|process| process.id),
            "name": process.map(|process| &process.name),
            "user": holder.user,
        })
    });
    let processes: Vec<_> = processes.collect();
    let row = row
        .message(message)
        .data("state", word)
        .data("holders", processes);
    match state {
        PortState::Free | PortState::Shared => row,
        PortState::Taken if holders.iter().any(|holder| holder.process.is_some()) => {
            row.remedy("close that program, then scan again")
        }
        PortState::Taken => {
            let look = match platform {
                Platform::Linux => format!("sudo ss -ulpn 'sport = :{port}'"),
                Platform::MacOs => format!("sudo lsof -nP -iUDP:{port}"),
                Platform::Windows => "netstat -abno -p UDP".into(),
            };
            row.remedy(format!(
                "close other SADP tools and camera software; to see which program it is: {look}"
            ))
        }
        PortState::Refused(_) => {
            row.remedy("check that a firewall or security tool lets this program listen")
        }
    }
}

fn who(holders: &[PortHolder]) -> String {
    let names: BTreeSet<_> = holders
        .iter()
        .map(|holder| match &holder.process {
            Some(process) => format!("{} (process {})", process.name, process.id),
            None => format!("a program of user {}", holder.user),
        })
        .collect();
    if names.is_empty() {
        return "another program".into();
    }
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn multicast(row: CheckRow, test: &MulticastLoop) -> CheckRow {
    const FIREWALL: &str = "see the lines on the firewall, or try with it off";
    let MulticastLoop { group, port, .. } = test;
    let received = [&test.on_port, &test.on_other_port].map(|result| {
        let result = result.as_ref();
        result.map(|result| matches!(result, Ok(true)))
    });
    let row = row
        .data("group", group.to_string())
        .data("heard_on_port", received[0])
        .data("heard_on_another", received[1]);
    match test.result() {
        LoopResult::Received => {
            row.message(format!("{group} was joined, and what is sent to it is heard"))
        }
        LoopResult::ReceivedOnOtherPort => row.message(format!(
            "{group} was joined, and what is sent to it is heard, by another port than {port}"
        )),
        LoopResult::PortFiltered => row
            .message(format!(
                "what is sent to {group} is heard, but not on port {port}: a firewall seems to drop it"
            ))
            .remedy(FIREWALL),
        LoopResult::Failed(error) => row
            .message(format!(
                "{group} cannot be joined or sent to ({error}): devices there are not found"
            ))
            .remedy("check the card's address and routes, or choose another card with -i"),
        LoopResult::NotReceived => row
            .message(format!(
                "{group} was joined, but what is sent to it is not heard: a firewall or the card's driver drops it"
            ))
            .remedy(FIREWALL),
    }
}

fn reverse_path(row: CheckRow, filter: &ReversePath, platform: Platform) -> CheckRow {
    let row = row
        .data("all", filter.all)
        .data("own", filter.own)
        .data("dropped", filter.dropped);
    let word = match filter.mode {
        FilterMode::Off => return row.message("off: devices of other subnets are heard"),
        FilterMode::Strict => "strict",
        FilterMode::Loose => "loose",
    };
    if filter.passes {
        return row.message(format!(
            "{word}, and the routes let devices of other subnets be heard"
        ));
    }
    let why = match &filter.route_back {
        RouteLookup::Unknown => "routes cannot be read here".into(),
        RouteLookup::None => "there is no route back".into(),
        RouteLookup::Route(route) => format!("the route back leaves by {}", route.interface),
    };
    let seen = match filter.dropped {
        _ if filter.bypassed => "; this scan heard them by a packet socket all the same".into(),
        Some(0) | None => String::new(),
        Some(dropped) => format!(
            "; while the scan ran, the kernel dropped {} this way",
            count(dropped, "packet", "packets")
        ),
    };
    let remedy = reverse_path_remedy(&row.subject, filter, platform);
    row.message(format!(
        "{word}, and {why}: answers of devices in other subnets, e.g. {}, are dropped{seen}",
        filter.example
    ))
    .remedy(remedy)
}

fn reverse_path_remedy(interface: &str, filter: &ReversePath, platform: Platform) -> String {
    // A dot within a name is written as a slash.
    let key = interface.replace('.', "/");
    let strict = filter.mode == FilterMode::Strict;
    let settings = if strict && matches!(filter.route_back, RouteLookup::Route(_)) {
        format!("net.ipv4.conf.{key}.rp_filter=2")
    } else {
        let both = [("all", filter.all), (&*key, filter.own)];
        let both = both.iter().filter(|(_, setting)| *setting != 0);
        let both = both.map(|(key, _)| format!("net.ipv4.conf.{key}.rp_filter=0"));
        both.collect::<Vec<_>>().join(" ")
    };
    let [first, second, third, _] = filter.example.octets();
    let own = Ipv4Net::new_assert(Ipv4Addr::new(first, second, third, 250), 24);
    let add = platform.add_address(interface, own);
    format!(
        "add an address in their subnet ({add}), or relax the filter until the next start: sudo sysctl {settings}"
    )
}

fn firewall(row: CheckRow, firewall: Firewall, state: &FirewallState, port: u16) -> CheckRow {
    match state {
        FirewallState::Open => row
            .message(format!("lets UDP {port} in"))
            .data("state", "open"),
        FirewallState::DroppedByRule(location) => row
            .message(format!("a rule drops UDP {port}"))
            .data("state", "blocked")
            .remedy(opening(firewall, location, port)),
        FirewallState::DroppedByDefault(location) => row
            .message(format!(
                "no plain rule opens UDP {port}, and the default drops it"
            ))
            .data("state", "blocked")
            .remedy(opening(firewall, location, port)),
        FirewallState::NotPermitted => {
            not_judged(row, firewall, "its rules cannot be read without root")
        }
        FirewallState::TooComplex => {
            not_judged(row, firewall, "its rules continue in other chains")
        }
    }
}

fn not_judged(row: CheckRow, firewall: Firewall, why: &str) -> CheckRow {
    let look = match firewall {
        Firewall::Firewalld => "sudo firewall-cmd --list-all-zones",
        Firewall::Ufw => "sudo ufw status verbose",
        Firewall::Nftables => "sudo nft list ruleset",
        Firewall::Iptables => "sudo iptables -S",
    };
    row.message(format!("could not be judged: {why}"))
        .data("state", "not-judged")
        .remedy(format!("to see its rules: {look}"))
}

const fn firewall_name(firewall: Firewall) -> &'static str {
    match firewall {
        Firewall::Firewalld => "firewalld",
        Firewall::Ufw => "ufw",
        Firewall::Nftables => "nftables",
        Firewall::Iptables => "iptables",
    }
}

/// The commands that let in UDP to the port, and from it: devices answer to the
/// port by multicast, and from it by unicast.
fn opening(firewall: Firewall, location: &str, port: u16) -> String {
    let (lasts, commands) = match firewall {
        Firewall::Ufw => (
            "",
            [
                format!("sudo ufw allow {port}/udp"),
                format!("sudo ufw allow proto udp from any port {port}"),
            ],
        ),
        Firewall::Firewalld => (
            " until the next start",
            ["port", "source-port"]
                .map(|what| format!("sudo firewall-cmd --zone={location} --add-{what}={port}/udp")),
        ),
        Firewall::Nftables => (
            " until the next start",
            ["dport", "sport"]
                .map(|what| format!("sudo nft insert rule {location} udp {what} {port} accept")),
        ),
        Firewall::Iptables => (
            " until the next start",
            ["dport", "sport"]
                .map(|what| format!("sudo iptables -I INPUT -p udp --{what} {port} -j ACCEPT")),
        ),
    };
    format!("let answers in{lasts}: {}", commands.join(" && "))
}

fn raw_ethernet(row: CheckRow, raw: &RawEthernet) -> CheckRow {
    match raw {
        RawEthernet::Available { interfaces } => row
            .message(format!(
                "may send and hear bare Ethernet frames, by {}",
                count(*interfaces as u64, "card", "cards")
            ))
            .data("cards", *interfaces),
        RawEthernet::Unavailable(error) if row.verdict == Verdict::Ok => {
            row.message(error.to_string()).data("cards", 0)
        }
        RawEthernet::Unavailable(error) => row
            .message(format!(
                "{error}: devices that answer only so are not found, nor those whose answers a filter drops"
            ))
            .data("cards", 0)
            .remedy(error.remedy()),
    }
}

fn receive_buffer(row: CheckRow, buffer: ReceiveBuffer) -> CheckRow {
    let row = row
        .data("granted", buffer.granted)
        .data("rmem_max", buffer.limit)
        .data("rmem_default", buffer.default)
        .data("dropped", buffer.dropped);
    let Some(granted) = buffer.granted else {
        return row.message("what a socket is granted cannot be told");
    };
    let Some(capacity) = buffer.capacity else {
        return row.message(format!("a socket is granted {granted} bytes"));
    };
    let size = ReceiveBuffer::REPLY;
    let more = match buffer.dropped {
        _ if row.verdict == Verdict::Ok => String::new(),
        Some(lost) if lost > 0 => format!(
            "; while the scan ran, {} dropped for want of room",
            count(lost, "datagram was", "datagrams were")
        ),
        _ => "; on a large site some are lost at first and asked again".into(),
    };
    let is_ok = row.verdict == Verdict::Ok;
    let row = row
        .message(format!(
            "{granted} bytes hold the answers of {capacity} devices at {size} bytes each, unread{more}"
        ))
        .data("devices", capacity);
    if is_ok {
        return row;
    }
    row.remedy("allow more until the next start: sudo sysctl net.core.rmem_max=16777216")
}

fn not_examined(row: CheckRow, platform: Platform) -> CheckRow {
    let where_to_look = match platform {
        Platform::Windows => "Windows Security, Firewall & network protection, Allow an app",
        Platform::MacOs | Platform::Linux => "System Settings, Network, Firewall",
    };
    row.message(
        "not looked at on this system: firewall, reverse-path filter, routes, who holds the port",
    )
    .remedy(format!(
        "let sadpctl receive on private networks: {where_to_look}"
    ))
}

fn devices(row: CheckRow, found: &ScanSummary) -> CheckRow {
    let ScanSummary {
        devices,
        elapsed,
        rounds,
        datagrams,
        truncated,
    } = found;
    let took = advice::seconds(*elapsed);
    let row = row
        .data("devices", devices.total())
        .data("rounds", *rounds)
        .data("datagrams", *datagrams);
    if devices.total() == 0 {
        return row
            .message(format!("no device answered within {took}"))
            .remedy("see the lines above; check that devices have power and are on this switch and VLAN; behind a router, name their network with --target");
    }
    let message = format!("{}; took {took}", advice::counted(devices));
    if *truncated {
        return row
            .message(format!("{message}; more answered than are kept"))
            .remedy("scan one card at a time with -i");
    }
    row.message(message)
}

fn limited(row: CheckRow, notice: &Notice) -> CheckRow {
    row.message(with_cause(notice)).remedy(notice.remedy())
}

fn duplicates(row: CheckRow, found: &Duplicates, subject: &Subject) -> CheckRow {
    let Duplicates { devices, names } = found;
    let row = row.data("devices", json!(names));
    if matches!(subject, Subject::Address(_)) {
        return row
            .message(format!(
                "{devices} devices have this address: {}",
                list(names)
            ))
            .remedy("change one at a time, with the others unplugged");
    }
    row.message(format!("{devices} devices say this MAC: {}", list(names)))
        .remedy("compare their labels before you change anything: one may be faulty or cloned")
}

fn off_subnet(
    row: CheckRow,
    subnet: &OffSubnet,
    route: &RouteLookup,
    platform: Platform,
) -> CheckRow {
    let number = count(subnet.devices as u64, "device is", "devices are");
    let back = match route {
        RouteLookup::Unknown => String::new(),
        RouteLookup::None => "; no route leads there".into(),
        RouteLookup::Route(route) => match route.gateway {
            Some(gateway) => format!(
                "; what it sends there goes to the router {gateway} by {}",
                route.interface
            ),
            None => format!("; what it sends there leaves by {}", route.interface),
        },
    };
    row.message(format!(
        "{number} found there, which this machine is not in{back}"
    ))
    .remedy(advice::reach(subnet, platform))
    .data("devices", subnet.devices)
}

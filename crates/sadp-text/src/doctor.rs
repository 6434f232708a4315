//! Checks of this computer: what was found, and what to do about it.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_doctor::{
    Check, Duplicates, FilterMode, Finding, Firewall, FirewallState, HostInterface,
    InterfaceStatus, ListenPort, LoopResult, MulticastLoop, PortHolder, PortState, RawEthernet,
    ReceiveBuffer, ReversePath, RouteLookup, ScanSummary, Subject, Verdict,
};
use sadp_model::OffSubnet;

use crate::{Platform, Remedy, count, device_counts, reach, seconds, with_cause};

/// A check in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckText {
    /// What was found.
    pub message: String,
    /// What to do about it. A command stands at the end, after a colon.
    pub remedy: Option<String>,
}

impl CheckText {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: None,
        }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }
}

/// Puts a check into words. Commands are those of `platform`.
pub fn check_text(check: &Check, platform: Platform) -> CheckText {
    let is_ok = check.verdict == Verdict::Ok;
    match &check.finding {
        Finding::Interface(found) => CheckText {
            message: interface(found),
            remedy: interface_remedy(found, platform).filter(|_| !is_ok),
        },
        Finding::NoUsableInterface => {
            CheckText::new("no card can be used: it takes one that is up and has an IPv4 address")
                .remedy("connect to the cameras' network and give this machine any address, e.g. 192.168.1.250/24")
        }
        Finding::Port(found) => port(found, platform),
        Finding::Multicast(test) => multicast(test),
        Finding::ReversePath(filter) => {
            reverse_path(&check_subject(&check.subject), filter, platform)
        }
        Finding::Firewall { port, state } => match &check.subject {
            Subject::Firewall(active) => firewall(*active, state, *port),
            _ => CheckText::default(),
        },
        Finding::NoFirewall => {
            CheckText::new("none of firewalld, ufw, nftables and iptables filters what comes in")
        }
        Finding::RawEthernet(RawEthernet::Available { interfaces }) => {
            let cards = count(*interfaces as u64, "card", "cards");
            CheckText::new(format!("may send and receive raw Ethernet frames, by {cards}"))
        }
        Finding::RawEthernet(RawEthernet::Unavailable(error)) if is_ok => {
            CheckText::new(error.to_string())
        }
        Finding::RawEthernet(RawEthernet::Unavailable(error)) => CheckText::new(format!(
            "{error}: devices that answer only so are not found, nor those whose answers a filter drops"
        ))
        .remedy(error.remedy()),
        Finding::ReceiveBuffer(buffer) => receive_buffer(*buffer, is_ok),
        Finding::NotExamined => not_examined(platform),
        Finding::Devices(found) => devices(found),
        Finding::ScanFailed(error) => {
            CheckText::new(format!("no scan: {error}")).remedy(error.remedy())
        }
        Finding::ScanLimited(notice) => {
            CheckText::new(with_cause(notice)).remedy(notice.remedy())
        }
        Finding::Duplicates(found) => duplicates(found, &check.subject),
        Finding::SeveralSenders(senders) => CheckText::new(format!(
            "answers come from several addresses: {}",
            list(senders)
        ))
        .remedy("find which machine answers at each address: one may pretend to be the device"),
        Finding::OffSubnet { subnet, route } => off_subnet(subnet, route, platform),
        Finding::UnreadableReplies {
            malformed,
            unreadable,
            senders,
        } => {
            let mut parts = Vec::new();
            if *malformed > 0 {
                let replies = count(*malformed, "answer", "answers");
                parts.push(format!("{replies} could be read only in part"));
            }
            if *unreadable > 0 {
                let datagrams = count(*unreadable, "datagram", "datagrams");
                parts.push(format!("{datagrams} could not be read, from {}", list(senders)));
            }
            CheckText::new(parts.join("; ")).remedy(
                "scan again; if it stays so, capture it and look: sadpctl decode --messages FILE",
            )
        }
        Finding::OtherTools(tools) => {
            let names = tools.iter().map(|(from, tool)| {
                let whose = if tool.here { " (this machine)" } else { "" };
                format!("{from}{whose}")
            });
            let names = list(&names.collect::<BTreeSet<_>>());
            CheckText::new(format!("other SADP programs ask, too: {names}"))
                .remedy("make sure that nobody changes the same devices at the same time")
        }
    }
}

/// What a check is about.
pub fn check_subject(subject: &Subject) -> String {
    match subject {
        Subject::Computer => "this machine".into(),
        Subject::Program => "this program".into(),
        Subject::Interface(name) => name.clone(),
        Subject::Port(port) => format!("UDP {port}"),
        Subject::Firewall(Firewall::Firewalld) => "firewalld".into(),
        Subject::Firewall(Firewall::Ufw) => "ufw".into(),
        Subject::Firewall(Firewall::Nftables) => "nftables".into(),
        Subject::Firewall(Firewall::Iptables) => "iptables".into(),
        Subject::Scan => "scan".into(),
        Subject::Network => "network".into(),
        Subject::Address(address) => address.to_string(),
        Subject::Mac(mac) => mac.map(|mac| mac.to_string()).unwrap_or_default(),
        Subject::Subnet(network) => network.to_string(),
    }
}

/// The most devices or senders that a check names.
const MAX_NAMED: usize = 4;

fn list(names: &BTreeSet<impl ToString>) -> String {
    let shown = names.iter().take(MAX_NAMED);
    let mut shown: Vec<_> = shown.map(ToString::to_string).collect();
    if names.len() > MAX_NAMED {
        shown.push(format!("{} more", names.len() - MAX_NAMED));
    }
    shown.join(", ")
}

fn interface(found: &HostInterface) -> String {
    let is_virtual = found.is_virtual();
    let why = match found.status() {
        InterfaceStatus::Used => {
            let addresses: Vec<_> = found.networks.iter().map(Ipv4Net::to_string).collect();
            let but = if found.lacks_multicast() {
                ", but its multicast is switched off"
            } else if is_virtual && found.named.is_none() {
                "; looks like a VPN or container network: -i leaves it out"
            } else {
                ""
            };
            return format!("used, by {}{but}", addresses.join(", "));
        }
        InterfaceStatus::NotNamed => "-i names others",
        InterfaceStatus::Loopback => "reaches this machine only",
        InterfaceStatus::SwitchedOff => "it is switched off",
        InterfaceStatus::NoCarrier if is_virtual => "nothing is connected to it",
        InterfaceStatus::NoCarrier => "no carrier (no cable, or the other end is off)",
        InterfaceStatus::Down => "it is down",
        InterfaceStatus::NoAddress => match &found.controller {
            Some(bridge) => return format!("not used: it is a part of {bridge}"),
            None if is_virtual => "no IPv4 address",
            None => "no IPv4 address, though it is connected",
        },
    };
    format!("not used: {why}")
}

fn interface_remedy(found: &HostInterface, platform: Platform) -> Option<String> {
    let name = &found.name;
    match found.status() {
        InterfaceStatus::Used if found.multicast == Some(false) => Some(format!(
            "switch it on: sudo ip link set {name} multicast on"
        )),
        InterfaceStatus::SwitchedOff if platform == Platform::Linux => {
            Some(format!("switch it on: sudo ip link set {name} up"))
        }
        InterfaceStatus::SwitchedOff | InterfaceStatus::Down => Some("bring the card up".into()),
        InterfaceStatus::NoCarrier => Some("check the cable and the switch's port".into()),
        InterfaceStatus::NoAddress if found.controller.is_none() => {
            let address = Ipv4Net::new_assert([192, 168, 1, 250].into(), 24);
            let command = platform.add_address(name, address);
            Some(format!("any address will do to find devices: {command}"))
        }
        _ => None,
    }
}

fn port(found: &ListenPort, platform: Platform) -> CheckText {
    let port = found.port;
    let who = holders(&found.holders);
    match &found.state {
        PortState::Free => CheckText::new("free: answers by multicast can be received"),
        PortState::Shared => CheckText::new(format!(
            "shared with {who}: answers by multicast reach both"
        )),
        PortState::Taken => {
            let text = CheckText::new(format!(
                "held by {who}, which shares it with nobody: devices that answer by multicast are not found"
            ));
            if found.holders.iter().any(|holder| holder.process.is_some()) {
                return text.remedy("close that program, then scan again");
            }
            let look = match platform {
                Platform::Linux => format!("sudo ss -ulpn 'sport = :{port}'"),
                Platform::MacOs => format!("sudo lsof -nP -iUDP:{port}"),
                Platform::Windows => "netstat -abno -p UDP".into(),
            };
            text.remedy(format!(
                "close other SADP tools and camera software; to see which program it is: {look}"
            ))
        }
        PortState::Refused(error) => CheckText::new(format!(
            "cannot be opened ({error}): devices that answer by multicast are not found"
        ))
        .remedy("check that a firewall or security tool lets this program listen"),
    }
}

fn holders(holders: &[PortHolder]) -> String {
    let names = holders.iter().map(|holder| match &holder.process {
        Some(process) => format!("{} (process {})", process.name, process.id),
        None => format!("a program of user {}", holder.user),
    });
    let names: Vec<_> = names.collect::<BTreeSet<_>>().into_iter().collect();
    if names.is_empty() {
        "another program".into()
    } else {
        names.join(", ")
    }
}

fn multicast(test: &MulticastLoop) -> CheckText {
    const FIREWALL: &str = "see the lines on the firewall, or try with it off";
    let (group, port) = (test.group, test.port);
    match test.result() {
        LoopResult::Received => CheckText::new(format!(
            "{group} was joined, and what is sent to it is received"
        )),
        LoopResult::ReceivedOnOtherPort => CheckText::new(format!(
            "{group} was joined, and what is sent to it is received, by another port than {port}"
        )),
        LoopResult::PortFiltered => CheckText::new(format!(
            "what is sent to {group} is received, but not on port {port}: a firewall seems to drop it"
        ))
        .remedy(FIREWALL),
        LoopResult::Failed(error) => CheckText::new(format!(
            "{group} cannot be joined or sent to ({error}): devices there are not found"
        ))
        .remedy("check the card's address and routes, or choose another card with -i"),
        LoopResult::NotReceived => CheckText::new(format!(
            "{group} was joined, but what is sent to it is not received: a firewall or the card's driver drops it"
        ))
        .remedy(FIREWALL),
    }
}

fn reverse_path(interface: &str, filter: &ReversePath, platform: Platform) -> CheckText {
    let word = match filter.mode {
        FilterMode::Off => return CheckText::new("off: devices of other subnets are found"),
        FilterMode::Strict => "strict",
        FilterMode::Loose => "loose",
    };
    if filter.passes {
        return CheckText::new(format!(
            "{word}, and the routes let devices of other subnets be found"
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
    CheckText::new(format!(
        "{word}, and {why}: answers of devices in other subnets, e.g. {}, are dropped{seen}",
        filter.example
    ))
    .remedy(format!(
        "add an address in their subnet ({}), or relax the filter until the next start: sudo sysctl {settings}",
        platform.add_address(interface, own)
    ))
}

fn firewall(firewall: Firewall, state: &FirewallState, port: u16) -> CheckText {
    let why = match state {
        FirewallState::Open => return CheckText::new(format!("lets UDP {port} in")),
        FirewallState::DroppedByRule(location) => {
            return CheckText::new(format!("a rule drops UDP {port}"))
                .remedy(opening(firewall, location, port));
        }
        FirewallState::DroppedByDefault(location) => {
            return CheckText::new(format!(
                "no plain rule opens UDP {port}, and the default drops it"
            ))
            .remedy(opening(firewall, location, port));
        }
        FirewallState::NotPermitted => "its rules cannot be read without root",
        FirewallState::TooComplex => "its rules continue in other chains",
    };
    let look = match firewall {
        Firewall::Firewalld => "sudo firewall-cmd --list-all-zones",
        Firewall::Ufw => "sudo ufw status verbose",
        Firewall::Nftables => "sudo nft list ruleset",
        Firewall::Iptables => "sudo iptables -S",
    };
    CheckText::new(format!("could not be judged: {why}"))
        .remedy(format!("to see its rules: {look}"))
}

/// The commands that let in UDP to the port, and from it: devices answer to the
/// port by multicast, and from it by unicast.
fn opening(firewall: Firewall, location: &str, port: u16) -> String {
    let commands = match firewall {
        Firewall::Ufw => [
            format!("sudo ufw allow {port}/udp"),
            format!("sudo ufw allow proto udp from any port {port}"),
        ],
        Firewall::Firewalld => ["port", "source-port"]
            .map(|what| format!("sudo firewall-cmd --zone={location} --add-{what}={port}/udp")),
        Firewall::Nftables => ["dport", "sport"]
            .map(|what| format!("sudo nft insert rule {location} udp {what} {port} accept")),
        Firewall::Iptables => ["dport", "sport"]
            .map(|what| format!("sudo iptables -I INPUT -p udp --{what} {port} -j ACCEPT")),
    };
    let lasts = match firewall {
        Firewall::Ufw => "",
        _ => " until the next start",
    };
    format!("let answers in{lasts}: {}", commands.join(" && "))
}

fn receive_buffer(buffer: ReceiveBuffer, is_ok: bool) -> CheckText {
    let Some(granted) = buffer.granted else {
        return CheckText::new("what a socket is granted cannot be told");
    };
    let Some(capacity) = buffer.capacity else {
        return CheckText::new(format!("a socket is granted {granted} bytes"));
    };
    let size = ReceiveBuffer::REPLY;
    let message = format!(
        "{granted} bytes hold the answers of {capacity} devices at {size} bytes each, unread"
    );
    if is_ok {
        return CheckText::new(message);
    }
    let more = match buffer.dropped {
        Some(lost) if lost > 0 => format!(
            "while the scan ran, {} dropped for want of room",
            count(lost, "datagram was", "datagrams were")
        ),
        _ => "on a large site some are lost at first and asked again".into(),
    };
    CheckText::new(format!("{message}; {more}"))
        .remedy("allow more until the next start: sudo sysctl net.core.rmem_max=16777216")
}

fn not_examined(platform: Platform) -> CheckText {
    let place = match platform {
        Platform::Windows => "Windows Security, Firewall & network protection, Allow an app",
        Platform::MacOs | Platform::Linux => "System Settings, Network, Firewall",
    };
    CheckText::new(
        "not looked at on this system: firewall, reverse-path filter, routes, who holds the port",
    )
    .remedy(format!("let sadpctl receive on private networks: {place}"))
}

fn devices(found: &ScanSummary) -> CheckText {
    let took = seconds(found.elapsed);
    if found.devices.total() == 0 {
        return CheckText::new(format!("no device answered within {took}"))
            .remedy("see the lines above; check that devices have power and are on this switch and VLAN; behind a router, name their network with --target");
    }
    let message = format!("{}; took {took}", device_counts(&found.devices));
    if found.truncated {
        return CheckText::new(format!("{message}; more answered than are kept"))
            .remedy("scan one card at a time with -i");
    }
    CheckText::new(message)
}

fn duplicates(found: &Duplicates, subject: &Subject) -> CheckText {
    let (devices, names) = (found.devices, list(&found.names));
    if matches!(subject, Subject::Address(_)) {
        return CheckText::new(format!("{devices} devices have this address: {names}"))
            .remedy("change one at a time, with the others unplugged");
    }
    CheckText::new(format!("{devices} devices say this MAC: {names}"))
        .remedy("compare their labels before you change anything: one may be faulty or cloned")
}

fn off_subnet(subnet: &OffSubnet, route: &RouteLookup, platform: Platform) -> CheckText {
    let number = count(subnet.devices as u64, "device is", "devices are");
    let back = match route {
        RouteLookup::Unknown => String::new(),
        RouteLookup::None => "; no route leads there".into(),
        RouteLookup::Route(route) => {
            let router = route.gateway.map_or_else(
                || "leaves".into(),
                |gateway| format!("goes to the router {gateway}"),
            );
            let interface = &route.interface;
            format!("; what it sends there {router} by {interface}")
        }
    };
    CheckText::new(format!(
        "{number} found there, which this machine is not in{back}"
    ))
    .remedy(reach(subnet, platform))
}

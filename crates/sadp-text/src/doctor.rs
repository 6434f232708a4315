//! Checks of this computer: what was found, and what to do about it.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_doctor::{
    Check, Duplicates, FilterMode, Finding, Firewall, FirewallState, HostInterface,
    InterfaceStatus, ListenPort, LoopResult, MulticastLoop, PortHolder, PortState, RawEthernet,
    ReceiveBuffer, ReversePath, RouteLookup, ScanSummary, Subject, Verdict,
};
use sadp_model::OffSubnet;

use crate::{
    Explanation, LinkedPage, Platform, Remedy, Sentence, count, device_counts, first_of, reach,
    say, seconds, with_cause,
};

/// Puts a check into words. Commands are those of `platform`.
#[rustfmt::skip]
pub fn check_text(check: &Check, platform: Platform) -> Explanation {
    let is_ok = check.verdict == Verdict::Ok;
    match &check.finding {
        Finding::Interface(found) if is_ok => say(interface(found, platform).message),
        Finding::Interface(found) => interface(found, platform),
        Finding::NoUsableInterface => say("no network card can be used: one must be up and have an IPv4 address")
            .next("connect to the cameras' network and give this computer any address, e.g. 192.168.1.250/24"),
        Finding::Port(found) => port(found, platform),
        Finding::Multicast(test) => multicast(test),
        Finding::ReversePath(filter) => reverse_path(&check_subject(&check.subject), filter, platform),
        Finding::Firewall { port, state } => match &check.subject {
            Subject::Firewall(active) => firewall(*active, state, *port),
            _ => Explanation::default(),
        },
        Finding::NoFirewall => say("none of firewalld, ufw, nftables and iptables filters incoming traffic"),
        Finding::RawEthernet(RawEthernet::Available { interfaces }) =>
            say(format!("may send and receive raw Ethernet frames, by {}", count(*interfaces as u64, "card", "cards"))),
        Finding::RawEthernet(RawEthernet::Unavailable(error)) if is_ok => say(error.to_string()),
        Finding::RawEthernet(RawEthernet::Unavailable(error)) =>
            say(format!("{error}: devices that answer only that way are not found, nor those whose answers a filter drops"))
                .next(error.remedy()),
        Finding::ReceiveBuffer(buffer) => receive_buffer(*buffer, is_ok),
        Finding::NotExamined => not_examined(platform),
        Finding::Devices(found) => devices(found),
        Finding::ScanFailed(error) => say(format!("no scan: {error}")).next(error.remedy()),
        Finding::ScanLimited(notice) => say(with_cause(notice)).next(notice.remedy()),
        Finding::Duplicates(found) => duplicates(found, &check.subject),
        Finding::SeveralSenders(senders) => say(format!("answers come from several addresses: {}", list(senders)))
            .next("find which machine answers at each address: one may pretend to be the device"),
        Finding::OffSubnet { subnet, route } => off_subnet(subnet, route, platform),
        Finding::UnreadableReplies { malformed, unreadable, senders } => {
            let partly = (*malformed > 0).then(|| format!("{} could be read only in part", count(*malformed, "answer", "answers")));
            let datagrams = count(*unreadable, "datagram", "datagrams");
            let not = (*unreadable > 0).then(|| format!("{datagrams} could not be read, from {}", list(senders)));
            let parts: Vec<_> = partly.into_iter().chain(not).collect();
            say(parts.join("; "))
                .next(Sentence::new("scan again; if that does not help, capture it and read the capture: ").terminal_only("sadpctl decode --messages FILE"))
        }
        Finding::OtherTools(tools) => {
            let names = tools.iter().map(|(from, tool)| {
                format!("{from}{}", if tool.here { " (this computer)" } else { "" })
            });
            say(format!("other SADP programs ask, too: {}", list(&names.collect::<BTreeSet<_>>())))
                .next("make sure that nobody changes the same devices at the same time")
        }
    }
}

/// What a check is about.
pub fn check_subject(subject: &Subject) -> String {
    match subject {
        Subject::Computer => "this computer".into(),
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

/// Some devices or senders, not all where there are many.
fn list(names: &BTreeSet<impl ToString>) -> String {
    const MAX_NAMED: usize = 4;
    let names = names.iter().map(ToString::to_string);
    first_of(names, MAX_NAMED, |more| format!("{more} more"))
}

#[rustfmt::skip]
fn interface(found: &HostInterface, platform: Platform) -> Explanation {
    let (name, is_virtual) = (&found.name, found.is_virtual());
    match found.status() {
        InterfaceStatus::Used => {
            let addresses: Vec<_> = found.networks.iter().map(Ipv4Net::to_string).collect();
            let used = Sentence::new(format!("used, by {}", addresses.join(", ")));
            let message = if found.lacks_multicast() {
                used.text(", but its multicast is switched off")
            } else if is_virtual && found.named.is_none() {
                used.text("; looks like a VPN or container network").or_on_page(": -i leaves it out", "")
            } else {
                used
            };
            let next = (found.multicast == Some(false)).then(|| Sentence::new("switch it on: ").shell(format!("sudo ip link set {name} multicast on")));
            Explanation { message, next }
        }
        InterfaceStatus::NotNamed => say(Sentence::new("not used: ").or_on_page("-i names others", "this program was begun for others")),
        InterfaceStatus::Loopback => say("not used: reaches this computer only"),
        InterfaceStatus::SwitchedOff if platform == Platform::Linux => say("not used: it is switched off")
            .next(Sentence::new("switch it on: ").shell(format!("sudo ip link set {name} up"))),
        InterfaceStatus::SwitchedOff => say("not used: it is switched off").next("bring the card up"),
        InterfaceStatus::NoCarrier => say(if is_virtual {
            "not used: nothing is connected to it"
        } else {
            "not used: no carrier (no cable, or the other end is off)"
        })
        .next("check the cable and the switch's port"),
        InterfaceStatus::Down => say("not used: it is down").next("bring the card up"),
        InterfaceStatus::NoAddress if let Some(bridge) = &found.controller => say(format!("not used: it is a part of {bridge}")),
        InterfaceStatus::NoAddress => {
            let though = if is_virtual { "" } else { ", though it is connected" };
            let address = Ipv4Net::new_assert([192, 168, 1, 250].into(), 24);
            say(format!("not used: no IPv4 address{though}"))
                .next(Sentence::new("any address will do to find devices: ").shell(platform.add_address(name, address)))
        }
    }
}

#[rustfmt::skip]
fn port(found: &ListenPort, platform: Platform) -> Explanation {
    let port = found.port;
    let who = holders(&found.holders);
    match &found.state {
        PortState::Free => say("free: answers by multicast can be received"),
        PortState::Shared => say(format!("shared with {who}: answers by multicast reach both")),
        PortState::Taken => {
            let text = say(format!("used by {who}, which does not share it: devices that answer by multicast are not found"));
            if found.holders.iter().any(|holder| holder.process.is_some()) {
                return text.next("close that program, then scan again");
            }
            let look = match platform {
                Platform::Linux => format!("sudo ss -ulpn 'sport = :{port}'"),
                Platform::MacOs => format!("sudo lsof -nP -iUDP:{port}"),
                Platform::Windows => "netstat -abno -p UDP".into(),
            };
            text.next(Sentence::new("close other SADP tools and camera software; to see which program it is: ").shell(look))
        }
        PortState::Refused(error) => say(format!("cannot be opened ({error}): devices that answer by multicast are not found"))
            .next("check that a firewall or security tool lets this program listen"),
    }
}

fn holders(holders: &[PortHolder]) -> String {
    let names = holders.iter().map(|holder| match &holder.process {
        Some(process) => format!("{} (process {})", process.name, process.id),
        None => format!("a program of user {}", holder.user),
    });
    let names: BTreeSet<_> = names.collect();
    match names.len() {
        0 => "another program".into(),
        _ => Vec::from_iter(names).join(", "),
    }
}

#[rustfmt::skip]
fn multicast(test: &MulticastLoop) -> Explanation {
    const FIREWALL: &str = "see the line on the firewall below, or try with it off";
    let (group, port) = (test.group, test.port);
    match test.result() {
        LoopResult::Received => say(format!("{group} was joined, and datagrams to it are received")),
        LoopResult::ReceivedOnOtherPort => say(format!("{group} was joined, and datagrams to it are received, by another port than {port}")),
        LoopResult::PortFiltered => say(format!("datagrams to {group} are received, but not on port {port}: a firewall seems to drop it")).next(FIREWALL),
        LoopResult::Failed(error) => say(format!("{group} cannot be joined or sent to ({error}): devices there are not found"))
            .next(Sentence::new("check the card's address and routes, or choose another card").or_on_page(" with -i", " when this program is begun")),
        LoopResult::NotReceived =>
            say(format!("{group} was joined, but datagrams to it are not received: a firewall or the card's driver drops it")).next(FIREWALL),
    }
}

fn reverse_path(interface: &str, filter: &ReversePath, platform: Platform) -> Explanation {
    let word = match filter.mode {
        FilterMode::Off => return say("off: devices of other subnets are found"),
        FilterMode::Strict => "strict",
        FilterMode::Loose => "loose",
    };
    if filter.passes {
        return say(format!(
            "{word}, and the routes let devices of other subnets be found"
        ));
    }
    let why = match &filter.route_back {
        RouteLookup::Unknown => "routes cannot be read here".into(),
        RouteLookup::None => "there is no route back".into(),
        RouteLookup::Route(route) => format!("the route back leaves by {}", route.interface),
    };
    let seen = match filter.dropped {
        _ if filter.bypassed => "; this scan received them by a packet socket anyway".into(),
        Some(0) | None => String::new(),
        Some(dropped) => {
            let packets = count(dropped, "packet", "packets");
            format!("; while the scan ran, the kernel dropped {packets} this way")
        }
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
    let (example, add) = (filter.example, platform.add_address(interface, own));
    say(format!(
        "{word}, and {why}: answers of devices in other subnets, e.g. {example}, are dropped{seen}"
    ))
    .next(
        Sentence::new("add an address in their subnet (")
            .shell(add)
            .text("), or relax the filter until the next start: ")
            .shell(format!("sudo sysctl {settings}")),
    )
}

fn firewall(firewall: Firewall, state: &FirewallState, port: u16) -> Explanation {
    let (text, location) = match state {
        FirewallState::Open => return say(format!("lets UDP {port} in")),
        FirewallState::NotPermitted => {
            return not_judged(firewall, "its rules cannot be read without root");
        }
        FirewallState::TooComplex => {
            return not_judged(firewall, "its rules continue in other chains");
        }
        FirewallState::DroppedByRule(location) => (format!("a rule drops UDP {port}"), location),
        FirewallState::DroppedByDefault(location) => (
            format!("no simple rule opens UDP {port}, and the default policy drops it"),
            location,
        ),
    };
    say(text).next(opening(firewall, location, port))
}

fn not_judged(firewall: Firewall, why: &str) -> Explanation {
    let look = match firewall {
        Firewall::Firewalld => "sudo firewall-cmd --list-all-zones",
        Firewall::Ufw => "sudo ufw status verbose",
        Firewall::Nftables => "sudo nft list ruleset",
        Firewall::Iptables => "sudo iptables -S",
    };
    say(format!("could not be judged: {why}")).next(Sentence::new("to see its rules: ").shell(look))
}

/// The commands that let in UDP to the port, and from it: devices answer to the
/// port by multicast, and from it by unicast.
fn opening(firewall: Firewall, location: &str, port: u16) -> Sentence {
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
    Sentence::new(format!("let answers in{lasts}: ")).shell(commands.join(" && "))
}

fn receive_buffer(buffer: ReceiveBuffer, is_ok: bool) -> Explanation {
    let Some(granted) = buffer.granted else {
        return say("the size of the receive buffer is not known");
    };
    let Some(capacity) = buffer.capacity else {
        return say(format!("the receive buffer has {granted} bytes"));
    };
    let size = ReceiveBuffer::REPLY;
    let message = format!(
        "the receive buffer of {granted} bytes holds the unread replies of {capacity} devices ({size} bytes each)"
    );
    if is_ok {
        return say(message);
    }
    let lost = buffer.dropped.filter(|lost| *lost > 0);
    let lost = lost.map(|lost| count(lost, "datagram was", "datagrams were"));
    let more = lost.map_or_else(
        || "on a large site some replies are lost at first, and those devices asked again".into(),
        |lost| format!("while the scan ran, {lost} dropped because it was full"),
    );
    let allow = Sentence::new("allow more until the next start: ");
    say(format!("{message}; {more}")).next(allow.shell("sudo sysctl net.core.rmem_max=16777216"))
}

fn not_examined(platform: Platform) -> Explanation {
    let place = match platform {
        Platform::Windows => "Windows Security, Firewall & network protection, Allow an app",
        Platform::MacOs | Platform::Linux => "System Settings, Network, Firewall",
    };
    let program = Sentence::new("let ").or_on_page("sadpctl", "this program");
    say("not checked on this system: firewall, reverse-path filter, routes, who holds the port")
        .next(program.text(format!(" receive on private networks: {place}")))
}

fn devices(found: &ScanSummary) -> Explanation {
    let took = seconds(found.elapsed);
    let none = format!("no device answered within {took}");
    if found.devices.total() == 0 && found.stopped {
        let solve = Sentence::new("solve the problem above first, then run this again: ");
        return say(none + ": this computer drops answers")
            .next(solve.command("sadpctl doctor", LinkedPage::Doctor));
    }
    if found.devices.total() == 0 {
        return say(none)
            .next(Sentence::new("check that devices have power and are on this switch and VLAN; behind a router, name their network ").or_on_page("with --target", "when this program is begun"));
    }
    let message = format!("{}; took {took}", device_counts(&found.devices));
    if found.truncated {
        return say(format!("{message}; more answered than are kept"))
            .next(Sentence::new("scan one card at a time").or_on_page(" with -i", ""));
    }
    say(message)
}

fn duplicates(found: &Duplicates, subject: &Subject) -> Explanation {
    let (devices, names) = (found.devices, list(&found.names));
    if matches!(subject, Subject::Address(_)) {
        let command = "sadpctl net plan --from ADDRESS > plan.csv";
        return say(format!("{devices} devices have this address: {names}")).next(
            Sentence::new("give each its own; commands go by MAC, so none has to be unplugged: ")
                .command(command, LinkedPage::NetworkPlan),
        );
    }
    say(format!("{devices} devices report this MAC: {names}"))
        .next("compare their labels before you change anything: one may be faulty or cloned")
}

fn off_subnet(subnet: &OffSubnet, route: &RouteLookup, platform: Platform) -> Explanation {
    let number = count(subnet.devices as u64, "device is", "devices are");
    let back = match route {
        RouteLookup::Unknown => String::new(),
        RouteLookup::None => "; no route leads there".into(),
        RouteLookup::Route(route) => {
            let goes = match route.gateway {
                Some(gateway) => format!("goes to the router {gateway}"),
                None => "leaves".into(),
            };
            format!("; what it sends there {goes} by {}", route.interface)
        }
    };
    let message = format!("{number} found there, which this computer is not in{back}");
    say(message).next(reach(subnet, platform))
}

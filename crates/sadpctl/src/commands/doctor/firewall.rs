//! Whether this machine's firewall may keep answers out.

mod firewalld;
mod iptables;
mod nft;
mod remedy;
mod rules;
mod ufw;

use std::net::Ipv4Addr;

use serde_json::json;

use self::{
    firewalld::Zone,
    remedy::{Writer, remedy},
    rules::{Fate, Hook, Packet, Protocol, Ruleset},
    ufw::Ufw,
};
use super::{
    system,
    tool::{self, Told},
};
use crate::check::{Check, Verdict};

const CHECK: &str = "firewall";

/// What the firewalls of this machine say of themselves.
#[derive(Debug, Default)]
pub(super) struct Facts {
    nft: Told,
    iptables: Told,
    zones: Told,
    default_zone: Told,
    ufw: Option<Ufw>,
}

/// Where answers come in, and whether any did.
#[derive(Debug)]
pub(super) struct Site {
    /// The cards in use, each with an address.
    pub(super) cards: Vec<(String, Ipv4Addr)>,
    pub(super) group: Ipv4Addr,
    pub(super) port: u16,
    /// Whether a device was heard.
    pub(super) heard: bool,
}

/// Asks each firewall that is installed for its rules.
pub(super) async fn gather() -> Facts {
    let switch = system::read("/etc/ufw/ufw.conf").unwrap_or_default();
    let defaults = system::read("/etc/default/ufw").unwrap_or_default();
    Facts {
        nft: tool::ask("nft", &["-j", "list", "ruleset"]).await,
        iptables: tool::ask("iptables-save", &[]).await,
        zones: tool::ask("firewall-cmd", &["--list-all-zones"]).await,
        default_zone: tool::ask("firewall-cmd", &["--get-default-zone"]).await,
        ufw: ufw::parse(&switch, &defaults),
    }
}

/// One line a firewall, or one that there is none.
pub(super) fn judge(facts: &Facts, site: &Site) -> Vec<Check> {
    let mut checks = Vec::new();
    let saved = facts.iptables.text().map(iptables::parse);
    let manager = Manager::of(facts);
    let known_tables: Vec<&str> = saved
        .iter()
        .filter(|saved| saved.is_nft)
        .flat_map(|saved| saved.tables.iter().map(String::as_str))
        .collect();
    match facts.nft.text().map(|json| nft::parse(json, &known_tables)) {
        Some(Some(rules)) => checks.push(judge_rules("nftables", &rules, site, manager)),
        Some(None) => checks.push(unreadable("nftables", site)),
        None if facts.nft == Told::Refused => checks.push(unreadable("nftables", site)),
        None => {}
    }
    match &saved {
        Some(saved) if !saved.tables.is_empty() => {
            checks.push(judge_rules("iptables", &saved.rules, site, manager));
        }
        None if facts.iptables == Told::Refused => checks.push(unreadable("iptables", site)),
        _ => {}
    }
    checks.extend(facts.ufw.map(|ufw| judge_ufw(ufw, saved.is_some(), site)));
    checks.extend(judge_zones(facts, site));
    if checks.is_empty() {
        let message = "none of nftables, iptables, ufw and firewalld is installed";
        checks.push(Check::new(CHECK, "this machine", Verdict::Ok, message));
    }
    checks
}

/// Who writes the rules, and has to be told of new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Nobody,
    Ufw,
    Firewalld,
}

impl Manager {
    fn of(facts: &Facts) -> Self {
        if facts.ufw.is_some() {
            Self::Ufw
        } else if facts.zones.text().is_some() {
            Self::Firewalld
        } else {
            Self::Nobody
        }
    }
}

/// What of SADP has to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Traffic {
    MulticastAnswers,
    UnicastAnswers,
    Queries,
    Questions,
}

impl Traffic {
    const ALL: [Self; 4] = [
        Self::MulticastAnswers,
        Self::UnicastAnswers,
        Self::Queries,
        Self::Questions,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::MulticastAnswers => "answers by multicast",
            Self::UnicastAnswers => "answers by unicast",
            Self::Queries => "the routers' multicast queries (IGMP)",
            Self::Questions => "the question itself",
        }
    }
}

fn packets(card: &str, address: Ipv4Addr, site: &Site) -> [Packet; 4] {
    let port = Some(site.port);
    let incoming = |protocol, destination| Packet {
        hook: Hook::Input,
        card: card.into(),
        protocol,
        source: None,
        destination,
    };
    [
        incoming(Protocol::Udp(port, port), site.group),
        incoming(Protocol::Udp(port, None), address),
        incoming(Protocol::Igmp, Ipv4Addr::new(224, 0, 0, 1)),
        Packet {
            hook: Hook::Output,
            source: Some(address),
            ..incoming(Protocol::Udp(None, port), site.group)
        },
    ]
}

fn judge_rules(tool: &str, rules: &Ruleset, site: &Site, manager: Manager) -> Check {
    let mut fates = Vec::new();
    let mut dropping = None;
    for (card, address) in &site.cards {
        for (traffic, packet) in Traffic::ALL.into_iter().zip(packets(card, *address, site)) {
            let (fate, chain) = rules.fate(&packet);
            dropping = dropping.or_else(|| Some((traffic, chain?)));
            fates.push((traffic, &**card, fate));
        }
    }
    let check = judge_fates(tool, &fates, site.heard);
    match dropping {
        Some((traffic, chain)) => {
            let writer = match manager {
                Manager::Nobody if tool == "nftables" => Writer::Nft(chain),
                Manager::Nobody => Writer::Iptables(chain),
                // They leave alone what goes out.
                Manager::Ufw => Writer::Ufw,
                Manager::Firewalld => Writer::Firewalld(""),
            };
            check.remedy(remedy(writer, traffic, site.port))
        }
        None => check,
    }
}

type Fates<'a> = [(Traffic, &'a str, Fate)];

fn judge_fates(tool: &str, fates: &Fates<'_>, heard: bool) -> Check {
    let surely = |fate: Fate| !fate.may_pass;
    let perhaps = |fate: Fate| fate.may_be_dropped && fate.may_pass;
    let (dropped, doubtful) = (named(fates, surely), named(fates, perhaps));
    let drops_sadp = fates
        .iter()
        .any(|(traffic, _, fate)| surely(*fate) && *traffic != Traffic::Queries);
    let (verdict, message) = match (&dropped, &doubtful) {
        (Some(dropped), _) => {
            // What was heard all the same outweighs what was read.
            let verdict = if drops_sadp && !heard {
                Verdict::Problem
            } else {
                Verdict::Warning
            };
            (verdict, format!("by its rules it drops {dropped}"))
        }
        (None, Some(doubtful)) => (
            Verdict::Warning,
            format!("it may drop {doubtful}: not all of its rules can be judged"),
        ),
        (None, None) => (Verdict::Ok, "lets SADP through".into()),
    };
    Check::new(CHECK, tool, verdict, message)
        .data("drops", json!(dropped))
        .data("may_drop", json!(doubtful))
}

/// What meets such a fate, and on which cards.
fn named(fates: &Fates<'_>, meets: impl Fn(Fate) -> bool) -> Option<String> {
    let mut all = Vec::new();
    for traffic in Traffic::ALL {
        let of_it = |(one, _, fate): &&(Traffic, &str, Fate)| *one == traffic && meets(*fate);
        let cards: Vec<_> = fates
            .iter()
            .filter(of_it)
            .map(|(_, card, _)| *card)
            .collect();
        if !cards.is_empty() {
            all.push(format!("{} on {}", traffic.name(), cards.join(", ")));
        }
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// Where devices were heard, it matters little what cannot be read.
fn unreadable(tool: &str, site: &Site) -> Check {
    let verdict = if site.heard {
        Verdict::Ok
    } else {
        Verdict::Warning
    };
    Check::new(
        CHECK,
        tool,
        verdict,
        "its rules cannot be read without root",
    )
    .remedy("to have them judged: sudo sadpctl doctor")
}

fn judge_ufw(ufw: Ufw, rules_were_read: bool, site: &Site) -> Check {
    if rules_were_read {
        let message = "on; its rules are among those of iptables";
        return Check::new(CHECK, "ufw", Verdict::Ok, message);
    }
    if !ufw.keeps_out {
        let message = "on, and by default it lets in what no rule names";
        return Check::new(CHECK, "ufw", Verdict::Ok, message);
    }
    let verdict = if site.heard {
        Verdict::Ok
    } else {
        Verdict::Warning
    };
    let message = "on; it may drop answers: by default it keeps out what no rule lets in, and its rules cannot be read without root";
    let remedy = remedy(Writer::Ufw, Traffic::MulticastAnswers, site.port);
    Check::new(CHECK, "ufw", verdict, message).remedy(remedy)
}

fn judge_zones(facts: &Facts, site: &Site) -> Option<Check> {
    let zones = firewalld::parse(facts.zones.text()?);
    let default = facts.default_zone.text().unwrap_or_default().trim();
    let mut fates = Vec::new();
    let mut keeping: Option<&Zone> = None;
    for (card, _) in &site.cards {
        let Some(zone) = firewalld::zone_of(&zones, card, default) else {
            continue;
        };
        let both = [zone.to_port(site.port), zone.off_port(site.port)];
        if both.iter().any(|fate| fate.may_be_dropped) {
            keeping = keeping.or(Some(zone));
        }
        let answers = Traffic::ALL.into_iter().zip(both);
        fates.extend(answers.map(|(traffic, fate)| (traffic, &**card, fate)));
    }
    let check = judge_fates("firewalld", &fates, site.heard);
    Some(match keeping {
        Some(zone) => {
            let writer = Writer::Firewalld(&zone.name);
            check.remedy(remedy(writer, Traffic::MulticastAnswers, site.port))
        }
        None => check,
    })
}

#[cfg(test)]
mod tests;

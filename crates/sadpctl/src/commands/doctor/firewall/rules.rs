//! What becomes of a packet, as far as a firewall's rules can be read.
//!
//! Every answer has three values: what cannot be judged from the rules alone,
//! such as a set's contents or a rate limit, may hold or not.

use std::{collections::HashMap, net::Ipv4Addr, ops::RangeInclusive};

use ipnet::Ipv4Net;

/// A firewall's rules, in whichever language they were written.
#[derive(Debug, Default)]
pub(crate) struct Ruleset {
    /// Chains the kernel itself calls, in their order.
    pub(crate) bases: Vec<Base>,
    pub(crate) chains: HashMap<String, Vec<Rule>>,
}

/// A chain the kernel calls.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) hook: Hook,
    pub(crate) chain: String,
    /// Where it stands among those of its hook.
    pub(crate) priority: i64,
    /// Whether what no rule decides is dropped.
    pub(crate) drops: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Input,
    Output,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) tests: Vec<Test>,
    pub(crate) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Accept,
    Drop,
    Jump(String),
    Goto(String),
    Return,
    /// It only counts, logs or marks.
    Nothing,
    /// It cannot be told what it does.
    Unknown,
}

/// A condition, or its opposite.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) what: What,
    pub(crate) negated: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Came in by one of these; a trailing `*` or `+` stands for anything.
    CardIn(Vec<String>),
    /// Goes out by one of these.
    CardOut(Vec<String>),
    /// By name or number.
    Protocol(Vec<String>),
    SourcePort(Vec<RangeInclusive<u16>>),
    DestinationPort(Vec<RangeInclusive<u16>>),
    Source(Vec<Ipv4Net>),
    Destination(Vec<Ipv4Net>),
    /// Goes to one of these: `multicast`, `local` or `unicast`, `broadcast`.
    Kind(Vec<String>),
    /// Belongs to a connection in one of these states.
    State(Vec<String>),
    Always,
    Never,
    Unknown,
}

impl What {
    /// The condition itself.
    pub(crate) const fn holds(self) -> Test {
        Test {
            what: self,
            negated: false,
        }
    }
}

/// A packet to ask about. It belongs to no connection: a device's answer does
/// not come from where the question went.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) hook: Hook,
    pub(crate) card: String,
    pub(crate) protocol: Protocol,
    /// Where it comes from, where that is known.
    pub(crate) source: Option<Ipv4Addr>,
    pub(crate) destination: Ipv4Addr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Igmp,
    /// UDP, from and to a port. `None` is a port given out by the system.
    Udp(Option<u16>, Option<u16>),
}

/// What may become of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) may_pass: bool,
    pub(crate) may_be_dropped: bool,
}

impl Fate {
    pub(crate) const PASSES: Self = Self {
        may_pass: true,
        may_be_dropped: false,
    };
    pub(crate) const DROPPED: Self = Self {
        may_pass: false,
        may_be_dropped: true,
    };
    pub(crate) const UNKNOWN: Self = Self {
        may_pass: true,
        may_be_dropped: true,
    };
}

impl Ruleset {
    /// What becomes of the packet, which has to pass every chain of its hook,
    /// and the first of them that may drop it.
    pub(crate) fn fate(&self, packet: &Packet) -> (Fate, Option<&str>) {
        let of_hook = |base: &&Base| base.hook == packet.hook;
        let mut bases: Vec<_> = self.bases.iter().filter(of_hook).collect();
        bases.sort_by_key(|base| base.priority);
        let mut fate = Fate::PASSES;
        let mut dropping = None;
        let mut walk = Walk {
            rules: self,
            packet,
            budget: BUDGET,
        };
        for base in bases {
            let outcome = walk.chain(&base.chain, 0);
            if outcome.dropped || (outcome.undecided && base.drops) {
                fate.may_be_dropped = true;
                dropping = dropping.or(Some(&*base.chain));
            }
            fate.may_pass &= outcome.accepted || (outcome.undecided && !base.drops);
        }
        (fate, dropping)
    }
}

/// How many rules are looked at for one packet at most.
const BUDGET: u32 = 100_000;

/// How deep chains may call chains; the kernel's own limit is 16.
const DEPTH: u8 = 16;

struct Walk<'a> {
    rules: &'a Ruleset,
    packet: &'a Packet,
    budget: u32,
}

/// What may have happened at the end of a rule or a chain.
#[derive(Clone, Copy, Default)]
struct Outcome {
    accepted: bool,
    dropped: bool,
    undecided: bool,
}

impl Outcome {
    const UNKNOWN: Self = Self {
        accepted: true,
        dropped: true,
        undecided: true,
    };
}

impl Walk<'_> {
    fn chain(&mut self, name: &str, depth: u8) -> Outcome {
        let Some(rules) = self.rules.chains.get(name) else {
            return Outcome::UNKNOWN;
        };
        let mut so_far = Outcome::default();
        for rule in rules {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 || depth > DEPTH {
                return Outcome::UNKNOWN;
            }
            let truth = rule
                .tests
                .iter()
                .map(|test| truth(test, self.packet))
                .fold(Truth::Yes, Truth::and);
            if truth == Truth::No {
                continue;
            }
            let (outcome, leaves) = self.act(&rule.action, depth);
            so_far.accepted |= outcome.accepted;
            so_far.dropped |= outcome.dropped;
            so_far.undecided |= leaves && outcome.undecided;
            let goes_on = outcome.undecided && !leaves;
            if truth == Truth::Yes && !goes_on {
                return so_far;
            }
        }
        so_far.undecided = true;
        so_far
    }

    /// What an action brings, and whether it leaves the chain where it decides
    /// nothing.
    fn act(&mut self, action: &Action, depth: u8) -> (Outcome, bool) {
        let mut outcome = Outcome::default();
        match action {
            Action::Accept => outcome.accepted = true,
            Action::Drop => outcome.dropped = true,
            Action::Return => {
                outcome.undecided = true;
                return (outcome, true);
            }
            Action::Nothing => outcome.undecided = true,
            Action::Unknown => outcome = Outcome::UNKNOWN,
            Action::Jump(chain) => outcome = self.chain(chain, depth + 1),
            Action::Goto(chain) => return (self.chain(chain, depth + 1), true),
        }
        (outcome, false)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Maybe,
}

impl Truth {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

fn truth(test: &Test, packet: &Packet) -> Truth {
    match (truth_of(&test.what, packet), test.negated) {
        (Truth::Yes, true) => Truth::No,
        (Truth::No, true) => Truth::Yes,
        (truth, _) => truth,
    }
}

fn truth_of(what: &What, packet: &Packet) -> Truth {
    match what {
        What::Always => Truth::Yes,
        What::Never => Truth::No,
        What::Unknown => Truth::Maybe,
        What::CardIn(names) => {
            Truth::from(packet.hook == Hook::Input && names_card(names, &packet.card))
        }
        What::CardOut(names) => {
            Truth::from(packet.hook == Hook::Output && names_card(names, &packet.card))
        }
        What::Protocol(names) => names_protocol(names, packet.protocol).into(),
        What::SourcePort(ranges) => match packet.protocol {
            Protocol::Udp(from, _) => in_ranges(ranges, from),
            Protocol::Igmp => Truth::No,
        },
        What::DestinationPort(ranges) => match packet.protocol {
            Protocol::Udp(_, to) => in_ranges(ranges, to),
            Protocol::Igmp => Truth::No,
        },
        What::Source(networks) => match packet.source {
            Some(source) => networks.iter().any(|net| net.contains(&source)).into(),
            None if networks.iter().any(|net| net.prefix_len() == 0) => Truth::Yes,
            None if networks.iter().copied().all(is_no_device) => Truth::No,
            None => Truth::Maybe,
        },
        What::Destination(networks) => {
            let inside = |net: &Ipv4Net| net.contains(&packet.destination);
            networks.iter().any(inside).into()
        }
        What::Kind(kinds) => {
            let multicast = packet.destination.is_multicast();
            let fits = |kind: &String| match kind.as_str() {
                "multicast" => multicast,
                "local" | "unicast" | "host" => !multicast,
                _ => false,
            };
            kinds.iter().any(fits).into()
        }
        What::State(states) => states.iter().any(|state| state == "new").into(),
    }
}

/// Whether no device's address can be in it.
fn is_no_device(network: Ipv4Net) -> bool {
    network.network().is_loopback() || network.network().is_multicast()
}

fn names_card(names: &[String], card: &str) -> bool {
    names.iter().any(|name| {
        let start = name.strip_suffix(['*', '+']);
        start.map_or(name == card, |start| card.starts_with(start))
    })
}

fn names_protocol(names: &[String], protocol: Protocol) -> bool {
    let known = match protocol {
        Protocol::Udp(..) => ["udp", "17", "all"],
        Protocol::Igmp => ["igmp", "2", "all"],
    };
    names.iter().any(|name| known.contains(&name.as_str()))
}

/// A port given out by the system may be any of many: few of them named are as
/// good as none.
fn in_ranges(ranges: &[RangeInclusive<u16>], port: Option<u16>) -> Truth {
    let covers = |range: &RangeInclusive<u16>| {
        let from = (*range.start()).max(*GIVEN_OUT.start());
        let to = (*range.end()).min(*GIVEN_OUT.end());
        u32::from(to) + 1 - u32::from(from.min(to + 1))
    };
    match port {
        Some(port) => ranges.iter().any(|range| range.contains(&port)).into(),
        None => match ranges.iter().map(covers).sum::<u32>() {
            0..=FEW => Truth::No,
            covered if covered >= covers(&GIVEN_OUT) => Truth::Yes,
            _ => Truth::Maybe,
        },
    }
}

/// The ports that Linux gives out by default.
const GIVEN_OUT: RangeInclusive<u16> = 32_768..=60_999;

/// Ports that are not likely to be the one given out.
const FEW: u32 = 256;

#[cfg(test)]
mod tests;

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
mod tests {
    use super::*;

    const PASSES: Fate = Fate::PASSES;
    const DROPPED: Fate = Fate::DROPPED;
    const MAYBE: Fate = Fate::UNKNOWN;

    fn packet() -> Packet {
        Packet {
            hook: Hook::Input,
            card: "lan0".into(),
            protocol: Protocol::Udp(Some(37020), Some(37020)),
            source: None,
            destination: [239, 255, 255, 250].into(),
        }
    }

    fn fate(drops: bool, chains: Vec<(&str, Vec<(What, Action)>)>) -> Fate {
        let rule = |(what, action): (What, Action)| Rule {
            tests: vec![what.holds()],
            action,
        };
        let chains = chains.into_iter().map(|(name, rules)| {
            let rules = rules.into_iter().map(rule).collect();
            (name.to_owned(), rules)
        });
        let rules = Ruleset {
            bases: vec![Base {
                hook: Hook::Input,
                chain: "in".into(),
                priority: 0,
                drops,
            }],
            chains: chains.collect(),
        };
        rules.fate(&packet()).0
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        use Action::{Accept, Drop, Nothing};
        use What::{Always, Never, Unknown};
        let one = |drops, rules| fate(drops, vec![("in", rules)]);
        for (drops, rules, expected) in [
            (false, vec![], PASSES),
            (true, vec![], DROPPED),
            (true, vec![(Always, Accept)], PASSES),
            (false, vec![(Always, Drop), (Always, Accept)], DROPPED),
            (true, vec![(Never, Accept)], DROPPED),
            (true, vec![(Unknown, Accept)], MAYBE),
            (false, vec![(Unknown, Drop)], MAYBE),
            (true, vec![(Unknown, Drop), (Always, Accept)], MAYBE),
            (true, vec![(Unknown, Accept), (Always, Accept)], PASSES),
            (true, vec![(Always, Nothing)], DROPPED),
            (true, vec![(Always, Action::Unknown)], MAYBE),
            (
                true,
                vec![(Always, Action::Return), (Always, Accept)],
                DROPPED,
            ),
        ] {
            let told = format!("{drops} {rules:?}");
            assert_eq!(one(drops, rules), expected, "{told}");
        }
    }

    #[test]
    fn chains_call_chains() {
        use Action::{Accept, Drop, Goto, Jump, Return};
        use What::{Always, Unknown};
        let jump = || Jump("sub".into());
        for (first, sub, expected) in [
            (jump(), vec![(Always, Drop)], DROPPED),
            (jump(), vec![], PASSES),
            (jump(), vec![(Always, Return), (Always, Drop)], PASSES),
            (jump(), vec![(Unknown, Drop)], MAYBE),
            (Goto("sub".into()), vec![], DROPPED),
            (Goto("sub".into()), vec![(Always, Accept)], PASSES),
            (Jump("gone".into()), vec![], MAYBE),
        ] {
            let told = format!("{first:?} {sub:?}");
            let chains = vec![
                ("in", vec![(Always, first), (Always, Accept)]),
                ("sub", sub),
            ];
            assert_eq!(fate(true, chains), expected, "{told}");
        }
    }

    #[test]
    fn chains_that_call_each_other_come_to_an_end() {
        let to = |name: &str| {
            let call = || (What::Unknown, Action::Jump(name.into()));
            (0..20).map(|_| call()).collect()
        };
        assert_eq!(
            fate(true, vec![("in", to("other")), ("other", to("in"))]),
            MAYBE
        );
    }

    #[test]
    fn what_a_packet_is() {
        let net = |text: &str| vec![text.parse::<Ipv4Net>().unwrap()];
        let words = |word: &str| vec![word.to_owned()];
        for (what, expected) in [
            (What::CardIn(words("lan0")), Truth::Yes),
            (What::CardIn(words("lan*")), Truth::Yes),
            (What::CardIn(words("la+")), Truth::Yes),
            (What::CardIn(words("lo")), Truth::No),
            (What::CardOut(words("lan0")), Truth::No),
            (What::Protocol(words("udp")), Truth::Yes),
            (What::Protocol(words("17")), Truth::Yes),
            (What::Protocol(words("tcp")), Truth::No),
            (What::DestinationPort(vec![1..=1024]), Truth::No),
            (
                What::DestinationPort(vec![22..=22, 37000..=38000]),
                Truth::Yes,
            ),
            (What::Source(net("192.168.0.0/16")), Truth::Maybe),
            (What::Source(net("127.0.0.0/8")), Truth::No),
            (What::Source(net("0.0.0.0/0")), Truth::Yes),
            (What::Destination(net("224.0.0.0/4")), Truth::Yes),
            (What::Destination(net("224.0.0.251/32")), Truth::No),
            (What::Kind(words("multicast")), Truth::Yes),
            (What::Kind(words("local")), Truth::No),
            (
                What::State(vec!["established".into(), "related".into()]),
                Truth::No,
            ),
            (What::State(words("new")), Truth::Yes),
        ] {
            assert_eq!(truth_of(&what, &packet()), expected, "{what:?}");
        }
        let reply = Packet {
            protocol: Protocol::Udp(Some(37020), None),
            destination: [10, 77, 0, 1].into(),
            ..packet()
        };
        for (ranges, expected) in [
            (1024..=65535, Truth::Yes),
            (40000..=50000, Truth::Maybe),
            (37020..=37020, Truth::No),
            (0..=1023, Truth::No),
        ] {
            let what = What::DestinationPort(vec![ranges]);
            assert_eq!(truth_of(&what, &reply), expected, "{what:?}");
        }
    }
}

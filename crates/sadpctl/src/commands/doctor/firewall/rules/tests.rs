use super::*;

impl Packet {
    /// A device's answer by multicast.
    pub(crate) fn sample() -> Self {
        Self {
            hook: Hook::Input,
            card: "lan0".into(),
            protocol: Protocol::Udp(Some(37020), Some(37020)),
            source: None,
            destination: [239, 255, 255, 250].into(),
        }
    }
}

const PASSES: Fate = Fate::PASSES;
const DROPPED: Fate = Fate::DROPPED;
const MAYBE: Fate = Fate::UNKNOWN;

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
    rules.fate(&Packet::sample()).0
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
        assert_eq!(truth_of(&what, &Packet::sample()), expected, "{what:?}");
    }
    let reply = Packet {
        protocol: Protocol::Udp(Some(37020), None),
        destination: [10, 77, 0, 1].into(),
        ..Packet::sample()
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

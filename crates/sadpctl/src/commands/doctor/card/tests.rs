use super::*;

fn card(name: &str, networks: &[&str]) -> Card {
    Card {
        name: name.into(),
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        running: true,
        switched_on: Some(true),
        carrier: Some(true),
        multicast: Some(true),
        ..Card::default()
    }
}

/// Judges a card beside one that is used.
fn judged(card: &Card) -> Check {
    let cards = [card.clone(), self::card("eth7", &["10.9.9.9/24"])];
    judge(&cards, Platform::Linux).swap_remove(0)
}

/// What is told of a card with an address, and of one without.
fn told(change: fn(&mut Card), verdicts: [Verdict; 2], said: [&str; 2]) {
    let mut cards = [card("lan0", &["10.0.0.1/24"]), card("lan0", &[])];
    for ((card, verdict), said) in cards.iter_mut().zip(verdicts).zip(said) {
        change(card);
        let check = judged(card);
        assert_eq!(check.verdict, verdict, "{card:?} {check:?}");
        assert!(check.message.contains(said), "{check:?}");
        let bad = verdict != Verdict::Ok;
        assert_eq!(check.remedy.is_some(), bad, "{check:?}");
    }
}

#[test]
fn each_card_is_used_or_not_for_a_reason() {
    use Verdict::{Ok, Problem, Warning};
    let bare = "no IPv4 address";
    told(|_| (), [Ok, Warning], ["used, by 10.0.0.1/24", bare]);
    told(
        |card| card.named = Some(true),
        [Ok, Problem],
        ["used", bare],
    );
    told(
        |card| card.named = Some(false),
        [Ok, Ok],
        ["-i names others"; 2],
    );
    told(
        |card| card.loopback = true,
        [Ok, Ok],
        ["this machine only"; 2],
    );
    told(
        |card| card.multicast = Some(false),
        [Warning, Warning],
        ["multicast is switched off", bare],
    );
    told(
        |card| card.part_of = Some("br0".into()),
        [Ok, Ok],
        ["used", "a part of br0"],
    );
}

#[test]
fn what_was_set_up_and_does_not_work_is_told() {
    use Verdict::{Ok, Problem, Warning};
    let off = |card: &mut Card| {
        card.switched_on = Some(false);
        card.running = false;
    };
    told(off, [Warning, Ok], ["it is switched off"; 2]);
    told(
        |card| {
            card.switched_on = Some(false);
            card.named = Some(true);
        },
        [Problem, Problem],
        ["it is switched off"; 2],
    );
    told(
        |card| card.carrier = Some(false),
        [Warning, Ok],
        ["no carrier"; 2],
    );
    told(
        |card| {
            // Elsewhere than on Linux no more is known.
            card.switched_on = None;
            card.carrier = None;
            card.running = false;
        },
        [Warning, Warning],
        ["it is down", "no IPv4 address"],
    );
}

#[test]
fn loopback_needs_no_multicast_flag() {
    let mut lo = card("lo", &["127.0.0.1/8"]);
    lo.loopback = true;
    lo.named = Some(true);
    lo.multicast = Some(false);
    assert!(lo.is_used());
    assert_eq!(judged(&lo).verdict, Verdict::Ok);
}

#[test]
fn virtual_cards_are_told_and_matter_little() {
    let mut docker = card("docker0", &["172.17.0.1/16"]);
    let check = judged(&docker);
    assert!(check.message.contains("container"), "{check:?}");
    docker.carrier = Some(false);
    assert_eq!(judged(&docker).verdict, Verdict::Ok);
}

#[test]
fn without_any_card_nothing_can_be_found() {
    let checks = judge(&[card("lan0", &[])], Platform::Linux);
    assert_eq!(checks[0].verdict, Verdict::Warning);
    let remedy = checks[0].remedy.as_ref().unwrap();
    assert!(
        remedy.ends_with("sudo ip addr add 192.168.1.250/24 dev lan0"),
        "{remedy}"
    );
    assert_eq!(checks[1].verdict, Verdict::Problem);
    assert_eq!(judge(&[], Platform::Windows).len(), 1);
}

#[test]
fn names_are_read_with_and_without_blanks() {
    let table = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets
    lo:     100       1    0    0    0     0          0         0      100       1
eth0.10:1234567 1 0 0 0 0 0 0 9 9
";
    assert_eq!(names(table), ["lo", "eth0.10"]);
    assert!(names("").is_empty());
}

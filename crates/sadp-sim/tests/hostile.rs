//! The survey and exchanges against simulated devices and an attacker beside
//! them, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

#[expect(dead_code, reason = "the survey's own tests use more of it")]
#[path = "survey/lan.rs"]
mod lan;
#[path = "hostile/victim.rs"]
mod victim;

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use lan::{ATTACKER, MS, Outcome, devices, play_against};
use sadp_model::{Protocol, Registry, SenderConflict, Warning, assess};
use sadp_proto::{Inquiry, StopCondition, SurveyConfig};
use sadp_sim::{
    Attack, Behavior, FleetConfig, Hostile, HostileConfig, HostileTransmit, InboundDatagram,
    Speaker,
};
use victim::Victim;

/// More datagrams than any of these tests takes.
const PLENTY: u64 = 100_000;

const HONEST: usize = 60;

/// Scans for six seconds. The devices answer only after half of that, when the
/// attacker has sent all it had to.
fn scan_after(attacks: &[Attack], rate: u32, count: u64) -> Outcome {
    let behavior = Behavior {
        delay: "3s".parse().unwrap(),
        hello: false,
        ..Behavior::default()
    };
    let honest = devices(u32::try_from(HONEST).unwrap(), 1, behavior);
    let attack = hostile(attacks, rate, count);
    let (outcome, attacked) = play_against(honest.clone(), 1, survey(), &attack);
    assert_eq!(outcome.found_among(&honest), HONEST, "{attacks:?}");
    assert!(attacked.sent > 0);
    outcome
}

fn survey() -> SurveyConfig {
    SurveyConfig {
        links: vec![Protocol::Sadp],
        broadcast: false,
        sweep: None,
        stop: StopCondition::Fixed(6000 * MS),
    }
}

fn hostile(attacks: &[Attack], rate: u32, count: u64) -> HostileConfig {
    HostileConfig {
        rate: NonZeroU32::new(rate).unwrap(),
        count,
        ..HostileConfig::new(attacks.to_vec())
    }
}

#[test]
fn garbage_costs_no_device_and_is_counted() {
    let outcome = scan_after(&[Attack::Garbage], 1000, PLENTY);
    let tally = outcome.survey.stats();
    assert!(tally.unreadable > 1000, "{tally:?}");
    assert!(tally.unreadable_from.contains_key(&IpAddr::from(ATTACKER)));
    // Of what is nearly a reply, some is read, as of devices that are not there.
    assert!(outcome.found() < HONEST + 1000, "{}", outcome.found());
}

#[test]
fn entity_bombs_are_not_expanded_and_no_file_is_read() {
    let outcome = scan_after(&[Attack::EntityBombs], 500, PLENTY);
    assert_eq!(outcome.found(), HONEST + 3);
    for entry in outcome.survey.registry().entries() {
        let device = &entry.device;
        let longest = device.raw.iter().map(|(_, text)| text.len()).max();
        assert!(longest < Some(40_000), "{longest:?}");
        assert!(!format!("{device:?}").contains("root:"));
    }
    assert!(outcome.survey.registry().bytes() < 1 << 20);
}

#[test]
fn huge_documents_fill_half_of_the_memory_at_most() {
    let outcome = scan_after(&[Attack::HugeDocuments], 1000, 2000);
    let (registry, tally) = (outcome.survey.registry(), outcome.survey.stats());
    assert!(registry.bytes() < Registry::MAX_BYTES / 2 + (1 << 20));
    assert!(tally.refused > 0, "{tally:?}");
    let from: Vec<_> = tally.refused_from.keys().collect();
    assert_eq!(from, [&IpAddr::from(ATTACKER)]);
}

#[test]
fn endless_devices_fill_half_of_the_places_at_most() {
    let outcome = scan_after(&[Attack::EndlessDevices], 20_000, 40_000);
    let tally = outcome.survey.stats();
    assert!(outcome.found() <= Registry::MAX_DEVICES / 2 + HONEST);
    assert!(tally.refused > 1000, "{tally:?}");
    let from: Vec<_> = tally.refused_from.keys().collect();
    assert_eq!(from, [&IpAddr::from(ATTACKER)]);
}

#[test]
fn stolen_macs_are_reported_of_every_device_they_belong_to() {
    let outcome = scan_after(&[Attack::StolenMacs], 500, PLENTY);
    let entries = outcome.survey.registry().entries();
    let assessed = assess(entries, &[]);
    let mut told = 0;
    for device in outcome.fleet.devices() {
        let own = |entry: &sadp_model::DeviceRecord| entry.device.mac == Some(device.identity.mac);
        for (entry, assessed) in entries.iter().zip(&assessed) {
            if own(entry) {
                let warned = assessed.warnings.contains(Warning::DuplicateMac);
                assert!(warned, "{:?}", entry.device);
                told += 1;
            }
        }
    }
    assert!(told >= HONEST, "{told}");
}

#[test]
fn echoed_accounts_are_reported_of_every_device_they_are_of() {
    // Scans that end by themselves, with the attacker before and behind.
    for answers in ["0ms", "400ms"] {
        let behavior = Behavior {
            delay: answers.parse().unwrap(),
            hello: false,
            ..Behavior::default()
        };
        let honest = devices(u32::try_from(HONEST).unwrap(), 1, behavior);
        let config = SurveyConfig {
            stop: StopCondition::Auto,
            ..survey()
        };
        let attack = hostile(&[Attack::EchoedAccounts], 500, PLENTY);
        let (outcome, _) = play_against(honest.clone(), 1, config, &attack);
        let entries = outcome.survey.registry().entries();
        assert_eq!(entries.len(), HONEST, "one entry each, as ever");
        for (entry, assessed) in entries.iter().zip(assess(entries, &[])) {
            assert!(assessed.warnings.contains(Warning::TwoSenders), "{entry:?}");
            let own = entry.device.ipv4.address.map(IpAddr::V4);
            let origin = entry.reply_address().unwrap();
            assert_eq!(Some(origin.from), own, "it goes to the device, if at all");
            assert_eq!(
                origin.conflict,
                Some(SenderConflict::Concurrent(ATTACKER.into()))
            );
        }
    }
}

#[test]
fn hostile_texts_make_no_more_devices_than_they_name() {
    let outcome = scan_after(&[Attack::HostileTexts], 500, PLENTY);
    assert!(outcome.found() <= HONEST + 48, "{}", outcome.found());
    assert!(outcome.found() > HONEST + 24, "{}", outcome.found());
}

#[test]
fn all_attacks_at_once_cost_no_device() {
    let outcome = scan_after(Attack::ALL, 1000, 1200);
    assert!(outcome.survey.registry().bytes() <= Registry::MAX_BYTES);
}

#[test]
fn a_scan_that_ends_by_itself_ends_under_attack_as_well() {
    let behavior = Behavior {
        delay: "0..500ms".parse().unwrap(),
        ..Behavior::default()
    };
    let honest = devices(100, 1, behavior);
    let config = SurveyConfig {
        stop: StopCondition::Auto,
        ..survey()
    };
    let attack = hostile(&[Attack::EndlessDevices, Attack::Garbage], 500, PLENTY);
    let (outcome, _) = play_against(honest.clone(), 1, config, &attack);
    assert_eq!(outcome.found_among(&honest), 100);
    assert!(outcome.took < Duration::from_secs(61), "{:?}", outcome.took);
}

#[test]
fn a_forged_exchange_ends_the_command_with_nothing_sealed() {
    let outcome = Victim::new(Duration::ZERO).activate(&[Attack::ForgedExchange]);
    assert!(outcome.is_impostor(), "{outcome:?}");
    assert_eq!((outcome.secrets, outcome.activations), (0, 0));
}

#[test]
fn an_echo_that_answers_the_exchange_ends_the_command_with_nothing_sealed() {
    for answers in [Duration::ZERO, 400 * MS] {
        let outcome = Victim::new(answers).activate(&[Attack::EchoedAccounts]);
        assert!(outcome.is_impostor(), "{outcome:?}");
        assert_eq!((outcome.secrets, outcome.activations), (0, 0));
    }
}

/// The guard before a secret is sealed is longer than the device's own response time.
#[test]
fn a_raced_exchange_ends_the_command_with_nothing_sealed() {
    for answers in [0, 20, 100, 250, 400, 700, 990] {
        let outcome = Victim::new(answers * MS).activate(&[Attack::RacedExchange]);
        assert!(outcome.is_impostor(), "{answers}: {outcome:?}");
        assert_eq!((outcome.secrets, outcome.activations), (0, 0), "{answers}");
    }
}

/// SADP cannot tell the two apart. What can be done is to report it.
#[test]
fn a_secret_sealed_for_a_forger_is_reported_when_the_device_replies_later_than_it_did() {
    for answers in [400, 1_000, 2_000] {
        let victim = Victim {
            response_time: Duration::ZERO,
            ..Victim::new(answers * MS)
        };
        let outcome = victim.activate(&[Attack::RacedExchange]);
        assert_eq!(outcome.secrets, 1, "the attacker can open what is its own");
        assert!(outcome.warned, "{answers}: {outcome:?}");
    }
}

#[test]
fn without_an_attacker_the_device_is_activated() {
    let outcome = Victim::new(Duration::ZERO).activate(&[]);
    assert_eq!((outcome.secrets, outcome.activations), (0, 1));
    assert!(!outcome.warned);
}

// --- The attacker itself -----------------------------------------------------

fn attacker(config: &HostileConfig) -> Hostile {
    let networks = vec!["10.77.0.1/16".parse().unwrap()];
    let place = FleetConfig::new("10.77.0.1".parse().unwrap(), networks);
    let devices = devices(3, 1, Behavior::default());
    Hostile::new(config, ATTACKER, &devices, place)
}

fn ask(hostile: &mut Hostile, now: Duration, from: &str) {
    let uuid = uuid::Uuid::from_u128(7);
    hostile.handle_datagram(
        now,
        &InboundDatagram {
            from: from.parse().unwrap(),
            destination: None,
            payload: &Inquiry { uuid }.encode(),
        },
    );
}

fn sent_until(hostile: &mut Hostile, mut now: Duration, end: Duration) -> Vec<HostileTransmit> {
    let mut sent = Vec::new();
    while now <= end {
        sent.extend(std::iter::from_fn(|| hostile.poll_transmit(now)));
        let Some(next) = hostile.poll_timeout(now) else {
            break;
        };
        now = next.max(now + Duration::from_micros(1));
    }
    sent
}

#[test]
fn an_attacker_keeps_to_its_rate_and_its_number() {
    let mut hostile = attacker(&hostile(Attack::ALL, 200, 700));
    ask(&mut hostile, Duration::ZERO, "10.77.0.9:5000");
    let second = sent_until(&mut hostile, Duration::ZERO, 1000 * MS).len();
    assert!((195..=205).contains(&second), "{second}");
    for now in [2, 3, 4, 5, 6] {
        let now = Duration::from_secs(now);
        ask(&mut hostile, now, "10.77.0.9:5000");
        sent_until(&mut hostile, now, now + 999 * MS);
    }
    assert_eq!(hostile.stats().sent, 700);
    assert_eq!(hostile.poll_timeout(Duration::from_secs(7)), None);
}

#[test]
fn an_attacker_is_quiet_until_asked_and_when_nobody_asks_any_more() {
    let mut hostile = attacker(&hostile(&[Attack::Garbage], 1000, PLENTY));
    assert_eq!(hostile.poll_timeout(Duration::ZERO), None);
    assert_eq!(hostile.poll_transmit(Duration::ZERO), None);
    ask(&mut hostile, Duration::ZERO, "10.78.0.9:5000");
    assert_eq!(hostile.poll_transmit(MS), None, "another network");
    ask(&mut hostile, MS, "10.77.0.9:5000");
    let end = MS + Hostile::ACTIVE_FOR;
    assert!(!sent_until(&mut hostile, MS, end).is_empty());
    assert_eq!(hostile.poll_transmit(end), None);
    assert_eq!(hostile.poll_timeout(end), None);
}

#[test]
fn floods_go_to_the_group_and_answers_to_who_asked() {
    for &attack in Attack::ALL {
        let mut hostile = attacker(&hostile(&[attack], 1000, 20));
        ask(&mut hostile, Duration::ZERO, "10.77.0.9:5000");
        let group = FleetConfig::new(ATTACKER, Vec::new()).group;
        for transmit in sent_until(&mut hostile, Duration::ZERO, 1000 * MS) {
            assert_eq!(transmit.speaker, Speaker::Attacker);
            let expected = match attack {
                Attack::StolenMacs | Attack::EchoedAccounts => "10.77.0.9:5000".parse().unwrap(),
                _ => group,
            };
            assert_eq!(transmit.destination, expected, "{attack}");
            assert!(transmit.payload.len() <= 65_507, "{attack}");
        }
    }
}

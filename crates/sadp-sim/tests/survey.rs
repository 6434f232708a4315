//! The survey against simulated devices, in virtual time.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

#[path = "survey/lan.rs"]
mod lan;

use std::time::Duration;

use lan::{MS, devices, play, play_with, sweep};
use sadp_model::Protocol;
use sadp_proto::{StopCondition, SurveyConfig};
use sadp_sim::{Behavior, Faults, Probability, Reply};

const SEEDS: std::ops::Range<u64> = 1..9;

fn silent_start() -> Behavior {
    Behavior {
        hello: false,
        ..Behavior::default()
    }
}

fn delayed(delay: &str) -> Behavior {
    Behavior {
        delay: delay.parse().unwrap(),
        ..silent_start()
    }
}

fn faulty(faults: Faults) -> Behavior {
    Behavior {
        faults,
        ..delayed("0..500ms")
    }
}

fn probability(text: &str) -> Probability {
    text.parse().unwrap()
}

#[test]
fn a_small_site_is_known_within_two_seconds() {
    for seed in SEEDS {
        let outcome = play(
            devices(10, seed, delayed("0..500ms")),
            seed,
            StopCondition::Auto,
        );
        assert_eq!(outcome.found(), 10, "seed {seed}");
        assert!(outcome.took < 2000 * MS, "seed {seed}: {:?}", outcome.took);
    }
}

#[test]
fn a_burst_of_thousands_is_received_in_whole() {
    let outcome = play(devices(5000, 1, silent_start()), 1, StopCondition::Auto);
    assert_eq!(outcome.found(), 5000);
    assert!(outcome.took < 3000 * MS, "{:?}", outcome.took);
}

#[test]
fn where_a_third_is_lost_each_way_all_are_found_nonetheless() {
    let faults = Faults {
        loss: probability("30%"),
        ..Faults::default()
    };
    let (mut found, mut asked) = (0, 0);
    for seed in 1..21 {
        let outcome = play(
            devices(200, seed, faulty(faults)),
            seed,
            StopCondition::Auto,
        );
        assert!(
            outcome.took < 20_000 * MS,
            "seed {seed}: {:?}",
            outcome.took
        );
        found += outcome.found();
        asked += 200;
    }
    assert!(found * 1000 >= asked * 999, "{found} of {asked}");
}

/// Rounds follow each other faster where datagrams are lost, and no more of them than
/// devices answer.
#[test]
fn where_a_third_is_lost_a_scan_takes_less_than_four_seconds() {
    for (delay, seeds) in [("0..500ms", 20), ("0..0ms", 3)] {
        let mut missed = Vec::new();
        for seed in 1..=seeds {
            let faults = Faults {
                loss: probability("30%"),
                ..Faults::default()
            };
            let behavior = Behavior {
                faults,
                ..delayed(delay)
            };
            let outcome = play(devices(200, seed, behavior), seed, StopCondition::Auto);
            let rounds = outcome.survey.progress().rounds;
            let good = outcome.found() == 200 && outcome.took < 4000 * MS && rounds <= 15;
            if !good {
                missed.push((seed, outcome.found(), rounds, outcome.took));
            }
            assert_eq!(outcome.fleet.stats().too_often, 0, "seed {seed}");
        }
        assert!(missed.len() <= 1, "{delay}: {missed:?}");
    }
}

/// A device that is online a little later is no reason to send many rounds.
#[test]
fn a_device_that_misses_one_round_of_a_loss_free_network_costs_no_more_time() {
    for seed in SEEDS {
        let mut site = devices(200, seed, delayed("0..500ms"));
        site[7].behavior.faults.loss = probability("50%");
        let outcome = play(site, seed, StopCondition::Auto);
        assert!(outcome.found() >= 199, "seed {seed}");
        assert!(outcome.took < 2200 * MS, "seed {seed}: {:?}", outcome.took);
        assert!(outcome.survey.progress().rounds <= 3, "seed {seed}");
    }
}

#[test]
fn late_devices_are_awaited() {
    for delay in ["2500ms", "4500ms"] {
        for count in [1, 30] {
            let outcome = play(devices(count, 1, delayed(delay)), 1, StopCondition::Auto);
            assert_eq!(outcome.found(), count as usize, "{delay}");
        }
    }
}

#[test]
fn one_late_device_among_prompt_ones_takes_a_fixed_time() {
    // An adaptive survey ends when nothing hints at more, so it may miss it.
    for delay in ["2500ms", "4500ms"] {
        let mut site = devices(10, 1, delayed("0..100ms"));
        site[4].behavior = delayed(delay);
        assert_eq!(
            play(site, 1, StopCondition::Fixed(6000 * MS)).found(),
            10,
            "{delay}"
        );
    }
}

#[test]
fn devices_that_trickle_in_are_all_awaited() {
    for seed in SEEDS {
        let outcome = play(
            devices(100, seed, delayed("0..10s")),
            seed,
            StopCondition::Auto,
        );
        assert_eq!(outcome.found(), 100, "seed {seed}");
    }
}

#[test]
fn a_fixed_time_receives_everyone_who_answers_within_it() {
    for seed in SEEDS {
        let mut site = devices(100, seed, delayed("0..6s"));
        for (number, device) in (0u32..).zip(&mut site) {
            let at = 60 * MS * number;
            device.behavior.delay = sadp_sim::Delay::between(at, at).unwrap();
        }
        let outcome = play(site, seed, StopCondition::Fixed(6000 * MS));
        assert_eq!(outcome.found(), 100, "seed {seed}");
        assert!(
            (6000 * MS..6500 * MS).contains(&outcome.took),
            "{:?}",
            outcome.took
        );
    }
}

#[test]
fn where_nothing_is_there_it_ends() {
    let outcome = play(Vec::new(), 1, StopCondition::Auto);
    assert_eq!(outcome.found(), 0);
    assert!(
        (5000 * MS..5001 * MS).contains(&outcome.took),
        "{:?}",
        outcome.took
    );
    let outcome = play(Vec::new(), 1, StopCondition::Fixed(800 * MS));
    assert!(
        (800 * MS..1200 * MS).contains(&outcome.took),
        "{:?}",
        outcome.took
    );
}

#[test]
fn twice_and_out_of_order_makes_no_double_entries() {
    let faults = Faults {
        duplicate: probability("50%"),
        reorder: probability("50%"),
        ..Faults::default()
    };
    for seed in SEEDS {
        let behavior = Behavior {
            reply: Reply::Both,
            hello: true,
            ..faulty(faults)
        };
        let outcome = play(devices(200, seed, behavior), seed, StopCondition::Auto);
        assert_eq!(outcome.found(), 200, "seed {seed}");
    }
}

#[test]
fn unreadable_replies_are_counted_and_cost_no_other_device() {
    for seed in SEEDS {
        let mut site = devices(40, seed, delayed("0..200ms"));
        for device in site.iter_mut().step_by(4) {
            device.behavior.faults.truncate = Probability::ONE;
        }
        let good: Vec<_> = site
            .iter()
            .filter(|device| device.behavior.faults == Faults::default())
            .cloned()
            .collect();
        let outcome = play(site, seed, StopCondition::Auto);
        assert_eq!(outcome.found_among(&good), 30, "seed {seed}");
        assert!(
            outcome.found() <= 40,
            "seed {seed}: a torn reply invents no device"
        );
        let tally = outcome.survey.stats();
        assert!(
            tally.malformed > 0 && tally.unreadable > 0,
            "seed {seed}: {tally:?}"
        );
    }
}

#[test]
fn corrupted_replies_cost_no_other_device() {
    for seed in SEEDS {
        let mut site = devices(40, seed, delayed("0..200ms"));
        for device in site.iter_mut().step_by(4) {
            device.behavior.faults.corrupt = Probability::ONE;
        }
        let good: Vec<_> = site
            .iter()
            .filter(|device| device.behavior.faults == Faults::default())
            .cloned()
            .collect();
        let outcome = play(site, seed, StopCondition::Auto);
        assert_eq!(outcome.found_among(&good), 30, "seed {seed}");
        let tally = outcome.survey.stats();
        assert!(
            tally.malformed + tally.unreadable > 0,
            "seed {seed}: {tally:?}"
        );
    }
}

#[test]
fn every_way_of_answering_is_received() {
    for reply in [Reply::Multicast, Reply::Unicast, Reply::Both] {
        let behavior = Behavior {
            reply,
            ..delayed("0..500ms")
        };
        let outcome = play(devices(50, 1, behavior), 1, StopCondition::Auto);
        assert_eq!(outcome.found(), 50, "{reply:?}");
    }
}

#[test]
fn a_broadcast_reaches_everyone_as_well() {
    let config = SurveyConfig {
        links: vec![Protocol::Sadp],
        broadcast: true,
        sweep: None,
        stop: StopCondition::Auto,
    };
    let outcome = play_with(devices(50, 1, delayed("0..500ms")), 1, config);
    assert_eq!(outcome.found(), 50);
    assert_eq!(outcome.fleet.stats().inquiries % 2, 0);
}

#[test]
fn devices_asked_one_by_one_are_found() {
    let behavior = Behavior {
        reply: Reply::Unicast,
        ..delayed("0..500ms")
    };
    let site = devices(200, 1, behavior);
    let network: ipnet::Ipv4Net = "10.77.1.0/24".parse().unwrap();
    let there = site
        .iter()
        .filter(|device| network.contains(&device.settings.address))
        .count();
    assert!(there > 150);
    let outcome = sweep(site, 1, "10.77.1.0/24");
    assert_eq!(outcome.found(), there);
    for entry in outcome.survey.registry().entries() {
        // Which question was answered is told by the UUID; some firmware repeats none.
        let told = entry.device.raw.first("Uuid").is_some();
        assert_eq!(entry.answered_directly, told, "{:?}", entry.device);
    }
    assert_eq!(outcome.fleet.stats().too_often, 0);
}

#[test]
fn a_sweep_asks_again_where_answers_are_lost() {
    let faults = Faults {
        loss: probability("20%"),
        ..Faults::default()
    };
    let (mut found, mut there) = (0, 0);
    for seed in SEEDS {
        let behavior = Behavior {
            reply: Reply::Unicast,
            ..faulty(faults)
        };
        let site = devices(200, seed, behavior);
        let network: ipnet::Ipv4Net = "10.77.1.0/24".parse().unwrap();
        there += site
            .iter()
            .filter(|device| network.contains(&device.settings.address))
            .count();
        found += sweep(site, seed, "10.77.1.0/24").found();
    }
    assert!(found * 1000 >= there * 990, "{found} of {there}");
}

#[test]
fn the_largest_site_is_found_in_whole() {
    let outcome = play(
        devices(10_000, 1, delayed("0..500ms")),
        1,
        StopCondition::Auto,
    );
    assert_eq!(outcome.found(), 10_000);
    assert!(outcome.took < Duration::from_secs(6), "{:?}", outcome.took);
}

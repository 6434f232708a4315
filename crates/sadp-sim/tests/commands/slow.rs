//! Devices that answer late, and some of what they say is lost.

use std::time::Duration;

use sadp_proto::{Command, CommandOutcome, RequestCode};
use sadp_sim::vendor_support;

use super::{
    GUARD, PASSWORD,
    van::{MS, Van, activation, code, done, is_done, password},
};

/// How late they answer, in milliseconds, and how often they receive a request that may
/// be repeated, and one for a key.
const DELAYS: [(u32, u64, u64); 6] = [
    (1_100, 1, 3),
    (1_300, 2, 4),
    (1_800, 2, 5),
    (3_000, 3, 6),
    (5_000, 5, 7),
    (8_000, 7, 10),
];

fn slow(delay: u32, keys: &str) -> Van {
    Van::one("ipc-v5.5.82", &format!("delay = \"{delay}ms\"\n{keys}"))
}

#[test]
fn a_slow_device_is_activated_and_sent_its_password_once() {
    for (delay, _, exchanges) in DELAYS {
        let mut van = slow(delay, "activated = false");
        let began = van.now;
        assert!(is_done(&van.activate(0, PASSWORD)), "{delay}");
        let executions = van.fleet.executions(0);
        assert_eq!((executions.exchanges, van.sent), (exchanges, 1), "{delay}");
        assert_eq!((executions.activations, executions.refused), (1, 0));
        // Its answer to the latest question, its answer to the command, and
        // what was asked in vain.
        let limit = began + 3 * delay * MS + WAIT + GUARD + GUARD;
        assert!(van.now <= limit, "{delay}: {:?}", van.now);
    }
}

/// As in the exchange.
const WAIT: Duration = Duration::from_millis(1_200);

#[test]
fn the_request_of_a_slow_device_is_the_one_it_holds_good() {
    for (delay, requests, _) in DELAYS {
        let mut van = slow(delay, "");
        let reply = done(van.order(0, Command::GetEncryptString));
        assert_eq!(van.fleet.executions(0).requests, requests, "{delay}");
        let request = RequestCode::read(&reply).unwrap();
        let request: vendor_support::RequestText = request.as_str().parse().unwrap();
        let reset = Command::Reset {
            code: code(&request.answer()),
            password: password(PASSWORD),
            sync_cameras: false,
        };
        assert!(is_done(&van.order(0, reset)), "{delay}");
        assert_eq!(van.fleet.executions(0).refused, 0, "{delay}");
    }
}

#[test]
fn what_a_slow_device_does_the_same_each_time_is_done_when_it_first_answers() {
    for (delay, ..) in DELAYS {
        let mut van = slow(delay, "");
        let began = van.now;
        assert!(is_done(&van.lamp(0, true)), "{delay}");
        assert!(van.now < began + (delay + 100) * MS + GUARD, "{delay}");
    }
}

/// It did as told and says so in an hour.
#[test]
fn a_device_may_be_late_for_some_commands_alone() {
    let mut van = slow(0, "activated = false\nlate = { activate = \"3600s\" }");
    let began = van.now;
    assert!(matches!(van.activate(0, PASSWORD), CommandOutcome::Unknown));
    assert_eq!(van.fleet.executions(0).exchanges, 1);
    assert!(van.now >= began + 10_000 * MS);
    assert!(van.has_password(0, PASSWORD));
}

#[test]
fn slow_devices_are_commanded_where_a_tenth_is_lost() {
    for delay in [1_800, 8_000] {
        let mut van = Van::new(&format!(
            "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 25\nactivated = false\nhello = false\n\
             loss = 0.1\nduplicate = 0.1\nreorder = 0.1\ndelay = \"{delay}ms\""
        ));
        let commands = (0..25).map(|device| (device, activation(PASSWORD)));
        let outcomes = van.command(commands.collect());
        let mut silent = 0;
        for (device, outcome) in outcomes.iter().enumerate() {
            assert_eq!(van.fleet.executions(device).refused, 0, "{delay}");
            match outcome {
                // Where it is unknown, the command or its answer was lost.
                CommandOutcome::Done(_) | CommandOutcome::Unknown => {}
                CommandOutcome::NoAnswer => silent += 1,
                other => panic!("{delay}: {other:?}"),
            }
        }
        assert!(silent <= 3, "{delay}: {silent}");
    }
}

//! Commands against simulated devices, in virtual time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, too"
)]

#[path = "commands/cameras.rs"]
mod cameras;
#[path = "commands/client_2022.rs"]
mod client_2022;
#[path = "commands/guid.rs"]
mod guid;
#[path = "commands/http.rs"]
mod http;
#[path = "commands/mail.rs"]
mod mail;
#[path = "commands/power.rs"]
mod power;
#[path = "commands/questions.rs"]
mod questions;
#[path = "commands/requests.rs"]
mod requests;
#[path = "commands/slow.rs"]
mod slow;
#[path = "commands/van.rs"]
mod van;

use std::{net::Ipv4Addr, time::Duration};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_model::State;
use sadp_proto::{
    CommandOutcome, GROUP, Refusal,
    seal::{ExchangeKey, Password},
};
use sadp_sim::{Access, Executions, Handled};
use van::{MS, Van, activation, is_done, refused, word};

const PASSWORD: &str = "Garden72!";
const UNACTIVATED: &str = "activated = false";

#[test]
fn an_activated_device_says_so_and_knows_its_password() {
    for profile in [
        "ipc-v5.3.3",
        "ipc-v5.4.5-bare",
        "ipc-v5.5.6",
        "traffic-v2.0.1",
    ] {
        let mut van = Van::one(profile, UNACTIVATED);
        assert_eq!(van.look(0).unwrap().state, Some(State::Unactivated));
        assert!(is_done(&van.activate(0, PASSWORD)), "{profile}");
        assert_eq!(van.look(0).unwrap().state, Some(State::Active));
        assert_eq!(word(van.activate(0, PASSWORD)), Refusal::HasActivated);
        let executions = van.fleet.executions(0);
        assert_eq!((executions.activations, executions.refused), (1, 1));
    }
    let mut van = Van::one("ipc-v5.5.6", UNACTIVATED);
    van.activate(0, PASSWORD);
    assert!(is_done(&van.update(0, "192.168.1.70", PASSWORD)));
}

#[test]
fn risky_passwords_are_refused_by_what_the_firmware_knows() {
    for (profile, keys, expected) in [
        ("ipc-v5.5.6", "", Some(Refusal::RiskPassword)),
        ("ipc-v5.5.6", "soft_rules = false", None),
        ("ipc-v5.3.3", "", None),
        (
            "ipc-v5.3.3",
            "soft_rules = true",
            Some(Refusal::RiskPassword),
        ),
    ] {
        let mut van = Van::one(profile, &format!("{UNACTIVATED}\n{keys}"));
        assert_eq!(word(van.activate(0, "garden")), Refusal::RiskPassword);
        let outcome = van.activate(0, "Garden123");
        match expected {
            Some(refusal) => assert_eq!(word(outcome), refusal, "{profile} {keys}"),
            None => assert!(is_done(&outcome), "{profile} {keys}"),
        }
    }
}

#[test]
fn firmware_without_activation_or_lamp_stays_silent() {
    let mut van = Van::one("ipc-v5.2.5", "");
    assert!(matches!(
        van.activate(0, PASSWORD),
        CommandOutcome::NoAnswer
    ));
    assert!(matches!(van.lamp(0, true), CommandOutcome::NoAnswer));
    assert_eq!(van.fleet.executions(0), Executions::default());
    assert!(van.fleet.stats().unsupported > 0);
}

#[test]
fn settings_change_by_the_password_in_every_form() {
    for (profile, keys) in [
        ("ipc-v5.3.3", ""),
        ("ipc-v5.5.6", "fields = { Encrypt = \"false\" }"),
        ("ipc-v5.5.6", "omit = [\"Salt\"]"),
        ("ipc-v5.5.6", ""),
        ("ipc-v5.7.3", "fields = { UserName = \"installer\" }"),
    ] {
        let keys = format!("{keys}\npassword = \"{PASSWORD}\"");
        let mut van = Van::one(profile, &keys);
        let CommandOutcome::Done(reply) = van.update(0, "192.168.7.70", PASSWORD) else {
            panic!("{profile} {keys}");
        };
        assert_eq!(reply.fields.first("IPv4Address"), Some("192.168.7.70"));
        assert_eq!(reply.fields.first("HttpPort"), Some("8080"));
        assert_eq!(reply.fields.first("Result"), Some("success"));
        let seen = van.look(0).unwrap();
        assert_eq!(seen.ipv4.address, Some(Ipv4Addr::new(192, 168, 7, 70)));
        assert_eq!(van.fleet.executions(0).updates, 1);
    }
}

/// Some clients send the digest and zeros. Made with OpenSSL.
#[test]
fn the_form_without_the_uuid_is_taken_by_devices_that_encrypt() {
    let salted = format!("fields = {{ Salt = \"{}\" }}", "0123456789abcdef".repeat(4));
    for (keys, salt, password) in [
        (
            "omit = [\"Salt\"]",
            "",
            "+zxRrRL6JdKrGHRhrST0mlxh1EeEBgB/IxGbEedPkZRcYdRHhAYAfyMRmxHnT5GUXGHUR4QGAH8jEZsR50+RlA==",
        ),
        (
            &salted,
            " bSalt=\"true\"",
            "q89+JFAidMEJd4G+TK6LNz7ZmVHcCYRgEFP+qV5HrcI+2ZlR3AmEYBBT/qleR63CPtmZUdwJhGAQU/6pXketwg==",
        ),
    ] {
        let keys = format!("password = \"Passw0rd!\"\n{keys}");
        let mut van = Van::one("ipc-v5.5.6", &keys);
        let mac = van.mac(0);
        let update = format!(
            "<Probe><Uuid>A</Uuid><Types>update</Types><PWErrorParse>true</PWErrorParse><MAC>{mac}</MAC>\
             <Password{salt}>{password}</Password><IPv4Address>192.168.1.70</IPv4Address><CommandPort>8000</CommandPort>\
             <HttpPort>80</HttpPort><IPv4SubnetMask>255.255.255.0</IPv4SubnetMask><IPv4Gateway>0.0.0.0</IPv4Gateway>\
             <IPv6Address>::</IPv6Address><IPv6Gateway>::</IPv6Gateway><IPv6MaskLen>64</IPv6MaskLen><DHCP>false</DHCP></Probe>"
        );
        van.say(GROUP, update.as_bytes());
        van.wait(MS);
        let (_, _, fields) = van.heard.last().unwrap();
        assert_eq!(fields.first("Result"), Some("success"), "{keys}");
    }
}

#[test]
fn a_changed_device_is_found_at_its_new_address_alone() {
    let mut van = Van::one("ipc-v5.5.6", "ip = \"192.168.1.64\"");
    let inquiry = sadp_proto::Inquiry {
        uuid: uuid::Uuid::from_u128(9),
    }
    .encode();
    assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
    let new = Ipv4Addr::new(192, 168, 1, 70);
    assert_eq!(van.say(new, &inquiry), Handled::Inquiry { devices: 1 });
    let old = Ipv4Addr::new(192, 168, 1, 64);
    assert_eq!(van.say(old, &inquiry), Handled::NobodyThere);
}

#[test]
fn of_devices_on_one_address_the_other_stays() {
    let two = "[[device]]\nprofile = \"ipc-v5.5.6\"\nip = \"192.168.1.64\"\n".repeat(2);
    let mut van = Van::new(&two);
    assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
    let inquiry = sadp_proto::Inquiry {
        uuid: uuid::Uuid::from_u128(9),
    };
    let from = van.heard.len();
    van.say(Ipv4Addr::new(192, 168, 1, 64), &inquiry.encode());
    van.wait(MS);
    let who: Vec<_> = van.heard[from..].iter().map(|(_, who, _)| *who).collect();
    assert_eq!(who, [1]);
}

#[test]
fn wrong_passwords_count_down_lock_and_are_forgotten_with_time() {
    let mut van = Van::one("ipc-v5.5.6", "");
    for left in (1..7).rev() {
        let verdict = refused(van.update(0, "192.168.1.70", "wrong"));
        assert_eq!(verdict.refusal, Refusal::PasswordError);
        assert_eq!(verdict.tries_left, Some(left));
        assert_eq!(verdict.lock_minutes, None);
    }
    let verdict = refused(van.update(0, "192.168.1.70", "wrong"));
    assert_eq!(verdict.refusal, Refusal::Locked);
    assert_eq!(
        (verdict.tries_left, verdict.lock_minutes),
        (Some(0), Some(30))
    );
    van.wait(Duration::from_mins(20));
    let verdict = refused(van.update(0, "192.168.1.70", Access::PASSWORD));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(10))
    );
    van.wait(Duration::from_mins(10));
    let verdict = refused(van.update(0, "192.168.1.70", "wrong"));
    assert_eq!(verdict.tries_left, Some(6));
    assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
    let verdict = refused(van.update(0, "192.168.1.71", "wrong"));
    assert_eq!(verdict.tries_left, Some(6), "the right one began anew");
}

#[test]
fn a_form_of_another_device_costs_a_try() {
    let mut van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.6\"\n[[device]]\nprofile = \"ipc-v5.3.3\"\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\nomit = [\"Salt\"]",
    );
    for (made_for, sent_to) in [(0, 1), (1, 0), (2, 0), (0, 2), (2, 1), (1, 2)] {
        let command = van.updating(made_for, "192.168.1.70", Access::PASSWORD);
        let outcome = van.command(vec![(sent_to, command)]).remove(0);
        assert_eq!(
            word(outcome),
            Refusal::PasswordError,
            "{made_for} {sent_to}"
        );
    }
}

#[test]
fn the_site_says_where_the_count_begins() {
    let mut van = Van::one("ipc-v5.5.6", "tries = 3\ntries_left = 1\nlock_minutes = 5");
    let verdict = refused(van.update(0, "192.168.1.70", "wrong"));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(5))
    );
    let mut van = Van::one("ipc-v5.5.6", "tries_left = 0");
    assert_eq!(
        word(van.update(0, "192.168.1.70", Access::PASSWORD)),
        Refusal::Locked
    );
}

#[test]
fn an_unactivated_device_takes_no_settings() {
    let mut van = Van::one("ipc-v5.5.6", UNACTIVATED);
    let outcome = van.update(0, "192.168.1.70", Access::PASSWORD);
    assert_eq!(word(outcome), Refusal::NotActivated);
    assert_eq!(van.fleet.executions(0).updates, 0);
}

#[test]
fn settings_no_device_can_have_are_refused() {
    let mut van = Van::one("ipc-v5.5.6", "");
    let outcome = van.update(0, "192.168.255.255", Access::PASSWORD);
    assert_eq!(word(outcome), Refusal::Failed);
}

#[test]
fn a_lost_reply_leaves_the_outcome_unknown_and_the_device_changed() {
    // Of many tries some lose the reply to the command and nothing else.
    let mut seen = 0;
    for seed in 0..40 {
        let site = format!(
            "seed = {seed}\n[[device]]\nprofile = \"ipc-v5.5.6\"\nloss = 0.3\nhello = false\n{UNACTIVATED}"
        );
        let mut van = Van::new(&site);
        let outcome = van.activate(0, PASSWORD);
        let activations = van.fleet.executions(0).activations;
        match outcome {
            CommandOutcome::Unknown if activations == 1 => {
                seen += 1;
                assert_eq!(van.look(0).unwrap().state, Some(State::Active));
            }
            CommandOutcome::Unknown | CommandOutcome::NoAnswer => assert_eq!(activations, 0),
            CommandOutcome::Done(_) => assert_eq!(activations, 1),
            other => panic!("{other:?}"),
        }
        assert!(van.sent <= 1);
    }
    assert!(seen > 0);
}

#[test]
fn a_command_that_arrives_twice_is_obeyed_once() {
    let mut van = Van::one("ipc-v5.5.6", "duplicate = 1.0");
    van.heard.clear();
    assert_eq!(
        word(van.update(0, "192.168.1.70", "wrong")),
        Refusal::PasswordError
    );
    van.wait(100 * MS);
    let executions = van.fleet.executions(0);
    assert_eq!((executions.refused, executions.repeated), (1, 1));
    let answers: Vec<_> = van
        .heard
        .iter()
        .filter_map(|(_, _, fields)| fields.first("Result").map(|_| fields.clone()))
        .collect();
    assert_eq!(answers.len(), 4, "each of two answers twice");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let mut van = Van::one("ipc-v5.5.6", &format!("duplicate = 1.0\n{UNACTIVATED}"));
    assert!(is_done(&van.activate(0, PASSWORD)));
    let executions = van.fleet.executions(0);
    assert_eq!((executions.exchanges, executions.activations), (1, 1));
    assert_eq!((executions.refused, executions.repeated), (0, 2));
}

#[test]
fn a_sealed_command_needs_an_exchange_of_its_own() {
    let mut van = Van::one("ipc-v5.5.6", UNACTIVATED);
    let mac = van.mac(0);
    let activate = format!(
        "<Probe><Uuid>A</Uuid><MAC>{mac}</MAC><Types> activate </Types><Password>cnJ+iB7c/QEApxhoeQm1ZXAWuSq+o2lL0exEMJACd5o=</Password></Probe>"
    );
    assert_eq!(
        van.say(GROUP, activate.as_bytes()),
        Handled::Command { devices: 1 }
    );
    van.wait(MS);
    let (_, _, fields) = van.heard.last().unwrap();
    assert_eq!(fields.first("Types"), Some("activate"));
    assert_eq!(fields.first("Result"), Some("failed"));
    assert_eq!(van.fleet.executions(0).refused, 1);
}

#[test]
fn a_command_for_another_mac_is_ignored() {
    let mut van = Van::one("ipc-v5.5.6", "");
    let lamp = "<Probe><Uuid>A</Uuid><Types>lamp</Types><MAC>02-00-00-00-00-01</MAC></Probe>";
    assert_eq!(van.say(GROUP, lamp.as_bytes()), Handled::NobodyThere);
}

#[test]
fn the_lamp_shines_until_it_is_switched_off() {
    let mut van = Van::one("ipc-v5.5.82", "");
    assert!(is_done(&van.lamp(0, true)));
    assert!(van.fleet.devices()[0].state.lamp);
    assert!(is_done(&van.lamp(0, false)));
    assert!(!van.fleet.devices()[0].state.lamp);
    assert_eq!(van.fleet.executions(0).lamps, 2);
}

/// How long a reply waits for a different one before it counts.
const GUARD: Duration = Duration::from_millis(150);

#[test]
fn a_device_that_starts_again_is_silent_and_then_says_hello() {
    for boot in ["2026-10-01 08:00:00", "1970-01-01 00:00:41"] {
        let keys = format!("reboot = \"20s\"\nboot = \"{boot}\"");
        let mut van = Van::new(&format!("[[device]]\nprofile = \"ipc-v5.5.82\"\n{keys}"));
        let before = van.look(0).unwrap();
        assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
        let changed = van.now.checked_sub(GUARD).unwrap();
        van.heard.clear();
        assert!(matches!(van.lamp(0, true), CommandOutcome::NoAnswer));
        van.wait(30_000 * MS);
        let (at, _, hello) = &van.heard[0];
        assert_eq!(hello.first("Types"), Some("hello"));
        assert!(*at >= changed + 19_999 * MS && *at < changed + 20_100 * MS);
        assert_eq!(hello.first("IPv4Address"), Some("192.168.1.70"));
        let after = van.look(0).unwrap();
        assert_ne!(after.boot_time, before.boot_time);
        assert!(is_done(&van.lamp(0, true)));
    }
}

#[test]
fn every_word_can_be_played() {
    let mut van = Van::one(
        "ipc-v5.5.6",
        &format!(
            "{UNACTIVATED}\n[device.refuse]\nactivate = \"exportFileOverDue\"\nMailReset = \"CodeError\"\n\
             update = {{ word = \"denied\", retry_times = 3, lock_minutes = 12 }}\nlamp = \"failure\""
        ),
    );
    assert_eq!(word(van.activate(0, PASSWORD)), Refusal::ExportFileOverDue);
    let verdict = refused(van.update(0, "192.168.1.70", PASSWORD));
    assert_eq!(verdict.refusal.word(), "denied");
    assert_eq!(
        (verdict.tries_left, verdict.lock_minutes),
        (Some(3), Some(12))
    );
    assert_eq!(word(van.lamp(0, true)).word(), "failure");
    let mac = van.mac(0);
    let reset = format!("<Probe><Uuid>B</Uuid><MAC>{mac}</MAC><Types>MailReset</Types></Probe>");
    van.say(GROUP, reset.as_bytes());
    van.wait(MS);
    let (_, _, fields) = van.heard.last().unwrap();
    assert_eq!(fields.first("Result"), Some("CodeError"));
}

#[test]
fn five_hundred_devices_are_not_throttled() {
    let mut van = Van::new("[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 500\nhello = false");
    let lamps = (0..500).map(|device| (device, sadp_proto::Command::Lamp { on: true }));
    let outcomes = van.command(lamps.collect());
    assert!(outcomes.iter().all(is_done));
    assert_eq!((van.sent, van.fleet.stats().too_often), (500, 0));
}

#[test]
fn a_van_is_activated_where_a_fifth_is_lost_and_nothing_is_sent_twice() {
    let mut van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 200\nactivated = false\nhello = false\n\
         loss = 0.2\ndelay = \"0..300ms\"\nduplicate = 0.1\nreorder = 0.1",
    );
    let commands = (0..200).map(|device| (device, activation(PASSWORD)));
    let outcomes = van.command(commands.collect());
    assert!(van.sent <= 200);
    let mut lost = 0;
    for (device, outcome) in outcomes.iter().enumerate() {
        let executions = van.fleet.executions(device);
        assert_eq!(executions.refused, 0);
        let active = van.fleet.devices()[device].state.activated;
        assert_eq!(executions.activations, u64::from(active));
        match outcome {
            CommandOutcome::Done(_) => assert!(active),
            CommandOutcome::Unknown => lost += 1,
            CommandOutcome::NoAnswer => assert!(!active),
            other => panic!("{other:?}"),
        }
    }
    assert!((40..110).contains(&lost), "{lost}");
}

#[test]
fn the_same_seed_plays_the_same_commands() {
    let play = || {
        let mut van = Van::new(
            "seed = 3\n[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 20\nreboot = \"5s..40s\"\n\
             loss = 0.2\nduplicate = 0.2\ndelay = \"0..300ms\"\nreply = \"both\"",
        );
        // Exchanges make up their UUIDs: ask by hand.
        for device in 0..20 {
            let mac = van.mac(device);
            let lamp = format!(
                "<Probe><Uuid>{device}</Uuid><Types>lamp</Types><MAC>{mac}</MAC><Action>open</Action></Probe>"
            );
            van.say(GROUP, lamp.as_bytes());
        }
        van.wait(2000 * MS);
        (van.heard, van.fleet.stats())
    };
    assert_eq!(play(), play());
}

#[test]
fn an_exchange_is_good_for_one_command_of_its_asker_and_a_minute() {
    let mut van = Van::one("ipc-v5.5.6", UNACTIVATED);
    let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
    let mac = van.mac(0);
    let mut number = 0;
    let mut say = |van: &mut Van, types: &str, element: &str, text: &str| {
        number += 1;
        let payload = format!(
            "<Probe><Uuid>{number}</Uuid><MAC>{mac}</MAC><Types>{types}</Types><{element}>{text}</{element}></Probe>"
        );
        van.say(GROUP, payload.as_bytes());
        van.wait(MS);
        let (_, _, fields) = van.heard.last().unwrap();
        let mut told = fields.iter().skip_while(|(name, _)| *name != "Result");
        let (_, result) = told.next().unwrap();
        // Where a Code is told, it stands behind the Result.
        let code = told.find(|(name, _)| *name == "Code");
        code.map_or(result, |(_, code)| code).to_owned()
    };
    let code = key.public_code().unwrap();
    let sealed = |van: &mut Van, say: &mut dyn FnMut(&mut Van, &str, &str, &str) -> String| {
        let answer = say(van, "exchangecode", "Code", &code);
        let session = key.open(&answer, &mut UnwrapErr(SysRng)).unwrap();
        let password = Password::new("garden".into()).unwrap();
        session.seal_password(&password).as_str().to_owned()
    };
    let first = sealed(&mut van, &mut say);
    assert_eq!(
        say(&mut van, "activate", "Password", &first),
        "riskPassword"
    );
    assert_eq!(
        say(&mut van, "activate", "Password", &first),
        "failed",
        "spent"
    );
    let second = sealed(&mut van, &mut say);
    assert_eq!(
        say(&mut van, "activate", "Password", &first),
        "failed",
        "the latest counts"
    );
    assert_eq!(
        say(&mut van, "activate", "Password", &second),
        "failed",
        "spent by that"
    );
    let third = sealed(&mut van, &mut say);
    van.wait(Duration::from_secs(61));
    assert_eq!(
        say(&mut van, "activate", "Password", &third),
        "failed",
        "too late"
    );
    assert_eq!(
        say(&mut van, "exchangecode", "Code", "AAAA"),
        "failed",
        "no key"
    );
}

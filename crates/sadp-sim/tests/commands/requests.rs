//! Requests to the vendor and the answers to them.

use std::time::Duration;

use sadp_proto::{Command, CommandOutcome, GROUP, Refusal, RequestCode};
use sadp_sim::{Access, vendor_support};

use super::{
    PASSWORD, UNACTIVATED,
    van::{MS, Van, assert_refused, assert_try, code, done, is_done, password, refused, word},
};

const HOUR: Duration = Duration::from_hours(1);
const BY_FILE: &str = "ipc-v5.3.3";
const BY_KEY: &str = "ipc-v5.5.6";
const LEGACY: &str = "ipc-v5.2.5";

fn request(van: &mut Van, device: usize, command: Command) -> vendor_support::RequestText {
    let reply = done(van.order(device, command));
    assert_eq!(reply.fields.first("Result"), Some("success"));
    let code = RequestCode::read(&reply).unwrap();
    code.as_str().parse().unwrap()
}

fn reset(van: &mut Van, answer: &str) -> CommandOutcome {
    let command = Command::Reset {
        code: code(answer),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    van.order(0, command)
}

#[test]
fn a_file_resets_the_password() {
    for (profile, command) in [
        (BY_FILE, Command::GetCode),
        (BY_KEY, Command::GetCode),
        (BY_KEY, Command::GetEncryptString),
    ] {
        let mut van = Van::one(profile, "");
        let request = request(&mut van, 0, command);
        assert!(is_done(&reset(&mut van, &request.answer())), "{profile}");
        assert!(van.has_password(0, PASSWORD), "{profile}");
        assert!(!van.has_password(0, Access::PASSWORD), "{profile}");
        let executions = van.fleet.executions(0);
        assert_eq!((executions.requests, executions.resets), (1, 1));
        let again = reset(&mut van, &request.answer());
        assert_refused(again, &Refusal::EmptyEncryptString);
    }
}

#[test]
fn a_key_is_taken_where_the_request_says_so() {
    let mut van = Van::one(BY_KEY, "");
    let by_file = request(&mut van, 0, Command::GetCode);
    assert_eq!(by_file.key(), None);
    let by_key = request(&mut van, 0, Command::GetEncryptString);
    let key = by_key.key().unwrap();
    assert_eq!(key.len(), 8);
    assert!(is_done(&reset(&mut van, &key)));
    assert!(van.has_password(0, PASSWORD));
}

#[test]
fn firmware_answers_the_request_it_names() {
    let silent = |profile, keys, command| {
        let outcome = Van::one(profile, keys).order(0, command);
        matches!(outcome, CommandOutcome::NoAnswer)
    };
    assert!(silent(BY_FILE, "", Command::GetEncryptString));
    for profile in [LEGACY, "ipc-v5.4.5-bare", "traffic-v2.0.1", "switch-v1.2.0"] {
        assert!(silent(profile, "", Command::GetCode), "{profile}");
        assert!(silent(profile, "", Command::GetEncryptString), "{profile}");
    }
    assert!(silent(
        BY_KEY,
        "omit = [\"PasswordResetAbility\"]",
        Command::GetCode
    ));
    let mut van = Van::one(BY_KEY, "fields = { PasswordResetModeSecond = \"flase\" }");
    assert_refused(van.order(0, Command::GetEncryptString), &Refusal::Failed);
    let mut van = Van::one(BY_KEY, UNACTIVATED);
    assert_refused(van.order(0, Command::GetCode), &Refusal::NotActivated);
    assert_refused(
        van.order(0, Command::GetEncryptString),
        &Refusal::NotActivated,
    );
    assert_refused(reset(&mut van, "12345678"), &Refusal::NotActivated);
}

#[test]
fn each_request_makes_the_one_before_void() {
    let mut van = Van::one(BY_KEY, "");
    let first = request(&mut van, 0, Command::GetEncryptString);
    let second = request(&mut van, 0, Command::GetCode);
    assert_ne!(first.nonce, second.nonce);
    assert_try(reset(&mut van, &first.answer()), &Refusal::Failed, 6);
    assert!(is_done(&reset(&mut van, &second.answer())));
}

#[test]
fn an_answer_is_good_at_its_own_device_only() {
    let mut van = Van::new("[[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 2\nhello = false");
    request(&mut van, 0, Command::GetEncryptString);
    let other = request(&mut van, 1, Command::GetEncryptString);
    assert_try(reset(&mut van, &other.answer()), &Refusal::Failed, 6);
    assert_try(reset(&mut van, &other.key().unwrap()), &Refusal::Failed, 5);
}

#[test]
fn a_request_that_arrives_twice_makes_one_code() {
    let mut van = Van::one(BY_KEY, "duplicate = 1.0");
    let request = request(&mut van, 0, Command::GetEncryptString);
    let executions = van.fleet.executions(0);
    assert_eq!((executions.requests, executions.repeated), (1, 1));
    let mac = van.mac(0);
    let heard = van.heard.len();
    let asked = format!("<Probe><Uuid>A</Uuid><MAC>{mac}</MAC><Types>getcode</Types></Probe>");
    for _ in 0..2 {
        van.say(GROUP, asked.as_bytes());
        van.wait(100 * MS);
    }
    let codes: Vec<_> = van.heard[heard..]
        .iter()
        .filter_map(|(_, _, fields)| fields.first("Code"))
        .collect();
    assert_eq!(codes.len(), 8);
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(van.fleet.executions(0).requests, 2);
    assert_try(reset(&mut van, &request.answer()), &Refusal::Failed, 6);
}

#[test]
fn nothing_is_open_before_a_request_or_after_it_was_used() {
    let mut van = Van::one(BY_KEY, "");
    assert_refused(reset(&mut van, "12345678"), &Refusal::EmptyEncryptString);
}

#[test]
fn requests_grow_old() {
    const MINUTE: Duration = Duration::from_mins(1);
    for (keys, minutes) in [("", 48 * 60), ("request_valid = \"30m\"", 30)] {
        let mut van = Van::one(BY_KEY, keys);
        let request_code = request(&mut van, 0, Command::GetEncryptString);
        van.wait(MINUTE * (minutes + 1));
        for _ in 0..2 {
            let outcome = reset(&mut van, &request_code.answer());
            assert_refused(outcome, &Refusal::ExportFileOverDue);
        }
        let request_code = request(&mut van, 0, Command::GetEncryptString);
        van.wait(MINUTE * (minutes - 1));
        assert!(is_done(&reset(&mut van, &request_code.answer())));
    }
}

#[test]
fn wrong_answers_lock_until_the_lock_ends() {
    let mut van = Van::one(BY_KEY, "");
    let request = request(&mut van, 0, Command::GetEncryptString);
    for left in (1..7).rev() {
        assert_try(reset(&mut van, "87654321"), &Refusal::Failed, left);
    }
    let verdict = refused(reset(&mut van, "87654321"));
    assert_eq!(verdict.refusal, Refusal::Locked);
    assert_eq!(
        (verdict.tries_left, verdict.lock_minutes),
        (Some(0), Some(30))
    );
    van.wait(HOUR / 6);
    let verdict = refused(reset(&mut van, &request.answer()));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(20))
    );
    assert!(
        van.has_password(0, Access::PASSWORD),
        "passwords are counted apart"
    );
    van.wait(HOUR / 2);
    assert!(is_done(&reset(&mut van, &request.answer())));
    assert_eq!(van.fleet.executions(0).refused, 8);
}

#[test]
fn a_device_can_start_with_few_tries() {
    let mut van = Van::one(BY_KEY, "recovery_tries_left = 1\nlock_minutes = 5");
    request(&mut van, 0, Command::GetEncryptString);
    let verdict = refused(reset(&mut van, "87654321"));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(5))
    );
    let mut van = Van::one(BY_KEY, "recovery_tries_left = 0");
    assert_eq!(word(reset(&mut van, "87654321")), Refusal::Locked);
}

#[test]
fn a_risky_password_leaves_the_request_open() {
    let mut van = Van::one(BY_KEY, "");
    let request = request(&mut van, 0, Command::GetEncryptString);
    let risky = Command::Reset {
        code: code(&request.answer()),
        password: password("Garden123"),
        sync_cameras: false,
    };
    assert_refused(van.order(0, risky), &Refusal::RiskPassword);
    assert!(is_done(&reset(&mut van, &request.answer())));
}

#[test]
fn an_answer_without_a_password_is_refused_by_firmware_that_wants_one() {
    let mut van = Van::one(BY_KEY, "");
    let request = request(&mut van, 0, Command::GetEncryptString);
    let code = code(&request.answer());
    let outcome = van.order(0, Command::ResetToDefault { code });
    assert_refused(outcome, &Refusal::Failed);
    assert!(is_done(&reset(&mut van, &request.answer())));
}

fn dated_code(van: &mut Van) -> String {
    let seen = van.look(0).unwrap();
    vendor_support::dated_code(seen.serial.unwrap().as_str(), seen.boot_time)
}

fn reset_to_default(van: &mut Van, dated: &str) -> CommandOutcome {
    let code = code(dated);
    van.order(0, Command::ResetToDefault { code })
}

#[test]
fn old_firmware_takes_a_dated_code_and_returns_to_its_factorys_password() {
    for profile in [LEGACY, "ipc-v5.4.5-bare", "traffic-v2.0.1"] {
        let mut van = Van::one(profile, "password = \"Warehouse-48\"");
        let dated = dated_code(&mut van);
        assert!(dated.starts_with("SIMULATED-"));
        assert_try(
            reset_to_default(&mut van, "SIMULATED-1"),
            &Refusal::Failed,
            6,
        );
        assert!(is_done(&reset_to_default(&mut van, &dated)), "{profile}");
        assert_eq!(van.fleet.executions(0).resets, 1);
        let device = &van.fleet.devices()[0];
        assert!(device.state.activated);
        assert!(van.has_password(0, Access::FACTORY_PASSWORD), "{profile}");
    }
}

#[test]
fn a_dated_code_is_void_after_a_restart() {
    let mut van = Van::one(LEGACY, "restart = \"1m\"");
    let dated = dated_code(&mut van);
    van.wait(HOUR);
    assert_eq!(word(reset_to_default(&mut van, &dated)), Refusal::Failed);
    let dated = dated_code(&mut van);
    assert!(is_done(&reset_to_default(&mut van, &dated)));
    let mut van = Van::one("ipc-v5.4.5-bare", UNACTIVATED);
    assert_eq!(word(reset_to_default(&mut van, "1")), Refusal::NotActivated);
}

#[test]
fn every_word_of_a_reset_can_be_played() {
    for refusal in [
        "notActivated",
        "exportFileOverDue",
        "emptyEncryptString",
        "locked",
    ] {
        let mut van = Van::one(BY_KEY, &format!("refuse = {{ reset = \"{refusal}\" }}"));
        assert_eq!(word(reset(&mut van, "1")).word(), refusal);
    }
}

#[test]
fn an_answer_that_arrives_twice_is_taken_once() {
    let mut van = Van::one(BY_KEY, "duplicate = 1.0");
    let request = request(&mut van, 0, Command::GetEncryptString);
    assert!(is_done(&reset(&mut van, &request.answer())));
    van.wait(100 * MS);
    let executions = van.fleet.executions(0);
    assert_eq!((executions.resets, executions.refused), (1, 0));
}

#[test]
fn a_hundred_locked_devices_are_recovered_where_a_tenth_is_lost() {
    let mut van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 100\nhello = false\nloss = 0.1\n\
         duplicate = 0.1\nreorder = 0.1\ndelay = \"0..300ms\"",
    );
    let exports = (0..100).map(|device| (device, Command::GetEncryptString));
    let replies = van.command(exports.collect());
    let mut orders = Vec::new();
    for (device, outcome) in replies.into_iter().enumerate() {
        let code = RequestCode::read(&done(outcome)).unwrap();
        let request: vendor_support::RequestText = code.as_str().parse().unwrap();
        assert_eq!(request.mac, van.mac(device));
        let command = Command::Reset {
            code: super::van::code(&request.key().unwrap()),
            password: password(PASSWORD),
            sync_cameras: false,
        };
        orders.push((device, command));
    }
    let outcomes = van.command(orders);
    for (device, outcome) in outcomes.iter().enumerate() {
        let executions = van.fleet.executions(device);
        assert_eq!(executions.refused, 0, "{device}");
        match outcome {
            CommandOutcome::Done(_) => assert_eq!(executions.resets, 1),
            CommandOutcome::Unknown => assert!(executions.resets <= 1),
            CommandOutcome::NoAnswer => assert_eq!(executions.resets, 0),
            other => panic!("{other:?}"),
        }
    }
    assert!(van.fleet.stats().executions.resets > 75);
}

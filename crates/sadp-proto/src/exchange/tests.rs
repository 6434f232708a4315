use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use getrandom::{SysRng, rand_core::UnwrapErr};
use rsa::{Pkcs1v15Encrypt, PublicKey, pkcs1::DecodeRsaPublicKey};
use sadp_model::RawFields;

use super::{CommandOutcome::*, retry::TRIES, *};
use crate::{
    Document, Message, Refusal, XmlLayout,
    command::tests::{MAC, target},
    seal::Password,
};

const MS: Duration = Duration::from_millis(1);
/// The first timeouts of a key exchange with a device that replies at once.
const KEY_WAIT: Duration = Duration::from_millis(300);
/// The first timeouts of a command that may be repeated.
const WAIT: Duration = Duration::from_millis(1_200);
/// Just over the guard of a device that replies at once.
const GUARDED: Duration = Duration::from_millis(151);
const DEVICE: [u8; 4] = [10, 0, 0, 5];
const RANDOM: &[u8] = b"0123456789abcdef";

type TestExchange = Exchange<UnwrapErr<SysRng>>;

fn exchange(command: Command) -> TestExchange {
    let target = Target {
        response_time: Some(Duration::ZERO),
        ..target()
    };
    Exchange::new(target, command, UnwrapErr(SysRng))
}

fn activate() -> TestExchange {
    exchange(Command::Activate {
        password: Password::new("Garden7!".into()).unwrap(),
    })
}

/// An exchange that sent its first datagram.
fn begun(mut exchange: TestExchange) -> (TestExchange, RawFields) {
    let first = sent(&mut exchange, Duration::ZERO).unwrap();
    (exchange, first)
}

/// An activation that sent its first request for a key.
fn asked() -> (TestExchange, RawFields) {
    begun(activate())
}

/// An activation that was sent, and both its datagrams.
fn commanded() -> (TestExchange, [RawFields; 2]) {
    let (mut exchange, question) = asked();
    hear(&mut exchange, MS, &key_answer(&question, RANDOM));
    let command = sent(&mut exchange, MS + GUARDED).unwrap();
    (exchange, [question, command])
}

fn hear(exchange: &mut TestExchange, now: Duration, reply: &CommandReply) {
    exchange.handle_reply(now, DEVICE.into(), reply);
}

fn sent(exchange: &mut TestExchange, now: Duration) -> Option<RawFields> {
    exchange.handle_timeout(now);
    let (ExchangeStep::Key(datagram) | ExchangeStep::Command(datagram)) =
        exchange.poll_transmit()?;
    let Ok(Message::Request(request)) = Message::decode(&datagram) else {
        panic!("not a request");
    };
    Some(request.fields)
}

fn reply(request: &RawFields, more: &[(&str, &str)]) -> CommandReply {
    let head = ["Uuid", "Types", "MAC"].map(|name| (name, request.first(name).unwrap()));
    let fields = head.into_iter().chain(more.iter().copied()).collect();
    let bytes = Document::encode("ProbeMatch", &fields, XmlLayout::ElementPerLine);
    let Ok(Message::CommandReply(reply)) = Message::decode(&bytes) else {
        panic!("not a command reply");
    };
    reply
}

fn key_answer(request: &RawFields, random: &[u8]) -> CommandReply {
    let der = BASE64_STANDARD
        .decode(request.first("Code").unwrap())
        .unwrap();
    let public = PublicKey::from_pkcs1_der(&der).unwrap();
    let sealed = public
        .encrypt(&mut UnwrapErr(SysRng), Pkcs1v15Encrypt, random)
        .unwrap();
    reply(request, &[("Code", &BASE64_STANDARD.encode(sealed))])
}

macro_rules! assert_ends {
    ($exchange:expr, at $now:expr, $outcome:pat) => {
        $exchange.handle_timeout($now);
        assert_ends!($exchange, $outcome);
    };
    ($exchange:expr, $outcome:pat) => {
        let outcome = $exchange.poll_outcome();
        assert!(matches!(outcome, Some($outcome)), "{outcome:?}");
    };
}

#[test]
fn a_sealed_command_follows_its_exchange_and_ends_with_the_reply() {
    let (mut exchange, question) = asked();
    assert_eq!(question.first("Types"), Some("exchangecode"));
    hear(&mut exchange, 10 * MS, &key_answer(&question, RANDOM));
    let waits = sent(&mut exchange, 20 * MS);
    assert_eq!(waits, None, "a forger has a moment to show");
    let command = sent(&mut exchange, 160 * MS).unwrap();
    assert_eq!(command.first("Types"), Some("activate"));
    assert_eq!(command.first("MAC"), Some(MAC));
    assert_eq!(command.first("Password").unwrap().len(), 44);
    assert_ne!(command.first("Uuid"), question.first("Uuid"));
    hear(
        &mut exchange,
        170 * MS,
        &reply(&command, &[("Result", "success")]),
    );
    assert_ends!(exchange, at 170 * MS + GUARDED, Done(_));
    let watched = exchange.poll_timeout().unwrap();
    assert_eq!(watched, 170 * MS + GUARDED + WATCH);
    exchange.handle_timeout(watched);
    assert_eq!(exchange.poll_timeout(), None);
}

#[test]
fn a_key_is_taken_with_and_without_a_result_and_not_beside_a_refusal() {
    for (result, taken) in [
        (vec![], true),
        (vec![("Result", "success")], true),
        (vec![("Result", "failed")], false),
        (vec![("Result", "")], false),
    ] {
        let (mut exchange, question) = asked();
        let plain = key_answer(&question, RANDOM);
        let code = plain.fields.first("Code").unwrap();
        let fields = [result.clone(), vec![("Code", code)]].concat();
        hear(&mut exchange, MS, &reply(&question, &fields));
        let command = sent(&mut exchange, 160 * MS);
        assert_eq!(command.is_some(), taken, "{result:?}");
        let refused = matches!(exchange.poll_outcome(), Some(Refused(_)));
        assert_eq!(refused, !taken, "{result:?}");
    }
}

#[test]
fn the_exchange_is_repeated_less_and_less_often_and_then_given_up() {
    let mut exchange = activate();
    let (mut codes, mut uuids) = (HashSet::new(), HashSet::new());
    for at in [0, 300, 600, 1_200, 1_800, 3_000, 4_200, 5_400, 6_600, 7_800] {
        assert_eq!(exchange.poll_timeout(), Some(at * MS));
        let question = sent(&mut exchange, at * MS).unwrap();
        assert_eq!(question.first("Types"), Some("exchangecode"));
        codes.insert(question.first("Code").unwrap().to_owned());
        uuids.insert(question.first("Uuid").unwrap().to_owned());
    }
    assert_eq!(
        (codes.len(), uuids.len()),
        (1, 10),
        "one key for one command"
    );
    assert_eq!(exchange.poll_timeout(), Some(RESPONSE_TIMEOUT));
    exchange.handle_timeout(RESPONSE_TIMEOUT);
    assert_ends!(exchange, NoAnswer);
}

#[test]
fn two_different_answers_to_one_exchange_are_refused() {
    let (mut exchange, question) = asked();
    let answer = key_answer(&question, RANDOM);
    hear(&mut exchange, MS, &answer);
    hear(&mut exchange, 2 * MS, &answer);
    let outcome = exchange.poll_outcome();
    assert!(outcome.is_none(), "a duplicate is no forgery");
    hear(
        &mut exchange,
        3 * MS,
        &key_answer(&question, b"fedcba9876543210"),
    );
    assert_ends!(exchange, Impostor);
    assert!(exchange.was_forged());
    assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
}

#[test]
fn an_answer_from_elsewhere_is_refused() {
    let (mut exchange, question) = asked();
    exchange.handle_reply(MS, [10, 0, 0, 66].into(), &key_answer(&question, RANDOM));
    assert_ends!(exchange, Impostor);
}

#[test]
fn a_refusal_of_the_exchange_counts_from_the_device_alone() {
    let locked = [("Result", "locked"), ("SurplusLockTime", "1440")];
    for (from, refused) in [(DEVICE, true), ([10, 0, 0, 66], false)] {
        let (mut exchange, question) = asked();
        exchange.handle_reply(MS, from.into(), &reply(&question, &locked));
        assert_eq!(exchange.outcome.is_none(), refused, "a refusal is guarded");
        exchange.handle_timeout(MS + GUARDED);
        let outcome = exchange.poll_outcome();
        match outcome {
            Some(Refused(verdict)) if refused => {
                assert_eq!(verdict.refusal, Refusal::Locked);
            }
            Some(Impostor) if !refused => {}
            other => panic!("{from:?}: {other:?}"),
        }
        assert_eq!(exchange.was_forged(), !refused);
        assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
    }
}

#[test]
fn a_device_that_answers_the_exchange_without_a_key_is_no_impostor() {
    for empty in [
        &[][..],
        &[("Result", "success")],
        &[("Code", ""), ("Result", "success")],
    ] {
        let (mut exchange, question) = asked();
        hear(&mut exchange, MS, &reply(&question, empty));
        assert_ends!(exchange, at MS + GUARDED, Failed(SealError::BadExchange));
        assert!(!exchange.was_forged());
    }
}

#[test]
fn replies_of_other_requests_devices_and_senders_are_passed_over() {
    let (mut exchange, command) = begun(exchange_lamp());
    let done = reply(&command, &[("Result", "success")]);
    exchange.handle_reply(MS, [10, 0, 0, 66].into(), &done);
    let mut other = done.clone();
    other.header.uuid = Some(Uuid::nil());
    hear(&mut exchange, MS, &other);
    let mut other = done.clone();
    other.header.mac = "44-47-cc-00-00-02".parse().ok();
    hear(&mut exchange, MS, &other);
    assert!(exchange.poll_outcome().is_none());
    hear(&mut exchange, MS, &done);
    assert_ends!(exchange, at MS + GUARDED, Done(_));
}

fn exchange_lamp() -> TestExchange {
    exchange(Command::Lamp { on: true })
}

#[test]
fn a_refusal_carries_the_counters() {
    let (mut exchange, command) = begun(exchange_lamp());
    let refused = [
        ("Result", "PasswordError"),
        ("RetryTimes", "5"),
        ("SurplusLockTime", "0"),
    ];
    hear(&mut exchange, MS, &reply(&command, &refused));
    assert!(exchange.poll_outcome().is_none(), "a refusal is guarded");
    exchange.handle_timeout(MS + GUARDED);
    let Some(Refused(verdict)) = exchange.poll_outcome() else {
        panic!("it was refused");
    };
    let expected = RefusalReply {
        refusal: Refusal::PasswordError,
        tries_left: Some(5),
        lock_minutes: None,
        without_mac: false,
    };
    assert_eq!(verdict, expected);
}

#[test]
fn a_repeatable_command_is_repeated_and_a_changing_one_is_not() {
    let mut lamp = exchange_lamp();
    let mut times = 0;
    while sent(&mut lamp, WAIT * times).is_some() {
        times += 1;
    }
    assert_eq!(times, TRIES);
    assert_eq!(lamp.poll_timeout(), Some(RESPONSE_TIMEOUT));
    assert_eq!(sent(&mut lamp, RESPONSE_TIMEOUT), None);
    assert_ends!(lamp, NoAnswer);

    let (mut exchange, _) = commanded();
    assert_eq!(sent(&mut exchange, Duration::from_secs(5)), None);
    assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
    assert_ends!(exchange, Unknown);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    /// A command with side effects is sent at most once, whatever is received and
    /// however time passes.
    #[test]
    fn a_changing_command_is_never_emitted_twice(
        steps in proptest::collection::vec((0u64..4000, 0u8..6), 1..40),
    ) {
        let mut exchange = activate();
        let mut now = Duration::ZERO;
        let mut question = None;
        let mut commands = 0;
        for (pause, heard) in steps {
            if let Some(request) = sent(&mut exchange, now) {
                if request.first("Types") == Some("activate") {
                    commands += 1;
                }
                question = Some(request);
            }
            if let Some(request) = &question {
                let asks_key = request.first("Code").is_some();
                match heard {
                    0 if asks_key => hear(&mut exchange, now, &key_answer(request, RANDOM)),
                    1 if asks_key => {
                        let forged = key_answer(request, b"x");
                        exchange.handle_reply(now, [10, 0, 0, 66].into(), &forged);
                    }
                    2 => hear(&mut exchange, now, &reply(request, &[("Result", "failed")])),
                    3 => hear(&mut exchange, now, &reply(request, &[("Result", "PasswordError")])),
                    _ => {}
                }
            }
            now += MS * u32::try_from(pause).unwrap();
        }
        proptest::prop_assert!(commands <= 1);
    }
}

fn export() -> TestExchange {
    exchange(Command::GetEncryptString)
}

#[test]
fn two_different_codes_for_one_request_are_not_taken_and_it_is_repeated() {
    let mut exchange = export();
    let mut now = Duration::ZERO;
    let codes = |request: &RawFields, code| {
        reply(request, &[("Result", "success"), ("EncryptString", code)])
    };
    for (round, other) in ["second", "first"].into_iter().enumerate() {
        let command = sent(&mut exchange, now).unwrap();
        hear(&mut exchange, now + 10 * MS, &codes(&command, "first"));
        hear(&mut exchange, now + 20 * MS, &codes(&command, other));
        assert!(exchange.poll_outcome().is_none(), "{round}");
        now += 10 * MS + SETTLE;
        assert_eq!(exchange.poll_timeout(), Some(now));
    }
    exchange.handle_timeout(now);
    assert!(exchange.was_forged(), "the contradiction is reported");
    let Some(Done(reply)) = exchange.poll_outcome() else {
        panic!("it was answered");
    };
    let code = crate::RequestCode::read(&reply).unwrap();
    assert_eq!(code.as_str(), "first");
    let shown = format!("{:?}", Done(reply));
    assert!(
        !shown.contains("first") && shown.contains("\"EncryptString\""),
        "{shown}"
    );
}

#[test]
fn a_request_that_is_always_answered_twice_is_given_up() {
    let mut exchange = export();
    let (mut now, mut requests) = (Duration::ZERO, 0);
    while let Some(command) = sent(&mut exchange, now) {
        requests += 1;
        for code in ["first", "second"] {
            let fields = [("Result", "success"), ("EncryptString", code)];
            hear(&mut exchange, now, &reply(&command, &fields));
        }
        now += SETTLE;
    }
    assert_eq!(requests, 1 + CONTRADICTIONS);
    assert_ends!(exchange, Contradicted(None));
}

#[test]
fn the_guard_is_twice_the_response_time_of_the_device_within_limits() {
    for (response_time, guard) in [
        (Some(0), 150),
        (Some(74), 150),
        (Some(200), 400),
        (Some(800), 1_000),
        (None, 1_000),
    ] {
        let (mut exchange, question) = asked();
        exchange.target.response_time = response_time.map(Duration::from_millis);
        hear(&mut exchange, MS, &key_answer(&question, RANDOM));
        let due = exchange.poll_timeout();
        assert_eq!(due, Some(MS + guard * MS), "{response_time:?}");
    }
}

#[test]
fn a_refusal_and_a_key_for_one_exchange_seal_nothing_and_lock_nothing() {
    let locked = [("Result", "locked"), ("SurplusLockTime", "1440")];
    for order in [[0, 1], [1, 0]] {
        let (mut exchange, question) = asked();
        let replies = [reply(&question, &locked), key_answer(&question, RANDOM)];
        for number in order {
            hear(&mut exchange, MS, &replies[number]);
        }
        assert_ends!(exchange, Impostor);
        assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
    }
}

#[test]
fn another_key_or_result_is_reported_until_two_seconds_after_the_result() {
    let success = [("Result", "success")];
    let wrong = [("Result", "PasswordError")];
    for (since, key, from, reported) in [
        (0, true, DEVICE, true),
        (1_900, true, DEVICE, true),
        (1_900, true, [10, 0, 0, 66], true),
        (1_900, false, DEVICE, true),
        (2_001, true, DEVICE, false),
        (2_001, false, DEVICE, false),
    ] {
        let (mut exchange, [question, command]) = commanded();
        hear(&mut exchange, MS + GUARDED, &reply(&command, &success));
        let end = MS + GUARDED + GUARDED;
        assert_ends!(exchange, at end, Done(_));
        assert!(!exchange.was_forged());
        let other = if key {
            key_answer(&question, b"fedcba9876543210")
        } else {
            reply(&command, &wrong)
        };
        let now = end + since * MS;
        exchange.handle_timeout(now);
        exchange.handle_reply(now, from.into(), &other);
        assert_eq!(exchange.was_forged(), reported, "{since} {key} {from:?}");
        assert!(exchange.poll_outcome().is_none(), "the outcome stays");
    }
}

#[test]
fn success_and_refusal_for_one_command_leave_it_unknown() {
    let success = &[("Result", "success")][..];
    let wrong = &[("Result", "PasswordError"), ("RetryTimes", "3")][..];
    for replies in [[wrong, success], [success, wrong]] {
        let (mut exchange, [_, command]) = commanded();
        for fields in replies {
            hear(&mut exchange, MS + GUARDED, &reply(&command, fields));
        }
        exchange.handle_timeout(MS + GUARDED + GUARDED);
        match exchange.poll_outcome() {
            Some(Contradicted(Some(refusal))) => assert_eq!(refusal.tries_left, Some(3)),
            other => panic!("{other:?}"),
        }
        assert!(exchange.was_forged());
    }
}

#[test]
fn of_two_equal_refusals_the_fewest_tries_count() {
    let (mut exchange, [_, command]) = commanded();
    for tries in ["4", "3", "4"] {
        let wrong = [("Result", "PasswordError"), ("RetryTimes", tries)];
        hear(&mut exchange, MS + GUARDED, &reply(&command, &wrong));
    }
    exchange.handle_timeout(MS + GUARDED + GUARDED);
    match exchange.poll_outcome() {
        Some(Refused(refusal)) => assert_eq!(refusal.tries_left, Some(3)),
        other => panic!("{other:?}"),
    }
    assert!(!exchange.was_forged());
}

#[test]
fn a_reply_without_a_mac_counts_from_the_address_of_the_device_alone() {
    let (mut exchange, command) = begun(exchange_lamp());
    let mut done = reply(&command, &[("Result", "success")]);
    done.header.mac = None;
    exchange.handle_reply(MS, [10, 0, 0, 66].into(), &done);
    exchange.handle_timeout(MS + GUARDED);
    assert!(exchange.poll_outcome().is_none());
    hear(&mut exchange, 200 * MS, &done);
    assert_ends!(exchange, at 200 * MS + GUARDED, Done(_));
}

#[test]
fn a_late_reply_to_an_earlier_request_for_a_code_stops_asking_and_does_not_count() {
    let (mut exchange, first) = begun(export());
    let second = sent(&mut exchange, WAIT).unwrap();
    assert_ne!(first.first("Uuid"), second.first("Uuid"));
    let code = |request: &RawFields, code| {
        reply(request, &[("Result", "success"), ("EncryptString", code)])
    };
    let late = WAIT + 600 * MS;
    for _ in 0..2 {
        hear(&mut exchange, late, &code(&first, "void"));
        assert_eq!(exchange.poll_timeout(), Some(late + RESPONSE_TIMEOUT));
    }
    // A duplicate changes nothing.
    hear(&mut exchange, late + MS, &code(&first, "void"));
    assert_eq!(exchange.poll_timeout(), Some(late + RESPONSE_TIMEOUT));
    assert_eq!(sent(&mut exchange, 3 * WAIT), None);
    hear(&mut exchange, late + WAIT, &code(&second, "good"));
    exchange.handle_timeout(late + WAIT + SETTLE);
    let Some(Done(reply)) = exchange.poll_outcome() else {
        panic!("it was answered");
    };
    assert_eq!(crate::RequestCode::read(&reply).unwrap().as_str(), "good");
}

#[test]
fn a_device_that_is_silent_or_only_ever_late_is_given_up() {
    // Which requests it answers, and when the exchange ends.
    for (answered, asked, ends) in [
        (0..0, 8, 10_000),
        // The first reply comes after the last request: two more are sent.
        (0..1, 9, 8_000 + 3 * 10_000),
        // All replies but the last come late.
        (0..5, 9, 8_000 + 4 * 1_200 + 3 * 10_000),
    ] {
        let mut exchange = export();
        let (mut now, mut times) = (Duration::ZERO, 0);
        let mut late = Vec::new();
        loop {
            if let Some(request) = sent(&mut exchange, now) {
                if answered.contains(&times) {
                    let void = [("Result", "success"), ("EncryptString", "void")];
                    late.push((now + 8_000 * MS, reply(&request, &void)));
                }
                times += 1;
            }
            let Some(due) = exchange.poll_timeout() else {
                break;
            };
            now = late.first().map_or(due, |(at, _)| due.min(*at));
            if now < due {
                let (_, reply) = late.remove(0);
                hear(&mut exchange, now, &reply);
            }
        }
        assert_eq!((times, now), (asked, ends * MS), "{answered:?}");
        assert_ends!(exchange, NoAnswer);
    }
}

#[test]
fn a_late_key_is_not_taken_and_a_forged_one_ends_it() {
    for (from, forged) in [(DEVICE, false), ([10, 0, 0, 66], true)] {
        let (mut exchange, first) = asked();
        let second = sent(&mut exchange, KEY_WAIT).unwrap();
        let key = |request| key_answer(request, RANDOM);
        exchange.handle_reply(2_000 * MS, from.into(), &key(&first));
        assert_eq!(exchange.was_forged(), forged);
        if forged {
            assert_ends!(exchange, Impostor);
            continue;
        }
        assert_eq!(sent(&mut exchange, 2_000 * MS + GUARDED), None);
        assert_eq!(exchange.poll_timeout(), Some(2_000 * MS + RESPONSE_TIMEOUT));
        hear(&mut exchange, 3_200 * MS, &key(&second));
        let command = sent(&mut exchange, 3_200 * MS + GUARDED).unwrap();
        assert_eq!(command.first("Types"), Some("activate"));
    }
}

#[test]
fn a_command_that_does_the_same_each_time_is_done_by_any_reply() {
    let (mut exchange, first) = begun(exchange_lamp());
    assert!(sent(&mut exchange, WAIT).is_some());
    let done = reply(&first, &[("Result", "success")]);
    exchange.handle_reply(WAIT + MS, [10, 0, 0, 66].into(), &done);
    assert!(exchange.poll_outcome().is_none());
    hear(&mut exchange, WAIT + MS, &done);
    assert_ends!(exchange, at WAIT + MS + GUARDED, Done(_));
}

#[test]
fn a_reply_without_a_result_that_holds_what_was_asked_for_is_an_answer() {
    let (mut exchange, command) = begun(export());
    hear(&mut exchange, MS, &reply(&command, &[]));
    assert_eq!(exchange.poll_timeout(), Some(WAIT));
    let code = reply(&command, &[("EncryptString", "code")]);
    hear(&mut exchange, MS, &code);
    exchange.handle_timeout(MS + SETTLE);
    assert_ends!(exchange, Done(_));
}

#[test]
fn an_answer_is_sent_once_whatever_the_silence() {
    let mut exchange = exchange(Command::ResetToDefault {
        code: crate::Code::new(b"20240101").unwrap(),
    });
    let command = sent(&mut exchange, Duration::ZERO).unwrap();
    assert_eq!(command.first("Types"), Some("reset"));
    assert_eq!(command.first("Password"), None);
    assert_eq!(sent(&mut exchange, RESPONSE_TIMEOUT), None);
    assert_ends!(exchange, Unknown);
}

#[test]
fn after_a_restart_the_late_success_of_the_first_command_counts() {
    let success = &[("Result", "success")][..];
    let failed = &[("Result", "failed")][..];
    let after = |late: &[&[(&str, &str)]]| {
        let (mut exchange, [_, first]) = commanded();
        exchange.restart();
        let question = sent(&mut exchange, 1_000 * MS).unwrap();
        hear(&mut exchange, 1_001 * MS, &key_answer(&question, RANDOM));
        let second = sent(&mut exchange, 1_001 * MS + GUARDED).unwrap();
        hear(&mut exchange, 1_300 * MS, &reply(&second, failed));
        for fields in late {
            hear(&mut exchange, 1_301 * MS, &reply(&first, fields));
        }
        exchange.handle_timeout(2_000 * MS);
        exchange.poll_outcome().unwrap()
    };
    assert!(matches!(after(&[]), Refused(_)));
    assert!(matches!(after(&[success]), Done(_)));
    assert!(matches!(after(&[success, failed]), Contradicted(_)));
}

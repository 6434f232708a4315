use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use getrandom::{SysRng, rand_core::UnwrapErr};
use rsa::{Pkcs1v15Encrypt, PublicKey, pkcs1::DecodeRsaPublicKey};
use sadp_model::RawFields;

use super::{CommandOutcome::*, retry::TRIES, *};
use crate::{
    Document, Header, Message, Refusal, XmlLayout,
    command::tests::{MAC, target},
    seal::Password,
};

/// What somebody replies to a request.
type Answer = fn(&RawFields) -> CommandReply;

/// What is different in a reply.
type Change = fn(&mut Header);

const MS: Duration = Duration::from_millis(1);
/// The first timeouts of a key exchange with a device that replies at once.
const KEY_WAIT: Duration = Duration::from_millis(300);
/// The first timeouts of a command that may be repeated.
const WAIT: Duration = Duration::from_millis(1_200);
/// Just over the guard of a device that replies at once.
const GUARDED: Duration = Duration::from_millis(151);
const DEVICE: [u8; 4] = [10, 0, 0, 5];
const OTHER: [u8; 4] = [10, 0, 0, 66];
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

/// What became of a command by this time, in a word: that of the device where it refused.
fn outcome(exchange: &mut TestExchange, now: Duration) -> String {
    exchange.handle_timeout(now);
    match exchange.poll_outcome() {
        None => "pending".into(),
        Some(Done(_)) => "done".into(),
        Some(Refused(reply)) => reply.refusal.to_string(),
        Some(Contradicted(_)) => "contradicted".into(),
        Some(other) => format!("{other:?}"),
    }
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
    assert_eq!(outcome(&mut exchange, 170 * MS + GUARDED), "done");
    let watched = exchange.poll_timeout().unwrap();
    assert_eq!(watched, 170 * MS + GUARDED + WATCH);
    exchange.handle_timeout(watched);
    assert_eq!(exchange.poll_timeout(), None);
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
    assert_eq!(outcome(&mut exchange, RESPONSE_TIMEOUT), "NoAnswer");
}

/// Each reply comes twice, which is no forgery. `sealed` where the command is sent then.
#[test]
#[rustfmt::skip]
fn a_key_counts_from_the_device_alone_and_if_nothing_contradicts_it() {
    const NO_KEY: &str = "Failed(BadExchange)";
    let key: Answer = |it| key_answer(it, RANDOM);
    let other: Answer = |it| key_answer(it, b"fedcba9876543210");
    let locked: Answer = |it| reply(it, &[("Result", "locked"), ("SurplusLockTime", "1440")]);
    for (replies, expected) in [
        (&[(DEVICE, key)][..], "sealed"),
        (&[(DEVICE, |it| key_with(it, "success"))], "sealed"),
        (&[(DEVICE, |it| key_with(it, "failed"))], "failed"),
        (&[(DEVICE, |it| key_with(it, ""))], ""),
        (&[(DEVICE, locked)], "locked"),
        (&[(DEVICE, |it| reply(it, &[]))], NO_KEY),
        (&[(DEVICE, |it| reply(it, &[("Result", "success")]))], NO_KEY),
        (&[(DEVICE, |it| reply(it, &[("Code", ""), ("Result", "success")]))], NO_KEY),
        (&[(DEVICE, key), (DEVICE, other)], "Impostor"),
        (&[(DEVICE, key), (DEVICE, locked)], "Impostor"),
        (&[(DEVICE, locked), (DEVICE, key)], "Impostor"),
        (&[(OTHER, key)], "Impostor"),
        (&[(OTHER, locked)], "Impostor"),
    ] {
        let (mut exchange, question) = asked();
        for (from, answer) in replies {
            let reply = answer(&question);
            exchange.handle_reply(MS, (*from).into(), &reply);
            exchange.handle_reply(MS, (*from).into(), &reply);
        }
        let forged = expected == "Impostor";
        assert_eq!(exchange.outcome.is_some(), forged, "others wait for a moment: {expected}");
        let command = sent(&mut exchange, MS + GUARDED);
        assert_eq!(command.is_some(), expected == "sealed", "{expected}");
        if command.is_none() {
            assert_eq!(outcome(&mut exchange, MS + GUARDED), expected);
            assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
        }
        assert_eq!(exchange.was_forged(), forged, "{expected}");
    }
}

/// A key beside this result.
fn key_with(request: &RawFields, result: &str) -> CommandReply {
    let plain = key_answer(request, RANDOM);
    let code = plain.fields.first("Code").unwrap();
    reply(request, &[("Result", result), ("Code", code)])
}

#[test]
fn a_reply_counts_for_this_request_and_from_this_device_alone() {
    let changes: [(&str, Change); 4] = [
        ("done", |_| {}),
        ("done", |header| header.mac = None),
        ("pending", |header| header.uuid = Some(Uuid::nil())),
        ("pending", |header| {
            header.mac = "44-47-cc-00-00-02".parse().ok();
        }),
    ];
    for (expected, change) in changes {
        let (mut exchange, command) = begun(exchange_lamp());
        let mut done = reply(&command, &[("Result", "success")]);
        change(&mut done.header);
        exchange.handle_reply(MS, OTHER.into(), &done);
        assert_eq!(
            outcome(&mut exchange, MS + GUARDED),
            "pending",
            "from elsewhere"
        );
        hear(&mut exchange, 200 * MS, &done);
        assert_eq!(outcome(&mut exchange, 200 * MS + GUARDED), expected);
    }
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
    assert_eq!(outcome(&mut lamp, RESPONSE_TIMEOUT), "NoAnswer");

    let code = crate::Code::new(b"20240101").unwrap();
    let (unsealed, command) = begun(exchange(Command::ResetToDefault { code }));
    assert_eq!(command.first("Types"), Some("reset"));
    assert_eq!(command.first("Password"), None);
    for mut exchange in [commanded().0, unsealed] {
        assert_eq!(sent(&mut exchange, Duration::from_secs(5)), None);
        assert_eq!(sent(&mut exchange, Duration::from_mins(1)), None);
        assert_eq!(outcome(&mut exchange, Duration::from_mins(1)), "Unknown");
    }
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
                        exchange.handle_reply(now, OTHER.into(), &forged);
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

fn code_answer(request: &RawFields, code: &str) -> CommandReply {
    reply(request, &[("Result", "success"), ("EncryptString", code)])
}

#[test]
fn two_different_codes_for_one_request_are_not_taken_and_it_is_repeated() {
    let mut exchange = export();
    let mut now = Duration::ZERO;
    for (round, other) in ["second", "first"].into_iter().enumerate() {
        let command = sent(&mut exchange, now).unwrap();
        hear(
            &mut exchange,
            now + 10 * MS,
            &code_answer(&command, "first"),
        );
        hear(&mut exchange, now + 20 * MS, &code_answer(&command, other));
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
            hear(&mut exchange, now, &code_answer(&command, code));
        }
        now += SETTLE;
    }
    assert_eq!(requests, 1 + CONTRADICTIONS);
    let ended = exchange.poll_outcome();
    assert!(matches!(ended, Some(Contradicted(None))), "{ended:?}");
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
fn another_key_or_result_is_reported_until_two_seconds_after_the_result() {
    let success = [("Result", "success")];
    let wrong = [("Result", "PasswordError")];
    for (since, key, from, reported) in [
        (0, true, DEVICE, true),
        (1_900, true, DEVICE, true),
        (1_900, true, OTHER, true),
        (1_900, false, DEVICE, true),
        (2_001, true, DEVICE, false),
        (2_001, false, DEVICE, false),
    ] {
        let (mut exchange, [question, command]) = commanded();
        hear(&mut exchange, MS + GUARDED, &reply(&command, &success));
        let end = MS + GUARDED + GUARDED;
        assert_eq!(outcome(&mut exchange, end), "done");
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
fn different_results_contradict_each_other_and_of_equal_refusals_the_fewest_tries_count() {
    let success = &[("Result", "success")][..];
    let [three, four] = ["3", "4"].map(|it| [("Result", "PasswordError"), ("RetryTimes", it)]);
    for (replies, contradictory) in [
        (&[&three, success][..], true),
        (&[success, &three], true),
        (&[&four, &three, &four], false),
    ] {
        let (mut exchange, [_, command]) = commanded();
        for fields in replies {
            hear(&mut exchange, MS + GUARDED, &reply(&command, fields));
        }
        exchange.handle_timeout(MS + GUARDED + GUARDED);
        let (refusal, was_contradictory) = match exchange.poll_outcome() {
            Some(Contradicted(Some(refusal))) => (refusal, true),
            Some(Refused(refusal)) => (refusal, false),
            other => panic!("{other:?}"),
        };
        assert_eq!(refusal.tries_left, Some(3));
        assert_eq!(was_contradictory, contradictory);
        assert_eq!(exchange.was_forged(), contradictory);
    }
}

#[test]
fn a_late_reply_to_an_earlier_request_for_a_code_stops_asking_and_does_not_count() {
    let (mut exchange, first) = begun(export());
    let second = sent(&mut exchange, WAIT).unwrap();
    assert_ne!(first.first("Uuid"), second.first("Uuid"));
    let late = WAIT + 600 * MS;
    for _ in 0..2 {
        hear(&mut exchange, late, &code_answer(&first, "void"));
        assert_eq!(exchange.poll_timeout(), Some(late + RESPONSE_TIMEOUT));
    }
    // A duplicate changes nothing.
    hear(&mut exchange, late + MS, &code_answer(&first, "void"));
    assert_eq!(exchange.poll_timeout(), Some(late + RESPONSE_TIMEOUT));
    assert_eq!(sent(&mut exchange, 3 * WAIT), None);
    hear(&mut exchange, late + WAIT, &code_answer(&second, "good"));
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
                    late.push((now + 8_000 * MS, code_answer(&request, "void")));
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
        assert_eq!(outcome(&mut exchange, now), "NoAnswer");
    }
}

#[test]
fn a_late_key_is_not_taken_and_a_forged_one_ends_it() {
    for (from, forged) in [(DEVICE, false), (OTHER, true)] {
        let (mut exchange, first) = asked();
        let second = sent(&mut exchange, KEY_WAIT).unwrap();
        let key = |request| key_answer(request, RANDOM);
        exchange.handle_reply(2_000 * MS, from.into(), &key(&first));
        assert_eq!(exchange.was_forged(), forged);
        if forged {
            assert_eq!(outcome(&mut exchange, 2_000 * MS), "Impostor");
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
    exchange.handle_reply(WAIT + MS, OTHER.into(), &done);
    assert!(exchange.poll_outcome().is_none());
    hear(&mut exchange, WAIT + MS, &done);
    assert_eq!(outcome(&mut exchange, WAIT + MS + GUARDED), "done");
}

#[test]
fn a_reply_without_a_result_that_holds_what_was_asked_for_is_an_answer() {
    let (mut exchange, command) = begun(export());
    hear(&mut exchange, MS, &reply(&command, &[]));
    assert_eq!(exchange.poll_timeout(), Some(WAIT));
    let code = reply(&command, &[("EncryptString", "code")]);
    hear(&mut exchange, MS, &code);
    assert_eq!(outcome(&mut exchange, MS + SETTLE), "done");
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
        outcome(&mut exchange, 2_000 * MS)
    };
    assert_eq!(after(&[]), "failed");
    assert_eq!(after(&[success]), "done");
    assert_eq!(after(&[success, failed]), "contradicted");
}

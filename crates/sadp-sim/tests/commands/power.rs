//! Devices that lose power, and that somebody resets by their button.

use std::{net::Ipv4Addr, time::Duration};

use sadp_model::State;
use sadp_proto::{Command, CommandOutcome, QuestionList, Refusal, RequestCode};
use sadp_sim::{Access, vendor_support};

use super::{
    PASSWORD,
    van::{MS, Van, assert_refused, code, done, is_done, password},
};

const SECOND: Duration = Duration::from_secs(1);

fn hellos(van: &Van) -> Vec<Duration> {
    let said = van.heard.iter();
    let hello = said.filter(|(_, _, fields)| fields.first("Types") == Some("hello"));
    hello.map(|(at, _, _)| *at).collect()
}

#[test]
fn a_restart_makes_requests_void() {
    let mut van =
        Van::new("[[device]]\nprofile = \"ipc-v5.5.82\"\nrestart = \"30s\"\nreboot = \"20s\"");
    let before = van.look(0).unwrap();
    let reply = done(van.order(0, Command::GetEncryptString));
    let request: vendor_support::RequestText =
        RequestCode::read(&reply).unwrap().as_str().parse().unwrap();
    van.heard.clear();
    van.wait_until(30 * SECOND);
    assert!(matches!(van.lamp(0, true), CommandOutcome::NoAnswer));
    van.wait_until(60 * SECOND);
    let said = hellos(&van);
    assert!(
        said.len() == 1 && said[0] >= 50 * SECOND && said[0] < 51 * SECOND,
        "{said:?}"
    );
    assert_ne!(van.look(0).unwrap().boot_time, before.boot_time);
    let reset = Command::Reset {
        code: code(&request.answer()),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    assert_refused(van.order(0, reset), &Refusal::EmptyEncryptString);
    assert!(van.has_password(0, Access::PASSWORD));
}

#[test]
fn a_start_after_new_settings_makes_requests_void_too() {
    let mut van = Van::one("ipc-v5.5.82", "reboot = \"20s\"");
    let reply = done(van.order(0, Command::GetEncryptString));
    let request: vendor_support::RequestText =
        RequestCode::read(&reply).unwrap().as_str().parse().unwrap();
    assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
    van.wait(30 * SECOND);
    let reset = Command::Reset {
        code: code(&request.answer()),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    assert_refused(van.order(0, reset), &Refusal::EmptyEncryptString);
}

#[test]
fn the_button_makes_a_camera_unactivated() {
    let mut van = Van::new(
        "[[device]]\nprofile = \"ipc-v5.6.5\"\nip = \"192.168.7.20\"\nhttp_port = 81\nbutton = \"20s\"\n\
         mailbox = \"owner@example.com\"\nquestions = { 1 = \"a\", 2 = \"b\", 3 = \"c\" }",
    );
    let before = van.look(0).unwrap();
    assert_eq!(before.state, Some(State::Active));
    van.heard.clear();
    van.wait_until(25 * SECOND);
    assert!(
        van.look(0)
            .is_some_and(|seen| seen.state == Some(State::Unactivated))
    );
    let said = hellos(&van);
    assert!(
        said.len() == 1 && said[0] >= 30 * SECOND && said[0] < 31 * SECOND,
        "{said:?}"
    );
    let after = van.look(0).unwrap();
    assert_eq!((&after.mac, &after.serial), (&before.mac, &before.serial));
    assert_ne!(after.boot_time, before.boot_time);
    assert_eq!(after.ipv4.address, Some(Ipv4Addr::new(192, 168, 1, 64)));
    assert_eq!(after.ports.http, Some(80));
    assert!(is_done(&van.activate(0, PASSWORD)));
    assert!(van.has_password(0, PASSWORD));
    assert_refused(van.order(0, Command::GetMailQr), &Refusal::NotSetMailBox);
    let questions = QuestionList::read(&done(van.order(0, Command::GetQuestions))).questions;
    assert!(questions.iter().all(|question| !question.set));
}

#[test]
fn the_button_gives_old_firmware_its_factorys_password() {
    let mut van = Van::one("ipc-v5.2.5", "button = \"5s\"\nreboot = \"3s\"");
    van.wait(10_000 * MS);
    assert_eq!(van.look(0).unwrap().state, Some(State::Active));
    assert!(van.has_password(0, Access::FACTORY_PASSWORD));
}

#[test]
fn the_same_seed_plays_the_same_events() {
    let play = || {
        let mut van = Van::new(
            "seed = 3\n[[device]]\nprofile = \"ipc-v5.5.82\"\ncount = 20\nrestart = \"30s\"\nbutton = \"2m\"\n\
             reboot = \"5s..40s\"\nloss = 0.2\nduplicate = 0.2",
        );
        van.wait(300 * SECOND);
        (van.heard, van.fleet.stats())
    };
    let (heard, stats) = play();
    assert_eq!((heard, stats), play());
    assert!(stats.hellos > 40);
}

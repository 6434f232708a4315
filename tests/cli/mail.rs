//! The reserved e-mail address of simulated devices.

use std::fs;

use insta::assert_snapshot;
use sadp_sim::vendor_support::MailCode;

use crate::{
    activate::Van,
    prepared::{CURRENT, NEW, ONE, TWO, recorder, refusals},
    run::Run,
};

const MAILBOX: &str = "mailbox = \"owner@example.com\"";

/// The code that the simulated vendor mails for the QR code of an outcome.
fn mailed(qr: &Run) -> String {
    let text = qr.json()[0]["data"]["qr"].as_str().unwrap().to_owned();
    text.parse::<MailCode>().unwrap().code()
}

fn confirm(van: &Van, code: &str) -> Run {
    let code = van.put("code.txt", code);
    van.reset(&["mail", "confirm", ONE, "--code-file", &code, "--yes"])
}

#[test]
fn a_mailed_code_resets_the_password() {
    let van = Van::new(&recorder(1, ""));
    let set = [
        "mail",
        "set",
        "--all",
        "--mailbox",
        "owner@example.com",
        "--yes",
    ];
    let run = van.reset(&set);
    assert_eq!(
        (run.code, &run.json()[0]["action"]),
        (0, &"mail-set".into()),
        "{run}"
    );
    assert!(run.stderr.contains("is sent unencrypted"), "{run}");
    let png = van.path("qr.png");
    let qr = van.reset(&["mail", "qr", ONE, "--png", png.to_str().unwrap()]);
    assert_eq!(
        (qr.code, &qr.json()[0]["action"]),
        (0, &"mail-qr".into()),
        "{qr}"
    );
    let data = &qr.json()[0]["data"];
    assert_eq!(data["mailbox"], "o***r@example.com", "{qr}");
    assert_eq!(data["service_mailbox"], "service@example.com", "{qr}");
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let run = confirm(&van, &format!("  {}\r\n", mailed(&qr)));
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["action"], "mail-confirm", "{run}");
    assert_eq!(run.json()[0]["message"], "the new password is set", "{run}");
    assert!(van.has_password(ONE, NEW));
}

#[test]
fn a_new_qr_code_is_asked_for_before_it_voids_another() {
    let van = Van::new(&recorder(1, MAILBOX));
    let first = van.reset(&["mail", "qr", ONE]);
    assert_eq!(first.code, 0, "{first}");
    let unasked = van.reset(&["mail", "qr", ONE]);
    assert_eq!(
        (unasked.code, unasked.stdout.as_str()),
        (2, ""),
        "{unasked}"
    );
    assert!(
        unasked.stderr.contains("a new one makes it void"),
        "{unasked}"
    );
    assert_eq!(van.sent(), 1);
    let second = van.reset(&["mail", "qr", ONE, "--yes"]);
    assert_eq!(second.code, 0, "{second}");
    let void = confirm(&van, &mailed(&first));
    assert_eq!(void.json()[0]["refusal"], "CodeError", "{void}");
    let held = confirm(&van, &mailed(&second));
    assert_eq!(held.code, 4, "after a refused code: {held}");
    let code = van.put("code.txt", mailed(&second));
    let confirm = ["mail", "confirm", ONE, "--code-file", &code, "--yes"];
    let run = van.reset(&[&confirm[..], &["--force", "refused-before"]].concat());
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn the_qr_code_is_drawn_for_people_with_what_to_do() {
    let van = Van::new(&recorder(1, MAILBOX));
    let run = van.run(&["reset", "mail", "qr", ONE]);
    assert_eq!(run.code, 0, "{run}");
    let (drawn, rest) = run.stdout.split_once("This QR code").unwrap();
    assert!(
        drawn
            .lines()
            .all(|line| line.chars().all(|it| " █▀▄".contains(it))),
        "{run}"
    );
    assert!(drawn.lines().count() > 15, "{run}");
    assert_snapshot!(format!("This QR code{rest}"));
}

#[test]
fn a_picture_is_never_written_over_another_file() {
    let van = Van::new(&recorder(1, MAILBOX));
    let png = van.put("qr.png", "mine");
    let run = van.reset(&["mail", "qr", ONE, "--png", &png]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run}");
    assert_eq!(fs::read(&png).unwrap(), b"mine");
    assert_eq!(van.sent(), 0, "the QR code before is still good");
    let nowhere = van.path("no/such/folder/qr.png");
    let run = van.reset(&["mail", "qr", ONE, "--png", nowhere.to_str().unwrap()]);
    assert_eq!(run.code, 5, "{run}");
    assert!(
        run.json()[0]["data"]["qr"].is_string(),
        "it is not lost: {run}"
    );
}

#[test]
fn a_wrong_password_ends_the_setting_at_the_first_device() {
    let van = Van::new(&(recorder(1, "") + &recorder(2, "")));
    let set = [
        "mail",
        "set",
        "--all",
        "--mailbox",
        "a@example.com",
        "--yes",
    ];
    let run = van.reset_with("Guessed-99", &set);
    assert_eq!((run.code, van.sent()), (1, 1), "{run}");
    assert_eq!(run.json()[1]["result"], "skipped", "{run}");
    let run = van.reset_with(CURRENT, &set);
    assert_eq!(run.code, 4, "the first is not sent another: {run}");
    assert_eq!(run.json()[0]["result"], "skipped", "{run}");
    assert_eq!(run.json()[1]["result"], "done", "{run}");
    let run = van.reset_with(
        CURRENT,
        &[&set[..], &["--force", "refused-before"]].concat(),
    );
    assert_eq!(run.code, 0, "{run}");
    let one = van.reset(&["mail", "set", TWO, "--mailbox", "no address", "--yes"]);
    assert_eq!(one.code, 2, "{one}");
}

#[test]
fn bad_codes_are_reported_and_not_sent() {
    let van = Van::new(&recorder(1, &format!("{MAILBOX}\nrecovery_tries_left = 3")));
    let long = "x".repeat(2000);
    for code in ["", "\n", "  \n", "a\0b", &long] {
        let run = confirm(&van, code);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
        assert!(run.stderr.contains("code"), "{run}");
    }
    let none = van.reset(&["mail", "confirm", ONE, "--yes"]);
    assert_eq!(none.code, 2, "{none}");
    assert!(none.stderr.contains("--code-file"), "{none}");
    assert!(!van.path("state").exists());
    let wrong = confirm(&van, "GUESSED1");
    assert_eq!(wrong.json()[0]["refusal"], "CodeError", "{wrong}");
    assert!(!wrong.to_string().contains("GUESSED1"), "{wrong}");
    let held = confirm(&van, "GUESSED2");
    assert_eq!((held.code, van.sent()), (4, 1), "{held}");
}

#[test]
fn every_refusal_is_reported() {
    let set = refusals(
        "SetMailBox",
        &[
            "notActivated",
            "notExist",
            "PasswordError",
            "locked",
            "failed",
        ],
        |van, device| van.reset(&["mail", "set", device, "--mailbox", "a@example.com", "--yes"]),
    );
    let words = ["notActivated", "notSetMailBox", "failed"];
    let qr = refusals("GetQRcodes", &words, |van, device| {
        van.reset(&["mail", "qr", device])
    });
    let words = [
        "notActivated",
        "riskPassword",
        "locked",
        "CodeError",
        "notSetMailBox",
        "failed",
    ];
    let confirm = refusals("MailReset", &words, |van, device| {
        let code = van.put("code.txt", "12345678");
        van.reset(&["mail", "confirm", device, "--code-file", &code, "--yes"])
    });
    assert_snapshot!(format!("{set}\n{qr}\n{confirm}"));
}

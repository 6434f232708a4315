//! The reserved e-mail address.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use sadp_proto::{Command, CommandOutcome, MailQr, Mailbox, Refusal};
use sadp_sim::{Access, vendor_support::MailCode};

use super::{
    PASSWORD, UNACTIVATED,
    van::{Van, assert_refused, assert_try, code, done, is_done, password, refused, word},
};

const CAMERA: &str = "ipc-v5.6.5";
const SET: &str = "mailbox = \"owner@example.com\"";

fn ask(van: &mut Van) -> String {
    let qr = MailQr::read(&done(van.order(0, Command::GetMailQr))).unwrap();
    assert_eq!(qr.mailbox.as_deref(), Some("o***r@example.com"));
    assert_eq!(qr.service_mailbox.as_deref(), Some("service@example.com"));
    let code: MailCode = qr.qr.parse().unwrap();
    code.code()
}

#[test]
fn what_is_asked_for_is_reported_in_base64() {
    let mut van = Van::one(CAMERA, SET);
    let reply = done(van.order(0, Command::GetMailQr));
    for (name, text) in [
        ("QRcodes", "SADPCTL-SIMULATED-MAIL:"),
        ("MailBox", "o***r@example.com"),
        ("MailServiceBox", "service@example.com"),
    ] {
        let sent = BASE64_STANDARD
            .decode(reply.fields.first(name).unwrap())
            .unwrap();
        assert!(sent.starts_with(text.as_bytes()), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// What a simulated device tells of its address is read as it was meant.
    #[test]
    fn any_address_is_read_back_masked(name in "[!-?A-~]{2,60}", domain in "[a-z\u{e4}.]{1,40}") {
        let address = format!("{name}@{domain}");
        let mut van = Van::one(CAMERA, "");
        prop_assert!(is_done(&set(&mut van, &address, Access::PASSWORD)));
        let qr = MailQr::read(&done(van.order(0, Command::GetMailQr))).unwrap();
        let masked = format!("{}***{}@{domain}", &name[..1], &name[name.len() - 1..]);
        prop_assert_eq!(qr.mailbox.as_deref(), Some(&*masked));
        prop_assert!(!qr.qr_is_raw && qr.qr.parse::<MailCode>().is_ok());
    }
}

fn confirm_with(van: &mut Van, sent: &str, new: &str) -> CommandOutcome {
    let command = Command::ResetByMail {
        code: code(sent),
        password: password(new),
        sync_cameras: false,
    };
    van.order(0, command)
}

fn confirm(van: &mut Van, sent: &str) -> CommandOutcome {
    confirm_with(van, sent, PASSWORD)
}

fn set(van: &mut Van, address: &str, current: &str) -> CommandOutcome {
    let command = Command::SetMailbox {
        mailbox: Mailbox::new(address).unwrap(),
        password: password(current),
    };
    van.order(0, command)
}

#[test]
fn a_code_by_mail_resets_the_password_once() {
    let mut van = Van::one(CAMERA, SET);
    let sent = ask(&mut van);
    assert_eq!(sent.len(), 8);
    assert_refused(
        confirm_with(&mut van, &sent, "Garden123"),
        &Refusal::RiskPassword,
    );
    assert!(is_done(&confirm(&mut van, &sent)));
    assert!(van.has_password(0, PASSWORD));
    assert_try(confirm(&mut van, &sent), &Refusal::CodeError, 6);
    let executions = van.fleet.executions(0);
    assert_eq!((executions.mail_codes, executions.mail_resets), (1, 1));
}

#[test]
fn an_address_is_set_with_the_password() {
    let mut van = Van::one(CAMERA, "");
    assert_refused(van.order(0, Command::GetMailQr), &Refusal::NotSetMailBox);
    assert_refused(confirm(&mut van, "12345678"), &Refusal::NotSetMailBox);
    let address = "owner@example.com";
    assert_try(set(&mut van, address, "wrong"), &Refusal::PasswordError, 6);
    assert_refused(set(&mut van, "nobody", Access::PASSWORD), &Refusal::Failed);
    assert!(is_done(&set(&mut van, address, Access::PASSWORD)));
    let sent = ask(&mut van);
    assert!(is_done(&confirm(&mut van, &sent)));
    assert_eq!(van.fleet.executions(0).mailboxes_set, 1);
}

#[test]
fn a_code_is_void_once_another_was_asked_for_or_the_address_changed() {
    let mut van = Van::one(CAMERA, SET);
    let first = ask(&mut van);
    let second = ask(&mut van);
    assert_try(confirm(&mut van, &first), &Refusal::CodeError, 6);
    assert!(is_done(&set(
        &mut van,
        "owner@example.com",
        Access::PASSWORD
    )));
    let other = set(&mut van, "other@example.com", Access::PASSWORD);
    assert!(is_done(&other));
    assert_try(confirm(&mut van, &second), &Refusal::CodeError, 5);
}

#[test]
fn a_code_is_void_after_a_restart_and_after_its_time() {
    let mut van = Van::one(CAMERA, &format!("{SET}\nrestart = \"1m\""));
    let sent = ask(&mut van);
    van.wait(Duration::from_mins(2));
    assert_try(confirm(&mut van, &sent), &Refusal::CodeError, 6);
    let sent = ask(&mut van);
    van.wait(Duration::from_hours(49));
    assert_try(confirm(&mut van, &sent), &Refusal::CodeError, 5);
    let sent = ask(&mut van);
    van.wait(Duration::from_hours(47));
    assert!(is_done(&confirm(&mut van, &sent)));
}

#[test]
fn wrong_codes_lock() {
    let mut van = Van::one(CAMERA, &format!("{SET}\ntries = 2"));
    let sent = ask(&mut van);
    assert_try(confirm(&mut van, "00000000"), &Refusal::CodeError, 1);
    let verdict = refused(confirm(&mut van, "00000000"));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(30))
    );
    assert_eq!(word(confirm(&mut van, &sent)), Refusal::Locked);
    let mut van = Van::one(CAMERA, "tries_left = 0");
    let outcome = set(&mut van, "owner@example.com", Access::PASSWORD);
    assert_eq!(word(outcome), Refusal::Locked);
}

#[test]
fn who_has_no_password_or_no_address_says_so() {
    let mut van = Van::one(CAMERA, UNACTIVATED);
    let outcome = set(&mut van, "owner@example.com", "wrong");
    assert_refused(outcome, &Refusal::NotActivated);
    assert_refused(van.order(0, Command::GetMailQr), &Refusal::NotActivated);
    assert_refused(confirm(&mut van, "12345678"), &Refusal::NotActivated);
    let mut van = Van::one("ipc-v5.5.6", SET);
    assert!(matches!(
        van.order(0, Command::GetMailQr),
        CommandOutcome::NoAnswer
    ));
    let mut van = Van::one(
        CAMERA,
        &format!("{SET}\nfields = {{ SupportMailBox = \"false\" }}"),
    );
    let outcome = set(&mut van, "owner@example.com", Access::PASSWORD);
    assert_refused(outcome, &Refusal::NotExist);
    assert_refused(van.order(0, Command::GetMailQr), &Refusal::NotSetMailBox);
    assert_refused(confirm(&mut van, "12345678"), &Refusal::NotSetMailBox);
}

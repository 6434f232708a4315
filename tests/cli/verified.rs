//! `--verify`: new passwords that one login proves or disproves.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use sadp_reset::{Action, AttemptFilter, AttemptResult, Ledger};
use sadp_sim::vendor_support::MailCode;
use serde_json::Value;

use crate::{
    activate::Van,
    request::{RecoverySite, text},
    run::Run,
};

/// The reply to this command comes when nobody waits for it any more.
fn lost(types: &str) -> String {
    format!("late = {{ {types} = \"3600s\" }}\n")
}

/// The device refuses this command, and its reply is lost.
fn refused(types: &str, word: &str) -> String {
    format!("{}refuse = {{ {types} = \"{word}\" }}\n", lost(types))
}

const GUID_REFUSED: [&str; 2] = ["GUIDReset", "failed"];

/// A recorder on loopback, with further keys of the site file. Each test has a network of its
/// own: ports of 127.0.0.1/8 are shared.
fn recorder(network: u8, number: usize, more: &str) -> String {
    format!(
        "[[device]]\nprofile = \"nvr-v4.30.085\"\nmac = \"44:47:cc:00:00:{number:02x}\"\n\
         ip = \"127.3.{network}.{number}\"\nquestions = {{ 1 = \"a\", 2 = \"b\", 3 = \"c\" }}\n\
         mailbox = \"owner@example.com\"\n{more}\n"
    )
}

fn mac(number: usize) -> String {
    format!("44:47:cc:00:00:{number:02x}")
}

/// Recorders that answer HTTP, each with its GUID in the vault.
fn exported(network: u8, devices: &[String]) -> Van {
    let devices = devices.iter().enumerate();
    let site: String = devices
        .map(|(place, more)| recorder(network, place + 1, more))
        .collect();
    let van = Van::attacked(&site, &["--http"]);
    let export = van.reset(&["guid", "export", "--all", "--yes"]);
    assert_eq!(export.code, 0, "{export}");
    van
}

/// The outcomes of one action: device, result and message.
fn told(run: &Run, action: &str) -> Vec<[String; 3]> {
    let all = run.json();
    let all = all.as_array().unwrap().iter();
    let mut told: Vec<_> = all
        .filter(|it| it["action"] == action)
        .map(|it| [&it["device"]["mac"], &it["result"], &it["message"]].map(text))
        .collect();
    told.sort();
    told
}

fn results(run: &Run, action: &str) -> Vec<String> {
    let told = told(run, action).into_iter();
    told.map(|[_, result, _]| result).collect()
}

const VERIFIED: &str = "the new password is set: verified by one login";
const FORMER: &str =
    "the former password is still in force: one login with the new one was refused";

/// How many logins the devices counted.
fn logins(van: Van) -> u64 {
    let said = van.sim.end();
    let (_, counted) = said.split_once(" over HTTP, ").unwrap_or_default();
    let number = counted.split_once(" login").unwrap_or_default().0;
    number.parse().unwrap_or_else(|_| panic!("{said}"))
}

/// The last result of an action on a device, as the ledger has it now.
fn recorded(van: &Van, action: Action) -> AttemptResult {
    let ledger = Ledger::open_existing(&van.path("state")).unwrap().unwrap();
    let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
    let mut attempts = attempts.iter();
    let last = attempts.find(|it| it.attempt.action == action);
    last.unwrap().result()
}

const IMPORT: [&str; 5] = ["guid", "import", "--all", "--yes", "--verify"];

#[test]
fn guids_whose_replies_are_lost_are_settled() {
    let devices = [String::new(), lost("GUIDReset"), String::new()];
    let van = exported(1, &devices);
    let run = van.reset(&IMPORT);
    assert_eq!(run.code, 0, "{run}");
    let done = |number| [mac(number), "done".into(), VERIFIED.into()];
    assert_eq!(told(&run, "guid-import"), [1, 2, 3].map(done), "{run}");
    assert_eq!(results(&run, "check"), ["done"; 3], "{run}");
    for outcome in &run.json().as_array().unwrap()[..3] {
        assert_eq!(outcome["data"]["active"], true, "{run}");
        assert!(text(&outcome["next"]).contains("export a new one"), "{run}");
    }
    assert_eq!(recorded(&van, Action::GuidImport), AttemptResult::Done);
    let void = |it: &Value| it["void"] == "used";
    assert!(van.guids().iter().all(void), "{:?}", van.guids());
    // It is the end of it: another GUID may go out when it is needed.
    let next = van.reset(&["guid", "import", "--all", "--yes"]);
    assert_eq!(next.code, 3, "no usable GUID: {next}");
    assert_eq!(logins(van), 3);
}

#[test]
fn a_refused_login_shows_that_the_former_password_is_in_force() {
    let [types, word] = GUID_REFUSED;
    let van = exported(2, &[refused(types, word)]);
    let run = van.reset(&IMPORT);
    assert_eq!(run.code, 1, "{run}");
    let expected = [mac(1), "refused".into(), FORMER.into()];
    assert_eq!(told(&run, "guid-import"), [expected], "{run}");
    assert!(text(&run.json()[0]["next"]).contains("--force refused-before"));
    let check = &run.json()[1];
    assert_eq!(check["data"]["login"], "refused", "{run}");
    assert_eq!(check["tries_left"], 6, "{run}");
    assert_eq!(recorded(&van, Action::GuidImport), AttemptResult::Refused);
    assert_eq!(van.guids()[0]["state"], "valid");
    // The next run sends nothing by itself, and no longer for fear that it worked.
    let sent = van.sent();
    let next = van.reset(&IMPORT);
    assert_eq!((next.code, van.sent()), (4, sent), "{next}");
    assert!(next.stdout.contains("--force refused-before"), "{next}");
    let forced = van.reset(&[&IMPORT[..], &["--force", "refused-before"]].concat());
    assert_eq!(forced.code, 1, "{forced}");
    assert_eq!(van.sent(), sent + 2, "a GUID and a login");
    assert_eq!(logins(van), 2);
}

#[test]
fn until_two_devices_accepted_the_password_a_refusal_ends_it() {
    let [types, word] = GUID_REFUSED;
    let former = || refused(types, word);
    for (accepting, expected) in [
        (1, &["done", "refused", "skipped"][..]),
        (2, &["done", "done", "refused", "refused"]),
    ] {
        let mut devices = vec![former(), former()];
        devices.extend((0..accepting).map(|_| String::new()));
        let van = exported(3, &devices);
        let run = van.reset(&IMPORT);
        assert_eq!(run.code, 1, "{run}");
        let mut checks = results(&run, "check");
        checks.sort();
        assert_eq!(checks, expected, "{run}");
        let resets = results(&run, "guid-import");
        let unknown = resets.iter().filter(|it| *it == "unknown").count();
        assert_eq!(unknown, 2 - accepting, "{run}");
        let sent = expected.iter().filter(|it| **it != "skipped").count();
        assert_eq!(logins(van), sent as u64);
    }
}

#[test]
fn answers_and_mailed_codes_are_verified() {
    let both = "late = { AnswerReset = \"3600s\", MailReset = \"3600s\" }";
    for more in ["", both] {
        let van = Van::attacked(&recorder(4, 1, more), &["--http"]);
        let answers = van.put("answers.txt", "1=a\n2=b\n3=c\n");
        let device = &mac(1);
        let command = ["questions", "answer", device, "--answers", &answers];
        let run = van.reset(&[&command[..], &["--verify", "--yes"]].concat());
        assert_eq!(run.code, 0, "{run}");
        let done = || [mac(1), "done".into(), VERIFIED.into()];
        assert_eq!(told(&run, "questions-answer"), [done()], "{run}");
        let qr = van.reset(&["mail", "qr", device]);
        let code: MailCode = text(&qr.json()[0]["data"]["qr"]).parse().unwrap();
        let code = van.put("code.txt", code.code());
        let command = ["mail", "confirm", device, "--code-file", &code];
        let run = van.reset(&[&command[..], &["--verify", "--yes"]].concat());
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(told(&run, "mail-confirm"), [done()], "{run}");
        assert_eq!(results(&run, "check"), ["done"], "{run}");
        assert_eq!(logins(van), 2);
    }
}

/// A device of the request way on loopback.
fn camera(network: u8, number: usize, more: &str) -> String {
    format!(
        "[[device]]\nprofile = \"ipc-v5.5.82\"\nmac = \"44:47:cc:00:00:{number:02x}\"\n\
         ip = \"127.3.{network}.{number}\"\nboot = \"2026-09-18T09:21:28\"\n{more}\n"
    )
}

#[test]
fn an_answer_whose_reply_is_lost_closes_its_request_once_it_is_verified() {
    let more = [
        String::new(),
        String::new(),
        lost("reset"),
        refused("reset", "failed"),
    ];
    let devices = (1..).zip(&more);
    let site: String = devices
        .map(|(number, more)| camera(6, number, more))
        .collect();
    let recovery = RecoverySite::attacked(&site, &["--http"]);
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    recovery.answer(&[]);
    let run = recovery.import(&["--verify"]);
    assert_eq!(run.code, 1, "{run}");
    let done = |number| [mac(number), "done".into(), VERIFIED.into()];
    let former = [mac(4), "refused".into(), FORMER.into()];
    assert_eq!(
        told(&run, "import-answer"),
        [done(1), done(2), done(3), former],
        "{run}"
    );
    for outcome in run.json().as_array().unwrap() {
        if outcome["action"] == "import-answer" && outcome["result"] == "done" {
            assert_eq!(outcome["data"]["closed"], "recovered", "{run}");
            assert_eq!(outcome["data"]["seen"], true, "{run}");
        }
    }
    let mut cases = recovery.cases();
    cases.sort();
    let states: Vec<_> = cases.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states[..3], ["recovered"; 3], "{cases:?}");
    assert_ne!(states[3], "recovered", "{cases:?}");
    // Nothing goes out twice by itself.
    let again = recovery.import(&["--verify"]);
    assert_eq!(again.code, 4, "{again}");
    assert_eq!(results(&again, "check"), [""; 0], "{again}");
    assert_eq!(logins(recovery.van), 4);
}

#[test]
fn where_no_login_may_be_sent_the_outcome_stays() {
    let unknown = lost("GUIDReset");
    let van = exported(
        5,
        &[
            format!("{unknown}tries = 1"),
            format!("{unknown}tries = 3"),
            format!("{unknown}http = {{ off = true }}"),
            unknown,
        ],
    );
    // Wrong logins from this computer lock the second over HTTP alone.
    let scan = van.run(&["scan", "--format", "json", "--sort", "mac"]);
    let port = &scan.json()[1]["ports"]["http"];
    let port = u16::try_from(port.as_u64().unwrap()).unwrap();
    for _ in 0..3 {
        let mut device = TcpStream::connect(("127.3.5.2", port)).unwrap();
        let request = "GET /ISAPI/Security/userCheck HTTP/1.1\r\nHost: 127.3.5.2\r\n\
            Authorization: Basic YWRtaW46d3Jvbmc=\r\nConnection: close\r\n\r\n";
        device.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        device.read_to_end(&mut reply).unwrap();
        assert!(reply.starts_with(b"HTTP/1.1 401"));
    }
    let run = van.reset(&IMPORT);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(results(&run, "guid-import")[..3], ["unknown"; 3], "{run}");
    assert_eq!(results(&run, "guid-import")[3], "done", "{run}");
    let checks = told(&run, "check");
    for (check, [result, part]) in checks.iter().zip([
        ["skipped", "one try is left"],
        [
            "skipped",
            "takes no login from this computer for 30 minutes",
        ],
        ["no-answer", "no answer over HTTP"],
        ["done", "the password is right"],
    ]) {
        assert_eq!(check[1], result, "{run}");
        assert!(check[2].contains(part), "{run}");
    }
    assert_eq!(logins(van), 3 + 1, "the wrong ones, and one");
}

#[test]
fn an_old_device_that_gets_no_new_password_has_none_to_verify() {
    let site = camera(7, 1, "").replace("ipc-v5.5.82", "ipc-v5.2.5");
    let recovery = RecoverySite::attacked(&site, &["--http"]);
    let export = recovery.export(&["--all"]);
    assert_eq!(export.code, 0, "{export}");
    recovery.answer(&[]);
    let run = recovery.import(&["--verify"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    for part in ["default password", "leave --verify out"] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    assert_eq!(recovery.import(&[]).code, 0);
}

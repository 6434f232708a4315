//! Hik-Connect, the return to the unactivated state, and which recovery ways are
//! set up, on simulated devices.

use insta::assert_snapshot;
use sadp_reset::{AttemptFilter, AttemptResult, Ledger};
use serde_json::{Value, json};

#[cfg(unix)]
use crate::pty::Dialogue;
use crate::{
    activate::Van,
    prepared::{CURRENT, ONE, recorder, search, told},
    run::Run,
};

const SERIAL: &str = "DS-7608NI-K20820190101CCWR123456789WCVU";

/// A device that says that it takes all of these commands, with further keys of
/// the site file.
fn able(number: usize, enabled: bool, bound: u8, more: &str) -> String {
    let fields = format!(
        "fields = {{ SupportHCPlatform = \"true\", HCPlatformEnable = \"{enabled}\", \
         EZVIZBindStatus = \"{bound}\", supportEzvizUnbind = \"true\", \
         SupportRestoreInactive = \"true\", SupportPasswordResetType = \"true\", \
         physicalAccessVerification = \"true\" }}"
    );
    recorder(number, &format!("{fields}\n{more}"))
}

/// The one with [`SERIAL`].
fn one(enabled: bool, bound: u8) -> String {
    able(1, enabled, bound, &format!("serial = \"{SERIAL}\""))
}

impl Van {
    /// Runs a command with the current password.
    fn own(&self, arguments: &[&str]) -> Run {
        self.own_with(CURRENT, arguments)
    }

    fn own_with(&self, password: &str, arguments: &[&str]) -> Run {
        let more = ["--wait", "600ms", "--format", "json"];
        let mut command = self.command(&[arguments, &more].concat());
        command.env("SADPCTL_PASSWORD", password);
        command.output().unwrap().into()
    }

    fn device(&self, device: &str) -> Value {
        let show = self.run(&["show", device, "--wait", "600ms", "--format", "json"]);
        assert_eq!(show.code, 0, "{show}");
        show.json()
    }
}

#[test]
fn hik_connect_is_shown_switched_and_unbound() {
    let van = Van::new(&one(false, 1));
    let show = van.own(&["cloud", "show", ONE]);
    assert_eq!(show.code, 0, "{show}");
    let outcome = &show.json()[0];
    assert_eq!(outcome["action"], "cloud-show", "{show}");
    assert_eq!(
        outcome["data"],
        json!({"supported": true, "enabled": false, "bound": true, "unbind": "unenableHCPlatform"})
    );
    let early = van.own(&["cloud", "unbind", ONE, "--yes"]);
    assert_eq!(early.code, 1, "{early}");
    assert_eq!(early.json()[0]["action"], "cloud-unbind", "{early}");
    assert_eq!(early.json()[0]["refusal"], "unenableHCPlatform", "{early}");
    let enable = van.own(&["cloud", "enable", ONE, "--yes"]);
    assert_eq!(enable.code, 0, "{enable}");
    assert_eq!(enable.json()[0]["action"], "cloud-set", "{enable}");
    assert_eq!(enable.json()[0]["data"]["confirmed"], true, "{enable}");
    let sent = van.sent();
    let again = van.own_with("Guessed-99", &["cloud", "enable", ONE, "--yes"]);
    assert_eq!((again.code, van.sent()), (0, sent), "{again}");
    let wrong = van.own_with("Guessed-99", &["cloud", "unbind", ONE, "--yes"]);
    assert_eq!(wrong.code, 1, "{wrong}");
    assert_eq!(wrong.json()[0]["refusal"], "PasswordError", "{wrong}");
    assert_eq!(wrong.json()[0]["tries_left"], 6, "{wrong}");
    let lifted = ["--force", "refused-before"];
    let unbind = van.own(&[&["cloud", "unbind", ONE, "--yes"][..], &lifted].concat());
    assert_eq!(unbind.code, 0, "{unbind}");
    assert_eq!(unbind.json()[0]["data"]["confirmed"], true, "{unbind}");
    let show = van.own(&["cloud", "show", ONE]);
    assert_eq!(show.json()[0]["data"]["unbind"], "notBind", "{show}");
    assert_eq!(show.json()[0]["data"]["bound"], false, "{show}");
    let disable = van.own(&["cloud", "disable", ONE, "--yes"]);
    assert_eq!(disable.code, 0, "{disable}");
    assert_eq!(van.device(ONE)["cloud"]["enabled"], false);
}

#[test]
fn a_device_that_offers_nothing_is_sent_nothing() {
    let van = Van::new(&recorder(
        1,
        "fields = { SupportHCPlatform = \"false\", HCPlatformEnable = \"false\", supportEzvizUnbind = \"false\" }",
    ));
    for command in [
        &["cloud", "enable", ONE, "--yes"][..],
        &["cloud", "unbind", ONE, "--yes"],
        &["deactivate", ONE, "--yes"],
    ] {
        let run = van.own(command);
        assert_eq!(run.code, 4, "{run}");
        assert_eq!(run.json()[0]["result"], "skipped", "{run}");
    }
    let show = van.own(&["cloud", "show", ONE]);
    assert_eq!(show.code, 0, "{show}");
    assert_eq!(show.json()[0]["data"]["unbind"], Value::Null, "{show}");
    let unknown =
        json!({"questions": null, "guid": null, "mailbox": null, "verification_code": null});
    assert_eq!(van.device(ONE)["recovery"]["set_up"], unknown);
    assert_eq!(van.sent(), 0);
}

#[test]
fn a_verification_code_is_set_and_stands_nowhere() {
    let van = Van::new(&one(true, 2));
    let is_set = |van: &Van| van.device(ONE)["recovery"]["set_up"]["verification_code"].clone();
    assert_eq!(is_set(&van), false);
    let sent = van.sent();
    for code in ["", "ABCDEFGHIJKLM", "AB CDEF", "\u{c4}BCDEF"] {
        let file = van.put("code.txt", code);
        let run = van.own(&["cloud", "code", ONE, "--code-file", &file, "--yes"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    }
    assert_eq!(van.sent(), sent);
    let file = van.put("code.txt", "AB1\n");
    let short = van.own(&["cloud", "code", ONE, "--code-file", &file, "--yes"]);
    assert_eq!(
        short.json()[0]["refusal"],
        "IllegalVerificationCode",
        "{short}"
    );
    let file = van.put("code.txt", "QWERTY77\n");
    let dry = van.own(&["cloud", "code", ONE, "--code-file", &file, "--dry-run"]);
    assert_eq!(dry.json()[0]["result"], "planned", "{dry}");
    let run = van.own(&["cloud", "code", ONE, "--code-file", &file, "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["action"], "cloud-code", "{run}");
    assert!(!run.to_string().contains("QWERTY77"), "{run}");
    search(&van.path("state"), &["QWERTY77", CURRENT]);
    assert_eq!(is_set(&van), true);
}

#[test]
fn a_device_is_deactivated_by_its_full_serial() {
    let van = Van::new(&one(true, 2));
    let by_mac = van.own(&["deactivate", ONE, "--yes"]);
    assert_eq!((by_mac.code, by_mac.stdout.as_str()), (2, ""), "{by_mac}");
    assert!(by_mac.stderr.contains(SERIAL), "{by_mac}");
    let unasked = van.own(&["deactivate", SERIAL]);
    assert_eq!(unasked.code, 2, "{unasked}");
    let all = van.own(&["deactivate", "--all", "--yes"]);
    assert_eq!(all.code, 2, "{all}");
    let dry = van.own(&["deactivate", ONE, "--dry-run"]);
    assert_eq!(dry.json()[0]["result"], "planned", "{dry}");
    assert_eq!(van.sent(), 0);
    let wrong = van.own_with("Guessed-99", &["deactivate", SERIAL, "--yes"]);
    assert_eq!(wrong.code, 1, "{wrong}");
    assert_eq!(wrong.json()[0]["refusal"], "PasswordError", "{wrong}");
    assert_eq!(van.states(), ["active"]);
    let guid = ["guid", "export", ONE, "--yes"];
    let held = van.reset(&guid);
    assert_eq!(held.code, 4, "any command with a current password: {held}");
    let guid = van.reset(&[&guid[..], &["--force", "refused-before"]].concat());
    assert_eq!(guid.code, 0, "{guid}");
    let run = van.own(&["deactivate", SERIAL, "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["action"], "deactivate", "{run}");
    assert_eq!(run.json()[0]["data"]["confirmed"], true, "{run}");
    assert_eq!(van.states(), ["unactivated"]);
    assert_ne!(van.guids()[0]["void"], Value::Null, "{:?}", van.guids());
    let again = van.own(&["deactivate", SERIAL, "--yes"]);
    assert_eq!(again.code, 0, "{again}");
    assert!(again.stdout.contains("already"), "{again}");
}

/// `--yes` takes the full serial alone, and `--force` changes nothing of that.
#[test]
fn no_other_name_of_a_device_deactivates_it_without_a_question() {
    let van = Van::new(&one(true, 2));
    for name in [
        ONE,
        "192.168.1.101",
        "http://192.168.1.101/",
        "123456789",
        "3456789WCVU",
    ] {
        for more in [&["--yes"][..], &["--yes", "--force"]] {
            let run = van.own(&[&["deactivate", name], more].concat());
            assert!([2, 3, 4].contains(&run.code), "{name} {more:?}: {run}");
            assert_eq!(run.stdout, "", "{name} {more:?}: {run}");
        }
    }
    assert_eq!(van.sent(), 0);
    let lower = SERIAL.to_lowercase();
    let run = van.own(&["deactivate", &lower, "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(van.states(), ["unactivated"]);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_the_serial_is_typed_again() {
    let van = Van::new(&one(true, 2));
    let deactivate = |typed: &str| {
        let mut command = van.command(&["deactivate", ONE]);
        command.env("SADPCTL_PASSWORD", CURRENT);
        let mut asked = Dialogue::start(&command);
        asked.press_at("To deactivate it, type its serial number in full:", typed);
        asked.end()
    };
    let shorter = &SERIAL[..SERIAL.len() - 1];
    for wrong in ["y", "yes", ONE, "123456789", shorter] {
        let (code, said) = deactivate(&format!("{wrong}\n"));
        assert_eq!(code, 4, "{wrong}: {said}");
        assert!(
            said.contains("that is not its serial number: nothing was sent"),
            "{said}"
        );
    }
    for no in ["\n", "\x03"] {
        let (code, said) = deactivate(no);
        assert_eq!(code, 1, "{no:?}: {said}");
        assert!(said.contains("not confirmed: nothing was sent"), "{said}");
    }
    assert_eq!((van.sent(), van.states()), (0, vec!["active".into()]));
    let (code, said) = deactivate(&format!("{SERIAL}\n"));
    assert_eq!(code, 0, "{said}");
    assert_eq!(van.states(), ["unactivated"]);
    assert!(!said.contains(CURRENT), "{said}");
}

/// It did as told and says so in an hour: the look afterwards proves it.
#[test]
fn a_deactivation_without_a_reply_makes_the_guids_void_where_it_is_seen() {
    let late = format!("serial = \"{SERIAL}\"\nlate = {{ restoreInactive = \"3600s\" }}");
    let van = Van::new(&able(1, true, 2, &late));
    let guid = van.reset(&["guid", "export", ONE, "--yes"]);
    assert_eq!(guid.code, 0, "{guid}");
    assert_eq!(van.guids()[0]["void"], Value::Null);
    let run = van.own(&["deactivate", SERIAL, "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["result"], "done", "{run}");
    assert_eq!(run.json()[0]["data"]["confirmed"], true, "{run}");
    let ledger = Ledger::open_existing(&van.path("state")).unwrap().unwrap();
    let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
    let verdict = attempts[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.result, AttemptResult::Unknown, "no reply came");
    assert_ne!(van.guids()[0]["void"], Value::Null, "{:?}", van.guids());
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_sent_where_two_senders_speak_for_the_device() {
    let van = Van::attacked(&one(false, 1), &["--hostile=echoed-accounts"]);
    let code = van.put("code.txt", "QWERTY77");
    let own = |arguments: &[&str]| -> Run {
        let mut command = van.command(&[arguments, &["--yes", "--format", "json"]].concat());
        command.env("SADPCTL_PASSWORD", CURRENT);
        command.output().unwrap().into()
    };
    for command in [
        &["cloud", "enable", ONE][..],
        &["cloud", "code", ONE, "--code-file", &code],
        &["cloud", "unbind", ONE],
        &["deactivate", SERIAL],
    ] {
        let run = own(command);
        assert_eq!(run.code, 4, "{run}");
        assert_eq!(run.json()[0]["result"], "skipped", "{run}");
        let message = run.json()[0]["message"].to_string();
        assert!(message.contains("both answer for it"), "{run}");
    }
    assert_eq!(van.sent(), 0);
    // Then the key exchange decides, and which of the two came first.
    let forced = own(&["cloud", "enable", ONE, "--force", "two-senders"]);
    let message = forced.json()[0]["message"].to_string();
    assert!(!message.contains("both answer for it"), "{forced}");
    assert!(forced.stderr.contains("may pretend to be it"), "{forced}");
}

#[test]
fn ways_that_are_not_set_up_are_distinguished() {
    let van = Van::new(&one(true, 2));
    let none =
        json!({"questions": false, "guid": false, "mailbox": false, "verification_code": false});
    let device = van.device(ONE);
    assert_eq!(device["recovery"]["set_up"], none);
    assert_eq!(device["cloud"]["bound"], false);
    assert_eq!(device["access_verification"], true);
    let csv = van.run(&["scan", "--wait", "600ms", "--format", "csv"]);
    assert!(
        csv.stdout
            .contains(",Hik-Connect Bound,Access Verification,Name,Place\r\n"),
        "{csv}"
    );
    assert!(csv.stdout.ends_with(",No,Yes,,\r\n"), "{csv}");
    let mail = [
        "mail",
        "set",
        ONE,
        "--mailbox",
        "owner@example.com",
        "--yes",
    ];
    assert_eq!(van.reset(&mail).code, 0);
    assert_eq!(van.device(ONE)["recovery"]["set_up"]["mailbox"], true);
    let run = van.reset(&["ways", ONE]);
    assert_eq!(run.code, 0, "{run}");
    let told = run.json();
    let ways = told[0]["ways"].as_array().unwrap();
    let named = |name: &str| ways.iter().find(|way| way["way"] == name).unwrap();
    assert_eq!(named("mail")["availability"], "ready", "{run}");
    let questions = named("questions");
    assert_eq!(questions["availability"], "not-for-this-device", "{run}");
    assert_eq!(
        questions["reasons"][0], "the device reports that no security questions are set",
        "{run}"
    );
}

#[test]
fn a_lamp_blinks_for_its_time_and_is_off_then() {
    let van = Van::new(&recorder(1, ""));
    let run = van.run(&["locate", ONE, "--for", "10ms", "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.json()[0]["action"], "locate", "{run}");
    assert_eq!(
        run.json()[0]["message"],
        "the lamp was on, and is off again",
        "{run}"
    );
    assert_eq!(van.sent(), 2, "on and off");
    let both = van.run(&["locate", ONE, "on", "--for", "10ms"]);
    assert_eq!(both.code, 2, "{both}");
    let on = van.run(&["locate", ONE, "on", "--format", "json"]);
    assert_eq!((on.code, van.sent()), (0, 3), "{on}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_blinking_and_switches_the_lamp_off() {
    for signal in ["INT", "TERM"] {
        let van = Van::new(&recorder(1, ""));
        let mut talk = crate::talk::Talk::start(&mut van.command(&["locate", ONE, "--for", "1h"]));
        talk.until("the lamp is on");
        talk.signal(signal);
        let run = talk.end();
        assert_eq!(run.code, 0, "{run}");
        assert!(run.stdout.contains("is off again"), "{run}");
        assert_eq!(van.sent(), 2);
    }
}

#[test]
fn every_refusal_is_reported() {
    let of_password = ["notActivated", "PasswordError", "locked", "failed"];
    let of_code = ["IllegalVerificationCode", "PasswordError"];
    let of_status = ["notBind", "unenableHCPlatform", "offlineHCPlatform"];
    let mut all = Vec::new();
    for (types, words, command) in [
        ("SetHCPlatform", &of_password[..], &["cloud", "disable"][..]),
        ("SetVerificationCode", &of_code, &["cloud", "code"]),
        ("getUnbindStatus", &of_status, &["cloud", "unbind"]),
        ("ezvizUnbind", &of_password[1..], &["cloud", "unbind"]),
        ("restoreInactive", &of_password, &["deactivate"]),
    ] {
        let device = |(number, word): (usize, &&str)| {
            let refuse = format!(
                "serial = \"DS-7608NI-K20820190101CCWR12345678{number}WCVU\"\n\
                 refuse = {{ {types} = \"{word}\" }}"
            );
            able(number + 1, true, 1, &refuse)
        };
        let van = Van::new(&words.iter().enumerate().map(device).collect::<String>());
        let file = van.put("code.txt", "QWERTY77");
        for number in 0..words.len() {
            let serial = format!("DS-7608NI-K20820190101CCWR12345678{number}WCVU");
            let mut arguments = [command, &[&serial, "--yes"]].concat();
            if types == "SetVerificationCode" {
                arguments.extend(["--code-file", &file]);
            }
            let run = van.own(&arguments);
            assert_eq!(run.code, 1, "{run}");
            all.push(told(&run));
        }
    }
    assert_snapshot!(all.join("\n"));
}

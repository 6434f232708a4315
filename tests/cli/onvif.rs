//! `onvif`: the switch and its user, over HTTP.

use serde_json::{Value, json};

use crate::{
    run::{Run, sadpctl},
    time::HttpSite,
};

const DEVICES: &str = r#"
[[device]]
profile = "nvr-v4.62.210"
ip = "127.0.1.1"
[[device]]
profile = "ipc-v5.6.5"
ip = "127.0.1.2"
[[device]]
profile = "ipc-v5.2.5"
ip = "127.0.1.5"
"#;

const USER_PASSWORD: &str = "Tulip-2x9z";

fn on<'a>(user: &'a str, file: &'a str) -> Vec<&'a str> {
    let user = ["--user", user, "--user-password-file", file];
    [&["onvif", "on", "--all", "--yes"], &user[..]].concat()
}

#[test]
fn onvif_is_switched_and_shown_with_a_user_of_its_own() {
    let site = HttpSite::new(DEVICES);
    let file = site.file("vms", USER_PASSWORD);
    let off = site.run(&["onvif", "show", "--all"]);
    assert_eq!(off.code, 0, "{off}");
    let before = json!({ "enabled": false, "login": "digest/WSSE", "users": [] });
    assert_eq!(off.json()[0]["data"], before, "{off}");

    let run = site.run(&on("vms", &file));
    assert_eq!(run.code, 0, "{run}");
    let user = json!([{ "id": 1, "name": "vms", "type": "operator" }]);
    let after = json!({ "enabled": true, "login": "digest/WSSE", "users": user });
    for (outcome, encrypted) in run
        .json()
        .as_array()
        .unwrap()
        .iter()
        .zip([true, true, false])
    {
        let data = &outcome["data"];
        assert_eq!(outcome["action"], "onvif-set", "{run}");
        assert_eq!(
            (&data["before"], &data["after"]),
            (&before, &after),
            "{run}"
        );
        assert_eq!(data["user"], "added", "{run}");
        assert_eq!(data["password_encrypted"], encrypted, "{run}");
        let message = outcome["message"].as_str().unwrap();
        assert!(
            message.starts_with("ONVIF on (was off); user vms is added"),
            "{run}"
        );
        assert_eq!(message.contains("unencrypted"), !encrypted, "{run}");
    }
    assert!(!run.to_string().contains(USER_PASSWORD), "{run}");

    // On already: only the user is written, and keeps its number and what it may do.
    let again = site.run(&on("vms", &file));
    assert_eq!(again.code, 0, "{again}");
    let outcome = &again.json()[0];
    assert_eq!(
        outcome["message"],
        "ONVIF on; user vms has the new password"
    );
    assert_eq!(outcome["data"]["after"], after, "{again}");
    let level = [&on("nvr", &file)[..], &["--user-type", "mediaUser"]].concat();
    let second = site.run(&level);
    let users = &second.json()[0]["data"]["after"]["users"];
    assert_eq!(
        users[1],
        json!({ "id": 2, "name": "nvr", "type": "mediaUser" }),
        "{second}"
    );

    let nothing = site.run(&["onvif", "on", "127.0.1.1", "--yes"]);
    let message = nothing.json()[0]["message"].clone();
    assert_eq!(
        message,
        "nothing to change: ONVIF on, login by digest/WSSE; users: vms (operator), nvr (mediaUser)"
    );
    let off = site.run(&["onvif", "off", "--all", "--yes"]);
    assert_eq!(off.code, 0, "{off}");
    assert!(
        off.stderr
            .contains("recorders and programs that use it lose the picture"),
        "{off}"
    );
    for outcome in off.json().as_array().unwrap() {
        assert_eq!(outcome["message"], "ONVIF off (was on)", "{off}");
        assert_eq!(
            outcome["data"]["after"]["users"].as_array().unwrap().len(),
            2,
            "{off}"
        );
    }
}

#[test]
fn the_document_of_the_switch_is_kept_byte_for_byte() {
    const INTEGRATE: &str = "/ISAPI/System/Network/Integrate";
    let site = HttpSite::new(DEVICES);
    let get = || site.ask_old(&format!("GET {INTEGRATE}"), "");
    let before = get();
    let run = site.run(&["onvif", "on", "127.0.1.5", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let expected = before.replace("<ONVIF>\n<enable>false<", "<ONVIF>\n<enable>true<");
    assert_ne!(before, expected);
    assert_eq!(get(), expected);
}

#[test]
fn a_wrong_password_costs_one_try_and_nothing_is_written() {
    let site = HttpSite::new(DEVICES);
    let left = site.tries_left("127.0.1.1").as_u64().unwrap();
    for code in [1, 4] {
        let switch = ["onvif", "on", "127.0.1.1", "--yes"];
        let wrong = site.run_with(Some("Somebody-elses-1"), &switch);
        assert_eq!(wrong.code, code, "{wrong}");
        let now = site.tries_left("127.0.1.1").as_u64();
        assert_eq!(now, Some(left - 1), "{wrong}");
    }
    let shown = site.run(&["onvif", "show", "127.0.1.1", "--force", "refused-before"]);
    assert_eq!(shown.json()[0]["data"]["enabled"], false, "{shown}");
}

#[test]
fn a_change_without_a_reply_is_unknown_and_done_by_the_next_run() {
    let site = HttpSite::new(
        "[[device]]\nprofile = \"ipc-v5.7.3\"\nip = \"127.0.1.2\"\nhttp = { attack = \"lost-replies\" }",
    );
    let file = site.file("vms", USER_PASSWORD);
    let lost = site.run(&on("vms", &file));
    assert_eq!(lost.code, 1, "{lost}");
    assert_eq!(lost.json()[0]["result"], "unknown", "{lost}");
    assert_eq!(lost.json()[0]["data"]["user"], Value::Null, "{lost}");
    let user = site.run(&on("vms", &file));
    assert_eq!(user.json()[0]["data"]["before"]["enabled"], true, "{user}");
    assert!(user.stdout.contains("it may have been made"), "{user}");
    let shown = site.run(&["onvif", "show", "127.0.1.2"]);
    assert_eq!(
        shown.json()[0]["data"]["users"][0]["name"],
        "vms",
        "{shown}"
    );
}

#[test]
fn the_password_of_the_user_obeys_the_rules() {
    let site = HttpSite::new(DEVICES);
    for (text, told) in [
        ("vms-vms-12", "user-name"),
        ("short-1", "too-short"),
        ("Garden7\u{e9}", "not-typable"),
    ] {
        let file = site.file("vms", text);
        let run = site.run(&on("vms", &file));
        assert_eq!(run.code, 4, "{run}");
        assert!(run.stderr.contains(told), "{told}: {run}");
    }
    assert!(!site.is_recorded());
    let file = site.file("vms", "Vms-garden-12");
    let forced = [&on("vms", &file)[..], &["--force", "weak-password"]].concat();
    assert_eq!(site.run(&forced).code, 0);
}

#[test]
fn a_dry_run_needs_no_password_and_asks_nothing_over_http() {
    let site = HttpSite::new(DEVICES);
    let run = site.run_with(
        None,
        &["onvif", "on", "--all", "--user", "vms", "--dry-run"],
    );
    assert_eq!(run.code, 0, "{run}");
    for outcome in run.json().as_array().unwrap() {
        let message = "ONVIF would be switched on; user vms would get a password";
        assert_eq!(outcome["message"], message, "{run}");
    }
    assert!(!site.is_recorded());
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for (arguments, told) in [
        (&["on", "--user-type", "operator"][..], "--user"),
        (&["on", "--user", "a b"], "--user"),
        (&["on", "--user", "a", "--user-type", "king"], "mediaUser"),
        (&["off", "--user", "a"], "--user"),
    ] {
        let [command, rest @ ..] = arguments else {
            panic!("no command");
        };
        let all = [&["onvif", command, "127.0.1.1", "-i", "127.0.0.1"], rest].concat();
        let run = Run::from(sadpctl(&all).output().unwrap());
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains(told), "{told}: {run}");
    }
}

//! Every key of the live list, on simulated devices, at three sizes.

use std::{fs, os::unix::fs::PermissionsExt};

use insta::assert_snapshot;

use super::{
    kill,
    screen::{Screen, watch},
};
use crate::{
    activate::Van,
    prepared::{ONE, recorder},
};

/// Columns and rows.
const SIZES: [[u16; 2]; 3] = [[60, 15], [80, 24], [120, 40]];

/// Two cameras from the box, and one that works.
const SITE: &str = r#"
[defaults]
mask = "255.255.255.0"
gateway = "192.168.1.1"

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:01"
serial = "DS-2CD2143G0-I20190101AAWRC00000001"
ip = "192.168.1.64"
boot = "2026-11-20 08:00:00"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:02"
serial = "DS-2CD2143G0-I20190101AAWRC00000002"
ip = "192.168.1.65"
boot = "2026-11-20 08:00:00"
activated = false

[[device]]
profile = "ipc-v5.5.82"
mac = "44:47:cc:00:00:03"
serial = "DS-2CD2143G0-I20190101AAWRC00000003"
ip = "192.168.1.103"
boot = "2026-11-20 08:00:00"
"#;

const NEW: &str = "Garden-77x";
const CURRENT: &str = "Simulated-7";

/// The keys that empty a field.
const EMPTY: &str = "\x1b[3~";

const READY: &[&str] = &["3 online", "row 1 of 3"];

/// The live list of a site, and a browser that opens nothing.
fn open(van: &Van, size: [u16; 2]) -> Screen {
    let browser = van.path("xdg-open");
    fs::write(&browser, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = watch(&van.sim, &[]);
    command
        .env("SADPCTL_STATE", van.path("state"))
        .env("HOME", van.path("home"))
        .env("XDG_CONFIG_HOME", van.path("home"))
        .env("PATH", van.folder.path());
    Screen::sized(&command, size)
}

fn on_each_size(walk: fn(&mut Screen, &Van, &str)) {
    for [columns, rows] in SIZES {
        let van = Van::new(SITE);
        let mut screen = open(&van, [columns, rows]);
        screen.wait_for(READY, &[]);
        walk(&mut screen, &van, &format!("{columns}x{rows}"));
        screen.press("q");
        screen.ends_tidily();
    }
}

#[test]
fn the_list_is_looked_through() {
    on_each_size(|screen, _, size| {
        screen.press("?G");
        screen.wait_for(&["hold Shift"], &[]);
        screen.press("q");
        assert_snapshot!(format!("list-{size}"), screen.wait_for(&["STATE^"], &[]));
        screen.press("sr");
        screen.wait_for(&["MODELv"], &[]);
        screen.press("rssssss");
        screen.wait_for(&["STATE^"], &[]);
        screen.press("/state=active\r");
        screen.wait_for(&["row 1 of 1", "192.168.1.103"], &["192.168.1.64"]);
        screen.press("\x1b");
        screen.wait_for(READY, &[]);
        screen.press(" ");
        screen.wait_for(&["row 2 of 3, 1 marked"], &[]);
        screen.press("*");
        screen.wait_for(&["3 marked"], &[]);
        screen.press("*");
        screen.wait_for(&["row 2 of 3"], &["marked"]);
        // A click on the third row, and the wheel upwards.
        screen.press("\x1b[<0;5;5M");
        screen.wait_for(&["row 3 of 3"], &[]);
        screen.press("\x1b[<64;5;5M");
        screen.wait_for(READY, &[]);
        screen.press("\r");
        screen.wait_for(&["Esc back", "DS-2CD2143G0-I"], &[]);
        screen.press("q");
        screen.wait_for(&["STATE^"], &[]);
    });
}

#[test]
fn a_device_is_copied_opened_asked_and_shown_its_ways() {
    on_each_size(|screen, _, size| {
        screen.press("y");
        screen.wait_for(&["44:47:cc:00:00:01 is copied"], &[]);
        screen.press("Y");
        screen.wait_for(&["192.168.1.64 is copied"], &[]);
        let sent = String::from_utf8_lossy(&screen.raw).into_owned();
        for text in ["NDQ6NDc6Y2M6MDA6MDA6MDE=", "MTkyLjE2OC4xLjY0"] {
            assert!(sent.contains(&format!("\x1b]52;c;{text}")), "{text}");
        }
        screen.press("o");
        screen.wait_for(&["opened http://192.168.1.64/"], &[]);
        screen.press("R");
        screen.wait_for(&["all devices are asked"], &[]);
        screen.press("Gw");
        assert_snapshot!(
            format!("ways-{size}"),
            screen.wait_for(&["Esc back"], &["STATE"])
        );
        screen.press("q");
        screen.wait_for(&["STATE^"], &[]);
    });
}

#[test]
fn a_device_is_activated() {
    on_each_size(|screen, van, size| {
        screen.press("a");
        screen.press("short\r");
        screen.wait_for(&["is refused: fewer than 8 characters"], &[]);
        screen.press(&format!("{EMPTY}{NEW}\rother\r"));
        screen.wait_for(&["is not the same"], &[]);
        screen.press(&format!("{NEW}\r{NEW}"));
        let form = screen.wait_for(&["type it again     (typed, hidden)"], &[]);
        assert!(!form.contains(NEW), "{form}");
        screen.press("\r");
        let question = screen.wait_for(&["[y/N]"], &["looking"]);
        assert_snapshot!(format!("question-{size}"), question);
        screen.press("\r");
        screen.wait_for(&["not confirmed: nothing was sent"], &[]);
        screen.press("q");
        screen.wait_for(&["STATE^"], &["activating"]);
        screen.press(&format!("a{NEW}\r{NEW}\r"));
        screen.wait_for(&["[y/N]"], &[]);
        screen.press("y\r");
        let results = screen.wait_for(&["1 device: 1 done"], &[]);
        assert_snapshot!(format!("results-{size}"), results);
        screen.press("q");
        screen.wait_for(&["STATE^"], &["activating"]);
        screen.press("Ga");
        screen.wait_for(&["none of these devices is unactivated"], &[]);
        let drawn = String::from_utf8_lossy(&screen.raw);
        assert!(!drawn.contains(NEW), "a password was drawn");
        assert_eq!(van.states(), ["active", "unactivated", "active"]);
    });
}

#[test]
fn settings_need_the_right_password() {
    on_each_size(|screen, _, size| {
        screen.press("Gn");
        screen.wait_for(&["current password"], &[]);
        screen.press(&format!("{EMPTY}192.168.1.5x\r"));
        screen.wait_for(&["write an IPv4 address"], &[]);
        screen.press(&format!("{EMPTY}192.168.1.150\r\r\r\r\r\rWrong-777"));
        let form = screen.wait_for(&["(typed, hidden)"], &["write an IPv4"]);
        assert_snapshot!(format!("form-{size}"), form);
        screen.press("\r");
        screen.wait_for(&["[y/N]", "192.168.1.150"], &[]);
        screen.press("y\r");
        let refused = screen.wait_for(&["1 device: 1 refused"], &[]);
        assert_snapshot!(format!("refused-{size}"), refused);
        // Several: the second is unactivated, and left out.
        screen.press("q");
        screen.wait_for(&["STATE^"], &["setting"]);
        screen.press(" \x1b[A n");
        screen.wait_for(&["New addresses for 2 devices"], &[]);
        screen.press(&format!("192.168.1.150\r\r\r{CURRENT}\r"));
        screen.wait_for(&["[y/N]"], &[]);
        // What is left out, and that it refused one before.
        screen.press("\x1b[6~");
        screen.wait_for(&["[y/N]", "not sent to 44:47:cc:00:00:02"], &[]);
        screen.press("y\r");
        screen.wait_for(&["1 done"], &[]);
        screen.press("q");
        screen.wait_for(&["STATE^", "192.168.1.151", "2 marked"], &["setting"]);
    });
}

#[test]
fn requests_are_exported_and_the_lamp_blinks_until_it_is_stopped() {
    on_each_size(|screen, van, _| {
        let folder = van.path("requests");
        screen.press(&format!("Ge{EMPTY}{}\r", folder.display()));
        screen.wait_for(&["[y/N]"], &[]);
        screen.press("y\r");
        screen.wait_for(&["1 device: 1 done"], &[]);
        assert!(fs::read_dir(&folder).unwrap().count() > 0);
        screen.press("q");
        screen.wait_for(&["STATE^"], &["exporting"]);
        screen.press("l");
        screen.wait_for(&["the lamp blinks"], &[]);
        screen.press("a");
        screen.wait_for(&["x stops it"], &[]);
        screen.press("x");
        screen.wait_for(&["1 device: 1 done"], &[]);
        screen.press("q");
        screen.wait_for(&["STATE^"], &["the lamp"]);
    });
}

#[test]
fn recovery_is_prepared_from_the_list() {
    let van = Van::new(&recorder(1, ""));
    let mut screen = open(&van, [100, 30]);
    let answers = van.path("answers.txt");
    screen.wait_for(&["row 1 of 1"], &[]);
    screen.press("p");
    screen.wait_for(&["Recovery of 1 device"], &[]);
    screen.press("owner\r");
    screen.wait_for(&["write one e-mail address"], &[]);
    screen.press(&format!("@example.com\r{}\r{CURRENT}\r", answers.display()));
    screen.wait_for(&["[y/N]", "1 x security questions set"], &[]);
    screen.press("y\r");
    screen.wait_for(&["1 device: 1 done", "GUID: exported"], &[]);
    assert!(fs::read_to_string(&answers).unwrap().contains(ONE));
    screen.press("q");
    screen.wait_for(&["row 1 of 1"], &["preparing"]);
}

/// The operation has sockets of its own beside those of the list, and each of them needs
/// its replies.
#[test]
fn all_are_activated_though_replies_are_lost_or_come_by_unicast() {
    for reply in [
        ["--loss", "20%"],
        ["--reply", "unicast"],
        ["--reply", "both"],
    ] {
        let van = Van::attacked(SITE, &reply);
        let mut screen = open(&van, [80, 24]);
        screen.wait_for(READY, &[]);
        screen.press(&format!("*a{NEW}\r{NEW}\r"));
        screen.wait_for(&["Activate these 2 devices?"], &[]);
        screen.press("y\r");
        screen.wait_for(&["2 devices: 2 done"], &[]);
        screen.press("q");
        screen.wait_for(&["STATE^"], &["unactivated"]);
        screen.press("q");
        screen.ends_tidily();
    }
}

#[test]
fn leaving_while_something_is_under_way_is_asked() {
    let van = Van::new(SITE);
    let mut screen = open(&van, [60, 15]);
    screen.wait_for(READY, &[]);
    screen.press(&format!("a{NEW}\r{NEW}\r"));
    screen.wait_for(&["[y/N]"], &[]);
    screen.press("\x03");
    screen.wait_for(&["stop it and leave?"], &[]);
    screen.press("n\r");
    screen.wait_for(&["Activate this device?"], &[]);
    screen.press("\x03");
    screen.wait_for(&["stop it and leave?"], &[]);
    screen.press("y\r");
    let (status, text) = screen.end();
    assert_eq!(status.code(), Some(1), "what was asked for is not done");
    assert!(text.contains("not confirmed: nothing was sent"), "{text}");
    assert_eq!(van.states(), ["unactivated", "unactivated", "active"]);
}

#[test]
fn what_was_sent_is_reported_though_the_list_is_ended_from_outside() {
    // The device does it, and replies when nobody waits any more.
    let late = SITE.replacen(
        "activated = false",
        "activated = false\nlate = { activate = \"3600s\" }",
        1,
    );
    let van = Van::new(&late);
    let mut screen = open(&van, [80, 24]);
    screen.wait_for(READY, &[]);
    screen.press(&format!("a{NEW}\r{NEW}\r"));
    screen.wait_for(&["[y/N]"], &[]);
    screen.press("y\r");
    screen.wait_for(&["activating 0 of 1"], &[]);
    kill(screen.terminal.child.id(), "-TERM");
    let (status, text) = screen.end();
    assert!(status.success(), "{status}\n{text}");
    assert!(text.contains("1 device: 1 done"), "{text}");
}

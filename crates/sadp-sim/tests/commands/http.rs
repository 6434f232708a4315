//! The HTTP interface in virtual time: logins, tries, locks, and what SADP and HTTP
//! share.

#[path = "http/client.rs"]
mod client;
#[path = "http/documents.rs"]
mod documents;
#[path = "http/survival.rs"]
mod survival;

use std::{net::Ipv4Addr, time::Duration};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_isapi::{
    Body,
    activation::{Handshake, Scheme},
};
use sadp_model::State;
use sadp_proto::{Refusal, seal::Password};
use sadp_sim::{Access, HttpCounts, HttpResponse};

use client::{Client, client, get, owner, put, text, value};

use super::{
    PASSWORD, UNACTIVATED,
    van::{Van, is_done, word},
};

const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const USER_CHECK: &str = "/ISAPI/Security/userCheck";
const DEVICE_INFO: &str = "/ISAPI/System/deviceInfo";
const TIME: &str = "/ISAPI/System/time";
const MINUTE: Duration = Duration::from_mins(1);

const EACH_FIRMWARE: [&str; 9] = [
    "camera-v5.2",
    "camera-v5.5",
    "camera-v5.6",
    "camera-v5.7",
    "camera-v5.8",
    "oem-v5.8",
    "recorder-v4.30",
    "recorder-v4.62",
    "recorder-v5.03",
];

fn van_with(http: &str, keys: &str) -> Van {
    Van::one(
        "ipc-v5.5.6",
        &format!("http = {{ profile = \"{http}\" }}\n{keys}"),
    )
}

#[test]
fn each_firmware_lets_its_owner_in_by_one_request_with_credentials() {
    for http in EACH_FIRMWARE {
        let mut van = van_with(http, "");
        let response = owner(&mut van).log_in(get(DEVICE_INFO));
        assert_eq!(response.status, 200, "{http}");
        let serial = van.fleet.devices()[0].identity.serial.to_string();
        assert_eq!(value(&response, "serialNumber"), Some(serial), "{http}");
        assert_eq!(value(&response, "firmwareVersion").unwrap(), "V5.5.6");
        let counts = HttpCounts {
            without_credentials: 1,
            with_credentials: 1,
            accepted: 1,
            ..HttpCounts::default()
        };
        assert_eq!(van.fleet.http_counts(0), counts);
        assert_eq!(van.fleet.stats().http, counts);
    }
}

#[test]
fn namespaces_and_spellings_are_the_firmwares() {
    for (http, namespace, element, version) in [
        ("camera-v5.2", "urn:psialliance-org", "Activated", None),
        (
            "camera-v5.7",
            "http://www.hikvision.com/ver20/XMLSchema",
            "Activated",
            Some("3"),
        ),
        (
            "camera-v5.8",
            "http://www.isapi.org/ver20/XMLSchema",
            "isActivated",
            Some("3"),
        ),
        (
            "oem-v5.8",
            "http://www.std-cgi.com/ver20/XMLSchema",
            "Activated",
            Some("3"),
        ),
    ] {
        let mut van = van_with(http, UNACTIVATED);
        let status = owner(&mut van).ask(get("/SDK/activateStatus"));
        assert!(text(&status).contains(&format!("xmlns=\"{namespace}\"")));
        assert_eq!(value(&status, element).as_deref(), Some("false"), "{http}");
        assert_eq!(value(&status, "supportVersion").as_deref(), version);
    }
    let mut van = Van::one("ipc-v5.2.5", "");
    let status = owner(&mut van).ask(get("/SDK/activateStatus"));
    assert_eq!(status.status, 404, "firmware from before activation");
}

#[test]
fn a_device_without_a_password_says_so() {
    for (http, user_check, device_info) in [
        ("camera-v5.2", 200, 200),
        ("camera-v5.6", 200, 403),
        ("camera-v5.8", 200, 401),
    ] {
        let mut van = van_with(http, UNACTIVATED);
        let mut client = owner(&mut van);
        let check = client.ask(get(USER_CHECK));
        assert_eq!(check.status, user_check, "{http}");
        assert_eq!(value(&check, "isActivated").as_deref(), Some("false"));
        let info = client.ask(get(DEVICE_INFO));
        assert_eq!(info.status, device_info, "{http}");
        if device_info == 401 {
            let refused = client.log_in(get(DEVICE_INFO));
            assert_eq!(refused.status, 401, "no password is right yet");
        }
        if device_info == 403 {
            assert_eq!(value(&info, "subStatusCode").unwrap(), "notActivated");
        }
    }
}

#[test]
fn asking_costs_no_try_and_tells_what_the_firmware_tells() {
    for (http, told, told_elsewhere) in [
        ("camera-v5.2", false, false),
        ("camera-v5.6", true, false),
        ("camera-v5.7", true, true),
    ] {
        let mut van = van_with(http, "");
        let mut client = owner(&mut van);
        for _ in 0..20 {
            let refused = client.ask(get(USER_CHECK));
            assert_eq!(refused.status, 401);
            let tries = value(&refused, "retryLoginTime");
            assert_eq!(tries.as_deref(), told.then_some("7"), "{http}");
        }
        let elsewhere = client.ask(get(DEVICE_INFO));
        assert_eq!(
            value(&elsewhere, "retryLoginTime").is_some(),
            told_elsewhere
        );
        assert_eq!(client.counts().wrong, 0);
    }
}

#[test]
fn wrong_passwords_lock_the_client_for_half_an_hour_from_the_last_login() {
    let mut van = van_with("camera-v5.7", "tries = 3");
    for left in ["2", "1"] {
        let refused = client(&mut van, "Wrong-777").log_in(get(DEVICE_INFO));
        assert_eq!(refused.status, 401);
        assert_eq!(value(&refused, "retryLoginTime").as_deref(), Some(left));
    }
    let locked = client(&mut van, "Wrong-777").log_in(get(DEVICE_INFO));
    assert_eq!(value(&locked, "lockStatus").as_deref(), Some("locked"));
    assert_eq!(value(&locked, "unlockTime").as_deref(), Some("1800"));

    // Who only asks does not restart the lock.
    van.now += 29 * MINUTE;
    let asked = owner(&mut van).ask(get(USER_CHECK));
    assert_eq!(value(&asked, "unlockTime").as_deref(), Some("60"));

    // A login restarts it, even with the right password.
    let refused = owner(&mut van).log_in(get(DEVICE_INFO));
    assert_eq!(value(&refused, "unlockTime").as_deref(), Some("1800"));
    van.now += 29 * MINUTE;
    let asked = owner(&mut van).ask(get(USER_CHECK));
    assert_eq!(value(&asked, "lockStatus").as_deref(), Some("locked"));
    van.now += MINUTE;
    assert_eq!(owner(&mut van).log_in(get(DEVICE_INFO)).status, 200);
    let counts = van.fleet.http_counts(0);
    assert_eq!(
        (counts.wrong, counts.while_locked, counts.accepted),
        (3, 1, 1)
    );
}

#[test]
fn tries_count_for_each_client_and_apart_from_sadp() {
    let mut van = van_with("camera-v5.7", "tries = 2");
    for _ in 0..2 {
        client(&mut van, "Wrong-777").log_in(get(DEVICE_INFO));
    }
    let mut other = Client {
        from: OTHER,
        ..owner(&mut van)
    };
    assert_eq!(other.log_in(get(DEVICE_INFO)).status, 200);
    let asked = owner(&mut van).ask(get(USER_CHECK));
    assert_eq!(value(&asked, "lockStatus").as_deref(), Some("locked"));
    assert!(is_done(&van.update(0, "192.168.1.70", Access::PASSWORD)));
}

#[test]
fn a_shared_lock_holds_over_sadp_and_http() {
    let keys = "tries = 2\nhttp = { profile = \"camera-v5.7\", shared_lock = true }";
    let mut van = Van::one("ipc-v5.5.6", keys);
    let wrong = van.update(0, "192.168.1.70", "Wrong-777");
    assert_eq!(word(wrong), Refusal::PasswordError);
    client(&mut van, "Wrong-777").log_in(get(DEVICE_INFO));
    let mut other = Client {
        from: OTHER,
        ..owner(&mut van)
    };
    let asked = other.ask(get(USER_CHECK));
    assert_eq!(value(&asked, "lockStatus").as_deref(), Some("locked"));
    let refused = van.update(0, "192.168.1.70", Access::PASSWORD);
    assert_eq!(word(refused), Refusal::Locked);
}

#[test]
fn firmware_has_its_own_word_and_status_for_a_lock() {
    for (http, status, word) in [
        ("camera-v5.5", 401, Some("lock")),
        ("camera-v5.6", 401, Some("locked")),
        ("camera-v5.8", 403, Some("locked")),
        ("camera-v5.2", 401, None),
    ] {
        let mut van = van_with(http, "tries = 1");
        client(&mut van, "Wrong-777").log_in(get(USER_CHECK));
        let asked = owner(&mut van).ask(get(USER_CHECK));
        assert_eq!(asked.status, status, "{http}");
        assert_eq!(value(&asked, "lockStatus").as_deref(), word, "{http}");
    }
}

#[test]
fn a_nonce_is_for_its_url_and_valid_once() {
    for (http, early) in [("camera-v5.6", 401), ("recorder-v4.62", 403)] {
        let mut van = van_with(http, "");
        let mut client = owner(&mut van);
        let challenged = client.ask(get(USER_CHECK));
        let elsewhere = client.answer(&challenged, get(DEVICE_INFO));
        let refused = client.send(get(DEVICE_INFO), Some(&elsewhere)).unwrap();
        assert_eq!(refused.status, 401, "{http}");

        let challenged = client.ask(get(DEVICE_INFO));
        let answer = client.answer(&challenged, get(DEVICE_INFO));
        let first = client.send(get(DEVICE_INFO), Some(&answer)).unwrap();
        let second = client.send(get(DEVICE_INFO), Some(&answer)).unwrap();
        assert_eq!((first.status, second.status), (200, early), "{http}");
        assert_eq!(client.counts().wrong, 0, "neither costs a try");
        assert_eq!(client.counts().with_credentials, 3);
    }
}

#[test]
fn challenges_have_the_forms_of_devices() {
    for (http, beginnings) in [
        (
            "camera-v5.2",
            &["Digest qop=\"auth\", realm=\"IP Camera(C", "Basic realm="][..],
        ),
        (
            "camera-v5.8",
            &["Digest qop=\"auth\"", "Digest qop=\"auth\""],
        ),
        ("oem-v5.8", &["Digest realm=\"IP Camera(C"]),
        (
            "recorder-v4.30",
            &["Digest qop=\"auth\", realm=\"", "Basic realm="],
        ),
        (
            "recorder-v4.62",
            &["Digest qop=\"auth\"", "Digest qop=\"auth\""],
        ),
    ] {
        let mut van = van_with(http, "");
        let refused = owner(&mut van).ask(get(USER_CHECK));
        let headers: Vec<_> = refused
            .headers
            .iter()
            .filter(|(name, _)| *name == "WWW-Authenticate")
            .map(|(_, value)| &**value)
            .collect();
        assert_eq!(headers.len(), beginnings.len(), "{headers:?}");
        for (header, beginning) in headers.iter().zip(beginnings) {
            assert!(header.starts_with(beginning), "{header}");
        }
        let recorder = http.starts_with("recorder");
        assert_eq!(headers[0].contains("domain=\"::\""), recorder);
        assert_eq!(headers[0].contains("opaque=\"\""), recorder);
    }
}

#[test]
fn basic_is_taken_only_where_it_is_offered() {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let right = BASE64_STANDARD.encode(format!("admin:{}", Access::PASSWORD));
    for (http, status) in [("recorder-v4.30", 200), ("recorder-v4.62", 401)] {
        let mut van = van_with(http, "");
        let mut client = owner(&mut van);
        let right = format!("Basic {right}");
        let response = client.send(get(DEVICE_INFO), Some(&right)).unwrap();
        assert_eq!(response.status, status, "{http}");
        assert_eq!(client.counts().wrong, 0);
    }
    let mut van = van_with("recorder-v4.30", "");
    let mut client = owner(&mut van);
    for wrong in ["Basic YWRtaW46eA==", "Basic ?", "Bearer x", ""] {
        let response = client.send(get(DEVICE_INFO), Some(wrong)).unwrap();
        assert_ne!(response.status, 200, "{wrong}");
    }
}

fn activate(client: &mut Client<'_>, scheme: Scheme, password: &str) -> HttpResponse {
    let mut rng = UnwrapErr(SysRng);
    let handshake = Handshake::start(scheme, &mut rng).unwrap();
    let challenge = client.play(&handshake.challenge_request());
    if challenge.status != 200 {
        return challenge;
    }
    let challenge = Body::read(&challenge.body).unwrap();
    let password = Password::new(password.into()).unwrap();
    let request = handshake.activate_request(&challenge, &password, &mut rng);
    client.play(&request.unwrap())
}

#[test]
fn an_activation_over_http_holds_over_sadp() {
    for (http, scheme) in [("camera-v5.6", Scheme::Legacy), ("camera-v5.7", Scheme::V3)] {
        let mut van = van_with(http, UNACTIVATED);
        let risky = activate(&mut client(&mut van, ""), scheme, "garden");
        assert!(text(&risky).contains("riskPassword"), "{}", text(&risky));
        let done = activate(&mut client(&mut van, ""), scheme, PASSWORD);
        assert_eq!(done.status, 200, "{}", text(&done));
        assert_eq!(van.look(0).unwrap().state, Some(State::Active));
        assert!(is_done(&van.update(0, "192.168.1.70", PASSWORD)));
        let checked = client(&mut van, PASSWORD).log_in(get(USER_CHECK));
        assert_eq!(value(&checked, "statusValue").as_deref(), Some("200"));
        let again = activate(&mut client(&mut van, ""), scheme, PASSWORD);
        assert!(text(&again).contains("hasActivated"));
        assert_eq!(van.fleet.http_counts(0).activations, 1);
    }
}

#[test]
fn an_activation_over_sadp_holds_over_http() {
    let mut van = van_with("camera-v5.6", UNACTIVATED);
    assert!(is_done(&van.activate(0, PASSWORD)));
    let checked = client(&mut van, PASSWORD).log_in(get(USER_CHECK));
    assert_eq!(checked.status, 200);
}

#[test]
fn each_handshake_is_refused_by_firmware_of_the_other() {
    let mut van = van_with("camera-v5.7", UNACTIVATED);
    let refused = activate(&mut client(&mut van, ""), Scheme::Legacy, PASSWORD);
    assert_eq!(value(&refused, "subStatusCode").unwrap(), "badParameters");
    let mut van = van_with("camera-v5.6", UNACTIVATED);
    let refused = activate(&mut client(&mut van, ""), Scheme::V3, PASSWORD);
    assert!(text(&refused).contains("notSupport"), "{}", text(&refused));
    assert_eq!(van.look(0).unwrap().state, Some(State::Unactivated));
}

#[test]
fn the_clock_follows_ntp_or_what_was_set() {
    let mut van = Van::one(
        "ipc-v5.5.6",
        "http = { profile = \"camera-v5.6\", clock = \"-90s\" }",
    );
    van.wait_until(MINUTE);
    let mut client = owner(&mut van);
    let time = client.log_in(get(TIME));
    // Eight hours ahead of UTC, and slow.
    assert_eq!(
        value(&time, "localTime").as_deref(),
        Some("2026-11-01T07:59:30+08:00")
    );
    let berlin = "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00";
    let document = |mode: &str, local: &str, zone: &str| {
        format!(
            "<Time><timeMode>{mode}</timeMode><localTime>{local}</localTime>\
             <timeZone>{zone}</timeZone><odd>kept</odd></Time>"
        )
    };
    let manual = document("manual", "2026-07-01T12:00:00", berlin);
    assert_eq!(client.log_in(put(TIME, &manual)).status, 200);
    client.van.now += MINUTE;
    let time = client.log_in(get(TIME));
    let local = value(&time, "localTime");
    assert_eq!(local.as_deref(), Some("2026-07-01T12:01:00+02:00"));
    assert_eq!(value(&time, "odd").as_deref(), Some("kept"));
    let ntp = document("NTP", "", "CST+5:00:00");
    assert_eq!(client.log_in(put(TIME, &ntp)).status, 200);
    let local = value(&client.log_in(get(TIME)), "localTime");
    assert_eq!(local.as_deref(), Some("2026-10-31T19:02:00-05:00"));
    for bad in [
        document("NTP", "", "Europe/Berlin"),
        document("manual", "noon", berlin),
        document("sundial", "", berlin),
    ] {
        let refused = client.log_in(put(TIME, &bad));
        assert_eq!(value(&refused, "subStatusCode").unwrap(), "badParameters");
    }
    let refused = client.log_in(put(TIME, "<Time><timeMode>"));
    assert_eq!(value(&refused, "subStatusCode").unwrap(), "badXmlFormat");
}

#[test]
fn recorders_print_the_offset_of_standard_time_in_summer() {
    let mut van = van_with("recorder-v4.62", "");
    let mut recorder = Van::one("nvr-v4.62.210", "");
    let zone = "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00";
    let summer = format!(
        "<Time><timeMode>manual</timeMode><localTime>2026-07-01T12:00:00</localTime>\
         <timeZone>{zone}</timeZone></Time>"
    );
    for (van, offset) in [(&mut van, "+02:00"), (&mut recorder, "+01:00")] {
        let mut client = owner(van);
        client.log_in(put(TIME, &summer));
        let local = value(&client.log_in(get(TIME)), "localTime").unwrap();
        assert_eq!(local, format!("2026-07-01T12:00:00{offset}"));
    }
}

#[test]
fn a_hidden_device_answers_http_alone() {
    const MODE: &str = "/ISAPI/System/discoveryMode";
    let mut van = van_with("camera-v5.6", "");
    assert!(van.look(0).is_some());
    let shown = text(&owner(&mut van).log_in(get(MODE))).to_owned();
    let hidden = shown.replace(">discoverable", ">nonDiscoverable");
    assert_eq!(owner(&mut van).log_in(put(MODE, &hidden)).status, 200);
    assert!(van.look(0).is_none());
    assert_eq!(text(&owner(&mut van).log_in(get(MODE))), hidden);
    assert_eq!(owner(&mut van).log_in(put(MODE, &shown)).status, 200);
    assert!(van.look(0).is_some());

    let mut van = Van::one("ipc-v5.5.6", "http = { hidden = true }");
    assert!(van.look(0).is_none());
}

#[test]
fn changes_are_refused_while_a_device_starts_and_nothing_is_answered_while_it_is_off() {
    let keys = "restart = \"30s\"\nreboot = \"10s\"\n\
                http = { profile = \"camera-v5.6\", boot_time = \"20s\" }";
    let mut van = Van::one("ipc-v5.5.6", keys);
    let body = "<DiscoveryMode><PcapMode>discoverable</PcapMode>\
                <SADP>discoverable</SADP></DiscoveryMode>";
    let change = put("/ISAPI/System/discoveryMode", body);
    for (second, expected) in [
        (29, Some(200)),
        (35, None),
        (45, Some(403)),
        (61, Some(200)),
    ] {
        van.wait_until(Duration::from_secs(second));
        let mut client = owner(&mut van);
        let status = client
            .send(change, None)
            .map(|_| client.log_in(change).status);
        assert_eq!(status, expected, "after {second} s");
    }
}

#[test]
fn only_the_own_networks_and_devices_with_http_are_answered() {
    let mut van = van_with("camera-v5.6", "");
    let mut stranger = Client {
        from: Ipv4Addr::new(203, 0, 113, 9),
        ..owner(&mut van)
    };
    assert_eq!(stranger.send(get(USER_CHECK), None), None);
    assert_eq!(van.fleet.stats().foreign, 1);
    for (profile, keys) in [
        ("switch-v1.2.0", ""),
        ("ipc-v5.5.6", "http = { off = true }"),
    ] {
        let mut van = Van::one(profile, keys);
        assert_eq!(owner(&mut van).send(get(USER_CHECK), None), None);
    }
}

#[test]
fn unknown_urls_and_wrong_methods_have_their_words() {
    let mut van = van_with("camera-v5.6", "");
    let mut client = owner(&mut van);
    for (sent, expected) in [
        (get("/ISAPI/System/nothing"), "notSupport"),
        (put(DEVICE_INFO, ""), "methodNotAllowed"),
        (get("/ISAPI/ContentMgmt/InputProxy/channels"), "notSupport"),
        (get("/ISAPI/Security/questionConfiguration"), "notSupport"),
    ] {
        let refused = client.log_in(sent);
        assert_eq!(refused.status, 403);
        assert_eq!(value(&refused, "subStatusCode").unwrap(), expected);
    }
    let mut van = van_with("camera-v5.2", "");
    let refused = owner(&mut van).log_in(get("/ISAPI/System/nothing"));
    assert_eq!(refused.status, 404);
    assert!(text(&refused).starts_with("<!DOCTYPE html>"));
}

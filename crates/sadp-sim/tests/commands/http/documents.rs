//! What the owner sets over HTTP, and the cameras of a recorder.

use sadp_isapi::{
    Body, InputChannel, Integrate, IsapiDocument, NtpServer, OnvifUser, SecurityCapabilities, Time,
    TimeMode,
    digest::LoginCredentials,
    fields::{FieldKey, Fields},
    prepare::{SecurityEmail, SecurityQuestion, export_guid},
    read_list,
};
use sadp_proto::{Command, Guid, Refusal, SecretAnswers};
use sadp_sim::Access;

use super::client::{Client, Sent, get, owner, put, text, value};
use crate::{
    PASSWORD, UNACTIVATED,
    van::{Van, is_done, password},
};

const RECORDER: &str = "nvr-v4.62.210";
const NTP: &str = "/ISAPI/System/time/ntpServers";
const INTEGRATE: &str = "/ISAPI/System/Network/Integrate";
const QUESTIONS: &str = "/ISAPI/Security/questionConfiguration";
const MAILBOX: &str = "/ISAPI/Security/email/parameter?format=json";
const GUID: &str = "/ISAPI/Security/GUIDFileData";
const ONVIF_USERS: &str = "/ISAPI/Security/ONVIF/users";
const CHANNELS: &str = "/ISAPI/ContentMgmt/InputProxy/channels";

const fn post<'a>(target: &'a str, body: &'a str) -> Sent<'a> {
    Sent {
        method: "POST",
        target,
        body,
    }
}

/// The document at a path.
fn shown(client: &mut Client<'_>, path: &str) -> String {
    let response = client.log_in(get(path));
    assert_eq!(response.status, 200, "{path}");
    text(&response).to_owned()
}

/// The word of the answer to a change.
fn word(client: &mut Client<'_>, sent: Sent<'_>) -> String {
    let response = client.log_in(sent);
    let word = value(&response, "subStatusCode").unwrap();
    assert_eq!(response.status == 200, word == "ok", "{word}");
    word
}

fn texts(document: &str, path: &str) -> Vec<String> {
    let body = Body::read(document.as_bytes()).unwrap();
    body.texts(path).map(str::to_owned).collect()
}

#[test]
fn an_ntp_server_is_kept_with_all_that_came_with_it() {
    let mut van = Van::one("ipc-v5.5.6", "");
    let mut client = owner(&mut van);
    let list = shown(&mut client, NTP);
    let other = list
        .replace("time.windows.com", "ntp.example.com")
        .replace("</portNo>", "</portNo><customPortNo>8123</customPortNo>");
    assert_eq!(word(&mut client, put(NTP, &other)), "ok");
    let one = format!("{NTP}/1");
    let server = shown(&mut client, &one);
    assert_eq!(texts(&server, "hostName"), ["ntp.example.com"]);
    assert_eq!(texts(&server, "customPortNo"), ["8123"]);
    let changed = server.replace("ntp.example.com", "ntp2.example.com");
    assert_eq!(word(&mut client, put(&one, &changed)), "ok");
    assert_eq!(
        texts(&shown(&mut client, NTP), "NTPServer/hostName"),
        ["ntp2.example.com"]
    );
    for (from, to) in [
        (">123<", ">0<"),
        (">1440<", ">0<"),
        (">hostname<", ">ipaddress<"),
        (">ntp.example.com<", "><"),
    ] {
        let bad = other.replace(from, to);
        assert_eq!(word(&mut client, put(NTP, &bad)), "badParameters", "{to}");
    }
}

#[test]
fn onvif_is_switched_only_by_the_document_as_it_was_shown() {
    let mut van = Van::one("ipc-v5.5.6", "");
    let mut client = owner(&mut van);
    let off = shown(&mut client, INTEGRATE);
    let on = off.replace("<ONVIF>\n<enable>false<", "<ONVIF>\n<enable>true<");
    assert_ne!(on, off);
    for (bad, expected) in [
        (on.replace('\n', ""), "badXmlContent"),
        (on.replace(" version=\"2.0\"", ""), "badXmlContent"),
        (on.replace("true", "maybe"), "badParameters"),
    ] {
        assert_eq!(word(&mut client, put(INTEGRATE, &bad)), expected);
    }
    assert_eq!(shown(&mut client, INTEGRATE), off);
    assert_eq!(word(&mut client, put(INTEGRATE, &on)), "ok");
    assert_eq!(shown(&mut client, INTEGRATE), on);
}

#[test]
fn onvif_has_users_of_its_own() {
    fn user(name: &str, password: &str, level: &str) -> String {
        format!(
            "<User><id>1</id><userName>{name}</userName><password>{password}</password>\
             <userType>{level}</userType></User>"
        )
    }
    let mut van = Van::one("ipc-v5.5.6", "");
    let mut client = owner(&mut van);
    for (name, password, level, expected) in [
        ("installer", PASSWORD, "administrator", "ok"),
        ("installer", PASSWORD, "operator", "invalidOperation"),
        ("viewer", "short", "mediaUser", "riskPassword"),
        ("viewer", PASSWORD, "king", "badParameters"),
        ("viewer", PASSWORD, "mediaUser", "ok"),
    ] {
        let sent = user(name, password, level);
        assert_eq!(word(&mut client, post(ONVIF_USERS, &sent)), expected);
    }
    let second = format!("{ONVIF_USERS}/2");
    let changed = user("recorder", PASSWORD, "operator");
    assert_eq!(word(&mut client, put(&second, &changed)), "ok");
    let list = shown(&mut client, ONVIF_USERS);
    assert_eq!(texts(&list, "userName"), ["installer", "recorder"]);
    assert!(!list.contains(PASSWORD));
    let nobody = format!("{ONVIF_USERS}/9");
    let refused = word(&mut client, put(&nobody, &changed));
    assert_eq!(refused, "badParameters");
}

fn questions(count: usize, current: &str) -> String {
    let questions = (1..=count)
        .map(|id| format!("<Question><id>{id}</id><answer>Answer {id}</answer></Question>"));
    let list: String = questions.collect();
    format!(
        "<SecurityQuestion><QuestionList>{list}</QuestionList><password>{current}</password>\
         </SecurityQuestion>"
    )
}

#[test]
fn questions_take_the_current_password_and_a_wrong_one_costs_a_try() {
    let mut van = Van::one(RECORDER, "tries = 2");
    let mut client = owner(&mut van);
    let two = questions(2, "Wrong-777");
    assert_eq!(word(&mut client, put(QUESTIONS, &two)), "badParameters");
    assert_eq!(client.counts().wrong, 0, "refused before the password");
    let right = questions(3, Access::PASSWORD);
    assert_eq!(word(&mut client, put(QUESTIONS, &right)), "ok");
    let marks = texts(&shown(&mut client, QUESTIONS), "Question/mark");
    let set = marks.iter().filter(|mark| **mark == "true");
    assert_eq!((marks.len(), set.count()), (15, 3));

    let wrong = questions(3, "Wrong-777");
    for (locked, tries, seconds) in [("unlock", "1", "0"), ("locked", "0", "1800")] {
        let refused = client.log_in(put(QUESTIONS, &wrong));
        for (name, expected) in [
            ("subStatusCode", "incorrentUserNameOrPassword"),
            ("lockStatus", locked),
            ("retryTimes", tries),
            ("resLockTime", seconds),
        ] {
            assert_eq!(value(&refused, name).as_deref(), Some(expected), "{name}");
        }
    }
    // Locked as for SADP; the login itself is not.
    let refused = word(&mut client, put(QUESTIONS, &right));
    assert_eq!(refused, "incorrentUserNameOrPassword");
    let locked = van.update(0, "192.168.1.70", Access::PASSWORD);
    assert_eq!(super::word(locked), Refusal::Locked);
}

#[test]
fn a_mailbox_takes_the_current_password() {
    let mut van = Van::one(RECORDER, "");
    let mut client = owner(&mut van);
    let sent = |address: &str, current: &str| {
        format!(
            "{{\"SecurityEmail\":{{\"SecurityInformation\":[{{\"emailAddress\":\"{address}\"}}],\
             \"password\":\"{current}\"}}}}"
        )
    };
    for (address, current, expected) in [
        ("nobody", Access::PASSWORD, "badParameters"),
        ("a@example.com", "Wrong-777", "incorrentUserNameOrPassword"),
        ("a@example.com", Access::PASSWORD, "ok"),
    ] {
        let sent = sent(address, current);
        assert_eq!(word(&mut client, put(MAILBOX, &sent)), expected);
    }
    assert_eq!(word(&mut client, put(MAILBOX, "[")), "badXmlFormat");
    let shown = shown(&mut client, MAILBOX);
    assert_eq!(texts(&shown, "emailAddress"), ["a@example.com"]);
    let mailbox = client.van.fleet.devices()[0].recovery.mailbox.as_deref();
    assert_eq!(mailbox, Some("a@example.com"));
}

#[test]
fn a_guid_exported_over_http_resets_the_password_over_sadp() {
    let mut van = Van::one(RECORDER, "");
    let mut client = owner(&mut van);
    let body =
        |current: &str| format!("<LoginPassword><password>{current}</password></LoginPassword>");
    let wrong = body("Wrong-777");
    let refused = word(&mut client, post(GUID, &wrong));
    assert_eq!(refused, "incorrentUserNameOrPassword");
    let exported = client.log_in(post(GUID, &body(Access::PASSWORD)));
    let guid = Guid::from_text(text(&exported)).unwrap();
    let command = Command::ResetByGuid {
        guid: Box::new(guid),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    assert!(is_done(&van.order(0, command)));
    assert!(van.has_password(0, PASSWORD));
}

#[test]
fn the_ways_of_a_reset_are_told_before_any_login() {
    for (profile, guid, questions) in [(RECORDER, "true", "true"), ("ipc-v5.5.6", "false", "false")]
    {
        let mut van = Van::one(profile, UNACTIVATED);
        let ways = owner(&mut van).ask(get("/ISAPI/Security/extern/capabilities"));
        for (name, expected) in [
            ("RestAdminPassWord/isSupportWithGUIDFileData", guid),
            ("RestAdminPassWord/isSupportWithSecurityQuestion", questions),
        ] {
            assert_eq!(value(&ways, name).as_deref(), Some(expected), "{name}");
        }
    }
    let mut van = Van::one(RECORDER, "");
    let mut client = owner(&mut van);
    let capabilities = shown(&mut client, "/ISAPI/Security/capabilities");
    assert_eq!(
        texts(&capabilities, "isSupportGUIDFileDataExport"),
        ["true"]
    );
    let capabilities = shown(&mut client, "/ISAPI/System/capabilities");
    assert_eq!(texts(&capabilities, "isSupportActivateIpc"), ["true"]);
}

#[test]
fn a_recorder_tells_its_cameras_and_why_one_is_refused() {
    let mut van = Van::new(
        r#"
        [defaults]
        hello = false
        [[device]]
        profile = "nvr-v4.62.210"
        ip = "192.168.1.50"
        cameras = ["192.168.1.51", "192.168.1.52", "192.168.1.53", "192.168.1.54", "192.168.1.55", "192.168.1.56"]
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.51"
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.52"
        password = "Another-77"
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.53"
        activated = false
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.54"
        restart = "10s"
        reboot = "60s"
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.55"
        [[device]]
        profile = "ipc-v5.5.6"
        ip = "192.168.1.55"
        http = { hidden = true }
        "#,
    );
    van.wait_until(std::time::Duration::from_secs(20));
    let serial = van.fleet.devices()[1].identity.serial.to_string();
    let mut client = owner(&mut van);
    let list = shown(&mut client, CHANNELS);
    assert!(list.contains(" size=\"6\""), "{list}");
    let addresses = texts(&list, "sourceInputPortDescriptor/ipAddress");
    assert_eq!(addresses.len(), 6);
    assert!(texts(&list, "serialNumber").contains(&serial));

    let statuses = shown(&mut client, &format!("{CHANNELS}/status"));
    assert_eq!(
        texts(&statuses, "chanDetectResult"),
        [
            "connect",
            "errorUserNameOrPasswd",
            "errorUserNameOrPasswd",
            "netUnreachable",
            "ipAddrConflicWithIpc",
            "netUnreachable",
        ]
    );
    assert_eq!(texts(&statuses, "online")[..2], ["true", "false"]);
    assert_eq!(texts(&statuses, "PasswordStatus"), ["notActivated"]);
    let one = shown(&mut client, &format!("{CHANNELS}/2/status"));
    assert_eq!(texts(&one, "chanDetectResult"), ["errorUserNameOrPasswd"]);

    let found = shown(&mut client, "/ISAPI/ContentMgmt/InputProxy/search");
    let activated = texts(&found, "activated");
    assert_eq!(activated, ["true", "true", "false", "true", "true"]);
}

#[test]
fn a_recorder_without_configured_cameras_has_those_with_its_password() {
    let mut van = Van::new(
        "[defaults]\nhello = false\n[[device]]\nprofile = \"nvr-v4.62.210\"\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\ncount = 10\n\
         [[device]]\nprofile = \"ipc-v5.5.6\"\npassword = \"Another-77\"",
    );
    let list = shown(&mut owner(&mut van), CHANNELS);
    assert_eq!(texts(&list, "model").len(), 8, "as many as it has channels");
}

/// Encrypts values for the device.
fn sealed(client: &mut Client<'_>) -> Fields {
    let request = SecurityCapabilities::request("admin");
    let shown = client.log_in(Sent::of(&request));
    let capabilities = SecurityCapabilities::read(&Body::read(&shown.body).unwrap()).unwrap();
    let credentials = LoginCredentials {
        user: "admin",
        password: &client.password.into(),
    };
    Fields::Sealed {
        key: FieldKey::derive(&capabilities, credentials).unwrap(),
        iv: [7; 16],
    }
}

#[test]
fn encrypted_values_are_read_as_plain_ones_are() {
    const PASSWORD: &str = "Less<&7>than";
    for (http, reversible) in [("camera-v5.7", false), ("recorder-v4.62", true)] {
        let profile = if reversible { RECORDER } else { "ipc-v5.5.6" };
        let keys = format!("password = \"{PASSWORD}\"\nhttp = {{ profile = \"{http}\" }}");
        let mut van = Van::one(profile, &keys);
        let mut client = super::client(&mut van, PASSWORD);
        let password = PASSWORD.into();
        let answers = [(1, "a&b"), (4, "c"), (7, "d")].map(|(id, answer)| (id, answer.into()));
        let answers = SecretAnswers::to_set(answers.into()).unwrap();
        let user = OnvifUser {
            id: 1,
            user_name: "a&b".into(),
            user_type: Some("operator".into()),
        };
        let new = "Onvif-Pass7".into();
        for fields in [sealed(&mut client), Fields::Plain] {
            for request in [
                SecurityQuestion::set(&answers, &password, &fields),
                SecurityEmail::set("a@example.com", &password, &fields),
            ] {
                assert_eq!(word(&mut client, Sent::of(&request)), "ok", "{request:?}");
            }
        }
        let fields = sealed(&mut client);
        assert_eq!(word(&mut client, Sent::of(&user.add(&new, &fields))), "ok");
        let shown = client.log_in(get(ONVIF_USERS));
        assert_eq!(read_list::<OnvifUser>(&shown.body), Ok(vec![user]));
        let exported = client.log_in(Sent::of(&export_guid(&password, &fields)));
        assert_eq!(exported.status == 200, reversible, "cameras have no GUID");

        // Sealed with the key of another password.
        let other = super::client(client.van, "Wrong-777");
        let credentials = LoginCredentials {
            user: "admin",
            password: &other.password.into(),
        };
        let capabilities = SecurityCapabilities {
            security_version: Some("1".into()),
            key_iterate_num: Some(100),
            ..SecurityCapabilities::default()
        };
        let fields = Fields::Sealed {
            key: FieldKey::derive(&capabilities, credentials).unwrap(),
            iv: [7; 16],
        };
        let request = SecurityEmail::set("b@example.com", &password, &fields);
        let mut client = super::client(&mut van, PASSWORD);
        assert_eq!(word(&mut client, Sent::of(&request)), "badParameters");
        let mailbox = van.fleet.devices()[0].recovery.mailbox.as_deref();
        assert_eq!(mailbox, Some("a@example.com"));
    }
}

#[test]
fn documents_changed_by_our_own_codec_are_taken() {
    let mut van = Van::one(RECORDER, "");
    let mut client = owner(&mut van);
    let ntp = shown(&mut client, NtpServer::PATH);
    for host in ["192.168.1.1", "fd00::1", "ntp.example.com"] {
        let host = host.parse().unwrap();
        let changed = NtpServer::changed(ntp.as_bytes(), &host).unwrap();
        let changed = std::str::from_utf8(&changed).unwrap();
        assert_eq!(word(&mut client, put(NtpServer::PATH, changed)), "ok");
        let kept = shown(&mut client, NtpServer::PATH);
        let kept = NtpServer::read(&Body::read(kept.as_bytes()).unwrap());
        assert_eq!(kept.unwrap().host(), Some(host));
    }

    let time = shown(&mut client, Time::PATH);
    let zone = "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00";
    // The zone alone, while the vendor's cloud sets the clock.
    let zoned = Time::with_zone(time.as_bytes(), &zone.parse().unwrap()).unwrap();
    let sent = std::str::from_utf8(&zoned).unwrap();
    assert_eq!(word(&mut client, put(Time::PATH, sent)), "ok");
    let changed = Time::with_mode(&zoned, &TimeMode::Ntp).unwrap();
    let changed = std::str::from_utf8(&changed).unwrap();
    assert_eq!(word(&mut client, put(Time::PATH, changed)), "ok");
    let time = shown(&mut client, Time::PATH);
    assert!(time.contains("<platformType>EZVIZ<"), "{time}");
    let time = Time::read(&Body::read(time.as_bytes()).unwrap()).unwrap();
    // The fleet's clock began with this day, three seconds ago.
    let now = "2026-11-01T00:00:03Z".parse().unwrap();
    assert_eq!(time.deviation(now), Some(jiff::SignedDuration::ZERO));

    let integrate = shown(&mut client, INTEGRATE);
    let changed = Integrate::with_onvif(integrate.as_bytes(), true).unwrap();
    let changed = std::str::from_utf8(&changed).unwrap();
    assert_eq!(word(&mut client, put(INTEGRATE, changed)), "ok");

    let channels = client.log_in(get(CHANNELS));
    assert_eq!(read_list::<InputChannel>(&channels.body), Ok(vec![]));
}

//! Requests written by hand as the vendor's 2022 client writes them: its element
//! orders, its sealed codes, and ports left out.

use base64::{Engine, prelude::BASE64_STANDARD};
use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_model::RawFields;
use sadp_proto::{
    CommandReply, Document, GROUP, MailQr, Message, RequestCode, XmlLayout,
    seal::{ExchangeKey, Salts, SessionKey, UpdateDigest},
};
use sadp_sim::{
    Access,
    vendor_support::{self, MailCode},
};
use uuid::Uuid;

use super::{
    PASSWORD, UNACTIVATED,
    van::{MS, Van, password},
};

/// A camera of the same time as the client, and one that takes plain codes.
const CAMERAS: [&str; 2] = ["ipc-v5.8.10", "ipc-v5.7.3"];

/// Asks for a session key. This client takes none without a `Result` before it.
fn session(van: &mut Van) -> SessionKey {
    let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
    let public = format!("<Code>{}</Code>", key.public_code().unwrap());
    let reply = van.say_plainly(0, "exchangecode", &public);
    let told: Vec<_> = reply.iter().map(|(name, _)| name).collect();
    assert!(told.ends_with(&["Result", "Code"]), "{told:?}");
    key.open(reply.first("Code").unwrap(), &mut UnwrapErr(SysRng))
        .unwrap()
}

fn sealed(session: &SessionKey, text: &str) -> String {
    let sealed = session.seal_password(&password(text));
    format!("<Password>{}</Password>", sealed.as_str())
}

/// `Code` as this client writes it for a device that says `codeEncrypt`, or not.
fn code(session: &SessionKey, text: &str, encrypted: bool) -> String {
    if encrypted {
        let sealed = session.seal_code(text);
        return format!("<Code bEncrypt=\"true\">{}</Code>", sealed.as_str());
    }
    format!("<Code>{text}</Code>")
}

fn result(reply: &RawFields) -> &str {
    reply.first("Result").unwrap()
}

fn read(fields: &RawFields) -> CommandReply {
    let bytes = Document::encode("ProbeMatch", fields, XmlLayout::OneLine);
    match Message::decode(&bytes) {
        Ok(Message::CommandReply(reply)) => reply,
        other => panic!("not a reply: {other:?}"),
    }
}

fn requested(van: &mut Van) -> vendor_support::RequestText {
    let reply = van.say_plainly(0, "getencryptstring", "");
    let code = RequestCode::read(&read(&reply)).unwrap();
    code.as_str().parse().unwrap()
}

#[test]
fn activate_and_lamp() {
    for profile in CAMERAS {
        let mut van = Van::one(profile, UNACTIVATED);
        let session = session(&mut van);
        let reply = van.say_plainly(0, "activate", &sealed(&session, PASSWORD));
        assert_eq!(result(&reply), "success", "{profile}");
        let reply = van.say_plainly(0, "lamp", "<Action>open</Action>");
        assert_eq!(result(&reply), "success", "{profile}");
        assert!(van.fleet.devices()[0].state.lamp);
    }
}

#[test]
fn update_with_the_http_port_behind_dhcp_or_without() {
    for (profile, ports, expected) in [
        (CAMERAS[0], "", (80, "8443")),
        (CAMERAS[0], "<HttpPort>81</HttpPort>", (81, "8443")),
        (
            CAMERAS[0],
            "<HttpPort>81</HttpPort><SDKOverTLSPort>8444</SDKOverTLSPort>",
            (81, "8444"),
        ),
        (CAMERAS[1], "", (80, "8443")),
    ] {
        let mut van = Van::one(profile, "");
        let seen = van.look(0).unwrap();
        let salts = Salts {
            first: seen.raw.first("Salt"),
            second: seen.raw.first("Salt2"),
        };
        let uuid = Uuid::from_u128(0x2022);
        let digest = UpdateDigest::new("admin", salts, &password(Access::PASSWORD)).unwrap();
        let (sealed, mac) = (digest.bound_to(uuid), van.mac(0));
        let sealed = sealed.as_str();
        let uuid = uuid.to_string().to_uppercase();
        let order = format!(
            "<Probe><Uuid>{uuid}</Uuid><Types>update</Types><PWErrorParse>true</PWErrorParse>\
             <MAC>{mac}</MAC><Password bSalt=\"true\">{sealed}</Password>\
             <IPv4Address>192.168.1.77</IPv4Address><CommandPort>8000</CommandPort>\
             <IPv4SubnetMask>255.255.255.0</IPv4SubnetMask><IPv4Gateway>192.168.1.1</IPv4Gateway>\
             <IPv6Address>::</IPv6Address><IPv6Gateway>::</IPv6Gateway>\
             <IPv6MaskLen>0</IPv6MaskLen><DHCP>false</DHCP>{ports}</Probe>"
        );
        van.say(GROUP, order.as_bytes());
        van.wait(MS);
        let (_, _, reply) = van.heard.last().unwrap();
        assert_eq!(result(reply), "success", "{profile} {ports}");
        assert_eq!(reply.first("SDKOverTLSPort"), Some(expected.1));
        let settings = van.fleet.devices()[0].settings;
        assert_eq!(settings.address.octets(), [192, 168, 1, 77]);
        assert_eq!(settings.http_port, expected.0);
    }
}

#[test]
fn reset_by_file_and_by_key_with_the_password_first() {
    for profile in CAMERAS {
        let encrypted = profile == CAMERAS[0];
        for (by_key, sync) in [
            (false, ""),
            (true, "<SyncIPCPassword>true</SyncIPCPassword>"),
        ] {
            let mut van = Van::one(profile, "");
            let request = requested(&mut van);
            let answer = if by_key {
                request.key().unwrap()
            } else {
                request.answer()
            };
            let mut reset = |answer: &str| {
                let session = session(&mut van);
                let password = sealed(&session, PASSWORD);
                let code = code(&session, answer, encrypted);
                let body = format!("{password}{sync}{code}");
                van.say_plainly(0, "reset", &body)
            };
            let wrong = reset("87654321");
            let word = if encrypted { "codeError" } else { "failed" };
            assert_eq!(
                (result(&wrong), wrong.first("RetryTimes")),
                (word, Some("6"))
            );
            assert_eq!(result(&reset(&answer)), "success", "{profile}");
        }
    }
}

#[test]
fn a_plain_code_is_refused_and_costs_nothing_where_it_has_to_be_sealed() {
    let mut van = Van::one(CAMERAS[0], "");
    let answer = requested(&mut van).answer();
    let session = session(&mut van);
    let body = sealed(&session, PASSWORD) + &code(&session, &answer, false);
    let reply = van.say_plainly(0, "reset", &body);
    assert_eq!(
        (result(&reply), reply.first("RetryTimes")),
        ("failed", None)
    );
}

#[test]
fn mail_with_the_password_first() {
    for profile in CAMERAS {
        let mut van = Van::one(profile, "");
        let session = session(&mut van);
        let mut mailbox = b"owner@example.com".to_vec();
        mailbox.resize(128, 0);
        let mailbox = BASE64_STANDARD.encode(mailbox);
        let password = sealed(&session, Access::PASSWORD);
        let body = format!("<MailBox>{mailbox}</MailBox>{password}");
        assert_eq!(result(&van.say_plainly(0, "SetMailBox", &body)), "success");
        let reply = van.say_plainly(0, "GetQRcodes", "");
        let sent: MailCode = MailQr::read(&read(&reply)).unwrap().qr.parse().unwrap();
        let session = self::session(&mut van);
        let password = sealed(&session, PASSWORD);
        let code = code(&session, &sent.code(), profile == CAMERAS[0]);
        let sync = "<SyncIPCPassword>false</SyncIPCPassword>";
        let body = format!("{password}{sync}{code}");
        let reply = van.say_plainly(0, "MailReset", &body);
        assert_eq!(result(&reply), "success", "{profile}");
    }
}

#[test]
fn questions_and_guid() {
    let question = |session: &SessionKey, id: u32| {
        let answer = session.seal_answer(&"a".into()).unwrap();
        let answer = answer.as_str();
        format!("<Question><ID>{id}</ID><Answer>{answer}</Answer><mark>true</mark></Question>")
    };
    let answered = |session: &SessionKey, current: &str| {
        let list: String = (1..4).map(|id| question(session, id)).collect();
        let password = sealed(session, current);
        format!("<QuestionList>{list}</QuestionList>{password}")
    };
    let mut van = Van::one("nvr-v4.30.085", "");
    let reply = van.say_plainly(0, "getsecurityquestion", "");
    assert_eq!(result(&reply), "success");
    let key = session(&mut van);
    let body = answered(&key, Access::PASSWORD);
    let reply = van.say_plainly(0, "setsecurityquestion", &body);
    assert_eq!(result(&reply), "success");
    let key = session(&mut van);
    let reply = van.say_plainly(0, "AnswerReset", &answered(&key, PASSWORD));
    assert_eq!(result(&reply), "success");
    let key = session(&mut van);
    let reply = van.say_plainly(0, "ExportGUID", &sealed(&key, PASSWORD));
    let guid = format!("<GUID>{}</GUID>", reply.first("GUID").unwrap());
    let key = session(&mut van);
    let body = guid + &sealed(&key, "Orchard9!");
    assert_eq!(result(&van.say_plainly(0, "GUIDReset", &body)), "success");
}

#[test]
fn hik_connect_and_what_is_set_up() {
    let fields = "fields = { EZVIZBindStatus = \"1\" }";
    let mut van = Van::one(CAMERAS[0], fields);
    let set_up = |van: &mut Van| {
        let reply = van.say_plainly(0, "getPasswordResetType", "");
        assert_eq!(result(&reply), "success");
        reply.first("HCVerificationCodeEnabled").unwrap().to_owned()
    };
    let status = |van: &mut Van| {
        let reply = van.say_plainly(0, "getUnbindStatus", "");
        result(&reply).to_owned()
    };
    assert_eq!(set_up(&mut van), "false");
    assert_eq!(status(&mut van), "unenableHCPlatform");
    let key = session(&mut van);
    let body = "<HCPlatformEnable>true</HCPlatformEnable>".to_owned();
    let body = body + &sealed(&key, Access::PASSWORD);
    let reply = van.say_plainly(0, "SetHCPlatform", &body);
    assert_eq!(result(&reply), "success");
    assert_eq!(status(&mut van), "success");
    let key = session(&mut van);
    // The code is sealed as a password is.
    let code = key.seal_password(&password("ABCDEF"));
    let code = format!("<VerificationCode>{}</VerificationCode>", code.as_str());
    let body = code + &sealed(&key, Access::PASSWORD);
    let reply = van.say_plainly(0, "SetVerificationCode", &body);
    assert_eq!(result(&reply), "success");
    assert_eq!(set_up(&mut van), "true");
    let key = session(&mut van);
    let reply = van.say_plainly(0, "ezvizUnbind", &sealed(&key, Access::PASSWORD));
    assert_eq!(result(&reply), "success");
    assert_eq!(status(&mut van), "notBind");
}

#[test]
fn back_to_the_unactivated_state() {
    let mut van = Van::one(CAMERAS[0], "");
    let key = session(&mut van);
    let wrong = van.say_plainly(0, "restoreInactive", &sealed(&key, "Guessed-99"));
    assert_eq!(result(&wrong), "PasswordError");
    let key = session(&mut van);
    let reply = van.say_plainly(0, "restoreInactive", &sealed(&key, Access::PASSWORD));
    assert_eq!(result(&reply), "success");
    assert!(!van.fleet.devices()[0].state.activated);
}

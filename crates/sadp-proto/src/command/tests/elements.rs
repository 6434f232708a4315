//! The elements of every command, with sealed texts opened.

use std::net::{Ipv4Addr, Ipv6Addr};

use sadp_model::{Ipv4Settings, Ipv6Settings, MacAddr, Ports};

use super::*;
use crate::{
    Types,
    seal::{Salts, UpdateDigest},
};

type Element<'a> = (&'a str, &'a str);

const UUID: &str = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8";
const SYNC: Element<'_> = ("SyncIPCPassword", "true");
/// With the special characters of XML.
const CODE: Element<'_> = ("Code", "a <&>\"' \u{e4}\u{6444}");
const VERIFICATION_CODE: Element<'_> = ("VerificationCode", "<&>\"'~");
const ENABLED: Element<'_> = ("HCPlatformEnable", "true");
const DISABLED: Element<'_> = ("HCPlatformEnable", "false");
/// Those of [`answers`].
const ANSWERS: [Element<'_>; 9] = [
    ("QuestionList/Question/ID", "1"),
    ("QuestionList/Question/Answer", "Paris"),
    ("QuestionList/Question/mark", "true"),
    ("QuestionList/Question/ID", "5"),
    ("QuestionList/Question/Answer", "R\u{e4}x"),
    ("QuestionList/Question/mark", "true"),
    ("QuestionList/Question/ID", "32"),
    ("QuestionList/Question/Answer", "7"),
    ("QuestionList/Question/mark", "true"),
];

fn code() -> Code {
    Code::new(CODE.1.as_bytes()).unwrap()
}

/// The device by two spellings of its MAC.
fn targets() -> [Target; 2] {
    ["44-47-cc-00-00-01", "44:47:CC:00:00:01"].map(|mac_text| Target {
        mac_text: mac_text.into(),
        ..target()
    })
}

/// Checks header and elements.
fn assert_writes(command: &Command, target: &Target, expected: &[Element<'_>]) {
    let uuid = Uuid::try_parse(UUID).unwrap();
    let (header, fields) = read_back(command, uuid, target);
    let told = Header {
        uuid: Some(uuid),
        types: Types::Other(command.types().into()),
        mac: Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1])),
    };
    assert_eq!(header, told);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    assert_eq!(fields, expected);
    let without_key = command.encode(uuid, target, None);
    assert_eq!(without_key.is_err(), command.is_sealed());
}

/// Checks a command with these elements after the common ones.
fn assert_body(command: &Command, types: &str, body: &[Element<'_>]) {
    for target in targets() {
        let head = [("Uuid", UUID), ("MAC", &target.mac_text), ("Types", types)];
        let mut expected = [&head, body].concat();
        assert_writes(command, &target, &expected);
        let sealing = Target {
            seals_code: true,
            ..target.clone()
        };
        let code = expected.iter().position(|(name, _)| *name == "Code");
        if let Some(place) = code.filter(|_| command.is_sealed()) {
            expected.insert(place, ("Code@bEncrypt", "true"));
        }
        assert_writes(command, &sealing, &expected);
    }
}

#[test]
fn a_command_without_a_password_is_written() {
    for (command, types, body) in [
        (Command::GetCode, "getcode", &[][..]),
        (Command::GetEncryptString, "getencryptstring", &[]),
        (Command::GetQuestions, "getsecurityquestion", &[]),
        (Command::GetMailQr, "GetQRcodes", &[]),
        (Command::GetSetUp, "getPasswordResetType", &[]),
        (Command::GetUnbindStatus, "getUnbindStatus", &[]),
        (Command::ResetToDefault { code: code() }, "reset", &[CODE]),
    ] {
        assert_body(&command, types, body);
    }
    for (on, action) in [(true, "open"), (false, "close")] {
        for target in targets() {
            let head = [("Uuid", UUID), ("Types", "lamp"), ("MAC", &target.mac_text)];
            let elements = [&head[..], &[("Action", action)]].concat();
            assert_writes(&Command::Lamp { on }, &target, &elements);
        }
    }
}

#[test]
#[rustfmt::skip]
fn a_reset_is_written_with_its_proof_and_the_new_password() {
    let guid = Guid::new(&[0xfb; Guid::BYTES]).unwrap();
    let exported = [("GUID", guid.as_str())];
    for (sync_cameras, sync) in [(true, &[SYNC][..]), (false, &[])] {
        let guid = Box::new(guid.clone());
        for (command, types, proof) in [
            (Command::Reset { code: code(), password: password(), sync_cameras }, "reset", &[CODE][..]),
            (Command::ResetByMail { code: code(), password: password(), sync_cameras }, "MailReset", &[CODE]),
            (Command::ResetByGuid { guid, password: password(), sync_cameras }, "GUIDReset", &exported),
            (
                Command::ResetByAnswers { answers: answers(), password: password(), sync_cameras },
                "AnswerReset", &ANSWERS,
            ),
        ] {
            assert_body(&command, types, &[sync, proof, &[PASSWORD]].concat());
        }
    }
}

#[test]
#[rustfmt::skip]
fn the_password_follows_what_is_set() {
    let mailbox = Mailbox::new("<owner>@example.com").unwrap();
    let address = [("MailBox", &*mailbox.to_base64())];
    let code = VerificationCode::new(&VERIFICATION_CODE.1.into()).unwrap();
    for (command, types, body) in [
        (Command::Activate { password: password() }, "activate", &[][..]),
        (Command::ExportGuid { password: password() }, "ExportGUID", &[]),
        (Command::Unbind { password: password() }, "ezvizUnbind", &[]),
        (Command::Deactivate { password: password() }, "restoreInactive", &[]),
        (Command::SetQuestions { answers: answers(), password: password() }, "setsecurityquestion", &ANSWERS),
        (Command::SetMailbox { mailbox, password: password() }, "SetMailBox", &address),
        (Command::SetCloud { enabled: true, password: password() }, "SetHCPlatform", &[ENABLED]),
        (Command::SetCloud { enabled: false, password: password() }, "SetHCPlatform", &[DISABLED]),
        (Command::SetVerificationCode { code, password: password() }, "SetVerificationCode", &[VERIFICATION_CODE]),
    ] {
        assert_body(&command, types, &[body, &[PASSWORD]].concat());
    }
}

/// All settings, and those that have to be known alone, with what is written of them.
#[rustfmt::skip]
fn settings() -> [(NetworkSettings, Vec<Element<'static>>); 2] {
    let required = NetworkSettings {
        ipv4: Ipv4Settings {
            address: Some(Ipv4Addr::new(10, 0, 0, 9)),
            mask: Some(Ipv4Addr::new(255, 0, 0, 0)),
            gateway: None,
            dhcp: None,
        },
        ipv6: Ipv6Settings::default(),
        ports: Ports { sdk: Some(8000), ..Ports::default() },
    };
    let mut all = required.clone();
    (all.ipv4.gateway, all.ipv4.dhcp) = (Some(Ipv4Addr::new(10, 0, 0, 1)), Some(true));
    all.ipv6 = Ipv6Settings {
        address: Some(Ipv6Addr::LOCALHOST),
        prefix: Some(64),
        gateway: Some("fe80::1".parse().unwrap()),
    };
    (all.ports.http, all.ports.sdk_tls) = (Some(81), Some(8444));
    [
        (required, vec![
            ("IPv4Address", "10.0.0.9"), ("CommandPort", "8000"), ("IPv4SubnetMask", "255.0.0.0"),
            ("IPv4Gateway", "0.0.0.0"), ("IPv6Address", "::"), ("IPv6Gateway", "::"), ("IPv6MaskLen", "0"),
            ("DHCP", "false"),
        ]),
        (all, vec![
            ("IPv4Address", "10.0.0.9"), ("CommandPort", "8000"), ("HttpPort", "81"), ("IPv4SubnetMask", "255.0.0.0"),
            ("IPv4Gateway", "10.0.0.1"), ("IPv6Address", "::1"), ("IPv6Gateway", "fe80::1"), ("IPv6MaskLen", "64"),
            ("DHCP", "true"), ("SDKOverTLSPort", "8444"),
        ]),
    ]
}

#[test]
fn settings_follow_the_digest_of_the_password() {
    let salt = "0123456789abcdef".repeat(4);
    for ((settings, written), salt) in settings().into_iter().zip([None, Some(&*salt)]) {
        for account in [None, Some("a<&>'")] {
            let password = password();
            let salts: Vec<_> = salt.map(|salt| ("Salt", salt)).into_iter().collect();
            let credentials = Credentials {
                password: &password,
                account,
            };
            let update = Update::new(&device(&salts), settings.clone(), credentials).unwrap();
            let user = account.unwrap_or(UpdateDigest::DEFAULT_USER);
            let salts = salt.map_or_else(Salts::default, Salts::single);
            let digest = UpdateDigest::new(user, salts, &password).unwrap();
            let sealed = digest.bound_to(Uuid::try_parse(UUID).unwrap());
            let command = Command::Update(Box::new(update));
            let [target, _] = targets();
            let mut expected = vec![
                ("Uuid", UUID),
                ("Types", "update"),
                ("PWErrorParse", "true"),
                ("MAC", &*target.mac_text),
            ];
            expected.extend(salt.map(|_| ("Password@bSalt", "true")));
            expected.push(("Password", sealed.as_str()));
            expected.extend(&written);
            assert_writes(&command, &target, &expected);
        }
    }
}

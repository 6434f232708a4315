//! Every command is decoded as it was encoded.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::{option, prelude::*, sample::select};
use sadp_model::{Ipv4Settings, Ipv6Settings, MacAddr, Ports};

use super::*;
use crate::{
    Types,
    seal::{Salts, UpdateDigest},
};

/// A command, its `Types`, and the elements after the common ones, in order, with
/// sealed texts opened.
type Sample = (Command, &'static str, Vec<(&'static str, String)>);

fn one(name: &'static str, text: impl Into<String>) -> Vec<(&'static str, String)> {
    vec![(name, text.into())]
}

/// `SyncIPCPassword` if cameras get the password, too.
fn sync(wanted: bool) -> Vec<(&'static str, String)> {
    let element = wanted.then(|| one("SyncIPCPassword", "true"));
    element.unwrap_or_default()
}

fn secret(text: &str) -> Password {
    Password::new(text.into()).unwrap()
}

/// Passwords with all special characters of XML.
fn any_password() -> impl Strategy<Value = String> {
    "[ -~]{1,16}"
}

fn any_code() -> impl Strategy<Value = String> {
    "[!-~\u{e4}\u{6444}]([ -~\u{e4}\u{6444}]{0,60}[!-~])?"
}

fn any_answers() -> impl Strategy<Value = Vec<(u32, String)>> {
    let ids = proptest::sample::subsequence((1..=SecretAnswers::MAX_ID).collect::<Vec<_>>(), 3);
    let texts = proptest::collection::vec("[ -~\u{e4}\u{6444}]{1,40}", 3);
    (ids, texts).prop_map(|(ids, texts)| ids.into_iter().zip(texts).collect())
}

fn secret_answers(answers: &[(u32, String)]) -> SecretAnswers {
    let answers = answers.iter();
    let answers = answers.map(|(id, text)| (*id, text.as_str().into()));
    SecretAnswers::new(answers.collect()).unwrap()
}

fn written_answers(answers: &[(u32, String)]) -> Vec<(&'static str, String)> {
    let answers = answers.iter();
    let written = answers.flat_map(|(id, text)| {
        [
            ("QuestionList/Question/ID", id.to_string()),
            ("QuestionList/Question/Answer", text.clone()),
            ("QuestionList/Question/mark", "true".to_owned()),
        ]
    });
    written.collect()
}

fn plain_samples() -> impl Strategy<Value = Sample> {
    (any_code(), 0..7).prop_map(|(text, kind)| match kind {
        0 => (Command::GetCode, "getcode", vec![]),
        1 => (Command::GetEncryptString, "getencryptstring", vec![]),
        2 => (Command::GetQuestions, "getsecurityquestion", vec![]),
        3 => (Command::GetMailQr, "GetQRcodes", vec![]),
        4 => (Command::GetSetUp, "getPasswordResetType", vec![]),
        5 => (Command::GetUnbindStatus, "getUnbindStatus", vec![]),
        _ => {
            let code = Code::new(text.as_bytes()).unwrap();
            (Command::ResetToDefault { code }, "reset", one("Code", text))
        }
    })
}

fn reset_samples() -> impl Strategy<Value = Sample> {
    let guid = any::<[u8; 32]>().prop_map(|bytes| bytes.repeat(4));
    (any_password(), any_code(), guid, any::<bool>(), 0..3).prop_map(
        |(new, text, guid, sync_cameras, kind)| {
            let password = secret(&new);
            let code = Code::new(text.as_bytes()).unwrap();
            let guid = Box::new(Guid::new(&guid).unwrap());
            let written = one("GUID", guid.as_str());
            #[rustfmt::skip]
            let (command, types, proof) = match kind {
                0 => (Command::Reset { code, password, sync_cameras }, "reset", one("Code", text)),
                1 => (Command::ResetByMail { code, password, sync_cameras }, "MailReset", one("Code", text)),
                _ => (Command::ResetByGuid { guid, password, sync_cameras }, "GUIDReset", written),
            };
            let body = [sync(sync_cameras), proof, one("Password", new)].concat();
            (command, types, body)
        },
    )
}

fn owner_samples() -> impl Strategy<Value = Sample> {
    let mailbox = "[!-~]{1,60}@[!-~]{1,60}";
    (any_password(), any_answers(), mailbox, any::<bool>(), 0..5).prop_map(
        |(text, answers, mailbox, sync_cameras, kind)| {
            let password = secret(&text);
            let written = written_answers(&answers);
            let answers = secret_answers(&answers);
            let mailbox = Mailbox::new(&mailbox).unwrap();
            let address = one("MailBox", mailbox.to_base64());
            let both = [sync(sync_cameras), written.clone()].concat();
            #[rustfmt::skip]
            let (command, types, body) = match kind {
                0 => (Command::Activate { password }, "activate", vec![]),
                1 => (Command::ExportGuid { password }, "ExportGUID", vec![]),
                2 => (Command::SetQuestions { answers, password }, "setsecurityquestion", written),
                3 => (Command::ResetByAnswers { answers, password, sync_cameras }, "AnswerReset", both),
                _ => (Command::SetMailbox { mailbox, password }, "SetMailBox", address),
            };
            (command, types, [body, one("Password", text)].concat())
        },
    )
}

fn cloud_samples() -> impl Strategy<Value = Sample> {
    let code = "[!-~]{1,12}";
    (any_password(), code, any::<bool>(), 0..4).prop_map(|(text, code, enabled, kind)| {
        let password = secret(&text);
        let written = one("VerificationCode", code.as_str());
        let code = VerificationCode::new(&code.into()).unwrap();
        let switched = one("HCPlatformEnable", enabled.to_string());
        #[rustfmt::skip]
        let (command, types, body) = match kind {
            0 => (Command::Unbind { password }, "ezvizUnbind", vec![]),
            1 => (Command::Deactivate { password }, "restoreInactive", vec![]),
            2 => (Command::SetCloud { enabled, password }, "SetHCPlatform", switched),
            _ => (Command::SetVerificationCode { code, password }, "SetVerificationCode", written),
        };
        (command, types, [body, one("Password", text)].concat())
    })
}

fn any_settings() -> impl Strategy<Value = NetworkSettings> {
    let v4 = any::<(Ipv4Addr, Ipv4Addr, Option<Ipv4Addr>)>();
    let v6 = any::<[Option<Ipv6Addr>; 2]>();
    let prefix = option::of(0..=128u8);
    let ports = any::<(u16, Option<u16>, Option<u16>)>();
    (v4, any::<Option<bool>>(), v6, prefix, ports).prop_map(|(v4, dhcp, v6, prefix, ports)| {
        NetworkSettings {
            ipv4: Ipv4Settings {
                address: Some(v4.0),
                mask: Some(v4.1),
                gateway: v4.2,
                dhcp,
            },
            ipv6: Ipv6Settings {
                address: v6[0],
                prefix,
                gateway: v6[1],
            },
            ports: Ports {
                sdk: Some(ports.0),
                http: ports.1,
                sdk_tls: ports.2,
            },
        }
    })
}

fn text<A: ToString>(address: Option<A>, unset: A) -> String {
    address.unwrap_or(unset).to_string()
}

/// The elements of an update after `Password`.
fn written_settings(settings: &NetworkSettings) -> Vec<(&'static str, String)> {
    let NetworkSettings { ipv4, ipv6, ports } = settings;
    let (v4, v6) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
    let written = [
        ("IPv4Address", Some(text(ipv4.address, v4))),
        ("CommandPort", ports.sdk.map(|it| it.to_string())),
        ("HttpPort", ports.http.map(|it| it.to_string())),
        ("IPv4SubnetMask", Some(text(ipv4.mask, v4))),
        ("IPv4Gateway", Some(text(ipv4.gateway, v4))),
        ("IPv6Address", Some(text(ipv6.address, v6))),
        ("IPv6Gateway", Some(text(ipv6.gateway, v6))),
        ("IPv6MaskLen", Some(ipv6.prefix.unwrap_or(0).to_string())),
        ("DHCP", Some((ipv4.dhcp == Some(true)).to_string())),
        ("SDKOverTLSPort", ports.sdk_tls.map(|it| it.to_string())),
    ];
    let written = written.into_iter();
    let written = written.filter_map(|(name, text)| Some((name, text?)));
    written.collect()
}

/// A MAC in various spellings.
fn any_mac() -> impl Strategy<Value = (MacAddr, String)> {
    let spelling = select(vec!["-", ":"]);
    (any::<[u8; 6]>(), spelling, any::<bool>()).prop_map(|(bytes, separator, upper)| {
        let mac = MacAddr::new(bytes);
        let text = mac.to_string().replace(':', separator);
        let text = if upper { text.to_uppercase() } else { text };
        (mac, text)
    })
}

fn target_of(mac: MacAddr, mac_text: &str) -> Target {
    Target {
        mac,
        mac_text: mac_text.into(),
        ..target()
    }
}

fn owned(fields: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    let fields = fields.into_iter();
    fields.map(|(name, text)| (name.to_owned(), text)).collect()
}

fn spelt(uuid: Uuid) -> String {
    uuid.hyphenated().to_string().to_uppercase()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_command_is_read_back(
        (command, types, body) in prop_oneof![plain_samples(), reset_samples(), owner_samples(), cloud_samples()],
        uuid in any::<u128>().prop_map(Uuid::from_u128),
        (mac, mac_text) in any_mac(),
        seals_code: bool,
    ) {
        let target = Target { seals_code, ..target_of(mac, &mac_text) };
        let (header, fields) = read_back(&command, uuid, &target);
        prop_assert_eq!(command.types(), types);
        prop_assert_eq!(command.encode(uuid, &target, None).is_err(), command.is_sealed());
        let is_about = Types::Other(types.into());
        prop_assert_eq!(header, Header { uuid: Some(uuid), types: is_about, mac: Some(mac) });
        let head = [("Uuid", spelt(uuid)), ("MAC", mac_text), ("Types", types.to_owned())];
        let mut expected = [head.to_vec(), body].concat();
        let code = expected.iter().position(|(name, _)| *name == "Code");
        if let Some(place) = code.filter(|_| seals_code && command.is_sealed()) {
            expected.insert(place, ("Code@bEncrypt", "true".to_owned()));
        }
        prop_assert_eq!(fields, owned(expected));
    }

    #[test]
    fn a_lamp_is_switched_as_written(on: bool, uuid: u128, (mac, mac_text) in any_mac()) {
        let uuid = Uuid::from_u128(uuid);
        let command = Command::Lamp { on };
        let (header, fields) = read_back(&command, uuid, &target_of(mac, &mac_text));
        prop_assert_eq!((header.uuid, header.mac), (Some(uuid), Some(mac)));
        let action = if on { "open" } else { "close" };
        let expected = vec![
            ("Uuid", spelt(uuid)),
            ("Types", command.types().to_owned()),
            ("MAC", mac_text),
            ("Action", action.to_owned()),
        ];
        prop_assert_eq!(fields, owned(expected));
    }

    #[test]
    fn settings_are_read_back(
        settings in any_settings(),
        text in any_password(),
        salt in option::of("[0-9a-f]{64}"),
        account in option::of("[a-z<&>\"']{1,32}"),
        uuid: u128,
        (mac, mac_text) in any_mac(),
    ) {
        let uuid = Uuid::from_u128(uuid);
        let password = secret(&text);
        let salts: Vec<_> = salt.iter().map(|salt| ("Salt", &**salt)).collect();
        let credentials = Credentials { password: &password, account: account.as_deref() };
        let update = Update::new(&device(&salts), settings.clone(), credentials).unwrap();
        let command = Command::Update(Box::new(update));
        let (header, fields) = read_back(&command, uuid, &target_of(mac, &mac_text));
        let types = Types::Other("update".into());
        prop_assert_eq!(header, Header { uuid: Some(uuid), types, mac: Some(mac) });
        let salts = Salts { first: salt.as_deref(), second: None };
        let user = account.as_deref().unwrap_or(UpdateDigest::DEFAULT_USER);
        let digest = UpdateDigest::new(user, salts, &password).unwrap();
        let mut expected = vec![
            ("Uuid", spelt(uuid)),
            ("Types", "update".to_owned()),
            ("PWErrorParse", "true".to_owned()),
            ("MAC", mac_text),
        ];
        if salt.is_some() {
            expected.push(("Password@bSalt", "true".to_owned()));
        }
        expected.push(("Password", digest.bound_to(uuid).as_str().to_owned()));
        expected.extend(written_settings(&settings));
        prop_assert_eq!(fields, owned(expected));
    }
}

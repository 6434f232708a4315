//! Any command is read back as it was written.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use proptest::{option, prelude::*, sample::select};
use sadp_model::{Ipv4Settings, Ipv6Settings, MacAddr, Ports};

use super::*;
use crate::{
    Header, Types,
    seal::{Salts, UpdateDigest},
};

/// A command, and what its request holds behind the elements that begin it, in
/// order. Sealed texts are opened.
type Sample = (Command, Vec<(&'static str, String)>);

/// Making a key takes long, so one serves all.
static SESSION: LazyLock<(SessionKey, device::DeviceSession)> = LazyLock::new(|| {
    let key = ExchangeKey::generate(&mut OsRng).unwrap();
    let random = b"0123456789abcdef0123456789abcdef";
    let (answer, session) =
        device::answer_exchange(&key.public_code().unwrap(), random, &mut OsRng).unwrap();
    (key.open(&answer, &mut OsRng).unwrap(), session)
});

fn one(name: &'static str, text: impl Into<String>) -> Vec<(&'static str, String)> {
    vec![(name, text.into())]
}

/// `SyncIPCPassword` where cameras get the password, too.
fn sync(wanted: bool) -> Vec<(&'static str, String)> {
    if wanted {
        one("SyncIPCPassword", "true")
    } else {
        Vec::new()
    }
}

fn secret(text: &str) -> Password {
    Password::new(text.into()).unwrap()
}

/// Passwords with every character that XML gives a meaning.
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
    SecretAnswers::new(
        answers
            .map(|(id, text)| (*id, text.as_str().into()))
            .collect(),
    )
    .unwrap()
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
        0 => (Command::GetCode, vec![]),
        1 => (Command::GetEncryptString, vec![]),
        2 => (Command::GetQuestions, vec![]),
        3 => (Command::GetMailQr, vec![]),
        4 => (Command::GetSetUp, vec![]),
        5 => (Command::GetUnbindStatus, vec![]),
        _ => {
            let code = Code::new(text.as_bytes()).unwrap();
            (Command::ResetToDefault { code }, one("Code", text))
        }
    })
}

fn reset_samples() -> impl Strategy<Value = Sample> {
    let guid = any::<[u8; 32]>().prop_map(|bytes| bytes.repeat(4));
    (any_password(), any_code(), guid, any::<bool>(), 0..3).prop_map(
        |(new, text, guid, sync_cameras, kind)| {
            let password = secret(&new);
            let (command, proof) = match kind {
                0 => {
                    let code = Code::new(text.as_bytes()).unwrap();
                    let command = Command::Reset {
                        code,
                        password,
                        sync_cameras,
                    };
                    (command, one("Code", text))
                }
                1 => {
                    let code = Code::new(text.as_bytes()).unwrap();
                    let command = Command::ResetByMail {
                        code,
                        password,
                        sync_cameras,
                    };
                    (command, one("Code", text))
                }
                _ => {
                    let guid = Box::new(Guid::new(&guid).unwrap());
                    let written = one("GUID", guid.as_str());
                    let command = Command::ResetByGuid {
                        guid,
                        password,
                        sync_cameras,
                    };
                    (command, written)
                }
            };
            let body = [sync(sync_cameras), proof, one("Password", new)].concat();
            (command, body)
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
            let (command, body) = match kind {
                0 => (Command::Activate { password }, vec![]),
                1 => (Command::ExportGuid { password }, vec![]),
                2 => (Command::SetQuestions { answers, password }, written),
                3 => {
                    let command = Command::ResetByAnswers {
                        answers,
                        password,
                        sync_cameras,
                    };
                    (command, [sync(sync_cameras), written].concat())
                }
                _ => {
                    let mailbox = Mailbox::new(&mailbox).unwrap();
                    let written = one("MailBox", mailbox.to_base64());
                    (Command::SetMailbox { mailbox, password }, written)
                }
            };
            (command, [body, one("Password", text)].concat())
        },
    )
}

fn cloud_samples() -> impl Strategy<Value = Sample> {
    let code = "[!-~]{1,12}";
    (any_password(), code, any::<bool>(), 0..4).prop_map(|(text, code, enabled, kind)| {
        let password = secret(&text);
        let (command, body) = match kind {
            0 => (Command::Unbind { password }, vec![]),
            1 => (Command::Deactivate { password }, vec![]),
            2 => {
                let written = one("HCPlatformEnable", enabled.to_string());
                (Command::SetCloud { enabled, password }, written)
            }
            _ => {
                let written = one("VerificationCode", code.as_str());
                let code = VerificationCode::new(&code.into()).unwrap();
                (Command::SetVerificationCode { code, password }, written)
            }
        };
        (command, [body, one("Password", text)].concat())
    })
}

fn any_address() -> impl Strategy<Value = Option<Ipv4Addr>> {
    option::of(any::<Ipv4Addr>())
}

fn any_settings() -> impl Strategy<Value = NetworkSettings> {
    let ipv4 = (
        any::<Ipv4Addr>(),
        any::<Ipv4Addr>(),
        any_address(),
        any::<Option<bool>>(),
    );
    let address = option::of(any::<Ipv6Addr>());
    let ipv6 = (address.clone(), option::of(0..=128u8), address);
    let ports = (any::<u16>(), any::<Option<u16>>(), any::<Option<u16>>());
    (ipv4, ipv6, ports).prop_map(
        |(
            (address, mask, v4_gateway, dhcp),
            (v6_address, prefix, gateway),
            (sdk, http, sdk_tls),
        )| {
            NetworkSettings {
                ipv4: Ipv4Settings {
                    address: Some(address),
                    mask: Some(mask),
                    gateway: v4_gateway,
                    dhcp,
                },
                ipv6: Ipv6Settings {
                    address: v6_address,
                    prefix,
                    gateway,
                },
                ports: Ports {
                    sdk: Some(sdk),
                    http,
                    sdk_tls,
                },
            }
        },
    )
}

/// The elements of an update behind `Password`.
fn written_settings(settings: &NetworkSettings) -> Vec<(&'static str, String)> {
    let NetworkSettings { ipv4, ipv6, ports } = settings;
    let v4 = |address: Option<Ipv4Addr>| address.unwrap_or(Ipv4Addr::UNSPECIFIED).to_string();
    let v6 = |address: Option<Ipv6Addr>| address.unwrap_or(Ipv6Addr::UNSPECIFIED).to_string();
    let written = [
        ("IPv4Address", Some(v4(ipv4.address))),
        ("CommandPort", ports.sdk.map(|it| it.to_string())),
        ("HttpPort", ports.http.map(|it| it.to_string())),
        ("IPv4SubnetMask", Some(v4(ipv4.mask))),
        ("IPv4Gateway", Some(v4(ipv4.gateway))),
        ("IPv6Address", Some(v6(ipv6.address))),
        ("IPv6Gateway", Some(v6(ipv6.gateway))),
        ("IPv6MaskLen", Some(ipv6.prefix.unwrap_or(0).to_string())),
        ("DHCP", Some((ipv4.dhcp == Some(true)).to_string())),
        ("SDKOverTLSPort", ports.sdk_tls.map(|it| it.to_string())),
    ];
    let written = written.into_iter();
    written
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

/// A MAC in the spellings of devices.
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

/// Encodes a command, and reads the request with its sealed texts opened.
fn read_back(command: &Command, uuid: Uuid, target: &Target) -> (Header, Vec<(String, String)>) {
    let (key, session) = &*SESSION;
    let datagram = command.encode(uuid, target, Some(key)).unwrap();
    let Ok(Message::Request(request)) = Message::decode(&datagram) else {
        panic!("not a request");
    };
    let opened = |path: &str, text: &str| match path {
        "Code" if command.is_sealed() && target.seals_code => session.open_code(text).unwrap(),
        "Password" | "VerificationCode" if command.is_sealed() => {
            session.open_password(text).unwrap()
        }
        "QuestionList/Question/Answer" => session.open_answer(text).unwrap(),
        _ => text.into(),
    };
    let fields = request.fields.iter();
    let fields = fields.map(|(path, text)| {
        let text = opened(path, text).expose_secret().to_owned();
        (path.to_owned(), text)
    });
    (request.header, fields.collect())
}

fn owned(fields: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    let fields = fields.into_iter();
    fields.map(|(name, text)| (name.to_owned(), text)).collect()
}

fn spelt(uuid: Uuid) -> String {
    uuid.hyphenated().to_string().to_uppercase()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_command_is_read_back(
        (command, body) in prop_oneof![plain_samples(), reset_samples(), owner_samples(), cloud_samples()],
        uuid in any::<u128>().prop_map(Uuid::from_u128),
        (mac, mac_text) in any_mac(),
        seals_code: bool,
    ) {
        let target = Target { seals_code, ..target_of(mac, &mac_text) };
        let (header, fields) = read_back(&command, uuid, &target);
        let types = Types::Other(command.types().into());
        prop_assert_eq!(header, Header { uuid: Some(uuid), types, mac: Some(mac) });
        let head = [("Uuid", spelt(uuid)), ("MAC", mac_text), ("Types", command.types().to_owned())];
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

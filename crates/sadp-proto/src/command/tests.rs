mod properties;

use rsa::rand_core::OsRng;
use secrecy::ExposeSecret;

use super::*;
use crate::{
    Message,
    seal::{ExchangeKey, device},
};

const MAC: &str = "44-47-cc-00-00-01";

fn target() -> Target {
    Target {
        mac: MAC.parse().unwrap(),
        mac_text: MAC.into(),
        from: [10, 0, 0, 5].into(),
        seals_code: false,
    }
}

fn password() -> Password {
    Password::new("Garden7!".into()).unwrap()
}

fn code() -> Code {
    Code::new(b"a<b&c=\"d\"").unwrap()
}

fn answers() -> SecretAnswers {
    SecretAnswers::new(vec![
        (1, "Paris".into()),
        (5, "Rex".into()),
        (32, "7".into()),
    ])
    .unwrap()
}

/// Encodes a command in a session, and says it with its sealed texts opened.
fn said(command: &Command) -> Vec<(String, String)> {
    said_to(&target(), command)
}

fn said_to(target: &Target, command: &Command) -> Vec<(String, String)> {
    let key = ExchangeKey::generate(&mut OsRng).unwrap();
    let random = b"0123456789abcdef0123456789abcdef";
    let (answer, session) =
        device::answer_exchange(&key.public_code().unwrap(), random, &mut OsRng).unwrap();
    let key = key.open(&answer, &mut OsRng).unwrap();
    let bytes = command.encode(Uuid::nil(), target, Some(&key)).unwrap();
    let Ok(Message::Request(request)) = Message::decode(&bytes) else {
        panic!("not a request");
    };
    let sealed = request.fields.first("Code@bEncrypt") == Some("true");
    let opened = |path: &str, text: &str| match path {
        "Code" if sealed => session.open_code(text).unwrap().expose_secret().to_owned(),
        "Password" | "VerificationCode" if command.is_sealed() => session
            .open_password(text)
            .unwrap()
            .expose_secret()
            .to_owned(),
        "QuestionList/Question/Answer" => session
            .open_answer(text)
            .unwrap()
            .expose_secret()
            .to_owned(),
        _ => text.to_owned(),
    };
    let fields = request.fields.iter();
    fields
        .map(|(path, text)| (path.to_owned(), opened(path, text)))
        .collect()
}

type Body<'a> = Vec<(&'a str, &'a str)>;

#[test]
fn each_command_has_its_elements_in_order() {
    let guid = Guid::new(&[7; 128]).unwrap();
    let guid_text = guid.as_str().to_owned();
    let mailbox = Mailbox::new("owner@example.com").unwrap();
    let mailbox_text = mailbox.to_base64();
    let new = ("Password", "Garden7!");
    let sync = ("SyncIPCPassword", "true");
    let question = |id, answer| {
        [
            ("QuestionList/Question/ID", id),
            ("QuestionList/Question/Answer", answer),
            ("QuestionList/Question/mark", "true"),
        ]
    };
    let questions = [
        question("1", "Paris"),
        question("5", "Rex"),
        question("32", "7"),
    ];
    let questions = questions.concat();
    let cases: Vec<(Command, &str, Body<'_>)> = vec![
        (Command::GetCode, "getcode", vec![]),
        (Command::GetEncryptString, "getencryptstring", vec![]),
        (Command::GetQuestions, "getsecurityquestion", vec![]),
        (Command::GetMailQr, "GetQRcodes", vec![]),
        (
            Command::Reset {
                code: code(),
                password: password(),
                sync_cameras: true,
            },
            "reset",
            vec![sync, ("Code", "a<b&c=\"d\""), new],
        ),
        (
            Command::ResetToDefault { code: code() },
            "reset",
            vec![("Code", "a<b&c=\"d\"")],
        ),
        (
            Command::ExportGuid {
                password: password(),
            },
            "ExportGUID",
            vec![new],
        ),
        (
            Command::ResetByGuid {
                guid: Box::new(guid),
                password: password(),
                sync_cameras: false,
            },
            "GUIDReset",
            vec![("GUID", &guid_text), new],
        ),
        (
            Command::SetQuestions {
                answers: answers(),
                password: password(),
            },
            "setsecurityquestion",
            [questions.clone(), vec![new]].concat(),
        ),
        (
            Command::ResetByAnswers {
                answers: answers(),
                password: password(),
                sync_cameras: true,
            },
            "AnswerReset",
            [vec![sync], questions, vec![new]].concat(),
        ),
        (
            Command::SetMailbox {
                mailbox,
                password: password(),
            },
            "SetMailBox",
            vec![("MailBox", &mailbox_text), new],
        ),
        (
            Command::ResetByMail {
                code: code(),
                password: password(),
                sync_cameras: false,
            },
            "MailReset",
            vec![("Code", "a<b&c=\"d\""), new],
        ),
    ];
    assert_written(cases);
}

#[test]
fn each_command_of_the_cloud_has_its_elements_in_order() {
    let new = ("Password", "Garden7!");
    assert_written(vec![
        (Command::GetSetUp, "getPasswordResetType", vec![]),
        (Command::GetUnbindStatus, "getUnbindStatus", vec![]),
        (
            Command::SetCloud {
                enabled: false,
                password: password(),
            },
            "SetHCPlatform",
            vec![("HCPlatformEnable", "false"), new],
        ),
        (
            Command::SetVerificationCode {
                code: VerificationCode::new(&"ABCDEF".into()).unwrap(),
                password: password(),
            },
            "SetVerificationCode",
            vec![("VerificationCode", "ABCDEF"), new],
        ),
        (
            Command::Unbind {
                password: password(),
            },
            "ezvizUnbind",
            vec![new],
        ),
        (
            Command::Deactivate {
                password: password(),
            },
            "restoreInactive",
            vec![new],
        ),
    ]);
}

fn assert_written(cases: Vec<(Command, &str, Body<'_>)>) {
    for (command, types, body) in cases {
        assert_eq!(command.types(), types);
        let nil = "00000000-0000-0000-0000-000000000000";
        let head = vec![("Uuid", nil), ("MAC", MAC), ("Types", types)];
        let expected = [head, body].concat();
        let said = said(&command);
        let said: Vec<_> = said.iter().map(|(path, text)| (&**path, &**text)).collect();
        assert_eq!(said, expected, "{types}");
        let sealed = command.encode(Uuid::nil(), &target(), None).is_err();
        assert_eq!(command.is_sealed(), sealed, "{types}");
    }
}

#[test]
fn a_code_is_sealed_where_the_device_says_so() {
    let sealing = Target {
        seals_code: true,
        ..target()
    };
    let guid = Guid::new(&[7; 128]).unwrap();
    let commands = [
        Command::Reset {
            code: code(),
            password: password(),
            sync_cameras: true,
        },
        Command::ResetByMail {
            code: code(),
            password: password(),
            sync_cameras: false,
        },
        Command::ResetByGuid {
            guid: Box::new(guid),
            password: password(),
            sync_cameras: false,
        },
        Command::ResetToDefault { code: code() },
    ];
    for command in commands {
        let mut plain = said(&command);
        let sealed = said_to(&sealing, &command);
        let place = plain.iter().position(|(path, _)| path == "Code");
        if let Some(place) = place.filter(|_| command.is_sealed()) {
            plain.insert(place, ("Code@bEncrypt".into(), "true".into()));
        }
        assert_eq!(sealed, plain, "{}", command.types());
    }
}

/// A device that says this of itself.
fn device(said: &[(&str, &str)]) -> sadp_model::Device {
    let told = [
        ("Types", "inquiry"),
        ("MAC", MAC),
        ("Encrypt", "true"),
        ("IPv4Address", "192.168.1.64"),
    ];
    let fields = told.iter().chain(said).copied().collect();
    let bytes = crate::Document::encode("ProbeMatch", &fields, crate::XmlLayout::OneLine);
    let Ok(Message::Report(report)) = Message::decode(&bytes) else {
        panic!("not a report");
    };
    report.device
}

fn update(device: &sadp_model::Device, account: Option<&str>) -> Result<Update, UpdateError> {
    let credentials = Credentials {
        password: &password(),
        account,
    };
    Update::new(device, NetworkSettings::of(device), credentials)
}

#[test]
fn what_nobody_told_is_not_written() {
    let known = [("IPv4SubnetMask", "255.255.255.0"), ("CommandPort", "8000")];
    let ports = [("HttpPort", "81"), ("SDKOverTLSPort", "8444")];
    let names = |said: &[(&str, &str)]| {
        let update = update(&device(said), None).unwrap();
        let said = said_to(&target(), &Command::Update(Box::new(update)));
        let ports = said.into_iter().filter(|(name, _)| name.ends_with("Port"));
        ports.collect::<Vec<_>>()
    };
    let expected = |ports: &[(&str, &str)]| {
        let ports = ports.iter();
        let ports = ports.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        ports.collect::<Vec<_>>()
    };
    assert_eq!(names(&known), expected(&[known[1]]));
    assert_eq!(
        names(&[known, ports].concat()),
        expected(&[known[1], ports[0], ports[1]])
    );
    for (said, missing) in [
        (&known[..1], UpdateError::UnknownSdkPort),
        (&known[1..], UpdateError::UnknownMask),
    ] {
        assert_eq!(update(&device(said), None).unwrap_err(), missing);
    }
    let zeros = [("IPv4SubnetMask", "0.0.0.0"), known[1]];
    assert!(update(&device(&zeros), None).is_ok(), "its own word");
}

#[test]
fn an_account_has_to_be_known_outside_the_standard_mode() {
    let salt = "0123456789abcdef".repeat(4);
    let sent = |said: &[(&str, &str)], account| {
        let known = [
            ("IPv4SubnetMask", "255.255.255.0"),
            ("CommandPort", "8000"),
            ("Salt", &*salt),
        ];
        let device = device(&[&known, said].concat());
        assert_eq!(
            Update::check(&device, account).err(),
            update(&device, account).err()
        );
        let update = update(&device, account)?;
        let said = said_to(&target(), &Command::Update(Box::new(update)));
        let mut passwords = said.into_iter().filter(|(name, _)| name == "Password");
        Ok(passwords.next().unwrap().1)
    };
    let admin = sent(&[], None);
    let installer = sent(&[], Some("installer"));
    assert!(admin.is_ok() && installer.is_ok() && admin != installer);
    for mode in ["high-A", "high-B", "custom"] {
        let mode = ("SecurityMode", mode);
        for user in [&[mode][..], &[mode, ("UserName", "")]] {
            assert_eq!(sent(user, None), Err(UpdateError::UnknownAccount));
            assert_eq!(sent(user, Some("installer")), installer);
        }
        let named = [mode, ("UserName", "admin")];
        assert_eq!(sent(&named, None), admin);
        assert_eq!(
            sent(&named, Some("installer")),
            admin,
            "the device tells it"
        );
    }
    for mode in ["standard", "Standard", ""] {
        assert_eq!(sent(&[("SecurityMode", mode)], None), admin);
    }
}

#[test]
fn an_update_is_not_made_with_a_salt_of_another_length() {
    let (short, long) = ("a".repeat(63), "b".repeat(65));
    let salt = "0123456789abcdef".repeat(4);
    let check = |said: &[(&str, &str)]| Update::check(&device(said), None);
    for (said, error) in [
        (vec![("Salt", &*short)], SealError::SaltLength { bytes: 63 }),
        (vec![("Salt", &*long)], SealError::SaltLength { bytes: 65 }),
        (
            vec![("Salt", &*salt), ("Salt2", &*long)],
            SealError::Salt2Length { bytes: 65 },
        ),
    ] {
        assert_eq!(check(&said), Err(UpdateError::Seal(error)));
    }
    assert_eq!(check(&[("Salt2", &*long)]), Ok(()), "ignored without Salt");
    assert_eq!(check(&[("Salt", &*salt), ("Salt2", "b")]), Ok(()));
}

#[test]
fn the_largest_commands_have_room() {
    let longest = "\"".repeat(SessionKey::MAX_ANSWER_BYTES);
    let answers = SecretAnswers::new((30..33).map(|id| (id, longest.as_str().into())).collect());
    let largest = [
        Command::Reset {
            code: Code::new(&[b'"'; Code::MAX_BYTES]).unwrap(),
            password: password(),
            sync_cameras: true,
        },
        Command::ResetByAnswers {
            answers: answers.unwrap(),
            password: password(),
            sync_cameras: true,
        },
    ];
    for command in largest {
        let key = ExchangeKey::generate(&mut OsRng).unwrap();
        let random = b"0123456789abcdef";
        let (answer, _) =
            device::answer_exchange(&key.public_code().unwrap(), random, &mut OsRng).unwrap();
        let key = key.open(&answer, &mut OsRng).unwrap();
        let sealing = Target {
            seals_code: true,
            ..target()
        };
        let datagram = command.encode(Uuid::nil(), &sealing, Some(&key)).unwrap();
        let Ok(Message::Request(request)) = Message::decode(&datagram) else {
            panic!("not a request");
        };
        let bytes = request.fields.iter();
        let bytes: usize = bytes.map(|(name, text)| name.len() + text.len()).sum();
        assert!(bytes <= CommandFields::MAX_BYTES, "{bytes}");
    }
}

#[test]
fn questions_are_a_list_of_records() {
    let text = |command: &Command| {
        let key = ExchangeKey::generate(&mut OsRng).unwrap();
        let (answer, _) =
            device::answer_exchange(&key.public_code().unwrap(), b"0123456789abcdef", &mut OsRng)
                .unwrap();
        let key = key.open(&answer, &mut OsRng).unwrap();
        let datagram = command.encode(Uuid::nil(), &target(), Some(&key)).unwrap();
        String::from_utf8(datagram.to_vec()).unwrap()
    };
    let text = text(&Command::SetQuestions {
        answers: answers(),
        password: password(),
    });
    assert_eq!(text.matches("<Question><ID>").count(), 3, "{text}");
    assert_eq!(text.matches("</mark></Question>").count(), 3, "{text}");
    assert_eq!(text.matches("<QuestionList>").count(), 1, "{text}");
}

#[test]
fn answers_out_of_bounds_are_refused() {
    let refused = |answers: &[(u32, &str)]| {
        let answers = answers.iter().map(|(id, text)| (*id, (*text).into()));
        SecretAnswers::new(answers.collect())
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(
        refused(&[(1, "a"), (2, "b")]),
        AnswersError::Count { count: 2 }
    );
    assert_eq!(
        refused(&[(1, "a"), (2, "b"), (33, "c")]),
        AnswersError::Id { id: 33 }
    );
    assert_eq!(
        refused(&[(0, "a"), (2, "b"), (3, "c")]),
        AnswersError::Id { id: 0 }
    );
    assert_eq!(
        refused(&[(1, "a"), (2, "b"), (1, "c")]),
        AnswersError::Twice { id: 1 }
    );
    let empty = AnswersError::Text {
        id: 2,
        source: SealError::AnswerLength { bytes: 0 },
    };
    assert_eq!(refused(&[(1, "a"), (2, ""), (3, "c")]), empty);
    assert_eq!(format!("{:?}", answers()), "SecretAnswers([1, 5, 32])");
}

#[test]
fn a_secret_goes_out_once() {
    let password = password();
    for command in [
        Command::Activate { password },
        Command::Unbind {
            password: self::password(),
        },
        Command::GetSetUp,
        Command::GetUnbindStatus,
        Command::GetCode,
        Command::Lamp { on: true },
    ] {
        let spec = command.spec();
        assert_ne!(spec.carries_secret, spec.repeatable, "{}", spec.types);
        assert!(!spec.costs_try || spec.carries_secret, "{}", spec.types);
    }
}

proptest::proptest! {
    // Each case makes a key of its own.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

    #[test]
    fn a_verification_code_of_any_form_is_opened_again(code in "[!-~]{1,12}", password in "[ -~]{1,16}") {
        let command = Command::SetVerificationCode {
            code: VerificationCode::new(&code.as_str().into()).unwrap(),
            password: Password::new(password.as_str().into()).unwrap(),
        };
        let said = said(&command);
        let sealed = |name: &str| said.iter().find(|(path, _)| path == name).unwrap().1.clone();
        proptest::prop_assert_eq!(sealed("VerificationCode"), code);
        proptest::prop_assert_eq!(sealed("Password"), password);
    }
}

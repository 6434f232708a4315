mod elements;

use std::sync::LazyLock;

use getrandom::{SysRng, rand_core::UnwrapErr};
use secrecy::ExposeSecret;

use super::*;
use crate::{
    Document, Header, Message, RequestMessage,
    seal::{ExchangeKey, device},
};

pub(crate) const MAC: &str = "44-47-cc-00-00-01";

/// The device of this MAC, at 10.0.0.5.
pub(crate) fn target() -> Target {
    Target {
        mac: MAC.parse().unwrap(),
        mac_text: MAC.into(),
        from: [10, 0, 0, 5].into(),
        response_time: None,
        seals_code: false,
    }
}

/// With the special characters of XML.
const PASSWORD: (&str, &str) = ("Password", "G<&>\"'\u{e4}7!");

fn password() -> Password {
    Password::new(PASSWORD.1.into()).unwrap()
}

fn answers() -> SecretAnswers {
    SecretAnswers::new(vec![
        (1, "Paris".into()),
        (5, "R\u{e4}x".into()),
        (32, "7".into()),
    ])
    .unwrap()
}

/// One key for all tests: making one takes long.
static SESSION: LazyLock<(SessionKey, device::DeviceSession)> = LazyLock::new(|| {
    let key = ExchangeKey::generate(&mut UnwrapErr(SysRng)).unwrap();
    let random = b"0123456789abcdef0123456789abcdef";
    let (answer, session) =
        device::answer_exchange(&key.public_code().unwrap(), random, &mut UnwrapErr(SysRng))
            .unwrap();
    (key.open(&answer, &mut UnwrapErr(SysRng)).unwrap(), session)
});

fn request(command: &Command, uuid: Uuid, target: &Target) -> RequestMessage {
    let datagram = command.encode(uuid, target, Some(&SESSION.0)).unwrap();
    let Ok(Message::Request(request)) = Message::decode(&datagram) else {
        panic!("not a request");
    };
    request
}

/// Encodes a command and decodes the request with its sealed texts opened.
fn read_back(command: &Command, uuid: Uuid, target: &Target) -> (Header, Vec<(String, String)>) {
    let session = &SESSION.1;
    let request = request(command, uuid, target);
    let fields = request.fields.iter().map(|(path, text)| {
        let opened = match path {
            "Code" if command.is_sealed() && target.seals_code => session.open_code(text).unwrap(),
            "Password" | "VerificationCode" if command.is_sealed() => {
                session.open_password(text).unwrap()
            }
            "QuestionList/Question/Answer" => session.open_answer(text).unwrap(),
            _ => text.into(),
        };
        (path.to_owned(), opened.expose_secret().to_owned())
    });
    let fields = fields.collect();
    (request.header, fields)
}

fn said(command: &Command) -> Vec<(String, String)> {
    read_back(command, Uuid::nil(), &target()).1
}

/// A device that reports these elements.
fn device(said: &[(&str, &str)]) -> sadp_model::Device {
    let told = [
        ("Types", "inquiry"),
        ("MAC", MAC),
        ("Encrypt", "true"),
        ("IPv4Address", "192.168.1.64"),
    ];
    let fields = told.iter().chain(said).copied().collect();
    let bytes = Document::encode("ProbeMatch", &fields, crate::XmlLayout::OneLine);
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
fn an_update_is_not_made_of_what_nobody_reported() {
    let known = [("IPv4SubnetMask", "255.255.255.0"), ("CommandPort", "8000")];
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
        let checked = Update::check(&device, account);
        let update = update(&device, account);
        assert_eq!(checked.err(), update.as_ref().err().copied());
        let update = update?;
        let sent = self::said(&Command::Update(Box::new(update)));
        let mut passwords = sent.into_iter().filter(|(name, _)| name == "Password");
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
        let installer = sent(&named, Some("installer"));
        assert_eq!(installer, admin, "the device tells it");
    }
    for mode in ["standard", "Standard", ""] {
        assert_eq!(sent(&[("SecurityMode", mode)], None), admin);
    }
}

#[test]
fn an_update_is_not_made_with_a_salt_of_another_length() {
    let (salt, long) = ("0123456789abcdef".repeat(4), "b".repeat(65));
    let salts = [("Salt", &*salt), ("Salt2", &*long)];
    let check = |said: &[(&str, &str)]| Update::check(&device(said), None);
    let error = UpdateError::Seal(SealError::Salt2Length(65));
    assert_eq!(check(&salts), Err(error));
    let error = UpdateError::Seal(SealError::SaltLength(65));
    assert_eq!(check(&[("Salt", &*long)]), Err(error));
    assert_eq!(check(&salts[1..]), Ok(()), "ignored without Salt");
    assert_eq!(check(&[salts[0], ("Salt2", "b")]), Ok(()));
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
    let sealing = Target {
        seals_code: true,
        ..target()
    };
    for command in largest {
        let request = request(&command, Uuid::nil(), &sealing);
        let bytes = request.fields.iter();
        let bytes: usize = bytes.map(|(name, text)| name.len() + text.len()).sum();
        assert!(bytes <= CommandFields::MAX_BYTES, "{bytes}");
    }
}

#[test]
fn questions_are_a_list_of_records() {
    let command = Command::SetQuestions {
        answers: answers(),
        password: password(),
    };
    let datagram = command.encode(Uuid::nil(), &target(), Some(&SESSION.0));
    let text = String::from_utf8(datagram.unwrap().to_vec()).unwrap();
    assert_eq!(text.matches("<Question><ID>").count(), 3, "{text}");
    assert_eq!(text.matches("</mark></Question>").count(), 3, "{text}");
    assert_eq!(text.matches("<QuestionList>").count(), 1, "{text}");
}

#[test]
fn a_secret_goes_out_once() {
    for spec in CommandSpec::ALL {
        assert_ne!(spec.carries_secret, spec.repeatable, "{}", spec.types);
        assert!(!spec.costs_try || spec.carries_secret, "{}", spec.types);
    }
}

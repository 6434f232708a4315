use rsa::rand_core::OsRng;
use secrecy::ExposeSecret;

use super::*;
use crate::{
    Message,
    seal::{ExchangeKey, device},
};

const MAC: &str = "44-47-cc-00-00-01";

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
    let key = ExchangeKey::generate(&mut OsRng).unwrap();
    let random = b"0123456789abcdef0123456789abcdef";
    let (answer, session) =
        device::answer_exchange(&key.public_code().unwrap(), random, &mut OsRng).unwrap();
    let key = key.open(&answer, &mut OsRng).unwrap();
    let bytes = command.encode(Uuid::nil(), MAC, Some(&key)).unwrap();
    let Ok(Message::Request(request)) = Message::decode(&bytes) else {
        panic!("not a request");
    };
    let opened = |path: &str, text: &str| match path {
        "Password" => session
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
    for (command, types, body) in cases {
        assert_eq!(command.types(), types);
        let nil = "00000000-0000-0000-0000-000000000000";
        let head = vec![("Uuid", nil), ("MAC", MAC), ("Types", types)];
        let expected = [head, body].concat();
        let said = said(&command);
        let said: Vec<_> = said.iter().map(|(path, text)| (&**path, &**text)).collect();
        assert_eq!(said, expected, "{types}");
        let sealed = command.encode(Uuid::nil(), MAC, None).is_err();
        assert_eq!(command.is_sealed(), sealed, "{types}");
    }
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
        let datagram = command.encode(Uuid::nil(), MAC, Some(&key)).unwrap();
        let Ok(Message::Request(request)) = Message::decode(&datagram) else {
            panic!("not a request");
        };
        let bytes = request.fields.iter();
        let bytes: usize = bytes.map(|(name, text)| name.len() + text.len()).sum();
        assert!(bytes <= Fields::MAX_BYTES, "{bytes}");
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
        let datagram = command.encode(Uuid::nil(), MAC, Some(&key)).unwrap();
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

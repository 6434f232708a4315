//! The data of password recovery: codes, GUIDs, questions, e-mail.

mod code;
mod guid;
mod mail;
mod question;

use sadp_model::SetUp;

pub use self::{
    code::{Code, CodeError, RequestCode, VerificationCode, VerificationCodeError},
    guid::{Guid, GuidError},
    mail::{MailQr, Mailbox},
    question::{AnswersError, Question, QuestionList, SecretAnswers},
};
use crate::{CommandReply, inquiry::boolean};

/// Parses the reply to `getPasswordResetType`. A missing or invalid element leaves
/// its method unknown.
pub fn read_set_up(reply: &CommandReply) -> SetUp {
    let [questions, guid, mailbox, verification_code] = [
        "SecurityQuestionEnabled",
        "GuidFileDataEnabled",
        "SecurityEmailEnabled",
        "HCVerificationCodeEnabled",
    ]
    .map(|name| reply.fields.first(name).and_then(boolean));
    SetUp {
        questions,
        guid,
        mailbox,
        verification_code,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::any, prop_assert_eq, proptest};

    use super::*;
    use crate::Message;

    fn read(fields: &[(&str, Option<bool>)]) -> SetUp {
        let element = |(name, value): &(&str, Option<bool>)| {
            value.map_or_else(String::new, |it| format!("<{name}>{it}</{name}>"))
        };
        let body: String = fields.iter().map(element).collect();
        let text = format!(
            "<ProbeMatch><Types>getPasswordResetType</Types><Result>success</Result>{body}</ProbeMatch>"
        );
        let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) else {
            panic!("not a command reply");
        };
        read_set_up(&reply)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values in [option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>())]) {
            let [questions, guid, mailbox, verification_code] = values;
            let expected = SetUp { questions, guid, mailbox, verification_code };
            let fields = [
                ("PasswordResetTypeEnabled", Some(true)),
                ("SecurityQuestionEnabled", questions),
                ("GuidFileDataEnabled", guid),
                ("SecurityEmailEnabled", mailbox),
                ("HCVerificationCodeEnabled", verification_code),
            ];
            prop_assert_eq!(read(&fields), expected);
        }
    }
}

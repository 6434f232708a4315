//! The data of password recovery: codes, GUIDs, questions, e-mail.

mod code;
mod guid;
mod mail;
mod question;

use sadp_model::SetUp;

pub use self::{
    code::{Code, CodeError, RequestCode, VerificationCode, VerificationCodeError},
    guid::{Guid, GuidError},
    mail::{MailQr, Mailbox, MailboxError},
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
    use super::*;
    use crate::message::command_reply;

    #[test]
    #[rustfmt::skip]
    fn each_method_is_read_from_its_element() {
        let unknown = SetUp::default;
        for (name, expected) in [
            ("SecurityQuestionEnabled", SetUp { questions: Some(false), ..unknown() }),
            ("GuidFileDataEnabled", SetUp { guid: Some(false), ..unknown() }),
            ("SecurityEmailEnabled", SetUp { mailbox: Some(false), ..unknown() }),
            ("HCVerificationCodeEnabled", SetUp { verification_code: Some(false), ..unknown() }),
            ("PasswordResetTypeEnabled", unknown()),
        ] {
            let body = format!("<Result>success</Result><{name}>false</{name}></ProbeMatch>");
            let reply = command_reply("getPasswordResetType", &body);
            assert_eq!(read_set_up(&reply), expected, "{name}");
        }
    }
}

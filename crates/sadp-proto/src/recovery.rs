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
    use proptest::{prop_assert_eq, proptest};

    use super::*;
    use crate::message::command_reply;

    fn read(fields: &[(&str, Option<bool>)]) -> SetUp {
        let set = fields
            .iter()
            .filter_map(|(name, set)| Some((name, (*set)?)));
        let elements = set.map(|(name, set)| format!("<{name}>{set}</{name}>"));
        let elements = elements.collect::<Vec<_>>().concat();
        let body = format!("<Result>success</Result>{elements}</ProbeMatch>");
        read_set_up(&command_reply("getPasswordResetType", &body))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values: [Option<bool>; 4]) {
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

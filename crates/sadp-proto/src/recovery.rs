//! What passes between a device, its owner and the vendor to bring a password
//! back: codes, GUIDs, questions, e-mail.

mod code;
mod guid;
mod mail;
mod question;

pub use self::{
    code::{Code, CodeError, RequestCode},
    guid::{Guid, GuidError},
    mail::{MailQr, Mailbox},
    question::{Question, QuestionList},
};

//! What passes between a device, its owner and the vendor to bring a password
//! back: codes, GUIDs, questions, e-mail.

mod code;
mod guid;
mod mail;
mod question;
mod set_up;
mod verification;

pub use self::{
    code::{Code, CodeError, RequestCode},
    guid::{Guid, GuidError},
    mail::{MailQr, Mailbox},
    question::{Question, QuestionList},
    set_up::read_set_up,
    verification::{VerificationCode, VerificationCodeError},
};

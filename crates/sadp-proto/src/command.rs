//! What is asked of one device, and how each is written.

mod spec;
mod update;

use std::net::IpAddr;

use sadp_model::{MacAddr, RawFields};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::{
    spec::CommandSpec,
    update::{Credentials, NetworkSettings, Update, UpdateError},
};
use crate::{
    Code, CommandReply, Document, Guid, Mailbox, SecretAnswers, VerificationCode,
    seal::{Password, SealError, SessionKey},
};

/// The device a command is for, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its hardware address.
    pub mac: MacAddr,
    /// The same as the device wrote it: it wants to be addressed so.
    pub mac_text: Box<str>,
    /// The address from which it was heard.
    pub from: IpAddr,
    /// Whether it says `codeEncrypt`: a `Code` is sealed for it.
    pub seals_code: bool,
}

/// A command to one device. Those that carry a secret hold it until dropped,
/// and are sent once.
///
/// Where cameras can be told the new password too, `sync_cameras` asks a
/// recorder to pass it on to those it manages.
#[derive(Debug)]
pub enum Command {
    /// Gives an unactivated device its first password.
    Activate {
        /// The password to set.
        password: Password,
    },
    /// Changes network settings.
    Update(Box<Update>),
    /// Switches the lamp by which a device is found in a rack.
    Lamp {
        /// Whether it is to shine.
        on: bool,
    },
    /// Asks for the code of a request to the vendor. Each makes a new one, and
    /// the device forgets the one before.
    GetCode,
    /// Asks for the encrypted string of a request to the vendor, on firmware
    /// that takes a key for an answer, too. Each makes a new one, as above.
    GetEncryptString,
    /// Gives a device the vendor's answer to its request, and a new password.
    Reset {
        /// The answer.
        code: Code,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
    /// Gives an old device the vendor's dated code. It returns to its factory
    /// default password.
    ResetToDefault {
        /// The dated code.
        code: Code,
    },
    /// Asks for the file by which a password can be brought back later.
    ExportGuid {
        /// The current password.
        password: Password,
    },
    /// Gives a device the GUID it exported earlier, and a new password.
    ResetByGuid {
        /// What it exported.
        guid: Box<Guid>,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
    /// Asks which security questions there are, and which are set.
    GetQuestions,
    /// Sets the security questions.
    SetQuestions {
        /// The answers, by question.
        answers: SecretAnswers,
        /// The current password.
        password: Password,
    },
    /// Answers the security questions, and sets a new password.
    ResetByAnswers {
        /// The answers, by question.
        answers: SecretAnswers,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
    /// Sets the reserved e-mail address.
    SetMailbox {
        /// The address.
        mailbox: Mailbox,
        /// The current password.
        password: Password,
    },
    /// Asks which recovery ways are set up.
    GetSetUp,
    /// Switches Hik-Connect on or off.
    SetCloud {
        /// Whether it is to be on.
        enabled: bool,
        /// The current password.
        password: Password,
    },
    /// Sets the verification code of Hik-Connect.
    SetVerificationCode {
        /// The code.
        code: VerificationCode,
        /// The current password.
        password: Password,
    },
    /// Asks whether the device can be unbound from its Hik-Connect account.
    GetUnbindStatus,
    /// Unbinds the device from its Hik-Connect account.
    Unbind {
        /// The current password.
        password: Password,
    },
    /// Returns the device to the unactivated state: it has no password then.
    Deactivate {
        /// The current password.
        password: Password,
    },
    /// Asks for the QR code that brings a code to the reserved e-mail address.
    GetMailQr,
    /// Gives a device the code that came by e-mail, and a new password.
    ResetByMail {
        /// The code.
        code: Code,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
}

impl Command {
    /// The `Types` element.
    pub const fn types(&self) -> &'static str {
        self.spec().types
    }

    /// Whether a key exchange comes first.
    pub const fn is_sealed(&self) -> bool {
        self.spec().sealed
    }

    /// Whether a reply that tells no `Result` answers it all the same: it holds
    /// what was asked for.
    pub(crate) fn is_answered_by(&self, reply: &CommandReply) -> bool {
        reply
            .said(match self {
                Self::GetCode => "Code",
                Self::GetEncryptString => "EncryptString",
                Self::ExportGuid { .. } => "GUID",
                Self::GetQuestions => "QuestionList/Question/ID",
                Self::GetMailQr => "QRcodes",
                Self::GetSetUp => "PasswordResetTypeEnabled",
                _ => return false,
            })
            .is_some()
    }

    /// Whether the device may answer from this address besides the one it had:
    /// it has just been given it.
    pub(crate) fn may_answer_from(&self, from: IpAddr) -> bool {
        match self {
            Self::Update(update) => update.moves_to(from),
            _ => false,
        }
    }

    /// The datagram. `key` is there when [`Command::is_sealed`].
    pub(crate) fn encode(
        &self,
        uuid: Uuid,
        target: &Target,
        key: Option<&SessionKey>,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mac = &*target.mac_text;
        let code_key = key.filter(|_| target.seals_code && self.is_sealed());
        let mut fields = CommandFields::default();
        match self {
            Self::Update(update) => update.write(uuid, mac, &mut fields),
            Self::Lamp { on } => {
                fields.put_uuid(uuid);
                fields.put("Types", self.types());
                fields.put("MAC", mac);
                fields.put("Action", if *on { "open" } else { "close" });
            }
            _ => {
                fields.head(uuid, mac, self.types());
                self.write_body(key, code_key, &mut fields)?;
            }
        }
        Ok(fields.encode())
    }

    /// What follows the beginning that most commands share.
    /// `code_key` is there where a `Code` is sealed.
    fn write_body(
        &self,
        key: Option<&SessionKey>,
        code_key: Option<&SessionKey>,
        fields: &mut CommandFields,
    ) -> Result<(), SealError> {
        if self.syncs_cameras() {
            fields.put("SyncIPCPassword", "true");
        }
        match self {
            Self::Reset { code, .. }
            | Self::ResetToDefault { code }
            | Self::ResetByMail { code, .. } => match code_key {
                Some(key) => {
                    fields.put("Code@bEncrypt", "true");
                    fields.put("Code", key.seal_code(code.as_str()).as_str());
                }
                None => fields.put("Code", code.as_str()),
            },
            Self::ResetByGuid { guid, .. } => fields.put("GUID", guid.as_str()),
            Self::SetQuestions { answers, .. } | Self::ResetByAnswers { answers, .. } => {
                let key = key.ok_or(SealError::BadExchange)?;
                for (id, answer) in answers.iter() {
                    fields.put("QuestionList/Question/ID", &id.to_string());
                    let sealed = key.seal_answer(answer)?;
                    fields.put("QuestionList/Question/Answer", sealed.as_str());
                    fields.put("QuestionList/Question/mark", "true");
                }
            }
            Self::SetMailbox { mailbox, .. } => fields.put("MailBox", &mailbox.to_base64()),
            Self::SetCloud { enabled, .. } => {
                fields.put("HCPlatformEnable", if *enabled { "true" } else { "false" });
            }
            Self::SetVerificationCode { code, .. } => {
                let key = key.ok_or(SealError::BadExchange)?;
                let sealed = key.seal_password(code.as_password());
                fields.put("VerificationCode", sealed.as_str());
            }
            _ => {}
        }
        if let Some(password) = self.password() {
            let key = key.ok_or(SealError::BadExchange)?;
            fields.put("Password", key.seal_password(password).as_str());
        }
        Ok(())
    }

    const fn syncs_cameras(&self) -> bool {
        match self {
            Self::Reset { sync_cameras, .. }
            | Self::ResetByGuid { sync_cameras, .. }
            | Self::ResetByAnswers { sync_cameras, .. }
            | Self::ResetByMail { sync_cameras, .. } => *sync_cameras,
            _ => false,
        }
    }

    /// The password that is sealed in the session.
    const fn password(&self) -> Option<&Password> {
        match self {
            Self::Activate { password }
            | Self::Reset { password, .. }
            | Self::ExportGuid { password }
            | Self::ResetByGuid { password, .. }
            | Self::SetQuestions { password, .. }
            | Self::ResetByAnswers { password, .. }
            | Self::SetMailbox { password, .. }
            | Self::SetCloud { password, .. }
            | Self::SetVerificationCode { password, .. }
            | Self::Unbind { password }
            | Self::Deactivate { password }
            | Self::ResetByMail { password, .. } => Some(password),
            Self::Update(_)
            | Self::Lamp { .. }
            | Self::GetCode
            | Self::GetEncryptString
            | Self::ResetToDefault { .. }
            | Self::GetQuestions
            | Self::GetSetUp
            | Self::GetUnbindStatus
            | Self::GetMailQr => None,
        }
    }
}

/// The elements of a command, in the order they are sent. Wiped when dropped.
struct CommandFields(Zeroizing<RawFields>);

impl Default for CommandFields {
    fn default() -> Self {
        Self(Zeroizing::new(RawFields::with_capacity(Self::MAX_BYTES)))
    }
}

impl CommandFields {
    /// More than any command has. One that had to grow would leave a copy.
    const MAX_BYTES: usize = 4096;

    /// The beginning of most commands.
    fn head(&mut self, uuid: Uuid, mac: &str, types: &str) {
        self.put_uuid(uuid);
        self.put("MAC", mac);
        self.put("Types", types);
    }

    fn put_uuid(&mut self, uuid: Uuid) {
        let mut buffer = Uuid::encode_buffer();
        self.put("Uuid", uuid.hyphenated().encode_upper(&mut buffer));
    }

    fn put(&mut self, name: &str, text: &str) {
        self.0.push(name, text);
    }

    fn put_or(&mut self, name: &str, value: Option<impl ToString>, unset: &str) {
        let text = value.map_or_else(|| unset.to_owned(), |value| value.to_string());
        self.put(name, &text);
    }

    fn put_some(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(name, &value.to_string());
        }
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        Document::encode_secret("Probe", &self.0)
    }
}

/// The question that begins an exchange.
pub(crate) fn exchange_code(uuid: Uuid, mac: &str, code: &str) -> Zeroizing<Vec<u8>> {
    let mut fields = CommandFields::default();
    fields.head(uuid, mac, EXCHANGE);
    fields.put("Code", code);
    fields.encode()
}

/// The `Types` of a key exchange.
pub(crate) const EXCHANGE: &str = "exchangecode";

#[cfg(test)]
mod tests;

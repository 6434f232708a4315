//! Requests to one device, and their encoding.

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

/// The device that a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its hardware address.
    pub mac: MacAddr,
    /// The same, as the device wrote it: commands must repeat it exactly.
    pub mac_text: Box<str>,
    /// The address it replies from.
    pub from: IpAddr,
    /// Whether it reports `codeEncrypt`: a `Code` is sealed for it.
    pub seals_code: bool,
}

/// A command to one device. Commands with a secret wipe it when dropped, and are
/// sent once.
///
/// `sync_cameras` makes a recorder pass the new password on to its cameras.
#[derive(Debug)]
pub enum Command {
    /// Gives an unactivated device its first password.
    Activate {
        /// The password to set.
        password: Password,
    },
    /// Changes network settings.
    Update(Box<Update>),
    /// Switches the lamp that shows where a device is in a rack.
    Lamp {
        /// Whether to switch it on.
        on: bool,
    },
    /// Gets the code of a request to the vendor. Each call makes a new one and
    /// voids the one before.
    GetCode,
    /// Gets the encrypted string of a request to the vendor, on firmware that
    /// accepts a key as well. Each call makes a new one, too.
    GetEncryptString,
    /// Resets the password with the vendor's answer to a request.
    Reset {
        /// The answer.
        code: Code,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
    /// Resets an old device to its default password with the vendor's dated code.
    ResetToDefault {
        /// The dated code.
        code: Code,
    },
    /// Exports the GUID file that can reset the password later.
    ExportGuid {
        /// The current password.
        password: Password,
    },
    /// Resets the password with an exported GUID.
    ResetByGuid {
        /// The GUID.
        guid: Box<Guid>,
        /// The password to set.
        password: Password,
        /// Whether its cameras get it, too.
        sync_cameras: bool,
    },
    /// Gets the security questions, and which are set.
    GetQuestions,
    /// Sets the security questions.
    SetQuestions {
        /// The answers, by question.
        answers: SecretAnswers,
        /// The current password.
        password: Password,
    },
    /// Resets the password with answers to the security questions.
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
    /// Gets which recovery methods are set up.
    GetSetUp,
    /// Enables or disables Hik-Connect.
    SetCloud {
        /// Whether to enable it.
        enabled: bool,
        /// The current password.
        password: Password,
    },
    /// Sets the Hik-Connect verification code.
    SetVerificationCode {
        /// The code.
        code: VerificationCode,
        /// The current password.
        password: Password,
    },
    /// Gets whether the device can be unbound from its Hik-Connect account.
    GetUnbindStatus,
    /// Unbinds the device from its Hik-Connect account.
    Unbind {
        /// The current password.
        password: Password,
    },
    /// Returns the device to the unactivated state, without a password.
    Deactivate {
        /// The current password.
        password: Password,
    },
    /// Gets the QR code for a code by e-mail.
    GetMailQr,
    /// Resets the password with the code that came by e-mail.
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

    /// Whether a reply without a `Result` answers it: it contains the requested
    /// element.
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

    /// Whether the device may reply from this address, too: the command gives it
    /// this address.
    pub(crate) fn may_answer_from(&self, from: IpAddr) -> bool {
        match self {
            Self::Update(update) => update.moves_to(from),
            _ => false,
        }
    }

    /// Encodes the datagram. `key` is needed if [`Command::is_sealed`].
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

    /// Adds what follows the common elements. `code_key` is set if a `Code` is
    /// sealed.
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

    /// The password that is sealed with the session key.
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
    /// More than any command needs. Growing would leave a copy in memory.
    const MAX_BYTES: usize = 4096;

    /// Adds the first elements of most commands.
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

/// Encodes the key request.
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

//! Commands to one device: one table of them, and their encoding. A new command is
//! described here and nowhere else in this crate.

mod fields;
mod spec;
mod update;

use std::{net::IpAddr, time::Duration};

use sadp_model::MacAddr;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::fields::CommandFields;
pub(crate) use self::fields::{EXCHANGE, exchange_code};
pub use self::{
    spec::CommandSpec,
    update::{Credentials, NetworkSettings, Update, UpdateError},
};
use crate::{
    Code, CommandReply, Guid, Mailbox, SecretAnswers, VerificationCode,
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
    /// The longest time it took to reply to a probe. `None` if it is unknown.
    pub response_time: Option<Duration>,
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

/// Makes [`CommandSpec`]'s constants and [`Command::spec`] from one list.
macro_rules! specs {
    ($($command:ident $name:ident $spec:expr;)+) => {
        impl CommandSpec {
            $(
                #[doc = concat!("[`Command::", stringify!($command), "`].")]
                pub const $name: Self = $spec;
            )+

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),+];
        }

        impl Command {
            /// The facts about this kind of command.
            pub const fn spec(&self) -> &'static CommandSpec {
                match self {
                    $(Self::$command { .. } => &CommandSpec::$name,)+
                }
            }
        }
    };
}

/// Elements that report support for several commands.
const GUID: &str = "SupportGUID";
const QUESTIONS: &str = "SupportSecurityQuestion";
const MAILBOX: &str = "SupportMailBox";
const CLOUD: &str = "SupportHCPlatform";
const UNBIND: &str = "supportEzvizUnbind";

specs! {
    Activate ACTIVATE CommandSpec {
        sealed: true,
        sets_password: true,
        carries_secret: true,
        ..CommandSpec::plain("activate")
    };
    Update UPDATE CommandSpec::with_password("update").unsealed();
    Lamp LAMP CommandSpec::read("lamp");
    GetCode GET_CODE CommandSpec::read_new("getcode")
        .offered("PasswordResetAbility")
        .answered("Code");
    GetEncryptString GET_ENCRYPT_STRING CommandSpec::read_new("getencryptstring")
        .offered("PasswordResetModeSecond")
        .answered("EncryptString");
    Reset RESET CommandSpec::new_password("reset");
    ResetToDefault RESET_TO_DEFAULT CommandSpec::new_password("reset").unsealed();
    ExportGuid EXPORT_GUID CommandSpec::with_password("ExportGUID").offered(GUID).answered("GUID");
    ResetByGuid RESET_BY_GUID CommandSpec::new_password("GUIDReset").offered(GUID);
    GetQuestions GET_QUESTIONS CommandSpec::read("getsecurityquestion")
        .offered(QUESTIONS)
        .answered("QuestionList/Question/ID");
    SetQuestions SET_QUESTIONS CommandSpec::with_password("setsecurityquestion").offered(QUESTIONS);
    ResetByAnswers RESET_BY_ANSWERS CommandSpec::new_password("AnswerReset").offered(QUESTIONS);
    SetMailbox SET_MAILBOX CommandSpec::with_password("SetMailBox").offered(MAILBOX);
    GetMailQr GET_MAIL_QR CommandSpec::read_new("GetQRcodes").offered(MAILBOX).answered("QRcodes");
    ResetByMail RESET_BY_MAIL CommandSpec::new_password("MailReset").offered(MAILBOX);
    GetSetUp GET_SET_UP CommandSpec::read("getPasswordResetType")
        .offered("SupportPasswordResetType")
        .answered("PasswordResetTypeEnabled");
    SetCloud SET_CLOUD CommandSpec::with_password("SetHCPlatform").offered(CLOUD);
    SetVerificationCode SET_VERIFICATION_CODE
        CommandSpec::with_password("SetVerificationCode").offered(CLOUD);
    GetUnbindStatus GET_UNBIND_STATUS CommandSpec::read("getUnbindStatus").offered(UNBIND);
    Unbind UNBIND CommandSpec::with_password("ezvizUnbind").offered(UNBIND);
    // The device has no password afterwards.
    Deactivate DEACTIVATE
        CommandSpec::new_password("restoreInactive").offered("SupportRestoreInactive");
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
        let element = self.spec().answered_by;
        element.is_some_and(|element| reply.said(element).is_some())
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
                fields.put("HCPlatformEnable", &enabled.to_string());
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

#[cfg(test)]
pub(crate) mod tests;

//! One command at one device, and what the sealed commands have in common: their
//! password, the proof that it is the current one, tries, and a new password.

use rand::rngs::Xoshiro256PlusPlus;
use sadp_proto::seal::device::DeviceSession;
use secrecy::SecretString;

use super::{
    command::{CommandRequest, Response},
    memory::CommandMemory,
};
use crate::{Device, Tries};

/// A command that a device carries out.
pub(super) struct Execution<'a> {
    pub(super) device: &'a mut Device,
    pub(super) memory: &'a mut CommandMemory,
    pub(super) request: CommandRequest<'a>,
    pub(super) rng: &'a mut Xoshiro256PlusPlus,
}

impl<'a> Execution<'a> {
    /// The text of an element, "" where it is absent.
    pub(super) fn field(&self, name: &str) -> &'a str {
        self.request.fields.first(name).unwrap_or_default()
    }

    /// Refuses where the device has no password.
    pub(super) fn require_active(&self) -> Result<(), Response> {
        if self.device.state.activated {
            Ok(())
        } else {
            Err(Response::refused("notActivated"))
        }
    }

    /// Opens the password of a command, sealed in the session of the latest exchange,
    /// which is used up by it. A password that cannot be opened costs no try.
    pub(super) fn open(&mut self) -> Result<(DeviceSession, SecretString), Response> {
        let session = self.take_session();
        let opened = session.and_then(|session| {
            let password = session.open_password(self.field("Password")).ok()?;
            Some((session, password))
        });
        opened.ok_or_else(Response::failed)
    }

    /// Takes the session of the sender's latest exchange.
    pub(super) fn take_session(&mut self) -> Option<DeviceSession> {
        let CommandRequest { asker, now, .. } = self.request;
        self.memory.take_session(*asker.ip(), now)
    }

    /// Reads the `Code` of a command: sealed in its session where the device reports
    /// `codeEncrypt`, else plain text. A code that cannot be opened costs no try.
    pub(super) fn code(&self, session: &DeviceSession) -> Result<SecretString, Response> {
        let text = self.field("Code");
        if !self.device.opens_codes() {
            return Ok(text.into());
        }
        let sealed = self.field("Code@bEncrypt") == "true";
        let opened = sealed.then(|| session.open_code(text).ok()).flatten();
        opened.ok_or_else(Response::failed)
    }

    /// Opens the password of a command and checks that it is the current one. Wrong
    /// ones lock the device.
    pub(super) fn prove(&mut self) -> Result<(), Response> {
        let (_, password) = self.open()?;
        self.prove_password(&password)
    }

    /// Checks that this is the current password.
    pub(super) fn prove_password(&mut self, password: &SecretString) -> Result<(), Response> {
        self.check_lock()?;
        let access = &mut self.device.access;
        if access.password.is(password) {
            access.tries.forgive();
            return Ok(());
        }
        Err(self.wrong_password())
    }

    /// Refuses while too many passwords were wrong.
    pub(super) fn check_lock(&mut self) -> Result<(), Response> {
        check_lock(&mut self.device.access.tries, self.request)
    }

    /// Refuses a wrong password, or as locked where it was one too many.
    pub(super) fn wrong_password(&mut self) -> Response {
        wrong(&mut self.device.access.tries, self.request, "PasswordError")
    }

    /// Refuses a recovery command while too many secrets were wrong.
    pub(super) fn check_recovery_lock(&mut self) -> Result<(), Response> {
        check_lock(&mut self.device.recovery.tries, self.request)
    }

    /// Refuses a wrong recovery secret with this word, or as locked where it was one
    /// too many.
    pub(super) fn wrong_secret(&mut self, word: &str) -> Response {
        wrong(&mut self.device.recovery.tries, self.request, word)
    }

    /// Sets a new password in place of a forgotten one. A password that is too weak
    /// costs nothing: what proved the right to set it stays valid.
    pub(super) fn replace_password(
        &mut self,
        password: SecretString,
    ) -> Result<Response, Response> {
        self.set_password(password)?;
        self.device.recovery.tries.forgive();
        self.memory.forget_by_password();
        Ok(Response::success())
    }

    /// Sets a password, unless the device rejects it as risky.
    pub(super) fn set_password(&mut self, password: SecretString) -> Result<(), Response> {
        let set = self.device.set_password(password);
        set.map_err(|_| Response::refused("riskPassword"))
    }
}

fn check_lock(tries: &mut Tries, request: CommandRequest<'_>) -> Result<(), Response> {
    match tries.locked(request.now) {
        Some(locked) => Err(Response::refused("locked").with_counters(request, locked)),
        None => Ok(()),
    }
}

fn wrong(tries: &mut Tries, request: CommandRequest<'_>, word: &str) -> Response {
    let denied = tries.denied(request.now);
    let locked = denied.lock_minutes > 0;
    Response::refused(if locked { "locked" } else { word }).with_counters(request, denied)
}

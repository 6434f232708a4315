//! What the sealed commands have in common: opening their password, the proof
//! that it is the current one, tries, and a new password.

use sadp_proto::seal::device::DeviceSession;
use secrecy::SecretString;

use super::{
    command::{Answer, Order},
    memory::Memory,
};
use crate::{Device, Tries, device::NewPassword};

/// Opens the password of a command, sealed in the session of the latest
/// exchange, which is spent by it. What cannot be opened costs no try.
pub(super) fn open(
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<(DeviceSession, SecretString), Answer> {
    let session = memory.take_session(*order.asker.ip(), order.now);
    let sealed = order.fields.first("Password").unwrap_or_default();
    let opened = session.and_then(|session| {
        let password = session.open_password(sealed).ok()?;
        Some((session, password))
    });
    opened.ok_or_else(|| Answer::refused("failed"))
}

/// Reads the `Code` of a command: sealed in its session where the device says
/// `codeEncrypt`, plain text elsewhere. One that cannot be opened costs no try.
pub(super) fn code(
    device: &Device,
    session: &DeviceSession,
    order: Order<'_>,
) -> Result<SecretString, Answer> {
    let text = order.fields.first("Code").unwrap_or_default();
    if !device.opens_codes() {
        return Ok(text.into());
    }
    let sealed = order.fields.first("Code@bEncrypt") == Some("true");
    let opened = sealed.then(|| session.open_code(text).ok()).flatten();
    opened.ok_or_else(|| Answer::refused("failed"))
}

/// Takes the current password, which a wrong one locks.
pub(super) fn prove(
    device: &mut Device,
    password: &SecretString,
    order: Order<'_>,
) -> Result<(), Answer> {
    let tries = &mut device.access.tries;
    check_lock(tries, order)?;
    if device.access.password.is(password) {
        tries.forgive();
        return Ok(());
    }
    Err(deny(tries, order, "PasswordError"))
}

/// Refuses a command while too many tries were wrong.
pub(super) fn check_lock(tries: &mut Tries, order: Order<'_>) -> Result<(), Answer> {
    match tries.locked(order.now) {
        Some(locked) => Err(Answer::refused("locked").with_counters(order.types, locked)),
        None => Ok(()),
    }
}

/// Refuses a wrong secret with this word, or as locked where it was one too
/// many.
pub(super) fn deny(tries: &mut Tries, order: Order<'_>, word: &str) -> Answer {
    let denied = tries.denied(order.now);
    let word = if denied.lock_minutes > 0 {
        "locked"
    } else {
        word
    };
    Answer::refused(word).with_counters(order.types, denied)
}

/// Sets a new password in place of a forgotten one. One that is too weak costs
/// nothing: what proved the right to set it stays good.
pub(super) fn replace(
    device: &mut Device,
    memory: &mut Memory,
    password: SecretString,
) -> Result<Answer, Answer> {
    let user = device.user();
    match device.access.set(password, &user) {
        NewPassword::Risky => Err(Answer::refused("riskPassword")),
        NewPassword::Set => {
            device.recovery.tries.forgive();
            memory.forget_by_password();
            Ok(Answer::success())
        }
    }
}

//! How the vendor's answer to a request is taken: `reset`.

use sadp_proto::Message;
use secrecy::ExposeSecret;

use super::{
    command::{Answer, Order},
    memory::Memory,
    secret,
};
use crate::{Device, desk::dated_code, device::Telling};

/// Takes the answer to the open request with a new password, or on old firmware
/// a dated code alone, by which it returns to the password of its factory.
pub(super) fn answer(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let taken = if device.is_legacy() {
        take_dated_code(device, memory, order)
    } else {
        take_answer(device, memory, order)
    };
    taken.unwrap_or_else(|refused| refused)
}

fn take_answer(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<Answer, Answer> {
    let (session, password) = secret::open(memory, order)?;
    secret::check_lock(&mut device.recovery.tries, order)?;
    let code = secret::code(device, &session, order)?;
    let Some(request) = &memory.request else {
        return Err(Answer::refused("emptyEncryptString"));
    };
    if request.is_overdue(order.now, device.recovery.valid) {
        return Err(Answer::refused("exportFileOverDue"));
    }
    if !request.what.is_answered_by(code.expose_secret()) {
        let word = if device.opens_codes() {
            "codeError"
        } else {
            "failed"
        };
        return Err(secret::deny(&mut device.recovery.tries, order, word));
    }
    secret::replace(device, memory, password)
}

/// Firmware that takes a dated code knows no password beside it.
fn take_dated_code(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<Answer, Answer> {
    secret::check_lock(&mut device.recovery.tries, order)?;
    let code = order.fields.first("Code").unwrap_or_default();
    if expected_code(device).as_deref() != Some(code) {
        return Err(secret::deny(&mut device.recovery.tries, order, "failed"));
    }
    device.access.reset();
    device.recovery.tries.forgive();
    memory.forget_by_password();
    Ok(Answer::success())
}

/// The dated code for what the device tells of itself. `None` where it tells no
/// serial number.
fn expected_code(device: &Device) -> Option<String> {
    let Ok(Message::Report(report)) = Message::decode(&device.tell(Telling::Hello)) else {
        return None;
    };
    let serial = report.device.serial?;
    Some(dated_code(serial.as_str(), report.device.boot_time))
}

//! Hik-Connect: `SetHCPlatform`, `SetVerificationCode`, `getUnbindStatus` and
//! `ezvizUnbind`.

use secrecy::{ExposeSecret, SecretString};

use super::{
    command::{Answer, Order},
    memory::Memory,
    secret,
};
use crate::{
    Device,
    device::{Cloud, read_flag},
};

/// Switches Hik-Connect for who knows the password.
pub(super) fn switch(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    let Some(enabled) = read_flag(order.fields.first(Cloud::ENABLED)) else {
        return Answer::refused("failed");
    };
    prove(device, memory, order).map_or_else(
        |refused| refused,
        |()| {
            device.cloud.enabled = Some(enabled);
            Answer::success()
        },
    )
}

/// Takes a verification code from who knows the password.
pub(super) fn set_code(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    take_code(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take_code(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Result<Answer, Answer> {
    if !device.state.activated {
        return Err(Answer::refused("notActivated"));
    }
    let (session, password) = secret::open(memory, order)?;
    let sealed = order.fields.first("VerificationCode").unwrap_or_default();
    let code = session
        .open_password(sealed)
        .map_err(|_| Answer::refused("failed"))?;
    secret::prove(device, &password, order)?;
    if !is_legal(&code) {
        return Err(Answer::refused("IllegalVerificationCode"));
    }
    device.cloud.code = Some(code);
    Ok(Answer::success())
}

/// 6 to 12 letters and digits: a guess, as the vendor's labels have them.
fn is_legal(code: &SecretString) -> bool {
    let code = code.expose_secret();
    (6..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Tells whether it can be unbound, whoever asks.
pub(super) fn unbind_status(device: &Device) -> Answer {
    if !device.cloud_is_on() {
        Answer::refused("unenableHCPlatform")
    } else if device.is_bound() {
        Answer::success()
    } else {
        Answer::refused("notBind")
    }
}

/// Leaves its account for who knows the password.
pub(super) fn unbind(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    prove(device, memory, order).map_or_else(
        |refused| refused,
        |()| {
            device.cloud.bound = Some(false);
            Answer::success()
        },
    )
}

fn prove(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Result<(), Answer> {
    if !device.state.activated {
        return Err(Answer::refused("notActivated"));
    }
    let (_, password) = secret::open(memory, order)?;
    secret::prove(device, &password, order)
}

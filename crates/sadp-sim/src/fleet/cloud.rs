//! Hik-Connect: `SetHCPlatform`, `SetVerificationCode`, `getUnbindStatus` and
//! `ezvizUnbind`.

use secrecy::{ExposeSecret, SecretString};

use super::{command::Response, execution::Execution, kind::commands};
use crate::device::{CloudSettings, read_flag};

commands! {
    SET_CLOUD others switch;
    SET_VERIFICATION_CODE others set_code;
    GET_UNBIND_STATUS others unbind_status;
    UNBIND others unbind;
}

/// Switches Hik-Connect, given the password.
fn switch(it: &mut Execution<'_>) -> Result<Response, Response> {
    let enabled = read_flag(it.request.fields.first(CloudSettings::ENABLED));
    let enabled = enabled.ok_or_else(Response::failed)?;
    it.require_active()?;
    it.prove()?;
    it.device.cloud.enabled = Some(enabled);
    Ok(Response::success())
}

/// Sets a verification code, given the password.
fn set_code(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let (session, password) = it.open()?;
    let code = session
        .open_password(it.field("VerificationCode"))
        .map_err(|_| Response::failed())?;
    it.prove_password(&password)?;
    if !is_valid_code(&code) {
        return Err(Response::refused("IllegalVerificationCode"));
    }
    it.device.cloud.code = Some(code);
    Ok(Response::success())
}

/// 6 to 12 letters and digits: a guess, from the vendor's labels.
fn is_valid_code(code: &SecretString) -> bool {
    let code = code.expose_secret();
    (6..=12).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Reports whether the device can be unbound. Needs no password.
fn unbind_status(it: &mut Execution<'_>) -> Result<Response, Response> {
    if !it.device.cloud_is_on() {
        Err(Response::refused("unenableHCPlatform"))
    } else if it.device.is_bound() {
        Ok(Response::success())
    } else {
        Err(Response::refused("notBind"))
    }
}

/// Unbinds the device from its account, given the password.
fn unbind(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    it.prove()?;
    it.device.cloud.bound = Some(false);
    Ok(Response::success())
}

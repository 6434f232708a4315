//! Requests to the vendor and their answers, and the status of recovery methods:
//! `getcode`, `getencryptstring`, `reset` and `getPasswordResetType`.

use sadp_proto::Message;
use secrecy::ExposeSecret;

use super::{command::Response, execution::Execution, kind::commands, memory::TimedCode};
use crate::{
    Device,
    device::SelfReport,
    vendor_support::{Nonce, RequestText, dated_code},
};

commands! {
    GET_CODE requests make;
    GET_ENCRYPT_STRING requests make;
    RESET resets reset, true;
    GET_SET_UP others list_set_up;
}

/// Makes a request, which replaces the one before. Only a request of
/// `getencryptstring` can be answered by a key, too.
fn make(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let takes_key = it.request.types == "getencryptstring";
    let element = if takes_key { "EncryptString" } else { "Code" };
    let code = RequestText {
        takes_key,
        mac: it.device.identity.mac,
        nonce: Nonce::random(it.rng),
    };
    let response = Response::success().with(element, code.to_string());
    it.memory.request = Some(TimedCode::new(code, it.request.now));
    Ok(response)
}

/// Takes the answer to the open request with a new password; on old firmware a dated
/// code only, which returns the device to its factory password.
fn reset(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    if it.device.is_legacy() {
        return reset_to_factory_password(it);
    }
    let (session, password) = it.open()?;
    it.check_recovery_lock()?;
    let code = it.code(&session)?;
    let Some(request) = &it.memory.request else {
        return Err(Response::refused("emptyEncryptString"));
    };
    if request.is_overdue(it.request.now, it.device.recovery.valid) {
        return Err(Response::refused("exportFileOverDue"));
    }
    if !request.code.is_answered_by(code.expose_secret()) {
        let knows_word = it.device.opens_codes();
        return Err(it.wrong_secret(if knows_word { "codeError" } else { "failed" }));
    }
    it.replace_password(password)
}

/// Firmware that takes a dated code knows no password beside it.
fn reset_to_factory_password(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.check_recovery_lock()?;
    if expected_code(it.device).as_deref() != Some(it.field("Code")) {
        return Err(it.wrong_secret("failed"));
    }
    it.device.access.reset();
    it.device.recovery.tries.forgive();
    it.memory.forget_by_password();
    Ok(Response::success())
}

/// The dated code for what the device reports. `None` where it reports no serial number.
fn expected_code(device: &Device) -> Option<String> {
    let Ok(Message::Report(report)) = Message::decode(&device.report(SelfReport::HELLO)) else {
        return None;
    };
    let serial = report.device.serial?;
    Some(dated_code(serial.as_str(), report.device.boot_time))
}

/// Lists which recovery methods are set up. Needs no password.
fn list_set_up(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let recovery = &it.device.recovery;
    let methods = [
        ("SecurityQuestionEnabled", !recovery.questions.is_empty()),
        ("GuidFileDataEnabled", it.memory.has_guid()),
        ("SecurityEmailEnabled", recovery.mailbox.is_some()),
        ("HCVerificationCodeEnabled", it.device.cloud.code.is_some()),
    ];
    let any = methods.iter().any(|(_, is_set)| *is_set);
    let mut response = Response::success().with("PasswordResetTypeEnabled", any.to_string());
    for (name, is_set) in methods {
        response = response.with(name, is_set.to_string());
    }
    Ok(response)
}

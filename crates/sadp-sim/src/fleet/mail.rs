//! The recovery e-mail address: `SetMailBox`, `GetQRcodes` and `MailReset`.

use base64::{Engine, prelude::BASE64_STANDARD};
use sadp_proto::Mailbox;
use secrecy::ExposeSecret;

use super::{command::Response, execution::Execution, kind::commands, memory::TimedCode};
use crate::{
    Device, RecoverySettings,
    device::Support,
    vendor_support::{MailCode, Nonce},
};

commands! {
    SET_MAILBOX mailboxes_set set;
    GET_MAIL_QR mail_codes request_code;
    RESET_BY_MAIL mail_resets reset, true;
}

/// The element by which devices report this method.
pub(super) const SUPPORT: &str = "SupportMailBox";

/// Sets an address, given the password. A code on its way to the former address
/// becomes void.
fn set(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let (_, password) = it.open()?;
    if it.device.supports(SUPPORT) != Support::Yes {
        return Err(Response::refused("notExist"));
    }
    let address = read_address(it.field("MailBox")).ok_or_else(Response::failed)?;
    it.prove_password(&password)?;
    if it.device.recovery.mailbox.as_deref() != Some(&address) {
        it.memory.mail = None;
    }
    it.device.recovery.mailbox = Some(address.into());
    Ok(Response::success())
}

/// Makes the QR code for a mailed code, which replaces the one before. Needs no
/// password.
fn request_code(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let mailbox = usable(it.device).ok_or_else(|| Response::refused("notSetMailBox"))?;
    let masked = masked(mailbox);
    let code = MailCode {
        mac: it.device.identity.mac,
        nonce: Nonce::random(it.rng),
    };
    let mut response = Response::success();
    for (name, text) in [
        ("QRcodes", &*code.to_string()),
        ("MailBox", &masked),
        ("MailServiceBox", RecoverySettings::SERVICE_MAILBOX),
    ] {
        response = response.with(name, BASE64_STANDARD.encode(text));
    }
    it.memory.mail = Some(TimedCode::new(code, it.request.now));
    Ok(response)
}

/// Takes the mailed code, with a new password.
fn reset(it: &mut Execution<'_>) -> Result<Response, Response> {
    it.require_active()?;
    let (session, password) = it.open()?;
    if usable(it.device).is_none() {
        return Err(Response::refused("notSetMailBox"));
    }
    let code = it.code(&session)?;
    it.check_recovery_lock()?;
    let is_right = it.memory.mail.as_ref().is_some_and(|mail| {
        mail.code.code() == code.expose_secret()
            && !mail.is_overdue(it.request.now, it.device.recovery.valid)
    });
    if !is_right {
        return Err(it.wrong_secret("CodeError"));
    }
    it.replace_password(password)
}

/// Returns the address, where the device has one and takes codes.
fn usable(device: &Device) -> Option<&str> {
    let mailbox = device.recovery.mailbox.as_deref()?;
    (device.supports(SUPPORT) == Support::Yes).then_some(mailbox)
}

/// Reads an address as it is sent: zero-filled, base64.
fn read_address(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let address = String::from_utf8(bytes).ok()?;
    let address = address.trim_end_matches('\0');
    let plain = address.contains('@') && !address.chars().any(char::is_control);
    (plain && Mailbox::new(address).is_ok()).then(|| address.to_owned())
}

/// Returns the address with the middle of its name hidden: `o***r@example.com`.
fn masked(address: &str) -> String {
    let (name, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = name.chars().take(1).collect();
    let last = name.chars().skip(1).last();
    let last: String = last.into_iter().collect();
    format!("{first}***{last}@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked() {
        for (address, expected) in [
            ("owner@example.com", "o***r@example.com"),
            ("ab@example.com", "a***b@example.com"),
            ("a@example.com", "a***@example.com"),
            ("\u{fc}ber@example.com", "\u{fc}***r@example.com"),
        ] {
            assert_eq!(masked(address), expected);
        }
    }

    /// Reads an address as a client sends it.
    fn sent(bytes: &[u8]) -> Option<String> {
        let mut field = bytes.to_vec();
        field.resize(128, 0);
        read_address(&BASE64_STANDARD.encode(field))
    }

    #[test]
    fn addresses_are_read_as_they_are_sent() {
        assert_eq!(sent(b"a@example.com").as_deref(), Some("a@example.com"));
        for wrong in ["", "nobody", "a\x1b@example.com", "a\0@b"] {
            assert_eq!(sent(wrong.as_bytes()), None);
        }
        assert_eq!(sent(b"a@\xff"), None);
        assert_eq!(read_address("no base64"), None);
    }
}

//! How the reserved e-mail address is set and used: `SetMailBox`, `GetQRcodes`
//! and `MailReset`.

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::rngs::Xoshiro256PlusPlus;
use sadp_proto::Mailbox;
use secrecy::ExposeSecret;

use super::{
    command::{Answer, Order},
    exchange::nonce,
    memory::{Made, Memory},
    secret,
};
use crate::{Device, Recovery, desk::MailCode, device::Support};

/// The element by which devices say that they have such an address.
pub(super) const SUPPORT: &str = "SupportMailBox";

/// Takes an address from who knows the password. A code on its way to the
/// former one is void.
pub(super) fn set(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    take_address(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take_address(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
) -> Result<Answer, Answer> {
    let (_, password) = secret::open(memory, order)?;
    if device.supports(SUPPORT) != Support::Yes {
        return Err(Answer::refused("notExist"));
    }
    let text = order.fields.first("MailBox").unwrap_or_default();
    let address = read_address(text).ok_or_else(|| Answer::refused("failed"))?;
    secret::prove(device, &password, order)?;
    if device.recovery.mailbox.as_deref() != Some(&address) {
        memory.mail = None;
    }
    device.recovery.mailbox = Some(address.into());
    Ok(Answer::success())
}

/// Makes what brings a code to the reserved address, in place of what was made
/// before, whoever asks.
pub(super) fn ask(
    device: &Device,
    memory: &mut Memory,
    order: Order<'_>,
    rng: &mut Xoshiro256PlusPlus,
) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let Some(mailbox) = usable(device) else {
        return Answer::refused("notSetMailBox");
    };
    let code = MailCode {
        mac: device.identity.mac,
        nonce: nonce(rng),
    };
    let answer = Answer::success()
        .with("QRcodes", BASE64_STANDARD.encode(code.to_string()))
        .with("MailBox", BASE64_STANDARD.encode(masked(mailbox)))
        .with(
            "MailServiceBox",
            BASE64_STANDARD.encode(Recovery::SERVICE_MAILBOX),
        );
    memory.mail = Some(Made::new(code, order.now));
    answer
}

/// Takes the code that came by e-mail, with a new password.
pub(super) fn reset(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    take_code(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take_code(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Result<Answer, Answer> {
    let (session, password) = secret::open(memory, order)?;
    if usable(device).is_none() {
        return Err(Answer::refused("notSetMailBox"));
    }
    let code = secret::code(device, &session, order)?;
    let recovery = &mut device.recovery;
    secret::check_lock(&mut recovery.tries, order)?;
    let right = memory.mail.as_ref().is_some_and(|mail| {
        mail.what.code() == code.expose_secret() && !mail.is_overdue(order.now, recovery.valid)
    });
    if !right {
        return Err(secret::deny(&mut recovery.tries, order, "CodeError"));
    }
    secret::replace(device, memory, password)
}

/// The address, where the device has one and takes codes.
fn usable(device: &Device) -> Option<&str> {
    let mailbox = device.recovery.mailbox.as_deref()?;
    (device.supports(SUPPORT) == Support::Yes).then_some(mailbox)
}

/// Reads an address as it goes over the wire: zero-filled, base64.
fn read_address(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let address = String::from_utf8(bytes).ok()?;
    let address = address.trim_end_matches('\0');
    let plain = address.contains('@') && !address.chars().any(char::is_control);
    (plain && Mailbox::new(address).is_ok()).then(|| address.to_owned())
}

/// The address with the middle of its name hidden: `o***r@example.com`.
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

    #[test]
    fn addresses_are_read_as_they_are_sent() {
        let sent = |bytes: &[u8]| {
            let mut field = bytes.to_vec();
            field.resize(128, 0);
            read_address(&BASE64_STANDARD.encode(field))
        };
        assert_eq!(sent(b"a@example.com").as_deref(), Some("a@example.com"));
        for wrong in [
            &b""[..],
            b"nobody",
            b"a\x1b@example.com",
            b"a@\xff",
            b"a\0@b",
        ] {
            assert_eq!(sent(wrong), None);
        }
        assert_eq!(read_address("no base64"), None);
    }
}

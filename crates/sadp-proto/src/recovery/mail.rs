use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    CommandReply,
    seal::{self, SealError},
};

/// A reserved e-mail address. It goes over the wire as it is, for anyone on the
/// network to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(Box<str>);

impl Mailbox {
    /// An address of 1 to 128 bytes without NUL.
    pub fn new(address: &str) -> Result<Self, SealError> {
        seal::encode_mailbox(address)?;
        Ok(Self(address.into()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_base64(&self) -> String {
        // Its length was taken when it was made.
        seal::encode_mailbox(&self.0).unwrap_or_default()
    }
}

/// What a device gives so that a code is sent to its reserved address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailQr {
    /// The content of the QR code, as received.
    pub qr: Box<str>,
    /// The reserved address, most often masked.
    pub mailbox: Option<Box<str>>,
    /// The vendor's address to which the QR code is to be sent.
    pub service_mailbox: Option<Box<str>>,
}

impl MailQr {
    /// Reads the reply to [`GetMailQr`](crate::Command::GetMailQr). `None` where
    /// it holds no QR code, or not all of it arrived.
    pub fn read(reply: &CommandReply) -> Option<Self> {
        let said = |name| reply.fields.first(name).filter(|text| !text.is_empty());
        let qr = said("QRcodes")?.into();
        reply.complete.then(|| Self {
            qr,
            mailbox: said("MailBox").map(address),
            service_mailbox: said("MailServiceBox").map(address),
        })
    }
}

/// An address as it is, or zero-filled and in base64, as it is set.
fn address(text: &str) -> Box<str> {
    let decoded = || {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| text.contains('@'))
    };
    if text.contains('@') {
        return text.into();
    }
    decoded().map_or_else(|| text.into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn read(body: &str) -> Option<MailQr> {
        let text = format!("<ProbeMatch><Types>GetQRcodes</Types>{body}</ProbeMatch>");
        let Ok(Message::CommandReply(reply)) = Message::decode(text.as_bytes()) else {
            panic!("not a command reply");
        };
        MailQr::read(&reply)
    }

    #[test]
    fn addresses_are_read_in_both_forms() {
        let plain = "<QRcodes>abc</QRcodes><MailBox>o***@example.com</MailBox>";
        let read_plain = read(plain).unwrap();
        assert_eq!(&*read_plain.qr, "abc");
        assert_eq!(read_plain.mailbox.as_deref(), Some("o***@example.com"));
        assert_eq!(read_plain.service_mailbox, None);
        let sealed = Mailbox::new("owner@example.com").unwrap().to_base64();
        let filled = format!("<QRcodes>abc</QRcodes><MailBox>{sealed}</MailBox>");
        let address = read(&filled).unwrap().mailbox;
        assert_eq!(address.as_deref(), Some("owner@example.com"));
        let odd = read("<QRcodes>abc</QRcodes><MailBox>none</MailBox>").unwrap();
        assert_eq!(odd.mailbox.as_deref(), Some("none"));
    }

    #[test]
    fn without_a_qr_code_there_is_nothing() {
        assert_eq!(read("<MailBox>o***@example.com</MailBox>"), None);
        assert_eq!(read("<QRcodes/>"), None);
    }
}

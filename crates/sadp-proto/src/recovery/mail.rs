use std::str::FromStr;

use base64::{Engine, prelude::BASE64_STANDARD};
use sadp_model::text::is_unprintable;

use crate::{CommandReply, seal::SealError};

/// A reserved e-mail address. It is sent unencrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(Box<str>);

impl Mailbox {
    const MAX_BYTES: usize = 128;

    /// An address of 1 to 128 bytes without NUL.
    pub fn new(address: &str) -> Result<Self, SealError> {
        let bytes = address.len();
        if bytes == 0 || bytes > Self::MAX_BYTES {
            return Err(SealError::MailboxLength(bytes));
        }
        if address.contains('\0') {
            return Err(SealError::Nul);
        }
        Ok(Self(address.into()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As `SetMailBox` sends it: zero-filled to 128 bytes, base64. It is not encrypted.
    pub(crate) fn to_base64(&self) -> String {
        let mut field = self.0.as_bytes().to_vec();
        field.resize(Self::MAX_BYTES, 0);
        BASE64_STANDARD.encode(field)
    }
}

/// As people type one: a name and a host, with `@` between.
impl FromStr for Mailbox {
    type Err = MailboxError;

    fn from_str(text: &str) -> Result<Self, MailboxError> {
        let (name, host) = text.split_once('@').unwrap_or_default();
        let odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
        if name.is_empty() || host.is_empty() || name.contains(odd) || host.contains(odd) {
            return Err(MailboxError::NoAddress);
        }
        Ok(Self::new(text)?)
    }
}

/// Why a text is not an e-mail address that can be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// It is not of the form of one address.
    #[error("write one e-mail address, e.g. owner@example.com")]
    NoAddress,
    /// It cannot be sent.
    #[error(transparent)]
    Unsendable(#[from] SealError),
}

/// The reply with the QR code for a code by e-mail. Devices send all three texts in
/// base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailQr {
    /// The content of the QR code.
    pub qr: Box<str>,
    /// Whether `qr` is the text as received, because it is not base64 of a text.
    pub qr_is_raw: bool,
    /// The reserved address, usually masked.
    pub mailbox: Option<Box<str>>,
    /// The vendor's address that the QR code is sent to.
    pub service_mailbox: Option<Box<str>>,
}

impl MailQr {
    /// Parses the reply to `GetQRcodes`. `None` if it contains no QR code, or is
    /// incomplete. A text that is not base64 of a printable text is kept as
    /// received.
    pub fn read(reply: &CommandReply) -> Option<Self> {
        let received = reply.said("QRcodes")?;
        let qr = decoded(received);
        let [mailbox, service_mailbox] = ["MailBox", "MailServiceBox"].map(|name| {
            let text = reply.said(name)?;
            Some(decoded(text).unwrap_or_else(|| text.into()))
        });
        reply.complete.then(|| Self {
            qr_is_raw: qr.is_none(),
            qr: qr.unwrap_or_else(|| received.into()),
            mailbox,
            service_mailbox,
        })
    }
}

/// Decodes complete, canonical base64 and removes the NULs that pad it. `None` if
/// it is not printable text.
fn decoded(base64: &str) -> Option<Box<str>> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let text = str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
    let hidden = text.contains(|c| is_unprintable(c) && !matches!(c, '\t' | '\n' | '\r'));
    (!text.trim().is_empty() && !hidden).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::command_reply;

    fn read(body: &str) -> Option<MailQr> {
        MailQr::read(&command_reply(
            "GetQRcodes",
            &format!("{body}</ProbeMatch>"),
        ))
    }

    fn read_qr(text: &str) -> (String, bool) {
        let read = read(&format!("<QRcodes>{text}</QRcodes>")).unwrap();
        (read.qr.into(), read.qr_is_raw)
    }

    #[test]
    fn all_three_texts_are_decoded() {
        for bytes in [0, 129] {
            let refused = Mailbox::new(&"a".repeat(bytes));
            assert_eq!(refused, Err(SealError::MailboxLength(bytes)));
        }
        let filled = Mailbox::new("owner@example.com").unwrap().to_base64();
        assert_eq!(BASE64_STANDARD.decode(&filled).unwrap().len(), 128);
        let read = read(&format!(
            "<QRcodes>aHR0cHM6Ly9leGFtcGxlLmNvbS8/Yz0xMg==</QRcodes>\
             <MailBox>{filled}</MailBox>\
             <MailServiceBox>c2VydmljZUBleGFtcGxlLmNvbQ==</MailServiceBox>"
        ));
        let read = read.unwrap();
        assert_eq!(&*read.qr, "https://example.com/?c=12");
        assert!(!read.qr_is_raw);
        assert_eq!(read.mailbox.as_deref(), Some("owner@example.com"));
        assert_eq!(read.service_mailbox.as_deref(), Some("service@example.com"));
    }

    #[test]
    fn a_text_that_is_no_base64_of_a_text_is_taken_as_received() {
        for text in [
            "abc",
            "https://example.com",
            // Base64 of bytes that are not text, of a control character, of NULs.
            "AAECAwQFBgcICQoLDA0ODw==",
            "YRti",
            "AAAA",
            // A NUL inside the text.
            "YQBi",
            // Truncated, not padded, not canonical, on two lines.
            "aHR0cHM6Ly9leGFtcGx",
            "aHR0cA",
            "aHR0cB==",
            "aHR0\ncHM6",
        ] {
            assert_eq!(read_qr(text), (text.to_owned(), true));
        }
        let plain = "<QRcodes>YWJj</QRcodes><MailBox>o***@example.com</MailBox>\
                     <MailServiceBox>none</MailServiceBox>";
        let plain = read(plain).unwrap();
        assert_eq!(plain.mailbox.as_deref(), Some("o***@example.com"));
        assert_eq!(plain.service_mailbox.as_deref(), Some("none"));
    }

    #[test]
    fn a_qr_code_of_1024_characters_is_read() {
        let longest = "x".repeat(1024);
        let sent = BASE64_STANDARD.encode(&longest);
        assert_eq!(read_qr(&sent), (longest, false));
        let raw = format!("{}!", "A".repeat(1023));
        assert_eq!(read_qr(&raw), (raw.clone(), true));
    }

    #[test]
    fn without_a_qr_code_there_is_nothing() {
        assert_eq!(read("<MailBox>o***@example.com</MailBox>"), None);
        assert_eq!(read("<QRcodes/>"), None);
    }

    proptest! {
        /// A text in base64 is decoded, with padding NULs or without.
        #[test]
        fn a_text_is_read_back(text in "[!-~\u{e4}\u{4e2d}]{1,128}", filled: bool) {
            let mut field = text.clone().into_bytes();
            if filled {
                field.resize(field.len().max(128), 0);
            }
            prop_assert_eq!(read_qr(&BASE64_STANDARD.encode(field)), (text, false));
        }

        /// Nothing received is lost.
        #[test]
        fn any_text_is_decoded_or_kept(text in "[A-Za-z0-9+/=*@.-]{1,200}") {
            let (qr, is_raw) = read_qr(&text);
            if is_raw {
                prop_assert_eq!(qr, text);
            } else {
                let bytes = BASE64_STANDARD.decode(&text).unwrap();
                prop_assert!(bytes.starts_with(qr.as_bytes()));
                prop_assert!(bytes[qr.len()..].iter().all(|byte| *byte == 0));
            }
        }
    }
}

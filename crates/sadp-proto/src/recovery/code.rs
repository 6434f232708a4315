//! Codes of requests to the vendor, of e-mail, and of Hik-Connect.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    CommandReply,
    seal::{self, Password, SealError},
};

/// The content of a request to the vendor, exactly as the device sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCode(Box<str>);

impl RequestCode {
    /// Parses the reply to `getcode` or `getencryptstring`. `None` if it contains
    /// no code, or is incomplete.
    pub fn read(reply: &CommandReply) -> Option<Self> {
        let code = reply.said("EncryptString").or_else(|| reply.said("Code"))?;
        reply.complete.then(|| Self(code.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A `Code` element: the vendor's answer to a request, a typed key, or a code that
/// came by e-mail. Wiped when dropped.
pub struct Code(Zeroizing<String>);

impl Code {
    /// The most bytes that are sent. The vendor's client takes 512.
    pub const MAX_BYTES: usize = seal::MAX_CODE_BYTES;

    /// Fails if it is empty, longer than [`Code::MAX_BYTES`], or not text that XML
    /// can contain.
    pub fn new(bytes: &[u8]) -> Result<Self, CodeError> {
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES {
            return Err(CodeError::Length(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CodeError::NotText)?;
        if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return Err(CodeError::NotText);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

opaque_debug!(Code);

/// Why a code is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Empty, or more bytes than devices take.
    #[error("a code has 1 to {max} bytes, this one has {0}", max = Code::MAX_BYTES)]
    Length(usize),
    /// Not UTF-8, or with control characters.
    #[error("a code is plain text, this one is not")]
    NotText,
}

/// The verification code that adds a device to a Hik-Connect account. It is sealed
/// like a password.
#[derive(Debug)]
pub struct VerificationCode(Password);

impl VerificationCode {
    /// The most characters that the vendor's client sends.
    pub const MAX_CHARS: usize = 12;

    /// Takes 1 to [`VerificationCode::MAX_CHARS`] printable ASCII characters
    /// without blanks. The device may have further rules; it then refuses with
    /// `IllegalVerificationCode`.
    pub fn new(code: &SecretString) -> Result<Self, VerificationCodeError> {
        let text = code.expose_secret();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(VerificationCodeError::Characters);
        }
        let chars = text.len();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(VerificationCodeError::Length(chars));
        }
        Ok(Self(Password::new(code.clone())?))
    }

    pub(crate) const fn as_password(&self) -> &Password {
        &self.0
    }
}

/// Why a verification code is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerificationCodeError {
    /// Empty or too long: its characters.
    #[error(
        "a verification code has 1 to {max} characters, this has {0}",
        max = VerificationCode::MAX_CHARS
    )]
    Length(usize),
    /// A blank, a control character, or not ASCII.
    #[error("a verification code has ASCII letters, digits and signs alone, without blanks")]
    Characters,
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_out_of_bounds_are_refused() {
        for (code, error) in [
            (&b""[..], CodeError::Length(0)),
            (&[b'a'; 1025], CodeError::Length(1025)),
            (b"a\0b", CodeError::NotText),
            (b"\xff\xfe", CodeError::NotText),
        ] {
            assert_eq!(Code::new(code).unwrap_err(), error);
        }
        for code in [&b"12345678"[..], b"a+b/c==\r\nd", &[b'a'; 1024]] {
            assert!(Code::new(code).is_ok());
        }
        let code = Code::new(b"12345678").unwrap();
        assert_eq!(format!("{code:?}"), "Code(..)");
    }

    #[test]
    fn verification_codes_out_of_bounds_are_refused() {
        for (text, error) in [
            ("", VerificationCodeError::Length(0)),
            ("ABCDEF7654321", VerificationCodeError::Length(13)),
            ("AB CD", VerificationCodeError::Characters),
            ("ABCDEF\n", VerificationCodeError::Characters),
            ("\u{c4}BCDEF", VerificationCodeError::Characters),
        ] {
            let refused = VerificationCode::new(&text.into()).unwrap_err();
            assert_eq!(refused, error, "{text:?}");
        }
        let code = VerificationCode::new(&"ABCDEF765432".into()).unwrap();
        assert!(!format!("{code:?}").contains("ABCDEF"));
    }
}

//! Sealed fields: the key exchange, the passwords and answers sealed with its
//! key, and the digests of `update`.
//!
//! It follows the vendor's 2019 client to the byte. It does not authenticate the
//! device: whoever answers an exchange first can open what is sealed for it. It
//! protects passwords only from passive listeners, on devices that report
//! `Encrypt`.
//!
//! No secret is printed by `Debug`, and all are wiped when dropped.

#[cfg(any(test, feature = "device-side"))]
pub mod device;
mod digest;
mod display_text;
mod ecb;
mod exchange;

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

pub(crate) use self::display_text::open_display_text;
pub use self::{
    digest::{Salts, UpdateDigest},
    exchange::{ExchangeKey, SessionKey},
};

/// The most bytes of a code that is sealed or sent.
pub(crate) const MAX_CODE_BYTES: usize = 1024;

/// A password on the wire: 1 to 16 bytes.
pub struct Password(SecretString);

impl Password {
    /// The most bytes that devices take.
    pub const MAX_BYTES: usize = 16;

    /// Fails if it is empty, longer than [`Password::MAX_BYTES`], or contains a
    /// NUL, which would end it early.
    pub fn new(text: SecretString) -> Result<Self, SealError> {
        let bytes = text.expose_secret().len();
        if bytes == 0 || bytes > Self::MAX_BYTES {
            return Err(SealError::PasswordLength(bytes));
        }
        if text.expose_secret().contains('\0') {
            return Err(SealError::Nul);
        }
        Ok(Self(text))
    }

    /// The bytes, only to seal them.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// The text of a sealed field. Wiped when dropped, because some devices take a form
/// that can be replayed.
pub struct Sealed(Zeroizing<String>);

impl Sealed {
    fn encode(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(BASE64_STANDARD.encode(bytes)))
    }

    /// The text, only for the datagram.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

opaque_debug!(Password, Sealed);

/// Why a field cannot be sealed, or a code not opened. Nothing is sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Empty, or more than devices take: its bytes in UTF-8.
    #[error("a password has 1 to {max} bytes, this one has {0}", max = Password::MAX_BYTES)]
    PasswordLength(usize),
    /// Empty, or more than devices take: its bytes in UTF-8.
    #[error("an answer has 1 to {max} bytes, this one has {0}", max = SessionKey::MAX_ANSWER_BYTES)]
    AnswerLength(usize),
    /// Empty, or more than devices take: its bytes in UTF-8.
    #[error("an e-mail address has 1 to 128 bytes, this one has {0}")]
    MailboxLength(usize),
    /// The device's user name is too long for the salted digest: its bytes in UTF-8.
    #[error(
        "the device's user name has {0} bytes, at most {max} can be sealed",
        max = UpdateDigest::MAX_USER_BYTES
    )]
    UserLength(usize),
    /// The device's salt has the wrong length for the salted digest, in bytes.
    #[error(
        "the device's salt has {0} characters instead of {max}",
        max = UpdateDigest::SALT_BYTES
    )]
    SaltLength(usize),
    /// The device's second salt is too long for the digest, in bytes.
    #[error(
        "the device's second salt has {0} characters, at most {max} can be used",
        max = UpdateDigest::MAX_SALT2_BYTES
    )]
    Salt2Length(usize),
    /// A NUL character, which would end the field early.
    #[error("a NUL character cannot be sent")]
    Nul,
    /// No key could be made.
    #[error("cannot make an exchange key")]
    NoKey,
    /// The device's reply to the exchange cannot be opened with our key.
    #[error("the device's answer to the key exchange cannot be decrypted")]
    BadExchange,
}

/// The vectors of the protocol: texts, and how they are sealed with the key
/// `0123456789abcdef`.
#[cfg(test)]
#[rustfmt::skip]
mod vectors {
    pub(super) const PASSWORDS: [(&str, &str); 3] = [
        ("Passw0rd!", "cnJ+iB7c/QEApxhoeQm1ZXAWuSq+o2lL0exEMJACd5o="),
        ("abcdefgh12345678", "cnJ+iB7c/QEApxhoeQm1ZWKiZ3a8vSqCJx8L1UazCso="),
        ("a", "cnJ+iB7c/QEApxhoeQm1ZTTM3A9Gjd//MMx/Apj5kno="),
    ];
    pub(super) const CODES: [(&str, &str); 3] = [
        ("aB3dE6gH", "cnJ+iB7c/QEApxhoeQm1ZXqsPCSp99yUTu+B3w7H1LA="),
        ("0123456789abcdef", "cnJ+iB7c/QEApxhoeQm1ZXJyfoge3P0BAKcYaHkJtWU="),
        ("0123456789abcdefg", "cnJ+iB7c/QEApxhoeQm1ZXJyfoge3P0BAKcYaHkJtWXVs4XyjuxCB+8WrYtFcTOv"),
    ];
    pub(super) const ANSWERS: [(&str, &str); 3] = [
        ("Paris", "Y9c0UFpJfOCNTLJYzLNiCQ=="),
        ("0123456789abcdef", "cnJ+iB7c/QEApxhoeQm1ZQ=="),
        ("0123456789abcdefg", "cnJ+iB7c/QEApxhoeQm1ZdWzhfKO7EIH7xati0VxM68="),
    ];
    /// A `VerificationCode`, with a key of its own.
    pub(super) const VERIFICATION_CODE: [&str; 3] =
        ["ABCDEF", "e717da5af96d9ee0", "9bY2qxi8y9sd0ye4077/hl7tjsXOYedbITfEjXgFF/Y="];
    pub(super) const SALT: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    pub(super) const SALT2: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    /// Digests of `Passw0rd!`, plain and bound, without a salt, with one and with two.
    pub(super) const PLAIN: [&str; 3] =
        ["R7e/tl+oOsmnHcsPYpa7bg==", "jyLMtaTJr3cu8bWSFYgY7A==", "EzEAWMdLyJDi6fG5aXsfEg=="];
    pub(super) const BOUND: [&str; 3] = [
        "+zxRrRL6JdKrGHRhrST0mqgNPl3pV+NOgktXnab8XWYfyAjk9OXjnDYaLbSDG0oxuiFk7he59XDqJbj9EPTDXw==",
        "q89+JFAidMEJd4G+TK6LN7IPE138pwUNF+ythuCOfdlt/f3x2MlGP4MCKFMX0xlxVAVuZmpsF+2VNQuEQSVhrA==",
        "qxn8IbxArqpd7dvPFVB5CX7f6VQIDA085eh7edRd6Kqq7Qsms22b9gOFlXMappxNTXbXmOkrGXnpQZ2n3O+bxQ==",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<Password, SealError> {
        Password::new(text.into())
    }

    #[test]
    fn passwords_out_of_bounds_are_refused() {
        for (text, error) in [
            ("", SealError::PasswordLength(0)),
            ("abcdefgh123456789", SealError::PasswordLength(17)),
            ("a\0b", SealError::Nul),
        ] {
            assert_eq!(password(text).unwrap_err(), error);
        }
        assert!(password("abcdefgh12345678").is_ok());
    }

    #[test]
    fn secrets_do_not_show() {
        let password = password("Passw0rd!").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(format!("{:?}", Sealed::encode(b"x")), "Sealed(..)");
    }
}

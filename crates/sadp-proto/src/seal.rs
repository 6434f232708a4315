//! Sealed fields: the key exchange, the passwords and answers sealed with its
//! key, and the digests of `update`.
//!
//! All of it follows the vendor's 2019 client to the byte. None of it
//! authenticates the device: who answers an exchange first learns what is sealed
//! for it. It keeps passwords from someone who only listens, on devices that
//! say `Encrypt`.
//!
//! Nothing here prints or derives `Debug` for a secret, and what held one is
//! wiped when dropped.

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

/// A password as it goes over the wire: 1 to 16 bytes.
pub struct Password(SecretString);

impl Password {
    /// The most bytes that devices take.
    pub const MAX_BYTES: usize = 16;

    /// A password, refused where it is empty, longer than
    /// [`Password::MAX_BYTES`], or holds a NUL, which would end it early.
    pub fn new(text: SecretString) -> Result<Self, SealError> {
        let bytes = text.expose_secret().len();
        if bytes == 0 || bytes > Self::MAX_BYTES {
            return Err(SealError::PasswordLength { bytes });
        }
        if text.expose_secret().contains('\0') {
            return Err(SealError::Nul);
        }
        Ok(Self(text))
    }

    fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A sealed field's text, ready to be sent. Wiped when dropped, because some
/// devices take a form that can be replayed.
pub struct Sealed(Zeroizing<String>);

impl Sealed {
    fn encode(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(BASE64_STANDARD.encode(bytes)))
    }

    /// The text, for the datagram alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// Writes a reserved e-mail address as `SetMailBox` takes it: zero-filled to
/// 128 bytes, base64. It is not encrypted.
pub(crate) fn encode_mailbox(address: &str) -> Result<String, SealError> {
    const FIELD: usize = 128;
    let bytes = address.len();
    if bytes == 0 || bytes > FIELD {
        return Err(SealError::MailboxLength { bytes });
    }
    if address.contains('\0') {
        return Err(SealError::Nul);
    }
    let mut field = address.as_bytes().to_vec();
    field.resize(FIELD, 0);
    Ok(BASE64_STANDARD.encode(field))
}

/// Why a field is not sealed or a code not opened. Nothing is sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Empty, or more than devices take.
    #[error(
        "a password has 1 to {} bytes, this one has {bytes}",
        Password::MAX_BYTES
    )]
    PasswordLength {
        /// How many bytes it has in UTF-8.
        bytes: usize,
    },
    /// Empty, or more than devices take.
    #[error(
        "an answer has 1 to {} bytes, this one has {bytes}",
        SessionKey::MAX_ANSWER_BYTES
    )]
    AnswerLength {
        /// How many bytes it has in UTF-8.
        bytes: usize,
    },
    /// Empty, or more than devices take.
    #[error("an e-mail address has 1 to 128 bytes, this one has {bytes}")]
    MailboxLength {
        /// How many bytes it has in UTF-8.
        bytes: usize,
    },
    /// The device's user name exceeds what the salted digest takes.
    #[error(
        "the device's user name has {bytes} bytes, at most {} can be sealed",
        UpdateDigest::MAX_USER_BYTES
    )]
    UserLength {
        /// How many bytes it has in UTF-8.
        bytes: usize,
    },
    /// The device's salt is not of the length the salted digest takes.
    #[error(
        "the device's salt has {bytes} characters instead of {}",
        UpdateDigest::SALT_BYTES
    )]
    SaltLength {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The device's second salt is longer than the digest takes.
    #[error(
        "the device's second salt has {bytes} characters, at most {} can be used",
        UpdateDigest::MAX_SALT2_BYTES
    )]
    Salt2Length {
        /// How many bytes it has.
        bytes: usize,
    },
    /// A NUL character, which would end the field early.
    #[error("a NUL character cannot be sent")]
    Nul,
    /// No key could be made.
    #[error("cannot make an exchange key")]
    NoKey,
    /// The device's answer to the exchange does not open with our key.
    #[error("the device's answer to the key exchange cannot be opened")]
    BadExchange,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<Password, SealError> {
        Password::new(text.into())
    }

    #[test]
    fn passwords_out_of_bounds_are_refused() {
        assert_eq!(
            password("").unwrap_err(),
            SealError::PasswordLength { bytes: 0 }
        );
        assert_eq!(
            password("abcdefgh123456789").unwrap_err(),
            SealError::PasswordLength { bytes: 17 }
        );
        assert_eq!(password("a\0b").unwrap_err(), SealError::Nul);
        assert!(password("abcdefgh12345678").is_ok());
    }

    #[test]
    fn secrets_do_not_show() {
        let password = password("Passw0rd!").unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(format!("{:?}", Sealed::encode(b"x")), "Sealed(..)");
    }

    #[test]
    fn a_mailbox_fills_128_bytes() {
        let encoded = encode_mailbox("a@b.example").unwrap();
        let decoded = BASE64_STANDARD.decode(encoded).unwrap();
        assert_eq!(decoded.len(), 128);
        assert!(decoded.starts_with(b"a@b.example\0"));
        assert_eq!(
            encode_mailbox(""),
            Err(SealError::MailboxLength { bytes: 0 })
        );
        assert_eq!(
            encode_mailbox(&"a".repeat(129)),
            Err(SealError::MailboxLength { bytes: 129 })
        );
    }
}

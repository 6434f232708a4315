use secrecy::{ExposeSecret, SecretString};

use crate::seal::{Password, SealError};

/// The verification code by which a device is added to a Hik-Connect account.
/// It is sealed as a password is.
#[derive(Debug)]
pub struct VerificationCode(Password);

impl VerificationCode {
    /// The most characters that the vendor's client sends.
    pub const MAX_CHARS: usize = 12;

    /// A code of 1 to [`VerificationCode::MAX_CHARS`] printable ASCII characters
    /// without blanks. The device may have further rules, and refuses with
    /// `IllegalVerificationCode` then.
    pub fn new(code: &SecretString) -> Result<Self, VerificationCodeError> {
        let text = code.expose_secret();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(VerificationCodeError::Characters);
        }
        let chars = text.len();
        if !(1..=Self::MAX_CHARS).contains(&chars) {
            return Err(VerificationCodeError::Length { chars });
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
    /// Empty or too long.
    #[error(
        "a verification code has 1 to {} characters, this has {chars}",
        VerificationCode::MAX_CHARS
    )]
    Length {
        /// How many characters it has.
        chars: usize,
    },
    /// A blank, a control character, or one that is not ASCII.
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
        let refused = |text: &str| VerificationCode::new(&text.into()).unwrap_err();
        assert_eq!(refused(""), VerificationCodeError::Length { chars: 0 });
        let long = "ABCDEF7654321";
        assert_eq!(refused(long), VerificationCodeError::Length { chars: 13 });
        for text in ["AB CD", "ABCDEF\n", "\u{c4}BCDEF"] {
            assert_eq!(refused(text), VerificationCodeError::Characters, "{text:?}");
        }
        let code = VerificationCode::new(&"ABCDEF765432".into()).unwrap();
        assert!(!format!("{code:?}").contains("ABCDEF"));
    }
}

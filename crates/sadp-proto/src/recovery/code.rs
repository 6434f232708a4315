use zeroize::Zeroizing;

use crate::CommandReply;

/// What a device gives out so that the vendor can answer it: the content of a
/// request, exactly as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCode(Box<str>);

impl RequestCode {
    /// Reads the reply to [`GetCode`](crate::Command::GetCode) or
    /// [`GetEncryptString`](crate::Command::GetEncryptString). `None` where it
    /// holds no code, or not all of it arrived.
    pub fn read(reply: &CommandReply) -> Option<Self> {
        let said = |name| reply.fields.first(name).filter(|text| !text.is_empty());
        let code = said("EncryptString").or_else(|| said("Code"))?;
        reply.complete.then(|| Self(code.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What goes into `Code`: the vendor's answer to a request, a typed key, or a
/// code that came by e-mail. Wiped when dropped.
pub struct Code(Zeroizing<String>);

impl Code {
    /// The most bytes that are sent. The vendor's client takes 512.
    pub const MAX_BYTES: usize = 1024;

    /// A code, refused where it is empty, longer than [`Code::MAX_BYTES`], or
    /// not text that XML can carry.
    pub fn new(bytes: &[u8]) -> Result<Self, CodeError> {
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES {
            return Err(CodeError::Length { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CodeError::NotText)?;
        let carried = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        if !text.chars().all(carried) {
            return Err(CodeError::NotText);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(..)")
    }
}

/// Why a code is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Empty, or more than devices take.
    #[error("a code has 1 to {} bytes, this one has {bytes}", Code::MAX_BYTES)]
    Length {
        /// How many bytes it has.
        bytes: usize,
    },
    /// Not UTF-8, or with control characters.
    #[error("a code is plain text, this one is not")]
    NotText,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_out_of_bounds_are_refused() {
        let refused = |bytes: &[u8]| Code::new(bytes).map(|_| ()).unwrap_err();
        assert_eq!(refused(b""), CodeError::Length { bytes: 0 });
        assert_eq!(refused(&[b'a'; 1025]), CodeError::Length { bytes: 1025 });
        assert_eq!(refused(b"a\0b"), CodeError::NotText);
        assert_eq!(refused(b"\xff\xfe"), CodeError::NotText);
        for code in [&b"12345678"[..], b"a+b/c==\r\nd", &[b'a'; 1024]] {
            assert!(Code::new(code).is_ok());
        }
        let code = Code::new(b"12345678").unwrap();
        assert_eq!(format!("{code:?}"), "Code(..)");
    }
}

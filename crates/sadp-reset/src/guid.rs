use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::files::without_line_break;

/// What a recorder exports with its password and takes back once without it.
/// Wiped when dropped, and never shown.
pub struct Guid(Zeroizing<[u8; Self::BYTES]>);

impl Guid {
    /// The bytes of a GUID.
    pub const BYTES: usize = 128;

    /// The GUID in a file of these bytes: raw, or in base64, with or without one
    /// line break at the end.
    pub fn parse(bytes: &[u8]) -> Result<Self, GuidError> {
        let body = without_line_break(bytes);
        // A raw one may end with what looks like a line break.
        for raw in [bytes, body] {
            if let Ok(raw) = raw.try_into() {
                return Ok(Self(Zeroizing::new(raw)));
            }
        }
        if body.len() != BASE64_CHARS {
            return Err(GuidError::Length { bytes: bytes.len() });
        }
        Self::decode(body)
    }

    /// The GUID as a device tells it.
    pub fn from_base64(text: &str) -> Result<Self, GuidError> {
        if text.len() != BASE64_CHARS {
            return Err(GuidError::Length { bytes: text.len() });
        }
        Self::decode(text.as_bytes())
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The GUID as a device takes it: 172 characters.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    fn decode(text: &[u8]) -> Result<Self, GuidError> {
        let mut raw = Zeroizing::new([0; Self::BYTES]);
        match STANDARD.decode_slice(text, &mut *raw) {
            Ok(Self::BYTES) => Ok(Self(raw)),
            // Its error would name a byte of the secret.
            _ => Err(GuidError::NotBase64),
        }
    }
}

impl std::fmt::Debug for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guid(..)")
    }
}

/// Why something is no GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuidError {
    /// It has another length.
    #[error("a GUID has 128 bytes, or 172 characters of base64; this has {bytes} bytes")]
    Length {
        /// How many it has.
        bytes: usize,
    },
    /// It has the length of the text, but is no such text.
    #[error("not the base64 of 128 bytes")]
    NotBase64,
}

const BASE64_CHARS: usize = 172;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_byte_for_byte() {
        let raw: [u8; 128] = std::array::from_fn(|index| u8::try_from(index * 2).unwrap());
        let text = STANDARD.encode(raw);
        assert_eq!(text.len(), BASE64_CHARS);
        assert_eq!(*Guid::from_base64(&text).unwrap().to_base64(), text);
        for end in ["", "\n", "\r\n"] {
            for form in [&raw[..], text.as_bytes()] {
                let file = [form, end.as_bytes()].concat();
                assert_eq!(Guid::parse(&file).unwrap().expose(), &raw);
            }
        }
        let mut raw = raw;
        raw[127] = b'\n';
        assert_eq!(Guid::parse(&raw).unwrap().expose(), &raw);
    }

    #[test]
    fn other_files_are_refused_and_nothing_of_them_is_told() {
        let text = "A".repeat(BASE64_CHARS);
        for (file, error) in [
            (vec![], GuidError::Length { bytes: 0 }),
            (vec![7; 127], GuidError::Length { bytes: 127 }),
            (vec![7; 129], GuidError::Length { bytes: 129 }),
            (vec![7; 172], GuidError::NotBase64),
            (text.into_bytes(), GuidError::NotBase64),
        ] {
            assert_eq!(Guid::parse(&file).unwrap_err(), error);
        }
        assert_eq!(format!("{:?}", Guid::parse(&[7; 128]).unwrap()), "Guid(..)");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = Guid::parse(&bytes);
            let _ = Guid::from_base64(&String::from_utf8_lossy(&bytes));
        }
    }
}

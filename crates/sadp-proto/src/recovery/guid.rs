use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::CommandReply;

/// What a recorder exports so that its password can be brought back later.
/// Who holds it can set a new password. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Guid(Zeroizing<[u8; Self::BYTES]>);

impl Guid {
    /// The bytes of a GUID.
    pub const BYTES: usize = 128;

    /// A GUID from its bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, GuidError> {
        let length = GuidError::Length { bytes: bytes.len() };
        let mut guid = Zeroizing::new([0; Self::BYTES]);
        if bytes.len() != Self::BYTES {
            return Err(length);
        }
        guid.copy_from_slice(bytes);
        Ok(Self(guid))
    }

    /// A GUID as it goes over the wire: 172 characters of base64.
    pub fn from_base64(text: &str) -> Result<Self, GuidError> {
        let decoded = BASE64_STANDARD.decode(text.trim());
        let bytes = decoded.map(Zeroizing::new);
        Self::new(&bytes.map_err(|_| GuidError::NotBase64)?)
    }

    /// Reads the reply to [`ExportGuid`](crate::Command::ExportGuid).
    pub fn read(reply: &CommandReply) -> Result<Self, GuidError> {
        Self::from_base64(reply.fields.first("GUID").unwrap_or_default())
    }

    /// The bytes, for a file alone.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(crate) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(self.0.as_slice()))
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
    /// Another number of bytes.
    #[error("a GUID has {} bytes, this has {bytes}", Guid::BYTES)]
    Length {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It is no base64.
    #[error("not a GUID: it is not base64")]
    NotBase64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_base64_are_the_same_guid() {
        let bytes: Vec<u8> = (0..128).collect();
        let guid = Guid::new(&bytes).unwrap();
        let text = guid.to_base64();
        assert_eq!(text.len(), 172);
        assert_eq!(Guid::from_base64(&text), Ok(guid.clone()));
        assert_eq!(guid.as_bytes(), bytes);
        assert_eq!(format!("{guid:?}"), "Guid(..)");
    }

    #[test]
    fn what_is_no_guid_is_refused() {
        assert_eq!(Guid::new(&[7; 127]), Err(GuidError::Length { bytes: 127 }));
        assert_eq!(
            Guid::from_base64("AAAA"),
            Err(GuidError::Length { bytes: 3 })
        );
        assert_eq!(Guid::from_base64("no base64"), Err(GuidError::NotBase64));
    }
}

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::CommandReply;

/// What a recorder exports to reset its password later: a text, usually base64 of
/// 128 bytes, that is sent back unchanged. Anyone who has it can set a new
/// password. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Guid(Zeroizing<String>);

impl Guid {
    /// The number of bytes that a GUID usually encodes.
    pub const BYTES: usize = 128;

    /// The most bytes of a GUID's text.
    pub const MAX_TEXT_BYTES: usize = 512;

    /// The GUID that encodes these [`Guid::BYTES`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, GuidError> {
        if bytes.len() != Self::BYTES {
            return Err(GuidError::Length(bytes.len()));
        }
        Ok(Self(Zeroizing::new(BASE64_STANDARD.encode(bytes))))
    }

    /// Fails if the text is empty, longer than [`Guid::MAX_TEXT_BYTES`], or not
    /// ASCII text that XML can contain. Blanks around it are removed.
    pub fn from_text(text: &str) -> Result<Self, GuidError> {
        let text = text.trim();
        if text.contains(|c: char| !c.is_ascii_graphic() && !matches!(c, ' ' | '\t' | '\n' | '\r'))
        {
            return Err(GuidError::NotText);
        }
        if text.is_empty() || text.len() > Self::MAX_TEXT_BYTES {
            return Err(GuidError::Length(text.len()));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Parses the reply to `ExportGUID`. An incomplete reply counts only if its
    /// GUID is clearly complete.
    pub fn read(reply: &CommandReply) -> Result<Self, GuidError> {
        let guid = Self::from_text(reply.fields.first("GUID").unwrap_or_default())?;
        if reply.complete || guid.is_whole() {
            Ok(guid)
        } else {
            Err(GuidError::CutShort)
        }
    }

    /// Whether it encodes [`Guid::BYTES`] bytes, as in all known clients. A device
    /// may refuse another one, which costs a try.
    pub fn is_whole(&self) -> bool {
        self.to_bytes()
            .is_some_and(|bytes| bytes.len() == Self::BYTES)
    }

    /// The text, only for a file and the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes that the text encodes, if it is base64, on one or more lines.
    pub fn to_bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.0.len()));
        text.extend(self.0.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        BASE64_STANDARD.decode(&*text).ok().map(Zeroizing::new)
    }
}

opaque_debug!(Guid);

/// Why something is not a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuidError {
    /// Empty, too short or too long: its bytes.
    #[error(
        "a GUID has {whole} bytes, or a text of 172 to {most}, this has {0}",
        whole = Guid::BYTES,
        most = Guid::MAX_TEXT_BYTES
    )]
    Length(usize),
    /// Not ASCII text.
    #[error("not a GUID: it is not plain text")]
    NotText,
    /// Not base64.
    #[error("not a GUID: it is not base64")]
    NotBase64,
    /// The reply is incomplete.
    #[error("the reply with the GUID was cut short")]
    CutShort,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::command_reply;

    fn read(body: &str) -> Result<Guid, GuidError> {
        Guid::read(&command_reply("ExportGUID", body))
    }

    #[test]
    fn bytes_and_base64_are_the_same_guid() {
        let bytes: Vec<u8> = (0..128).collect();
        let guid = Guid::new(&bytes).unwrap();
        assert_eq!(guid.as_str().len(), 172);
        assert_eq!(Guid::from_text(guid.as_str()), Ok(guid.clone()));
        assert_eq!(**guid.to_bytes().unwrap(), bytes);
        assert_eq!(format!("{guid:?}"), "Guid(..)");
    }

    #[test]
    fn what_a_device_gives_is_kept_as_it_came() {
        let lines = BASE64_STANDARD.encode([7; 128]);
        let lines = format!("{}\n{}", &lines[..76], &lines[76..]);
        for text in [
            "x",
            "not base64!",
            &"A".repeat(172),
            &"A".repeat(512),
            &lines,
        ] {
            let guid = read(&format!("<GUID>{text}</GUID></ProbeMatch>")).unwrap();
            assert_eq!(guid.as_str(), text);
            assert_eq!(guid.is_whole(), text == lines);
        }
        let guid = Guid::from_text(&lines).unwrap();
        assert_eq!(**guid.to_bytes().unwrap(), [7; 128]);
        assert_eq!(Guid::from_text("not base64!").unwrap().to_bytes(), None);
    }

    #[test]
    fn what_is_no_guid_is_refused() {
        assert_eq!(Guid::new(&[7; 127]), Err(GuidError::Length(127)));
        for (body, error) in [
            ("", GuidError::Length(0)),
            ("<GUID/></ProbeMatch>", GuidError::Length(0)),
            ("<GUID>a&#1;b</GUID></ProbeMatch>", GuidError::NotText),
            ("<GUID>\u{fc}</GUID></ProbeMatch>", GuidError::NotText),
            ("<GUID>a\u{c}b</GUID></ProbeMatch>", GuidError::NotText),
            ("<GUID>AAAA</GUID><Res", GuidError::CutShort),
        ] {
            assert_eq!(read(body), Err(error), "{body}");
        }
        let long = format!("<GUID>{}</GUID></ProbeMatch>", "A".repeat(513));
        assert_eq!(read(&long), Err(GuidError::Length(513)));
        let whole = BASE64_STANDARD.encode([7; 128]);
        let cut = read(&format!("<GUID>{whole}</GUID><Res"));
        assert_eq!(cut, Guid::new(&[7; 128]), "it is plainly whole");
    }
}

use encoding_rs::GB18030;
use sadp_model::RawFields;
use sadp_proto::boolean;
use serde_json::Value;

/// The elements of a reply's body, whether XML or JSON: the device chooses, whatever
/// the documentation says.
///
/// An element is found by the end of its path, e.g. `ONVIF/enable`, because names of
/// roots and depths differ by firmware. Namespaces, prefixes and letter case are
/// ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    document: sadp_proto::Document,
}

impl Body {
    /// The most bytes that are read. The largest known document, the capabilities of a
    /// recorder, has 90 kB.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The deepest nesting of JSON that is read.
    const MAX_DEPTH: usize = 16;

    /// Decodes a body. Damaged XML is read as far as possible; text that is not UTF-8
    /// is taken as GB18030.
    pub fn read(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(BodyError::TooLong);
        }
        let without_mark = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = without_mark.trim_ascii_start();
        if text.starts_with(b"{") {
            return Self::read_json(text);
        }
        let document = sadp_proto::Document::decode(bytes).map_err(|_| BodyError::NotText)?;
        Ok(Self { document })
    }

    fn read_json(text: &[u8]) -> Result<Self, BodyError> {
        let value = if let Ok(value) = serde_json::from_slice(text) {
            value
        } else {
            let (text, _) = GB18030.decode_without_bom_handling(text);
            serde_json::from_str(&text).map_err(|_| BodyError::NotText)?
        };
        let mut fields = RawFields::with_capacity(text.len());
        let complete = flatten(&value, &mut String::new(), &mut fields);
        let root = "".into();
        let document = sadp_proto::Document {
            root,
            fields,
            complete,
        };
        Ok(Self { document })
    }

    /// Whether all of it was well-formed and within bounds.
    pub fn is_complete(&self) -> bool {
        self.document.complete
    }

    /// The first text at the end of this path that is not empty.
    pub fn text(&self, path: &str) -> Option<&str> {
        let mut all = self.document.fields.iter();
        let found = all.find(|(it, text)| ends_with(it, path) && !text.is_empty())?;
        Some(found.1.trim())
    }

    /// The texts at the ends of this path that are not empty.
    pub fn texts(&self, path: &str) -> impl Iterator<Item = &str> {
        let all = self.document.fields.iter();
        let found = all.filter(move |(it, text)| ends_with(it, path) && !text.is_empty());
        found.map(|(_, text)| text.trim())
    }

    /// The same text, to keep.
    pub(crate) fn owned(&self, path: &str) -> Option<Box<str>> {
        self.text(path).map(Into::into)
    }

    /// The number at the end of this path, if it is one.
    pub fn number(&self, path: &str) -> Option<u32> {
        self.text(path)?.parse().ok()
    }

    /// The truth value at the end of this path, in any of the devices' spellings.
    pub fn boolean(&self, path: &str) -> Option<bool> {
        boolean(self.text(path)?)
    }
}

/// Whether a path ends with the names of another one.
pub(crate) fn ends_with(path: &str, end: &str) -> bool {
    let mut names = path.rsplit('/').map(local_name);
    end.rsplit('/').all(|wanted| {
        names
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    })
}

/// A name without its prefix.
fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Appends the members of a JSON value, each with its path, as XML has them. Returns
/// whether all had room.
fn flatten(value: &Value, path: &mut String, fields: &mut RawFields) -> bool {
    let length = path.len();
    match value {
        Value::Object(members) => {
            if path.matches('/').count() >= Body::MAX_DEPTH {
                return false;
            }
            let mut all = true;
            for (name, value) in members {
                if length > 0 {
                    path.push('/');
                }
                path.push_str(name);
                all &= flatten(value, path, fields);
                path.truncate(length);
            }
            all
        }
        // An array is a repeated element. serde_json bounds how deep arrays nest.
        Value::Array(items) => items.iter().all(|it| flatten(it, path, fields)),
        Value::String(text) => fields.push(path, text.trim()),
        Value::Null => fields.push(path, ""),
        Value::Bool(_) | Value::Number(_) => fields.push(path, &value.to_string()),
    }
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More than [`Body::MAX_BYTES`].
    #[error("longer than {} bytes", Body::MAX_BYTES)]
    TooLong,
    /// Neither XML nor JSON.
    #[error("neither XML nor JSON")]
    NotText,
    /// A list that is not well-formed, or too long.
    #[error("not well-formed")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Body {
        Body::read(bytes).unwrap()
    }

    #[test]
    fn namespaces_prefixes_roots_and_marks_do_not_matter() {
        for bytes in [
            &b"<A><Activated>true</Activated></A>"[..],
            b"\xef\xbb\xbf \r\n<?xml version=\"1.0\"?><h:A xmlns:h=\"urn:x\"><h:Activated>true</h:Activated></h:A>",
            b"\n<a xmlns=\"http://www.std-cgi.com/ver20/XMLSchema\" version=\"2.0\"><b><activated>\n true\n</activated></b></a>",
            b"\xef\xbb\xbf{\"A\":{\"Activated\":true}}",
            b"  {\"Activated\":\"true\"}",
        ] {
            assert_eq!(read(bytes).boolean("Activated"), Some(true), "{bytes:?}");
        }
    }

    #[test]
    fn the_end_of_the_path_decides() {
        let body =
            read(b"<I><CGI><enable>true</enable></CGI><ONVIF><enable>false</enable></ONVIF></I>");
        assert_eq!(body.boolean("ONVIF/enable"), Some(false));
        assert_eq!(body.texts("enable").collect::<Vec<_>>(), ["true", "false"]);
        assert_eq!(body.text("able"), None);
        assert_eq!(body.text("X/ONVIF/enable"), None);
    }

    #[test]
    fn names_of_old_firmware_are_read() {
        let xml = read(b"<D><deviceName>\xc3\xc5\xbf\xda</deviceName></D>");
        assert_eq!(xml.text("deviceName"), Some("门口"));
        let json = read(b"{\"deviceName\":\"\xc3\xc5\xbf\xda\"}");
        assert_eq!(json.text("deviceName"), Some("门口"));
        assert!(Body::read(b"{\"deviceName\":\"\xff\xff\"}").is_ok());
    }

    #[test]
    fn lists_of_json_are_read_as_those_of_xml() {
        let body = read(br#"{"L":{"Item":[{"id":1},{"id":2,"x":null}]}}"#);
        assert_eq!(body.texts("Item/id").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn bounds_are_kept() {
        let long = [b"<A>".to_vec(), vec![b' '; Body::MAX_BYTES]].concat();
        assert_eq!(Body::read(&long), Err(BodyError::TooLong));
        for bytes in [&b""[..], b"Unauthorized", b"{", b"[1]"] {
            assert_eq!(Body::read(bytes), Err(BodyError::NotText), "{bytes:?}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
        assert!(!read(deep.as_bytes()).is_complete());
        let deeper = "{\"a\":[".repeat(10_000);
        assert_eq!(Body::read(deeper.as_bytes()), Err(BodyError::NotText));
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_survived(bytes: Vec<u8>, text in "[<>{}\\[\\]a\":,/ ]{0,64}") {
            for bytes in [&*bytes, text.as_bytes(), &[b"{\"", text.as_bytes()].concat(), &[b"<", text.as_bytes()].concat()] {
                if let Ok(body) = Body::read(bytes) {
                    let _ = body.text("a/a");
                }
            }
        }
    }
}

use std::ops::Range;

use encoding_rs::mem::{decode_latin1, encode_latin1_lossy};
use quick_xml::{Reader, escape::partial_escape, events::Event};

use crate::{Body, body::ends_with};

/// Replaces the text of one element of an XML document, found by the end of its path as
/// in [`Body::text`]. Every other byte stays as it was received: some devices take a
/// changed document only if all the rest of it is as they wrote it.
///
/// The element must be there exactly once and have no elements inside.
pub fn replace_text(document: &[u8], path: &str, text: &str) -> Result<Vec<u8>, EditError> {
    if document.len() > Body::MAX_BYTES {
        return Err(EditError::Malformed);
    }
    // A character for each byte, whatever the encoding, so that all come back unchanged.
    let latin = decode_latin1(document);
    let place = find(&latin, path)?;
    let part = |range: Range<usize>| Some(encode_latin1_lossy(latin.get(range)?));
    let before = part(0..place.text.start).ok_or(EditError::Malformed)?;
    let after = part(place.text.end..latin.len()).ok_or(EditError::Malformed)?;
    let text = partial_escape(text);
    let mut out = before.into_owned();
    if let Some(name) = place.empty {
        let name = encode_latin1_lossy(&name);
        out.extend_from_slice(&[b">", text.as_bytes(), b"</", &name, b">"].concat());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&after);
    Ok(out)
}

/// Where an element's text stands.
struct Place {
    /// The text; of an empty element the `/>`.
    text: Range<usize>,
    /// The name of an empty element, which gets an end tag.
    empty: Option<String>,
}

/// An open element.
struct Open {
    /// The length of the path without it.
    path: usize,
    /// Where its text starts.
    text: usize,
    has_children: bool,
}

fn find(document: &str, wanted: &str) -> Result<Place, EditError> {
    let mut reader = Reader::from_str(document);
    let mut path = String::new();
    let mut open: Vec<Open> = Vec::new();
    let mut found: Option<Place> = None;
    loop {
        let before = position(&reader);
        let event = reader.read_event().map_err(|_| EditError::Malformed)?;
        let (tag, is_empty) = match &event {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                let element = open.pop().ok_or(EditError::Malformed)?;
                if ends_with(&path, wanted) {
                    let place = Place {
                        text: element.text..before,
                        empty: None,
                    };
                    if element.has_children || found.replace(place).is_some() {
                        return Err(EditError::Ambiguous);
                    }
                }
                path.truncate(element.path);
                continue;
            }
            Event::Eof if open.is_empty() => return found.ok_or(EditError::Missing),
            Event::Eof => return Err(EditError::Malformed),
            _ => continue,
        };
        if open.len() >= MAX_DEPTH {
            return Err(EditError::Malformed);
        }
        if let Some(parent) = open.last_mut() {
            parent.has_children = true;
        }
        let length = path.len();
        path.push('/');
        path.push_str(tag.name().0);
        let end = position(&reader);
        if !is_empty {
            open.push(Open {
                path: length,
                text: end,
                has_children: false,
            });
            continue;
        }
        if ends_with(&path, wanted) {
            let place = Place {
                text: end.saturating_sub("/>".len())..end,
                empty: Some(tag.name().0.to_owned()),
            };
            if found.replace(place).is_some() {
                return Err(EditError::Ambiguous);
            }
        }
        path.truncate(length);
    }
}

/// The deepest nesting of a document that is changed.
const MAX_DEPTH: usize = 16;

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// Why a document is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Not well-formed, nested too deep or too long: it is better not sent back.
    #[error("the document is not well-formed")]
    Malformed,
    /// No such element.
    #[error("the document has no such element")]
    Missing,
    /// More than one such element, or one with elements inside.
    #[error("the document has no single text there")]
    Ambiguous,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_changes() {
        for (before, path, text, after) in [
            (
                &b"\xef\xbb\xbf<?xml version=\"1.0\" ?>\r\n<h:I xmlns:h='u'>\r\n <CGI><enable>true</enable></CGI>\r\n \
                   <ONVIF ><enable opt=\"true,false\" >\n false </enable ></ONVIF><n>\xc3\xc5</n></h:I>\r\n"[..],
                "ONVIF/enable",
                "true",
                &b"\xef\xbb\xbf<?xml version=\"1.0\" ?>\r\n<h:I xmlns:h='u'>\r\n <CGI><enable>true</enable></CGI>\r\n \
                   <ONVIF ><enable opt=\"true,false\" >true</enable ></ONVIF><n>\xc3\xc5</n></h:I>\r\n"[..],
            ),
            (b"<N><hostName/></N>", "hostName", "a&b", b"<N><hostName>a&amp;b</hostName></N>"),
            (b"<N><x a='1' /></N>", "x", "<", b"<N><x a='1' >&lt;</x></N>"),
            (b"<N><x></x></N>", "N/x", "\u{e9}", b"<N><x>\xc3\xa9</x></N>"),
            (b"<N><x><!-- a --><![CDATA[b]]></x></N>", "x", "c", b"<N><x>c</x></N>"),
        ] {
            assert_eq!(replace_text(before, path, text).unwrap(), after);
        }
    }

    #[test]
    fn what_is_not_clear_is_not_changed() {
        for (document, error) in [
            (&b"<N><y>1</y></N>"[..], EditError::Missing),
            (b"", EditError::Missing),
            (b"<N><x>1</x><x>2</x></N>", EditError::Ambiguous),
            (b"<N><x>1</x><x/></N>", EditError::Ambiguous),
            (b"<N><x/><y><x/></y></N>", EditError::Ambiguous),
            (b"<N><x><y>1</y></x></N>", EditError::Ambiguous),
            (b"<N><x>1</x>", EditError::Malformed),
            (b"<N><x>1</y></N>", EditError::Malformed),
            (b"<N><x>1</x></N></N>", EditError::Malformed),
        ] {
            assert_eq!(replace_text(document, "x", "3"), Err(error), "{document:?}");
        }
        let deep = "<x>".repeat(100_000);
        assert_eq!(
            replace_text(deep.as_bytes(), "x", ""),
            Err(EditError::Malformed)
        );
        let long = vec![b' '; Body::MAX_BYTES + 1];
        assert_eq!(replace_text(&long, "x", ""), Err(EditError::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn any_document_is_survived(document: Vec<u8>, text: String) {
            let _ = replace_text(&document, "x", &text);
        }

        #[test]
        fn what_is_around_is_any_bytes(before in "[^<>&]{0,20}", text: String, after: Vec<u8>) {
            let after: Vec<u8> = after.into_iter().filter(|byte| !b"<>&".contains(byte)).collect();
            let parts = |text: &str| {
                [before.as_bytes(), b"<N><x>", text.as_bytes(), b"</x>", &after, b"</N>"].concat()
            };
            let changed = replace_text(&parts("old"), "x", &text).unwrap();
            proptest::prop_assert_eq!(changed, parts(&partial_escape(&text)));
        }
    }
}

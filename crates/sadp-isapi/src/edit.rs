use std::{borrow::Cow, ops::Range};

use encoding_rs::mem::{decode_latin1, encode_latin1_lossy};
use quick_xml::{
    Reader, Writer,
    escape::partial_escape,
    events::{BytesText, Event},
};

use crate::{Body, body::ends_with};

/// Replaces the text of one element of an XML document, found by the end of its path as
/// in [`Body::text`]. Every other byte stays as it was received: some devices take a
/// changed document only if all the rest of it is as they wrote it.
///
/// The element must be there exactly once and have no elements inside.
pub fn replace_text(document: &[u8], path: &str, text: &str) -> Result<Vec<u8>, EditError> {
    let document = Latin::new(document)?;
    let place = document.find(path)?;
    let text = partial_escape(text);
    match &place.empty {
        None => document.with(&place.text, &[text.as_bytes()]),
        Some(name) => {
            let name = encode_latin1_lossy(name);
            document.with(&place.text, &[b">", text.as_bytes(), b"</", &name, b">"])
        }
    }
}

/// Replaces one element by another one with this name and text, without attributes.
pub(crate) fn replace_element(
    document: &[u8],
    path: &str,
    name: &str,
    text: &str,
) -> Result<Vec<u8>, EditError> {
    let document = Latin::new(document)?;
    let place = document.find(path)?;
    let element = BytesText::new(text);
    let mut writer = Writer::new(Vec::new());
    // Writing to a vector cannot fail.
    let _infallible = writer.create_element(name).write_text_content(element);
    document.with(&place.element, &[&writer.into_inner()])
}

/// The elements of a list, each as a document of its own.
pub(crate) fn records(document: &[u8], path: &str) -> Result<Vec<Body>, EditError> {
    let document = Latin::new(document)?;
    let places = document.places(path)?;
    let texts = places
        .iter()
        .filter_map(|place| document.0.get(place.element.clone()));
    Ok(texts
        .filter_map(|text| Body::read(&encode_latin1_lossy(text)).ok())
        .collect())
}

/// A document with a character for each byte, whatever its encoding, so that all bytes
/// come back unchanged.
struct Latin<'a>(Cow<'a, str>);

/// Where an element stands.
struct ElementPlace {
    /// All of it.
    element: Range<usize>,
    /// Its text; of an empty element the `/>`.
    text: Range<usize>,
    /// The name of an empty element, which gets an end tag.
    empty: Option<String>,
    has_children: bool,
}

/// An open element.
struct Open {
    /// The length of the path without it.
    path: usize,
    /// Where it starts.
    start: usize,
    /// Where its text starts.
    text: usize,
    has_children: bool,
}

impl<'a> Latin<'a> {
    fn new(document: &'a [u8]) -> Result<Self, EditError> {
        if document.len() > Body::MAX_BYTES {
            return Err(EditError::Malformed);
        }
        Ok(Self(decode_latin1(document)))
    }

    /// The bytes, with others in one place.
    fn with(&self, place: &Range<usize>, bytes: &[&[u8]]) -> Result<Vec<u8>, EditError> {
        let before = self.0.get(..place.start).ok_or(EditError::Malformed)?;
        let after = self.0.get(place.end..).ok_or(EditError::Malformed)?;
        let bytes = bytes.concat();
        Ok([
            &*encode_latin1_lossy(before),
            &bytes,
            &*encode_latin1_lossy(after),
        ]
        .concat())
    }

    /// The only element of this path, which has no elements inside.
    fn find(&self, path: &str) -> Result<ElementPlace, EditError> {
        let mut places = self.places(path)?;
        let place = places.pop().ok_or(EditError::Missing)?;
        if place.has_children || !places.is_empty() {
            return Err(EditError::Ambiguous);
        }
        Ok(place)
    }

    /// All elements whose path ends like this, inner ones before outer ones.
    fn places(&self, wanted: &str) -> Result<Vec<ElementPlace>, EditError> {
        let mut reader = Reader::from_str(&self.0);
        let mut path = String::new();
        let mut open: Vec<Open> = Vec::new();
        let mut found = Vec::new();
        loop {
            let start = position(&reader);
            let event = reader.read_event().map_err(|_| EditError::Malformed)?;
            let end = position(&reader);
            let (tag, is_empty) = match &event {
                Event::Start(tag) => (tag, false),
                Event::Empty(tag) => (tag, true),
                Event::End(_) => {
                    let element = open.pop().ok_or(EditError::Malformed)?;
                    if ends_with(&path, wanted) {
                        found.push(ElementPlace {
                            element: element.start..end,
                            text: element.text..start,
                            empty: None,
                            has_children: element.has_children,
                        });
                    }
                    path.truncate(element.path);
                    continue;
                }
                Event::Eof if open.is_empty() => return Ok(found),
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
            if !is_empty {
                open.push(Open {
                    path: length,
                    start,
                    text: end,
                    has_children: false,
                });
                continue;
            }
            if ends_with(&path, wanted) {
                found.push(ElementPlace {
                    element: start..end,
                    text: end.saturating_sub("/>".len())..end,
                    empty: Some(tag.name().0.to_owned()),
                    has_children: false,
                });
            }
            path.truncate(length);
        }
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
            let (start, end) = ([before.as_bytes(), b"<N><x>"].concat(), [b"</x>", &*after, b"</N>"].concat());
            let changed = replace_text(&[&*start, b"old", &*end].concat(), "x", &text).unwrap();
            proptest::prop_assert_eq!(changed, [&*start, partial_escape(&text).as_bytes(), &*end].concat());
        }
    }
}

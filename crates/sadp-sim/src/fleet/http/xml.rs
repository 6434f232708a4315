//! The XML documents of the HTTP interface.

use std::{borrow::Cow, fmt, io};

use quick_xml::{
    Reader, Writer,
    events::{BytesDecl, BytesText, Event},
};
use sadp_model::RawFields;

use crate::HttpProfile;

/// An element with a text, or with elements.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: Cow<'static, str>,
    content: ElementContent,
    /// Attributes beside those of every root.
    attribute: Option<(&'static str, String)>,
}

#[derive(Clone, Debug)]
enum ElementContent {
    Text(String),
    Elements(Vec<Element>),
}

/// An element with a text.
pub(super) fn leaf(name: impl Into<Cow<'static, str>>, text: impl fmt::Display) -> Element {
    Element {
        name: name.into(),
        content: ElementContent::Text(format!("{text}")),
        attribute: None,
    }
}

/// An element with elements.
pub(super) fn node(name: impl Into<Cow<'static, str>>, elements: Vec<Element>) -> Element {
    Element {
        name: name.into(),
        content: ElementContent::Elements(elements),
        attribute: None,
    }
}

impl Element {
    /// A list, whose root counts its elements.
    pub(super) fn list(name: &'static str, elements: Vec<Self>) -> Self {
        Self {
            attribute: Some(("size", elements.len().to_string())),
            ..node(name, elements)
        }
    }

    /// An element with the elements of a document that was read. Their attributes are
    /// left out.
    pub(super) fn of(root: &'static str, fields: &RawFields) -> Self {
        let fields = fields.iter().filter(|(path, _)| !path.contains('@'));
        node(root, tree(&fields.collect::<Vec<_>>()))
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attribute = Some((name, value.to_owned()));
        self
    }

    /// Writes a document with this root, in the namespace of a firmware generation.
    pub(super) fn document(&self, profile: &HttpProfile) -> Vec<u8> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 0);
        let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
        // Writing to a vector cannot fail.
        let _infallible = writer
            .write_event(Event::Decl(declaration))
            .and_then(|()| self.write(&mut writer, Some(&profile.namespace)));
        let mut document = writer.into_inner();
        document.push(b'\n');
        document
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, namespace: Option<&str>) -> io::Result<()> {
        let mut element = writer.create_element(&*self.name);
        if let Some(namespace) = namespace {
            element = element.with_attributes([("version", "2.0"), ("xmlns", namespace)]);
        }
        if let Some((name, value)) = &self.attribute {
            element = element.with_attribute((*name, &**value));
        }
        match &self.content {
            ElementContent::Text(text) => element.write_text_content(BytesText::new(text))?,
            ElementContent::Elements(elements) => element.write_inner_content(|writer| {
                elements
                    .iter()
                    .try_for_each(|element| element.write(writer, None))
            })?,
        };
        Ok(())
    }
}

/// The elements of these paths and texts. Neighbours with the same beginning share an
/// element.
fn tree(fields: &[(&str, &str)]) -> Vec<Element> {
    let groups = fields.chunk_by(|(one, _), (other, _)| {
        let parent = one.split_once('/').map(|(parent, _)| parent);
        parent.is_some() && parent == other.split_once('/').map(|(parent, _)| parent)
    });
    let elements = groups.filter_map(|group| match *group {
        [(name, text)] if !name.contains('/') => Some(leaf(name.to_owned(), text)),
        _ => {
            let parent = group.first()?.0.split('/').next()?.to_owned();
            let inner = group.iter().filter_map(|(path, text)| {
                let (_, rest) = path.split_once('/')?;
                Some((rest, *text))
            });
            Some(node(parent, tree(&inner.collect::<Vec<_>>())))
        }
    });
    elements.collect()
}

/// Returns a document without the text of its leaves: two documents with the same frame
/// differ in values only. `None` where it is not XML.
pub(super) fn frame(document: &str) -> Option<Vec<u8>> {
    let mut reader = Reader::from_str(document);
    let mut writer = Writer::new(Vec::new());
    // What came since a start tag: the text of a leaf, where an end tag follows.
    let mut pending = Vec::new();
    let mut in_leaf = false;
    loop {
        let event = reader.read_event().ok()?;
        match &event {
            Event::Eof => break,
            Event::End(_) if in_leaf => pending.clear(),
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) if in_leaf => {
                pending.push(event);
                continue;
            }
            _ => {}
        }
        for event in pending.drain(..) {
            writer.write_event(event).ok()?;
        }
        in_leaf = matches!(event, Event::Start(_));
        writer.write_event(event).ok()?;
    }
    Some(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use sadp_proto::Document;

    use super::*;

    #[test]
    fn elements_become_a_document_in_the_namespace() {
        let root = Element::list(
            "UserList",
            vec![node("User", vec![leaf("id", 1), leaf("userName", "a&b")])],
        );
        let profile = HttpProfile::all()
            .iter()
            .find(|profile| profile.name() == "camera-v5.6");
        let document = String::from_utf8(root.document(profile.unwrap())).unwrap();
        assert_eq!(
            document,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <UserList version=\"2.0\" xmlns=\"http://www.hikvision.com/ver20/XMLSchema\" size=\"1\">\n\
             <User>\n<id>1</id>\n<userName>a&amp;b</userName>\n</User>\n</UserList>\n"
        );
    }

    const TIME: &str = "<?xml version=\"1.0\" ?>\r\n<Time x='1'>\r\n <timeMode>NTP</timeMode>\
        <localTime>1</localTime><odd a=\"b\"/> <!-- note --></Time>\n";

    #[test]
    fn what_was_read_is_written_again() {
        let read = Document::decode(
            b"<a:NTPServer xmlns:a='x'><id>1</id><One o='p'><b>2</b><c>3</c></One><d/></a:NTPServer>",
        );
        let element = Element::of("NTPServer", &read.unwrap().fields);
        let profile = &HttpProfile::all()[0];
        let text = String::from_utf8(element.document(profile)).unwrap();
        let expected = "<id>1</id>\n<One>\n<b>2</b>\n<c>3</c>\n</One>\n<d></d>\n</NTPServer>\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn documents_with_the_same_frame_differ_in_values_only() {
        let changed = TIME.replace("NTP", "manual &amp; more");
        assert_eq!(frame(TIME), frame(&changed));
        for other in [
            TIME.replace("\r\n ", "\n"),
            TIME.replace("<odd a=\"b\"/>", ""),
            TIME.replace("x='1'", "x=\"1\""),
        ] {
            assert_ne!(frame(TIME), frame(&other), "{other}");
        }
        assert_eq!(frame("<a><b></a>"), None);
    }
}

//! One XML document per datagram, as an ordered list of elements.
//!
//! Decoding recovers from bytes before the XML, trailing NULs, a bare `&`, unknown
//! entities, missing or mismatched end tags, text that is not UTF-8, and a
//! truncated document; [`Document::complete`] is then false. Only XML's own five
//! entities and character references are expanded.
//!
//! An attribute is read and written as an element `name@attribute` before its
//! element: `Password@bSalt`.

mod emitter;

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};
use memchr::memchr2;
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use sadp_model::RawFields;
use zeroize::Zeroizing;

use self::emitter::Emitter;
use crate::DecodeError;

/// A document: the name of the root and the elements below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The root's name, e.g. `ProbeMatch`.
    pub root: Box<str>,
    /// The elements below the root, in order.
    pub fields: RawFields,
    /// Whether the document was well-formed to its end.
    pub complete: bool,
}

impl Document {
    /// Decodes the first document of a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        let text = text_of(datagram);
        let (document, _) = read(&text.text)?;
        Ok(document.degraded_if(text.lossy))
    }

    /// Decodes all documents of a file. Anything between them is ignored.
    pub fn decode_all(bytes: &[u8]) -> Vec<Result<Self, DecodeError>> {
        let text = text_of(bytes);
        let mut rest = &*text.text;
        let mut documents = Vec::new();
        loop {
            match read(rest) {
                Ok((document, end)) => {
                    documents.push(Ok(document.degraded_if(text.lossy)));
                    rest = rest.get(end..).unwrap_or_default();
                }
                Err(error) => {
                    if documents.is_empty() {
                        documents.push(Err(error));
                    }
                    return documents;
                }
            }
        }
    }

    /// Encodes a document in a layout.
    pub fn encode(root: &str, fields: &RawFields, layout: XmlLayout) -> Vec<u8> {
        Emitter::new(root, fields, layout, USUAL_BYTES).emit()
    }

    /// Encodes a document with secrets as [`XmlLayout::Request`], without leaving copies
    /// in memory.
    pub fn encode_secret(root: &str, fields: &RawFields) -> Zeroizing<Vec<u8>> {
        let most = most_bytes(root, fields);
        Zeroizing::new(Emitter::new(root, fields, XmlLayout::Request, most).emit())
    }

    fn degraded_if(mut self, lossy: bool) -> Self {
        self.complete &= !lossy;
        self
    }
}

/// Enough for most documents.
const USUAL_BYTES: usize = 1536;

/// The most bytes of a request with these fields: its tags, and every character
/// escaped.
fn most_bytes(root: &str, fields: &RawFields) -> usize {
    const DECLARATION: usize = 64;
    const TAGS: usize = "<></>".len();
    const ESCAPED: usize = "&quot;".len();
    // Each name may open an element of its own.
    let elements = fields.iter().chain([(root, "")]).map(|(name, text)| {
        let names = name.len().saturating_add(1).saturating_mul(2 + TAGS);
        names.saturating_add(text.len().saturating_mul(ESCAPED))
    });
    elements.fold(DECLARATION, usize::saturating_add)
}

/// The layout of a document. It differs between devices, and some parsers depend on
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XmlLayout {
    /// One line without a final line break, encoding `utf-8`: the vendor's client.
    #[default]
    Request,
    /// One element per line, root and first element on one line, CRLF: most camera
    /// firmware.
    RootSharesLine,
    /// One element per line, LF, `encoding="UTF-8" ?>`: recorders and intercoms.
    ElementPerLine,
    /// One line with a final line break.
    OneLine,
    /// One element per line, indented, no declaration.
    Bare,
}

impl XmlLayout {
    const fn declaration(self) -> Option<&'static str> {
        match self {
            Self::Request => Some("xml version=\"1.0\" encoding=\"utf-8\""),
            Self::RootSharesLine | Self::OneLine => Some("xml version=\"1.0\" encoding=\"UTF-8\""),
            Self::ElementPerLine => Some("xml version=\"1.0\" encoding=\"UTF-8\" "),
            Self::Bare => None,
        }
    }

    const fn line_break(self) -> &'static str {
        match self {
            Self::Request | Self::OneLine => "",
            Self::RootSharesLine => "\r\n",
            Self::ElementPerLine | Self::Bare => "\n",
        }
    }

    const fn indent(self) -> &'static str {
        match self {
            Self::Bare => "  ",
            _ => "",
        }
    }

    const fn end(self) -> &'static str {
        match self {
            Self::Request => "",
            Self::RootSharesLine => "\r\n",
            Self::ElementPerLine | Self::OneLine | Self::Bare => "\n",
        }
    }
}

struct DecodedText<'a> {
    text: Cow<'a, str>,
    /// Whether bytes had to be replaced.
    lossy: bool,
}

/// The text of a datagram: UTF-8, UTF-16 with a byte order mark, or GB18030,
/// the encoding of device names on older firmware.
fn text_of(bytes: &[u8]) -> DecodedText<'_> {
    let end = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, _, lossy) = encoding.decode(bytes);
        return DecodedText { text, lossy };
    }
    let bytes = bytes.get(..end).unwrap_or_default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return DecodedText {
            text: text.into(),
            lossy: false,
        };
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => DecodedText { text, lossy: false },
        None => DecodedText {
            text: String::from_utf8_lossy(bytes),
            lossy: true,
        },
    }
}

/// Decodes the first document of a text. Returns it and where it ends.
fn read(text: &str) -> Result<(Document, usize), DecodeError> {
    let start = text.find('<').ok_or(DecodeError::NotXml)?;
    let mut builder = Builder {
        fields: RawFields::with_capacity(text.len().saturating_sub(start)),
        complete: true,
        ..Builder::default()
    };
    let mut at = start;
    // Each recovery may scan the rest once. Real devices need few.
    for _ in 0..MAX_RECOVERIES {
        match builder.read_from(text, at) {
            ReadState::RootClosed(end) => return builder.finish(end),
            ReadState::End => break,
            ReadState::Broken(next) => {
                builder.complete = false;
                let Some(next) = next else { break };
                at = next;
            }
        }
    }
    builder.complete = false;
    builder.finish(text.len())
}

const MAX_RECOVERIES: usize = 32;

/// The deepest nesting that is read. SADP nests three deep.
const MAX_DEPTH: usize = 16;

enum ReadState {
    /// The root's end tag ends here.
    RootClosed(usize),
    /// The text ended before the root did.
    End,
    /// Not readable; continue here.
    Broken(Option<usize>),
}

/// Collects elements from events.
#[derive(Default)]
struct Builder {
    root: Option<Box<str>>,
    fields: RawFields,
    complete: bool,
    /// Path below the root of the open element.
    path: String,
    /// Where each open element's own name starts in `path`.
    starts: Vec<usize>,
    /// Text of the innermost open element so far.
    text: String,
    /// Whether the innermost open element has no children so far.
    leaf: bool,
}

impl Builder {
    fn finish(self, end: usize) -> Result<(Document, usize), DecodeError> {
        let root = self.root.ok_or(DecodeError::NotXml)?;
        let document = Document {
            root,
            fields: self.fields,
            complete: self.complete,
        };
        Ok((document, end))
    }

    fn read_from(&mut self, text: &str, mut from: usize) -> ReadState {
        let mut reader = Reader::from_str(text.get(from..).unwrap_or_default());
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        loop {
            // Texts are trimmed at their end tag. Line breaks between tags need no events.
            reader.config_mut().trim_text_start = self.text.is_empty();
            // Matched where it is: moving an event costs as much as parsing it.
            match &reader.read_event() {
                Err(_) => {
                    let tag = offset(reader.error_position(), from);
                    return ReadState::Broken(next_tag(text, tag));
                }
                Ok(Event::Start(tag)) if tag.name().0.contains('<') => {
                    let length = tag.len().saturating_add("<>".len());
                    let tag = position(&reader, from).saturating_sub(length);
                    return ReadState::Broken(next_tag(text, tag));
                }
                Ok(Event::Start(tag)) => self.open(tag),
                Ok(Event::Empty(tag)) => {
                    self.open(tag);
                    if self.close() {
                        return ReadState::RootClosed(position(&reader, from));
                    }
                }
                Ok(Event::End(tag)) => {
                    if self.close_named(tag.name().0) {
                        return ReadState::RootClosed(position(&reader, from));
                    }
                }
                Ok(Event::Text(part)) => self.text.push_str(part),
                Ok(Event::CData(part)) => self.text.push_str(part),
                Ok(Event::GeneralRef(reference)) => self.refer(reference),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                Ok(Event::Eof) => return ReadState::End,
            }
            if self.root.is_some() && self.starts.is_empty() && self.text.is_empty() {
                let start = position(&reader, from);
                let end = self.read_plain(text, start);
                *reader.get_mut() = text.get(end..).unwrap_or_default().as_bytes();
                // The reader counts only what it read itself.
                from = from.saturating_add(end.saturating_sub(start));
            }
        }
    }

    /// Reads the plain elements that start at `from`, below the root. Most elements are
    /// plain, and without events they cost a quarter. Returns where they end.
    fn read_plain(&mut self, text: &str, from: usize) -> usize {
        let mut rest = text.get(from..).unwrap_or_default();
        while let Some(element) = PlainElement::read(rest) {
            self.complete &= self.fields.push(element.name, element.text.trim());
            rest = element.rest;
        }
        text.len().saturating_sub(rest.len())
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = tag.name().0;
        if self.root.is_none() {
            self.root = Some(name.into());
            return;
        }
        // SADP does not mix text and elements: text before a start tag means that
        // an end tag is missing.
        let unclosed = !self.starts.is_empty() && self.leaf && !self.text.trim().is_empty();
        if unclosed || self.starts.len() >= MAX_DEPTH {
            self.complete = false;
            self.close();
        }
        self.starts.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.text.clear();
        self.leaf = true;
        if tag.len() > name.len() {
            self.note_attributes(tag);
        }
    }

    /// Keeps attributes as elements `name@attribute` before their element.
    fn note_attributes(&mut self, tag: &BytesStart<'_>) {
        let length = self.path.len();
        for attribute in tag.attributes().with_checks(false) {
            let Ok(attribute) = attribute else {
                self.complete = false;
                return;
            };
            self.path.push('@');
            self.path.push_str(attribute.key.0);
            self.complete &= self.fields.push(&self.path, &attribute.value);
            self.path.truncate(length);
        }
    }

    /// Closes the innermost element. Returns whether that was the root.
    fn close(&mut self) -> bool {
        let Some(start) = self.starts.pop() else {
            return true;
        };
        if self.leaf && !self.fields.push(&self.path, self.text.trim()) {
            self.complete = false;
        }
        self.path.truncate(start);
        self.text.clear();
        self.leaf = false;
        false
    }

    /// Closes the element of this name and all open elements inside it. Returns
    /// whether it was the root.
    fn close_named(&mut self, name: &str) -> bool {
        if self.innermost() == Some(name) {
            return self.close();
        }
        let is_open = self.path.split('/').any(|open| open == name);
        if is_open {
            self.complete = false;
            while self.innermost().is_some_and(|innermost| innermost != name) {
                self.close();
            }
            return self.close();
        }
        if self.root.as_deref() == Some(name) {
            self.complete &= self.starts.is_empty();
            while !self.close() {}
            return true;
        }
        // A misspelt end tag ends its element; a stray one is ignored.
        self.complete = false;
        if !self.starts.is_empty() {
            self.close();
        }
        false
    }

    fn innermost(&self) -> Option<&str> {
        let name = self.path.get(*self.starts.last()?..)?;
        Some(name.strip_prefix('/').unwrap_or(name))
    }

    fn refer(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text.push(character);
            return;
        }
        if let Some(text) = quick_xml::escape::resolve_xml_entity(reference.as_ref()) {
            self.text.push_str(text);
        } else {
            // Not an XML entity: keep it unchanged.
            self.text.push('&');
            self.text.push_str(reference);
            self.text.push(';');
        }
    }
}

/// An element `<Name>text</Name>` without attributes, references or other elements.
struct PlainElement<'a> {
    name: &'a str,
    text: &'a str,
    /// What follows it.
    rest: &'a str,
}

impl<'a> PlainElement<'a> {
    /// Reads the element that a text starts with, line breaks aside, if it is plain.
    fn read(text: &'a str) -> Option<Self> {
        let tag = text.trim_ascii_start().strip_prefix('<')?;
        let name_end = tag.bytes().position(|it| !it.is_ascii_alphanumeric())?;
        let (name, content) = tag.split_at_checked(name_end)?;
        let content = content.strip_prefix('>').filter(|_| !name.is_empty())?;
        let end = memchr2(b'<', b'&', content.as_bytes())?;
        let (text, end_tag) = content.split_at_checked(end)?;
        let end_tag = end_tag.strip_prefix("</")?;
        let rest = end_tag.strip_prefix(name)?.strip_prefix('>')?;
        Some(Self { name, text, rest })
    }
}

/// Where a reader is in the text, which started at `from`.
fn position(reader: &Reader<&[u8]>, from: usize) -> usize {
    offset(reader.buffer_position(), from)
}

/// Where something is in the text, by its place behind `from`.
fn offset(place: u64, from: usize) -> usize {
    from.saturating_add(usize::try_from(place).unwrap_or(0))
}

/// Where the tag after the one at `from` starts.
fn next_tag(text: &str, from: usize) -> Option<usize> {
    let behind = from.checked_add(1)?;
    let at = text.get(behind..)?.find('<')?;
    behind.checked_add(at)
}

#[cfg(test)]
mod tests;

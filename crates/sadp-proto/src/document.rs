//! One XML document a datagram, as an ordered list of elements.
//!
//! Reading never fails on what it can get around: bytes before the XML,
//! trailing NULs, a bare `&`, unknown entities, missing or mismatched end tags,
//! text that is not UTF-8, a document cut short. What had to be got around is
//! told by [`Document::complete`]. Entities are never expanded beyond XML's own
//! five and character references.
//!
//! An attribute is kept, and written, as an element `name@attribute` before the
//! element it belongs to: `Password@bSalt`.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};
use quick_xml::{
    Reader, Writer,
    events::{BytesDecl, BytesEnd, BytesRef, BytesStart, BytesText, Event},
};
use sadp_model::RawFields;

/// A document: the root's name and the elements below it.
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
    /// Reads the first document of a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        let text = text_of(datagram);
        let (document, _) = read(&text.text)?;
        Ok(document.degraded_if(text.lossy))
    }

    /// Reads all documents of a file, one behind the other. What stands between
    /// them is passed over.
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

    /// Writes the document as a client or a device of the given layout does.
    pub fn encode(root: &str, fields: &RawFields, layout: Layout) -> Vec<u8> {
        let mut emitter = Emitter::new(root, fields, layout);
        emitter.emit();
        emitter.writer.into_inner()
    }

    fn degraded_if(mut self, lossy: bool) -> Self {
        self.complete &= !lossy;
        self
    }
}

/// Why a datagram could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// There is no element in it.
    #[error("not an XML document")]
    NotXml,
    /// There is a document, but nothing in it tells which device it is from.
    #[error("no MAC, serial number or address in the reply")]
    Nameless,
}

/// How a document is laid out. Devices differ; parsers of the field are known
/// to depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// All on one line without a final line break, encoding `utf-8`: the
    /// vendor's client.
    #[default]
    Request,
    /// An element a line, root and first element sharing one, CRLF: most
    /// camera firmware.
    RootSharesLine,
    /// An element a line, LF, `encoding="UTF-8" ?>`: recorders and intercoms.
    ElementPerLine,
    /// All on one line with a final line break.
    OneLine,
    /// An element a line, indented, no declaration.
    Bare,
}

impl Layout {
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

struct Text<'a> {
    text: Cow<'a, str>,
    /// Whether bytes had to be replaced to make it text.
    lossy: bool,
}

/// The text of a datagram: UTF-8, UTF-16 with a byte order mark, or GB18030,
/// the encoding of device names on older firmware.
fn text_of(bytes: &[u8]) -> Text<'_> {
    let end = bytes
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, _, lossy) = encoding.decode(bytes);
        return Text { text, lossy };
    }
    let bytes = bytes.get(..end).unwrap_or_default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Text {
            text: text.into(),
            lossy: false,
        };
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Text { text, lossy: false },
        None => Text {
            text: String::from_utf8_lossy(bytes),
            lossy: true,
        },
    }
}

/// Reads the first document of a text. Returns it and where it ends.
fn read(text: &str) -> Result<(Document, usize), DecodeError> {
    let start = text.find('<').ok_or(DecodeError::NotXml)?;
    let mut builder = Builder::new(text.len().saturating_sub(start));
    let mut at = start;
    // Each recovery may scan the rest once: a few suffice for an honest device.
    for _ in 0..MAX_RECOVERIES {
        match builder.read_from(text, at) {
            Progress::RootClosed(end) => return builder.finish(end),
            Progress::End => break,
            Progress::Broken(next) => {
                builder.complete = false;
                match next {
                    Some(next) => at = next,
                    None => break,
                }
            }
        }
    }
    builder.complete = false;
    builder.finish(text.len())
}

const MAX_RECOVERIES: usize = 32;

/// The deepest nesting that is followed. SADP nests three deep.
const MAX_DEPTH: usize = 16;

enum Progress {
    /// The root's end tag was read, up to here.
    RootClosed(usize),
    /// The text ended before the root did.
    End,
    /// Something could not be read; it may go on from here.
    Broken(Option<usize>),
}

/// Collects elements from events.
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
    /// Whether the innermost open element is a leaf so far.
    leaf: bool,
}

impl Builder {
    fn new(bytes: usize) -> Self {
        Self {
            root: None,
            fields: RawFields::with_capacity(bytes),
            complete: true,
            path: String::new(),
            starts: Vec::new(),
            text: String::new(),
            leaf: false,
        }
    }

    fn finish(self, end: usize) -> Result<(Document, usize), DecodeError> {
        let root = self.root.ok_or(DecodeError::NotXml)?;
        let Self {
            fields, complete, ..
        } = self;
        Ok((
            Document {
                root,
                fields,
                complete,
            },
            end,
        ))
    }

    fn read_from(&mut self, text: &str, from: usize) -> Progress {
        let mut reader = Reader::from_str(text.get(from..).unwrap_or_default());
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let absolute = |position: u64| from.saturating_add(usize::try_from(position).unwrap_or(0));
        loop {
            let before = absolute(reader.buffer_position());
            let Ok(event) = reader.read_event() else {
                return Progress::Broken(next_tag(text, before));
            };
            match event {
                Event::Start(tag) if tag.name().0.contains('<') => {
                    return Progress::Broken(next_tag(text, before));
                }
                Event::Start(tag) => self.open(&tag),
                Event::Empty(tag) => {
                    self.open(&tag);
                    if self.close() {
                        return Progress::RootClosed(absolute(reader.buffer_position()));
                    }
                }
                Event::End(tag) => {
                    if self.close_named(tag.name().0) {
                        return Progress::RootClosed(absolute(reader.buffer_position()));
                    }
                }
                Event::Text(part) => self.text.push_str(&part),
                Event::CData(part) => self.text.push_str(&part),
                Event::GeneralRef(reference) => self.refer(&reference),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => return Progress::End,
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = tag.name().0;
        if self.root.is_none() {
            self.root = Some(name.into());
            return;
        }
        // SADP mixes no text and elements: text before a start tag means that
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

    /// Closes the element of this name and whatever was left open inside it.
    /// Returns whether that was the root.
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
        // A misspelt end tag still ends its element, a stray one nothing.
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
            // Not an entity of XML: keep it as it stands.
            self.text.push('&');
            self.text.push_str(reference);
            self.text.push(';');
        }
    }
}

/// Where the next tag starts behind the one at `from`.
fn next_tag(text: &str, from: usize) -> Option<usize> {
    let behind = from.checked_add(1)?;
    let at = text.get(behind..)?.find('<')?;
    behind.checked_add(at)
}

struct Emitter<'a> {
    root: &'a str,
    fields: &'a RawFields,
    layout: Layout,
    writer: Writer<Vec<u8>>,
    /// Attributes of the next element.
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Emitter<'a> {
    fn new(root: &'a str, fields: &'a RawFields, layout: Layout) -> Self {
        let writer = Writer::new(Vec::with_capacity(1536));
        Self {
            root,
            fields,
            layout,
            writer,
            attributes: Vec::new(),
        }
    }

    fn emit(&mut self) {
        if let Some(declaration) = self.layout.declaration() {
            let start = BytesStart::from_content(declaration, 3);
            self.event(Event::Decl(BytesDecl::from_start(start)));
            self.raw(self.layout.line_break());
        }
        self.event(Event::Start(BytesStart::new(self.root)));
        let mut open: Vec<&'a str> = Vec::new();
        let mut first = true;
        for (path, text) in self.fields.iter() {
            if let Some((_, attribute)) = path.split_once('@') {
                self.attributes.push((attribute, text));
                continue;
            }
            let names: Vec<&'a str> = path.split('/').collect();
            let (leaf, parents) = names.split_last().unwrap_or((&path, &[]));
            let shared = open.iter().zip(parents).take_while(|(a, b)| a == b).count();
            while open.len() > shared {
                self.close(open.pop().unwrap_or_default());
            }
            for parent in parents.get(shared..).unwrap_or_default() {
                self.line(first);
                first = false;
                self.event(Event::Start(BytesStart::new(*parent)));
                open.push(parent);
            }
            self.line(first);
            first = false;
            self.element(leaf, text);
        }
        while let Some(name) = open.pop() {
            self.close(name);
        }
        self.raw(self.layout.line_break());
        self.event(Event::End(BytesEnd::new(self.root)));
        self.raw(self.layout.end());
    }

    /// Starts a line for the next element.
    fn line(&mut self, first: bool) {
        if !(first && self.layout == Layout::RootSharesLine) {
            self.raw(self.layout.line_break());
        }
        self.raw(self.layout.indent());
    }

    fn element(&mut self, name: &str, text: &str) {
        let attributes = std::mem::take(&mut self.attributes);
        let start = BytesStart::new(name).with_attributes(attributes);
        self.event(Event::Start(start));
        self.event(Event::Text(BytesText::new(text)));
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn close(&mut self, name: &str) {
        self.raw(self.layout.line_break());
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn raw(&mut self, text: &str) {
        self.writer.get_mut().extend_from_slice(text.as_bytes());
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to a vector cannot fail.
        let _infallible = self.writer.write_event(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> (Vec<(String, String)>, bool) {
        let document = Document::decode(text.as_bytes()).unwrap();
        let pairs = document
            .fields
            .iter()
            .map(|(name, text)| (name.into(), text.into()));
        (pairs.collect(), document.complete)
    }

    fn pairs<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
        expected
            .map(|(name, text)| (name.into(), text.into()))
            .into()
    }

    #[test]
    fn elements_come_in_order_with_doubles_and_empty_ones() {
        let text =
            "<?xml version=\"1.0\"?>\r\n<Hello><A>1</A>\r\n<B></B><C/> <A> 2 </A></Hello>\r\n";
        let expected = pairs([("A", "1"), ("B", ""), ("C", ""), ("A", "2")]);
        assert_eq!(fields(text), (expected, true));
    }

    #[test]
    fn nested_elements_carry_their_path() {
        let text = "<P><QuestionList><Question><ID>1</ID></Question><Question><ID>2</ID></Question></QuestionList></P>";
        let expected = pairs([
            ("QuestionList/Question/ID", "1"),
            ("QuestionList/Question/ID", "2"),
        ]);
        assert_eq!(fields(text), (expected, true));
    }

    #[test]
    fn entities_are_resolved_but_never_expanded() {
        let text = "<!DOCTYPE P [<!ENTITY x \"yyyy\">]><P><A>a &amp; b &#66; & c &x; &lt;</A></P>";
        assert_eq!(fields(text), (pairs([("A", "a & b B & c &x; <")]), true));
    }

    #[test]
    fn attributes_come_before_their_element() {
        let text = "<P><A b=\"1\" c='2'>x</A><B>y</B></P>";
        let expected = pairs([("A@b", "1"), ("A@c", "2"), ("A", "x"), ("B", "y")]);
        assert_eq!(fields(text), (expected, true));
        let document = Document::decode(text.as_bytes()).unwrap();
        let written = Document::encode("P", &document.fields, Layout::Request);
        assert!(
            String::from_utf8(written)
                .unwrap()
                .contains("<A b=\"1\" c=\"2\">x</A><B>y</B>")
        );
    }

    #[test]
    fn a_truncated_document_keeps_what_was_whole() {
        let text = "<ProbeMatch><A>1</A><B>2</B><C>3";
        assert_eq!(fields(text), (pairs([("A", "1"), ("B", "2")]), false));
        assert_eq!(
            fields("<ProbeMatch><A>1</A><B"),
            (pairs([("A", "1")]), false)
        );
        assert_eq!(
            fields("<ProbeMatch><A>1</A></Prob"),
            (pairs([("A", "1")]), false)
        );
    }

    #[test]
    fn one_broken_element_costs_nothing_but_itself() {
        let missing_end = "<P><A>1<B>2</B><C>3</C></P>";
        assert_eq!(
            fields(missing_end),
            (pairs([("A", "1"), ("B", "2"), ("C", "3")]), false)
        );
        let misspelt_end = "<P><A>1</X><B>2</B></P>";
        assert_eq!(
            fields(misspelt_end),
            (pairs([("A", "1"), ("B", "2")]), false)
        );
        let stray_end = "<P><A>1</A></X><B>2</B></P>";
        assert_eq!(fields(stray_end), (pairs([("A", "1"), ("B", "2")]), false));
        let bare_less_than = "<P><A>1<2</A><B>2</B></P>";
        let (found, complete) = fields(bare_less_than);
        assert!(found.contains(&("B".into(), "2".into())), "{found:?}");
        assert!(!complete);
    }

    #[test]
    fn bytes_before_and_nuls_behind_are_passed_over() {
        let bytes = b"\x00\x17junk<?xml version=\"1.0\"?><P><A>1</A></P>\0\0\0";
        let document = Document::decode(bytes).unwrap();
        assert!(document.complete);
        assert_eq!(document.fields.first("A"), Some("1"));
    }

    #[test]
    fn gb18030_text_is_read() {
        let (name, _, _) = GB18030.encode("\u{6444}\u{50cf}\u{673a}");
        let bytes = [b"<P><A>", &*name, b"</A></P>"].concat();
        let document = Document::decode(&bytes).unwrap();
        assert!(document.complete);
        assert_eq!(document.fields.first("A"), Some("\u{6444}\u{50cf}\u{673a}"));
    }

    #[test]
    fn text_of_no_encoding_is_read_as_far_as_it_goes() {
        let document = Document::decode(b"<P><A>\xff\xff</A><B>2</B></P>").unwrap();
        assert!(!document.complete);
        assert_eq!(document.fields.first("B"), Some("2"));
    }

    #[test]
    fn what_holds_no_element_is_not_xml() {
        for bytes in [
            &b""[..],
            b"\0\0",
            b"hello",
            b"<",
            b"<?xml version=\"1.0\"?>",
            b"\xff\xfe",
        ] {
            assert_eq!(
                Document::decode(bytes),
                Err(DecodeError::NotXml),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_file_of_several_documents_is_read_to_its_end() {
        let text = "<P><A>1</A></P>\n\n<?xml version=\"1.0\"?><P><A>2</A></P>junk<P><A>3";
        let all = Document::decode_all(text.as_bytes());
        let texts: Vec<_> = all
            .iter()
            .map(|read| read.as_ref().unwrap().fields.first("A"))
            .collect();
        assert_eq!(texts, [Some("1"), Some("2"), None]);
    }

    #[test]
    fn a_request_is_written_as_the_vendors_client_writes_it() {
        let fields = [("Uuid", "X"), ("Types", "a<b&c")].into_iter().collect();
        let bytes = Document::encode("Probe", &fields, Layout::Request);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>X</Uuid><Types>a&lt;b&amp;c</Types></Probe>"
        );
    }

    #[test]
    fn camera_layout_shares_the_first_line() {
        let fields = [
            ("Uuid", "X"),
            ("L/Q/ID", "1"),
            ("L/Q/ID", "2"),
            ("MAC", "m"),
        ]
        .into_iter()
        .collect();
        let bytes = Document::encode("ProbeMatch", &fields, Layout::RootSharesLine);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<ProbeMatch><Uuid>X</Uuid>\r\n<L>\r\n<Q>\r\n<ID>1</ID>\r\n\
             <ID>2</ID>\r\n</Q>\r\n</L>\r\n<MAC>m</MAC>\r\n</ProbeMatch>\r\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Document::decode(&bytes);
            let _ = Document::decode_all(&bytes);
        }

        #[test]
        fn arbitrary_markup_never_panics(text in "(<|>|/|&|;|a|b|P| |\"|!|\\?|\\[|-){0,80}") {
            let _ = Document::decode(text.as_bytes());
            let _ = Document::decode_all(text.as_bytes());
        }

        #[test]
        fn what_is_written_is_read(
            pairs in proptest::collection::vec(("[A-Za-z][A-Za-z0-9]{0,9}", "[^\\p{C}\\s]{0,20}"), 0..20),
            layout in proptest::sample::select(vec![
                Layout::Request, Layout::RootSharesLine, Layout::ElementPerLine, Layout::OneLine, Layout::Bare,
            ]),
        ) {
            let fields: RawFields = pairs.iter().map(|(name, text)| (&**name, &**text)).collect();
            let bytes = Document::encode("ProbeMatch", &fields, layout);
            let document = Document::decode(&bytes).unwrap();
            proptest::prop_assert!(document.complete);
            proptest::prop_assert_eq!(document.fields, fields);
        }
    }
}

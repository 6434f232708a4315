//! Encoding a document.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use sadp_model::RawFields;

use super::XmlLayout;

pub(super) struct Emitter<'a> {
    root: &'a str,
    fields: &'a RawFields,
    layout: XmlLayout,
    writer: Writer<Vec<u8>>,
    /// Attributes of the next element.
    attributes: Vec<(&'a str, &'a str)>,
    /// The elements open below the root.
    open: Vec<&'a str>,
    /// The leaves of the innermost open element so far.
    leaves: Vec<&'a str>,
}

impl<'a> Emitter<'a> {
    /// Allocates `capacity` bytes; a longer document is reallocated.
    pub(super) fn new(
        root: &'a str,
        fields: &'a RawFields,
        layout: XmlLayout,
        capacity: usize,
    ) -> Self {
        let writer = Writer::new(Vec::with_capacity(capacity));
        Self {
            root,
            fields,
            layout,
            writer,
            attributes: Vec::new(),
            open: Vec::new(),
            leaves: Vec::new(),
        }
    }

    pub(super) fn emit(mut self) -> Vec<u8> {
        if let Some(declaration) = self.layout.declaration() {
            let start = BytesStart::from_content(declaration, 3);
            self.event(Event::Decl(BytesDecl::from_start(start)));
            self.raw(self.layout.line_break());
        }
        self.event(Event::Start(BytesStart::new(self.root)));
        let mut first = true;
        for (path, text) in self.fields.iter() {
            if let Some((_, attribute)) = path.split_once('@') {
                self.attributes.push((attribute, text));
                continue;
            }
            let names: Vec<&'a str> = path.split('/').collect();
            let (leaf, parents) = names.split_last().unwrap_or((&path, &[]));
            self.open_to(parents, leaf, &mut first);
            self.line(first);
            first = false;
            self.element(leaf, text);
            self.leaves.push(leaf);
        }
        self.close_to(0);
        self.raw(self.layout.line_break());
        self.event(Event::End(BytesEnd::new(self.root)));
        self.raw(self.layout.end());
        self.writer.into_inner()
    }

    /// Closes and opens elements until `parents` are open. In a list of records, a
    /// leaf that the open record already has begins the next record.
    fn open_to(&mut self, parents: &[&'a str], leaf: &str, first: &mut bool) {
        let same = self.open.iter().zip(parents).take_while(|(a, b)| a == b);
        let mut shared = same.count();
        let is_record = shared == parents.len() && shared == self.open.len() && shared > 1;
        if is_record && self.leaves.contains(&leaf) {
            shared = shared.saturating_sub(1);
        }
        self.close_to(shared);
        for parent in parents.get(shared..).unwrap_or_default() {
            self.line(*first);
            *first = false;
            self.event(Event::Start(BytesStart::new(*parent)));
            self.open.push(parent);
            self.leaves.clear();
        }
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let name = self.open.pop().unwrap_or_default();
            self.raw(self.layout.line_break());
            self.event(Event::End(BytesEnd::new(name)));
            self.leaves.clear();
        }
    }

    /// Starts a line for the next element.
    fn line(&mut self, first: bool) {
        if !(first && self.layout == XmlLayout::RootSharesLine) {
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

    fn raw(&mut self, text: &str) {
        self.writer.get_mut().extend_from_slice(text.as_bytes());
    }

    fn event(&mut self, event: Event<'_>) {
        // Writing to a vector cannot fail.
        let _infallible = self.writer.write_event(event);
    }
}

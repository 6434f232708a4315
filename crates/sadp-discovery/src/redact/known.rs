//! Names of devices that are known from their own elements, found wherever they stand.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use sadp_model::{MacAddr, Serial};

/// Known names and their replacements.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    /// In lower case.
    names: BTreeMap<String, String>,
    /// `None` until it is needed, and after another name.
    finder: Option<Finder>,
}

/// Finds all names at once.
#[derive(Debug)]
struct Finder {
    names: AhoCorasick,
    /// The replacements, in the order of the names.
    others: Vec<String>,
}

/// Shorter names can be part of any text.
const SHORTEST: usize = 6;

impl KnownNames {
    /// Adds a serial number, and its label number.
    pub(super) fn add_serial(&mut self, serial: &str, other: &str) {
        self.add(serial, other);
        let [own, other] = [serial, other].map(Serial::new);
        let label = own.as_ref().and_then(Serial::label);
        let other = other.as_ref().and_then(Serial::label);
        if let Some(label) = label {
            self.add(label, other.unwrap_or(&"x".repeat(label.len())));
        }
    }

    /// Adds a MAC in every notation.
    pub(super) fn add_mac(&mut self, mac: MacAddr, other: MacAddr) {
        for (own, other) in notations(mac).iter().zip(notations(other)) {
            self.add(own, &other);
        }
    }

    fn add(&mut self, name: &str, other: &str) {
        let name = name.to_ascii_lowercase();
        if name.len() >= SHORTEST && self.names.insert(name, other.into()).is_none() {
            self.finder = None;
        }
    }

    /// Replaces all names in a text, the longest first, whatever stands beside them. A
    /// text is blanked where there are too many names to be found.
    pub(super) fn replace(&mut self, text: &[u8]) -> Vec<u8> {
        if self.finder.is_none() {
            self.finder = Finder::new(&self.names);
        }
        let Some(finder) = &self.finder else {
            return super::blank(text);
        };
        let mut out = Vec::with_capacity(text.len());
        let names = &finder.names;
        names.replace_all_with_bytes(text, &mut out, |found, own, out| {
            if let Some(other) = finder.others.get(found.pattern().as_usize()) {
                out.extend(as_spelt(other.as_bytes(), own));
            }
            true
        });
        out
    }
}

impl Finder {
    fn new(names: &BTreeMap<String, String>) -> Option<Self> {
        let found = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(names.keys());
        Some(Self {
            names: found.ok()?,
            others: names.values().cloned().collect(),
        })
    }
}

/// A replacement in the case of what it stands for.
fn as_spelt(other: &[u8], own: &[u8]) -> Vec<u8> {
    if own.iter().any(u8::is_ascii_uppercase) {
        other.to_ascii_uppercase()
    } else {
        other.to_ascii_lowercase()
    }
}

/// A MAC with colons, with dashes, in groups of four, and plain.
fn notations(mac: MacAddr) -> [String; 4] {
    let colons = mac.to_string();
    let plain = colons.replace(':', "");
    let groups: Vec<_> = plain
        .as_bytes()
        .chunks(4)
        .map(String::from_utf8_lossy)
        .collect();
    [colons.replace(':', "-"), groups.join("."), plain, colons]
}

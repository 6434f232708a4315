//! Names of devices that are known from their own elements, found wherever they stand.

use std::collections::{BTreeMap, HashMap, HashSet};

use sadp_model::{MacAddr, Serial};

/// Known names and their replacements.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    /// By length, in lower case.
    names: BTreeMap<usize, HashMap<Vec<u8>, Vec<u8>>>,
    /// The first bytes of all names: most text begins none.
    begins: HashSet<[u8; BEGIN]>,
}

const BEGIN: usize = 3;

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
        let name = name.to_ascii_lowercase().into_bytes();
        if name.len() < SHORTEST {
            return;
        }
        self.begins.extend(name.first_chunk::<BEGIN>());
        let names = self.names.entry(name.len()).or_default();
        names.insert(name, other.as_bytes().to_vec());
    }

    /// Replaces all names in a text, the longest first, whatever stands beside them.
    pub(super) fn replace(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let lower = text.to_ascii_lowercase();
        let mut rest = text;
        while let Some((first, behind)) = rest.split_first() {
            let begun = text.len() - rest.len();
            let name = lower.get(begun..).and_then(|lower| self.at_start(lower));
            if let Some((length, other)) = name
                && let Some((own, behind)) = rest.split_at_checked(length)
            {
                out.extend(as_spelt(other, own));
                rest = behind;
            } else {
                out.push(*first);
                rest = behind;
            }
        }
        out
    }

    /// The longest name at the start of a text in lower case: its length and
    /// replacement.
    fn at_start(&self, text: &[u8]) -> Option<(usize, &[u8])> {
        let begin = text.first_chunk::<BEGIN>()?;
        if !self.begins.contains(begin) {
            return None;
        }
        self.names.iter().rev().find_map(|(length, names)| {
            let other = names.get(text.get(..*length)?)?;
            Some((*length, &**other))
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

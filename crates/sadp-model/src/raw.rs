use std::{collections::HashSet, fmt, sync::Arc};

use zeroize::Zeroize;

/// Every element of a reply, in order, as received, with duplicates and unknown
/// elements. A nested element has its path below the root as its name:
/// `QuestionList/Question/ID`.
///
/// Names and texts share a buffer each, and devices of one model the names: a site of
/// thousands of devices keeps tens of elements of each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawFields {
    /// Shared by devices of one model: see [`NamePool`].
    names: Arc<Texts>,
    texts: Texts,
}

impl RawFields {
    /// The most bytes of names and texts that are kept. A UDP datagram has no more.
    pub const MAX_BYTES: usize = 65_535;

    /// No elements, with room for `bytes` of texts.
    pub fn with_capacity(bytes: usize) -> Self {
        let bytes = bytes.min(Self::MAX_BYTES);
        Self {
            names: Arc::new(Texts::with_capacity(bytes / 2)),
            texts: Texts::with_capacity(bytes),
        }
    }

    /// Appends an element. Returns whether there was room for it within
    /// [`RawFields::MAX_BYTES`].
    pub fn push(&mut self, name: &str, text: &str) -> bool {
        let bytes = [self.names.buffer.len(), self.texts.buffer.len(), name.len()];
        let bytes = bytes.into_iter().fold(text.len(), usize::saturating_add);
        if bytes > Self::MAX_BYTES {
            return false;
        }
        Arc::make_mut(&mut self.names).push(name);
        self.texts.push(text);
        true
    }

    /// The elements in order, as name and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().zip(self.texts.iter())
    }

    /// The text of the first element of this name. Some firmware writes names in
    /// another case: such an element counts if none has exactly this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        let mut in_another_case = None;
        for (place, it) in self.names.iter().enumerate() {
            if it == name {
                return self.texts.at(place);
            }
            if in_another_case.is_none() && it.eq_ignore_ascii_case(name) {
                in_another_case = Some(place);
            }
        }
        self.texts.at(in_another_case?)
    }

    /// The text of an element that the device reported, if not empty.
    pub fn told(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|text| !text.is_empty())
    }

    /// Whether both have the same elements, but for the request that they answer.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        let mut pairs = self.iter().zip(other.iter());
        self.len() == other.len()
            && pairs.all(|(one, other)| one == other || (one.0 == "Uuid" && other.0 == "Uuid"))
    }

    /// Takes these elements from an earlier reply where this one omits them or leaves
    /// them empty.
    pub(crate) fn keep(&mut self, names: &[&str], earlier: &Self) {
        let is_one = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
        let kept = earlier
            .iter()
            .filter(|(name, text)| !text.is_empty() && is_one(name) && self.told(name).is_none());
        let kept: Vec<_> = kept.collect();
        if kept.is_empty() {
            return;
        }
        let here = self.iter().filter(|(name, text)| {
            !(text.is_empty() && kept.iter().any(|(it, _)| it.eq_ignore_ascii_case(name)))
        });
        *self = here.chain(kept.iter().copied()).collect();
    }

    /// Frees unused memory.
    fn shrink_to_fit(&mut self) {
        self.texts.shrink_to_fit();
        if let Some(names) = Arc::get_mut(&mut self.names) {
            names.shrink_to_fit();
        }
    }

    /// How many bytes the elements take in memory, if they share no names.
    pub(crate) fn footprint(&self) -> usize {
        self.names.footprint() + self.texts.footprint()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.ends.is_empty()
    }
}

/// Texts one after the other, [`RawFields::MAX_BYTES`] at most.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Texts {
    buffer: String,
    /// Where each ends.
    ends: Vec<u16>,
}

impl Texts {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: String::with_capacity(bytes),
            ends: Vec::with_capacity(bytes / 16),
        }
    }

    fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
        self.ends
            .push(self.buffer.len().try_into().unwrap_or(u16::MAX));
    }

    fn at(&self, place: usize) -> Option<&str> {
        let before = place.checked_sub(1).and_then(|it| self.ends.get(it));
        let start = before.copied().unwrap_or_default();
        let end = *self.ends.get(place)?;
        self.buffer.get(start.into()..end.into())
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let end = usize::from(end);
            let text = self.buffer.get(start..end).unwrap_or_default();
            start = end;
            text
        })
    }

    fn shrink_to_fit(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn footprint(&self) -> usize {
        self.buffer.len() + self.ends.len() * size_of::<u16>()
    }
}

/// Keeps the names of elements once that many devices have in common.
#[derive(Default)]
pub(crate) struct NamePool(HashSet<Arc<Texts>>);

impl NamePool {
    /// The most different lists of names. Further ones are not shared.
    const MAX: usize = 256;

    /// Keeps these elements with as little memory as possible.
    pub(crate) fn compact(&mut self, fields: &mut RawFields) {
        if let Some(shared) = self.0.get(&fields.names) {
            fields.names = Arc::clone(shared);
            fields.shrink_to_fit();
            return;
        }
        fields.shrink_to_fit();
        if self.0.len() < Self::MAX {
            self.0.insert(Arc::clone(&fields.names));
        }
    }
}

impl fmt::Debug for NamePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamePool").field(&self.0.len()).finish()
    }
}

/// For elements that are secrets. Elements beyond the initial capacity may have
/// left a copy in memory.
impl Zeroize for RawFields {
    fn zeroize(&mut self) {
        self.names = Arc::default();
        self.texts.buffer.zeroize();
        self.texts.ends.clear();
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for RawFields {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let mut fields = Self::default();
        for (name, text) in pairs {
            fields.push(name, text);
        }
        fields
    }
}

/// Names only: some texts are secrets.
impl fmt::Debug for RawFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_doubles_and_empty_texts_are_kept() {
        let pairs = [("DeviceType", "2"), ("DSPVersion", ""), ("DeviceType", "3")];
        let fields: RawFields = pairs.into_iter().collect();
        assert_eq!(fields.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(fields.first("DeviceType"), Some("2"));
        assert_eq!(fields.first("MAC"), None);
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn a_name_in_another_case_counts_where_the_exact_one_is_missing() {
        let pairs = [
            ("deviceSN", "1"),
            ("DEVICESN", "2"),
            ("mac", "3"),
            ("MAC", "4"),
        ];
        let fields: RawFields = pairs.into_iter().collect();
        assert_eq!(fields.first("DeviceSN"), Some("1"));
        assert_eq!(fields.first("MAC"), Some("4"));
        assert_eq!(fields.iter().collect::<Vec<_>>(), pairs);
    }

    #[test]
    fn names_in_common_are_kept_once_until_one_changes() {
        let mut pool = NamePool::default();
        let [mut one, mut two] = ["1", "2"].map(|text| RawFields::from_iter([("MAC", text)]));
        pool.compact(&mut one);
        pool.compact(&mut two);
        assert!(Arc::ptr_eq(&one.names, &two.names));
        assert!(two.push("DHCP", "true"));
        assert_eq!(one.iter().collect::<Vec<_>>(), [("MAC", "1")]);
        let pairs = [("MAC", "2"), ("DHCP", "true")];
        assert_eq!(two.iter().collect::<Vec<_>>(), pairs);
        assert_eq!(two, pairs.into_iter().collect());
    }

    #[test]
    fn nothing_is_left_once_wiped() {
        let mut fields: RawFields = [("GUID", "secret")].into_iter().collect();
        fields.zeroize();
        assert!(fields.is_empty());
        assert_eq!(fields.texts.buffer, "");
    }

    #[test]
    fn what_exceeds_a_datagram_is_not_kept() {
        let mut fields = RawFields::default();
        assert!(fields.push("a", &"x".repeat(RawFields::MAX_BYTES - 1)));
        assert!(!fields.push("b", ""));
        assert_eq!(fields.len(), 1);
    }
}

use std::fmt;

use zeroize::Zeroize;

/// Every element of a reply, in order, as received, with duplicates and unknown
/// elements. A nested element has its path below the root as its name:
/// `QuestionList/Question/ID`.
///
/// Names and texts share one buffer, because a site of thousands of devices keeps
/// tens of elements of each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawFields {
    buffer: String,
    /// Where each name and each text ends.
    ends: Vec<(u16, u16)>,
}

impl RawFields {
    /// The most bytes of names and texts that are kept. A UDP datagram has no more.
    pub const MAX_BYTES: usize = 65_535;

    /// No elements, with room for `bytes` of names and texts.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: String::with_capacity(bytes.min(Self::MAX_BYTES)),
            ends: Vec::with_capacity(bytes.min(Self::MAX_BYTES) / 32),
        }
    }

    /// Appends an element. Returns whether there was room for it within
    /// [`RawFields::MAX_BYTES`].
    pub fn push(&mut self, name: &str, text: &str) -> bool {
        let (Some(name_end), Some(text_end)) = (
            self.end_of(name.len()),
            self.end_of(name.len().saturating_add(text.len())),
        ) else {
            return false;
        };
        self.buffer.push_str(name);
        self.buffer.push_str(text);
        self.ends.push((name_end, text_end));
        true
    }

    fn end_of(&self, more: usize) -> Option<u16> {
        u16::try_from(self.buffer.len().checked_add(more)?).ok()
    }

    /// The elements in order, as name and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, text_end)| {
            let (name_end, text_end) = (usize::from(name_end), usize::from(text_end));
            let pair = (
                self.buffer.get(start..name_end).unwrap_or_default(),
                self.buffer.get(name_end..text_end).unwrap_or_default(),
            );
            start = text_end;
            pair
        })
    }

    /// The text of the first element of this name. Some firmware writes names in
    /// another case: such an element counts if none has exactly this name.
    pub fn first(&self, name: &str) -> Option<&str> {
        let of_exact_name = self.iter().find(|(found, _)| *found == name);
        of_exact_name
            .or_else(|| {
                self.iter()
                    .find(|(found, _)| found.eq_ignore_ascii_case(name))
            })
            .map(|(_, text)| text)
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
    pub(crate) fn shrink_to_fit(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// How many bytes the elements take in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.buffer.len() + self.ends.len() * size_of::<(u16, u16)>()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// For elements that are secrets. Elements beyond the initial capacity may have
/// left a copy in memory.
impl Zeroize for RawFields {
    fn zeroize(&mut self) {
        self.buffer.zeroize();
        self.ends.clear();
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

impl fmt::Debug for RawFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
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
    fn nothing_is_left_once_wiped() {
        let mut fields: RawFields = [("GUID", "secret")].into_iter().collect();
        fields.zeroize();
        assert!(fields.is_empty());
        assert_eq!(fields.buffer, "");
    }

    #[test]
    fn what_exceeds_a_datagram_is_not_kept() {
        let mut fields = RawFields::default();
        assert!(fields.push("a", &"x".repeat(RawFields::MAX_BYTES - 1)));
        assert!(!fields.push("b", ""));
        assert_eq!(fields.len(), 1);
    }
}

use std::{cmp::Ordering, fmt};

/// A firmware version: its text and its number.
///
/// Reads the known forms: `V5.5.82build 190910`, `V5.5.820 build 231108`,
/// `V5.3.8_151224`, `V5.8.10`, and recorders' padded `V4.30.097`. Any other text is
/// kept without a number.
#[derive(Clone, PartialEq, Eq)]
pub struct Firmware {
    text: Box<str>,
    version: Option<Version>,
}

impl Firmware {
    /// The firmware, or `None` for blank text.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(Self {
            text: text.into(),
            version: Version::leading(text),
        })
    }

    /// The text as the device wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The version number, comparable part by part.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The build, usually a date `YYMMDD`.
    pub fn build(&self) -> Option<&str> {
        let at = self.text.find("build").map(|at| at + "build".len());
        let at = at.or_else(|| self.text.find('_').map(|at| at + 1))?;
        let build = self.text.get(at..)?.trim_start();
        let end = build
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(build.len());
        build.get(..end).filter(|build| !build.is_empty())
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// A dotted version number of up to [`Version::MAX_PARTS`] parts. Compares part by
/// part; missing parts count as zero: `5.5` equals `5.5.0`, `5.03.020` equals
/// `5.3.20`, and `5.5.820` is newer than `5.5.82`. Displays each part as wide as it
/// was written.
#[derive(Clone, Copy)]
pub struct Version {
    parts: [u32; Self::MAX_PARTS],
    /// The number of digits of each part.
    widths: [u8; Self::MAX_PARTS],
    len: usize,
}

impl Version {
    /// The most parts that are read. No known firmware has more.
    pub const MAX_PARTS: usize = 6;

    /// A version from its parts, e.g. `[5, 5, 0]`. Parts beyond
    /// [`Version::MAX_PARTS`] are dropped.
    pub fn new(parts: &[u32]) -> Self {
        let mut version = Self {
            parts: [0; Self::MAX_PARTS],
            widths: [0; Self::MAX_PARTS],
            len: parts.len().min(Self::MAX_PARTS),
        };
        for (slot, part) in version.parts.iter_mut().zip(parts) {
            *slot = *part;
        }
        version
    }

    /// The version a text begins with, after an optional `V`.
    fn leading(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['V', 'v']).unwrap_or(text).trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let mut version = Self::new(&[]);
        for part in text.get(..end)?.trim_end_matches('.').split('.') {
            *version.parts.get_mut(version.len)? = part.parse().ok()?;
            *version.widths.get_mut(version.len)? = u8::try_from(part.len()).ok()?;
            version.len += 1;
        }
        Some(version)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.iter().zip(self.widths).take(self.len);
        for (index, (part, width)) in parts.enumerate() {
            let dot = if index == 0 { "" } else { "." };
            let width = usize::from(width);
            write!(f, "{dot}{part:0width$}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_seen_are_read() {
        for (text, version, build) in [
            ("V5.5.82build 190910", "5.5.82", Some("190910")),
            ("V5.5.820 build 231108", "5.5.820", Some("231108")),
            ("V5.3.8_151224", "5.3.8", Some("151224")),
            ("V5.8.10", "5.8.10", None),
            ("V1.0build 200101", "1.0", Some("200101")),
            ("5.4.0", "5.4.0", None),
            ("V4.30.097build 220810", "4.30.097", Some("220810")),
            ("V5.03.020 build 230517", "5.03.020", Some("230517")),
        ] {
            let firmware = Firmware::new(text).unwrap();
            assert_eq!(firmware.version().unwrap().to_string(), version, "{text}");
            assert_eq!(firmware.build(), build, "{text}");
            assert_eq!(firmware.text(), text);
        }
    }

    #[test]
    fn other_texts_are_kept_without_a_version() {
        for text in ["beta", "V", "V5..1", "V99999999999", "V1.2.3.4.5.6.7"] {
            let firmware = Firmware::new(text).unwrap();
            assert_eq!(firmware.version(), None, "{text}");
            assert_eq!(firmware.text(), text);
        }
        assert_eq!(Firmware::new("  "), None);
    }

    #[test]
    fn versions_compare_by_number() {
        fn version(text: &str) -> Version {
            Firmware::new(text).unwrap().version().unwrap()
        }
        assert!(version("V5.5.9") < version("V5.5.82"));
        assert!(version("V5.5.82") < version("V5.5.820"));
        assert!(version("V5.10") > version("V5.9.9"));
        assert_eq!(version("V5.5"), Version::new(&[5, 5, 0]));
        assert_eq!(version("V5.03.020"), Version::new(&[5, 3, 20]));
        assert!(version("V4.30.097") > version("V4.30.96"));
        assert!(version("V4.30.097") < version("V4.30.110"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            if let Some(firmware) = Firmware::new(&text) {
                let _ = firmware.build();
            }
        }

        #[test]
        fn a_version_is_shown_as_written(text in "[0-9]{1,6}(\\.[0-9]{1,6}){0,5}") {
            let firmware = Firmware::new(&format!("V{text}build 230517")).unwrap();
            let shown = firmware.version().map(|version| version.to_string());
            proptest::prop_assert_eq!(shown, Some(text));
        }
    }
}

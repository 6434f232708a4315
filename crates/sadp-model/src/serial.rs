use std::fmt;

use jiff::civil::Date;

/// A full serial number as the device wrote it, e.g.
/// `DS-2CD2320D-I20180919AACHC52601815`. Any text is kept: OEM and access
/// control devices follow no scheme.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Box<str>);

impl Serial {
    /// The serial, or `None` for blank text.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The full text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Splits the serial by the vendor's scheme: model, channel count of a
    /// recorder, production date, factory letters, region, number, feature
    /// letters. `model` is the device's description where known; it is
    /// stripped first. `None` where the serial follows another scheme.
    pub fn parts(&self, model: Option<&str>) -> Option<SerialParts<'_>> {
        let known = model.and_then(|model| self.0.strip_prefix(model.trim()));
        let split = match known {
            // Some serials set the model off by a blank.
            Some(rest) => self.0.len() - rest.trim_start().len(),
            None => self.find_date()?,
        };
        SerialParts::read(&self.0, split)
    }

    /// Where the part behind the model begins, when the model is not known:
    /// the first place from which the rest follows the scheme.
    fn find_date(&self) -> Option<usize> {
        self.0
            .char_indices()
            .map(|(at, _)| at)
            .find(|&at| at > 0 && SerialParts::read(&self.0, at).is_some())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A serial taken apart by the vendor's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialParts<'a> {
    /// What stands before the date: the model.
    pub model: &'a str,
    /// Channels, two digits, on recorders and some intercoms.
    pub channel_count: Option<u8>,
    /// Production date.
    pub date: Date,
    /// Two factory letters; older and some other serials have none.
    pub factory: Option<&'a str>,
    /// Two letters of the sales region, e.g. `CH`, `WR`.
    pub region: &'a str,
    /// The number proper; may begin with a letter.
    pub number: &'a str,
    /// Feature letters behind the number, e.g. `WCVU`.
    pub features: Option<&'a str>,
}

impl<'a> SerialParts<'a> {
    fn read(serial: &'a str, split: usize) -> Option<Self> {
        let (model, rest) = serial.split_at_checked(split)?;
        let digits = run(rest, |c| c.is_ascii_digit());
        let (channel_count, date) = match digits.len() {
            8 => (None, digits),
            10 => (Some(digits.get(..2)?.parse().ok()?), digits.get(2..)?),
            _ => return None,
        };
        let rest = rest.get(digits.len()..)?;
        let letters = run(rest, |c| c.is_ascii_uppercase());
        // One letter more than the pairs belongs to the number.
        let (factory, region) = match letters.len() {
            2 | 3 => (None, letters.get(..2)?),
            4 | 5 => (Some(letters.get(..2)?), letters.get(2..4)?),
            _ => return None,
        };
        let rest = rest.get(letters.len() & !1..)?;
        let tail = rest
            .trim_end_matches(|c: char| c.is_ascii_uppercase())
            .len();
        let (number, features) = rest.split_at_checked(tail)?;
        let known = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
        if !number.ends_with(|c: char| c.is_ascii_digit()) || !number.chars().all(known) {
            return None;
        }
        Some(Self {
            model: model.trim_end(),
            channel_count,
            date: parse_date(date)?,
            factory,
            region,
            number,
            features: (!features.is_empty()).then_some(features),
        })
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    &text[..end]
}

fn parse_date(text: &str) -> Option<Date> {
    let year: i16 = text.get(..4)?.parse().ok()?;
    let month = text.get(4..6)?.parse().ok()?;
    let day = text.get(6..8)?.parse().ok()?;
    // The maker was founded in 2001: an earlier "date" is some other number.
    (year >= 2001).then(|| Date::new(year, month, day).ok())?
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn serial(text: &str) -> Serial {
        Serial::new(text).unwrap()
    }

    #[test]
    fn a_camera_serial_splits() {
        let serial = serial("DS-2CD2320D-I20180919AACHC52601815");
        let expected = SerialParts {
            model: "DS-2CD2320D-I",
            channel_count: None,
            date: date(2018, 9, 19),
            factory: Some("AA"),
            region: "CH",
            number: "C52601815",
            features: None,
        };
        assert_eq!(serial.parts(Some("DS-2CD2320D-I")), Some(expected));
        assert_eq!(serial.parts(None), Some(expected));
    }

    #[test]
    fn an_intercom_serial_has_channels_and_features_and_no_factory() {
        let serial = serial("DS-KH6210-L0120181203WR204816397CLU");
        let expected = SerialParts {
            model: "DS-KH6210-L",
            channel_count: Some(1),
            date: date(2018, 12, 3),
            factory: None,
            region: "WR",
            number: "204816397",
            features: Some("CLU"),
        };
        assert_eq!(serial.parts(Some("DS-KH6210-L")), Some(expected));
        assert_eq!(serial.parts(None), Some(expected));
    }

    #[test]
    fn a_blank_behind_the_model_is_no_part_of_it() {
        let serial = serial("NC324-XB 20190226AAWR233280874");
        let parts = serial.parts(Some("NC324-XB")).unwrap();
        assert_eq!((parts.model, parts.number), ("NC324-XB", "233280874"));
        assert_eq!(serial.parts(None), Some(parts));
    }

    #[test]
    fn other_schemes_are_kept_whole() {
        for text in [
            "TSC-20170503-0042",
            "Virtual-975432319",
            "AB/12 34",
            "Ü20200101AACH1x",
            "DS-2CD20209999AAWR123456789",
        ] {
            assert_eq!(serial(text).parts(None), None, "{text}");
            assert_eq!(serial(text).as_str(), text);
        }
        assert_eq!(Serial::new("  "), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*", model in "\\PC*") {
            if let Some(serial) = Serial::new(&text) {
                let _ = serial.parts(Some(&model));
                let _ = serial.parts(None);
            }
        }
    }
}

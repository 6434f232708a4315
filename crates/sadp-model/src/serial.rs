use std::{fmt, sync::Arc};

use jiff::civil::Date;

use crate::Kind;

/// A full serial number as the device wrote it, e.g.
/// `DS-2CD2320D-I20180919AACHC52601815`. Any text is kept: OEM and access control
/// devices use other schemes. Clones share it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Arc<str>);

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

    /// The label number: what the sticker, the vendor's app and ISAPI's
    /// `subSerialNumber` show, e.g. `C52601815` or `AE0417263`. Nine characters,
    /// the first two may be letters. `None` if the serial does not clearly contain
    /// it.
    pub fn label(&self) -> Option<&str> {
        let number = if is_label(&self.0) {
            &self.0
        } else {
            SerialParts::read(&self.0)?.number
        };
        is_label(number).then_some(number)
    }

    /// The label number; where it is not sure, the end of the serial behind two
    /// dots. At most 12 characters.
    pub fn short(&self) -> String {
        const LONGEST: usize = 12;
        if let Some(label) = self.label() {
            return label.into();
        }
        let length = self.0.chars().count();
        if length <= LONGEST {
            return (*self.0).into();
        }
        let end = length.saturating_sub(LONGEST - 2);
        format!("..{}", self.0.chars().skip(end).collect::<String>())
    }

    /// Splits the serial by the vendor's scheme: model, channel count of a
    /// recorder, production date, factory letters, region, number, feature letters.
    /// `model` is the device's description, if known; the serial may use other
    /// separators in it. `None` if the serial uses another scheme.
    pub fn parts(&self, model: Option<&str>) -> Option<SerialParts<'_>> {
        let parts = SerialParts::read(&self.0)?;
        let described = model.and_then(|model| split_described(parts.model, model));
        let (model, channel_count) = described.unwrap_or_else(|| split_channels(parts.model));
        Some(SerialParts {
            model: model.trim_end_matches([' ', '-', '/']),
            channel_count,
            ..parts
        })
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

/// The parts of a serial in the vendor's scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialParts<'a> {
    /// The part before the date: the model.
    pub model: &'a str,
    /// Channels, two digits, on recorders and some intercoms.
    pub channel_count: Option<u8>,
    /// Production date.
    pub date: Date,
    /// Two factory letters; older and some other serials have none.
    pub factory: Option<&'a str>,
    /// Two letters of the sales region, e.g. `CH`, `WR`. Access control devices
    /// have a version and a language instead.
    pub region: Option<&'a str>,
    /// The number; it may begin with one or two letters.
    pub number: &'a str,
    /// Feature letters after the number, e.g. `WCVU`.
    pub features: Option<&'a str>,
}

impl<'a> SerialParts<'a> {
    /// Reads what does not depend on the model, backwards, because the model may end in
    /// digits. The model has the channel count at its end.
    fn read(serial: &'a str) -> Option<Self> {
        let (rest, features) = split_run(serial, |c| c.is_ascii_uppercase());
        let (before_digits, digits) = split_run(rest, |c| c.is_ascii_digit());
        let (before, letters) = split_run(before_digits, |c| c.is_ascii_uppercase());
        if digits.is_empty() {
            return None;
        }
        let version = before_version(before).filter(|_| letters.starts_with(LANGUAGE));
        let (factory, region, prefix) = if version.is_some() {
            (None, None, LANGUAGE.len())
        } else {
            split_letters(letters, digits.len())?
        };
        let (model, date) = split_date(version.unwrap_or(before))?;
        Some(Self {
            model,
            channel_count: None,
            date,
            factory,
            region,
            number: rest.get(before.len() + prefix..)?,
            features: (!features.is_empty()).then_some(features),
        })
    }
}

/// The language after the version of access control serials.
const LANGUAGE: &str = "EN";

/// Known regions. They decide only between factory and region letters on one side
/// and region and number letters on the other.
const REGIONS: [&str; 6] = ["CH", "WR", "RR", "EU", "TW", "JP"];

/// The part before the `V` and six digits of an access control serial.
fn before_version(text: &str) -> Option<&str> {
    let at = text.len().checked_sub(7)?;
    let (front, version) = text.split_at_checked(at)?;
    let digits = version.strip_prefix('V')?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(front)
}

/// Factory, region, and the number of letters they take. The other letters belong
/// to the number.
fn split_letters(letters: &str, digits: usize) -> Option<(Option<&str>, Option<&str>, usize)> {
    let (first, second) = (letters.get(..2), letters.get(2..4));
    let [is_region, is_second_region] =
        [first, second].map(|pair| pair.is_some_and(|pair| REGIONS.contains(&pair)));
    match letters.len() {
        2 | 3 => Some((None, first, 2)),
        4 if digits == 7 && is_region && !is_second_region => Some((None, first, 2)),
        4..=6 => Some((first, second, 4)),
        _ => None,
    }
}

/// Whether it has the form of a label number.
fn is_label(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
    text.len() == 9 && digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Splits off the date that a text ends with.
fn split_date(text: &str) -> Option<(&str, Date)> {
    let (front, date) = text.split_at_checked(text.len().checked_sub(8)?)?;
    let is_number = date.bytes().all(|b| b.is_ascii_digit());
    let date = Date::strptime("%Y%m%d", date).ok()?;
    // The maker was founded in 2001; an earlier "date" is another number.
    let fits = is_number && (2001..2100).contains(&date.year());
    (fits && !front.is_empty()).then_some((front, date))
}

/// Splits model and channel count of a described model. Separators are ignored: a
/// serial contains `-E/26` where the description is `-E-26`.
fn split_described<'a>(front: &'a str, model: &str) -> Option<(&'a str, Option<u8>)> {
    let mut rest = front.trim_start_matches(is_separator);
    for wanted in model.chars().filter(|&c| !is_separator(c)) {
        let mut chars = rest.chars();
        if !chars.next()?.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        rest = chars.as_str().trim_start_matches(is_separator);
    }
    let model = front.get(..front.len() - rest.len())?;
    match rest.len() {
        _ if model.is_empty() => None,
        0 => Some((model, None)),
        2 => Some((model, Some(rest.parse().ok()?))),
        _ => None,
    }
}

/// Splits model and channel count without a description: only recorders and
/// intercoms have a count.
fn split_channels(front: &str) -> (&str, Option<u8>) {
    let has_count = matches!(
        Kind::of_model(front),
        Kind::Nvr | Kind::Dvr | Kind::Intercom
    );
    let split = front.split_at_checked(front.len().saturating_sub(2));
    split
        .filter(|_| has_count)
        .and_then(|(model, count)| Some((model, Some(count.parse().ok()?))))
        .unwrap_or((front, None))
}

const fn is_separator(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric()
}

/// Splits before the run of matching characters at the end.
fn split_run(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let start = text.trim_end_matches(belongs).len();
    text.split_at_checked(start).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn serial(text: &str) -> Serial {
        Serial::new(text).unwrap()
    }

    #[test]
    fn a_serial_splits_with_and_without_its_model() {
        let camera = SerialParts {
            model: "DS-2CD2320D-I",
            channel_count: None,
            date: date(2018, 9, 19),
            factory: Some("AA"),
            region: Some("CH"),
            number: "C52601815",
            features: None,
        };
        // Intercoms have channels and features, and no factory.
        let intercom = SerialParts {
            model: "DS-KH6210-L",
            channel_count: Some(1),
            date: date(2018, 12, 3),
            factory: None,
            region: Some("WR"),
            number: "204816397",
            features: Some("CLU"),
        };
        for (text, expected) in [
            ("DS-2CD2320D-I20180919AACHC52601815", camera),
            ("DS-KH6210-L0120181203WR204816397CLU", intercom),
        ] {
            let serial = serial(text);
            assert_eq!(serial.parts(Some(expected.model)), Some(expected));
            assert_eq!(serial.parts(None), Some(expected));
        }
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

    #[test]
    fn the_label_number_is_found_at_the_end() {
        for (text, label) in [
            ("DS-2CD2320D-I20180919AACHC52601815", "C52601815"),
            // Two letters and seven digits, before feature letters too.
            ("DS-2CD2347G2-LU20230704AAWRAD1530862", "AD1530862"),
            ("iDS-7208HUHI-M2/S0820230415CCWRAG2604917WCVU", "AG2604917"),
            // Access control: a version and a language before it.
            ("DS-K1T671M20211102V020310ENG38150627", "G38150627"),
            ("DS-K1T343EX20231120V030412ENFK1706283", "FK1706283"),
            ("DS-K1T804AMF20190527V010101EN204816397", "204816397"),
            // Door stations: no factory letters.
            ("DS-KH6210-L0120181203WR204816397CLU", "204816397"),
            ("DS-KV8113-WME120200611WRE61840275", "E61840275"),
            ("DS-KV6113-WPE1(C)20230811WRAF2093816", "AF2093816"),
            // Nothing but the number.
            ("BC1730628", "BC1730628"),
            ("D17306284", "D17306284"),
        ] {
            assert_eq!(serial(text).label(), Some(label), "{text}");
        }
    }

    #[test]
    fn where_the_label_number_is_not_sure_none_is_reported() {
        for text in [
            // Factory, region and seven digits.
            "DS-2CD2320D-I20180919AAWR0417263",
            // Either pair can be the region.
            "DS-KV811320200611WRRR0417263",
            "DS-KV811320200611XXYY0417263",
            // Other lengths.
            "DS-2CD2320D-I20180919AAWRC5260181",
            "DS-2CD2320D-I20180919AAWRC526018155",
            "DS-2CD2320D-I20180919AAWRABC260181",
            // No date, no region, no version.
            "DS-2CD2320D-IAAWRC52601815",
            "DS-2CD2320D-I20180919C52601815",
            "DS-2CD2320D-I20180919204816397",
            "DS-K1T671M20211102V0203ENG38150627",
            "TSC-20170503-0042",
            "Virtual-975432319",
        ] {
            assert_eq!(serial(text).label(), None, "{text}");
        }
    }

    #[test]
    fn a_serial_may_spell_the_model_in_another_way() {
        #[rustfmt::skip]
        let cases = [
            ("DS-2SE3C404MWG-E-14", "DS-2SE3C404MWG-E/1420230518AAWRFA1482069", "DS-2SE3C404MWG-E/14", None),
            ("DS-7616NI-M2", "DS-7616NI-M2-1620220805CCRRK61840275WCVU", "DS-7616NI-M2", Some(16)),
            ("DS-7616NI-M2", "DS-7616NI-M21620220805CCRRK61840275WCVU", "DS-7616NI-M2", Some(16)),
            ("DS-7604NI-K1(B)", "DS-7604NI-K1(B)0420190101CCWRC61840275WCVU", "DS-7604NI-K1(B)", Some(4)),
            // A model of its own is not cut.
            ("Camera", "DS-2SE3C404MWG-E/1420230518AAWRFA1482069", "DS-2SE3C404MWG-E/14", None),
            ("Recorder", "DS-7616NI-M21620220805CCRRK61840275WCVU", "DS-7616NI-M2", Some(16)),
        ];
        for (description, text, model, channels) in cases {
            let serial = serial(text);
            let parts = serial.parts(Some(description)).unwrap();
            let found = (parts.model, parts.channel_count);
            assert_eq!(found, (model, channels), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC*", model in "\\PC*") {
            if let Some(serial) = Serial::new(&text) {
                let _ = serial.parts(Some(&model));
                let _ = serial.parts(None);
            }
        }

        /// Also for texts that resemble the scheme.
        #[test]
        fn a_label_number_is_never_invented(
            text in "[A-Z0-9/ -]{0,12}(20[0-9]{6})?(V[0-9]{6})?(EN|[A-Z]{0,7})[0-9]{0,10}[A-Za-z]{0,4}|\\PC*",
        ) {
            let Some(serial) = Serial::new(&text) else { return Ok(()) };
            if let Some(label) = serial.label() {
                let end = serial.as_str().trim_end_matches(|c: char| c.is_ascii_uppercase());
                proptest::prop_assert!(end.ends_with(label), "{label} of {serial}");
                proptest::prop_assert!(is_label(label), "{label} of {serial}");
            }
        }

        #[test]
        fn the_number_of_the_scheme_is_the_label(
            model in "(DS-2CD|DS-76|DS-2TD)[A-Z0-9/-]{0,12}",
            date in "20(0[1-9]|[1-9][0-9])(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])",
            region in "(AA|CC)(CH|WR|RR)",
            label in "[0-9]{9}|[A-Z][0-9]{8}|[A-Z]{2}[0-9]{7}",
            features in "(WCVU|CLU)?",
        ) {
            let serial = Serial::new(&format!("{model}{date}{region}{label}{features}")).unwrap();
            proptest::prop_assert_eq!(serial.label(), Some(&*label));
        }
    }
}

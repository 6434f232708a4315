//! The time zones of devices.

use jiff::tz::TimeZone;

/// Parses a zone as devices write it: `CST-8:00:00`, or with daylight saving
/// `CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00`. The text is POSIX's, except
/// that daylight saving has the time it adds, where POSIX has its offset.
pub(super) fn parse(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    let Some((standard, summer)) = text.split_once("DST") else {
        seconds(name_and_offset(text)?)?;
        return TimeZone::posix(text).ok();
    };
    let (added, rules) = summer.split_once(',')?;
    let offset = seconds(name_and_offset(standard)?)? - seconds(added)?;
    let sign = if offset < 0 { "-" } else { "" };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() / 60 % 60);
    TimeZone::posix(&format!(
        "{standard}DST{sign}{hours:02}:{minutes:02}:00,{rules}"
    ))
    .ok()
}

/// The offset of `CST-8:00:00`: the name has letters only.
fn name_and_offset(text: &str) -> Option<&str> {
    let offset = text.trim_start_matches(|it: char| it.is_ascii_alphabetic());
    (text.len() - offset.len() >= 3).then_some(offset)
}

/// Reads `-8:00:00`.
fn seconds(text: &str) -> Option<i32> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = text.split(':').map(|part| {
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit());
        part.parse::<i32>().ok().filter(|_| digits)
    });
    let [hours, minutes, seconds] = [parts.next()??, parts.next()??, parts.next()??];
    let valid = parts.next().is_none() && hours <= 24 && minutes < 60 && seconds < 60;
    valid.then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The wall clock at 12:00 UTC in January and in July.
    fn noons(zone: &str) -> Option<[String; 2]> {
        let zone = parse(zone)?;
        Some([1, 7].map(|month| {
            let noon = date(2026, month, 15).at(12, 0, 0, 0);
            let noon = noon.to_zoned(TimeZone::UTC).unwrap().timestamp();
            noon.to_zoned(zone.clone()).strftime("%H:%M").to_string()
        }))
    }

    #[test]
    fn zones_of_devices_are_read() {
        for (zone, expected) in [
            ("CST-8:00:00", ["20:00", "20:00"]),
            ("\r\nCST+3:30:00 ", ["08:30", "08:30"]),
            (
                "CST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00",
                ["13:00", "14:00"],
            ),
            (
                "CST5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00",
                ["07:00", "08:00"],
            ),
            (
                "CST-9:30:00DST01:00:00,M10.1.0/02:00:00,M4.1.0/03:00:00",
                ["22:30", "21:30"],
            ),
        ] {
            assert_eq!(noons(zone).unwrap(), expected, "{zone}");
        }
    }

    #[test]
    fn other_texts_are_no_zones() {
        for text in [
            "",
            "CST",
            "-8:00:00",
            "CST-8",
            "CST-8:00",
            "CST-8:61:00",
            "CST-8:00:00DST",
            "CST-8:00:00DST01:00:00",
            "CST-1:00:00DST01:00:00,M13.5.0/02:00:00,M10.5.0/03:00:00",
            "Europe/Berlin",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}

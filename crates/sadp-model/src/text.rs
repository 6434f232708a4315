//! Makes text of devices safe to print.
//!
//! Anyone on the network can put any text into a reply: escape sequences that
//! rewrite the screen, or characters that change the reading direction.

use std::{borrow::Cow, fmt::Write};

use jiff::{Timestamp, tz::TimeZone};

/// Replaces control and invisible characters by escapes such as `\u{1b}`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_printable_ascii(text) || !text.chars().any(is_unprintable) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unprintable(character) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out.into()
}

/// A time for people, to the minute, in the time zone of this computer:
/// `2026-11-27 04:10 CET`.
pub fn local_minute(at: Timestamp) -> String {
    let local = at.to_zoned(TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// Returns a cell that a spreadsheet treats as text, not as a formula.
pub fn spreadsheet_text(text: &str) -> String {
    let clean = clean(text);
    if text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
    {
        return format!("'{clean}");
    }
    clean.into_owned()
}

/// Escapes characters that JSON allows unescaped, as `\u200e`. They occur only in
/// its strings.
pub fn clean_json(json: &str) -> Cow<'_, str> {
    // Line breaks are layout: in strings they are already escaped.
    let mut characters = json.chars().filter(|&it| it != '\n');
    if is_printable_ascii(json) || !characters.any(is_unprintable) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if character == '\n' || !is_unprintable(character) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out.into()
}

/// Whether a text is of printable ASCII only, as nearly all are: bytes are compared
/// faster than characters.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a terminal interprets the character or does not show it.
pub fn is_unprintable(character: char) -> bool {
    // Nearly all characters are ASCII.
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' // zero width, direction marks
            | '\u{2028}'..='\u{202e}' // line separators, direction overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, direction isolates
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' // tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_would_be_formulas_are_text() {
        assert_eq!(spreadsheet_text("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(spreadsheet_text("+1"), "'+1");
        assert_eq!(spreadsheet_text("-2"), "'-2");
        assert_eq!(spreadsheet_text("@SUM"), "'@SUM");
        assert_eq!(spreadsheet_text("\t=1"), "'\\u{9}=1");
        assert_eq!(spreadsheet_text(" =1"), "' =1");
        assert_eq!(spreadsheet_text("DS-2CD"), "DS-2CD");
        assert_eq!(spreadsheet_text("a\r\nb"), "a\\u{d}\\u{a}b");
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_instead() {
        #[rustfmt::skip]
        let cases = [
            ("DS-2CD2143G0-I", "DS-2CD2143G0-I"),
            ("门口 Tür", "门口 Tür"),
            ("a\x1b[31mb\x07\r\n\t", "a\\u{1b}[31mb\\u{7}\\u{d}\\u{a}\\u{9}"),
            ("a\u{202e}b\u{9b}c\u{200b}", "a\\u{202e}b\\u{9b}c\\u{200b}"),
        ];
        for (text, shown) in cases {
            assert_eq!(clean(text), shown);
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "\u{7f}\u{9b}\u{202e}\u{e0001}\x1b\n";
        let json = serde_json::to_string(text).unwrap();
        let clean = clean_json(&json);
        assert!(!clean.chars().any(is_unprintable), "{clean}");
        assert_eq!(serde_json::from_str::<String>(&clean).unwrap(), text);
    }
}

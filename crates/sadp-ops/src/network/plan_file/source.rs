use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Cause, workbook};

/// What a file is that is not a table of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileKind {
    /// A file of the Office programs before that, or one that is locked by a password.
    #[error("an Excel workbook of the old kind (.xls), or one with a password")]
    OldWorkbook,
    /// A spreadsheet as free office programs save it.
    #[error("an OpenDocument spreadsheet (.ods)")]
    OpenDocument,
    /// Any other archive.
    #[error("a ZIP archive")]
    Archive,
    /// A PDF document.
    #[error("a PDF document")]
    Pdf,
    /// XML or HTML.
    #[error("an XML or HTML document")]
    Markup,
    /// JSON.
    #[error("a JSON document")]
    Json,
    /// Anything else that is not text.
    #[error("not a text file")]
    Binary,
}

impl FileKind {
    /// The kind of a file by its first bytes.
    fn of(bytes: &[u8]) -> Option<Self> {
        let holds = |name: &[u8]| bytes.windows(name.len()).any(|it| it == name);
        Some(match bytes {
            // The names of an archive's files are not compressed.
            [b'P', b'K', 3, 4, ..] if holds(b"opendocument.spreadsheet") => Self::OpenDocument,
            [b'P', b'K', 3, 4, ..] => Self::Archive,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => Self::OldWorkbook,
            [b'%', b'P', b'D', b'F', ..] => Self::Pdf,
            _ => return None,
        })
    }

    /// The same by its text.
    fn of_text(text: &str) -> Option<Self> {
        /// So many characters show whether it is text.
        const ENOUGH: usize = 1024;
        let mut start = text.chars().take(ENOUGH);
        match text.trim_start().chars().next() {
            _ if start.any(|it| it.is_control() && !"\t\r\n".contains(it)) => Some(Self::Binary),
            Some('<') => Some(Self::Markup),
            Some('{' | '[') => Some(Self::Json),
            _ => None,
        }
    }
}

/// The text of a table, and what separates its cells.
pub(super) struct Source {
    pub(super) text: String,
    pub(super) separator: u8,
    /// The sheet of a workbook, where it has several.
    pub(super) sheet: Option<String>,
}

impl Source {
    /// Decodes a file. A byte order mark names the encoding; UTF-16 is seen without
    /// one, too. What is not UTF-8 is taken for the encoding of Western Windows. A line
    /// `sep=;`, by which Excel is told the separator, becomes a blank one.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Cause> {
        if workbook::is_workbook(bytes) {
            return workbook::read(bytes);
        }
        if let Some(kind) = FileKind::of(bytes) {
            return Err(kind.into());
        }
        let encoding = match bytes {
            [_, 0, _, 0, ..] => UTF_16LE,
            [0, _, 0, _, ..] => UTF_16BE,
            _ if str::from_utf8(bytes).is_ok() => UTF_8,
            _ => WINDOWS_1252,
        };
        let mut text = encoding.decode(bytes).0.into_owned();
        if let Some(kind) = FileKind::of_text(&text) {
            return Err(kind.into());
        }
        let start = text.trim_start_matches(['\r', '\n']);
        let line = start.split(['\r', '\n']).next().unwrap_or_default();
        let named = line.trim_start_matches('"').get(..5);
        let named = named.filter(|it| {
            it.get(..4)
                .is_some_and(|it| it.eq_ignore_ascii_case("sep="))
        });
        let named = named.and_then(|it| it.bytes().last());
        let separator = named.unwrap_or_else(|| most_frequent(line));
        if named.is_some() {
            let begin = text.len() - start.len();
            text.replace_range(begin..begin + line.len(), "");
        }
        Ok(Self {
            text,
            separator,
            sheet: None,
        })
    }
}

/// Spreadsheets of many countries write semicolons or tabs.
fn most_frequent(titles: &str) -> u8 {
    let times = |separator: u8| titles.bytes().filter(|it| *it == separator).count();
    // The last of equals is chosen.
    let separators = [b'\t', b';', b','].into_iter();
    separators.max_by_key(|it| times(*it)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::super::{FileKind, Problem, read};

    #[test]
    fn files_of_other_kinds_are_named() {
        for (bytes, kind) in [
            (
                &b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet"[..],
                FileKind::OpenDocument,
            ),
            (b"PK\x03\x04\x14\0..photo.jpg", FileKind::Archive),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::OldWorkbook),
            (b"%PDF-1.7\n", FileKind::Pdf),
            (b"\xef\xbb\xbf<html><table>", FileKind::Markup),
            (b" [{\"mac\":", FileKind::Json),
            (b"\x89PNG\r\n\x1a\n\0", FileKind::Binary),
            (b"\0\x01binary", FileKind::Binary),
        ] {
            assert_eq!(read(bytes), Err(vec![Problem::new(0, kind)]), "{kind}");
        }
    }

    #[test]
    fn every_encoding_separator_and_line_break_is_read() {
        let text = "sep=;\r\nmac;place;ip\n44:47:cc:00:00:01;T\u{fc}r;10.0.0.1\r\n\
            44:47:cc:00:00:02;;10.0.0.2\r44:47:cc:00:00:03;;10.0.0.3\n";
        let (rows, table) = read(text.as_bytes()).unwrap();
        let places: Vec<_> = rows.iter().map(|row| row.line).collect();
        assert_eq!(places, [3, 4, 5]);
        assert_eq!(table.rows[0].1[1], "T\u{fc}r");
        let expected = Ok((rows, table));
        let utf16 = |to_bytes: fn(u16) -> [u8; 2], mark: &str| {
            let text = format!("{mark}{text}");
            text.encode_utf16().flat_map(to_bytes).collect::<Vec<_>>()
        };
        for (number, bytes) in [
            format!("\u{feff}{text}").into_bytes(),
            utf16(u16::to_le_bytes, "\u{feff}"),
            utf16(u16::to_be_bytes, "\u{feff}"),
            utf16(u16::to_le_bytes, ""),
            utf16(u16::to_be_bytes, ""),
            text.chars().map(|it| it as u8).collect(),
            text.replacen("sep=;", "\"SEP=;\"", 1).into(),
            text.replacen("sep=;", "", 1).into(),
            text.replace("sep=;", "sep=|")
                .replace(';', "|")
                .replace("sep=\r", "sep=|\r")
                .into(),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(read(&bytes), expected, "{number}");
        }
    }
}

//! Determines what a file is from its content.

use super::Answer;
use crate::disk::without_line_break;

/// Why a file or a typed text is not an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotAnAnswer {
    /// Empty.
    #[error("the file is empty")]
    Empty,
    /// Longer than any answer.
    #[error("the file is longer than any answer")]
    TooLong,
    /// A device list of the vendor's tool or of this one.
    #[error("the file is a device list, not an answer")]
    DeviceList,
    /// The request that was sent to the support.
    #[error("the file is the request itself, not the answer to it")]
    Request,
    /// The `DeviceKey.xml` of a package, changed since the export.
    #[error("the file is a request that was changed since its export, or was written over")]
    ChangedRequest,
    /// The `request.json` of a package.
    #[error("the file is the record of a request, not an answer")]
    RequestRecord,
    /// The `request.txt` of a package.
    #[error("the file is the form for the support, not an answer")]
    RequestForm,
    /// A picture: the QR code or a photo.
    #[error("the file is a picture, not an answer")]
    Image,
    /// A GUID, or one of the vault's files.
    #[error("the file is a GUID, not an answer")]
    Guid,
    /// A datagram of the protocol.
    #[error("the file is a message of the protocol, not an answer")]
    Message,
    /// A compressed archive.
    #[error("the file is an archive, not an answer")]
    Archive,
    /// A document: PDF, HTML, rich text or a mail.
    #[error("the file is a document, not an answer")]
    Document,
    /// More than one line.
    #[error("the file has more than one line, and an answer has one")]
    SeveralLines,
    /// A sentence or a row of a table.
    #[error("the file is a letter or a list, not an answer")]
    Prose,
    /// An editor changed the file.
    #[error("the file begins with a byte order mark: an editor changed it")]
    ByteOrderMark,
    /// Bytes that cannot be sent: the answer is sent in XML.
    #[error("the file is not text")]
    NotText,
    /// The typed text is not a key.
    #[error("a key has exactly 8 characters: letters, digits or signs")]
    NotAKey,
    /// The typed text is not a dated code.
    #[error("a security code has 1 to 64 characters: letters, digits or signs")]
    NotACode,
}

/// The number of bytes that show what a file is.
pub(super) const ENOUGH: u64 = 8192;

/// Returns the answer in a file: its one line, without blanks around it.
pub(super) fn parse(bytes: &[u8]) -> Result<&str, NotAnAnswer> {
    if let Some(other) = other_kind(bytes) {
        return Err(other);
    }
    let body = without_line_break(bytes);
    if body.is_empty() {
        return Err(NotAnAnswer::Empty);
    }
    if body.len() > Answer::MAX_BYTES {
        return Err(NotAnAnswer::TooLong);
    }
    let text = str::from_utf8(body).map_err(|_| NotAnAnswer::NotText)?;
    if text.contains(is_binary) {
        return Err(NotAnAnswer::NotText);
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(NotAnAnswer::Empty);
    }
    if text.contains(['\r', '\n']) {
        return Err(NotAnAnswer::SeveralLines);
    }
    if text.split_whitespace().nth(MOST_WORDS).is_some()
        || text.split([',', ';', '\t']).nth(MOST_WORDS).is_some()
    {
        return Err(NotAnAnswer::Prose);
    }
    Ok(text)
}

/// A line of more words or cells was written for people, or is a row of a list.
const MOST_WORDS: usize = 3;

fn is_binary(character: char) -> bool {
    character.is_control() && !"\r\n\t".contains(character)
}

/// Returns what the file is, where it is clearly not an answer.
fn other_kind(bytes: &[u8]) -> Option<NotAnAnswer> {
    let is_text = str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_binary));
    if !is_text && begins_with_any(bytes, &IMAGES) {
        return Some(NotAnAnswer::Image);
    }
    if !is_text && begins_with_any(bytes, &ARCHIVES) {
        return Some(NotAnAnswer::Archive);
    }
    if !is_text && without_line_break(bytes).len() == sadp_proto::Guid::BYTES {
        return Some(NotAnAnswer::Guid);
    }
    // As text, in whatever encoding an editor wrote it.
    let plain: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&plain);
    let text = text
        .trim_start_matches(['\u{feff}', '\u{fffd}'])
        .trim_start();
    let known = KINDS
        .iter()
        .find(|(_, marks)| marks.iter().any(|mark| mark.is_in(text)));
    if let Some((kind, _)) = known {
        return Some(*kind);
    }
    begins_with_any(bytes, &BYTE_ORDER_MARKS).then_some(NotAnAnswer::ByteOrderMark)
}

fn begins_with_any(bytes: &[u8], marks: &[&[u8]]) -> bool {
    marks.iter().any(|mark| bytes.starts_with(mark))
}

enum ContentMark {
    /// The text begins with it.
    Start(&'static str),
    /// The text begins like JSON or XML, and contains it.
    Inside(&'static str),
    /// The first line contains both.
    FirstLine(&'static str, &'static str),
}

impl ContentMark {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Start(start) => text
                .get(..start.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(start)),
            Self::Inside(word) => text.starts_with(['{', '[', '<']) && text.contains(word),
            Self::FirstLine(one, other) => {
                let line = text.lines().next().unwrap_or_default();
                line.contains(one) && line.contains(other)
            }
        }
    }
}

use ContentMark::{FirstLine, Inside, Start};

/// The first that fits counts.
const KINDS: [(NotAnAnswer, &[ContentMark]); 6] = [
    (NotAnAnswer::RequestRecord, &[Inside("\"sadpctl-request\"")]),
    (
        NotAnAnswer::RequestForm,
        &[Start("Request to reset the password of a device")],
    ),
    (
        NotAnAnswer::Message,
        &[Inside("<ProbeMatch"), Inside("<Probe>"), Inside("<Hello")],
    ),
    (
        NotAnAnswer::DeviceList,
        &[
            // The columns of the vendor's tool, also in this tool's CSV and XML.
            FirstLine("Device Type", "MAC Address"),
            FirstLine("Device Serial No.", "IPv4 Address"),
            Start("mac,serial,"),
            Inside("<Devices"),
            Inside("\"recovery\""),
            Inside("\"boot_time\""),
        ],
    ),
    (NotAnAnswer::Guid, &[Start("age-encryption.org/")]),
    (
        NotAnAnswer::Document,
        &[
            Start("%PDF-"),
            Start("{\\rtf"),
            Start("<!doctype html"),
            Start("<html"),
            Start("Return-Path:"),
            Start("Received:"),
            Start("Delivered-To:"),
            Start("Subject:"),
            Start("From:"),
            Start("To:"),
            Start("Date:"),
            Start("Message-ID:"),
            Start("MIME-Version:"),
            Start("Content-Type:"),
        ],
    ),
];

const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
const IMAGES: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM"];

const ARCHIVES: [&[u8]; 5] = [
    b"PK\x03\x04",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_and_line_breaks_around_it_are_stripped() {
        for (file, text) in [
            ("answer", "answer"),
            ("answer\n", "answer"),
            ("answer\r\n", "answer"),
            ("answer\r", "answer"),
            ("answer\n\n", "answer"),
            (" AbC12345 \r\n", "AbC12345"),
            ("BMP/ish+base64==", "BMP/ish+base64=="),
            ("GIF8text", "GIF8text"),
            ("<Code>abc</Code>", "<Code>abc</Code>"),
        ] {
            assert_eq!(parse(file.as_bytes()), Ok(text));
        }
    }

    #[test]
    fn letters_and_lists_are_not_sent() {
        for (file, expected) in [
            ("AbC12345\nAbC12346\n", NotAnAnswer::SeveralLines),
            ("name;ip\ncamera;192.168.1.64\n", NotAnAnswer::SeveralLines),
            ("Dear customer, here is your key", NotAnAnswer::Prose),
            ("1,DS-2CD2143,192.168.1.64,active", NotAnAnswer::Prose),
            ("Subject: your answer", NotAnAnswer::Document),
            (
                "From: support@example.com\n\nAbC12345",
                NotAnAnswer::Document,
            ),
        ] {
            assert_eq!(parse(file.as_bytes()), Err(expected), "{file:?}");
        }
    }

    #[test]
    fn an_answer_has_up_to_1024_bytes() {
        let longest = "a".repeat(Answer::MAX_BYTES);
        assert!(parse(format!("{longest}\r\n").as_bytes()).is_ok());
        let longer = format!("{longest}a");
        assert_eq!(parse(longer.as_bytes()), Err(NotAnAnswer::TooLong));
    }

    #[test]
    fn other_files_are_recognised_by_their_content() {
        use NotAnAnswer::{
            Archive, ByteOrderMark, DeviceList, Document, Empty, Guid, Image, Message, NotText,
            RequestForm, RequestRecord,
        };

        let utf16: Vec<u8> = "\u{feff}ID,Device Type,Status,MAC Address"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let raw_guid = [0x80; 128];
        let guid_and_break = [&raw_guid[..], b"\n"].concat();
        let files: [(&[u8], NotAnAnswer); 30] = [
            (b"", Empty),
            (b"\n", Empty),
            (b" \r\n \r\n", Empty),
            (
                b"ID,Device Type,Status,IPv4 Address,MAC Address\r\n1,x",
                DeviceList,
            ),
            (
                b"\xef\xbb\xbfID,Device Type,Status,MAC Address\n",
                DeviceList,
            ),
            (&utf16, DeviceList),
            (b"mac,serial,ip,mask,gateway\n", DeviceList),
            (b"<?xml version=\"1.0\"?><Devices><Device/>", DeviceList),
            (
                b"[\n {\"serial\": \"S1\", \"boot_time\": null}]",
                DeviceList,
            ),
            (b"<?xml version=\"1.0\"?>\n<ProbeMatch><Uuid>", Message),
            (b"<Probe><Uuid>", Message),
            (b"{\n  \"format\": \"sadpctl-request\",", RequestRecord),
            (b"Request to reset the password of a device\n", RequestForm),
            (b"\x89PNG\r\n\x1a\n\0\0", Image),
            (b"\xff\xd8\xff\xe0JFIF", Image),
            (b"GIF89a\x01\0", Image),
            (b"BM\x01\0\0", Image),
            (b"PK\x03\x04", Archive),
            (b"\x1f\x8b\x08", Archive),
            (&raw_guid, Guid),
            (&guid_and_break, Guid),
            (b"age-encryption.org/v1\n-> scrypt", Guid),
            (b"%PDF-1.7", Document),
            (b"<!DOCTYPE html><p>", Document),
            (b"Received: from x", Document),
            (b"\xef\xbb\xbfAbCdEfGh", ByteOrderMark),
            (b"\xff\xfeA\0b\0", ByteOrderMark),
            (b"abc\0def", NotText),
            (b"abc\xffdef", NotText),
            (b"abc\x1b[2J", NotText),
        ];
        for (file, expected) in files {
            let name = String::from_utf8_lossy(file);
            assert_eq!(parse(file), Err(expected), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_not(bytes in prop::collection::vec(any::<u8>(), 0..1100)) {
            if let Ok(text) = parse(&bytes) {
                prop_assert_eq!(str::from_utf8(&bytes).unwrap().trim(), text);
            }
        }

        #[test]
        fn base64_is_an_answer(text in "[A-Za-z0-9+/]{2,500}={0,2}") {
            prop_assert_eq!(parse(text.as_bytes()), Ok(&*text));
        }
    }
}

//! What an answer is, by its form, and what other files are, by their content.

use sadp_model::{SecretKind, SecretText, Serial};

use super::Answer;
use crate::disk::without_line_break;

/// The form of an answer. What has none of these is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// A key: [`Answer::KEY_CHARS`] printable ASCII characters without blanks.
    Key,
    /// An encrypted answer: one word of at least 24 letters, digits and
    /// signs in which encrypted bytes are written, or an XML document with one such word
    /// and no other text.
    Encrypted,
    /// A dated code: one word of up to [`Answer::MAX_CODE_CHARS`] printable ASCII
    /// characters. Only legacy devices take it.
    DatedCode,
}

impl AnswerForm {
    /// The form of a text without blanks at its ends.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.starts_with('<') {
            return is_encrypted_document(text).then_some(Self::Encrypted);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains([',', ';', '"']) {
            return None;
        }
        match text.len() {
            Answer::KEY_CHARS => Some(Self::Key),
            _ if is_encrypted(text) => Some(Self::Encrypted),
            1..=Answer::MAX_CODE_CHARS if !is_serial(text) => Some(Self::DatedCode),
            _ => None,
        }
    }
}

/// The fewest characters of an encrypted answer: one block of a cipher in base64.
const LEAST_ENCRYPTED: usize = 24;

/// Whether a word can be encrypted bytes in base64, also that for URLs, or hexadecimal;
/// with colons between the parts of it.
fn is_encrypted(word: &str) -> bool {
    word.len() >= LEAST_ENCRYPTED && word.bytes().all(is_of_alphabet) && !is_serial(word)
}

const fn is_of_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b':')
}

/// Serials, label numbers of devices, and requests that end in a serial are words, too.
fn is_serial(word: &str) -> bool {
    Serial::new(word).is_some_and(|serial| serial.label().is_some())
}

/// The most characters of a serial: a request is longer.
const MAX_SERIAL: usize = 48;

/// Whether a text is tags from its begin to its end, with one encrypted word between
/// them.
fn is_encrypted_document(text: &str) -> bool {
    let mut texts = Vec::new();
    let mut rest = text;
    while let Some((between, tag)) = rest.split_once('<') {
        let Some((_, behind)) = tag.split_once('>') else {
            return false;
        };
        texts.push(between.trim());
        rest = behind;
    }
    texts.retain(|text| !text.is_empty());
    rest.is_empty() && matches!(texts[..], [word] if is_encrypted(word))
}

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
    #[error("the file is a request that was changed or overwritten since its export")]
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
    /// An archive that is no ZIP archive, or lies in another.
    #[error("the file is an archive of a kind that is not opened, or in another archive")]
    Archive,
    /// A ZIP archive that is damaged, or compressed in a rare way.
    #[error("the archive cannot be opened")]
    ArchiveUnreadable,
    /// A ZIP archive with a password.
    #[error("the archive is encrypted")]
    ArchiveEncrypted,
    /// A ZIP archive above the limits.
    #[error("the archive has more than 1,000 files, or more than 64 MB when unpacked")]
    ArchiveTooLarge,
    /// A ZIP archive that a program would unpack into other folders.
    #[error("the archive has a file whose path leads out of it")]
    ArchivePath,
    /// A ZIP archive without files, or with pictures alone.
    #[error("the archive has no file that could be an answer")]
    ArchiveEmpty,
    /// A document: PDF, HTML or rich text.
    #[error("the file is a document, not an answer")]
    Document,
    /// An e-mail that cannot be opened, or that was not saved as `.eml`.
    #[error("the file is an e-mail that cannot be opened")]
    Mail,
    /// An e-mail without an attachment, or with pictures alone.
    #[error("the e-mail has no attachment that could be an answer")]
    NoAttachment,
    /// More than one line.
    #[error("the file has more than one line, and an answer has one")]
    SeveralLines,
    /// Sentences.
    #[error("the file is a letter, not an answer")]
    Prose,
    /// Rows of cells, or one.
    #[error("the file is a table, not an answer")]
    Table,
    /// A serial or label number.
    #[error("the file is a serial number, not an answer")]
    Serial,
    /// One word, or two, that is none of these.
    #[error(
        "the file is neither an encrypted answer nor a key of {} characters",
        Answer::KEY_CHARS
    )]
    Unlike,
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

/// Returns the answer in a file, without blanks around it and a byte order mark before it.
pub(super) fn parse(bytes: &[u8]) -> Result<(&str, AnswerForm), NotAnAnswer> {
    let text = SecretText::read(str::from_utf8(bytes).unwrap_or_default(), SecretKind::Key).text;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.len() <= Answer::MAX_BYTES
        && let Some(form) = AnswerForm::of(text)
        && other_kind(bytes).is_none()
    {
        return Ok((text, form));
    }
    Err(other_kind(bytes).unwrap_or_else(|| unlike(bytes)))
}

/// Why a file that is not of a known kind is no answer.
fn unlike(bytes: &[u8]) -> NotAnAnswer {
    let body = without_line_break(bytes);
    let Ok(text) = str::from_utf8(body) else {
        return if body.len() > Answer::MAX_BYTES {
            NotAnAnswer::TooLong
        } else {
            NotAnAnswer::NotText
        };
    };
    let text = text.trim();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if text.is_empty() {
        NotAnAnswer::Empty
    } else if text.contains(is_binary) {
        NotAnAnswer::NotText
    } else if lines.clone().all(is_row) {
        NotAnAnswer::Table
    } else if lines.clone().any(is_sentence) {
        NotAnAnswer::Prose
    } else if body.len() > Answer::MAX_BYTES {
        NotAnAnswer::TooLong
    } else if lines.nth(1).is_some() {
        NotAnAnswer::SeveralLines
    } else if is_serial(text) && text.len() > MAX_SERIAL {
        NotAnAnswer::Request
    } else if is_serial(text) {
        NotAnAnswer::Serial
    } else {
        NotAnAnswer::Unlike
    }
}

/// Whether a line is cells of a few words each.
fn is_row(line: &str) -> bool {
    let mut cells = line.split([',', ';', '\t']);
    cells.clone().nth(1).is_some() && !cells.any(is_sentence)
}

fn is_sentence(text: &str) -> bool {
    text.split_whitespace().nth(MOST_WORDS).is_some()
}

/// A line of more words was written for people.
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
#[rustfmt::skip]
const KINDS: [(NotAnAnswer, &[ContentMark]); 7] = [
    (NotAnAnswer::RequestRecord, &[Inside("\"sadpctl-request\"")]),
    (NotAnAnswer::RequestForm, &[Start("Request to reset the password")]),
    (NotAnAnswer::Message, &[Inside("<ProbeMatch"), Inside("<Probe>"), Inside("<Hello")]),
    (NotAnAnswer::DeviceList, &[
        // The columns of the vendor's tool, also in this tool's CSV and XML.
        FirstLine("Device Type", "MAC Address"), FirstLine("Device Serial No.", "IPv4 Address"),
        Start("mac,serial,"), Inside("<Devices"), Inside("\"recovery\""), Inside("\"boot_time\""),
    ]),
    (NotAnAnswer::Guid, &[Start("age-encryption.org/")]),
    (NotAnAnswer::Document, &[
        Start("%PDF-"), Start("{\\rtf"), Start("<!doctype html"), Start("<html"),
    ]),
    (NotAnAnswer::Mail, &[
        Start("Return-Path:"), Start("Received:"), Start("Delivered-To:"), Start("Subject:"),
        Start("From:"), Start("To:"), Start("Date:"), Start("Message-ID:"),
        Start("MIME-Version:"), Start("Content-Type:"),
    ]),
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

    const WORD: &str = "q80Nn3BqjTsFRYwYZ1bTYQ==";

    #[test]
    fn an_answer_is_known_by_its_form_and_blanks_around_it_are_stripped() {
        use AnswerForm::{DatedCode, Encrypted, Key};
        let xml =
            format!("<?xml version=\"1.0\"?>\r\n<Encrypt>\n  <Code>{WORD}</Code>\n</Encrypt>");
        let two = format!("<A><B>{WORD}</B><C>{WORD}</C></A>");
        for (text, form) in [
            ("AbC12345", Some(Key)),
            ("a#!?~%$1", Some(Key)),
            ("GIF8text", Some(Key)),
            (WORD, Some(Encrypted)),
            ("BMP/ish+base64==and-some_more", Some(Encrypted)),
            ("SADPCTL-SIMULATED-ANSWER:4447cc1d6d13:0f", Some(Encrypted)),
            (&xml, Some(Encrypted)),
            (&format!("<Code>{WORD}</Code>"), Some(Encrypted)),
            ("8R9zQrd9SR", Some(DatedCode)),
            ("SIMULATED-1-20260918", Some(DatedCode)),
            // Too short, two words, other text, torn, and what words are not answers.
            ("<Code>AbC12345</Code>", None),
            (&two, None),
            (&format!("<p>Your answer: {WORD}</p>"), None),
            (&format!("<Code>{WORD}</Code> "), None),
            (&format!("<Code>{WORD}</Code"), None),
            ("AbC 2345", None),
            ("a;b;c;d;", None),
            ("C52601815", None),
            ("DS-2CD2320D-I20180919AACHC52601815", None),
            (
                "https://www.example.com/en/support/tools/password-reset-and-more.html",
                None,
            ),
            ("", None),
        ] {
            assert_eq!(AnswerForm::of(text), form, "{text:?}");
            let Some(form) = form else { continue };
            for file in [
                format!("\u{feff}{text}\r\n"),
                text.to_owned(),
                format!("{text}\n"),
                format!(" {text} \r\n\r\n"),
            ] {
                assert_eq!(parse(file.as_bytes()), Ok((text, form)), "{file:?}");
            }
        }
    }

    #[test]
    fn letters_tables_and_what_is_like_no_answer_are_reported_by_name() {
        use NotAnAnswer::{Mail, Prose, Serial, SeveralLines, Table, Unlike};
        for (file, expected) in [
            ("AbC12345\nAbC12346\n", SeveralLines),
            ("Dear customer,\n\nhere is your key: AbC12345\n", Prose),
            ("Dear customer, here is your key", Prose),
            ("name;ip\ncamera;192.168.1.64\n", Table),
            ("1,DS-2CD2143,192.168.1.64,active", Table),
            (
                "\"Name\"\t\"IP address\"\t\"State\"\n\"a\"\t\"b\"\t\"c\"\n",
                Table,
            ),
            ("Subject: your answer", Mail),
            ("From: support@example.com\n\nAbC12345", Mail),
            ("DS-2CD2320D-I20180919AACHC52601815\r\n", Serial),
            (
                "q80Nn3BqjTsFRYwYZ1bTYQ==q80Nn3BqjTsDS-2CD2320D-I20180919AACHC52601815",
                NotAnAnswer::Request,
            ),
            ("AbC 12345", Unlike),
            ("<Code>abc</Code>", Unlike),
            ("key:\u{a0}\u{fc}", Unlike),
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
        #[rustfmt::skip]
        let files: [(&[u8], NotAnAnswer); 30] = [
            (b"", Empty),
            (b"\n", Empty),
            (b" \r\n \r\n", Empty),
            (b"ID,Device Type,Status,IPv4 Address,MAC Address\r\n1,x", DeviceList),
            (b"\xef\xbb\xbfID,Device Type,Status,MAC Address\n", DeviceList),
            (&utf16, DeviceList),
            (b"mac,serial,ip,mask,gateway\n", DeviceList),
            (b"<?xml version=\"1.0\"?><Devices><Device/>", DeviceList),
            (b"[\n {\"serial\": \"S1\", \"boot_time\": null}]", DeviceList),
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
            (b"Received: from x", NotAnAnswer::Mail),
            (b"\xef\xbb\xbf\xef\xbb\xbfAbCdEfGh", ByteOrderMark),
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
            if let Ok((text, _)) = parse(&bytes) {
                let file = str::from_utf8(&bytes).unwrap().trim_start_matches('\u{feff}');
                prop_assert_eq!(file.trim(), text);
            }
        }

        #[test]
        fn base64_is_an_answer(text in "[A-Za-z0-9+/]{40,500}={0,2}") {
            prop_assert_eq!(parse(text.as_bytes()), Ok((&*text, AnswerForm::Encrypted)));
        }
    }
}

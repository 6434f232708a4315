//! Reads packets from pasted texts: dumps of tcpdump, Wireshark, xxd and hexdump, plain
//! hex, and XML from the source of a web page.

use std::borrow::Cow;

use super::{
    CapturedDatagram,
    assembler::Assembler,
    file::Packet,
    frame::{LinkType, content},
};

/// A message found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pasted {
    /// A datagram or frame, with its addresses.
    Datagram(Box<CapturedDatagram>),
    /// The payload of a datagram, or several documents.
    Payload(Vec<u8>),
}

/// Reads a text in one of the known forms. Its bytes may begin with a link-layer, IP or
/// UDP header, or be the payload only. `None` where the text has no known form; plain
/// XML has none.
pub fn read_text(text: &[u8]) -> Option<Vec<Pasted>> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    FORMS.iter().find_map(|form| form(text)).map(messages)
}

/// Reads packets from a text of one form. `None` where it has another form.
type Form = fn(&str) -> Option<Vec<Vec<u8>>>;

/// The known forms, in the order of trial.
const FORMS: [Form; 3] = [escaped_xml, dump, plain_hex];

/// The links whose headers a dump may contain.
const LINKS: [LinkType; 5] = [
    LinkType::Ethernet,
    LinkType::RawIp,
    LinkType::LinuxCooked,
    LinkType::LinuxCooked2,
    LinkType::UdpHeader,
];

fn messages(packets: Vec<Vec<u8>>) -> Vec<Pasted> {
    let mut assembler = Assembler::default();
    let mut messages = Vec::new();
    for data in packets {
        match LINKS
            .into_iter()
            .find(|&link| content(link, &data).is_some())
        {
            Some(link) => assembler.take(link, Packet::bare(data), None),
            None => messages.push(Pasted::Payload(data)),
        }
        messages.extend(std::iter::from_fn(|| assembler.next()).map(Pasted::from));
    }
    assembler.finish();
    messages.extend(std::iter::from_fn(|| assembler.next()).map(Pasted::from));
    messages
}

impl From<CapturedDatagram> for Pasted {
    fn from(datagram: CapturedDatagram) -> Self {
        Self::Datagram(Box::new(datagram))
    }
}

// --- XML within HTML ---------------------------------------------------------

/// Reads XML with escaped markup, as in the source of a web page.
fn escaped_xml(text: &str) -> Option<Vec<Vec<u8>>> {
    if !text.contains("lt;") || has_markup(text) {
        return None;
    }
    let mut text = Cow::Borrowed(text);
    // A page may show a text that was escaped before.
    if text.contains("&amp;lt;") {
        text = Cow::Owned(text.replace("&amp;", "&"));
    }
    let mut plain = String::with_capacity(text.len());
    for (index, piece) in text.split('<').enumerate() {
        // The part before `>` is a tag of the page.
        let shown = if index == 0 {
            piece
        } else {
            piece.split_once('>').map_or("", |(_, shown)| shown)
        };
        plain.push_str(shown);
    }
    for (escape, letter) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(escape, letter);
    }
    has_markup(&plain).then(|| vec![plain.into_bytes()])
}

/// Whether a text contains the beginning of a message.
fn has_markup(text: &str) -> bool {
    const BEGINNINGS: [&str; 5] = ["<?xml", "<ProbeMatch>", "<Probe>", "<Hello>", "<Bye>"];
    BEGINNINGS.iter().any(|beginning| text.contains(beginning))
}

// --- Dumps with offsets --------------------------------------------------------

/// The maximum length of a packet.
const MAX_PACKET: usize = 1 << 16;

/// The maximum number of bytes for lines left out of a dump (`*`), in all.
const MAX_LEFT_OUT: usize = 1 << 20;

/// The maximum number of bytes in one line of a dump.
const MAX_ROW: usize = 64;

/// A line of a dump.
#[derive(Clone, Copy)]
enum DumpLine<'a> {
    /// A row: its offset, and the rest of the line.
    Row(usize, &'a str),
    /// Rows like the previous one were left out.
    LeftOut,
    /// Any other line, such as a packet's summary.
    Caption,
}

/// Reads lines that begin with the offset of their bytes, as from tcpdump, Wireshark,
/// xxd and hexdump. Other lines may stand between packets.
fn dump(text: &str) -> Option<Vec<Vec<u8>>> {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !is_comment(line))
        .map(DumpLine::read)
        .collect();
    let captioned = lines.iter().any(|line| matches!(line, DumpLine::Caption));
    let mut dump = Dump::default();
    for (index, line) in lines.iter().enumerate() {
        let taken = match line {
            DumpLine::Row(offset, rest) => {
                let next = lines.get(index + 1).and_then(DumpLine::offset);
                let length = next.and_then(|next| next.checked_sub(*offset));
                dump.take_row(*offset, rest, length.filter(|&length| length > 0))
            }
            DumpLine::LeftOut => {
                dump.left_out = true;
                true
            }
            DumpLine::Caption => {
                dump.open = false;
                true
            }
        };
        // Hex without offsets looks the same.
        if !taken && !captioned {
            return None;
        }
    }
    // hexdump and od end with an offset alone, which adds an empty row.
    dump.packets.retain(|packet| !packet.is_empty());
    (!dump.packets.is_empty()).then_some(dump.packets)
}

impl<'a> DumpLine<'a> {
    fn read(line: &'a str) -> Self {
        // Mail programs quote with these characters.
        let line = line.trim_start_matches(['>', '|', ' ', '\t']).trim_end();
        if line == "*" {
            return Self::LeftOut;
        }
        let (offset, rest) = line.split_once([':', ' ', '\t']).unwrap_or((line, ""));
        let digits = offset.strip_prefix("0x").unwrap_or(offset);
        let is_offset = (3..=8).contains(&digits.len());
        match usize::from_str_radix(digits, 16) {
            Ok(offset) if is_offset && (rest.is_empty() || !row(rest, MAX_ROW).is_empty()) => {
                Self::Row(offset, rest)
            }
            _ => Self::Caption,
        }
    }

    const fn offset(&self) -> Option<usize> {
        match self {
            Self::Row(offset, _) => Some(*offset),
            _ => None,
        }
    }
}

/// The packets of a dump so far.
#[derive(Default)]
struct Dump {
    packets: Vec<Vec<u8>>,
    /// Whether further rows belong to the last packet.
    open: bool,
    /// The last row of that packet.
    last: Vec<u8>,
    left_out: bool,
    /// The number of bytes for left out lines so far.
    filled: usize,
}

impl Dump {
    /// Adds a row with `length` bytes, where known. Returns whether it follows the
    /// previous one.
    fn take_row(&mut self, offset: usize, rest: &str, length: Option<usize>) -> bool {
        // All rows have one width, so the text column of the last one is not read.
        let width = if offset == 0 || self.last.is_empty() {
            MAX_ROW
        } else {
            self.last.len()
        };
        let bytes = row(rest, length.unwrap_or(width).min(width));
        let left_out = std::mem::take(&mut self.left_out);
        if offset == 0 {
            self.packets.push(bytes.clone());
            self.open = true;
        } else {
            let Some(packet) = self.packets.last_mut().filter(|_| self.open) else {
                return false;
            };
            let gap = offset.saturating_sub(packet.len());
            if left_out && offset <= MAX_PACKET && self.filled + gap <= MAX_LEFT_OUT {
                self.filled += gap;
                packet.extend(self.last.iter().cycle().take(gap));
            }
            if offset != packet.len() || packet.len() + bytes.len() > MAX_PACKET {
                self.open = false;
                return false;
            }
            packet.extend(&bytes);
        }
        self.last = bytes;
        true
    }
}

/// Returns the bytes of one line of a dump, up to its text column.
fn row(rest: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    // Three blanks or a bar separate the bytes from the text column.
    let columns = rest
        .trim_start()
        .split_once("   ")
        .map_or(rest, |(columns, _)| columns);
    for group in columns.split_whitespace() {
        let Some(group) = pairs(group) else {
            break;
        };
        bytes.extend(group);
        if bytes.len() >= length {
            break;
        }
    }
    bytes.truncate(length);
    bytes
}

// --- Hex without offsets -------------------------------------------------------

/// Blank lines separate packets; so do line ends, unless all lines of a block but the
/// last have one length, as in a wrapped text or an array in C.
fn plain_hex(text: &str) -> Option<Vec<Vec<u8>>> {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !is_comment(line) && !line.ends_with('{') && *line != "};")
        .collect();
    let mut packets = Vec::new();
    for block in lines.split(|line| line.is_empty()) {
        let rows: Option<Vec<Vec<u8>>> = block.iter().map(|line| plain_line(line)).collect();
        let rows = rows?;
        let Some((last, wrapped)) = rows.split_last() else {
            continue;
        };
        let width = wrapped.first().map_or(0, Vec::len);
        let is_wrapped = wrapped.iter().all(|row| row.len() == width)
            && last.len() <= width
            && !rows.iter().skip(1).any(|row| begins_message(row));
        if is_wrapped {
            packets.push(rows.concat());
        } else {
            packets.extend(rows);
        }
    }
    (!packets.is_empty()).then_some(packets)
}

fn begins_message(row: &[u8]) -> bool {
    row.starts_with(b"<?xml") || row.starts_with(b"<Probe")
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

fn plain_line(line: &str) -> Option<Vec<u8>> {
    let line = line.trim_end_matches(['"', '\\', ';', '}', ' ']);
    let line = line.trim_start_matches('"');
    let mut digits = String::with_capacity(line.len());
    for part in line.split([' ', '\t', ':', '-', ',']) {
        let part = part.strip_prefix("0x").unwrap_or(part);
        digits.push_str(&part.replace("\\x", ""));
    }
    pairs(&digits)
}

fn pairs(digits: &str) -> Option<Vec<u8>> {
    hex::decode(digits).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests;

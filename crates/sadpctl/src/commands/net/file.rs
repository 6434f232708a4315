//! A plan as CSV: one row a device, found by its MAC.

use std::{collections::HashMap, fmt::Display, io, net::Ipv4Addr, str::FromStr};

use csv::{ByteRecord, ReaderBuilder, Terminator, WriterBuilder};
use sadp_model::{AddressError, Device, HostSettings, MacAddr};

use super::change::Wanted;
use crate::output::harmless;

/// What a plan wants of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it stands in the file.
    pub(super) line: u64,
    pub(super) mac: MacAddr,
    pub(super) address: Ipv4Addr,
    pub(super) wanted: Wanted,
}

/// What is wrong with a plan, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(super) line: u64,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(line: u64, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line, message }
    }
}

const COLUMNS: [&str; 8] = [
    "mac",
    "serial",
    "ip",
    "mask",
    "gateway",
    "dhcp",
    "http_port",
    "sdk_port",
];

/// Writes a plan. Its addresses are fixed ones; a gateway of none is written as
/// `0.0.0.0`, because an empty one would stay as it is.
pub(super) fn write<'a>(
    out: impl io::Write,
    rows: impl Iterator<Item = (&'a Device, HostSettings)>,
) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out);
    writer.write_record(COLUMNS)?;
    let text = |value: Option<&dyn Display>| value.map_or_else(String::new, ToString::to_string);
    for (device, settings) in rows {
        let gateway = settings.gateway().unwrap_or(Ipv4Addr::UNSPECIFIED);
        let serial = device.serial.as_ref().map(ToString::to_string);
        writer.write_record([
            text(device.mac.as_ref().map(|mac| mac as _)),
            harmless(&serial.unwrap_or_default()),
            settings.address().to_string(),
            settings.mask().to_string(),
            gateway.to_string(),
            "off".into(),
            text(device.ports.http.as_ref().map(|port| port as _)),
            text(device.ports.sdk.as_ref().map(|port| port as _)),
        ])?;
    }
    writer.flush()
}

/// Reads a plan. All that is wrong is told at once.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut records = reader.byte_records();
    let header = match records.next() {
        Some(Ok(header)) => Header::read(&header)?,
        _ => return Err(vec![Problem::new(1, "the file is empty")]),
    };
    let mut lines = Lines::new(bytes);
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(Problem::new(0, format!("no CSV: {error}")));
                break;
            }
        };
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let line = lines.at(record.position());
        match header.row(line, &record) {
            Ok(row) => rows.push(row),
            Err(messages) => {
                problems.extend(messages.into_iter().map(|it| Problem::new(line, it)));
            }
        }
    }
    problems.extend(twice(&rows));
    problems.sort_by_key(|problem| problem.line);
    if rows.is_empty() && problems.is_empty() {
        problems.push(Problem::new(1, "there is no device in it"));
    }
    if problems.is_empty() {
        Ok(rows)
    } else {
        Err(problems)
    }
}

/// Spreadsheets of many countries write semicolons or tabs.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let times = |delimiter: u8| header.split(|byte| *byte == delimiter).count();
    // The last of equals is chosen.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| times(*delimiter))
        .unwrap_or(b',')
}

/// Counts lines. The reader's own count is one short behind CR LF, and behind
/// blank lines.
struct Lines<'a> {
    bytes: &'a [u8],
    passed: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            passed: 0,
            line: 1,
        }
    }

    /// The line of a record, each behind the one asked for before.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok());
        let start = start.unwrap_or(self.passed);
        while let Some(byte) = self.bytes.get(self.passed) {
            let is_break = matches!(byte, b'\r' | b'\n');
            if self.passed >= start && !is_break {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.passed += 1;
        }
        self.line
    }
}

/// Where the columns that are known stand.
struct Header {
    places: HashMap<&'static str, usize>,
    cells: usize,
}

impl Header {
    fn read(record: &ByteRecord) -> Result<Self, Vec<Problem>> {
        let mut places = HashMap::new();
        let mut problems = Vec::new();
        for (place, cell) in record.iter().enumerate() {
            let title = text(cell).to_ascii_lowercase();
            let Some(known) = COLUMNS.iter().find(|known| **known == title) else {
                continue;
            };
            if places.insert(*known, place).is_some() {
                problems.push(Problem::new(1, format!("two columns are called {known}")));
            }
        }
        for needed in ["mac", "ip"] {
            if !places.contains_key(needed) {
                problems.push(Problem::new(1, format!("the column {needed} is missing")));
            }
        }
        if problems.is_empty() {
            let cells = record.len();
            return Ok(Self { places, cells });
        }
        Err(problems)
    }

    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, Vec<String>> {
        let mut problems = Vec::new();
        let more = record.iter().skip(self.cells);
        if more.filter(|cell| !cell.trim_ascii().is_empty()).count() > 0 {
            let (cells, columns) = (record.len(), self.cells);
            problems.push(format!("{cells} cells stand under {columns} columns"));
        }
        let mut cells = Cells {
            header: self,
            record,
            problems,
        };
        let mac = cells.required::<MacAddr>("mac", "a MAC address");
        let address = cells.required::<Ipv4Addr>("ip", "an IPv4 address");
        let wanted = Wanted {
            address,
            mask: cells.value("mask", "a subnet mask"),
            gateway: cells.value("gateway", "an IPv4 address"),
            dhcp: Some(cells.switch("dhcp")),
            http: cells.port("http_port"),
            sdk: cells.port("sdk_port"),
        };
        if mac.is_some_and(|mac| !mac.is_identity()) {
            cells.problems.push("mac names no single device".into());
        }
        // Without a mask it is the device's that counts.
        if let Some(mask) = wanted.mask {
            let error = match address {
                Some(address) => HostSettings::new(address, mask, wanted.gateway).err(),
                None => ipnet::ipv4_mask_to_prefix(mask)
                    .err()
                    .map(|_| AddressError::Mask { mask }),
            };
            cells.problems.extend(error.map(|error| error.to_string()));
        }
        match (mac, address) {
            (Some(mac), Some(address)) if cells.problems.is_empty() => Ok(Row {
                line,
                mac,
                address,
                wanted,
            }),
            _ => Err(cells.problems),
        }
    }
}

struct Cells<'a> {
    header: &'a Header,
    record: &'a ByteRecord,
    problems: Vec<String>,
}

impl Cells<'_> {
    fn text(&self, column: &str) -> String {
        let place = self.header.places.get(column);
        let cell = place.and_then(|place| self.record.get(*place));
        cell.map_or_else(String::new, text)
    }

    fn value<T: FromStr>(&mut self, column: &str, what: &str) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.problems
                .push(format!("{column} is {}, not {what}", quoted(&text)));
        }
        value
    }

    fn required<T: FromStr>(&mut self, column: &str, what: &str) -> Option<T> {
        if self.text(column).is_empty() {
            self.problems.push(format!("{column} is empty"));
        }
        self.value(column, what)
    }

    fn port(&mut self, column: &str) -> Option<u16> {
        let port = self.value::<u16>(column, "a port of 1 to 65535")?;
        if port == 0 {
            self.problems
                .push(format!("{column} is 0, not a port of 1 to 65535"));
        }
        Some(port)
    }

    /// A planned address is a fixed one.
    fn switch(&mut self, column: &str) -> bool {
        let text = self.text(column).to_ascii_lowercase();
        match text.as_str() {
            "" | "off" | "false" | "no" | "0" => {}
            "on" | "true" | "yes" | "1" => self.problems.push(format!(
                "{column} is on, which leaves the address to the server: net set DEVICE --dhcp on does that"
            )),
            _ => self
                .problems
                .push(format!("{column} is {}, not off", quoted(&text))),
        }
        false
    }
}

/// A cell's text, without what keeps a spreadsheet from taking it for a formula.
fn text(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(cell);
    let text = text.trim();
    text.strip_prefix('\'').unwrap_or(text).trim().to_owned()
}

/// A cell in a message, not at any length.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start:?}...")
}

/// Devices that stand twice, and addresses given twice.
fn twice(rows: &[Row]) -> Vec<Problem> {
    let mut macs = HashMap::new();
    let mut addresses = HashMap::new();
    let mut problems = Vec::new();
    for row in rows {
        if let Some(line) = macs.insert(row.mac, row.line) {
            let message = format!("{} stands in line {line} already", row.mac);
            problems.push(Problem::new(row.line, message));
        }
        if let Some(line) = addresses.insert(row.address, row.line) {
            let message = format!("{} is given in line {line} already", row.address);
            problems.push(Problem::new(row.line, message));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let problems = read(text.as_bytes()).unwrap_err();
        let told = |it: &Problem| format!("{}: {}", it.line, it.message);
        problems.iter().map(told).collect()
    }

    #[test]
    fn a_plan_as_spreadsheets_save_it_is_read() {
        let expected = read(b"mac,ip,gateway\n4447cc1d6d13,192.168.1.9,0.0.0.0\n").unwrap();
        assert_eq!(expected.len(), 1);
        assert_eq!(expected[0].line, 2);
        for text in [
            "\u{feff}MAC;Serial;IP;Gateway\r\n44-47-cc-1d-6d-13;'=x;192.168.1.9;0.0.0.0\r\n;;;\r\n",
            "mac\tip\tgateway\tnote\n'44:47:cc:1d:6d:13\t 192.168.1.9 \t0.0.0.0\tnear, the door\n",
            "ip,gateway,mac,,\n\"192.168.1.9\",0.0.0.0,4447.cc1d.6d13,,",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut device = Device::unknown();
        device.mac = "44:47:cc:1d:6d:13".parse().ok();
        device.ports.http = Some(80);
        let mask = Ipv4Addr::new(255, 255, 255, 0);
        let settings = HostSettings::new(Ipv4Addr::new(10, 0, 0, 9), mask, None).unwrap();
        let mut out = Vec::new();
        write(&mut out, [(&device, settings)].into_iter()).unwrap();
        let rows = read(&out).unwrap();
        assert_eq!(rows[0].mac, device.mac.unwrap());
        assert_eq!(rows[0].wanted.mask, Some(mask));
        assert_eq!(rows[0].wanted.gateway, Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!((rows[0].wanted.http, rows[0].wanted.sdk), (Some(80), None));
    }

    #[test]
    fn all_errors_are_told_at_once() {
        let text = "mac,ip,mask,dhcp,http_port\n\
            4447cc1d6d13,192.168.1.9,,,\n\
            4447cc1d6d13,192.168.1.9,,,\n\
            zz,192.168.1.300,255.0.255.0,maybe,0\n\
            ,,,on,x\n\
            4447cc1d6d14,192.168.1.255,255.255.255.0,,,more\n\
            010000000000,10.0.0.1,,,\n";
        assert_eq!(
            lines(text),
            [
                "3: 44:47:cc:1d:6d:13 stands in line 2 already",
                "3: 192.168.1.9 is given in line 2 already",
                "4: mac is \"zz\", not a MAC address",
                "4: ip is \"192.168.1.300\", not an IPv4 address",
                "4: dhcp is \"maybe\", not off",
                "4: http_port is 0, not a port of 1 to 65535",
                "4: 255.0.255.0 is no subnet mask",
                "5: mac is empty",
                "5: ip is empty",
                "5: dhcp is on, which leaves the address to the server: net set DEVICE --dhcp on does that",
                "5: http_port is \"x\", not a port of 1 to 65535",
                "6: 6 cells stand under 5 columns",
                "6: 192.168.1.255 is the network or broadcast address of 192.168.1.0/24",
                "7: mac names no single device",
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_plan_is_refused() {
        assert_eq!(lines(""), ["1: the file is empty"]);
        assert_eq!(lines("mac,ip\n\n"), ["1: there is no device in it"]);
        assert_eq!(
            lines("mac,MAC,serial\n"),
            [
                "1: two columns are called mac",
                "1: the column ip is missing"
            ]
        );
        assert_eq!(lines("\u{0}\u{1}binary").len(), 2);
    }
}

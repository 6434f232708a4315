//! A plan as CSV: one row a device, found by its MAC. The list that the vendor's tool
//! exports is one, too.

mod header;
mod problem;
mod source;
mod workbook;

use std::{collections::HashMap, fmt::Display, io, net::Ipv4Addr, str::FromStr};

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use sadp_model::{AddressError, HostSettings, MacAddr, text::spreadsheet_text};
use sadp_reset::{SiteName, SiteText};
use serde::Deserialize;

use self::{
    header::{NAMES, PlanHeader},
    source::Source,
};
pub use self::{
    problem::{Cause, Problem},
    source::FileKind,
};
use super::WantedSettings;
use crate::DiscoveredDevice;

/// The settings that a plan wants of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The device.
    pub mac: MacAddr,
    /// The address it is to have.
    pub address: Ipv4Addr,
    /// All of its settings, the address among them.
    pub wanted: WantedSettings,
    /// What it is to be called. `None` leaves its name as it is.
    pub name: Option<SiteText>,
    /// Where it is, likewise.
    pub place: Option<SiteText>,
}

impl PlanRow {
    /// Whether it gives its device a name or a place.
    pub const fn is_named(&self) -> bool {
        self.name.is_some() || self.place.is_some()
    }
}

/// A row as it stands in the file. Its fields are the columns, in order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cells {
    mac: String,
    serial: String,
    ip: String,
    mask: String,
    gateway: String,
    dhcp: String,
    http_port: String,
    sdk_port: String,
    name: String,
    place: String,
}

/// The titles of a plan.
pub(super) fn titles() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// The cells of a device's row. Its address is a fixed one; a gateway of none is
/// `0.0.0.0`, because an empty one would stay as it is.
pub(super) fn cells(found: &DiscoveredDevice, settings: HostSettings) -> Vec<String> {
    let device = &found.entry.device;
    let SiteName { name, place } = found.site_name.as_deref().cloned().unwrap_or_default();
    let gateway = settings.gateway().unwrap_or(Ipv4Addr::UNSPECIFIED);
    vec![
        known(device.mac.as_ref()),
        known(device.serial.as_ref()),
        settings.address().to_string(),
        settings.mask().to_string(),
        gateway.to_string(),
        "off".into(),
        known(device.ports.http.as_ref()),
        known(device.ports.sdk.as_ref()),
        name.map_or_else(String::new, |it| it.as_str().to_owned()),
        place.map_or_else(String::new, |it| it.as_str().to_owned()),
    ]
}

/// Writes a plan as CSV.
pub(super) fn write<'a>(
    out: impl io::Write,
    rows: impl Iterator<Item = (&'a DiscoveredDevice, HostSettings)>,
) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out);
    writer.write_record(titles())?;
    for (found, settings) in rows {
        let cells = cells(found, settings);
        writer.write_record(cells.iter().map(|cell| spreadsheet_text(cell)))?;
    }
    writer.flush()
}

fn known(value: Option<&impl Display>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

/// A plan as it stands in its file, with the columns that are not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanTable {
    /// The sheet of the workbook, where it has several.
    pub sheet: Option<String>,
    /// The columns' titles.
    pub columns: Vec<String>,
    /// The cells of each device's row, with its line.
    pub rows: Vec<(u64, Vec<String>)>,
}

fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim_ascii().is_empty())
}

/// Reads a plan: what it wants, and as it stands in its file. It may have no row. Fails
/// with all of its problems at once, by their lines.
pub fn read(bytes: &[u8]) -> Result<(Vec<PlanRow>, PlanTable), Vec<Problem>> {
    let source = Source::read(bytes).map_err(|cause| vec![Problem::new(0, cause)])?;
    let bytes = source.text.as_bytes();
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(source.separator)
        .from_reader(bytes);
    let mut records = reader.records();
    let Some(Ok(titles)) = records.next() else {
        return Err(vec![Problem::new(1, Cause::Empty)]);
    };
    let mut lines = Lines::new(bytes);
    let header = PlanHeader::read(&titles, lines.at(titles.position()))?;
    let mut table = PlanTable {
        sheet: source.sheet,
        columns: owned(&titles),
        rows: Vec::new(),
    };
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for record in records {
        let mut record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(Problem::new(0, Cause::NotCsv(error.to_string())));
                break;
            }
        };
        if is_blank(&record) {
            continue;
        }
        let line = lines.at(record.position());
        if record
            .iter()
            .any(|cell| holds_rows(cell, source.separator, titles.len()))
        {
            problems.push(Problem::new(line, Cause::OpenQuote));
            continue;
        }
        // Cells left out at the end of a row are empty.
        while record.len() < titles.len() {
            record.push_field("");
        }
        table.rows.push((line, owned(&record)));
        match row(line, &record, &header) {
            Ok(row) => rows.push(row),
            Err(causes) => {
                problems.extend(causes.into_iter().map(|it| Problem::new(line, it)));
            }
        }
    }
    problems.extend(twice(&rows));
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() {
        Ok((rows, table))
    } else {
        Err(problems)
    }
}

impl PlanTable {
    /// The titles of columns that hold passwords. They are not read.
    pub fn passwords(&self) -> impl Iterator<Item = &str> {
        let titles = self.columns.iter().map(|it| it.trim());
        titles.filter(|it| holds_passwords(it))
    }
}

/// Whether a column holds passwords, by its title.
pub(super) fn holds_passwords(title: &str) -> bool {
    let title = title.to_lowercase();
    title == "pass" || ["passw", "pwd"].iter().any(|it| title.contains(it))
}

/// Whether a cell holds whole rows, because its quote is not closed: a line below its
/// first has all columns, or a MAC and more.
fn holds_rows(cell: &str, separator: u8, columns: usize) -> bool {
    cell.split(['\r', '\n']).skip(1).any(|line| {
        let mut cells = line.split(char::from(separator));
        let count = cells.clone().count();
        count >= columns.max(2)
            || count > 1 && cells.any(|cell| text(cell).parse::<MacAddr>().is_ok())
    })
}

fn owned(record: &StringRecord) -> Vec<String> {
    record.iter().map(str::to_owned).collect()
}

/// Counts lines, which end in LF, CR LF or CR, also in one file. The reader's own count
/// is one short behind CR LF, and behind blank lines.
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
            let is_last = *byte == b'\n' || self.bytes.get(self.passed + 1) != Some(&b'\n');
            self.line += u64::from(is_break && is_last);
            self.passed += 1;
        }
        self.line
    }
}

fn row(line: u64, record: &StringRecord, header: &PlanHeader) -> Result<PlanRow, Vec<Cause>> {
    let mut causes = Vec::new();
    let columns = header.names.len();
    if record
        .iter()
        .skip(columns)
        .any(|cell| !text(cell).is_empty())
    {
        causes.push(Cause::TooManyCells {
            cells: record.len(),
            columns,
        });
    }
    let cells: Cells = match record.deserialize(Some(&header.names)) {
        Ok(cells) => cells,
        Err(error) => return Err(vec![Cause::NotCsv(error.to_string())]),
    };
    let mut values = Values { header, causes };
    let mac = values.required::<MacAddr>("mac", &cells.mac, "a MAC address");
    let address = values.required::<Ipv4Addr>("ip", &cells.ip, "an IPv4 address");
    let wanted = WantedSettings {
        address,
        mask: values.optional("mask", &cells.mask, "a subnet mask"),
        gateway: values.optional("gateway", &cells.gateway, "an IPv4 address"),
        dhcp: Some(values.dhcp(&cells.dhcp)),
        http: values.port("http_port", &cells.http_port),
        sdk: values.port("sdk_port", &cells.sdk_port),
    };
    let name = values.optional("name", &cells.name, SITE_TEXT);
    let place = values.optional("place", &cells.place, SITE_TEXT);
    let mut causes = values.causes;
    if mac.is_some_and(|mac| !mac.is_identity()) {
        causes.push(Cause::SharedMac(header.title("mac")));
    }
    // Without a mask it is the device's that counts.
    if let Some(mask) = wanted.mask {
        let error = match address {
            Some(address) => HostSettings::new(address, mask, wanted.gateway).err(),
            None => ipnet::ipv4_mask_to_prefix(mask)
                .err()
                .map(|_| AddressError::Mask { mask }),
        };
        causes.extend(error.map(Cause::Address));
    }
    match (mac, address) {
        (Some(mac), Some(address)) if causes.is_empty() => Ok(PlanRow {
            line,
            mac,
            address,
            wanted,
            name,
            place,
        }),
        _ => Err(causes),
    }
}

/// A [`SiteText`].
const SITE_TEXT: &str = "1 to 64 printable characters";

/// Reads the values of a row, and collects what is wrong with them.
struct Values<'a> {
    header: &'a PlanHeader,
    causes: Vec<Cause>,
}

impl Values<'_> {
    fn optional<T: FromStr>(
        &mut self,
        column: &'static str,
        cell: &str,
        expected: &'static str,
    ) -> Option<T> {
        let text = text(cell);
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.unreadable(column, text, expected);
        }
        value
    }

    fn required<T: FromStr>(
        &mut self,
        column: &'static str,
        cell: &str,
        expected: &'static str,
    ) -> Option<T> {
        if text(cell).is_empty() {
            self.causes
                .push(Cause::CellEmpty(self.header.title(column)));
        }
        self.optional(column, cell, expected)
    }

    fn port(&mut self, column: &'static str, cell: &str) -> Option<u16> {
        const EXPECTED: &str = "a port of 1 to 65535";
        // The vendor's list has these where it knows none.
        let is_own = self.header.title(column) == column;
        if !is_own && matches!(text(cell), "0" | "N/A") {
            return None;
        }
        let port = self.optional::<u16>(column, cell, EXPECTED)?;
        if port == 0 {
            self.unreadable(column, cell, EXPECTED);
        }
        Some(port)
    }

    /// A planned address is a fixed one.
    fn dhcp(&mut self, cell: &str) -> bool {
        match text(cell).to_ascii_lowercase().as_str() {
            "" | "off" | "false" | "no" | "0" => {}
            "on" | "true" | "yes" | "1" => {
                self.causes.push(Cause::DhcpOn(self.header.title("dhcp")));
            }
            other => self.unreadable("dhcp", other, "off"),
        }
        false
    }

    fn unreadable(&mut self, column: &'static str, text: &str, expected: &'static str) {
        self.causes.push(Cause::Cell {
            column: self.header.title(column),
            text: quoted(text),
            expected,
        });
    }
}

/// A cell's text, without what keeps a spreadsheet from taking it for a formula. The
/// vendor's tool writes `N/A` where it knows no value.
fn text(cell: &str) -> &str {
    let text = cell.trim();
    let text = text.strip_prefix('\'').unwrap_or(text).trim();
    if text == "N/A" { "" } else { text }
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
fn twice(rows: &[PlanRow]) -> Vec<Problem> {
    let mut macs = HashMap::new();
    let mut addresses = HashMap::new();
    let mut problems = Vec::new();
    for row in rows {
        if let Some(line) = macs.insert(row.mac, row.line) {
            let mac = row.mac;
            problems.push(Problem::new(row.line, Cause::DeviceTwice { mac, line }));
        }
        if let Some(line) = addresses.insert(row.address, row.line) {
            let address = row.address;
            problems.push(Problem::new(
                row.line,
                Cause::AddressTwice { address, line },
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn lines(text: &str) -> Vec<String> {
        let problems = read(text.as_bytes()).unwrap_err();
        let lines = problems
            .iter()
            .map(|it| format!("{}: {}", it.line, it.cause));
        lines.collect()
    }

    #[test]
    fn a_plan_as_spreadsheets_save_it_is_read() {
        let (expected, _) = read(b"mac,ip,gateway\n4447cc1d6d13,192.168.1.9,0.0.0.0\n").unwrap();
        assert_eq!(expected.len(), 1);
        assert_eq!(expected[0].line, 2);
        for text in [
            "\u{feff}MAC;Serial;IP;Gateway\r\n44-47-cc-1d-6d-13;'=x;192.168.1.9;0.0.0.0\r\n;;;\r\n",
            "mac\tip\tgateway\tnote\n'44:47:cc:1d:6d:13\t 192.168.1.9 \t0.0.0.0\tnear, the door\n",
            "ip,gateway,mac,,\n\"192.168.1.9\",0.0.0.0,4447.cc1d.6d13,,",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().0, expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut found = DiscoveredDevice::received_from(&[[[10, 0, 0, 1]; 2]]);
        found.entry.device.ports.http = Some(80);
        let site_name = SiteName {
            name: "Gate, north".parse().ok(),
            place: "=Roof".parse().ok(),
        };
        found.site_name = Some(site_name.clone().into());
        let mask = Ipv4Addr::new(255, 255, 255, 0);
        let settings = HostSettings::new(Ipv4Addr::new(10, 0, 0, 9), mask, None).unwrap();
        let mut out = Vec::new();
        write(&mut out, [(&found, settings)].into_iter()).unwrap();
        let (rows, _) = read(&out).unwrap();
        assert_eq!(Some(rows[0].mac), found.entry.device.mac);
        let PlanRow { name, place, .. } = rows[0].clone();
        assert_eq!(SiteName { name, place }, site_name);
        assert_eq!(rows[0].wanted.mask, Some(mask));
        assert_eq!(rows[0].wanted.gateway, Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!((rows[0].wanted.http, rows[0].wanted.sdk), (Some(80), None));
    }

    #[test]
    fn a_quote_that_is_not_closed_is_named_and_a_note_of_several_lines_is_not() {
        let rows = |note: &str| {
            format!("mac,ip,note\n4447cc1d6d13,10.0.0.5,{note}\n4447cc1d6d14,10.0.0.6,b\n")
        };
        let open = lines(&rows("\"a"));
        assert_eq!(open.len(), 1);
        assert!(open[0].starts_with("2: a quote is opened"), "{open:?}");
        // A row below may leave cells out at its end, and have its MAC anywhere.
        let short = "mac,ip,a,b\n4447cc1d6d13,10.0.0.5,x,\"y\n4447cc1d6d14,10.0.0.6\n";
        assert_eq!(lines(short), open);
        let short = "ip;x;mac;y\n10.0.0.5;\"x;4447cc1d6d13;y\n10.0.0.6;;'44-47-cc-1d-6d-14\n";
        assert_eq!(lines(short), open);
        for note in ["\"a\nb, c\"", "\"was\n4447cc1d6d15\""] {
            assert_eq!(read(rows(note).as_bytes()).unwrap().0.len(), 2, "{note}");
        }
    }

    #[test]
    fn cells_left_out_at_the_end_of_a_row_are_empty() {
        let (rows, table) = read(b"mac,ip,name,note\n4447cc1d6d13,10.0.0.5\n").unwrap();
        assert_eq!((rows.len(), rows[0].name.as_ref()), (1, None));
        assert_eq!(table.rows[0].1.len(), 4);
    }

    #[test]
    fn what_the_vendors_list_does_not_know_stays_as_it_is() {
        let list = "MAC Address,IPv4 Address,Port,HTTP Port\n44-47-cc-00-00-01,10.0.0.5,N/A,0\n";
        let (rows, _) = read(list.as_bytes()).unwrap();
        assert_eq!((rows[0].wanted.http, rows[0].wanted.sdk), (None, None));
    }

    #[test]
    fn all_errors_are_reported_at_once() {
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
                "4: http_port is \"0\", not a port of 1 to 65535",
                "4: 255.0.255.0 is not a valid subnet mask",
                "5: mac is empty",
                "5: ip is empty",
                "5: dhcp is on, so a server gives the address: write off, or leave the device out and use net set DEVICE --dhcp on",
                "5: http_port is \"x\", not a port of 1 to 65535",
                "6: 6 cells stand under 5 columns",
                "6: 192.168.1.255 is the network or broadcast address of 192.168.1.0/24",
                "7: mac is not the MAC of a single device",
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_plan_is_refused() {
        assert_eq!(lines(""), ["1: the file is empty"]);
        let empty = read(b"mac,ip\n\n").unwrap().0;
        assert_eq!(empty.len(), 0, "as net plan writes it");
        assert_eq!(
            lines("\nmac,MAC,serial\n"),
            [
                "2: two columns have the name mac",
                "2: the column ip is missing"
            ]
        );
    }
}

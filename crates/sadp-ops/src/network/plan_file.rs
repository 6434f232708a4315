//! A plan as CSV: one row a device, found by its MAC. The list that the vendor's tool
//! exports is one, too.

mod header;
mod problem;
mod source;
mod workbook;

use std::{collections::HashMap, fmt::Display, io, net::Ipv4Addr, str::FromStr};

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use sadp_model::{AddressError, HostSettings, MacAddr, text::spreadsheet_text};
use sadp_reset::SiteName;

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
    /// What it is to be called, and where it is. What is `None` stays as it is.
    pub site_name: SiteName,
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
pub(super) fn write(
    out: impl io::Write,
    rows: &[(DiscoveredDevice, HostSettings)],
) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out);
    writer.write_record(titles())?;
    for (found, settings) in rows {
        let cells = cells(found, *settings);
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
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let line = lines.at(record.position());
        let mut cells = record.iter();
        if cells.any(|cell| holds_rows(cell, source.separator, titles.len())) {
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
    let mut behind = record.iter().skip(columns);
    if behind.any(|cell| !text(cell).is_empty()) {
        causes.push(Cause::TooManyCells {
            cells: record.len(),
            columns,
        });
    }
    let mut values = Values {
        header,
        record,
        causes,
    };
    let mac = values.required::<MacAddr>("mac", "a MAC address");
    let address = values.required::<Ipv4Addr>("ip", "an IPv4 address");
    let wanted = WantedSettings {
        address,
        mask: values.optional("mask", "a subnet mask"),
        gateway: values.optional("gateway", "an IPv4 address"),
        dhcp: Some(values.dhcp()),
        http: values.port("http_port"),
        sdk: values.port("sdk_port"),
    };
    let site_name = SiteName {
        name: values.optional("name", SITE_TEXT),
        place: values.optional("place", SITE_TEXT),
    };
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
                .map(|_| AddressError::Mask(mask)),
        };
        causes.extend(error.map(Cause::Address));
    }
    match (mac, address) {
        (Some(mac), Some(address)) if causes.is_empty() => Ok(PlanRow {
            line,
            mac,
            address,
            wanted,
            site_name,
        }),
        _ => Err(causes),
    }
}

/// A [`SiteText`](sadp_reset::SiteText).
const SITE_TEXT: &str = "1 to 64 printable characters";

/// Reads the values of a row, and collects what is wrong with them.
struct Values<'a> {
    header: &'a PlanHeader,
    record: &'a StringRecord,
    causes: Vec<Cause>,
}

impl<'a> Values<'a> {
    /// The cell of a column. Empty where the plan has no such column.
    fn cell(&self, column: &'static str) -> &'a str {
        let place = self.header.place(column);
        place
            .and_then(|place| self.record.get(place))
            .unwrap_or_default()
    }

    fn optional<T: FromStr>(&mut self, column: &'static str, expected: &'static str) -> Option<T> {
        let text = text(self.cell(column));
        if text.is_empty() {
            return None;
        }
        let value = text.parse().ok();
        if value.is_none() {
            self.unreadable(column, text, expected);
        }
        value
    }

    fn required<T: FromStr>(&mut self, column: &'static str, expected: &'static str) -> Option<T> {
        if text(self.cell(column)).is_empty() {
            self.causes
                .push(Cause::CellEmpty(self.header.title(column)));
        }
        self.optional(column, expected)
    }

    fn port(&mut self, column: &'static str) -> Option<u16> {
        const EXPECTED: &str = "a port of 1 to 65535";
        let cell = self.cell(column);
        // The vendor's list has these where it knows none.
        let is_own = self.header.title(column) == column;
        if !is_own && matches!(text(cell), "0" | "N/A") {
            return None;
        }
        let port = self.optional::<u16>(column, EXPECTED)?;
        if port == 0 {
            self.unreadable(column, cell, EXPECTED);
        }
        Some(port)
    }

    /// A planned address is a fixed one.
    fn dhcp(&mut self) -> bool {
        match text(self.cell("dhcp")).to_ascii_lowercase().as_str() {
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
            let cause = Cause::AddressTwice { address, line };
            problems.push(Problem::new(row.line, cause));
        }
    }
    problems
}

#[cfg(test)]
mod tests;

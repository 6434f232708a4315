//! Tables for people.

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};
use sadp_model::{Serial, text::clean};
use sadp_ops::DiscoveredDevice;

use super::{DeviceRow, fields::columns, words};
use crate::terminal::{BOLD, GREEN, RED, YELLOW};

/// A table without lines. What begins a line may have a style.
pub(super) struct Plain<'a> {
    table: Table,
    styles: &'a [(&'a str, Style)],
}

impl<'a> Plain<'a> {
    /// A table with these titles; none leaves the header out.
    pub(super) fn new(titles: &[&str], styles: &'a [(&'a str, Style)]) -> Self {
        let mut table = Table::new();
        table.load_style(NOTHING);
        if !titles.is_empty() {
            table.set_header(titles);
        }
        Self { table, styles }
    }

    /// Adds a row. Text of others is made harmless by the caller.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells);
    }

    /// Gives each column the columns of a terminal that `wanted` says, in which
    /// its text wraps. No gap stands behind the last.
    fn set_widths(&mut self, widths: &[u16]) {
        let last = widths.len().saturating_sub(1);
        for ((index, column), width) in self.table.column_iter_mut().enumerate().zip(widths) {
            column.set_padding((0, if index == last { 0 } else { GAP }));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(*width)));
        }
        // The widths are set already; this only makes the layout keep to them.
        self.table
            .set_content_arrangement(ContentArrangement::Dynamic);
        self.table.set_width(u16::MAX);
    }

    /// Writes it within `width`: the last column gets what the others leave.
    /// Those are copied and never wrap.
    pub(super) fn write_within(self, out: &mut impl Write, width: usize) -> io::Result<()> {
        let width = u16::try_from(width).unwrap_or(u16::MAX);
        let mut widths = self.table.column_max_content_widths();
        let last = widths.pop().unwrap_or(0);
        for width in &mut widths {
            *width += GAP;
        }
        let left = width.saturating_sub(widths.iter().sum()).max(MIN_LAST);
        widths.push(last.min(left));
        self.write_columns(out, &widths)
    }

    /// Writes it in columns of these widths, gaps included, in which text wraps.
    pub(super) fn write_columns(mut self, out: &mut impl Write, widths: &[u16]) -> io::Result<()> {
        self.set_widths(widths);
        self.write_lines(out)
    }

    /// Writes it however wide: nothing wraps.
    pub(super) fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        for column in self.table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        self.table
            .set_content_arrangement(ContentArrangement::Disabled);
        self.write_lines(out)
    }

    /// Styles are added to whole lines, because the layout would count them as
    /// text. A header is bold.
    fn write_lines(&self, out: &mut impl Write) -> io::Result<()> {
        let has_header = self.table.header().is_some();
        for (number, line) in self.table.lines().enumerate() {
            let line = line.trim_end();
            let mut styles = self.styles.iter();
            let first =
                styles.find_map(|(word, style)| Some((style, word, line.strip_prefix(word)?)));
            match first {
                _ if number == 0 && has_header => writeln!(out, "{BOLD}{line}{BOLD:#}")?,
                Some((style, word, rest)) => writeln!(out, "{style}{word}{style:#}{rest}")?,
                None => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }
}

/// A cell: `-` where it is not known, else made harmless.
pub(super) fn known(cell: Option<impl AsRef<str>>) -> String {
    cell.map_or_else(|| "-".into(), |cell| clean(cell.as_ref()).into_owned())
}

/// Blanks between columns.
pub(super) const GAP: u16 = 2;

/// The least columns for the last, which wraps.
const MIN_LAST: u16 = 24;

/// Writes the short table: what an installer wants first, within `width`
/// columns.
pub(super) fn write_short(
    out: &mut impl Write,
    devices: &[DeviceRow<'_>],
    width: usize,
) -> io::Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let noted = devices.iter().any(|row| !notes(row.0).is_empty());
    let titles: Vec<_> = TITLES.into_iter().chain(noted.then_some("NOTES")).collect();
    let mut table = Plain::new(&titles, &STYLES);
    for DeviceRow(found) in devices {
        let last = noted.then(|| notes(found));
        table.row(short_cells(found).into_iter().chain(last));
    }
    let widths = short_widths(&table.table.column_max_content_widths(), width);
    table.write_columns(out, &widths)
}

/// Gives the model and the notes what the other columns leave. Those are
/// copied and compared: they never wrap.
fn short_widths(contents: &[u16], width: usize) -> Vec<u16> {
    let width = u16::try_from(width).unwrap_or(u16::MAX).max(MIN_WIDTH);
    let mut widths: Vec<u16> = contents.iter().map(|width| width + GAP).collect();
    let wanted = |column: usize| widths.get(column).copied().unwrap_or(0);
    // Nothing stands behind the last column, so it needs no gap.
    let notes = wanted(NOTES).saturating_sub(GAP);
    let fixed: u16 = widths.iter().sum::<u16>() - wanted(MODEL) - wanted(NOTES);
    let left = width.saturating_sub(fixed);
    let model = wanted(MODEL).min(left.saturating_sub(notes.min(MIN_NOTES)).max(MIN_MODEL));
    let notes = notes.min(left.saturating_sub(model).max(MIN_NOTES));
    for (column, width) in [(MODEL, model), (NOTES, notes)] {
        if let Some(slot) = widths.get_mut(column) {
            *slot = width;
        }
    }
    widths
}

/// Writes the vendor tool's columns and some of our own, however wide.
pub(super) fn write_wide(out: &mut impl Write, devices: &[DeviceRow<'_>]) -> io::Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let mut columns = columns();
    columns.retain(|(_, column)| column.wide);
    let titles = columns.iter().map(|(_, column)| column.title);
    let titles: Vec<_> = std::iter::once("ID").chain(titles).collect();
    let mut table = Plain::new(&titles, &STYLES);
    for (number, DeviceRow(found)) in (1u64..).zip(devices) {
        let cells = columns.iter().map(|(field, _)| (field.value)(found).cell());
        let cells = cells.map(|cell| clean(&cell).into_owned());
        table.row(std::iter::once(number.to_string()).chain(cells));
    }
    table.write(out)
}

const MODEL: usize = 1;
const NOTES: usize = 6;

/// Narrower, a table is no table.
const MIN_WIDTH: u16 = 80;

/// The least columns for the model and the notes.
const MIN_MODEL: u16 = 10;
const MIN_NOTES: u16 = 11;

/// The titles of what is told of a device first.
const TITLES: [&str; 6] = ["STATE", "MODEL", "ADDRESS", "MAC", "FIRMWARE", "SERIAL"];

/// What stands below [`TITLES`], made harmless.
pub(crate) fn short_cells(found: &DiscoveredDevice) -> [String; 6] {
    let device = &found.entry.device;
    let firmware = device.firmware.as_ref().map(|firmware| {
        let version = firmware.version().map(|version| version.to_string());
        version.unwrap_or_else(|| firmware.text().into())
    });
    let cells = [
        Some(words::state(device).into()),
        device.model.as_deref().map(Into::into),
        device.ipv4.address.map(|address| address.to_string()),
        device.mac.map(|mac| mac.to_string()),
        firmware,
        device.serial.as_ref().map(Serial::short),
    ];
    cells.map(known)
}

/// What a person should look at, in few words.
pub(crate) fn notes(found: &DiscoveredDevice) -> String {
    let mut notes: Vec<_> = found.warnings.iter().copied().map(words::short).collect();
    if found.entry.device.ipv4.dhcp == Some(true) {
        notes.push("DHCP");
    }
    notes.join(", ")
}

const STYLES: [(&str, Style); 3] = [("unactivated", YELLOW), ("active", GREEN), ("locked", RED)];

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};
use sadp_model::{Serial, State};
use sadp_ops::DiscoveredDevice;

use super::{
    columns::{ACCESS_VERIFICATION, BOUND, ID, LABEL, VENDOR},
    words,
};
use crate::{
    terminal::{BOLD, GREEN, RED, YELLOW},
    text::clean,
};

/// Writes the short table: what an installer wants first, within `width`
/// columns.
pub(super) fn write(
    out: &mut impl Write,
    devices: &[DiscoveredDevice],
    width: usize,
) -> io::Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let noted = devices.iter().any(|found| !notes(found).is_empty());
    let mut header = Vec::from(COLUMNS);
    if noted {
        header.push("NOTES");
    }
    let mut table = plain(header);
    for found in devices {
        let mut cells = Vec::from(short_cells(found));
        if noted {
            cells.push(notes(found));
        }
        table.add_row(cells);
    }
    arrange(&mut table, width);
    write_lines(out, &table)
}

/// Gives the model and the notes what the other columns leave. Those are
/// copied and compared: they never wrap.
fn arrange(table: &mut Table, width: usize) {
    let width = u16::try_from(width).unwrap_or(u16::MAX).max(MIN_WIDTH);
    let contents = table.column_max_content_widths();
    let wanted = |column: usize| contents.get(column).map_or(0, |width| width + GAP);
    let fixed: u16 = [STATE, ADDRESS, MAC, FIRMWARE, SERIAL]
        .into_iter()
        .map(wanted)
        .sum();
    let left = width.saturating_sub(fixed);
    // Nothing stands behind the last column, so it needs no gap.
    let notes = wanted(NOTES).saturating_sub(GAP);
    let model = wanted(MODEL).min(left.saturating_sub(notes.min(MIN_NOTES)).max(MIN_MODEL));
    let notes = notes.min(left.saturating_sub(model).max(MIN_NOTES));
    for (index, column) in table.column_iter_mut().enumerate() {
        if index == NOTES {
            column.set_padding((0, 0));
        }
        let width = match index {
            MODEL => model,
            NOTES => notes,
            other => wanted(other),
        };
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    // The widths are set already; this only makes the layout keep to them.
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::MAX);
}

/// Writes the vendor tool's columns and some of our own, however wide.
pub(super) fn write_wide(out: &mut impl Write, devices: &[DiscoveredDevice]) -> io::Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let columns = || VENDOR.iter().chain([&LABEL, &BOUND, &ACCESS_VERIFICATION]);
    let titles = columns().map(|column| column.title);
    let mut table = plain(std::iter::once(ID).chain(titles).collect());
    for (number, found) in (1u64..).zip(devices) {
        let cells = columns().map(|column| clean(&column.cell(found)).into_owned());
        table.add_row(std::iter::once(number.to_string()).chain(cells));
    }
    table.set_content_arrangement(ContentArrangement::Disabled);
    write_lines(out, &table)
}

const STATE: usize = 0;
const MODEL: usize = 1;
const ADDRESS: usize = 2;
const MAC: usize = 3;
const FIRMWARE: usize = 4;
const SERIAL: usize = 5;
const NOTES: usize = 6;

/// Blanks between columns.
const GAP: u16 = 2;

/// Narrower, a table is no table.
const MIN_WIDTH: u16 = 80;

/// The least columns for the model and the notes.
const MIN_MODEL: u16 = 10;
const MIN_NOTES: u16 = 11;

fn plain(header: Vec<&str>) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table
}

/// The titles of what is told of a device first.
const COLUMNS: [&str; 6] = ["STATE", "MODEL", "ADDRESS", "MAC", "FIRMWARE", "SERIAL"];

/// What stands below [`COLUMNS`], made harmless.
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
        device.serial.as_ref().map(short_serial),
    ];
    let known =
        |cell: Option<String>| cell.map_or_else(|| "-".into(), |cell| clean(&cell).into_owned());
    cells.map(known)
}

/// The label number; where it is not sure, the end of the serial, marked as
/// such.
pub(crate) fn short_serial(serial: &Serial) -> String {
    const LONGEST: usize = 12;
    if let Some(label) = serial.label() {
        return label.into();
    }
    let text = serial.as_str();
    let length = text.chars().count();
    if length <= LONGEST {
        return text.into();
    }
    let end: String = text.chars().skip(length - (LONGEST - 2)).collect();
    format!("..{end}")
}

/// What a person should look at, in few words.
pub(crate) fn notes(found: &DiscoveredDevice) -> String {
    let mut notes: Vec<_> = found.warnings.iter().copied().map(words::short).collect();
    if found.entry.device.ipv4.dhcp == Some(true) {
        notes.push("DHCP");
    }
    notes.join(", ")
}

/// Writes the table with its header and states styled. Styles are added to
/// whole lines, because the layout would count them as text. Nothing but a
/// state stands at the beginning of a line.
fn write_lines(out: &mut impl Write, table: &Table) -> io::Result<()> {
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if number == 0 {
            writeln!(out, "{BOLD}{line}{BOLD:#}")?;
            continue;
        }
        let styled = STYLES
            .iter()
            .find_map(|(state, style)| Some((state, style, line.strip_prefix(state)?)));
        match styled {
            Some((state, style, rest)) => writeln!(out, "{style}{state}{style:#}{rest}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

const STYLES: [(&str, anstyle::Style); 3] = [
    (State::Unactivated.name(), YELLOW),
    (State::Active.name(), GREEN),
    ("locked", RED),
];

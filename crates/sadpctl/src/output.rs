//! What is printed: one module a format. Nothing here decides anything about
//! devices.

mod answers;
mod cases;
mod checks;
mod columns;
mod csv;
mod details;
mod device;
mod events;
mod format;
mod guids;
mod json;
mod layout;
mod messages;
mod outcomes;
mod table;
mod ways;
mod words;
mod xml;

use std::io::{self, Write};

use sadp_model::Warning;
pub(crate) use sadp_model::text::spreadsheet_text as harmless;
use serde_json::Value;

pub(crate) use self::{
    answers::{AnswerLine, write_answers},
    cases::{CaseDevice, ShownCase, write_cases},
    checks::{CheckRow, write_checks},
    details::{write_details, write_network},
    device::{Raw, Shown},
    events::{Told, write_event, write_event_line},
    format::{Format, ListFormat, PlainFormat},
    guids::{GuidLine, write_guids},
    messages::{MessageLine, write_messages},
    outcomes::write_outcomes,
    table::{notes, short_cells, short_serial},
    ways::{ShownWay, Subject, Ways, write_ways},
};
use sadp_ops::DiscoveredDevice;

/// How a table is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Columns that fit.
    pub(crate) width: usize,
    /// Whether the vendor tool's columns are wanted, however wide.
    pub(crate) wide: bool,
}

/// Writes a list of devices.
pub(crate) fn write_list(
    out: &mut impl Write,
    devices: &[DiscoveredDevice],
    format: Format,
    layout: Layout,
) -> io::Result<()> {
    match format {
        Format::Table if layout.wide => table::write_wide(out, devices),
        Format::Table => table::write(out, devices, layout.width),
        Format::Json => json::write_array(out, devices.iter().map(device::Device::new)),
        Format::Ndjson => json::write_lines(out, devices.iter().map(device::Device::new)),
        Format::Csv => csv::write(out, devices),
        Format::Xml => xml::write(out, devices),
    }
}

/// Writes all that is known of one device.
pub(crate) fn write_device(
    out: &mut impl Write,
    found: &DiscoveredDevice,
    format: Format,
    layout: Layout,
) -> io::Result<()> {
    match format {
        Format::Table => write_details(out, found),
        Format::Json => json::write_object(out, &device::Device::new(found)),
        format => write_list(out, std::slice::from_ref(found), format, layout),
    }
}

/// A warning's word in the table, and what it means.
pub(crate) fn explain(warning: Warning) -> (&'static str, &'static str) {
    (words::short(warning), words::meaning(warning))
}

/// A device in its JSON form.
pub(crate) fn value(found: &DiscoveredDevice) -> Value {
    // Nothing in it can fail: its keys are strings.
    serde_json::to_value(device::Device::new(found)).unwrap_or_default()
}

/// A device in its JSON form of which nothing is known, but with every key.
pub(crate) fn sample() -> Value {
    serde_json::to_value(device::Device::sample()).unwrap_or_default()
}

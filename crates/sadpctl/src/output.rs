//! What is printed: one module a list, one a format. Nothing here decides
//! anything about devices.
//!
//! A new format is a module with a `write` like that of `csv`, a variant of
//! [`Format`] and a line in [`write_rows`].

mod apps;
mod audits;
mod cameras;
mod cases;
mod checks;
mod details;
mod device;
mod events;
mod guids;
mod json;
mod messages;
mod names;
mod outcomes;
mod table;
mod ways;
mod xml;

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use sadp_ops::DiscoveredDevice;
use sadp_text::Sheet;
use serde::Serialize;

pub(crate) use self::{
    apps::AppRow,
    cameras::{CameraRow, ShownCamera},
    cases::ShownCase,
    checks::CheckRow,
    details::{write_details, write_network},
    device::{DeviceRow, Raw, Shown},
    events::{Told, write_event, write_event_line},
    guids::GuidLine,
    messages::MessageLine,
    names::NameRow,
    outcomes::{Outcome, Who, check_outcomes, hints, print_lists, print_outcomes, summary},
    ways::Ways,
};
use crate::{failure::Failure, fold::Width, terminal::Terminal};

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// The vendor tool's columns, then our own
    Csv,
    /// The same as XML
    Xml,
    /// An Excel workbook, with --out
    Xlsx,
}

/// An element of a list that can be printed.
pub(crate) trait Row: Serialize + Sized {
    /// The list in a sentence, with its verb: `outcomes have`.
    const LIST: &'static str;
    /// Whether it has an XML form.
    const XML: bool = false;

    /// The titles of its columns, each a word. None where it fits no columns: then it
    /// has only the table and JSON.
    const COLUMNS: &'static str = "";

    /// The same, one by one.
    fn titles() -> Vec<&'static str> {
        Self::COLUMNS.split_whitespace().collect()
    }

    /// What stands in the columns. Without a rule of its own that is what JSON
    /// has under the titles, or under `device`.
    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        json::cells(rows, &Self::titles())
    }

    /// The same as a sheet.
    fn sheet(rows: &[Self]) -> io::Result<Sheet> {
        Ok(Sheet {
            name: "sadpctl",
            titles: Self::titles(),
            rows: Self::cells(rows)?,
        })
    }

    /// Writes the table for people. There is at least one row.
    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()>;
}

/// How a table is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Columns that fit.
    pub(crate) width: Width,
    /// Whether the vendor tool's columns are wanted, however wide.
    pub(crate) wide: bool,
}

impl Format {
    /// Whether lists of this kind have the format.
    pub(crate) fn is_of<R: Row>(self) -> bool {
        match self {
            Self::Table | Self::Json | Self::Ndjson => true,
            Self::Xml => R::XML,
            Self::Csv | Self::Xlsx => !R::titles().is_empty(),
        }
    }

    /// Fails where lists of this kind do not have the format. To be asked before
    /// anything is done.
    pub(crate) fn check<R: Row>(self) -> Result<(), Failure> {
        if self.is_of::<R>() {
            return Ok(());
        }
        let formats = Self::value_variants().iter();
        let (known, missing): (Vec<&Self>, Vec<_>) = formats.partition(|it| it.is_of::<R>());
        let missing = missing.iter().map(|it| it.name().to_uppercase());
        let missing = missing.collect::<Vec<_>>().join(" or ");
        let others = known.iter().filter(|it| ***it != Self::Table);
        let others: Vec<_> = others.map(|it| it.name()).collect();
        let message = format!("{} no {missing} form", R::LIST);
        Err(Failure::usage(message).hint(format!("use --format {} or table", others.join(", "))))
    }

    /// The format of a file, by its ending.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        let format = Self::from_str(ending, true).ok();
        format.filter(|it| *it != Self::Table)
    }

    /// Its word on the command line.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Prints a list.
pub(crate) fn print<R: Row>(
    rows: &[R],
    format: Format,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let (width, wide) = (terminal.width(), false);
    write_rows(terminal.out(), rows, format, Layout { width, wide })?;
    terminal.flush()
}

/// Writes a list.
pub(crate) fn write_rows<R: Row>(
    out: &mut impl Write,
    rows: &[R],
    format: Format,
    layout: Layout,
) -> io::Result<()> {
    match format {
        Format::Table if rows.is_empty() => Ok(()),
        Format::Table => R::write_table(rows, out, layout),
        Format::Json => sadp_text::write_json_array(out, rows),
        Format::Ndjson => json::write_lines(out, rows),
        Format::Csv => R::sheet(rows)?.write_csv(out),
        Format::Xml => xml::write(out, rows),
        Format::Xlsx => out.write_all(&Sheet::workbook(&[R::sheet(rows)?])?),
    }
}

/// Prints all that is known of one device.
pub(crate) fn print_device(
    found: &DiscoveredDevice,
    format: Format,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let row = DeviceRow(found);
    match format {
        Format::Table => {
            let width = terminal.width();
            write_details(terminal.out(), found, width)?;
        }
        Format::Json => json::write_object(terminal.out(), &row)?,
        format => return print(&[row], format, terminal),
    }
    terminal.flush()
}

//! What became of commands.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

use super::{Format, csv::harmless, json};
use crate::{
    outcome::{Ending, Outcome},
    terminal::{BOLD, GREEN, RED, YELLOW},
    text::clean,
};

/// Writes outcomes, one a device. They have no XML form.
pub(crate) fn write_outcomes(
    out: &mut impl Write,
    outcomes: &[Outcome],
    format: Format,
    width: usize,
) -> io::Result<()> {
    match format {
        Format::Json => json::write_array(out, outcomes.iter()),
        Format::Ndjson => json::write_lines(out, outcomes.iter()),
        Format::Csv => write_csv(out, outcomes),
        Format::Table | Format::Xml => write_table(out, outcomes, width),
    }
}

fn write_csv(out: &mut impl Write, outcomes: &[Outcome]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    let titles = [
        "mac", "serial", "address", "action", "result", "refusal", "number", "message", "next",
    ];
    writer.write_record(titles)?;
    for outcome in outcomes {
        let value = serde_json::to_value(outcome)?;
        let cells = titles.map(|title| {
            let known = value.get(title).or_else(|| value["device"].get(title));
            match known {
                Some(serde_json::Value::String(text)) => harmless(text),
                Some(serde_json::Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            }
        });
        writer.write_record(cells)?;
    }
    writer.flush()
}

const MESSAGE: usize = 4;
const GAP: u16 = 2;
const MIN_MESSAGE: u16 = 24;

fn write_table(out: &mut impl Write, outcomes: &[Outcome], width: usize) -> io::Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["RESULT", "ADDRESS", "MAC", "SERIAL", "MESSAGE"]);
    for outcome in outcomes {
        table.add_row(cells(outcome));
    }
    arrange(&mut table, width);
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        let style = STYLES.iter().find_map(|(ending, style)| {
            Some((style, ending.name(), line.strip_prefix(ending.name())?))
        });
        match style {
            _ if number == 0 => writeln!(out, "{BOLD}{line}{BOLD:#}")?,
            Some((style, word, rest)) => writeln!(out, "{style}{word}{style:#}{rest}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

fn cells(outcome: &Outcome) -> [String; 5] {
    let who = &outcome.device;
    let known =
        |text: Option<String>| text.map_or_else(|| "-".into(), |text| clean(&text).into_owned());
    [
        outcome.result.name().into(),
        known(who.address.map(|address| address.to_string())),
        known(who.mac.clone()),
        known(who.number.clone()),
        clean(&outcome.message).into_owned(),
    ]
}

/// Gives the message what the other columns leave: those are copied and never
/// wrap.
fn arrange(table: &mut Table, width: usize) {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let contents = table.column_max_content_widths();
    let wanted = |column: usize| contents.get(column).copied().unwrap_or(0);
    let fixed: u16 = (0..MESSAGE).map(|column| wanted(column) + GAP).sum();
    let message = wanted(MESSAGE).min(width.saturating_sub(fixed).max(MIN_MESSAGE));
    for (index, column) in table.column_iter_mut().enumerate() {
        let (gap, width) = if index == MESSAGE {
            (0, message)
        } else {
            (GAP, wanted(index) + GAP)
        };
        column.set_padding((0, gap));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::MAX);
}

const STYLES: [(Ending, anstyle::Style); 5] = [
    (Ending::Done, GREEN),
    (Ending::Refused, RED),
    (Ending::Unknown, YELLOW),
    (Ending::NoAnswer, YELLOW),
    (Ending::Skipped, YELLOW),
];

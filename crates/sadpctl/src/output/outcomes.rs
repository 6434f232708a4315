//! What became of commands.

use std::io::{self, Write};

use super::{ListFormat, harmless, layout};
use crate::{
    outcome::{Ending, Outcome},
    terminal::{GREEN, RED, YELLOW},
    text::clean,
};

/// Writes outcomes, one a device.
pub(crate) fn write_outcomes(
    out: &mut impl Write,
    outcomes: &[Outcome],
    format: ListFormat,
    width: usize,
) -> io::Result<()> {
    match format {
        ListFormat::Json(json) => json.write(out, outcomes),
        ListFormat::Csv => write_csv(out, outcomes),
        ListFormat::Table => write_table(out, outcomes, width),
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

fn write_table(out: &mut impl Write, outcomes: &[Outcome], width: usize) -> io::Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let mut table = layout::plain();
    table.set_header(["RESULT", "ADDRESS", "MAC", "SERIAL", "MESSAGE"]);
    for outcome in outcomes {
        table.add_row(cells(outcome));
    }
    layout::arrange(&mut table, width);
    let styles = STYLES.map(|(ending, style)| (ending.name(), style));
    layout::write(out, &table, &styles)
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

const STYLES: [(Ending, anstyle::Style); 5] = [
    (Ending::Done, GREEN),
    (Ending::Refused, RED),
    (Ending::Unknown, YELLOW),
    (Ending::NoAnswer, YELLOW),
    (Ending::Skipped, YELLOW),
];

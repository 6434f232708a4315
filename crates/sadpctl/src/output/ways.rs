//! The ways to bring a password back.

use std::io::{self, Write};

use serde::Serialize;

use super::{ListFormat, harmless, layout};
use crate::{
    outcome::Who,
    terminal::{BOLD, GREEN, YELLOW},
    text::clean,
};

/// The ways of one device, best first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ways {
    pub(crate) device: Subject,
    pub(crate) ways: Vec<ShownWay>,
}

/// By what a device is named beside its ways.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Subject {
    #[serde(flatten)]
    pub(crate) who: Who,
    pub(crate) model: Option<String>,
}

/// One way, and how it stands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownWay {
    pub(crate) way: &'static str,
    /// Its name for people.
    #[serde(skip)]
    pub(crate) label: &'static str,
    pub(crate) recommended: bool,
    pub(crate) standing: &'static str,
    pub(crate) reasons: Vec<String>,
    /// The command to type.
    pub(crate) next: Option<String>,
}

/// Writes the ways of each device.
pub(crate) fn write_ways(
    out: &mut impl Write,
    devices: &[Ways],
    format: ListFormat,
    width: usize,
) -> io::Result<()> {
    match format {
        ListFormat::Json(json) => json.write(out, devices),
        ListFormat::Csv => write_csv(out, devices),
        ListFormat::Table => write_tables(out, devices, width),
    }
}

fn write_csv(out: &mut impl Write, devices: &[Ways]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record([
        "mac",
        "serial",
        "address",
        "model",
        "way",
        "recommended",
        "standing",
        "reasons",
        "next",
    ])?;
    for Ways { device, ways } in devices {
        let Subject { who, model } = device;
        let known = |text: Option<&str>| text.map(harmless).unwrap_or_default();
        for way in ways {
            writer.write_record([
                known(who.mac.as_deref()),
                known(who.serial.as_deref()),
                known(who.address.map(|address| address.to_string()).as_deref()),
                known(model.as_deref()),
                way.way.into(),
                way.recommended.to_string(),
                way.standing.into(),
                harmless(&way.reasons.join("; ")),
                known(way.next.as_deref()),
            ])?;
        }
    }
    writer.flush()
}

fn write_tables(out: &mut impl Write, devices: &[Ways], width: usize) -> io::Result<()> {
    for (number, Ways { device, ways }) in devices.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let who = &device.who;
        let names = [
            device.model.clone(),
            who.address.map(|address| address.to_string()),
            who.mac.clone(),
            who.number.clone(),
        ];
        let names: Vec<_> = names.into_iter().flatten().collect();
        writeln!(out, "{BOLD}{}{BOLD:#}", clean(&names.join("  ")))?;
        let mut table = layout::plain();
        if let Some(first) = ways.first().filter(|_| are_alike(ways)) {
            table.add_row([words(first.standing).into(), "all ways".into(), text(first)]);
        } else {
            for way in ways {
                table.add_row([words(way.standing).into(), way.label.into(), text(way)]);
            }
        }
        layout::arrange(&mut table, width);
        layout::write(out, &table, &[("ready", GREEN), ("needs", YELLOW)])?;
    }
    Ok(())
}

/// Whether one line tells of all: there is nothing to recover.
fn are_alike(ways: &[ShownWay]) -> bool {
    let told = |way: &ShownWay| (way.standing, way.reasons.clone(), way.next.clone());
    ways.windows(2)
        .all(|pair| pair.first().map(told) == pair.last().map(told))
}

/// The standing for people.
fn words(standing: &'static str) -> &'static str {
    match standing {
        NOT_FOR_IT => "not for this device",
        other => other,
    }
}

/// The standing of a way that does not fit, as scripts see it.
const NOT_FOR_IT: &str = "not-for-this-device";

/// A line for each reason, and the command to type.
fn text(way: &ShownWay) -> String {
    let fits = way.standing != NOT_FOR_IT;
    let recommended = (fits && way.recommended).then(|| "recommended by the vendor".into());
    let reasons = way.reasons.iter().map(|reason| clean(reason));
    let next = way.next.as_ref().map(|next| format!("> {next}").into());
    let lines: Vec<_> = recommended.into_iter().chain(reasons).chain(next).collect();
    lines.join("\n")
}

//! The ways to bring a password back.

use std::io::{self, Write};

use sadp_model::{Advice, MethodAssessment, text::clean};
use sadp_ops::{DiscoveredDevice, recovery::methods::AssessedDevice};
use sadp_text::method_command;
use serde::Serialize;

use super::{Layout, Row, table::Plain};
use crate::{
    output::Who,
    terminal::{BOLD, GREEN, YELLOW},
};

/// The ways of one device, best first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ways {
    device: Subject,
    ways: Vec<ShownWay>,
}

/// By what a device is named beside its ways.
#[derive(Clone, Debug, Serialize)]
struct Subject {
    #[serde(flatten)]
    who: Who,
    model: Option<String>,
}

/// One way, and how it stands.
#[derive(Clone, Debug, Serialize)]
struct ShownWay {
    way: &'static str,
    /// Its name for people.
    #[serde(skip)]
    label: &'static str,
    recommended: bool,
    availability: &'static str,
    reasons: Vec<String>,
    /// The command to type.
    next: Option<String>,
}

impl Ways {
    pub(crate) fn new(assessed: &AssessedDevice) -> Self {
        let AssessedDevice { device, methods } = assessed;
        Self {
            device: Subject {
                who: Who::new(device),
                model: device.entry.device.model.as_deref().map(Into::into),
            },
            ways: methods
                .iter()
                .map(|fit| ShownWay::new(fit, device))
                .collect(),
        }
    }
}

impl ShownWay {
    fn new(fit: &MethodAssessment, found: &DiscoveredDevice) -> Self {
        let needs = fit.availability.needs().iter().map(ToString::to_string);
        let obstacle = (fit.availability.obstacle()).map(|it| it.to_string());
        let notes = fit.notes.iter().map(ToString::to_string);
        Self {
            way: fit.method.name(),
            label: fit.method.label(),
            recommended: fit.advice == Advice::Recommended,
            availability: fit.availability.name(),
            reasons: needs.chain(obstacle).chain(notes).collect(),
            next: method_command(fit, &found.entry.device),
        }
    }
}

impl Row for Ways {
    const LIST: &'static str = "ways of recovery have";

    const COLUMNS: &'static str =
        "mac serial address model way recommended availability reasons next";

    /// One row a way.
    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        let ways = rows.iter().flat_map(|Self { device, ways }| {
            let Subject { who, model } = device;
            ways.iter().map(move |way| {
                vec![
                    who.mac.clone().unwrap_or_default(),
                    who.serial.clone().unwrap_or_default(),
                    who.address.map(|it| it.to_string()).unwrap_or_default(),
                    model.clone().unwrap_or_default(),
                    way.way.into(),
                    way.recommended.to_string(),
                    way.availability.into(),
                    way.reasons.join("; "),
                    way.next.clone().unwrap_or_default(),
                ]
            })
        });
        Ok(ways.collect())
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        for (number, Self { device, ways }) in rows.iter().enumerate() {
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
            let styles = [("ready", GREEN), ("needs", YELLOW)];
            let mut table = Plain::new(&[], &styles);
            let alike = ways.first().filter(|_| are_alike(ways));
            for way in ways.iter().take(alike.map_or(usize::MAX, |_| 1)) {
                let label = alike.map_or(way.label, |_| "all ways");
                table.row([words(way.availability).into(), label.into(), text(way)]);
            }
            table.write_within(out, layout.width)?;
        }
        Ok(())
    }
}

/// Whether one line tells of all: there is nothing to recover.
fn are_alike(ways: &[ShownWay]) -> bool {
    let told = |way: &ShownWay| (way.availability, way.reasons.clone(), way.next.clone());
    ways.windows(2)
        .all(|pair| pair.first().map(told) == pair.last().map(told))
}

/// The availability for people.
fn words(availability: &'static str) -> &'static str {
    match availability {
        NOT_FOR_IT => "not for this device",
        other => other,
    }
}

/// The availability of a way that does not fit, as scripts see it.
const NOT_FOR_IT: &str = "not-for-this-device";

/// A line for each reason, and the command to type.
fn text(way: &ShownWay) -> String {
    let fits = way.availability != NOT_FOR_IT;
    let recommended = (fits && way.recommended).then(|| "recommended by the vendor".into());
    let reasons = way.reasons.iter().map(|reason| clean(reason));
    let next = way.next.as_ref().map(|next| format!("> {next}").into());
    let lines: Vec<_> = recommended.into_iter().chain(reasons).chain(next).collect();
    lines.join("\n")
}

//! The ways to bring a password back.

use std::io::{self, Write};

use anstyle::Style;
use sadp_model::{Advice, MethodAssessment, RecoveryMethod, text::clean};
use sadp_ops::{DiscoveredDevice, recovery::methods::AssessedDevice};
use sadp_text::{
    grouped, method_advice, method_brief, method_command, method_reasons, method_state,
};
use serde::Serialize;
use strum::IntoEnumIterator;

use super::{
    Layout, Row,
    table::{Column, Plain, harmless, known},
};
use crate::{
    fold::fold,
    output::Who,
    terminal::{BOLD, GREEN, YELLOW},
};

/// The ways of one device, best first.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "scripts read these names")]
pub(crate) struct Ways {
    device: Subject,
    ways: Vec<ShownWay>,
    /// For people, in the order of [`RecoveryMethod`]: the cells of its line among all
    /// devices. Empty where the device was named.
    #[serde(skip)]
    brief: Vec<String>,
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
    /// The same for people.
    #[serde(skip)]
    state: &'static str,
    /// The vendor's advice, for people.
    #[serde(skip)]
    advice: Option<&'static str>,
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
            ways: methods.iter().map(|it| ShownWay::new(it, device)).collect(),
            brief: Vec::new(),
        }
    }

    /// The same; its table has one line a device.
    pub(crate) fn in_brief(assessed: &AssessedDevice) -> Self {
        let fit = |method| assessed.methods.iter().find(|fit| fit.method == method);
        let cells = RecoveryMethod::iter().filter_map(|it| fit(it).map(method_brief));
        Self {
            brief: cells.collect(),
            ..Self::new(assessed)
        }
    }
}

impl ShownWay {
    fn new(fit: &MethodAssessment, found: &DiscoveredDevice) -> Self {
        Self {
            way: fit.method.name(),
            label: fit.method.label(),
            recommended: fit.advice == Advice::Recommended,
            availability: fit.availability.name(),
            state: method_state(fit),
            advice: method_advice(fit),
            reasons: method_reasons(fit),
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
        let ways = rows.iter().flat_map(|Self { device, ways, .. }| {
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
        if rows.iter().any(|row| !row.brief.is_empty()) {
            return write_matrix(rows, out, layout);
        }
        for (number, Self { device, ways, .. }) in rows.iter().enumerate() {
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
            let heading = harmless(&names.join("  "));
            writeln!(out, "{BOLD}{}{BOLD:#}", fold(&heading, layout.width))?;
            let columns = [Column::whole(""), Column::whole(""), Column::text("", 48)];
            let table = Plain {
                columns: &columns,
                styles: &STYLES,
                width: layout.width,
            };
            let alike = ways.first().filter(|_| are_alike(ways));
            let shown = alike.map_or(&ways[..], std::slice::from_ref);
            table.write(out, shown, |way| {
                let label = alike.map_or(way.label, |_| "all ways");
                [way.state.into(), label.into(), text(way)]
            })?;
        }
        Ok(())
    }
}

const STYLES: [(&str, Style); 3] = [("ready", GREEN), ("may work", YELLOW), ("needs", YELLOW)];

/// One line a device, a column a way. Devices of a model and with the same ways are one
/// line.
fn write_matrix(rows: &[Ways], out: &mut impl Write, layout: Layout) -> io::Result<()> {
    const TITLES: &str = "BUTTON QUESTIONS E-MAIL REQUEST GUID APP PRO";
    let mut columns = vec![Column::text("DEVICES", 18)];
    columns.extend(TITLES.split(' ').map(Column::folds));
    let alike = rows.iter().map(|it| ((&it.device.model, &it.brief), it));
    let groups = grouped(alike);
    let table = Plain {
        columns: &columns,
        styles: &[],
        width: layout.width,
    };
    table.write(out, &groups, |((model, brief), rows)| {
        let model = known(*model);
        let name = match &rows[..] {
            [Ways { device, .. }] => {
                let address = device.who.address.map(|address| address.to_string());
                let name = address.or_else(|| device.who.mac.clone());
                format!("{model} {}", name.unwrap_or_default())
            }
            rows => format!("{} x {model}", rows.len()),
        };
        [name].into_iter().chain((*brief).clone())
    })
}

/// Whether one line tells of all: there is nothing to recover.
fn are_alike(ways: &[ShownWay]) -> bool {
    let told = |way: &ShownWay| (way.availability, way.reasons.clone(), way.next.clone());
    ways.windows(2)
        .all(|pair| pair.first().map(told) == pair.last().map(told))
}

/// A line for each reason, and the command to type.
fn text(way: &ShownWay) -> String {
    let reasons = way.reasons.iter().map(|reason| clean(reason));
    let next = way.next.as_ref().map(|next| format!("> {next}").into());
    let advice = way.advice.map(Into::into).into_iter();
    let lines: Vec<_> = advice.chain(reasons).chain(next).collect();
    lines.join("\n")
}

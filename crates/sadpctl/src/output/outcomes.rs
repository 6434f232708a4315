//! What became of a command to one device. The names and their order are a contract
//! for scripts.

mod data;

use std::{
    io::{self, Write},
    net::IpAddr,
};

use sadp_model::{Serial, text::clean};
use sadp_ops::{DeviceRef, DiscoveredDevice, Impact, OutcomeData, OutcomeStatus, Reason};
use sadp_text::{count, first_of, grouped};
use serde::Serialize;
use serde_json::{Map, Value};
use strum::IntoEnumIterator;

use super::{
    Format, Layout, Row,
    table::{CellColumn, Column, Table, blank, harmless, known},
};
use crate::{
    failure::{Exit, Failure},
    terminal::{GREEN, RED, Terminal, YELLOW},
};

/// What became of a command to one device. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) device: Who,
    action: &'static str,
    pub(crate) result: &'static str,
    refusal: Option<String>,
    number: Option<u32>,
    tries_left: Option<u32>,
    lock_minutes: Option<u32>,
    /// What happened, in a sentence without its device.
    pub(crate) message: String,
    /// What to do about it.
    next: Option<String>,
    /// What else there is to tell, by action.
    data: Map<String, Value>,
    /// What it makes of the exit code.
    #[serde(skip)]
    exit: Exit,
    /// Whether the batch ended before it.
    #[serde(skip)]
    after_end: bool,
}

impl Outcome {
    /// Whether it is no news in a batch: nothing was to be done and nothing is wrong, or
    /// it was not its turn yet.
    fn is_usual(&self) -> bool {
        let skipped = self.result == <&str>::from(OutcomeStatus::Skipped);
        skipped && (self.exit == Exit::Done || self.after_end)
    }
}

/// By what an outcome names its device.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Who {
    pub(crate) serial: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) address: Option<IpAddr>,
    /// The number on the label, for people.
    #[serde(skip)]
    pub(crate) number: Option<String>,
    /// Its model, for people.
    #[serde(skip)]
    pub(crate) model: Option<String>,
    /// What people call it.
    #[serde(skip)]
    pub(crate) called: Option<String>,
}

/// Refuses formats that outcomes do not have, before anything is done.
pub(crate) fn check_outcomes(format: Format) -> Result<(), Failure> {
    let checked = format.check::<Outcome>();
    checked.map_err(|failure| failure.hint("nothing was sent"))
}

/// Prints outcomes and what to do next. `failure` is what ended the operation on
/// this computer; it outweighs them.
pub(crate) fn print_outcomes(
    outcomes: &[Outcome],
    failure: Option<Failure>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // What was done is printed, in whatever format.
    let format = match format {
        format if format.is_of::<Outcome>() => format,
        _ => Format::Table,
    };
    let counted = format == Format::Table && outcomes.len() > 1;
    let (usual, listed): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .cloned()
        .partition(|it| counted && it.is_usual());
    let written = super::print(&listed, format, terminal);
    conclude(outcomes, &usual, failure, written, terminal)
}

/// Prints what devices listed, as rows, and the outcomes of those that listed nothing. In
/// JSON the lists are data of the outcomes.
pub(crate) fn print_lists<R: Row>(
    rows: &[R],
    outcomes: &[Outcome],
    failure: Option<Failure>,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if rows.is_empty() || matches!(format, Format::Json | Format::Ndjson) {
        return print_outcomes(outcomes, failure, format, terminal);
    }
    let (usual, others): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .filter(|it| it.result != <&str>::from(OutcomeStatus::Done))
        .cloned()
        .partition(Outcome::is_usual);
    let mut written = super::print(rows, format, terminal);
    if format == Format::Table && !others.is_empty() {
        written = written
            .and_then(|()| Ok(writeln!(terminal.out())?))
            .and_then(|()| super::print(&others, format, terminal));
    } else {
        for it in &others {
            terminal.warn(&format!("{}: {}", names(&[&it.device]), clean(&it.message)));
        }
    }
    conclude(outcomes, &usual, failure, written, terminal)
}

/// Sums outcomes up, and tells what to do next.
fn conclude(
    outcomes: &[Outcome],
    usual: &[Outcome],
    failure: Option<Failure>,
    written: Result<(), Failure>,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // It is summed up whatever becomes of the output.
    if !outcomes.is_empty() {
        terminal.note(&summary(outcomes));
    }
    if !usual.is_empty() {
        terminal.note(&usually_skipped(usual));
    }
    for hint in hints(outcomes) {
        terminal.hint(&hint);
    }
    let unwritten = written.err().filter(|failure| !failure.is_broken_pipe());
    match failure.or(unwritten) {
        Some(failure) => Err(failure),
        None => Ok(exit(outcomes)),
    }
}

impl Row for Outcome {
    const LIST: &'static str = "outcomes have";

    const COLUMNS: &'static str = "mac serial address action result refusal number message next";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let styles = &[
            ("done", GREEN),
            ("refused", RED),
            ("unknown", YELLOW),
            ("no-answer", YELLOW),
            ("skipped", YELLOW),
        ];
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("RESULT"), |it| it.result.into()),
            (Column::whole("ADDRESS"), |it| known(it.device.address)),
            (Column::whole("MAC"), |it| known(&it.device.mac)),
            (Column::text("NAME", 10), |it| blank(&it.device.called)),
            (Column::extra("MODEL"), |it| known(&it.device.model)),
            (Column::extra("SERIAL"), |it| known(&it.device.number)),
            (Column::text("MESSAGE", 44), |it| harmless(&it.message)),
        ];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}

/// What to do next, with the devices that it is for.
pub(crate) fn hints(outcomes: &[Outcome]) -> Vec<String> {
    let steps = outcomes
        .iter()
        .filter_map(|it| Some((it.next.as_deref()?, &it.device)));
    let hints = grouped(steps)
        .into_iter()
        .map(|(next, who)| match names(&who) {
            // What became of a file may be about no device.
            names if names.is_empty() => next.to_owned(),
            names => format!("{names}: {next}"),
        });
    hints.collect()
}

/// The devices by MAC, the first few of them.
fn names(who: &[&Who]) -> String {
    const NAMED: usize = 3;
    let names = who
        .iter()
        .filter_map(|who| who.mac.as_ref().or(who.serial.as_ref()));
    first_of(names, NAMED, |more| format!("{more} more"))
}

impl From<sadp_ops::Outcome> for Outcome {
    fn from(outcome: sadp_ops::Outcome) -> Self {
        let verdict = outcome.verdict.as_ref();
        Self {
            device: Who::from(&outcome.device),
            action: outcome.name(),
            result: outcome.status.into(),
            refusal: verdict.map(|it| it.refusal.word().to_owned()),
            number: verdict.and_then(|it| it.refusal.number()),
            tries_left: verdict.and_then(|it| it.tries_left),
            lock_minutes: verdict.and_then(|it| it.lock_minutes),
            message: sadp_text::message(&outcome),
            next: sadp_text::next_step(&outcome).map(Into::into),
            data: data::of(&outcome),
            after_end: matches!(outcome.reason, Reason::Stopped(_)) && !is_begun(&outcome.data),
            exit: match outcome.impact() {
                Impact::None => Exit::Done,
                Impact::Safety => Exit::Unsafe,
                Impact::Device => Exit::Refused,
                Impact::Computer => Exit::Machine,
            },
        }
    }
}

/// Whether something was done on a device before its batch ended.
fn is_begun(data: &OutcomeData) -> bool {
    let OutcomeData::Prepared(prepared) = data else {
        return false;
    };
    let mut steps = prepared.steps.iter().filter_map(|it| it.outcome.as_ref());
    steps.any(|it| it.status == OutcomeStatus::Done)
}

impl From<&DeviceRef> for Who {
    fn from(device: &DeviceRef) -> Self {
        Self {
            serial: device.serial.as_ref().map(ToString::to_string),
            mac: device.mac.map(|mac| mac.to_string()),
            address: device.address.map(IpAddr::V4),
            number: device.serial.as_ref().map(Serial::short),
            model: device.model.as_deref().map(Into::into),
            called: device.called.as_deref().map(Into::into),
        }
    }
}

impl Who {
    /// The device's names.
    pub(crate) fn new(found: &DiscoveredDevice) -> Self {
        Self::from(&DeviceRef::from(found))
    }
}

/// `10 devices: 7 done, 1 refused, 2 skipped`; of several actions, each.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    let mut actions: Vec<_> = outcomes.iter().map(|it| it.action).collect();
    actions.dedup();
    let results = |action: &str| {
        let parts = OutcomeStatus::iter()
            .map(<&str>::from)
            .filter_map(|result| {
                let all = outcomes.iter();
                let number = all.filter(|it| it.action == action && it.result == result);
                let number = number.count();
                (number > 0).then(|| format!("{number} {result}"))
            });
        parts.collect::<Vec<_>>().join(", ")
    };
    let (devices, results) = match *actions {
        [first, _, ..] => {
            let devices = outcomes.iter().filter(|it| it.action == first).count();
            let parts = actions.iter().map(|it| format!("{it}: {}", results(it)));
            (devices, parts.collect::<Vec<_>>().join("; "))
        }
        _ => (
            outcomes.len(),
            actions.first().map_or_else(String::new, |it| results(it)),
        ),
    };
    let devices = count(devices as u64, "device", "devices");
    format!("{devices}: {results}")
}

/// Those of a batch that are skipped as usual, by what is said of them.
fn usually_skipped(outcomes: &[Outcome]) -> String {
    let reasons = grouped(outcomes.iter().map(|it| (&it.message, it)));
    let reasons = reasons.iter();
    let reasons = reasons.map(|(reason, all)| format!("{} x {reason}", all.len()));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    format!("skipped, and not listed: {reasons}")
}

/// What all of them make of the exit code: a refusal outweighs what was not
/// sent.
fn exit(outcomes: &[Outcome]) -> Exit {
    let any = |exit| outcomes.iter().any(|outcome| outcome.exit == exit);
    [Exit::Machine, Exit::Refused, Exit::Unsafe]
        .into_iter()
        .find(|&exit| any(exit))
        .unwrap_or(Exit::Done)
}

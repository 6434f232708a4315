//! Requests that wait for an answer, and those that are closed.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use super::{ListFormat, harmless, layout};
use crate::{
    terminal::{GREEN, RED, YELLOW},
    text::clean,
};

/// One request, as scripts see it. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownCase {
    /// Its number in the ledger.
    pub(crate) case: i64,
    pub(crate) device: CaseDevice,
    /// `legacy-code`, `file` or `file-or-key`.
    pub(crate) kind: &'static str,
    /// `open`, or how it ended.
    pub(crate) state: &'static str,
    pub(crate) exported_at: String,
    pub(crate) age_seconds: i64,
    /// Its age for people.
    #[serde(skip)]
    pub(crate) age: String,
    pub(crate) warn_after: String,
    pub(crate) valid_until: String,
    /// Why it is no longer valid or may not be, in a word each.
    pub(crate) invalid_reasons: Vec<&'static str>,
    /// The same in sentences.
    pub(crate) reasons: Vec<String>,
    pub(crate) package: String,
    pub(crate) ended_at: Option<String>,
    /// What to do about it.
    pub(crate) next: Option<String>,
}

/// The device of a request, and where it was.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CaseDevice {
    pub(crate) serial: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

/// Writes requests.
pub(crate) fn write_cases(
    out: &mut impl Write,
    cases: &[ShownCase],
    format: ListFormat,
    width: usize,
) -> io::Result<()> {
    match format {
        ListFormat::Json(json) => json.write(out, cases),
        ListFormat::Csv => write_csv(out, cases),
        ListFormat::Table => write_table(out, cases, width),
    }
}

fn write_csv(out: &mut impl Write, cases: &[ShownCase]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record([
        "case",
        "mac",
        "serial",
        "address",
        "kind",
        "state",
        "exported_at",
        "valid_until",
        "invalid_reasons",
        "package",
        "ended_at",
        "next",
    ])?;
    let known = |text: Option<&str>| text.map(harmless).unwrap_or_default();
    for case in cases {
        let device = &case.device;
        writer.write_record([
            case.case.to_string(),
            known(device.mac.as_deref()),
            known(device.serial.as_deref()),
            known(device.address.map(|address| address.to_string()).as_deref()),
            case.kind.into(),
            case.state.into(),
            case.exported_at.clone(),
            case.valid_until.clone(),
            case.invalid_reasons.join(" "),
            harmless(&case.package),
            known(case.ended_at.as_deref()),
            known(case.next.as_deref()),
        ])?;
    }
    writer.flush()
}

fn write_table(out: &mut impl Write, cases: &[ShownCase], width: usize) -> io::Result<()> {
    if cases.is_empty() {
        return Ok(());
    }
    let mut table = layout::plain();
    table.set_header([
        "STATE",
        "CASE",
        "AGE",
        "MAC",
        "VALID UNTIL",
        "PACKAGE AND NOTES",
    ]);
    for case in cases {
        let mac = case.device.mac.as_ref().or(case.device.serial.as_ref());
        let state = if case.state == "open" && !case.invalid_reasons.is_empty() {
            "invalid?"
        } else {
            case.state
        };
        let mut notes = vec![clean(&case.package)];
        notes.extend(case.reasons.iter().map(|reason| clean(reason)));
        table.add_row([
            state.to_owned(),
            case.case.to_string(),
            case.age.clone(),
            mac.map_or_else(|| "-".into(), |mac| clean(mac).into_owned()),
            case.valid_until.clone(),
            notes.join("\n"),
        ]);
    }
    layout::arrange(&mut table, width);
    let styles = [("open", YELLOW), ("invalid?", RED), ("recovered", GREEN)];
    layout::write(out, &table, &styles)
}

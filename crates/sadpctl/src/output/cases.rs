//! Requests that wait for an answer, and those that are closed.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use super::{
    Layout, Row,
    table::{Plain, known},
};
use crate::terminal::{GREEN, RED, YELLOW};
use sadp_model::text::clean;

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

impl Row for ShownCase {
    const LIST: &'static str = "requests have";

    const COLUMNS: &'static str = "case mac serial address kind state exported_at valid_until invalid_reasons package ended_at next";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let titles = [
            "STATE",
            "CASE",
            "AGE",
            "MAC",
            "VALID UNTIL",
            "PACKAGE AND NOTES",
        ];
        let styles = [("open", YELLOW), ("invalid?", RED), ("recovered", GREEN)];
        let mut table = Plain::new(&titles, &styles);
        for case in rows {
            let mac = case.device.mac.as_ref().or(case.device.serial.as_ref());
            let state = if case.state == "open" && !case.invalid_reasons.is_empty() {
                "invalid?"
            } else {
                case.state
            };
            let mut notes = vec![clean(&case.package)];
            notes.extend(case.reasons.iter().map(|reason| clean(reason)));
            table.row([
                state.to_owned(),
                case.case.to_string(),
                case.age.clone(),
                known(mac),
                case.valid_until.clone(),
                notes.join("\n"),
            ]);
        }
        table.write_within(out, layout.width)
    }
}

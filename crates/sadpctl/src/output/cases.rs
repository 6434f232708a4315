//! Requests that wait for an answer, and those that are closed.

use std::{
    io::{self, Write},
    iter,
};

use sadp_model::text::clean;
use sadp_ops::{DeviceRef, recovery::ReviewedCase};
use sadp_reset::{InvalidReason, SiteName};
use sadp_text::{age, case_next, case_reasons, case_state, case_time_left};
use serde::Serialize;

use super::{
    Layout, Row, Who,
    table::{CellColumn, Column, Table, blank, known},
};
use crate::terminal::{GREEN, RED, YELLOW};

/// One request, as scripts see it. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownCase {
    /// Its number in the ledger.
    case: i64,
    device: Who,
    /// `legacy-code`, `file` or `file-or-key`.
    kind: &'static str,
    /// `open`, or how it ended.
    state: &'static str,
    /// The same for people.
    #[serde(skip)]
    state_text: &'static str,
    exported_at: String,
    age_seconds: i64,
    /// Its age for people.
    #[serde(skip)]
    age: String,
    /// How long an answer can still be given to an open request.
    left_seconds: Option<i64>,
    /// The same for people: `26 h of 48`.
    #[serde(skip)]
    left: Option<String>,
    warn_after: String,
    valid_until: String,
    /// Why it is no longer valid or may not be, in a word each.
    invalid_reasons: Vec<&'static str>,
    /// The same in sentences.
    reasons: Vec<String>,
    package: String,
    ended_at: Option<String>,
    /// What to do about it.
    next: Option<String>,
    /// What people call the device.
    name: Option<String>,
}

impl ShownCase {
    pub(crate) fn new(reviewed: &ReviewedCase) -> Self {
        let case = &reviewed.case;
        let request = &case.request;
        let reasons = reviewed.invalid_reasons.iter();
        let serial = request.device.serial();
        let model = serial.and_then(|serial| serial.parts(None));
        Self {
            case: case.id.number(),
            device: Who {
                address: request.address,
                model: model.map(|parts| parts.model.to_owned()),
                ..Who::from(&DeviceRef::from(&request.device))
            },
            kind: request.kind.name(),
            state: case.ended.map_or("open", |ended| ended.how.name()),
            state_text: case_state(reviewed),
            exported_at: request.exported_at.to_string(),
            age_seconds: reviewed.age.as_secs(),
            age: age(reviewed.age),
            left_seconds: reviewed.time_left().map(|left| left.as_secs()),
            left: case_time_left(reviewed),
            warn_after: request.warn_after().to_string(),
            valid_until: request.valid_until().to_string(),
            next: case_next(reviewed),
            name: reviewed.site_name.as_ref().and_then(SiteName::called),
            invalid_reasons: reasons.map(InvalidReason::name).collect(),
            reasons: case_reasons(reviewed),
            package: request.package.to_string_lossy().into_owned(),
            ended_at: case.ended.map(|ended| ended.at.to_string()),
        }
    }
}

impl Row for ShownCase {
    const LIST: &'static str = "requests have";

    const COLUMNS: &'static str = "case mac serial address kind state exported_at valid_until invalid_reasons package ended_at next name";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("STATE"), |it| it.state_text.into()),
            (Column::whole("CASE"), |it| it.case.to_string()),
            (Column::whole("AGE"), |it| it.age.clone()),
            (Column::whole("LEFT"), |it| known(&it.left)),
            (Column::extra("MAC"), |it| known(&it.device.mac)),
            (Column::extra("MODEL"), |it| known(&it.device.model)),
            (Column::whole("LABEL"), |it| known(&it.device.number)),
            (Column::text("NAME", 10), |it| blank(&it.name)),
            (Column::whole("ADDRESS"), |it| known(it.device.address)),
            (Column::below(), |it| {
                let notes = iter::once(&it.package).chain(&it.reasons);
                notes.map(|note| clean(note)).collect::<Vec<_>>().join("\n")
            }),
        ];
        let styles = &[("open", YELLOW), ("invalid?", RED), ("recovered", GREEN)];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}

//! Devices by their readiness.

use std::io::{self, Write};

use sadp_model::text::clean;
use sadp_ops::audit::{AuditedDevice, ChangeSince};
use serde::Serialize;

use super::{
    Layout, Row, Who,
    table::{Plain, PlainColumn, known},
};
use crate::terminal::{GREEN, RED, YELLOW};

/// An audited device. The names and their order are a contract.
#[derive(Debug, Serialize)]
pub(crate) struct AuditRow {
    device: Who,
    model: Option<String>,
    name: Option<String>,
    recoverable: bool,
    ways: Vec<WayCell>,
    findings: Vec<FindingCell>,
    since: Option<ChangeSince>,
}

/// A way of recovery, and whether it is ready.
#[derive(Debug, Serialize)]
struct WayCell {
    way: &'static str,
    availability: &'static str,
}

/// A finding, and what mends it.
#[derive(Debug, Serialize)]
struct FindingCell {
    finding: &'static str,
    problem: bool,
    message: String,
    next: String,
}

/// What changed, in words.
fn change(since: &ChangeSince) -> String {
    let new = since.new.then(|| "not there before".to_owned());
    let found = since.found.iter().map(|it| format!("new: {it}"));
    let mended = since.mended.iter().map(|it| format!("mended: {it}"));
    let parts: Vec<_> = new.into_iter().chain(found).chain(mended).collect();
    parts.join(", ")
}

impl AuditRow {
    pub(crate) fn new(audited: &AuditedDevice, since: Option<ChangeSince>) -> Self {
        let found = &audited.assessed.device;
        let device = &found.entry.device;
        let ways = audited.assessed.methods.iter().map(|fit| WayCell {
            way: fit.method.name(),
            availability: fit.availability.name(),
        });
        let name = device
            .mac
            .map_or_else(|| "DEVICE".into(), |mac| mac.to_string());
        let findings = audited.findings.iter().map(|&finding| FindingCell {
            finding: finding.name(),
            problem: finding.is_problem(),
            message: sadp_text::finding(finding),
            next: sadp_text::mends(finding, device, &name),
        });
        Self {
            device: Who::new(found),
            model: device.model.as_deref().map(Into::into),
            name: found.called(),
            recoverable: audited.is_recoverable(),
            ways: ways.collect(),
            findings: findings.collect(),
            since,
        }
    }

    /// Whether it changed since an earlier audit.
    pub(crate) fn is_changed(&self) -> bool {
        self.since.as_ref().is_some_and(|it| !change(it).is_empty())
    }

    fn result(&self) -> &'static str {
        if self.findings.iter().any(|it| it.problem) {
            "problem"
        } else if self.findings.is_empty() {
            "ok"
        } else {
            "advice"
        }
    }

    fn ready(&self) -> String {
        let ready = ["guid", "mail", "questions"].into_iter().filter(|own| {
            let mut ways = self.ways.iter();
            ways.any(|it| it.way == *own && it.availability == "ready")
        });
        ready.collect::<Vec<_>>().join(", ")
    }
}

impl Row for AuditRow {
    const LIST: &'static str = "an audit has";

    const COLUMNS: &'static str =
        "mac serial address model name result recoverable ready findings next since";

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        let rows = rows.iter().map(|row| {
            let findings = row.findings.iter();
            let names: Vec<_> = findings.clone().map(|it| it.finding).collect();
            let next: Vec<_> = findings.map(|it| it.next.as_str()).collect();
            vec![
                row.device.mac.clone().unwrap_or_default(),
                row.device.serial.clone().unwrap_or_default(),
                row.device
                    .address
                    .map(|it| it.to_string())
                    .unwrap_or_default(),
                row.model.clone().unwrap_or_default(),
                row.name.clone().unwrap_or_default(),
                row.result().into(),
                row.recoverable.to_string(),
                row.ready(),
                names.join("; "),
                next.join("; "),
                row.since.as_ref().map(change).unwrap_or_default(),
            ]
        });
        Ok(rows.collect())
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let styles = [("ok", GREEN), ("problem", RED), ("advice", YELLOW)];
        let columns = [
            PlainColumn::whole("RESULT"),
            PlainColumn::whole("ADDRESS"),
            PlainColumn::whole("MAC"),
            PlainColumn::text("NAME", 10),
            PlainColumn::extra("MODEL"),
            PlainColumn::folds("READY"),
            PlainColumn::text("FINDINGS", 44),
            PlainColumn::text("SINCE", 16),
        ];
        let mut table = Plain::new(&columns, &styles);
        for row in rows {
            let findings: Vec<_> = row.findings.iter().map(|it| it.message.as_str()).collect();
            table.row([
                row.result().into(),
                known(row.device.address.map(|it| it.to_string())),
                known(row.device.mac.as_ref()),
                row.name.clone().unwrap_or_default(),
                known(row.model.as_ref()),
                known(Some(row.ready()).filter(|it| !it.is_empty())),
                clean(&findings.join("; ")).into_owned(),
                row.since.as_ref().map(change).unwrap_or_default(),
            ]);
        }
        table.write(out, layout.width)
    }
}

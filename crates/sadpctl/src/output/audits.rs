//! Devices by their readiness.

use std::io::{self, Write};

use sadp_model::text::clean;
use sadp_ops::{
    audit::{AuditedDevice, ChangeSince},
    cameras::CameraBehind,
};
use sadp_text::{AuditCells, AuditEntry, audit_change};
use serde::Serialize;

use super::{
    Layout, Row,
    table::{Plain, PlainColumn, known},
};
use crate::terminal::{GREEN, RED, YELLOW};

/// An audited device.
#[derive(Debug, Serialize)]
pub(crate) struct AuditRow {
    #[serde(flatten)]
    entry: AuditEntry,
    #[serde(skip)]
    cells: AuditCells,
}

impl AuditRow {
    pub(crate) fn new(
        audited: &AuditedDevice,
        since: Option<ChangeSince>,
        behind: Option<&CameraBehind>,
    ) -> Self {
        Self {
            cells: AuditCells::new(audited, since.as_ref(), behind),
            entry: AuditEntry::new(audited, since, behind),
        }
    }

    /// A camera that is known by its recorder alone.
    pub(crate) fn behind(behind: &CameraBehind) -> Self {
        let (entry, cells) = (AuditEntry::behind(behind), AuditCells::behind(behind));
        Self { entry, cells }
    }

    /// What people read of its findings. Of a camera that is known by its recorder alone,
    /// where it is.
    fn findings_text(&self) -> String {
        let entry = &self.entry;
        if let (Some(behind), None) = (&entry.behind, entry.recoverable) {
            return clean(&behind.message).into_owned();
        }
        let findings = entry.findings.iter().map(|it| clean(&it.message));
        findings.collect::<Vec<_>>().join("; ")
    }

    /// What changed since an earlier audit; empty where nothing did.
    fn change(&self) -> String {
        let since = self.entry.since.as_ref();
        since.map(audit_change).unwrap_or_default()
    }

    /// Whether it changed since an earlier audit.
    pub(crate) fn is_changed(&self) -> bool {
        !self.change().is_empty()
    }

    /// Whether something is missing.
    pub(crate) fn has_problem(&self) -> bool {
        self.entry.findings.iter().any(|it| it.problem)
    }
}

impl Row for AuditRow {
    const LIST: &'static str = "an audit has";

    const COLUMNS: &'static str = AuditCells::TITLES;

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        Ok(rows.iter().map(|row| row.cells.row()).collect())
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
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
            table.row([
                row.cells.result.into(),
                known(row.entry.device.address.map(|it| it.to_string())),
                known(row.entry.device.mac.as_ref()),
                clean(row.entry.name.as_deref().unwrap_or_default()).into_owned(),
                known(row.entry.model.as_ref()),
                known(Some(&row.cells.ready).filter(|it| !it.is_empty())),
                row.findings_text(),
                row.change(),
            ]);
        }
        table.write(out, layout.width)
    }
}

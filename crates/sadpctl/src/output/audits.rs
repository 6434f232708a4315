//! Devices by their readiness.

use std::io::{self, Write};

use sadp_text::AuditEntry;

use super::{
    Layout, Row,
    table::{CellColumn, Column, Table, blank, harmless, known},
};
use crate::terminal::{GREEN, RED, YELLOW};

impl Row for AuditEntry {
    const LIST: &'static str = "an audit has";

    const COLUMNS: &'static str = Self::TITLES;

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        Ok(rows.iter().map(Self::row).collect())
    }

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let styles = &[("ok", GREEN), ("problem", RED), ("advice", YELLOW)];
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("RESULT"), |it| it.result.into()),
            (Column::whole("ADDRESS"), |it| known(it.device.address)),
            (Column::whole("MAC"), |it| known(&it.device.mac)),
            (Column::text("NAME", 10), |it| blank(&it.name)),
            (Column::extra("MODEL"), |it| known(&it.model)),
            (Column::folds("READY"), |it| {
                known(Some(&it.ready).filter(|ready| !ready.is_empty()))
            }),
            (Column::text("FINDINGS", 44), findings),
            (Column::text("SINCE", 16), Self::change),
        ];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}

/// What people read of its findings. Of a camera that is known by its recorder alone, where
/// it is.
fn findings(entry: &AuditEntry) -> String {
    let behind = entry.behind.as_ref();
    let behind = behind.filter(|_| entry.recoverable.is_none());
    let findings = entry.findings.iter().map(|it| it.message.as_str());
    harmless(&behind.map_or_else(
        || findings.collect::<Vec<_>>().join("; "),
        |it| it.message.clone(),
    ))
}

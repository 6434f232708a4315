//! Devices by their readiness.

use std::io::{self, Write};

use sadp_model::text::clean;
use sadp_text::AuditEntry;

use super::{
    Layout, Row,
    table::{Plain, PlainColumn, known},
};
use crate::terminal::{GREEN, RED, YELLOW};

impl Row for AuditEntry {
    const LIST: &'static str = "an audit has";

    const COLUMNS: &'static str = Self::TITLES;

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        Ok(rows.iter().map(Self::row).collect())
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
        let table = Plain {
            columns: &columns,
            styles: &styles,
            width: layout.width,
        };
        table.write(out, rows, |row| {
            [
                row.result.into(),
                known(row.device.address.map(|it| it.to_string())),
                known(row.device.mac.as_ref()),
                clean(row.name.as_deref().unwrap_or_default()).into_owned(),
                known(row.model.as_ref()),
                known(Some(&row.ready).filter(|it| !it.is_empty())),
                findings(row),
                row.change(),
            ]
        })
    }
}

/// What people read of its findings. Of a camera that is known by its recorder alone, where
/// it is.
fn findings(entry: &AuditEntry) -> String {
    let behind = entry.behind.as_ref();
    let behind = behind.filter(|_| entry.recoverable.is_none());
    let findings = entry.findings.iter().map(|it| it.message.as_str());
    let text = behind.map_or_else(
        || findings.collect::<Vec<_>>().join("; "),
        |it| it.message.clone(),
    );
    clean(&text).into_owned()
}

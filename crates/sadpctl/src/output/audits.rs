//! Devices by their readiness.

use std::io::{self, Write};

use sadp_model::{Serial, text::clean};
use sadp_ops::{
    audit::{AuditedDevice, ChangeSince},
    cameras::CameraBehind,
};
use sadp_text::{AuditCells, audit_change, camera_mends, camera_place, camera_state};
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
    /// Null where it is not known: of cameras that are known by their recorder alone.
    recoverable: Option<bool>,
    ways: Vec<WayCell>,
    findings: Vec<FindingCell>,
    since: Option<ChangeSince>,
    /// The recorder that it is behind.
    behind: Option<BehindCell>,
    #[serde(skip)]
    cells: AuditCells,
}

/// The recorder that a camera is behind, and what that said of it.
#[derive(Debug, Serialize)]
struct BehindCell {
    recorder: Who,
    channel: Option<u32>,
    at: String,
    online: Option<bool>,
    reason: Option<String>,
    message: String,
}

impl From<&CameraBehind> for BehindCell {
    fn from(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        Self {
            recorder: Who::from(&behind.recorder),
            channel: camera.channel,
            at: behind.at.to_string(),
            online: camera.online,
            reason: camera.result.clone(),
            message: camera_place(behind),
        }
    }
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

impl AuditRow {
    pub(crate) fn new(
        audited: &AuditedDevice,
        since: Option<ChangeSince>,
        behind: Option<&CameraBehind>,
    ) -> Self {
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
            next: sadp_text::mends(finding, device, &name).into(),
        });
        Self {
            device: Who::new(found),
            model: device.model.as_deref().map(Into::into),
            name: found.called(),
            recoverable: Some(audited.is_recoverable()),
            ways: ways.collect(),
            findings: findings.collect(),
            cells: AuditCells::new(audited, since.as_ref(), behind),
            since,
            behind: behind.map(Into::into),
        }
    }

    /// A camera that is known by its recorder alone.
    pub(crate) fn behind(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        let finding = behind.problem().map(|problem| FindingCell {
            finding: problem.name(),
            problem: true,
            message: camera_state(camera),
            next: camera_mends(problem, &behind.recorder).into(),
        });
        let address = camera.address.as_deref();
        Self {
            device: Who {
                serial: camera.serial.as_ref().map(ToString::to_string),
                mac: camera.mac.map(|mac| mac.to_string()),
                address: address.and_then(|it| it.parse().ok()),
                number: camera.serial.as_ref().map(Serial::short),
                model: camera.model.clone(),
                called: camera.name.clone(),
            },
            model: camera.model.clone(),
            name: camera.name.clone(),
            recoverable: None,
            ways: Vec::new(),
            cells: AuditCells::behind(behind),
            findings: finding.into_iter().collect(),
            since: None,
            behind: Some(behind.into()),
        }
    }

    /// What people read of its findings. Of a camera that is known by its recorder alone,
    /// where it is.
    fn findings_text(&self) -> String {
        let behind = self.behind.as_ref().filter(|_| self.recoverable.is_none());
        let findings = self.findings.iter().map(|it| it.message.as_str());
        let text = behind.map_or_else(
            || findings.collect::<Vec<_>>().join("; "),
            |it| it.message.clone(),
        );
        clean(&text).into_owned()
    }

    /// Whether it changed since an earlier audit.
    pub(crate) fn is_changed(&self) -> bool {
        self.since
            .as_ref()
            .is_some_and(|it| !audit_change(it).is_empty())
    }

    /// Whether something is missing.
    pub(crate) fn has_problem(&self) -> bool {
        self.findings.iter().any(|it| it.problem)
    }
}

impl Row for AuditRow {
    const LIST: &'static str = "an audit has";

    const COLUMNS: &'static str = AuditCells::TITLES;

    fn cells(rows: &[Self]) -> io::Result<Vec<Vec<String>>> {
        Ok(rows.iter().map(|row| row.cells.row()).collect())
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
            table.row([
                row.cells.result.into(),
                known(row.device.address.map(|it| it.to_string())),
                known(row.device.mac.as_ref()),
                clean(row.name.as_deref().unwrap_or_default()).into_owned(),
                known(row.model.as_ref()),
                known(Some(&row.cells.ready).filter(|it| !it.is_empty())),
                row.findings_text(),
                row.since.as_ref().map(audit_change).unwrap_or_default(),
            ]);
        }
        table.write(out, layout.width)
    }
}

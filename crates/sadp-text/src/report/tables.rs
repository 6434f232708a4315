//! The tables of the document, for a workbook.

use sadp_ops::report::SiteReport;

use super::{CameraCells, DeviceCells, FindingGroup};
use crate::Sheet;

/// The tables of the document: devices, cameras behind recorders, what recovery is
/// prepared, and open findings.
pub fn report_sheets(report: &SiteReport) -> [Sheet; 4] {
    let devices = DeviceCells::all(report);
    let findings = FindingGroup::all(report, &devices);
    [
        Sheet {
            name: "Devices",
            titles: vec![
                "No.",
                "Name",
                "Place",
                "Model",
                "Label number",
                "Serial number",
                "MAC",
                "Address",
                "Prefix",
                "Gateway",
                "DHCP",
                "Planned address",
                "Firmware",
                "State",
                "Behind",
            ],
            rows: devices.iter().map(DeviceCells::row).collect(),
        },
        Sheet {
            name: "Cameras",
            titles: vec![
                "Recorder",
                "Channel",
                "Name",
                "Model",
                "Label number",
                "Serial number",
                "MAC",
                "Address",
                "Firmware",
                "State",
                "As of",
            ],
            rows: (report.cameras.iter())
                .map(|it| CameraCells::new(it).row())
                .collect(),
        },
        Sheet {
            name: "Recovery",
            titles: vec![
                "No.",
                "Device",
                "Address",
                "GUID",
                "GUID file",
                "Exported",
                "E-mail address",
                "Questions",
                "Other ways",
            ],
            rows: devices.iter().map(DeviceCells::recovery_row).collect(),
        },
        Sheet {
            name: "Findings",
            titles: vec!["Kind", "Finding", "No.", "Device", "Address", "What to do"],
            rows: findings.iter().flat_map(FindingGroup::rows).collect(),
        },
    ]
}

impl DeviceCells {
    fn row(&self) -> Vec<String> {
        let firmware = format!("{} {}", self.firmware, self.build);
        let dhcp = if self.dhcp { "yes" } else { "" };
        vec![
            self.number.to_string(),
            self.name.clone(),
            self.place.clone(),
            self.model.clone(),
            self.label.clone(),
            self.serial.clone(),
            self.mac.clone(),
            self.address.clone(),
            self.prefix.clone(),
            self.gateway.clone(),
            dhcp.into(),
            self.planned.clone(),
            firmware.trim().into(),
            self.state.clone(),
            self.behind.clone(),
        ]
    }

    fn recovery_row(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            self.called(),
            self.address.clone(),
            self.guid.text.clone(),
            self.guid.file.clone(),
            self.guid.at.clone(),
            self.mail.text.clone(),
            self.questions.text.clone(),
            self.others.clone(),
        ]
    }
}

impl FindingGroup {
    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let kind = if self.problem { "problem" } else { "advice" };
        self.devices.iter().map(move |it| {
            vec![
                kind.into(),
                self.meaning.clone(),
                it.number.to_string(),
                it.device.clone(),
                it.address.clone(),
                it.mends.clone(),
            ]
        })
    }
}

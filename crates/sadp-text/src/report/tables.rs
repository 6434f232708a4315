//! The tables of the document, for a workbook.

use sadp_ops::report::SiteReport;

use super::{CameraCells, DeviceCells, FindingGroup};
use crate::{Sheet, sheet::SheetColumn};

/// The tables of the document: devices, cameras behind recorders, what recovery is
/// prepared, and open findings.
pub fn report_sheets(report: &SiteReport) -> [Sheet; 4] {
    let devices = DeviceCells::all(report);
    let cameras: Vec<_> = report.cameras.iter().map(CameraCells::new).collect();
    let findings = FindingGroup::all(report, &devices);
    [
        Sheet::of("Devices", &DEVICES, &devices),
        Sheet::of("Cameras", &CAMERAS, &cameras),
        Sheet::of("Recovery", &RECOVERY, &devices),
        Sheet {
            name: "Findings",
            titles: vec!["Kind", "Finding", "No.", "Device", "Address", "What to do"],
            rows: findings.iter().flat_map(FindingGroup::rows).collect(),
        },
    ]
}

const DEVICES: [SheetColumn<DeviceCells>; 15] = [
    ("No.", |it| it.number.to_string()),
    ("Name", |it| it.name.clone()),
    ("Place", |it| it.place.clone()),
    ("Model", |it| it.model.clone()),
    ("Label number", |it| it.label.clone()),
    ("Serial number", |it| it.serial.clone()),
    ("MAC", |it| it.mac.clone()),
    ("Address", |it| it.address.clone()),
    ("Prefix", |it| it.prefix.clone()),
    ("Gateway", |it| it.gateway.clone()),
    ("DHCP", |it| if it.dhcp { "yes" } else { "" }.into()),
    ("Planned address", |it| it.planned.clone()),
    ("Firmware", |it| {
        format!("{} {}", it.firmware, it.build).trim().into()
    }),
    ("State", |it| it.state.clone()),
    ("Behind", |it| it.behind.clone()),
];

const CAMERAS: [SheetColumn<CameraCells>; 11] = [
    ("Recorder", |it| it.recorder.clone()),
    ("Channel", |it| it.channel.clone()),
    ("Name", |it| it.name.clone()),
    ("Model", |it| it.model.clone()),
    ("Label number", |it| it.label.clone()),
    ("Serial number", |it| it.serial.clone()),
    ("MAC", |it| it.mac.clone()),
    ("Address", |it| it.address.clone()),
    ("Firmware", |it| it.firmware.clone()),
    ("State", |it| it.state.clone()),
    ("As of", |it| it.at.clone()),
];

const RECOVERY: [SheetColumn<DeviceCells>; 9] = [
    ("No.", |it| it.number.to_string()),
    ("Device", DeviceCells::called),
    ("Address", |it| it.address.clone()),
    ("GUID", |it| it.guid.text.clone()),
    ("GUID file", |it| it.guid.file.clone()),
    ("Exported", |it| it.guid.at.clone()),
    ("E-mail address", |it| it.mail.text.clone()),
    ("Questions", |it| it.questions.text.clone()),
    ("Other ways", |it| it.others.clone()),
];

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

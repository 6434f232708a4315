//! Devices in the document and on labels, and cameras behind recorders.

use std::sync::{Arc, OnceLock};

use minijinja::{
    Value,
    value::{Enumerator, Object},
};
use sadp_model::{
    Availability, Device, Firmware, RecoveryMethod, Serial, State, UnavailableReason, text::clean,
};
use sadp_ops::{
    audit::{AuditFinding, AuditedDevice},
    cameras::CameraBehind,
    report::{ReportedDevice, SiteReport},
};
use sadp_reset::{QrImage, SiteName, SiteText};
use serde::{Serialize, Serializer};

use super::{known, shown};
use crate::{
    camera_state,
    cameras::{recorder_channel, recorder_name},
    minute,
};

/// A device in the document and on a label.
#[derive(Debug, Serialize)]
pub(super) struct DeviceCells {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) model: String,
    /// The label number, or the serial where that has none.
    pub(super) label: String,
    pub(super) serial: String,
    pub(super) mac: String,
    pub(super) address: String,
    /// `/24`.
    pub(super) prefix: String,
    pub(super) gateway: String,
    pub(super) dhcp: bool,
    pub(super) duplicate: bool,
    pub(super) planned: String,
    /// The version as the device writes it.
    pub(super) firmware: String,
    /// `build 190910`.
    pub(super) build: String,
    pub(super) state: String,
    /// The recorder that it is behind, and the channel.
    pub(super) behind: String,
    pub(super) recoverable: bool,
    pub(super) guid: WayCells,
    pub(super) mail: WayCells,
    pub(super) questions: WayCells,
    /// The other methods that suit it.
    pub(super) others: String,
    pub(super) qr: Option<QrCells>,
}

/// The text of a QR code. A template reads of it `side` and `path`, an SVG path.
#[derive(Debug)]
pub(super) struct QrCells(String);

/// How far a recovery method is prepared on a device.
#[derive(Debug, Default, Serialize)]
pub(super) struct WayCells {
    /// `ready`, `missing` or `none`.
    pub(super) class: &'static str,
    pub(super) text: String,
    /// The file, and when it was exported.
    pub(super) file: String,
    pub(super) at: String,
}

impl DeviceCells {
    /// All devices, with their numbers in the document.
    pub(super) fn all(report: &SiteReport) -> Vec<Self> {
        let devices = report.devices.iter().zip(1..);
        let cells = devices.map(|(device, number)| Self::new(device, number));
        cells.collect()
    }

    fn new(reported: &ReportedDevice, number: usize) -> Self {
        let device = reported.device();
        let audited = &reported.audited;
        let site_name = audited.assessed.device.site_name.as_deref();
        let part = |part: fn(&SiteName) -> Option<&SiteText>| {
            known(site_name.and_then(part).map(SiteText::as_str))
        };
        let network = device.ipv4.network();
        let firmware = known(device.firmware.as_ref().map(Firmware::text));
        let build = firmware.find("build");
        let (firmware, build) = firmware.split_at(build.unwrap_or(firmware.len()));
        let others = [
            RecoveryMethod::ResetButton,
            RecoveryMethod::Request,
            RecoveryMethod::HikConnect,
        ];
        let others = others.into_iter().filter(|method| {
            let mut fits = audited.assessed.methods.iter();
            fits.any(|fit| fit.method == *method && fit.availability.obstacle().is_none())
        });
        let others = others.map(RecoveryMethod::label);
        Self {
            number,
            name: part(|it| it.name.as_ref()),
            place: part(|it| it.place.as_ref()),
            model: known(device.model.as_deref()),
            label: known(device.serial.as_ref().map(Serial::short)),
            serial: known(device.serial.as_ref()),
            mac: known(device.mac),
            address: known(device.ipv4.address),
            prefix: network.map_or_else(String::new, |it| format!("/{}", it.prefix_len())),
            gateway: known(device.ipv4.gateway),
            dhcp: device.ipv4.dhcp == Some(true),
            duplicate: audited.findings.contains(&AuditFinding::DuplicateAddress),
            planned: known(reported.planned),
            firmware: firmware.trim().into(),
            build: build.into(),
            state: state(device),
            behind: known(reported.behind.as_ref().map(recorder_channel)),
            recoverable: audited.is_recoverable(),
            guid: WayCells::guid(reported),
            mail: WayCells::new(audited, RecoveryMethod::Mail),
            questions: WayCells::new(audited, RecoveryMethod::Questions),
            others: others.collect::<Vec<_>>().join(", "),
            qr: QrCells::of(device),
        }
    }

    /// Whether people gave it a name or a place.
    pub(super) const fn is_named(&self) -> bool {
        !self.name.is_empty() || !self.place.is_empty()
    }

    /// How people call it, else its model.
    pub(super) fn called(&self) -> String {
        match (&*self.name, &*self.place) {
            ("", "") => self.model.clone(),
            (name, "") | ("", name) => name.into(),
            (name, place) => format!("{name}, {place}"),
        }
    }
}

fn state(device: &Device) -> String {
    match device.state {
        Some(State::Locked { until }) => format!("locked until {}", minute(until)),
        Some(state) => state.name().into(),
        None => "unknown".into(),
    }
}

impl QrCells {
    /// The identity of a device, as a phone shows it. In capitals it takes less room.
    fn of(device: &Device) -> Option<Self> {
        const LONGEST_SERIAL: usize = 64;
        let serial = device.serial.as_ref().map(|it| clean(it.as_str()));
        let serial = serial.filter(|it| it.chars().count() <= LONGEST_SERIAL);
        let parts = [
            device.mac.map(|mac| format!("MAC {mac}")),
            serial.map(|serial| format!("SN {serial}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let text = parts.join(" ").to_uppercase();
        (!parts.is_empty()).then_some(Self(text))
    }
}

/// It is drawn where a template reads it, and not kept: of thousands of devices that takes
/// seconds and megabytes.
impl Serialize for QrCells {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let code = QrDrawing {
            text: self.0.clone(),
            image: OnceLock::new(),
        };
        Value::from_object(code).serialize(serializer)
    }
}

#[derive(Debug)]
struct QrDrawing {
    text: String,
    image: OnceLock<Option<QrImage>>,
}

impl QrDrawing {
    fn image(&self) -> Option<&QrImage> {
        let image = self.image.get_or_init(|| QrImage::new(&self.text).ok());
        image.as_ref()
    }
}

impl Object for QrDrawing {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "side" => Some(self.image()?.side().into()),
            "path" => Some(self.image()?.to_svg_path().into()),
            _ => None,
        }
    }

    /// Empty, and so false, where the text does not fit a code.
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.image()
            .map_or(Enumerator::Empty, |_| Enumerator::Str(&["side", "path"]))
    }
}

impl WayCells {
    fn new(audited: &AuditedDevice, method: RecoveryMethod) -> Self {
        let mut fits = audited.assessed.methods.iter();
        let fit = fits.find(|fit| fit.method == method);
        let (class, text) = match fit.map(|fit| &fit.availability) {
            _ if audited.is_ready(method) => ("ready", "ready"),
            Some(Availability::NotForThisDevice(UnavailableReason::Unactivated)) => {
                ("missing", "after activation")
            }
            Some(Availability::NotForThisDevice(UnavailableReason::NotSetUp(_))) => {
                ("missing", "not set up")
            }
            Some(Availability::NotForThisDevice(_)) | None => ("none", "not offered"),
            Some(_) => ("missing", "not known to be set up"),
        };
        Self {
            class,
            text: text.into(),
            ..Self::default()
        }
    }

    fn guid(reported: &ReportedDevice) -> Self {
        let way = Self::new(&reported.audited, RecoveryMethod::Guid);
        match &reported.guid {
            Some(guid) => Self {
                text: if guid.encrypted { "encrypted" } else { "ready" }.into(),
                class: "ready",
                file: shown(&guid.file_name),
                at: minute(guid.exported_at),
            },
            None if way.class == "missing" && way.text.starts_with("not known") => Self {
                text: "no file".into(),
                ..way
            },
            None => way,
        }
    }
}

/// A camera that is known by its recorder alone.
#[derive(Serialize)]
pub(super) struct CameraCells {
    pub(super) recorder: String,
    pub(super) channel: String,
    pub(super) name: String,
    pub(super) model: String,
    pub(super) label: String,
    pub(super) serial: String,
    pub(super) mac: String,
    pub(super) address: String,
    pub(super) firmware: String,
    pub(super) state: String,
    /// Whether something is wrong with it.
    problem: bool,
    pub(super) at: String,
}

impl CameraCells {
    pub(super) fn new(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        Self {
            recorder: shown(&recorder_name(&behind.recorder)),
            channel: known(camera.channel),
            name: known(camera.name.as_ref()),
            model: known(camera.model.as_ref()),
            label: known(camera.serial.as_ref().map(Serial::short)),
            serial: known(camera.serial.as_ref()),
            mac: known(camera.mac),
            address: known(camera.address.as_ref()),
            firmware: known(camera.firmware.as_ref()),
            state: shown(&camera_state(camera)),
            problem: behind.problem().is_some(),
            at: minute(behind.at),
        }
    }
}

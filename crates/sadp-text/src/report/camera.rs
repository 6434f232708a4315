//! A camera behind a recorder, in the document.

use sadp_model::Serial;
use sadp_ops::cameras::CameraBehind;
use serde::Serialize;

use super::{known, shown};
use crate::{camera_state, cameras::recorder_name, minute};

/// A camera that is known by its recorder alone.
#[derive(Serialize)]
pub(super) struct CameraCells {
    recorder: String,
    channel: String,
    name: String,
    model: String,
    label: String,
    serial: String,
    mac: String,
    address: String,
    firmware: String,
    state: String,
    /// Whether something is wrong with it.
    problem: bool,
    at: String,
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

    pub(super) fn row(self) -> Vec<String> {
        vec![
            self.recorder,
            self.channel,
            self.name,
            self.model,
            self.label,
            self.serial,
            self.mac,
            self.address,
            self.firmware,
            self.state,
            self.at,
        ]
    }
}

//! A camera behind a recorder, in the document.

use sadp_model::Serial;
use sadp_ops::cameras::CameraBehind;
use serde::Serialize;

use super::{known, shown};
use crate::{camera_state, cameras::recorder_name, minute};

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

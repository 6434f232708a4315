use jiff::Timestamp;
use sadp_model::Device;
use sadp_reset::{CameraLists, RecorderCamera};
use strum::IntoStaticStr;

use crate::{DeviceRef, DiscoveredDevice, Session};

/// A camera behind a recorder, as that listed it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraBehind {
    /// The recorder.
    pub recorder: DeviceRef,
    /// When it listed the camera.
    pub at: Timestamp,
    /// The camera.
    pub camera: RecorderCamera,
}

/// What is wrong with a camera behind a recorder. The name is what scripts read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CameraProblem {
    /// It has no password yet.
    Unactivated,
    /// Its recorder does not show it.
    Offline,
}

impl CameraProblem {
    /// Its name, e.g. `unactivated`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The cameras behind these recorders, from the lists that the state folder keeps. Nothing
/// is sent.
pub fn behind(session: &Session, devices: &[DiscoveredDevice]) -> Vec<CameraBehind> {
    let state = session.state();
    // Without a folder there is no list.
    let lists = (!state.as_os_str().is_empty()).then(|| CameraLists::read(state).ok());
    let mut cameras = Vec::new();
    for list in lists.flatten().unwrap_or_default() {
        let Some(recorder) = devices.iter().find(|it| it.is(&list.recorder)) else {
            continue;
        };
        cameras.extend(list.cameras.into_iter().map(|camera| CameraBehind {
            recorder: recorder.into(),
            at: list.at,
            camera,
        }));
    }
    cameras
}

impl CameraBehind {
    /// Whether it is this device, by its MAC or serial.
    pub fn is(&self, device: &Device) -> bool {
        let (mac, serial) = (self.camera.mac, self.camera.serial.as_ref());
        (mac.is_some() && mac == device.identity())
            || (serial.is_some() && serial == device.serial.as_ref())
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<CameraProblem> {
        if self.camera.activated == Some(false) {
            return Some(CameraProblem::Unactivated);
        }
        (self.camera.online == Some(false)).then_some(CameraProblem::Offline)
    }
}

//! The cameras behind recorders, as a recorder lists them after one login: those on its
//! channels, and those that it finds in its own network, e.g. at its `PoE` ports.

use jiff::Timestamp;
use sadp_isapi::{
    ChannelStatus, DetectResult, DeviceInfo, HttpRefusal, InputChannel, IsapiDocument,
    IsapiRequest, VideoSource,
};
use sadp_model::{Device, Kind, Serial};
use sadp_reset::{Action, CameraLists, DeviceKey, RecordedCameras, RecorderCamera};
use strum::IntoStaticStr;

pub use crate::http::{HttpAccess, LoginTrial};
use crate::{
    DeviceRef, DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Report,
    Selection, Session,
    http::{self, HttpFinding, HttpRun, LoggedIn},
};

/// Recorders to ask.
#[derive(Debug)]
pub struct Plan {
    /// The recorders that are asked, and the other devices.
    pub selection: Selection,
}

/// Plans to ask recorders. Devices of another kind are left out, as are those without an
/// address that leads to them alone. `named`: the user named the devices.
pub fn plan(devices: Vec<DiscoveredDevice>, named: bool) -> Plan {
    let (recorders, others): (Vec<_>, Vec<_>) = devices
        .into_iter()
        .partition(|it| may_have_cameras(it.entry.device.kind, named));
    let mut selection = http::select(recorders, Action::Cameras);
    let others = others.iter().map(|it| {
        let finding = HttpFinding::NotRecorder { named };
        finding.outcome(it, Action::Cameras)
    });
    selection.left_out.extend(others);
    Plan { selection }
}

/// The kind of other brands, and of devices that do not answer SADP, is not known: they
/// are asked where they are named.
const fn may_have_cameras(kind: Kind, named: bool) -> bool {
    match kind {
        Kind::Nvr | Kind::Dvr => true,
        Kind::Unknown => named,
        _ => false,
    }
}

impl Plan {
    /// Reads the cameras of each recorder, with a login each for the one that tries the
    /// password and three that read. The lists are kept in the state folder.
    pub async fn carry_out(
        self,
        session: &mut Session,
        access: &HttpAccess,
        login: LoginTrial<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let run = HttpRun::new(Action::Cameras, access, login);
        let list_cameras = async |login: &mut LoggedIn<'_, '_>, _| {
            let listed = read(login).await;
            listed.unwrap_or_else(|finding| login.told(Err(finding)))
        };
        let run = run.carry_out(self.selection, session, observer, list_cameras);
        let mut report = run.await?;
        let at = session.now();
        let lists = report.outcomes.iter().filter_map(|outcome| {
            let OutcomeData::Cameras(cameras) = &outcome.data else {
                return None;
            };
            let recorder = DeviceKey::new(outcome.device.mac, outcome.device.serial.clone())?;
            let cameras = cameras.clone();
            Some(RecordedCameras {
                recorder,
                at,
                cameras,
            })
        });
        let lists: Vec<_> = lists.collect();
        if !lists.is_empty()
            && let Err(error) = CameraLists::keep(session.state(), lists)
        {
            report
                .failure
                .get_or_insert(OpsError::CamerasNotKept(error));
        }
        Ok(report)
    }
}

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

/// Reads the cameras of a recorder that took the password.
async fn read(login: &mut LoggedIn<'_, '_>) -> Result<Outcome, HttpFinding> {
    let device = login.device;
    let channels = IsapiRequest::get(InputChannel::PATH);
    let channels: Option<Vec<InputChannel>> = login.read_list(&channels).await?;
    let channels = channels.ok_or(HttpFinding::NotOffered)?;
    let statuses = optional(login, ChannelStatus::PATH).await?;
    let found = optional(login, VideoSource::PATH).await?;
    let mut recorder = DeviceRef::from(device);
    if device.key().is_none()
        && let Ok(Some(info)) = login.read::<DeviceInfo>(&DeviceInfo::request()).await
    {
        recorder.mac = info.mac();
        recorder.serial = info.serial();
        recorder.model = info.model;
    }
    Ok(Outcome {
        device: recorder,
        data: OutcomeData::Cameras(join(channels, &statuses, found)),
        ..Outcome::new(device, Action::Cameras, OutcomeStatus::Done)
    })
}

/// Reads a list that firmware may lack, or refuse to this account.
async fn optional<D: IsapiDocument>(
    login: &mut LoggedIn<'_, '_>,
    path: &'static str,
) -> Result<Vec<D>, HttpFinding> {
    match login.read_list(&IsapiRequest::get(path)).await {
        Ok(list) => Ok(list.unwrap_or_default()),
        Err(finding @ HttpFinding::Refused(HttpRefusal::Locked { .. })) => Err(finding),
        Err(HttpFinding::Refused(_) | HttpFinding::NotReadable | HttpFinding::NotReached(_)) => {
            Ok(Vec::new())
        }
        Err(finding) => Err(finding),
    }
}

/// One list of what three say: channels by number, then cameras on no channel.
fn join(
    channels: Vec<InputChannel>,
    statuses: &[ChannelStatus],
    mut found: Vec<VideoSource>,
) -> Vec<RecorderCamera> {
    let mut cameras: Vec<_> = channels
        .into_iter()
        .map(|channel| {
            let mut camera = camera(channel);
            let mut statuses = statuses.iter();
            if let Some(status) = statuses.find(|it| Some(it.id) == camera.channel) {
                add_status(&mut camera, status);
            }
            if let Some(place) = found.iter().position(|it| is_found(&camera, it)) {
                add_found(&mut camera, found.swap_remove(place));
            }
            camera
        })
        .collect();
    cameras.sort_by_key(|it| it.channel);
    cameras.dedup_by_key(|it| it.channel);
    let mut others: Vec<_> = found.into_iter().map(on_no_channel).collect();
    others.sort_by(|one, other| one.address.cmp(&other.address));
    cameras.extend(others);
    cameras.truncate(CameraLists::MAX_CAMERAS);
    cameras
}

fn camera(channel: InputChannel) -> RecorderCamera {
    let source = channel.source;
    RecorderCamera {
        channel: Some(channel.id),
        name: channel.name.map(text),
        address: source.ip_address.or(source.host_name).map(text),
        serial: source.serial_number.as_deref().and_then(Serial::new),
        model: source.model.map(text),
        firmware: source.firmware_version.map(text),
        protocol: source.protocol.map(text),
        ..RecorderCamera::default()
    }
}

fn add_status(camera: &mut RecorderCamera, status: &ChannelStatus) {
    let result = status.result.as_ref();
    camera.online = status
        .online
        .or_else(|| (result == Some(&DetectResult::Connect)).then_some(true));
    camera.result = result.map(|it| text(it.to_string()));
    let password = status.security.as_ref().map(|it| &*it.password_status);
    camera.activated = match password {
        Some("notActivated") => Some(false),
        Some("risk" | "weak" | "medium" | "strong") => Some(true),
        _ => None,
    };
}

/// The serial decides where both are known, else the address.
fn is_found(camera: &RecorderCamera, found: &VideoSource) -> bool {
    let serial = found.serial_number.as_deref().and_then(Serial::new);
    match (&camera.serial, serial) {
        (Some(own), Some(other)) => *own == other,
        _ => camera.address.is_some() && camera.address.as_deref() == found.ip_address.as_deref(),
    }
}

fn add_found(camera: &mut RecorderCamera, found: VideoSource) {
    let found = on_no_channel(found);
    camera.mac = found.mac;
    camera.serial = camera.serial.take().or(found.serial);
    camera.model = camera.model.take().or(found.model);
    camera.firmware = camera.firmware.take().or(found.firmware);
    camera.activated = found.activated.or(camera.activated);
}

fn on_no_channel(found: VideoSource) -> RecorderCamera {
    RecorderCamera {
        mac: found.mac(),
        address: found.ip_address.map(text),
        serial: found.serial_number.as_deref().and_then(Serial::new),
        model: found.device_model.map(text),
        firmware: found.firmware_version.map(text),
        protocol: found.protocol.map(text),
        activated: found.activated,
        ..RecorderCamera::default()
    }
}

/// A text of a device, of bounded length.
fn text(text: impl AsRef<str>) -> String {
    const LONGEST: usize = 128;
    text.as_ref().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests;

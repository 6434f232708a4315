//! The cameras behind recorders, as each recorder listed them last. No command to a device
//! is decided by it.

use std::{io, path::Path};

use jiff::Timestamp;
use sadp_model::{MacAddr, Serial};
use serde::{Deserialize, Serialize};

use super::saved::{as_text, from_text, serial};
use crate::{
    DeviceKey,
    disk::{NewFile, read_bounded},
};

/// A camera behind a recorder. Texts are as the recorder sent them; what is not known is
/// `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecorderCamera {
    /// The number of the channel that is to show it. `None`: it is on no channel, and the
    /// recorder found it in its network.
    pub channel: Option<u32>,
    /// The channel's name.
    pub name: Option<String>,
    /// Its IP address, or its host name.
    pub address: Option<String>,
    /// Its MAC.
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text")]
    pub mac: Option<MacAddr>,
    /// Its serial.
    #[serde(default, serialize_with = "as_text", deserialize_with = "serial")]
    pub serial: Option<Serial>,
    /// Its model.
    pub model: Option<String>,
    /// The version and build of its firmware.
    pub firmware: Option<String>,
    /// The protocol between them: `HIKVISION`, `ONVIF` and others.
    pub protocol: Option<String>,
    /// Whether it is connected.
    pub online: Option<bool>,
    /// Why not, or how: the recorder's word.
    pub result: Option<String>,
    /// Whether it has a password.
    pub activated: Option<bool>,
}

/// The cameras of one recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCameras {
    /// The recorder.
    pub recorder: DeviceKey,
    /// When it listed them.
    pub at: Timestamp,
    /// The cameras, by channel.
    pub cameras: Vec<RecorderCamera>,
}

/// The lists in the state folder, one a recorder.
#[derive(Clone, Copy, Debug)]
pub struct CameraLists;

impl CameraLists {
    /// The file's name in the state folder.
    pub const FILE_NAME: &str = "cameras.json";

    /// As many recorders are kept, the latest.
    pub const MAX_RECORDERS: usize = 500;

    /// As many cameras of a recorder are kept.
    pub const MAX_CAMERAS: usize = 512;

    const MAX_BYTES: u64 = 64 * 1024 * 1024;

    /// Keeps lists in the folder `state`, in place of earlier ones of the same recorders.
    pub fn keep(state: &Path, lists: Vec<RecordedCameras>) -> io::Result<()> {
        // What cannot be read is replaced.
        let mut all = Self::read(state).unwrap_or_default();
        all.retain(|old| !lists.iter().any(|new| new.recorder.is_same(&old.recorder)));
        all.extend(lists);
        let surplus = all.len().saturating_sub(Self::MAX_RECORDERS);
        let saved: Vec<_> = all.into_iter().skip(surplus).map(SavedList::of).collect();
        let bytes = serde_json::to_vec(&saved)?;
        NewFile::begin(&state.join(Self::FILE_NAME))?.replace(&bytes)
    }

    /// Reads the lists in the folder `state`, oldest first. What is not valid in them is
    /// left out. Fails where there are none.
    pub fn read(state: &Path) -> io::Result<Vec<RecordedCameras>> {
        let bytes = read_bounded(&state.join(Self::FILE_NAME), Self::MAX_BYTES)?;
        let saved: Vec<SavedList> = serde_json::from_slice(&bytes)?;
        Ok(saved.into_iter().filter_map(SavedList::into_list).collect())
    }
}

/// A list in the file.
#[derive(Serialize, Deserialize)]
struct SavedList {
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text")]
    mac: Option<MacAddr>,
    #[serde(default, serialize_with = "as_text", deserialize_with = "serial")]
    serial: Option<Serial>,
    at: String,
    cameras: Vec<RecorderCamera>,
}

impl SavedList {
    fn of(mut list: RecordedCameras) -> Self {
        list.cameras.truncate(CameraLists::MAX_CAMERAS);
        Self {
            mac: list.recorder.mac(),
            serial: list.recorder.serial().cloned(),
            at: list.at.to_string(),
            cameras: list.cameras,
        }
    }

    fn into_list(self) -> Option<RecordedCameras> {
        Some(RecordedCameras {
            recorder: DeviceKey::new(self.mac, self.serial)?,
            at: self.at.parse().ok()?,
            cameras: self.cameras,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device_key::testing::{at, key};

    fn list(last: u8, second: i64, name: &str) -> RecordedCameras {
        RecordedCameras {
            recorder: key(last, ""),
            at: at(second),
            cameras: vec![RecorderCamera {
                channel: Some(1),
                name: Some(name.into()),
                mac: "44:47:cc:00:00:01".parse().ok(),
                serial: Serial::new("DS-2CD2146G2-I20210101AAWRG00000001"),
                online: Some(false),
                result: Some("netUnreachable".into()),
                ..RecorderCamera::default()
            }],
        }
    }

    #[test]
    fn the_latest_list_of_each_recorder_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        assert!(CameraLists::read(state).is_err());
        CameraLists::keep(state, vec![list(1, 1, "a"), list(2, 1, "b")]).unwrap();
        CameraLists::keep(state, vec![list(1, 2, "c")]).unwrap();
        let read = CameraLists::read(state).unwrap();
        assert_eq!(read, [list(2, 1, "b"), list(1, 2, "c")]);
        // A damaged file is replaced.
        std::fs::write(state.join(CameraLists::FILE_NAME), b"[{").unwrap();
        CameraLists::keep(state, vec![list(3, 3, "d")]).unwrap();
        assert_eq!(CameraLists::read(state).unwrap(), [list(3, 3, "d")]);
    }
}

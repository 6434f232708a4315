//! Which devices the last scan found, so that a shell can complete their names. Nothing
//! is decided by it.

use std::{io, net::Ipv4Addr, path::Path};

use sadp_model::{Device, MacAddr, Serial};
use serde::{Deserialize, Serialize, Serializer as _};

use super::saved::{as_text, from_text, serial};
use crate::{
    SiteName, SiteText,
    disk::{NewFile, make_folder, read_bounded},
};

/// A device of the last scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedDevice {
    /// Its serial.
    #[serde(default, serialize_with = "as_text", deserialize_with = "serial")]
    pub serial: Option<Serial>,
    /// Its MAC.
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text")]
    pub mac: Option<MacAddr>,
    /// Its IPv4 address at that time.
    pub address: Option<Ipv4Addr>,
    /// Its model: text of the device, as it sent it.
    pub model: Option<String>,
    /// What people called it at that time.
    #[serde(default, serialize_with = "as_text", deserialize_with = "from_text")]
    pub name: Option<SiteText>,
}

impl ScannedDevice {
    /// A device as a scan found it, with the name that people gave it.
    pub fn new(device: &Device, site_name: Option<&SiteName>) -> Self {
        Self {
            serial: device.serial.clone(),
            mac: device.mac,
            address: device.ipv4.address,
            model: device.model.as_deref().map(String::from),
            name: site_name.and_then(|it| it.name.clone()),
        }
    }
}

/// The list that the last scan left in the state folder.
#[derive(Clone, Copy, Debug)]
pub struct LastScan;

impl LastScan {
    /// The file's name in the state folder.
    pub const FILE_NAME: &str = "last-scan.json";

    /// As many devices are kept.
    pub const MAX_DEVICES: usize = 5_000;

    const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// Replaces the list in the folder `state`. Makes the folder where `make` is set.
    pub fn write(
        state: &Path,
        devices: impl IntoIterator<Item = ScannedDevice>,
        make: bool,
    ) -> io::Result<()> {
        if make {
            make_folder(state)?;
        }
        let file = NewFile::begin(&state.join(Self::FILE_NAME))?;
        let devices = devices.into_iter().take(Self::MAX_DEVICES);
        file.replace_with(|out| Ok(serde_json::Serializer::new(out).collect_seq(devices)?))
    }

    /// Reads the list in the folder `state`, which does not change. What is not valid in
    /// it is left out. Fails where there is none.
    pub fn read(state: &Path) -> io::Result<Vec<ScannedDevice>> {
        let bytes = read_bounded(&state.join(Self::FILE_NAME), Self::MAX_BYTES)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_list_is_read_back_and_no_folder_is_made_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let mut device = Device::unknown();
        device.mac = "44:47:cc:00:00:01".parse().ok();
        device.ipv4.address = Some([192, 168, 1, 64].into());
        let site_name = SiteName {
            name: "Gate".parse().ok(),
            place: None,
        };
        let scanned = || [ScannedDevice::new(&device, Some(&site_name))];
        assert!(LastScan::write(&state, scanned(), false).is_err());
        assert!(!state.exists() && LastScan::read(&state).is_err());
        LastScan::write(&state, [], true).unwrap();
        LastScan::write(&state, scanned(), false).unwrap();
        let read = LastScan::read(&state).unwrap();
        assert_eq!(read, scanned());
    }
}

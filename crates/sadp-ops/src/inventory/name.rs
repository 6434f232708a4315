//! Devices by the names that users give.

use std::{collections::BTreeSet, net::Ipv4Addr, str::FromStr};

use sadp_model::{MacAddr, Serial};
use sadp_reset::DeviceKey;

use crate::{DeviceRef, DiscoveredDevice};

/// A name of a device: its full serial number, its label number, its MAC in any
/// notation, its IPv4 address, or a URL with one of these as its host. For reading also
/// the serial as tables show it, and an ending of serial or MAC of at least
/// [`DeviceName::SHORTEST_ENDING`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName {
    text: Box<str>,
    mac: Option<MacAddr>,
    address: Option<Ipv4Addr>,
}

/// Why a name selects no device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionError {
    /// No device has the name.
    NotFound {
        /// The name.
        name: DeviceName,
        /// Devices with a similar name; at most [`SelectionError::MAX_LISTED`].
        similar: Vec<DeviceRef>,
    },
    /// Several devices have the name.
    Ambiguous {
        /// The name.
        name: DeviceName,
        /// All devices that have it.
        devices: Vec<DeviceRef>,
    },
}

impl SelectionError {
    /// The most devices that are listed for one name.
    pub const MAX_LISTED: usize = 16;
}

/// A blank text, which names no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name a device by its serial number, label number, MAC or IPv4 address")]
pub struct BlankName;

impl FromStr for DeviceName {
    type Err = BlankName;

    fn from_str(text: &str) -> Result<Self, BlankName> {
        let text = host_of(text.trim());
        if text.is_empty() {
            return Err(BlankName);
        }
        Ok(Self {
            text: text.into(),
            mac: text.parse().ok(),
            address: text.parse().ok(),
        })
    }
}

/// The host of a URL, without port and user. Any other text stays as it is.
fn host_of(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("://") else {
        return text;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

impl DeviceName {
    /// The least characters of an ending.
    pub const SHORTEST_ENDING: usize = 4;

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The MAC, where the name is one.
    pub fn mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// The address, where the name is one.
    pub fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    /// Whether it is the serial, label number or MAC of a remembered device.
    pub fn names(&self, key: &DeviceKey) -> bool {
        self.is_serial(key.serial()) || (self.mac.is_some() && key.mac() == self.mac)
    }

    /// Whether it is the full serial number of this device.
    pub fn is_serial_of(&self, found: &DiscoveredDevice) -> bool {
        let serial = found.entry.device.serial.as_ref();
        serial.is_some_and(|serial| serial.as_str().eq_ignore_ascii_case(&self.text))
    }

    /// The one device with this name.
    pub fn choose(
        &self,
        mut devices: Vec<DiscoveredDevice>,
    ) -> Result<DiscoveredDevice, SelectionError> {
        let place = self.find(&devices)?;
        Ok(devices.swap_remove(place))
    }

    /// The one device with this name, for commands that change nothing: the serial as
    /// tables show it and an ending are names, too.
    pub fn choose_to_read(
        &self,
        mut devices: Vec<DiscoveredDevice>,
    ) -> Result<DiscoveredDevice, SelectionError> {
        let is_full = devices.iter().any(|found| self.is_name_of(found));
        let place = if is_full {
            self.find(&devices)?
        } else {
            self.find_by(&devices, Self::is_part_of)?
        };
        Ok(devices.swap_remove(place))
    }

    /// The place of the one device with this name.
    pub fn find(&self, devices: &[DiscoveredDevice]) -> Result<usize, SelectionError> {
        self.find_by(devices, Self::is_name_of)
    }

    fn find_by(
        &self,
        devices: &[DiscoveredDevice],
        fits: fn(&Self, &DiscoveredDevice) -> bool,
    ) -> Result<usize, SelectionError> {
        let places = devices.iter().enumerate();
        let named: Vec<_> = places.filter(|(_, found)| fits(self, found)).collect();
        match named[..] {
            [(place, _)] => Ok(place),
            [] => Err(SelectionError::NotFound {
                name: self.clone(),
                similar: devices
                    .iter()
                    .filter(|found| self.resembles(found))
                    .take(SelectionError::MAX_LISTED)
                    .map(DeviceRef::from)
                    .collect(),
            }),
            _ => Err(SelectionError::Ambiguous {
                name: self.clone(),
                devices: named.into_iter().map(|(_, found)| found.into()).collect(),
            }),
        }
    }

    fn is_name_of(&self, found: &DiscoveredDevice) -> bool {
        let device = &found.entry.device;
        self.is_serial(device.serial.as_ref())
            || (self.mac.is_some() && device.mac == self.mac)
            || (self.address.is_some() && device.ipv4.address == self.address)
    }

    fn is_serial(&self, serial: Option<&Serial>) -> bool {
        let names = serial.map(|serial| [Some(serial.as_str()), serial.label()]);
        let mut names = names.into_iter().flatten().flatten();
        names.any(|name| name.eq_ignore_ascii_case(&self.text))
    }

    fn is_part_of(&self, found: &DiscoveredDevice) -> bool {
        let device = &found.entry.device;
        let serial = device.serial.as_ref();
        serial.is_some_and(|serial| {
            let short = serial.short().eq_ignore_ascii_case(&self.text);
            short || ends_with(serial.as_str(), &self.text)
        }) || device.mac.is_some_and(|mac| {
            ends_with(
                &MacAddr::digits_of(&mac.to_string()),
                &MacAddr::digits_of(&self.text),
            )
        })
    }

    /// Whether it is a part of a name of the device, or nearly one.
    fn resembles(&self, found: &DiscoveredDevice) -> bool {
        let device = &found.entry.device;
        let names = [
            device.serial.as_ref().map(ToString::to_string),
            device.mac.map(|mac| mac.to_string()),
            device.ipv4.address.map(|address| address.to_string()),
        ];
        let wanted = self.text.to_lowercase();
        wanted.len() >= 3
            && names.into_iter().flatten().any(|name| {
                let name = name.to_lowercase();
                name.contains(&wanted) || strsim::levenshtein(&name, &wanted) <= 2
            })
    }
}

fn ends_with(whole: &str, end: &str) -> bool {
    let start = whole.len().checked_sub(end.len());
    let tail = start.and_then(|start| whole.get(start..));
    end.len() >= DeviceName::SHORTEST_ENDING && tail.is_some_and(|it| it.eq_ignore_ascii_case(end))
}

/// The devices with any of these names, in their order. One that is named twice
/// is selected once.
pub fn select(
    devices: Vec<DiscoveredDevice>,
    names: &[DeviceName],
) -> Result<Vec<DiscoveredDevice>, SelectionError> {
    let places = names.iter().map(|name| name.find(&devices));
    let places = places.collect::<Result<BTreeSet<_>, _>>()?;
    let devices = devices.into_iter().enumerate();
    let selected = devices.filter(|(place, _)| places.contains(place));
    Ok(selected.map(|(_, found)| found).collect())
}

#[cfg(test)]
mod tests {
    use sadp_model::{Device, Protocol, Registry, Sighting, Via};

    use super::*;

    fn devices(serials: &[&str]) -> Vec<DiscoveredDevice> {
        let mut registry = Registry::new();
        for (number, serial) in (0u8..).zip(serials) {
            let mut device = Device::unknown();
            device.mac = Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number]));
            device.serial = Serial::new(serial);
            let sighting = Sighting {
                interface: "".into(),
                from: [192, 168, 1, 5].into(),
                protocol: Protocol::Sadp,
                via: Via::Unicast,
                at: jiff::Timestamp::UNIX_EPOCH,
            };
            registry.record(device, sighting);
        }
        DiscoveredDevice::assess_all(registry.into_entries(), &[])
    }

    fn name(text: &str) -> DeviceName {
        text.parse().unwrap()
    }

    const CAMERA: &str = "DS-2CD2347G2-LU20230704AAWRAD1530862";
    const RECORDER: &str = "DS-7616NI-M2-1620220805CCRRK61840275WCVU";
    /// Its label number is not sure.
    const OTHER: &str = "DS-2CD2320D-I20180919AAWR0417263";

    #[test]
    fn the_label_number_names_a_device() {
        let devices = devices(&[CAMERA, RECORDER, OTHER]);
        for (text, place) in [("AD1530862", 0), ("k61840275", 1), (OTHER, 2)] {
            assert_eq!(name(text).find(&devices), Ok(place), "{text}");
            let key = devices[place].key().unwrap();
            assert!(name(text).names(&key), "{text}");
        }
        // No other part of a serial does.
        for text in ["D1530862", "1530862", "0417263", "WR0417263"] {
            assert!(name(text).find(&devices).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_table_prints_names_a_device_for_reading_only() {
        let devices = devices(&[CAMERA, OTHER]);
        let printed = Serial::new(OTHER).unwrap().short();
        assert!(printed.starts_with(".."), "{printed}");
        let name = name(&printed);
        assert!(name.find(&devices).is_err());
        let chosen = name.choose_to_read(devices).unwrap();
        assert_eq!(chosen.entry.device.serial, Serial::new(OTHER));
    }

    #[test]
    fn a_unique_ending_names_a_device_for_reading_only() {
        let devices = devices(&[CAMERA, OTHER]);
        for (text, place) in [("0862", 0), ("7263", 1), ("00:01", 1), ("cc00-0000", 0)] {
            assert!(name(text).find(&devices).is_err(), "{text}");
            let chosen = name(text).choose_to_read(devices.clone()).unwrap();
            assert_eq!(chosen.key(), devices[place].key(), "{text}");
        }
        for text in ["862", "0:01", "9999"] {
            assert!(
                name(text).choose_to_read(devices.clone()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn the_host_of_a_url_is_a_name() {
        for text in [
            "192.168.1.64",
            "http://192.168.1.64",
            "https://admin@192.168.1.64:8443/doc/page/login.asp",
            " http://192.168.1.64?x ",
        ] {
            assert_eq!(
                name(text).address(),
                Some([192, 168, 1, 64].into()),
                "{text}"
            );
        }
        assert!("http:///x".parse::<DeviceName>().is_err());
    }

    #[test]
    fn a_label_number_of_two_devices_names_neither() {
        let twin = "DS-2CD2143G0-I20210704AAWRAD1530862";
        let devices = devices(&[CAMERA, twin, "AD1530862"]);
        let error = name("AD1530862").choose_to_read(devices).unwrap_err();
        let SelectionError::Ambiguous { devices, .. } = error else {
            panic!("{error:?}");
        };
        let serials: Vec<_> = devices.into_iter().filter_map(|it| it.serial).collect();
        assert!(serials.contains(&Serial::new(CAMERA).unwrap()));
        assert!(serials.contains(&Serial::new(twin).unwrap()));
    }

    #[test]
    fn a_device_named_twice_is_selected_once() {
        let all = devices(&[CAMERA, RECORDER, OTHER]);
        let names = [name(OTHER), name("AD1530862"), name("44:47:cc:00:00:00")];
        let selected = select(all, &names).unwrap();
        let serials = selected.iter().map(|it| it.entry.device.serial.clone());
        assert!(serials.eq([Serial::new(CAMERA), Serial::new(OTHER)]));
        assert!(" ".parse::<DeviceName>().is_err());
    }
}

use std::{net::Ipv4Addr, str::FromStr};

use sadp_model::{MacAddr, Serial};
use sadp_ops::DiscoveredDevice;
use sadp_reset::DeviceKey;

use crate::failure::{Exit, Failure};

/// What a device is called on the command line: a full serial number, the label
/// number, a MAC in any notation or an IPv4 address. For reading, also the
/// serial as a table prints it.
#[derive(Clone, Debug)]
pub(crate) struct DeviceName {
    text: String,
    mac: Option<MacAddr>,
    address: Option<Ipv4Addr>,
}

impl DeviceName {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        Self {
            text: text.into(),
            mac: text.parse().ok(),
            address: text.parse().ok(),
        }
    }

    /// The address, if it is one.
    pub(crate) fn address(&self) -> Option<Ipv4Addr> {
        self.address
    }

    /// Whether it is the serial, label number or MAC of a device remembered.
    pub(crate) fn names(&self, key: &DeviceKey) -> bool {
        self.is_serial(key.serial()) || (self.mac.is_some() && key.mac() == self.mac)
    }

    /// Whether it is the full serial number of this device.
    pub(crate) fn is_serial_of(&self, found: &DiscoveredDevice) -> bool {
        let serial = found.entry.device.serial.as_ref();
        serial.is_some_and(|serial| serial.as_str().eq_ignore_ascii_case(&self.text))
    }

    /// The one device that is meant, by a full name.
    pub(crate) fn choose(
        &self,
        mut devices: Vec<DiscoveredDevice>,
    ) -> Result<DiscoveredDevice, Failure> {
        let place = self.find(&devices)?;
        Ok(devices.swap_remove(place))
    }

    /// The one device that is meant, for commands that change nothing: the
    /// serial as a table prints it names it, too.
    pub(crate) fn choose_to_read(
        &self,
        mut devices: Vec<DiscoveredDevice>,
    ) -> Result<DiscoveredDevice, Failure> {
        let is_named = devices.iter().any(|found| self.means(found));
        let fits = if is_named {
            Self::means
        } else {
            Self::is_printed
        };
        let place = self.find_by(&devices, fits)?;
        Ok(devices.swap_remove(place))
    }

    /// The place of the one device that is meant, by a full name.
    pub(crate) fn find(&self, devices: &[DiscoveredDevice]) -> Result<usize, Failure> {
        self.find_by(devices, Self::means)
    }

    fn find_by(
        &self,
        devices: &[DiscoveredDevice],
        fits: fn(&Self, &DiscoveredDevice) -> bool,
    ) -> Result<usize, Failure> {
        let places = devices.iter().enumerate();
        let meant: Vec<_> = places.filter(|(_, found)| fits(self, found)).collect();
        match meant[..] {
            [(place, _)] => Ok(place),
            [] => Err(self.unknown(devices)),
            _ => {
                let meant: Vec<_> = meant.into_iter().map(|(_, found)| found.clone()).collect();
                Err(self.ambiguous(&meant))
            }
        }
    }

    fn means(&self, found: &DiscoveredDevice) -> bool {
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

    fn is_printed(&self, found: &DiscoveredDevice) -> bool {
        let serial = found.entry.device.serial.as_ref();
        serial.is_some_and(|serial| serial.short().eq_ignore_ascii_case(&self.text))
    }

    fn ambiguous(&self, meant: &[DiscoveredDevice]) -> Failure {
        let message = format!(
            "{} devices are called {}:{}",
            meant.len(),
            self.text,
            list(meant)
        );
        Failure::words(Exit::NotFound, message)
            .hint("name the one you mean by its full serial number or MAC")
    }

    fn unknown(&self, devices: &[DiscoveredDevice]) -> Failure {
        let wanted = self.text.to_lowercase();
        let near: Vec<_> = devices
            .iter()
            .filter(|found| resembles(found, &wanted))
            .take(MAX_LISTED)
            .cloned()
            .collect();
        let message = format!(
            "none of the {} devices found is called {}",
            devices.len(),
            self.text
        );
        if near.is_empty() {
            return Failure::words(Exit::NotFound, message)
                .hint("a device is named by its full serial number, its label number, its MAC or its IPv4 address: sadpctl scan lists them");
        }
        Failure::words(Exit::NotFound, message).hint(format!("the nearest are:{}", list(&near)))
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(
                "name a device by its serial number, label number, MAC or IPv4 address".into(),
            );
        }
        Ok(Self::new(text))
    }
}

/// Part of a name, or a name nearly right.
fn resembles(found: &DiscoveredDevice, wanted: &str) -> bool {
    let device = &found.entry.device;
    let names = [
        device.serial.as_ref().map(ToString::to_string),
        device.mac.map(|mac| mac.to_string()),
        device.ipv4.address.map(|address| address.to_string()),
    ];
    wanted.len() >= 3
        && names.into_iter().flatten().any(|name| {
            let name = name.to_lowercase();
            name.contains(wanted) || strsim::levenshtein(&name, wanted) <= 2
        })
}

const MAX_LISTED: usize = 16;

/// A line for each device, by all of its names.
fn list(devices: &[DiscoveredDevice]) -> String {
    let line = |found: &DiscoveredDevice| {
        let device = &found.entry.device;
        let serial = device.serial.as_ref().map(ToString::to_string);
        let mac = device.mac.map(|mac| mac.to_string());
        let address = device.ipv4.address.map(|address| address.to_string());
        let known = |name: Option<String>| name.unwrap_or_else(|| "-".into());
        format!("\n  {}  {}  {}", known(mac), known(address), known(serial))
    };
    let mut lines: String = devices.iter().take(MAX_LISTED).map(line).collect();
    if devices.len() > MAX_LISTED {
        lines.push_str("\n  ...");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples as _;

    fn devices(serials: &[&str]) -> Vec<DiscoveredDevice> {
        let device = |(number, serial): (usize, &&str)| {
            let mut found = DiscoveredDevice::named(&format!("44:47:cc:00:00:{number:02x}"));
            found.entry.device.serial = Serial::new(serial);
            found
        };
        serials.iter().enumerate().map(device).collect()
    }

    const CAMERA: &str = "DS-2CD2347G2-LU20230704AAWRAD1530862";
    const RECORDER: &str = "DS-7616NI-M2-1620220805CCRRK61840275WCVU";
    /// Its label number is not sure.
    const OTHER: &str = "DS-2CD2320D-I20180919AAWR0417263";

    #[test]
    fn the_label_number_names_a_device() {
        let devices = devices(&[CAMERA, RECORDER, OTHER]);
        for (text, place) in [("AD1530862", 0), ("k61840275", 1), (OTHER, 2)] {
            let name = DeviceName::new(text);
            assert_eq!(name.find(&devices).ok(), Some(place), "{text}");
            let key = devices[place].key().unwrap();
            assert!(name.names(&key), "{text}");
        }
        // No other part of a serial does.
        for text in ["D1530862", "1530862", "0417263", "WR0417263"] {
            assert!(DeviceName::new(text).find(&devices).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_table_prints_names_a_device_for_reading_only() {
        let devices = devices(&[CAMERA, OTHER]);
        let printed = devices[1].entry.device.serial.as_ref().unwrap().short();
        assert!(printed.starts_with(".."), "{printed}");
        let name = DeviceName::new(&printed);
        assert!(name.find(&devices).is_err());
        let chosen = name.choose_to_read(devices).unwrap();
        assert_eq!(chosen.entry.device.serial, Serial::new(OTHER));
    }

    #[test]
    fn a_label_number_of_two_devices_names_neither() {
        let twin = "DS-2CD2143G0-I20210704AAWRAD1530862";
        let devices = devices(&[CAMERA, twin, "AD1530862"]);
        let failure = DeviceName::new("AD1530862")
            .choose_to_read(devices)
            .unwrap_err();
        assert_eq!(failure.exit, Exit::NotFound);
        let text = failure.error.to_string();
        assert!(text.contains(CAMERA) && text.contains(twin), "{text}");
    }
}

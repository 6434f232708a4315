use std::{net::Ipv4Addr, str::FromStr};

use sadp_model::MacAddr;
use sadp_reset::DeviceKey;

use crate::{
    failure::{Exit, Failure},
    found::Found,
};

/// What a device is called on the command line: a full serial number, a MAC in
/// any notation or an IPv4 address.
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

    /// Whether it is the serial or MAC of a device remembered.
    pub(crate) fn names(&self, key: &DeviceKey) -> bool {
        let serial = key.serial();
        serial.is_some_and(|serial| serial.as_str().eq_ignore_ascii_case(&self.text))
            || (self.mac.is_some() && key.mac() == self.mac)
    }

    /// The one device that is meant.
    pub(crate) fn choose(&self, mut devices: Vec<Found>) -> Result<Found, Failure> {
        let place = self.find(&devices)?;
        Ok(devices.swap_remove(place))
    }

    /// The place of the one device that is meant.
    pub(crate) fn find(&self, devices: &[Found]) -> Result<usize, Failure> {
        let places = devices.iter().enumerate();
        let meant: Vec<_> = places.filter(|(_, found)| self.means(found)).collect();
        match meant[..] {
            [(place, _)] => Ok(place),
            [] => Err(self.unknown(devices)),
            _ => {
                let meant: Vec<_> = meant.into_iter().map(|(_, found)| found.clone()).collect();
                Err(self.ambiguous(&meant))
            }
        }
    }

    fn means(&self, found: &Found) -> bool {
        let device = &found.entry.device;
        let serial = device.serial.as_ref();
        serial.is_some_and(|serial| serial.as_str().eq_ignore_ascii_case(&self.text))
            || (self.mac.is_some() && device.mac == self.mac)
            || (self.address.is_some() && device.ipv4.address == self.address)
    }

    fn ambiguous(&self, meant: &[Found]) -> Failure {
        let message = format!(
            "{} devices are called {}:{}",
            meant.len(),
            self.text,
            list(meant)
        );
        Failure::words(Exit::NotFound, message)
            .hint("name the one you mean by its serial number or MAC")
    }

    fn unknown(&self, devices: &[Found]) -> Failure {
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
                .hint("a device is named by its full serial number, its MAC or its IPv4 address: sadpctl scan lists them");
        }
        Failure::words(Exit::NotFound, message).hint(format!("the nearest are:{}", list(&near)))
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("name a device by its serial number, MAC or IPv4 address".into());
        }
        Ok(Self::new(text))
    }
}

/// Part of a name, or a name nearly right.
fn resembles(found: &Found, wanted: &str) -> bool {
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
fn list(devices: &[Found]) -> String {
    let line = |found: &Found| {
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

use sadp_model::{Device, MacAddr, Serial};

/// Identifies a device in the ledger: by its MAC, its serial, or both. At least
/// one is there.
///
/// The address is not part of the key: commands change it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKey {
    mac: Option<MacAddr>,
    serial: Option<Serial>,
}

impl DeviceKey {
    /// Returns the key of a device, or `None` where the device reported neither a
    /// serial nor a MAC that identifies it.
    pub fn of(device: &Device) -> Option<Self> {
        Self::new(device.mac, device.serial.clone())
    }

    /// Returns a key, or `None` where nothing identifies the device. A MAC that
    /// cannot identify one device (see [`MacAddr::is_identity`]) is left out.
    pub fn new(mac: Option<MacAddr>, serial: Option<Serial>) -> Option<Self> {
        let mac = mac.filter(|mac| mac.is_identity());
        (mac.is_some() || serial.is_some()).then_some(Self { mac, serial })
    }

    /// The hardware address, where it identifies the device.
    pub const fn mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// The serial.
    pub const fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }

    /// The key by which locks, tries and refused secrets count: the MAC alone where
    /// there is one. A device that reports another serial has the same memory.
    #[must_use]
    pub fn by_mac(&self) -> Self {
        let serial = self.serial.clone().filter(|_| self.mac.is_none());
        Self {
            mac: self.mac,
            serial,
        }
    }

    /// Whether both keys can belong to one device: the MACs are equal and the
    /// serials do not differ, or one MAC is unknown and the serials are equal.
    /// Two devices that share a MAC or a serial stay two.
    pub fn is_same(&self, other: &Self) -> bool {
        let same_serial = self.serial.is_some() && self.serial == other.serial;
        match (self.mac, other.mac) {
            (Some(mine), Some(theirs)) => {
                let one_unknown = self.serial.is_none() || other.serial.is_none();
                mine == theirs && (same_serial || one_unknown)
            }
            _ => same_serial,
        }
    }

    /// Whether locks and tries of one key count for the other: the MAC decides, and the
    /// serial only where one of the MACs is unknown.
    pub(crate) fn shares_memory(&self, other: &Self) -> bool {
        match (self.mac, other.mac) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.serial.is_some() && self.serial == other.serial,
        }
    }

    pub(crate) fn mac_text(&self) -> Option<String> {
        self.mac.map(|mac| mac.to_string())
    }

    pub(crate) fn serial_text(&self) -> Option<&str> {
        self.serial().map(Serial::as_str)
    }
}

/// What the tests of several modules need.
#[cfg(test)]
pub(crate) mod testing {
    use jiff::Timestamp;

    use super::*;

    /// The key of a device, by the last byte of its MAC and its serial. An empty serial is
    /// none.
    pub(crate) fn key(mac: impl Into<Option<u8>>, serial: &str) -> DeviceKey {
        let mac = mac.into();
        let mac = mac.map(|last| MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, last]));
        DeviceKey::new(mac, Serial::new(serial)).unwrap()
    }

    /// A time, in seconds since 1970.
    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::key, *};

    #[test]
    fn the_mac_decides_unless_the_serials_disagree() {
        let both = key(1, "S1");
        assert!(both.is_same(&both));
        assert!(both.is_same(&key(1, "")));
        assert!(!both.is_same(&key(1, "S2")));
        assert!(!both.is_same(&key(2, "S1")));
        assert!(!both.is_same(&key(2, "")));
    }

    #[test]
    fn without_a_mac_the_serial_decides() {
        let serial = key(None, "S1");
        assert!(serial.is_same(&key(None, "S1")));
        assert!(serial.is_same(&key(1, "S1")));
        assert!(!serial.is_same(&key(None, "S2")));
        assert!(!serial.is_same(&key(1, "")));
    }

    #[test]
    fn a_device_without_identity_has_no_key() {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0; 6]));
        assert_eq!(DeviceKey::of(&device), None);
        device.serial = Serial::new("S1");
        assert_eq!(DeviceKey::of(&device), Some(key(None, "S1")));
    }
}

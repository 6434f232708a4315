use sadp_model::{Device, MacAddr, Serial};

/// By what a device is known again in the ledger: its MAC, its serial, or both.
/// Never neither.
///
/// Its address is no part of it: addresses are what commands change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceKey {
    mac: Option<MacAddr>,
    serial: Option<Serial>,
}

impl DeviceKey {
    /// The key of a device, or `None` where it told neither a serial nor a MAC
    /// that names it alone.
    pub fn of(device: &Device) -> Option<Self> {
        Self::new(device.mac, device.serial.clone())
    }

    /// A key, or `None` where nothing names the device. A MAC that cannot name
    /// one device (see [`MacAddr::is_identity`]) is left out.
    pub fn new(mac: Option<MacAddr>, serial: Option<Serial>) -> Option<Self> {
        let mac = mac.filter(|mac| mac.is_identity());
        (mac.is_some() || serial.is_some()).then_some(Self { mac, serial })
    }

    /// The hardware address, where it names the device alone.
    pub const fn mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// The serial.
    pub const fn serial(&self) -> Option<&Serial> {
        self.serial.as_ref()
    }

    /// Whether both can be one device: the MACs are the same and the serials
    /// agree as far as known, or one MAC is not known and the serials are the
    /// same. So two devices that share a MAC or a serial stay two.
    pub fn is_same(&self, other: &Self) -> bool {
        let unequal = |a: Option<&Serial>, b: Option<&Serial>| a.is_some() && b.is_some() && a != b;
        match (self.mac, other.mac) {
            (Some(mine), Some(theirs)) => mine == theirs && !unequal(self.serial(), other.serial()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(mac: Option<u8>, serial: Option<&str>) -> DeviceKey {
        let mac = mac.map(|last| MacAddr::new([0x44, 0x47, 0xcc, 0, 0, last]));
        DeviceKey::new(mac, serial.and_then(Serial::new)).unwrap()
    }

    #[test]
    fn the_mac_decides_unless_the_serials_disagree() {
        let both = key(Some(1), Some("S1"));
        assert!(both.is_same(&both));
        assert!(both.is_same(&key(Some(1), None)));
        assert!(!both.is_same(&key(Some(1), Some("S2"))));
        assert!(!both.is_same(&key(Some(2), Some("S1"))));
        assert!(!both.is_same(&key(Some(2), None)));
    }

    #[test]
    fn without_a_mac_the_serial_decides() {
        let serial = key(None, Some("S1"));
        assert!(serial.is_same(&key(None, Some("S1"))));
        assert!(serial.is_same(&key(Some(1), Some("S1"))));
        assert!(!serial.is_same(&key(None, Some("S2"))));
        assert!(!serial.is_same(&key(Some(1), None)));
    }

    #[test]
    fn a_device_that_nothing_names_has_no_key() {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0; 6]));
        assert_eq!(DeviceKey::of(&device), None);
        device.serial = Serial::new("S1");
        assert_eq!(DeviceKey::of(&device), Some(key(None, Some("S1"))));
    }
}

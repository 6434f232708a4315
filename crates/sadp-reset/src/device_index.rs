use std::collections::{BTreeSet, HashMap};

use sadp_model::{MacAddr, Serial};

use crate::DeviceKey;

/// Values of devices, found by the device, so that a large site is not compared with each
/// value.
#[derive(Debug)]
pub struct DeviceIndex<T> {
    values: Vec<T>,
    key: fn(&T) -> Option<&DeviceKey>,
    /// The places of values whose device has this MAC.
    by_mac: HashMap<MacAddr, Vec<usize>>,
    /// The places of values whose device has this serial.
    by_serial: HashMap<Serial, Vec<usize>>,
}

impl<T> DeviceIndex<T> {
    /// An index of values whose devices are those that `key` returns. Values without a
    /// device are never found.
    pub fn new(values: Vec<T>, key: fn(&T) -> Option<&DeviceKey>) -> Self {
        let mut index = Self {
            values,
            key,
            by_mac: HashMap::new(),
            by_serial: HashMap::new(),
        };
        for (place, value) in index.values.iter().enumerate() {
            let Some(device) = key(value) else { continue };
            if let Some(mac) = device.mac() {
                index.by_mac.entry(mac).or_default().push(place);
            }
            if let Some(serial) = device.serial() {
                let places = index.by_serial.entry(serial.clone());
                places.or_default().push(place);
            }
        }
        index
    }

    /// All values, in their order.
    pub fn all(&self) -> &[T] {
        &self.values
    }

    /// The values that can belong to this device by [`DeviceKey::is_same`], in their order.
    pub fn of(&self, device: &DeviceKey) -> Vec<&T> {
        self.matching(device, DeviceKey::is_same)
    }

    /// The same by [`DeviceKey::shares_memory`].
    pub(crate) fn sharing_memory(&self, device: &DeviceKey) -> Vec<&T> {
        self.matching(device, DeviceKey::shares_memory)
    }

    fn matching(&self, device: &DeviceKey, is: fn(&DeviceKey, &DeviceKey) -> bool) -> Vec<&T> {
        let by_mac = device.mac().and_then(|it| self.by_mac.get(&it));
        let by_serial = device.serial().and_then(|it| self.by_serial.get(it));
        let found = by_mac.into_iter().chain(by_serial).flatten();
        let places: BTreeSet<_> = found.copied().collect();
        let values = places.into_iter().filter_map(|it| self.values.get(it));
        values
            .filter(|it| (self.key)(it).is_some_and(|key| is(key, device)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(mac: Option<u8>, serial: Option<&str>) -> Option<DeviceKey> {
        let mac = mac.map(|last| MacAddr::new([0x44, 0x47, 0xcc, 0, 0, last]));
        DeviceKey::new(mac, serial.and_then(Serial::new))
    }

    #[test]
    fn values_are_those_that_a_comparison_with_each_finds() {
        let macs = [None, Some(1), Some(2)];
        let serials = [None, Some("S1"), Some("S2")];
        let keys = macs.map(|mac| serials.map(|serial| key(mac, serial)));
        let keys: Vec<_> = keys.as_flattened().iter().rev().cloned().collect();
        let index = DeviceIndex::new([&*keys, &*keys].concat(), Option::as_ref);
        for device in keys.iter().flatten() {
            let mut all = index.all().iter().filter(|it| it.is_some());
            let same = all
                .clone()
                .filter(|it| it.as_ref().unwrap().is_same(device));
            assert!(index.of(device).into_iter().eq(same), "{device:?}");
            let sharing = all.by_ref();
            let sharing = sharing.filter(|it| it.as_ref().unwrap().shares_memory(device));
            assert!(
                index.sharing_memory(device).into_iter().eq(sharing),
                "{device:?}"
            );
        }
    }
}

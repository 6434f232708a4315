use std::cmp::Ordering;

use crate::DeviceKey;

/// Values of devices, found by the device, so that a large site is not compared with each
/// value.
#[derive(Debug)]
pub struct DeviceIndex<T> {
    values: Vec<T>,
    key: fn(&T) -> Option<&DeviceKey>,
    /// The places of values whose device has a MAC, by MAC.
    by_mac: Vec<usize>,
    /// The places of values whose device has a serial, by serial.
    by_serial: Vec<usize>,
}

impl<T> DeviceIndex<T> {
    /// An index of values whose devices are those that `key` returns. Values without a
    /// device are never found.
    pub fn new(values: Vec<T>, key: fn(&T) -> Option<&DeviceKey>) -> Self {
        let key_at = |place: &usize| values.get(*place).and_then(key);
        let mut by_mac: Vec<_> = (0..values.len()).collect();
        let mut by_serial = by_mac.clone();
        by_mac.retain(|it| key_at(it).is_some_and(|key| key.mac().is_some()));
        by_mac.sort_by_key(|it| key_at(it).and_then(DeviceKey::mac));
        by_serial.retain(|it| key_at(it).is_some_and(|key| key.serial().is_some()));
        by_serial.sort_by(|one, other| {
            let [one, other] = [one, other].map(|it| key_at(it).and_then(DeviceKey::serial));
            one.cmp(&other)
        });
        Self {
            values,
            key,
            by_mac,
            by_serial,
        }
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
        let by_mac = self.equal(&self.by_mac, |key| key.mac().cmp(&device.mac()));
        let by_serial = self.equal(&self.by_serial, |key| key.serial().cmp(&device.serial()));
        let mut places: Vec<_> = by_mac.chain(by_serial).collect();
        places.sort_unstable();
        places.dedup();
        let values = places.iter().filter_map(|&it| self.values.get(it));
        values
            .filter(|it| (self.key)(it).is_some_and(|key| is(key, device)))
            .collect()
    }

    /// Those of `places`, which are sorted, whose key compares as equal.
    fn equal(
        &self,
        places: &[usize],
        compare: impl Fn(&DeviceKey) -> Ordering,
    ) -> impl Iterator<Item = usize> {
        let is = |place: usize, wanted| {
            let key = self.values.get(place).and_then(self.key);
            key.map(&compare) == Some(wanted)
        };
        let start = places.partition_point(|&it| is(it, Ordering::Less));
        let rest = places.get(start..).unwrap_or_default();
        let end = rest.partition_point(|&it| is(it, Ordering::Equal));
        rest.get(..end).unwrap_or_default().iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::{MacAddr, Serial};

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

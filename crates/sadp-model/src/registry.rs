mod contradiction;
mod quota;
mod record;
mod senders;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
};

use smallvec::SmallVec;

pub use self::{
    contradiction::Contradiction,
    record::{AnsweredProbe, DeviceRecord, Protocol, Sighting, Via},
    senders::{ReplyAddress, SenderConflict},
};
use self::{
    quota::{Amount, Quota},
    record::ipv4,
};
use crate::{Device, MacAddr, Serial, raw::NamePool};

/// The devices with one identifier: nearly always one.
type Indices = SmallVec<[usize; 2]>;

/// All devices found, one record each, in the order they were found.
///
/// A device is identified by its MAC, else by its serial, else by its address. Two
/// devices with one MAC and different serials stay two.
#[derive(Debug, Default)]
pub struct Registry {
    entries: Vec<DeviceRecord>,
    by_mac: HashMap<MacAddr, Indices>,
    by_serial: HashMap<Serial, Indices>,
    by_address: HashMap<Ipv4Addr, Indices>,
    /// How often a known device changed an identifier. The old one stays in the
    /// maps.
    renamed: usize,
    names: NamePool,
    quota: Quota,
}

impl Registry {
    /// The most devices that are kept: four times the largest known site. It bounds
    /// the cost of a flood of forged ones.
    pub const MAX_DEVICES: usize = 65_536;

    /// The most memory for device reports: 3 KiB each, twice what real ones need.
    /// Once more than half of this or of [`Registry::MAX_DEVICES`] is used, each
    /// sender may have a 1024th, which is more than real devices send.
    pub const MAX_BYTES: usize = Self::MAX_DEVICES * 3 * 1024;

    /// The most devices that may share one MAC, or one serial or address if they
    /// report no MAC. They are searched one by one. One sender can use half of
    /// these places.
    pub const MAX_ALIKE: usize = 256;

    /// The most former identifiers that are kept, if there are fewer devices.
    const MAX_RENAMED: usize = 1024;

    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records what a device reports and how the report was received.
    pub fn record(&mut self, device: impl Into<Box<Device>>, sighting: Sighting) -> Recorded {
        let device = device.into();
        let address = device.ipv4.address.or_else(|| sighting.ipv4());
        match self.find(&device, address) {
            Lookup::Device(index) => self.update(index, device, sighting),
            Lookup::TooManyAlike => Recorded::Refused,
            Lookup::None if self.exceeds_share(&device, address, sighting.from) => {
                Recorded::Refused
            }
            Lookup::None => self.enter(device, sighting, address),
        }
    }

    /// Records that a device repeated its latest report.
    pub fn note_repeated(&mut self, index: usize, sighting: Sighting) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.note_repeated(sighting);
        }
    }

    /// The devices, in the order they were found.
    pub fn entries(&self) -> &[DeviceRecord] {
        &self.entries
    }

    /// The devices, to change anything but their identity.
    pub fn entries_mut(&mut self) -> &mut [DeviceRecord] {
        &mut self.entries
    }

    /// Returns the devices.
    pub fn into_entries(self) -> Vec<DeviceRecord> {
        self.entries
    }

    /// The index of the device that a report is about, if known.
    pub fn position(&self, device: &Device, from: IpAddr) -> Option<usize> {
        let address = device.ipv4.address.or_else(|| ipv4(from));
        match self.find(device, address) {
            Lookup::Device(index) => Some(index),
            Lookup::TooManyAlike | Lookup::None => None,
        }
    }

    /// Keeps the devices for which `keep` returns true. Later ones move up.
    pub fn retain(&mut self, keep: impl FnMut(&DeviceRecord) -> bool) {
        self.entries.retain(keep);
        self.entries.shrink_to(self.entries.len().saturating_mul(2));
        self.reindex();
        self.quota = Quota::default();
        for entry in &self.entries {
            let amount = Amount::device(entry.footprint);
            self.quota.take(entry.largest_contributor, amount);
        }
    }

    /// How many identifiers lead to devices: MACs, serials and addresses, current
    /// and former.
    pub fn names(&self) -> usize {
        self.by_mac.len() + self.by_serial.len() + self.by_address.len()
    }

    /// How many devices there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The memory that device reports take, in bytes.
    pub fn bytes(&self) -> usize {
        self.quota.bytes()
    }

    fn find(&self, device: &Device, address: Option<Ipv4Addr>) -> Lookup {
        let serial = device.serial.as_ref();
        if let Some(mac) = device.identity() {
            let alike = alike(&self.by_mac, &mac);
            let same = alike
                .iter()
                .copied()
                .find(|&index| agree(self.serial_of(index), serial));
            return match same {
                Some(index) => Lookup::Device(index),
                None if alike.len() >= Self::MAX_ALIKE => Lookup::TooManyAlike,
                None => self.find_nameless(serial, address, true),
            };
        }
        self.find_nameless(serial, address, false)
    }

    /// Searches by serial, else by address. With `adopt`, only records without a
    /// MAC.
    fn find_nameless(
        &self,
        serial: Option<&Serial>,
        address: Option<Ipv4Addr>,
        adopt: bool,
    ) -> Lookup {
        let by_serial = serial.map_or(&[][..], |serial| alike(&self.by_serial, serial));
        let mut free = by_serial
            .iter()
            .filter(|&&index| !adopt || !self.has_mac(index));
        if let Some(&index) = free.next() {
            return Lookup::Device(index);
        }
        let by_address = address.map_or(&[][..], |address| alike(&self.by_address, &address));
        let mut same = by_address.iter().filter(|&&index| {
            let is_free = !adopt || !self.has_mac(index);
            is_free && (serial.is_none() || self.serial_of(index).is_none())
        });
        match same.next() {
            Some(&index) => Lookup::Device(index),
            // It can be found by its own MAC, whatever else it shares.
            None if adopt => Lookup::None,
            None if by_serial.len().max(by_address.len()) >= Self::MAX_ALIKE => {
                Lookup::TooManyAlike
            }
            None => Lookup::None,
        }
    }

    /// Whether a sender used its half of the places for similar devices: it may
    /// forge them to keep the real one out.
    fn exceeds_share(&self, device: &Device, address: Option<Ipv4Addr>, sender: IpAddr) -> bool {
        let alike = match (device.identity(), &device.serial, address) {
            (Some(mac), _, _) => alike(&self.by_mac, &mac),
            (None, Some(serial), _) => alike(&self.by_serial, serial),
            (None, None, Some(address)) => alike(&self.by_address, &address),
            (None, None, None) => &[],
        };
        let entries = alike.iter().filter_map(|&index| self.entries.get(index));
        entries
            .filter(|entry| entry.largest_contributor == sender)
            .count()
            >= Self::MAX_ALIKE / 2
    }

    fn enter(
        &mut self,
        mut device: Box<Device>,
        sighting: Sighting,
        address: Option<Ipv4Addr>,
    ) -> Recorded {
        self.names.compact(&mut device.raw);
        let amount = Amount::device(device.footprint());
        if !self.quota.admits(sighting.from, amount) {
            return Recorded::Refused;
        }
        self.quota.take(sighting.from, amount);
        let index = self.entries.len();
        self.entries.push(DeviceRecord::new(device, sighting));
        self.index(index, address);
        Recorded::New(index)
    }

    fn update(&mut self, index: usize, device: Box<Device>, sighting: Sighting) -> Recorded {
        let Some(entry) = self.entries.get_mut(index) else {
            return Recorded::Refused;
        };
        let (sender, told) = (sighting.from, device.footprint());
        let growth = Amount::bytes(told.saturating_sub(entry.footprint));
        if growth != Amount::default() && !self.quota.admits(sender, growth) {
            return Recorded::Refused;
        }
        let before = identifiers(&entry.device);
        let changed = entry.update(device, sighting);
        let (largest_contributor, kept) = (entry.largest_contributor, entry.footprint);
        self.names.compact(&mut entry.device.raw);
        entry.footprint = entry.device.footprint();
        if entry.footprint > kept {
            entry.largest_contributor = sender;
        }
        self.quota
            .give_back(largest_contributor, Amount::device(kept));
        self.quota
            .take(entry.largest_contributor, Amount::device(entry.footprint));
        if changed {
            let after = identifiers(&entry.device);
            if before != after {
                self.index(index, after.2);
                self.renamed += 1;
                if self.renamed > Self::MAX_RENAMED.max(self.entries.len()) {
                    self.reindex();
                }
            }
            Recorded::Changed(index)
        } else {
            Recorded::Known(index)
        }
    }

    /// Indexes a record by its current identifiers. The former ones stay: replies
    /// of a device that moved may arrive from both addresses.
    fn index(&mut self, index: usize, address: Option<Ipv4Addr>) {
        let Some(entry) = self.entries.get(index) else {
            return;
        };
        if let Some(mac) = entry.device.identity() {
            add(&mut self.by_mac, mac, index);
        }
        if let Some(serial) = entry.device.serial.clone() {
            add(&mut self.by_serial, serial, index);
        }
        if let Some(address) = address {
            add(&mut self.by_address, address, index);
        }
    }

    /// Drops former identifiers. A device that keeps changing its address would use
    /// more and more memory otherwise.
    fn reindex(&mut self) {
        self.by_mac.clear();
        self.by_serial.clear();
        self.by_address.clear();
        self.renamed = 0;
        for index in 0..self.entries.len() {
            let address = self.entries.get(index).and_then(DeviceRecord::address);
            self.index(index, address);
        }
    }

    fn serial_of(&self, index: usize) -> Option<&Serial> {
        self.entries.get(index)?.device.serial.as_ref()
    }

    fn has_mac(&self, index: usize) -> bool {
        let entry = self.entries.get(index);
        entry.is_some_and(|entry| entry.device.identity().is_some())
    }
}

/// The indices of the devices with an identifier.
fn alike<'a, K: std::hash::Hash + Eq>(map: &'a HashMap<K, Indices>, key: &K) -> &'a [usize] {
    map.get(key).map_or(&[], SmallVec::as_slice)
}

fn identifiers(device: &Device) -> (Option<MacAddr>, Option<Serial>, Option<Ipv4Addr>) {
    let serial = device.serial.clone();
    (device.identity(), serial, device.ipv4.address)
}

fn add<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Indices>, key: K, index: usize) {
    let indices = map.entry(key).or_default();
    if indices.len() < Registry::MAX_ALIKE && !indices.contains(&index) {
        indices.push(index);
    }
}

/// Whether two serials can belong to one device: they are equal, or one is unknown.
fn agree(known: Option<&Serial>, heard: Option<&Serial>) -> bool {
    match (known, heard) {
        (Some(known), Some(heard)) => known == heard,
        _ => true,
    }
}

enum Lookup {
    Device(usize),
    TooManyAlike,
    None,
}

/// Result of [`Registry::record`]. Numbers are indices of [`Registry::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// A new device.
    New(usize),
    /// A known device, with new information.
    Changed(usize),
    /// A known device, without new information.
    Known(usize),
    /// Not kept: [`Registry::MAX_DEVICES`], [`Registry::MAX_BYTES`] or
    /// [`Registry::MAX_ALIKE`] is reached, or the sender's share of it.
    Refused,
}

impl Recorded {
    /// The device's index, if it was kept.
    pub const fn index(self) -> Option<usize> {
        match self {
            Self::New(index) | Self::Changed(index) | Self::Known(index) => Some(index),
            Self::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests;

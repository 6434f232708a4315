//! Finds devices with the same address, MAC or salt.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
};

use sadp_model::{DeviceRecord, MacAddr, Protocol, Shared};

use super::{DeviceSnapshot, Watch};

/// The online devices by what should be unique to each. Numbers are indices of the registry.
#[derive(Debug, Default)]
pub(super) struct DuplicateIndex {
    holders: HashMap<Identifier, Vec<usize>>,
}

/// What should be unique to a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identifier {
    Address(Ipv4Addr),
    Mac(MacAddr),
    /// The salt of its password.
    Salt(Box<str>),
    /// A MAC that reported itself from its own address.
    Report(MacAddr, Protocol, IpAddr),
}

impl Identifier {
    /// The identifiers of a device.
    pub(super) fn of(entry: &DeviceRecord) -> Vec<Self> {
        let device = &entry.device;
        let address = device.ipv4.address.map(Self::Address);
        let mac = device.identity().map(Self::Mac);
        let salt = device.raw.told("Salt").map(|it| Self::Salt(it.into()));
        let reports = entry.home_reports().into_iter();
        let reports = reports.map(|(mac, protocol, from)| Self::Report(mac, protocol, from));
        address
            .into_iter()
            .chain(mac)
            .chain(salt)
            .chain(reports)
            .collect()
    }
}

impl DuplicateIndex {
    /// Other devices with an identifier.
    pub(super) fn others(&self, name: &Identifier, device: usize) -> impl Iterator<Item = usize> {
        let holders = self.holders.get(name).map_or(&[][..], Vec::as_slice);
        holders.iter().copied().filter(move |&it| it != device)
    }

    pub(super) fn add(&mut self, name: Identifier, device: usize) {
        let holders = self.holders.entry(name).or_default();
        if !holders.contains(&device) {
            holders.push(device);
        }
    }

    pub(super) fn remove(&mut self, name: &Identifier, device: usize) {
        if let Some(holders) = self.holders.get_mut(name) {
            holders.retain(|&it| it != device);
            if holders.is_empty() {
                self.holders.remove(name);
            }
        }
    }

    /// What a device with these identifiers shares with others.
    pub(super) fn of(&self, entry: &DeviceRecord) -> Shared {
        let mut shared = Shared::default();
        for name in Identifier::of(entry) {
            let several = self.holders.get(&name).is_some_and(|all| all.len() > 1);
            match name {
                Identifier::Address(_) => shared.address = several,
                Identifier::Mac(_) => shared.mac = several,
                Identifier::Salt(_) => shared.salt = several,
                Identifier::Report(..) => shared.sender |= several,
            }
        }
        shared
    }

    pub(super) fn len(&self) -> usize {
        self.holders.values().map(Vec::len).sum()
    }

    pub(super) fn clear(&mut self) {
        self.holders.clear();
    }
}

impl Watch {
    /// Changes the identifiers of a device. Returns the devices that share one with it no
    /// more, or now, as they were before.
    pub(super) fn change_identifiers(
        &mut self,
        index: usize,
        had: &[Identifier],
        has: &[Identifier],
    ) -> Vec<(usize, DeviceSnapshot)> {
        let (gone, new) = (difference(had, has), difference(has, had));
        let mut affected = self.only_others(index, &gone);
        for name in &gone {
            self.duplicates.remove(name, index);
        }
        affected.extend(self.only_others(index, &new));
        for name in new {
            self.duplicates.add(name, index);
        }
        affected
    }

    /// The single other device with an identifier, for each identifier.
    fn only_others(&self, index: usize, names: &[Identifier]) -> Vec<(usize, DeviceSnapshot)> {
        let mut found: Vec<(usize, DeviceSnapshot)> = Vec::new();
        for name in names {
            let mut others = self.duplicates.others(name, index);
            let (Some(other), None) = (others.next(), others.next()) else {
                continue;
            };
            if found.iter().all(|&(known, _)| known != other) {
                found.extend(self.snapshot(other).map(|account| (other, account)));
            }
        }
        found
    }
}

fn difference(of: &[Identifier], without: &[Identifier]) -> Vec<Identifier> {
    let missing = of.iter().filter(|name| !without.contains(name));
    missing.cloned().collect()
}

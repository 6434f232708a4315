//! Who has an address or a MAC in common.

use std::{collections::HashMap, net::Ipv4Addr};

use sadp_model::{Device, MacAddr, Shared};

use super::{DeviceSnapshot, Watch};

/// The devices online, by what should be theirs alone. Numbers are places in
/// the registry.
#[derive(Debug, Default)]
pub(super) struct DuplicateIndex {
    holders: HashMap<Identifier, Vec<usize>>,
}

/// What should be one device's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identifier {
    Address(Ipv4Addr),
    Mac(MacAddr),
}

impl Identifier {
    /// The names of a device.
    pub(super) fn of(device: &Device) -> impl Iterator<Item = Self> {
        let address = device.ipv4.address.map(Self::Address);
        address.into_iter().chain(device.identity().map(Self::Mac))
    }
}

impl DuplicateIndex {
    /// Who else holds a name.
    pub(super) fn others(&self, name: Identifier, device: usize) -> impl Iterator<Item = usize> {
        let holders = self.holders.get(&name).map_or(&[][..], Vec::as_slice);
        holders.iter().copied().filter(move |&it| it != device)
    }

    pub(super) fn add(&mut self, name: Identifier, device: usize) {
        let holders = self.holders.entry(name).or_default();
        if !holders.contains(&device) {
            holders.push(device);
        }
    }

    pub(super) fn remove(&mut self, name: Identifier, device: usize) {
        if let Some(holders) = self.holders.get_mut(&name) {
            holders.retain(|&it| it != device);
            if holders.is_empty() {
                self.holders.remove(&name);
            }
        }
    }

    /// What a device that holds these names has in common with others.
    pub(super) fn of(&self, device: &Device) -> Shared {
        let mut shared = Shared::default();
        for name in Identifier::of(device) {
            let several = self.holders.get(&name).is_some_and(|all| all.len() > 1);
            match name {
                Identifier::Address(_) => shared.address = several,
                Identifier::Mac(_) => shared.mac = several,
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

/// Devices that a change of another concerns, each as it was before.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    /// Those who hold a name alone now.
    pub(super) left_alone: Vec<(usize, DeviceSnapshot)>,
    /// Those who held a name alone so far.
    pub(super) joined: Vec<(usize, DeviceSnapshot)>,
}

impl Watch {
    /// Gives a device these names. Returns those who held one alone so far, as
    /// they were.
    pub(super) fn take_names(
        &mut self,
        index: usize,
        names: &[Identifier],
    ) -> Vec<(usize, DeviceSnapshot)> {
        let others = self.only_others(index, names);
        for &name in names {
            self.duplicates.add(name, index);
        }
        others
    }

    /// Takes these names from a device. Returns those who hold one alone now,
    /// as they were.
    pub(super) fn give_names_up(
        &mut self,
        index: usize,
        names: &[Identifier],
    ) -> Vec<(usize, DeviceSnapshot)> {
        let others = self.only_others(index, names);
        for &name in names {
            self.duplicates.remove(name, index);
        }
        others
    }

    /// The one other who holds a name, for each name.
    fn only_others(&self, index: usize, names: &[Identifier]) -> Vec<(usize, DeviceSnapshot)> {
        let mut found: Vec<(usize, DeviceSnapshot)> = Vec::new();
        for &name in names {
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

    /// Moves a device from the names it had to those it has.
    pub(super) fn rename(&mut self, index: usize, before: &Device) -> Renamed {
        let Some(entry) = self.registry.entries().get(index) else {
            return Renamed::default();
        };
        let had: Vec<_> = Identifier::of(before).collect();
        let has: Vec<_> = Identifier::of(&entry.device).collect();
        let left_alone = self.give_names_up(index, &difference(&had, &has));
        let joined = self.take_names(index, &difference(&has, &had));
        Renamed { left_alone, joined }
    }
}

fn difference(of: &[Identifier], without: &[Identifier]) -> Vec<Identifier> {
    let missing = of.iter().filter(|name| !without.contains(name));
    missing.copied().collect()
}

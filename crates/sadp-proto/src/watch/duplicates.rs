//! Who has an address or a MAC in common.

use std::{collections::HashMap, net::Ipv4Addr};

use sadp_model::{Device, MacAddr, Shared};

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

//! Summaries of a site: device states, and subnets with devices that this computer
//! is not in.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    net::Ipv4Addr,
};

use crate::{Device, DeviceRecord, State};
use ipnet::Ipv4Net;

/// How many devices there are, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// Those without a password.
    pub unactivated: usize,
    /// Locked ones.
    pub locked: usize,
    /// Those with a password.
    pub active: usize,
    /// Those of unknown state.
    pub unknown: usize,
}

impl DeviceCounts {
    /// Counts devices.
    pub fn of<'a>(devices: impl Iterator<Item = &'a Device>) -> Self {
        let mut counts = Self::default();
        for device in devices {
            let count = match device.state {
                Some(State::Unactivated) => &mut counts.unactivated,
                Some(State::Locked { .. }) => &mut counts.locked,
                Some(State::Active) => &mut counts.active,
                None => &mut counts.unknown,
            };
            *count += 1;
        }
        counts
    }

    /// The number of all devices.
    pub fn total(&self) -> usize {
        self.unactivated + self.locked + self.active + self.unknown
    }
}

/// A subnet with devices that this computer is not in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffSubnet {
    /// The subnet. It has 24 bits if no device reported a plausible mask.
    pub network: Ipv4Net,
    /// How many devices are in it.
    pub devices: usize,
    /// The interface that they were found on.
    pub interface: String,
    /// An address in it that no device is known to have, for this computer to use.
    pub free: Ipv4Net,
    /// Whether it contains one of this computer's own networks.
    pub overlaps: bool,
}

/// The addresses that are known to be in use, and the networks of this computer.
#[derive(Debug)]
pub struct KnownAddresses {
    taken: HashSet<Ipv4Addr>,
    local: Vec<Ipv4Net>,
}

impl KnownAddresses {
    /// Collects those of all devices, of their gateways and of this computer.
    pub fn new<'a>(devices: impl Iterator<Item = &'a Device>, local: &[Ipv4Net]) -> Self {
        let mut taken: HashSet<_> = local.iter().map(Ipv4Net::addr).collect();
        for device in devices {
            taken.extend(device.ipv4.address);
            taken.extend(device.ipv4.gateway);
        }
        Self {
            taken,
            local: local.to_vec(),
        }
    }

    /// Groups devices that have the warning
    /// [`OffSubnet`](crate::Warning::OffSubnet) by subnet and interface, largest
    /// group first. A subnet without a free address is left out.
    pub fn off_subnet<'a>(
        &self,
        entries: impl Iterator<Item = &'a DeviceRecord>,
    ) -> Vec<OffSubnet> {
        let mut networks: BTreeMap<(Ipv4Net, &str), usize> = BTreeMap::new();
        for entry in entries {
            if let (Some(network), Some(seen)) = (network_of(&entry.device), entry.seen.first()) {
                *networks.entry((network, &*seen.interface)).or_default() += 1;
            }
        }
        let mut subnets: Vec<_> = networks
            .into_iter()
            .filter_map(|((network, interface), devices)| {
                Some(OffSubnet {
                    network,
                    devices,
                    interface: interface.into(),
                    free: Ipv4Net::new(self.free_in(network)?, network.prefix_len()).ok()?,
                    overlaps: self.local.iter().any(|net| network.contains(&net.addr())),
                })
            })
            .collect();
        subnets.sort_by_key(|subnet| Reverse(subnet.devices));
        subnets
    }

    /// An address near the end, where installers rarely put cameras.
    fn free_in(&self, network: Ipv4Net) -> Option<Ipv4Addr> {
        let broadcast = u32::from(network.broadcast());
        (5..64u32)
            .filter_map(|below| broadcast.checked_sub(below))
            .map(Ipv4Addr::from)
            .take_while(|address| network.contains(address) && *address != network.network())
            .find(|address| !self.taken.contains(address))
    }
}

/// The network of a device. Masks that are not plausible in a LAN are ignored.
fn network_of(device: &Device) -> Option<Ipv4Net> {
    let reported = device
        .ipv4
        .network()
        .filter(|network| (8..=30).contains(&network.prefix_len()));
    let network = match reported {
        Some(network) => network,
        None => Ipv4Net::new(device.ipv4.address?, 24).ok()?,
    };
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recorded_at;

    fn subnets(entries: &[DeviceRecord], local: &[Ipv4Net]) -> Vec<OffSubnet> {
        let devices = entries.iter().map(|entry| &*entry.device);
        KnownAddresses::new(devices, local).off_subnet(entries.iter())
    }

    #[test]
    fn subnets_come_with_an_address_that_nobody_has() {
        let addresses = [[10, 3, 3, 3], [192, 168, 1, 64], [192, 168, 1, 250]];
        let local = ["192.168.1.5/24".parse().unwrap()];
        let subnets = subnets(&recorded_at(&addresses), &local);
        let expected = OffSubnet {
            network: "192.168.1.0/24".parse().unwrap(),
            devices: 2,
            interface: "lan0".into(),
            free: "192.168.1.249/24".parse().unwrap(),
            overlaps: true,
        };
        assert_eq!(subnets[0], expected);
        let other = ("10.3.3.0/24".parse().unwrap(), 1, false);
        assert_eq!(
            (subnets[1].network, subnets[1].devices, subnets[1].overlaps),
            other
        );
    }

    #[test]
    fn an_absurd_mask_is_not_believed() {
        let mut entries = recorded_at(&[[192, 168, 1, 64]]);
        for mask in [[128, 0, 0, 0], [255, 0, 255, 0]] {
            entries[0].device.ipv4.mask = Some(mask.into());
            let network = subnets(&entries, &[])[0].network;
            assert_eq!(network.to_string(), "192.168.1.0/24");
        }
    }
}

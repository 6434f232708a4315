use std::{cmp::Reverse, collections::BTreeSet, io, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_model::{AddressError, HostSettings, NetworkFull, Warning, free_addresses};

use super::{
    WantedSettings,
    plan_file::{self, PlanRow},
};
use crate::DiscoveredDevice;

/// The addresses that a proposal gives.
#[derive(Clone, Copy, Debug)]
pub struct AddressRange {
    /// The first address.
    pub first: Ipv4Addr,
    /// The subnet mask. By default that of this computer, or of a device, there.
    pub mask: Option<Ipv4Addr>,
    /// The default gateway; `0.0.0.0` is none. By default the one that most
    /// devices there have.
    pub gateway: Option<Ipv4Addr>,
}

/// New addresses for many devices.
#[derive(Debug)]
pub struct Proposal {
    /// The devices with their new settings, in the order given.
    pub rows: Vec<(DiscoveredDevice, HostSettings)>,
    /// Devices without a MAC, or with one that another has: a plan names devices
    /// by their MAC.
    pub left_out: Vec<DiscoveredDevice>,
    /// The gateway.
    pub gateway: Option<Ipv4Addr>,
}

/// Why no addresses can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// The first address is in no network of this computer or of a device, and
    /// no mask is given.
    #[error("{first} is in none of the networks here")]
    NoNetwork {
        /// The first address.
        first: Ipv4Addr,
    },
    /// No device can have the settings.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The network has too few free addresses.
    #[error(transparent)]
    Full(#[from] NetworkFull),
}

impl Proposal {
    /// Gives free addresses to the `chosen` devices, in their order. `others` keep
    /// theirs, and so does this computer, in the networks `local`.
    pub fn new(
        chosen: Vec<DiscoveredDevice>,
        others: &[DiscoveredDevice],
        local: &[Ipv4Net],
        range: AddressRange,
    ) -> Result<Self, ProposalError> {
        let (chosen, left_out): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_named);
        let network = range.network(local, chosen.iter().chain(others))?;
        let gateway = range.gateway(network, chosen.iter().chain(others));
        let mut taken: BTreeSet<_> = local.iter().map(Ipv4Net::addr).collect();
        for found in others.iter().chain(&left_out) {
            taken.extend(found.entry.device.ipv4.address);
            taken.extend(found.entry.device.ipv4.gateway);
        }
        taken.extend(chosen.iter().filter_map(|it| it.entry.device.ipv4.gateway));
        taken.extend(gateway);
        let addresses = free_addresses(range.first, network, &taken, chosen.len())?;
        let mut rows = Vec::new();
        for (device, address) in chosen.into_iter().zip(addresses) {
            let settings = HostSettings::new(address, network.netmask(), gateway)?;
            rows.push((device, settings));
        }
        Ok(Self {
            rows,
            left_out,
            gateway,
        })
    }

    /// The rows of its plan, as its file would be read.
    pub fn plan_rows(&self) -> Vec<PlanRow> {
        // The titles are the first line.
        let rows = (2..)
            .zip(&self.rows)
            .filter_map(|(line, (found, settings))| {
                let device = &found.entry.device;
                let wanted = WantedSettings {
                    address: Some(settings.address()),
                    mask: Some(settings.mask()),
                    gateway: Some(settings.gateway().unwrap_or(Ipv4Addr::UNSPECIFIED)),
                    dhcp: Some(false),
                    http: device.ports.http,
                    sdk: device.ports.sdk,
                };
                Some(PlanRow {
                    line,
                    mac: device.mac?,
                    address: settings.address(),
                    wanted,
                    site_name: found.site_name.as_deref().cloned().unwrap_or_default(),
                })
            });
        rows.collect()
    }

    /// Its plan as a table: the titles, and the cells of each device.
    pub fn table(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let rows = self.rows.iter();
        let rows = rows.map(|(found, it)| plan_file::cells(found, *it));
        (plan_file::titles().collect(), rows.collect())
    }

    /// Writes it as a plan file in CSV.
    pub fn write(&self, out: impl io::Write) -> io::Result<()> {
        plan_file::write(out, &self.rows)
    }
}

fn is_named(found: &DiscoveredDevice) -> bool {
    found.entry.device.identity().is_some() && !found.warnings.contains(Warning::DuplicateMac)
}

impl AddressRange {
    /// Splits devices into those that need an address of this range's network, and
    /// those that keep theirs. A device needs one that has none, a factory address,
    /// one that another has, or one outside of the network.
    pub fn split(
        &self,
        devices: Vec<DiscoveredDevice>,
        local: &[Ipv4Net],
    ) -> Result<(Vec<DiscoveredDevice>, Vec<DiscoveredDevice>), ProposalError> {
        let network = self.network(local, devices.iter())?;
        let split = devices.into_iter().partition(|found| {
            let address = found.entry.device.ipv4.address;
            let unusable = Warning::FactoryAddress | Warning::DuplicateIp;
            !found.warnings.is_disjoint(unusable)
                || !address.is_some_and(|it| network.contains(&it))
        });
        Ok(split)
    }

    /// The network that the addresses are of.
    fn network<'a>(
        &self,
        local: &[Ipv4Net],
        devices: impl Iterator<Item = &'a DiscoveredDevice>,
    ) -> Result<Ipv4Net, ProposalError> {
        let first = self.first;
        let theirs = devices.filter_map(|it| it.entry.device.ipv4.network());
        let mut networks = local.iter().copied().chain(theirs);
        let network = networks.find(|it| it.contains(&first) && !it.addr().is_loopback());
        let mask = self.mask.or_else(|| network.map(|it| it.netmask()));
        let mask = mask.ok_or(ProposalError::NoNetwork { first })?;
        let gateway = self.gateway.filter(|it| *it != first);
        Ok(HostSettings::new(first, mask, gateway)?.network())
    }

    /// The gateway that is wanted; else the one that most devices of the network
    /// have.
    fn gateway<'a>(
        &self,
        network: Ipv4Net,
        devices: impl Iterator<Item = &'a DiscoveredDevice>,
    ) -> Option<Ipv4Addr> {
        if let Some(gateway) = self.gateway {
            return Some(gateway).filter(|gateway| !gateway.is_unspecified());
        }
        let edges = [network.network(), network.broadcast()];
        let gateways: Vec<_> = devices
            .filter_map(|found| found.entry.device.ipv4.gateway)
            .filter(|it| network.contains(it) && !edges.contains(it))
            .collect();
        let times = |wanted: &Ipv4Addr| gateways.iter().filter(|it| *it == wanted).count();
        let gateways = gateways.iter().copied();
        gateways.max_by_key(|it| (times(it), Reverse(*it)))
    }
}

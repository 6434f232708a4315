//! What a hand-over document of a site contains: its devices, its address plan, what
//! recovery is prepared, and what is missing. Nothing is sent, and it holds no secret.

use std::{collections::BTreeMap, net::Ipv4Addr, ops::RangeInclusive, path::PathBuf};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_model::Device;
use sadp_reset::{Case, GuidRecord, LedgerError, Vault};

use crate::{
    DiscoveredDevice, Session,
    audit::AuditedDevice,
    cameras::{self, CameraBehind},
    network::plan_file::PlanRow,
    recovery::{History, methods::AssessedDevice},
};

/// What a hand-over document contains.
#[derive(Clone, Debug)]
pub struct SiteReport {
    /// The time.
    pub at: Timestamp,
    /// The devices, by address; those without one are last.
    pub devices: Vec<ReportedDevice>,
    /// The subnets that devices report, by address.
    pub subnets: Vec<SubnetUse>,
    /// Cameras that are known by their recorder alone, by recorder and channel.
    pub cameras: Vec<CameraBehind>,
    /// The folder of GUID files.
    pub vault: PathBuf,
    /// Whether devices were asked what is set up on them.
    pub asked: bool,
}

/// What a document is made from.
#[derive(Debug)]
pub struct SiteSources<'a> {
    /// The devices.
    pub devices: Vec<DiscoveredDevice>,
    /// Whether they were asked what is set up on them.
    pub asked: bool,
    /// The addresses that they are to get.
    pub plan: &'a [PlanRow],
}

/// A device of the site.
#[derive(Clone, Debug)]
pub struct ReportedDevice {
    /// The device, with its recovery methods and findings.
    pub audited: AuditedDevice,
    /// The newest GUID in the vault that is not known to be void.
    pub guid: Option<GuidRecord>,
    /// The request to the vendor's support that waits for an answer.
    pub request: Option<Case>,
    /// The address that a plan gives it.
    pub planned: Option<Ipv4Addr>,
    /// The recorder that it is behind, as that listed it last.
    pub behind: Option<CameraBehind>,
}

/// How the addresses of a subnet are used, as far as devices report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetUse {
    /// The subnet.
    pub network: Ipv4Net,
    /// Addresses with a use.
    pub used: BTreeMap<Ipv4Addr, AddressUse>,
    /// Host addresses without a use, in ranges. A device that is switched off is not
    /// seen: such an address may be in use all the same.
    pub free: Vec<RangeInclusive<Ipv4Addr>>,
}

/// How an address is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressUse {
    /// How many devices have it. More than one is a conflict.
    pub devices: usize,
    /// Whether it is the default gateway of a device in the subnet.
    pub gateway: bool,
    /// Whether a plan gives it to a device that does not have it yet.
    pub planned: bool,
}

impl ReportedDevice {
    /// What the device reports of itself.
    pub fn device(&self) -> &Device {
        &self.audited.assessed.device.entry.device
    }
}

/// Gathers what a document about these devices contains.
pub fn site_report(session: &Session, sources: SiteSources<'_>) -> Result<SiteReport, LedgerError> {
    let SiteSources { devices, plan, .. } = sources;
    let history = History::read(session.ledger(), session.now())?;
    let mut cameras = cameras::behind(session, &devices);
    let reported = devices.into_iter().map(|device| {
        let audited = AuditedDevice::new(AssessedDevice::new(device, &history));
        let device = &audited.assessed.device;
        let guid = history.usable_guid(device).cloned();
        let request = history.open_request(device).map(|(case, _)| case.clone());
        let own = &device.entry.device;
        let row = plan.iter().find(|row| own.identity() == Some(row.mac));
        let planned = row.map(|row| row.address);
        ReportedDevice {
            planned: planned.filter(|planned| Some(*planned) != own.ipv4.address),
            behind: cameras.iter().find(|camera| camera.is(own)).cloned(),
            guid,
            request,
            audited,
        }
    });
    let mut devices: Vec<_> = reported.collect();
    cameras.retain(|camera| !devices.iter().any(|it| camera.is(it.device())));
    devices.sort_by_key(|it| {
        let address = it.device().ipv4.address;
        (address.is_none(), address, it.device().mac)
    });
    Ok(SiteReport {
        at: session.now(),
        subnets: subnets(&devices, &cameras),
        devices,
        cameras,
        vault: Vault::new(session.state()).folder().to_owned(),
        asked: sources.asked,
    })
}

fn subnets(devices: &[ReportedDevice], cameras: &[CameraBehind]) -> Vec<SubnetUse> {
    let mut subnets = BTreeMap::<Ipv4Net, BTreeMap<Ipv4Addr, AddressUse>>::new();
    for device in devices {
        let ipv4 = &device.device().ipv4;
        let Some(network) = ipv4.network() else {
            continue;
        };
        let used = subnets.entry(network.trunc()).or_default();
        if let Some(gateway) = ipv4.gateway.filter(|it| network.contains(it)) {
            used.entry(gateway).or_default().gateway = true;
        }
    }
    // An address is in the narrowest subnet that has it, whatever mask its device has.
    for device in devices {
        let reported = device.device().ipv4.address;
        for address in reported.into_iter().chain(device.planned) {
            let containing = subnets.iter_mut().filter(|(net, _)| net.contains(&address));
            if let Some((_, used)) = containing.max_by_key(|(net, _)| net.prefix_len()) {
                let used = used.entry(address).or_default();
                used.devices += usize::from(Some(address) == reported);
                used.planned |= Some(address) == device.planned;
            }
        }
    }
    // A recorder's own network may have the same addresses; they are taken to be here.
    let addresses = cameras.iter().map(|it| it.camera.address.as_deref());
    for address in addresses.flatten().filter_map(|it| it.parse().ok()) {
        let containing = subnets.iter_mut().filter(|(net, _)| net.contains(&address));
        if let Some((_, used)) = containing.max_by_key(|(net, _)| net.prefix_len()) {
            used.entry(address).or_default().devices += 1;
        }
    }
    let subnets = subnets.into_iter().map(|(network, used)| SubnetUse {
        free: free(network, &used),
        network,
        used,
    });
    subnets.collect()
}

fn free(network: Ipv4Net, used: &BTreeMap<Ipv4Addr, AddressUse>) -> Vec<RangeInclusive<Ipv4Addr>> {
    // Networks of one or two addresses have no edges.
    let edges = u64::from(network.prefix_len() < 31);
    let mut next = u64::from(network.network().to_bits()) + edges;
    let last = u64::from(network.broadcast().to_bits()) - edges;
    let taken = used.keys().map(|it| u64::from(it.to_bits()));
    let mut free = Vec::new();
    for taken in taken.chain([last + 1]) {
        let before = taken.saturating_sub(1).min(last);
        if let (true, Ok(first), Ok(before)) =
            (next <= before, u32::try_from(next), u32::try_from(before))
        {
            free.push(first.into()..=before.into());
        }
        next = next.max(taken + 1);
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_device_has_is_free() {
        let ranges = |network: &str, used: &[[u8; 4]]| {
            let used = used.iter().map(|it| ((*it).into(), AddressUse::default()));
            let free = free(network.parse().unwrap(), &used.collect());
            let free = free.iter().map(|it| format!("{}-{}", it.start(), it.end()));
            free.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ranges("10.0.0.0/24", &[]), "10.0.0.1-10.0.0.254");
        assert_eq!(
            ranges(
                "10.0.0.0/24",
                &[[10, 0, 0, 1], [10, 0, 0, 9], [10, 0, 0, 254]]
            ),
            "10.0.0.2-10.0.0.8 10.0.0.10-10.0.0.253"
        );
        assert_eq!(
            ranges("10.0.0.0/29", &[[10, 0, 0, 0], [10, 0, 0, 7]]),
            "10.0.0.1-10.0.0.6"
        );
        assert_eq!(ranges("10.0.0.8/31", &[[10, 0, 0, 9]]), "10.0.0.8-10.0.0.8");
        assert_eq!(ranges("10.0.0.8/32", &[[10, 0, 0, 8]]), "");
        assert_eq!(ranges("0.0.0.0/0", &[]), "0.0.0.1-255.255.255.254");
        assert_eq!(ranges("255.255.255.255/32", &[[255; 4]]), "");
    }
}

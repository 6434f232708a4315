//! How to reach devices whose address is in another subnet.

use std::{
    collections::{BTreeMap, HashSet},
    net::Ipv4Addr,
};

use ipnet::Ipv4Net;
use sadp_model::{Device, Warning};

use crate::found::Found;

/// The addresses of a site that are known to be taken, and this machine's
/// networks.
#[derive(Debug)]
pub(crate) struct Addresses {
    taken: HashSet<Ipv4Addr>,
    local: Vec<Ipv4Net>,
}

impl Addresses {
    /// Those of all devices, of their gateways and of this machine.
    pub(crate) fn new<'a>(devices: impl Iterator<Item = &'a Device>, local: &[Ipv4Net]) -> Self {
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

    /// An address of a network that nobody is known to have, high up where
    /// installers rarely put cameras.
    fn free_in(&self, network: Ipv4Net) -> Option<Ipv4Addr> {
        let broadcast = u32::from(network.broadcast());
        (5..64u32)
            .filter_map(|below| broadcast.checked_sub(below))
            .map(Ipv4Addr::from)
            .take_while(|address| network.contains(address) && *address != network.network())
            .find(|address| !self.taken.contains(address))
    }
}

/// Whose commands to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    /// The one this program was built for.
    pub(crate) const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };

    /// The command that gives an interface one more address.
    pub(crate) fn add_address(self, interface: &str, address: Ipv4Net) -> String {
        match self {
            Self::Linux => format!("sudo ip addr add {address} dev {interface}"),
            Self::MacOs => format!(
                "sudo ifconfig {interface} alias {} {}",
                address.addr(),
                address.netmask()
            ),
            Self::Windows => format!(
                "netsh interface ipv4 add address \"{interface}\" {} {}",
                address.addr(),
                address.netmask()
            ),
        }
    }
}

/// The most networks to advise on.
const MAX_NETWORKS: usize = 3;

/// A hint for each of the networks most devices out of reach are in.
pub(super) fn hints(devices: &[Found], site: &Addresses, platform: Platform) -> Vec<String> {
    let mut networks = out_of_reach(devices, site, platform);
    let left = networks.len().saturating_sub(MAX_NETWORKS);
    networks.truncate(MAX_NETWORKS);
    let mut hints: Vec<_> = networks
        .into_iter()
        .map(|far| {
            let whose = if far.devices == 1 {
                "1 device is".into()
            } else {
                format!("{} devices are", far.devices)
            };
            let (network, remedy) = (far.network, far.remedy());
            format!("{whose} in {network}, out of reach; {remedy}")
        })
        .collect();
    if left > 0 {
        hints.push(format!("devices in {left} more networks are out of reach"));
    }
    hints
}

/// A network that devices are in and this machine is not.
#[derive(Debug)]
pub(crate) struct OutOfReach {
    pub(crate) network: Ipv4Net,
    pub(crate) devices: usize,
    /// The command that gives this machine an address there.
    command: String,
    /// Whether it holds a network of this machine's.
    overlaps: bool,
}

impl OutOfReach {
    /// What to do to reach it.
    pub(crate) fn remedy(&self) -> String {
        let caution = if self.overlaps {
            ", though it overlaps one of this machine's own"
        } else {
            ""
        };
        format!("to reach that network{caution}: {}", self.command)
    }
}

/// The networks that devices out of reach are in, most devices first.
pub(crate) fn out_of_reach(
    devices: &[Found],
    site: &Addresses,
    platform: Platform,
) -> Vec<OutOfReach> {
    let mut networks: BTreeMap<(Ipv4Net, &str), usize> = BTreeMap::new();
    for found in devices {
        if let Some((network, interface)) = off_subnet(found) {
            *networks.entry((network, interface)).or_default() += 1;
        }
    }
    let mut networks: Vec<_> = networks.into_iter().collect();
    networks.sort_by_key(|&(_, number)| std::cmp::Reverse(number));
    let far = |((network, interface), devices): ((Ipv4Net, &str), usize)| {
        let free = site.free_in(network)?;
        let own = Ipv4Net::new(free, network.prefix_len()).ok()?;
        Some(OutOfReach {
            network,
            devices,
            command: platform.add_address(interface, own),
            overlaps: site.local.iter().any(|net| network.contains(&net.addr())),
        })
    };
    networks.into_iter().filter_map(far).collect()
}

/// The network of a device out of reach, and where it was heard. A mask that
/// cannot be a LAN's is not believed.
fn off_subnet(found: &Found) -> Option<(Ipv4Net, &str)> {
    if !found.warnings.contains(&Warning::OffSubnet) {
        return None;
    }
    let ipv4 = &found.entry.device.ipv4;
    let interface = &*found.entry.seen.first()?.interface;
    let told = ipv4
        .network()
        .filter(|network| (8..=30).contains(&network.prefix_len()));
    let network = match told {
        Some(network) => network,
        None => Ipv4Net::new(ipv4.address?, 24).ok()?,
    };
    Some((network.trunc(), interface))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sadp_model::{MacAddr, Registry, Sighting, Via};

    use super::*;

    fn site(addresses: &[[u8; 4]]) -> Vec<Found> {
        let mut registry = Registry::new();
        for (number, address) in (0u8..).zip(addresses) {
            let mut device = Device::unknown();
            device.mac = Some(MacAddr::new([0xc4, 0x2f, 0x90, 0, 0, number]));
            device.ipv4.address = Some((*address).into());
            device.ipv4.mask = Some(Ipv4Addr::new(255, 255, 255, 0));
            let sighting = Sighting {
                interface: "lan0".into(),
                from: [10, 0, 0, 2].into(),
                via: Via::Multicast,
                at: Timestamp::UNIX_EPOCH,
            };
            registry.record(device, sighting);
        }
        Found::assess_all(registry.into_entries(), &["10.0.0.1/8".parse().unwrap()])
    }

    fn told(devices: &[Found], platform: Platform) -> Vec<String> {
        let all = devices.iter().map(|found| &found.entry.device);
        hints(devices, &Addresses::new(all, &[]), platform)
    }

    #[test]
    fn the_command_names_an_address_nobody_has() {
        let devices = site(&[[192, 168, 1, 64], [192, 168, 1, 250], [10, 3, 3, 3]]);
        assert_eq!(
            told(&devices, Platform::Linux),
            [
                "2 devices are in 192.168.1.0/24, out of reach; to reach that network: sudo ip addr add 192.168.1.249/24 dev lan0"
            ]
        );
        let other = |platform| told(&devices, platform).concat();
        assert!(
            other(Platform::MacOs)
                .ends_with("sudo ifconfig lan0 alias 192.168.1.249 255.255.255.0")
        );
        assert!(
            other(Platform::Windows)
                .ends_with("netsh interface ipv4 add address \"lan0\" 192.168.1.249 255.255.255.0")
        );
    }

    #[test]
    fn many_networks_bring_few_hints() {
        let addresses: Vec<_> = (0..9).map(|third| [172, 16, third, 64]).collect();
        let hints = told(&site(&addresses), Platform::Linux);
        assert_eq!(hints.len(), MAX_NETWORKS + 1);
        assert_eq!(
            hints.last().unwrap(),
            "devices in 6 more networks are out of reach"
        );
    }

    #[test]
    fn an_absurd_mask_is_not_believed() {
        let mut devices = site(&[[192, 168, 1, 64]]);
        devices[0].entry.device.ipv4.mask = Some(Ipv4Addr::new(128, 0, 0, 0));
        assert!(told(&devices, Platform::Linux)[0].contains("192.168.1.0/24"));
        devices[0].entry.device.ipv4.mask = Some(Ipv4Addr::new(255, 0, 255, 0));
        assert!(told(&devices, Platform::Linux)[0].contains("192.168.1.0/24"));
    }
}

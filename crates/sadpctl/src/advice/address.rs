//! How to reach devices whose address is in another subnet.

use ipnet::Ipv4Net;
use sadp_model::{KnownAddresses, OffSubnet, Warning};

use sadp_ops::DiscoveredDevice;

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
pub(super) fn hints(
    devices: &[DiscoveredDevice],
    site: &KnownAddresses,
    platform: Platform,
) -> Vec<String> {
    let far = devices
        .iter()
        .filter(|found| found.warnings.contains(&Warning::OffSubnet));
    let mut networks = site.off_subnet(far.map(|found| &found.entry));
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
            let (network, remedy) = (far.network, reach(&far, platform));
            format!("{whose} in {network}, out of reach; {remedy}")
        })
        .collect();
    if left > 0 {
        hints.push(format!("devices in {left} more networks are out of reach"));
    }
    hints
}

/// What to do to reach a subnet.
pub(crate) fn reach(subnet: &OffSubnet, platform: Platform) -> String {
    let caution = if subnet.overlaps {
        ", though it overlaps one of this machine's own"
    } else {
        ""
    };
    let command = platform.add_address(&subnet.interface, subnet.free);
    format!("to reach that network{caution}: {command}")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use jiff::Timestamp;
    use sadp_model::{Device, MacAddr, Registry, Sighting, Via};

    use super::*;

    fn site(addresses: &[[u8; 4]]) -> Vec<DiscoveredDevice> {
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
        DiscoveredDevice::assess_all(registry.into_entries(), &["10.0.0.1/8".parse().unwrap()])
    }

    fn told(devices: &[DiscoveredDevice], platform: Platform) -> Vec<String> {
        let all = devices.iter().map(|found| &found.entry.device);
        hints(devices, &KnownAddresses::new(all, &[]), platform)
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
}

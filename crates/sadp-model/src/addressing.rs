//! Valid IPv4 settings, free addresses, and the order in which devices can take new
//! addresses.

mod order;

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;

pub use self::order::{AddressStep, Move, NoSpare, order};

/// Valid IPv4 settings: a host address under its mask, and a gateway in the same
/// network, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSettings {
    network: Ipv4Net,
    gateway: Option<Ipv4Addr>,
}

impl HostSettings {
    /// Checks the settings. The gateway `0.0.0.0` counts as none.
    pub fn new(
        address: Ipv4Addr,
        mask: Ipv4Addr,
        gateway: Option<Ipv4Addr>,
    ) -> Result<Self, AddressError> {
        let network = Ipv4Net::with_netmask(address, mask)
            .ok()
            .filter(|network| network.prefix_len() > 0)
            .ok_or(AddressError::Mask(mask))?;
        let special = address.is_unspecified()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_loopback();
        if special {
            return Err(AddressError::NoHost(address));
        }
        if !is_host(address, network) {
            let network = network.trunc();
            return Err(AddressError::Edge { address, network });
        }
        let gateway = gateway.filter(|gateway| !gateway.is_unspecified());
        if let Some(gateway) = gateway {
            if gateway == address {
                return Err(AddressError::OwnGateway(gateway));
            }
            if !network.contains(&gateway) || !is_host(gateway, network) {
                let network = network.trunc();
                return Err(AddressError::Gateway { gateway, network });
            }
        }
        Ok(Self { network, gateway })
    }

    /// The address.
    pub fn address(&self) -> Ipv4Addr {
        self.network.addr()
    }

    /// The subnet mask.
    pub fn mask(&self) -> Ipv4Addr {
        self.network.netmask()
    }

    /// The default gateway.
    pub fn gateway(&self) -> Option<Ipv4Addr> {
        self.gateway
    }

    /// The network the address is in.
    pub fn network(&self) -> Ipv4Net {
        self.network.trunc()
    }
}

/// Why IPv4 settings are not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The mask has no ones, or zeros before a one.
    #[error("{0} is not a valid subnet mask")]
    Mask(Ipv4Addr),
    /// The address is unspecified, multicast, broadcast or loopback.
    #[error("{0} is not a valid address for a device")]
    NoHost(Ipv4Addr),
    /// The network or broadcast address.
    #[error("{address} is the network or broadcast address of {network}")]
    Edge {
        /// The address.
        address: Ipv4Addr,
        /// Its network.
        network: Ipv4Net,
    },
    /// The gateway is not in the network of the address.
    #[error("the gateway {gateway} is not in {network}")]
    Gateway {
        /// The gateway.
        gateway: Ipv4Addr,
        /// The network of the address.
        network: Ipv4Net,
    },
    /// The gateway is the address itself.
    #[error("{0} is both the address and the gateway")]
    OwnGateway(Ipv4Addr),
}

/// Reads a subnet mask as people write it, or the length of its prefix: `255.255.255.0`,
/// `24` or `/24`.
pub fn read_mask(text: &str) -> Option<Ipv4Addr> {
    let prefix = text.trim_start_matches('/').parse();
    let of_prefix = prefix
        .ok()
        .and_then(|it| Ipv4Net::new(Ipv4Addr::UNSPECIFIED, it).ok());
    of_prefix
        .map(|it| it.netmask())
        .or_else(|| text.parse().ok())
        .filter(|it| ipnet::ipv4_mask_to_prefix(*it).is_ok())
}

/// Returns `wanted` free host addresses of `network`, upwards from `from`, without
/// those in `taken`.
pub fn free_addresses(
    from: Ipv4Addr,
    network: Ipv4Net,
    taken: &BTreeSet<Ipv4Addr>,
    wanted: usize,
) -> Result<Vec<Ipv4Addr>, NetworkFull> {
    let mut found = Vec::new();
    let mut next = Some(from);
    while let Some(address) = next.filter(|address| network.contains(address)) {
        if found.len() == wanted {
            break;
        }
        if is_host(address, network) && !taken.contains(&address) {
            found.push(address);
        }
        next = u32::from(address).checked_add(1).map(Ipv4Addr::from);
    }
    if found.len() < wanted {
        return Err(NetworkFull {
            from,
            network: network.trunc(),
            wanted,
            free: found.len(),
        });
    }
    Ok(found)
}

/// A network has too few free addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{network} has {free} free addresses from {from} on, {wanted} are needed")]
pub struct NetworkFull {
    /// The first address that was checked.
    pub from: Ipv4Addr,
    /// The network.
    pub network: Ipv4Net,
    /// How many addresses were wanted.
    pub wanted: usize,
    /// How many are free.
    pub free: usize,
}

/// Whether an address can be a host's. Networks of one or two addresses have no
/// network and broadcast address.
fn is_host(address: Ipv4Addr, network: Ipv4Net) -> bool {
    network.prefix_len() > 30 || (address != network.network() && address != network.broadcast())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(address: &str, mask: &str, gateway: &str) -> Result<HostSettings, AddressError> {
        let gateway = (!gateway.is_empty()).then(|| gateway.parse().unwrap());
        HostSettings::new(address.parse().unwrap(), mask.parse().unwrap(), gateway)
    }

    #[test]
    fn what_a_device_can_have_is_taken() {
        for (address, mask, gateway) in [
            ("192.168.1.64", "255.255.255.0", "192.168.1.1"),
            ("192.168.1.64", "255.255.255.0", ""),
            ("192.168.1.64", "255.255.255.0", "0.0.0.0"),
            ("10.0.0.0", "255.255.255.254", "10.0.0.1"),
            ("10.0.0.1", "255.255.255.254", "10.0.0.0"),
            ("10.0.0.7", "255.255.255.255", ""),
            ("10.1.0.0", "255.0.0.0", ""),
        ] {
            let settings = settings(address, mask, gateway).unwrap();
            assert_eq!(settings.address().to_string(), address);
            assert_eq!(settings.mask().to_string(), mask);
        }
        let none = settings("10.0.0.7", "255.0.0.0", "0.0.0.0").unwrap();
        assert_eq!(none.gateway(), None);
        assert_eq!(none.network().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn what_no_device_can_have_is_refused() {
        let network: Ipv4Net = "192.168.1.0/24".parse().unwrap();
        for mask in ["255.0.255.0", "0.0.0.0", "0.0.0.255"] {
            let error = settings("192.168.1.64", mask, "").unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{mask} is not a valid subnet mask")
            );
        }
        for address in ["0.0.0.0", "224.0.0.9", "127.0.0.9"] {
            let error = settings(address, "255.255.255.0", "").unwrap_err();
            let expected = format!("{address} is not a valid address for a device");
            assert_eq!(error.to_string(), expected);
        }
        for edge in ["192.168.1.0", "192.168.1.255"] {
            let address = edge.parse().unwrap();
            let expected = Err(AddressError::Edge { address, network });
            assert_eq!(settings(edge, "255.255.255.0", ""), expected);
        }
        for beyond in ["192.168.2.1", "192.168.1.255", "192.168.1.0"] {
            let gateway = beyond.parse().unwrap();
            let expected = Err(AddressError::Gateway { gateway, network });
            assert_eq!(settings("192.168.1.9", "255.255.255.0", beyond), expected);
        }
        let own = "192.168.1.9";
        let gateway = own.parse().unwrap();
        let expected = Err(AddressError::OwnGateway(gateway));
        assert_eq!(settings(own, "255.255.255.0", own), expected);
    }

    #[test]
    fn free_addresses_pass_over_those_taken() {
        let network = "192.168.1.0/29".parse().unwrap();
        let taken = BTreeSet::from(["192.168.1.3".parse().unwrap()]);
        let free =
            |from: &str, wanted| free_addresses(from.parse().unwrap(), network, &taken, wanted);
        let found = free("192.168.1.0", 5).unwrap();
        let last: Vec<_> = found.iter().map(|address| address.octets()[3]).collect();
        assert_eq!(last, [1, 2, 4, 5, 6]);
        let full = free("192.168.1.2", 9).unwrap_err();
        assert_eq!((full.wanted, full.free), (9, 4));
        assert_eq!(free("192.168.2.2", 1).unwrap_err().free, 0);
        assert_eq!(free("192.168.2.2", 0), Ok(Vec::new()));
        let top = "255.255.255.254/31".parse().unwrap();
        let from = Ipv4Addr::new(255, 255, 255, 254);
        let all = free_addresses(from, top, &BTreeSet::new(), 2).unwrap();
        assert_eq!(all.len(), 2);
    }
}

//! This computer's IPv4 interfaces.

use std::{collections::BTreeSet, io, net::Ipv4Addr, sync::Arc};

use if_addrs::IfAddr;
use ipnet::Ipv4Net;

/// One IPv4 address of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name, e.g. `eth0`.
    pub name: Arc<str>,
    /// Its index in the operating system.
    pub index: Option<u32>,
    /// The address and its network.
    pub network: Ipv4Net,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Whether it is a loopback interface.
    pub loopback: bool,
}

impl Interface {
    /// The address.
    pub fn address(&self) -> Ipv4Addr {
        self.network.addr()
    }

    /// Whether this is its name or IPv4 address.
    pub fn answers_to(&self, name: &str) -> bool {
        &*self.name == name
            || self.card() == name
            || name
                .parse()
                .is_ok_and(|address: Ipv4Addr| address == self.address())
    }

    /// The name without the label of additional addresses, as in `eth0:1`.
    pub fn card(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

/// Returns all IPv4 addresses of this computer.
pub fn list() -> io::Result<Vec<Interface>> {
    let all = if_addrs::get_if_addrs()?;
    Ok(all.into_iter().filter_map(from_system).collect())
}

/// Returns the names of all interfaces with an address of any kind.
pub fn names() -> io::Result<BTreeSet<String>> {
    let all = if_addrs::get_if_addrs()?;
    Ok(all.into_iter().map(|interface| interface.name).collect())
}

/// Returns whether an interface's name is that of a VPN, a container or a virtual
/// machine.
pub fn is_virtual(interface: &str) -> bool {
    // The last ones are Windows' names.
    const PREFIXES: &str = "docker br- veth virbr vmnet vboxnet tun tap wg utun ppp tailscale zt \
        vmware virtualbox";
    let name = interface.to_ascii_lowercase();
    let mut prefixes = PREFIXES.split(' ');
    prefixes.any(|prefix| name.starts_with(prefix))
}

fn from_system(found: if_addrs::Interface) -> Option<Interface> {
    let up = found.is_oper_up();
    let loopback = found.is_loopback();
    let IfAddr::V4(address) = found.addr else {
        return None;
    };
    // A mask with gaps is no network: the address alone still works.
    let network = Ipv4Net::with_netmask(address.ip, address.netmask)
        .unwrap_or_else(|_| Ipv4Net::from(address.ip));
    Some(Interface {
        name: found.name.into(),
        index: found.index,
        network,
        up,
        loopback,
    })
}

#[cfg(test)]
impl Interface {
    /// An interface that is up, with a network as in `192.168.1.10/24`.
    pub(crate) fn sample(name: &str, network: &str) -> Self {
        Self {
            name: name.into(),
            index: Some(1),
            network: network.parse().unwrap(),
            up: true,
            loopback: network.starts_with("127."),
        }
    }
}

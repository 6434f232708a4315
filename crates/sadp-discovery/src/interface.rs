//! This machine's IPv4 interfaces, and which of them to use.

use std::{collections::BTreeSet, io, net::Ipv4Addr, sync::Arc};

use if_addrs::IfAddr;
use ipnet::Ipv4Net;

use crate::ScanError;

/// One IPv4 address of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name, e.g. `eth0`.
    pub name: Arc<str>,
    /// The operating system's number for it.
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

    /// Whether it is meant by this name or IPv4 address.
    pub fn answers_to(&self, name: &str) -> bool {
        &*self.name == name
            || self.card() == name
            || name
                .parse()
                .is_ok_and(|address: Ipv4Addr| address == self.address())
    }

    /// The name without the label that its further addresses may carry, as in
    /// `eth0:1`.
    pub fn card(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

/// All IPv4 addresses of this machine, one entry each.
pub fn list() -> io::Result<Vec<Interface>> {
    let all = if_addrs::get_if_addrs()?;
    Ok(all.into_iter().filter_map(from_system).collect())
}

/// The names of all interfaces that have an address of any kind.
pub fn names() -> io::Result<BTreeSet<String>> {
    let all = if_addrs::get_if_addrs()?;
    Ok(all.into_iter().map(|interface| interface.name).collect())
}

/// Returns whether an interface's name is that of a VPN, a container or a virtual
/// machine.
pub fn is_virtual(interface: &str) -> bool {
    // The last ones are Windows' names.
    const PREFIXES: [&str; 15] = [
        "docker",
        "br-",
        "veth",
        "virbr",
        "vmnet",
        "vboxnet",
        "tun",
        "tap",
        "wg",
        "utun",
        "ppp",
        "tailscale",
        "zt",
        "vmware",
        "virtualbox",
    ];
    let name = interface.to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn from_system(found: if_addrs::Interface) -> Option<Interface> {
    let up = found.is_oper_up();
    let loopback = found.is_loopback();
    let IfAddr::V4(address) = found.addr else {
        return None;
    };
    // A mask with holes cannot be a network: the address alone still works.
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

/// The interfaces to use: those named, by name or by IPv4 address, or where
/// none is named all that are up and not loopback.
pub(crate) fn choose(all: Vec<Interface>, named: &[String]) -> Result<Vec<Interface>, ScanError> {
    if named.is_empty() {
        let chosen: Vec<_> = all
            .into_iter()
            .filter(|interface| interface.up && !interface.loopback)
            .collect();
        return if chosen.is_empty() {
            Err(ScanError::NoInterface)
        } else {
            Ok(chosen)
        };
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in named {
        let matching = all.iter().filter(|interface| interface.answers_to(name));
        let before = chosen.len();
        let mut known = false;
        for interface in matching {
            known = true;
            if !chosen.contains(interface) {
                chosen.push(interface.clone());
            }
        }
        if !known {
            return Err(ScanError::UnknownInterface {
                name: name.clone(),
                known: describe(&all),
            });
        }
        if chosen.iter().skip(before).any(|interface| !interface.up) {
            return Err(ScanError::InterfaceDown { name: name.clone() });
        }
    }
    Ok(chosen)
}

/// Those of the interfaces to use that are there and up just now.
pub(crate) fn choose_present(all: &[Interface], named: &[String]) -> Vec<Interface> {
    let wanted = |interface: &&Interface| {
        let chosen = named.iter().any(|name| interface.answers_to(name));
        interface.up && (chosen || (named.is_empty() && !interface.loopback))
    };
    all.iter().filter(wanted).cloned().collect()
}

fn describe(all: &[Interface]) -> Vec<String> {
    let describe = |interface: &Interface| format!("{} ({})", interface.name, interface.address());
    all.iter().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, network: &str, up: bool) -> Interface {
        Interface {
            name: name.into(),
            index: Some(1),
            network: network.parse().unwrap(),
            up,
            loopback: network.starts_with("127."),
        }
    }

    fn machine() -> Vec<Interface> {
        vec![
            interface("lo", "127.0.0.1/8", true),
            interface("eth0", "192.168.1.10/24", true),
            interface("eth0:1", "10.0.0.10/8", true),
            interface("wlan0", "192.168.7.10/24", false),
        ]
    }

    fn chosen(named: &[&str]) -> Vec<String> {
        let named: Vec<String> = named.iter().map(|&name| name.into()).collect();
        let chosen = choose(machine(), &named).unwrap();
        chosen
            .iter()
            .map(|interface| interface.address().to_string())
            .collect()
    }

    #[test]
    fn by_default_all_that_are_up_except_loopback() {
        assert_eq!(chosen(&[]), ["192.168.1.10", "10.0.0.10"]);
    }

    #[test]
    fn an_interface_is_named_by_its_name_or_address() {
        assert_eq!(chosen(&["eth0"]), ["192.168.1.10", "10.0.0.10"]);
        assert_eq!(chosen(&["10.0.0.10"]), ["10.0.0.10"]);
        assert_eq!(chosen(&["lo", "127.0.0.1"]), ["127.0.0.1"]);
    }

    #[test]
    fn of_those_named_the_present_ones_are_used() {
        let present = |named: &[&str]| -> Vec<String> {
            let named: Vec<String> = named.iter().map(|&name| name.into()).collect();
            let present = choose_present(&machine(), &named);
            present.iter().map(|it| it.address().to_string()).collect()
        };
        assert_eq!(present(&[]), ["192.168.1.10", "10.0.0.10"]);
        assert_eq!(present(&["lo", "wlan0", "eth9"]), ["127.0.0.1"]);
        assert_eq!(present(&["wlan0"]), [""; 0]);
    }

    #[test]
    fn unknown_and_sleeping_interfaces_are_told() {
        let choose = |name: &str| choose(machine(), &[name.to_owned()]).unwrap_err();
        assert!(
            matches!(choose("eth9"), ScanError::UnknownInterface { known, .. } if known.len() == 4)
        );
        assert!(matches!(choose("wlan0"), ScanError::InterfaceDown { .. }));
        let only_loopback = vec![interface("lo", "127.0.0.1/8", true)];
        assert!(matches!(
            super::choose(only_loopback, &[]),
            Err(ScanError::NoInterface)
        ));
    }
}

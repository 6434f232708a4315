use std::{io, net::Ipv4Addr};

use if_addrs::IfAddr;
use ipnet::Ipv4Net;

/// A network interface of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInterface {
    /// Its name.
    pub name: String,
    /// The used address.
    pub address: Ipv4Addr,
    /// The networks of all its IPv4 addresses, that of [`ServerInterface::address`] first. Their
    /// address parts are this computer's.
    pub networks: Vec<Ipv4Net>,
}

impl ServerInterface {
    /// Finds the interface with this name or IPv4 address.
    pub fn find(wanted: &str) -> Result<Self, InterfaceError> {
        let listed = if_addrs::get_if_addrs().map_err(InterfaceError::List)?;
        let addresses = listed
            .into_iter()
            .filter_map(|interface| match interface.addr {
                IfAddr::V4(v4) => Some((interface.name, Ipv4Net::new(v4.ip, v4.prefixlen).ok()?)),
                IfAddr::V6(_) => None,
            });
        Self::choose(wanted, &addresses.collect::<Vec<_>>())
    }

    /// The network of the used address.
    pub fn network(&self) -> Ipv4Net {
        self.networks
            .first()
            .copied()
            .unwrap_or_else(|| Ipv4Net::from(self.address))
    }

    fn choose(wanted: &str, addresses: &[(String, Ipv4Net)]) -> Result<Self, InterfaceError> {
        let by_name = addresses.iter().find(|(name, _)| name == wanted);
        let chosen = by_name.or_else(|| {
            let address: Ipv4Addr = wanted.parse().ok()?;
            let mut all = addresses.iter();
            all.find(|(_, network)| network.addr() == address)
        });
        let Some((name, chosen)) = chosen else {
            return Err(InterfaceError::NotFound {
                wanted: wanted.into(),
                known: addresses
                    .iter()
                    .map(|(name, network)| (name.clone(), network.addr()))
                    .collect(),
            });
        };
        let others = addresses
            .iter()
            .filter(|(other, network)| other == name && network != chosen);
        let mut networks = vec![*chosen];
        networks.extend(others.map(|(_, network)| *network));
        Ok(Self {
            name: name.clone(),
            address: chosen.addr(),
            networks,
        })
    }
}

/// Why an interface was not found.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// The system does not list its interfaces.
    #[error("cannot list the network interfaces")]
    List(#[source] io::Error),
    /// None has this name or address.
    #[error(
        "no interface is called or has the IPv4 address `{wanted}`; there are {}",
        list(known)
    )]
    NotFound {
        /// The requested name or address.
        wanted: String,
        /// Names and addresses of the existing ones.
        known: Vec<(String, Ipv4Addr)>,
    },
}

fn list(known: &[(String, Ipv4Addr)]) -> String {
    let named: Vec<String> = known
        .iter()
        .map(|(name, address)| format!("{name} ({address})"))
        .collect();
    if named.is_empty() {
        "none".into()
    } else {
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Vec<(String, Ipv4Net)> {
        [
            ("lo", "127.0.0.1/8"),
            ("lan0", "10.77.0.2/16"),
            ("lan0", "192.168.1.9/24"),
        ]
        .map(|(name, network)| (name.into(), network.parse().unwrap()))
        .into()
    }

    #[test]
    fn an_interface_is_found_by_name_or_address_with_all_its_networks() {
        let by_name = ServerInterface::choose("lan0", &addresses()).unwrap();
        assert_eq!(by_name.address, Ipv4Addr::new(10, 77, 0, 2));
        let by_address = ServerInterface::choose("192.168.1.9", &addresses()).unwrap();
        assert_eq!(by_address.name, "lan0");
        assert_eq!(by_address.network(), "192.168.1.9/24".parse().unwrap());
        assert_eq!(by_address.networks.len(), 2);
        assert_eq!(
            ServerInterface::choose("lo", &addresses())
                .unwrap()
                .networks
                .len(),
            1
        );
    }

    #[test]
    fn what_there_is_instead_is_reported() {
        let error = ServerInterface::choose("eth9", &addresses()[..1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no interface is called or has the IPv4 address `eth9`; there are lo (127.0.0.1)"
        );
        assert!(ServerInterface::choose("10.77.0.3", &addresses()).is_err());
    }
}

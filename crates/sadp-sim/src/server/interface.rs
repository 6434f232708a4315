use std::{io, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_discovery::interface::{self, Interface};

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
        let listed = interface::list().map_err(InterfaceError::List)?;
        Self::choose(wanted, &listed)
    }

    /// The network of the used address.
    pub fn network(&self) -> Ipv4Net {
        self.networks
            .first()
            .copied()
            .unwrap_or_else(|| Ipv4Net::from(self.address))
    }

    fn choose(wanted: &str, listed: &[Interface]) -> Result<Self, InterfaceError> {
        let Some(chosen) = listed.iter().find(|it| it.answers_to(wanted)) else {
            let known = listed.iter();
            let known = known.map(|it| format!("{} ({})", it.name, it.address()));
            return Err(InterfaceError::NotFound {
                wanted: wanted.into(),
                known: known.collect(),
            });
        };
        let others = listed
            .iter()
            .filter(|it| it.name == chosen.name && it.network != chosen.network);
        let mut networks = vec![chosen.network];
        networks.extend(others.map(|it| it.network));
        Ok(Self {
            name: chosen.name.to_string(),
            address: chosen.address(),
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
        if known.is_empty() { "none".into() } else { known.join(", ") }
    )]
    NotFound {
        /// The requested name or address.
        wanted: String,
        /// Names and addresses of the existing ones.
        known: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Vec<Interface> {
        [
            ("lo", "127.0.0.1/8"),
            ("lan0", "10.77.0.2/16"),
            ("lan0", "192.168.1.9/24"),
        ]
        .map(|(name, network)| Interface {
            name: name.into(),
            index: None,
            network: network.parse().unwrap(),
            up: true,
            loopback: false,
        })
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
        let loopback = ServerInterface::choose("lo", &addresses()).unwrap();
        assert_eq!(loopback.networks.len(), 1);
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

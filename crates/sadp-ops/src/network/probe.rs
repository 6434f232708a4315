//! Whether a host answers at an address, without privileges.

use std::{collections::BTreeSet, io::ErrorKind, net::Ipv4Addr, time::Duration};

use ipnet::Ipv4Net;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::{Inventory, Session};

/// What cameras and recorders listen on.
const PORTS: [u16; 2] = [80, 8000];

/// How long a reply is waited for: on a LAN it comes at once.
const WAIT: Duration = Duration::from_millis(400);

/// So many addresses at once.
const AT_ONCE: usize = 64;

/// Of these addresses, those at which a host takes or refuses a TCP connection.
/// Only addresses in this computer's networks are tried: beyond, a router may
/// answer. On a network inside this process none is tried. Silence proves little.
pub(super) async fn answering(
    addresses: impl IntoIterator<Item = Ipv4Addr>,
    inventory: &Inventory,
    session: &Session,
) -> BTreeSet<Ipv4Addr> {
    if session.scan.link.network.is_some() {
        return BTreeSet::new();
    }
    near(addresses, &inventory.local).await
}

async fn near(
    addresses: impl IntoIterator<Item = Ipv4Addr>,
    local: &[Ipv4Net],
) -> BTreeSet<Ipv4Addr> {
    let near: Vec<_> = addresses
        .into_iter()
        .filter(|address| is_near(*address, local))
        .collect();
    let mut found = BTreeSet::new();
    for some in near.chunks(AT_ONCE) {
        let probes: JoinSet<_> = some.iter().copied().map(answers).collect();
        found.extend(probes.join_all().await.into_iter().flatten());
    }
    found
}

fn is_near(address: Ipv4Addr, local: &[Ipv4Net]) -> bool {
    let mut networks = local.iter();
    networks.any(|net| net.contains(&address) && net.addr() != address)
}

/// The address, where a host answers there.
async fn answers(address: Ipv4Addr) -> Option<Ipv4Addr> {
    for port in PORTS {
        match timeout(WAIT, TcpStream::connect((address, port))).await {
            Ok(Ok(_)) => return Some(address),
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                return Some(address);
            }
            Ok(Err(_)) | Err(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_refuses_is_taken() {
        let local = ["127.0.0.1/8".parse().unwrap()];
        let there = Ipv4Addr::new(127, 0, 0, 9);
        let beyond = Ipv4Addr::new(192, 0, 2, 1);
        let found = near([there, beyond, Ipv4Addr::LOCALHOST], &local).await;
        assert_eq!(found, BTreeSet::from([there]));
    }
}

//! Whether a host answers at an address, without privileges.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use ipnet::Ipv4Net;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::{Inventory, Session};

/// What cameras and recorders listen on.
const PORTS: [u16; 2] = [80, 8000];

/// How long a reply is waited for: on a LAN it comes at once.
const WAIT: Duration = Duration::from_millis(400);

/// So many connections at once.
const AT_ONCE: usize = 256;

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
    let near = addresses.into_iter().filter(|it| is_near(*it, local));
    let near: Vec<_> = near
        .flat_map(|it| PORTS.map(|port| SocketAddrV4::new(it, port)))
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

/// Its address, where a host answers there.
async fn answers(host: SocketAddrV4) -> Option<Ipv4Addr> {
    match timeout(WAIT, TcpStream::connect(host)).await {
        Ok(Ok(_)) => Some(*host.ip()),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Some(*host.ip()),
        Ok(Err(_)) | Err(_) => None,
    }
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

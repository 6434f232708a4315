//! Asking an address whether somebody is there, without privileges.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use ipnet::Ipv4Net;

/// What cameras and recorders listen on.
const PORTS: [u16; 2] = [80, 8000];

/// How long an answer is waited for: on a LAN it comes at once.
const WAIT: Duration = Duration::from_millis(400);

/// So many addresses at once.
const AT_ONCE: usize = 64;

/// Of these addresses, those at which somebody takes or refuses a connection.
/// Only addresses in the networks `local` are asked: beyond, a router may answer.
/// Silence proves little.
pub(super) fn answering(
    addresses: impl IntoIterator<Item = Ipv4Addr>,
    local: &[Ipv4Net],
) -> BTreeSet<Ipv4Addr> {
    let near = |address: &Ipv4Addr| {
        local
            .iter()
            .any(|net| net.contains(address) && net.addr() != *address)
    };
    let near: Vec<_> = addresses.into_iter().filter(near).collect();
    let mut found = BTreeSet::new();
    for some in near.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let asked = some.iter().map(|address| {
                let ask = move || is_anyone_at(*address).then_some(*address);
                scope.spawn(ask)
            });
            let asked: Vec<_> = asked.collect();
            let answers = asked.into_iter().filter_map(|it| it.join().ok().flatten());
            found.extend(answers);
        });
    }
    found
}

fn is_anyone_at(address: Ipv4Addr) -> bool {
    PORTS.into_iter().any(|port| {
        match TcpStream::connect_timeout(&SocketAddr::from((address, port)), WAIT) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::ConnectionRefused,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_refuses_is_taken() {
        let local = ["127.0.0.1/8".parse().unwrap()];
        let there = Ipv4Addr::new(127, 0, 0, 9);
        let beyond = Ipv4Addr::new(192, 0, 2, 1);
        let found = answering([there, beyond, Ipv4Addr::LOCALHOST], &local);
        assert_eq!(found, BTreeSet::from([there]));
    }
}

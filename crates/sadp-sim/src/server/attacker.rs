use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use tokio::net::UdpSocket;
use tracing::debug;

use super::{BURST, ServerError, ServerInterface, StatsHandle, socket};
use crate::{Device, FleetConfig, Hostile, HostileConfig, HostileStats, Speaker};

/// An attacker with its socket.
#[derive(Debug)]
pub(super) struct Attacker {
    pub(super) hostile: Hostile,
    socket: UdpSocket,
    pub(super) address: Ipv4Addr,
    pub(super) stats: StatsHandle<HostileStats>,
}

impl Attacker {
    /// Opens its socket on the interface: at an address that is not the devices', where
    /// there is one.
    pub(super) fn bind(
        config: &HostileConfig,
        interface: &ServerInterface,
        devices: &[Device],
        place: FleetConfig,
    ) -> Result<Self, ServerError> {
        let wanted = stranger(interface);
        // Not every system has all of the loopback network.
        let own = interface.address;
        let (address, socket) = if let Ok(socket) = socket::attacking(wanted, own) {
            (wanted, Ok(socket))
        } else {
            (own, socket::attacking(own, own))
        };
        let wanted = SocketAddrV4::new(wanted, 0);
        let socket = socket.map_err(ServerError::open("attack from", wanted))?;
        Ok(Self {
            hostile: Hostile::new(config, address, devices, place),
            socket,
            address,
            stats: StatsHandle::default(),
        })
    }

    /// Sends what is due, at most a burst. What the socket does not accept is lost.
    pub(super) fn speak(&mut self, now: Duration, devices: &UdpSocket) {
        for _ in 0..BURST {
            let Some(transmit) = self.hostile.poll_transmit(now) else {
                break;
            };
            let socket = match transmit.speaker {
                Speaker::Attacker => &self.socket,
                Speaker::Devices => devices,
            };
            let sent = socket.try_send_to(&transmit.payload, transmit.destination.into());
            if let Err(error) = sent
                && error.kind() != io::ErrorKind::WouldBlock
            {
                debug!(to = %transmit.destination, %error, "cannot send");
            }
        }
        self.stats.publish(self.hostile.stats());
    }
}

/// Returns an address of the interface that is not the devices'.
fn stranger(interface: &ServerInterface) -> Ipv4Addr {
    let mut addresses = interface.networks.iter().map(ipnet::Ipv4Net::addr);
    let other = addresses.find(|&address| address != interface.address);
    match other {
        Some(other) => other,
        None if interface.address.is_loopback() => LOOPBACK_STRANGER,
        None => interface.address,
    }
}

const LOOPBACK_STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(networks: &[&str]) -> ServerInterface {
        let networks: Vec<ipnet::Ipv4Net> =
            networks.iter().map(|net| net.parse().unwrap()).collect();
        ServerInterface {
            name: "lan0".into(),
            address: networks[0].addr(),
            networks,
        }
    }

    #[test]
    fn an_attacker_speaks_from_another_address_where_there_is_one() {
        for (networks, expected) in [
            (&["10.0.0.1/24", "10.0.0.66/24"][..], "10.0.0.66"),
            (&["10.0.0.1/24"], "10.0.0.1"),
            (&["127.0.0.1/8"], "127.0.0.66"),
        ] {
            assert_eq!(stranger(&interface(networks)).to_string(), expected);
        }
    }
}

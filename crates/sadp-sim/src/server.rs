//! A fleet on a real interface.
//!
//! Two sockets share the port. The one without an address joins the group and receives
//! from it, and receives datagrams to devices' own addresses where the computer has them.
//! The one with the interface's address receives datagrams to it even where another
//! program shares the port, and sends everything. Where HTTP is simulated, each device has
//! a listener.

mod attacker;
mod card;
mod http;
mod interface;
mod socket;

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use sadp_discovery::{
    raw::{RawError, RawLink},
    reader::Reader,
};
use tokio::{
    net::UdpSocket,
    time::{Instant, sleep_until},
};
use tracing::debug;

pub use self::interface::{InterfaceError, ServerInterface};
use self::{attacker::Attacker, http::HttpPorts, socket::GroupSocket};
use crate::{
    Device, Fleet, FleetConfig, FleetDestination, FleetTransmit, HostileConfig, HostileStats,
    InboundDatagram, Stats,
};

/// The configuration of a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The interface the devices are on.
    pub interface: ServerInterface,
    /// The group and port of the devices. With port 0 the system chooses one: see
    /// [`Server::port`].
    pub group: SocketAddrV4,
    /// Whether to answer requests from other networks, too.
    pub answer_anyone: bool,
    /// The seed of all random decisions.
    pub seed: u64,
    /// Whether raw Ethernet frames are received and answered as well.
    pub link_layer: bool,
    /// Whether devices answer HTTP: the first 256 of the fleet.
    pub http: bool,
    /// The attacker beside the devices. `None` for none.
    pub hostile: Option<HostileConfig>,
}

impl ServerConfig {
    /// A server on an interface, with the group and port of real devices.
    pub fn new(interface: ServerInterface) -> Self {
        Self {
            interface,
            group: SocketAddrV4::new(sadp_proto::GROUP, sadp_proto::PORT),
            answer_anyone: false,
            seed: 0,
            link_layer: false,
            http: false,
            hostile: None,
        }
    }
}

/// A fleet with its sockets.
#[derive(Debug)]
pub struct Server {
    fleet: Fleet,
    attacker: Option<Attacker>,
    address: Ipv4Addr,
    port: u16,
    listener: GroupSocket,
    direct: UdpSocket,
    direct_reader: Reader,
    card: Option<RawLink>,
    http: Option<HttpPorts>,
    stats: StatsHandle,
    failed: u64,
    /// A datagram that the socket did not accept yet.
    unsent: Option<FleetTransmit>,
}

impl Server {
    /// Opens the sockets. Needs a running tokio runtime with I/O and time.
    pub fn bind(config: &ServerConfig, devices: Vec<Device>) -> Result<Self, ServerError> {
        let address = config.interface.address;
        let listener = GroupSocket::bind(address, config.group)?;
        let port = listener.port;
        let direct = socket::direct(SocketAddrV4::new(address, port))?;
        let card = config
            .link_layer
            .then(|| card::open(&config.interface, port))
            .transpose()?;
        let fleet = FleetConfig {
            answer_anyone: config.answer_anyone,
            group: SocketAddrV4::new(*config.group.ip(), port),
            seed: config.seed,
            clock: Timestamp::now(),
            ..FleetConfig::new(address, config.interface.networks.clone())
        };
        let attacker = config
            .hostile
            .as_ref()
            .map(|hostile| Attacker::bind(hostile, &config.interface, &devices, fleet.clone()));
        let mut fleet = Fleet::new(devices, fleet);
        let http = config
            .http
            .then(|| HttpPorts::open(&config.interface, &mut fleet))
            .transpose()?;
        Ok(Self {
            attacker: attacker.transpose()?,
            fleet,
            address,
            port,
            listener,
            direct,
            direct_reader: Reader::plain(),
            card,
            http,
            stats: StatsHandle::default(),
            failed: 0,
            unsent: None,
        })
    }

    /// Where a device answers HTTP at the start, by its index. `None` where it does not.
    pub fn http_address(&self, device: usize) -> Option<SocketAddrV4> {
        self.http.as_ref()?.address_of(device)
    }

    /// Where a device answers HTTPS at the start, by its index. `None` where it does not.
    pub fn https_address(&self, device: usize) -> Option<SocketAddrV4> {
        self.http.as_ref()?.https_address_of(device)
    }

    /// The port of the devices.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The counters, readable while the server runs.
    pub fn stats(&self) -> StatsHandle {
        self.stats.clone()
    }

    /// The address of the attacker and its counters, where there is one.
    pub fn attacker(&self) -> Option<(Ipv4Addr, StatsHandle<HostileStats>)> {
        let attacker = self.attacker.as_ref()?;
        Some((attacker.address, attacker.stats.clone()))
    }

    /// Runs the devices until `stop` is ready, or until a socket fails.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<Stats, ServerError> {
        let start = Instant::now();
        let mut stop = std::pin::pin!(stop);
        loop {
            self.hear(start.elapsed())?;
            if let Some(attacker) = &mut self.attacker {
                attacker.speak(start.elapsed(), &self.direct);
            }
            let blocked = self.speak(start);
            if let Some(http) = &mut self.http {
                http.follow(&mut self.fleet)?;
            }
            self.publish();
            let attack = self.attacker.as_ref();
            let attack = attack.and_then(|it| it.hostile.poll_timeout(start.elapsed()));
            let due = self.fleet.poll_timeout().into_iter().chain(attack).min();
            let due = due.map(|at| start + at);
            tokio::select! {
                biased;
                () = &mut stop => break,
                ready = self.listener.socket.readable() => ready.map_err(ServerError::Receive)?,
                ready = self.direct.readable() => ready.map_err(ServerError::Receive)?,
                frame = card::next(&mut self.card) => self.hear_frame(start.elapsed(), frame)?,
                request = http::next(self.http.as_mut()) => request.answer(&mut self.fleet, start.elapsed()),
                ready = self.direct.writable(), if blocked => ready.map_err(ServerError::Send)?,
                () = until(due), if !blocked => {}
            }
        }
        self.publish();
        Ok(self.stats.read())
    }

    /// Reads everything that waits at the sockets.
    fn hear(&mut self, now: Duration) -> Result<(), ServerError> {
        let Self {
            fleet,
            attacker,
            listener,
            direct,
            direct_reader,
            address,
            ..
        } = self;
        let mut hear = |from, destination, payload: &[u8]| {
            let datagram = InboundDatagram {
                from,
                destination,
                payload,
            };
            if let Some(attacker) = attacker {
                attacker.hostile.handle_datagram(now, &datagram);
            }
            fleet.handle_datagram(now, &datagram);
        };
        socket::drain(&listener.socket, &mut listener.reader, &mut hear)
            .map_err(ServerError::Receive)?;
        socket::drain(direct, direct_reader, |from, _, payload| {
            hear(from, Some(*address), payload);
        })
        .map_err(ServerError::Receive)
    }

    /// Sends what is due, at most a burst. Returns whether the socket is full.
    fn speak(&mut self, start: Instant) -> bool {
        for _ in 0..BURST {
            let unsent = self.unsent.take();
            let Some(transmit) = unsent.or_else(|| self.fleet.poll_transmit(start.elapsed()))
            else {
                return false;
            };
            let payload = &transmit.payload;
            let sent = match (transmit.destination, &mut self.card) {
                (FleetDestination::Udp(to), _) => match self.direct.try_send_to(payload, to.into())
                {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.unsent = Some(transmit);
                        return true;
                    }
                    sent => sent.map(drop),
                },
                (FleetDestination::Link, Some(card)) => card.sender.send(payload),
                (FleetDestination::Link, None) => Ok(()),
            };
            if let Err(error) = sent {
                // An unreachable client must not affect the others.
                debug!(to = ?transmit.destination, %error, "cannot send");
                self.failed += 1;
            }
        }
        false
    }

    fn hear_frame(&mut self, now: Duration, frame: io::Result<Vec<u8>>) -> Result<(), ServerError> {
        let frame = frame.map_err(ServerError::Receive)?;
        self.fleet.handle_frame(now, &frame);
        Ok(())
    }

    fn publish(&self) {
        let stats = Stats {
            failed: self.failed,
            ..self.fleet.stats()
        };
        self.stats.publish(stats);
    }
}

/// How many datagrams are sent before the sockets are read again: the group receives each
/// of them, and a receive buffer holds a few hundred.
const BURST: usize = 64;

/// Waits for this time. Without one it waits for ever.
pub(crate) async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// A server's counters, for display.
#[derive(Clone, Debug, Default)]
pub struct StatsHandle<T = Stats>(Arc<Mutex<T>>);

impl<T: Copy> StatsHandle<T> {
    /// The current counters.
    pub fn read(&self) -> T {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, stats: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }
}

/// Why a server failed.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A socket could not be opened.
    #[error("cannot {operation} {address}")]
    Open {
        /// The operation.
        operation: &'static str,
        /// The address.
        address: SocketAddrV4,
        /// The cause.
        source: io::Error,
    },
    /// The interface could not be opened for raw frames.
    #[error("cannot use the link layer on {interface}")]
    Card {
        /// The interface.
        interface: String,
        /// The cause.
        source: RawError,
    },
    /// Receiving failed.
    #[error("cannot receive")]
    Receive(#[source] io::Error),
    /// Sending failed.
    #[error("cannot send")]
    Send(#[source] io::Error),
}

impl ServerError {
    /// The failure of an operation on a socket.
    fn open(operation: &'static str, address: SocketAddrV4) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Open {
            operation,
            address,
            source,
        }
    }
}

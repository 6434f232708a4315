//! A network inside this process, in place of this computer's interfaces.
//!
//! Tests and demonstrations put simulated devices on it. With tokio's paused
//! clock, scans and batches run on it in virtual time.

use std::{
    io,
    net::SocketAddrV4,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use tokio::{sync::mpsc, time::Instant};

/// The client's side of a network inside this process. Clones share the network.
#[derive(Clone, Debug)]
pub struct VirtualLan {
    network: Ipv4Net,
    to_devices: mpsc::UnboundedSender<VirtualDatagram>,
    ports: Arc<VirtualPorts>,
    base: (Timestamp, Instant),
}

/// The devices' side of the same network.
#[derive(Debug)]
pub struct VirtualDevices {
    from_clients: mpsc::UnboundedReceiver<VirtualDatagram>,
    ports: Arc<VirtualPorts>,
}

/// A UDP datagram on a network inside this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualDatagram {
    /// The sender.
    pub from: SocketAddrV4,
    /// The destination: a multicast group or one address.
    pub to: SocketAddrV4,
    /// The content.
    pub payload: Vec<u8>,
}

impl VirtualLan {
    /// The name of the only interface.
    pub const INTERFACE: &str = "virtual0";

    /// Makes a network on which the client has this address. Its clock starts at
    /// `now` and follows tokio's: call it within a tokio runtime.
    pub fn new(network: Ipv4Net, now: Timestamp) -> (Self, VirtualDevices) {
        let (to_devices, from_clients) = mpsc::unbounded_channel();
        let ports = Arc::new(VirtualPorts {
            open: Mutex::default(),
            next: AtomicU16::new(FIRST_PORT),
        });
        let lan = Self {
            network,
            to_devices,
            ports: Arc::clone(&ports),
            base: (now, Instant::now()),
        };
        let devices = VirtualDevices {
            from_clients,
            ports,
        };
        (lan, devices)
    }

    /// The time on this network.
    pub fn now(&self) -> Timestamp {
        let (start, began) = self.base;
        start.checked_add(began.elapsed()).unwrap_or(Timestamp::MAX)
    }

    pub(crate) const fn network(&self) -> Ipv4Net {
        self.network
    }

    /// Opens a port that receives datagrams to it and to any group.
    pub(crate) fn open(&self) -> VirtualPort {
        let number = self.ports.next.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddrV4::new(self.network.addr(), number.max(FIRST_PORT));
        let (sender, receiver) = mpsc::unbounded_channel();
        self.ports.lock().push((address, sender));
        VirtualPort {
            address,
            to_devices: self.to_devices.clone(),
            received: Some(receiver),
        }
    }
}

impl VirtualDevices {
    /// Waits for the next datagram of a client. `None` when no client is left.
    /// Cancelling it loses nothing.
    pub async fn recv(&mut self) -> Option<VirtualDatagram> {
        self.from_clients.recv().await
    }

    /// Delivers a datagram: to every client where the destination is a multicast group,
    /// else to the one with the address and port. Any other datagram is lost.
    pub fn send(&self, datagram: &VirtualDatagram) {
        // A port whose receiver is gone is closed.
        self.ports.lock().retain(|(address, port)| {
            let meant = datagram.to.ip().is_multicast() || datagram.to == *address;
            if meant {
                port.send(datagram.clone()).is_ok()
            } else {
                !port.is_closed()
            }
        });
    }
}

/// The ports that clients have open.
#[derive(Debug)]
struct VirtualPorts {
    open: Mutex<Vec<OpenPort>>,
    next: AtomicU16,
}

type OpenPort = (SocketAddrV4, mpsc::UnboundedSender<VirtualDatagram>);

impl VirtualPorts {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<OpenPort>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's port on a network inside this process.
#[derive(Debug)]
pub(crate) struct VirtualPort {
    address: SocketAddrV4,
    to_devices: mpsc::UnboundedSender<VirtualDatagram>,
    received: Option<mpsc::UnboundedReceiver<VirtualDatagram>>,
}

impl VirtualPort {
    pub(crate) const fn address(&self) -> SocketAddrV4 {
        self.address
    }

    pub(crate) fn send(&self, to: SocketAddrV4, payload: &[u8]) -> io::Result<()> {
        let datagram = VirtualDatagram {
            from: self.address,
            to,
            payload: payload.to_vec(),
        };
        let sent = self.to_devices.send(datagram);
        sent.map_err(|_| io::Error::from(io::ErrorKind::NetworkDown))
    }

    /// Returns the receiver, once.
    pub(crate) fn take_receiver(&mut self) -> Option<mpsc::UnboundedReceiver<VirtualDatagram>> {
        self.received.take()
    }
}

/// The lowest port that clients send from.
const FIRST_PORT: u16 = 49_152;

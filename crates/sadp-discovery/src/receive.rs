//! Draining sockets into memory, apart from reading what came: a kernel buffer
//! of the default size holds 92 replies.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use jiff::Timestamp;
use sadp_model::{Protocol, Via};
use sadp_proto::Datagram;
use tokio::{net::UdpSocket, sync::mpsc};

use crate::{
    queue,
    raw::RawFrame,
    reader::{self, Arrival, Reader},
    virtual_lan::VirtualDatagram,
};

/// How many failures in a row end a socket's draining.
const MAX_FAILURES: u32 = 16;

/// One datagram as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) from: SocketAddr,
    /// The address it was sent to, where the system tells.
    pub(crate) to: Option<IpAddr>,
    /// The number of the interface it came in by, where the system tells.
    pub(crate) interface: Option<u32>,
    pub(crate) payload: Vec<u8>,
    /// Whether it is only the beginning of a datagram, whose other IP fragments
    /// did not come.
    pub(crate) is_beginning: bool,
    /// How it is encoded.
    pub(crate) protocol: Protocol,
}

impl Received {
    /// It as the protocol takes it in: by this interface, in this way, at this
    /// time.
    pub(crate) fn datagram<'a>(
        &'a self,
        interface: &'a Arc<str>,
        via: Via,
        at: Timestamp,
    ) -> Datagram<'a> {
        Datagram {
            interface,
            from: self.from,
            protocol: self.protocol,
            via,
            at,
            payload: &self.payload,
            is_beginning: self.is_beginning,
        }
    }
}

impl From<Arrival<'_>> for Received {
    fn from(arrival: Arrival<'_>) -> Self {
        Self {
            from: arrival.from,
            to: arrival.to,
            interface: arrival.interface,
            payload: arrival.payload.to_vec(),
            is_beginning: false,
            protocol: Protocol::default(),
        }
    }
}

/// What a socket brought at once.
#[derive(Debug)]
pub(crate) enum Batch {
    /// What a UDP socket brought.
    Socket {
        /// Which, by the number given to [`drain`].
        number: usize,
        /// The datagrams, or why the socket is given up.
        outcome: io::Result<Vec<Received>>,
    },
    /// What a card brought.
    Card {
        /// Which.
        number: usize,
        /// The frames, or why the card is given up.
        outcome: io::Result<Vec<RawFrame>>,
    },
}

impl Batch {
    /// Whether a socket or a card is given up.
    pub(crate) const fn is_failure(&self) -> bool {
        match self {
            Self::Socket { outcome, .. } => outcome.is_err(),
            Self::Card { outcome, .. } => outcome.is_err(),
        }
    }

    /// How much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let datagram = |received: &Received| size_of::<Received>() + received.payload.len();
        let frame = |frame: &RawFrame| size_of::<RawFrame>() + frame.bytes.len();
        match self {
            Self::Socket { outcome, .. } => outcome.iter().flatten().map(datagram).sum(),
            Self::Card { outcome, .. } => outcome.iter().flatten().map(frame).sum(),
        }
    }
}

/// Forwards what a port on a network inside this process receives.
pub(crate) async fn forward(
    number: usize,
    mut received: mpsc::UnboundedReceiver<VirtualDatagram>,
    queue: queue::Sender,
) {
    while let Some(datagram) = received.recv().await {
        let received = Received {
            from: datagram.from.into(),
            to: Some((*datagram.to.ip()).into()),
            interface: None,
            payload: datagram.payload,
            is_beginning: false,
            protocol: Protocol::default(),
        };
        let outcome = Ok(vec![received]);
        if queue.send(Batch::Socket { number, outcome }).await.is_err() {
            return;
        }
    }
}

/// Drains a socket until it fails for good or nobody wants its datagrams.
pub(crate) async fn drain(
    number: usize,
    socket: Arc<UdpSocket>,
    mut reader: Reader,
    queue: queue::Sender,
) {
    let mut failures = 0;
    loop {
        let mut datagrams = Vec::new();
        let received = match socket.readable().await {
            Ok(()) => reader.try_read(&socket, |arrival| datagrams.push(arrival.into())),
            Err(error) => Err(error),
        };
        let outcome = match received {
            Ok(()) => {
                failures = 0;
                Ok(datagrams)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) if reader::is_passing(&error) => continue,
            Err(error) => {
                failures += 1;
                if failures < MAX_FAILURES {
                    tracing::debug!(%error, "receive failed");
                    continue;
                }
                Err(error)
            }
        };
        let over = outcome.is_err();
        if queue.send(Batch::Socket { number, outcome }).await.is_err() || over {
            return;
        }
    }
}

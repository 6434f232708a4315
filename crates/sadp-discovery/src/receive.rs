//! Draining sockets into memory, apart from reading what came: a kernel buffer
//! of the default size holds 92 replies.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket};

use crate::queue;

use crate::raw::RawFrame;

/// The largest UDP payload, and the most the kernel joins into one buffer.
const MAX_PAYLOAD: usize = 65_535;

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

/// Drains a socket until it fails for good or nobody wants its datagrams.
pub(crate) async fn drain(number: usize, socket: std::sync::Arc<UdpSocket>, queue: queue::Sender) {
    let state = match UdpSocketState::new((&*socket).into()) {
        Ok(state) => state,
        Err(error) => {
            let _closed = queue
                .send(Batch::Socket {
                    number,
                    outcome: Err(error),
                })
                .await;
            return;
        }
    };
    let mut memory = vec![0; MAX_PAYLOAD * BATCH_SIZE];
    let mut failures = 0;
    loop {
        let received = socket
            .async_io(Interest::READABLE, || {
                receive_batch(&state, &socket, &mut memory)
            })
            .await;
        let outcome = match received {
            Ok(datagrams) => {
                failures = 0;
                Ok(datagrams)
            }
            // An address that refused what we sent it, told by ICMP.
            Err(error) if is_about_a_peer(&error) => continue,
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

fn receive_batch(
    state: &UdpSocketState,
    socket: &UdpSocket,
    memory: &mut [u8],
) -> io::Result<Vec<Received>> {
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let mut buffers: Vec<_> = memory
        .chunks_mut(MAX_PAYLOAD)
        .map(IoSliceMut::new)
        .collect();
    let count = state.recv(socket.into(), &mut buffers, &mut metas)?;
    let mut received = Vec::with_capacity(count);
    for (meta, buffer) in metas.iter().zip(&buffers).take(count) {
        let bytes = buffer.get(..meta.len).unwrap_or_default();
        // The kernel may have joined datagrams of one sender and size.
        for payload in bytes.chunks(meta.stride.max(1)) {
            received.push(Received {
                from: meta.addr,
                to: meta.dst_ip,
                interface: meta.interface_index,
                payload: payload.to_vec(),
            });
        }
    }
    Ok(received)
}

fn is_about_a_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

//! The interfaces that are open for raw Ethernet frames besides the UDP sockets.

use std::{io, net::Ipv6Addr, sync::Arc};

use sadp_proto::frame::{FrameAsker, Party};
use tokio::{sync::mpsc, task::JoinSet};

use super::LinkConfig;
use crate::{
    LinkLayer, Notice, ScanError,
    interface::Interface,
    raw::{RawError, RawFrame, RawLink, RawSender},
    receive::{BatchSender, ReceivedBatch},
    socket::REST,
};

/// The maximum number of open interfaces: each has a thread.
const MAX_INTERFACES: usize = 64;

/// The number of frames that are forwarded at once.
const MAX_FRAMES: usize = 64;

/// The open interfaces, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct RawInterfaces {
    all: Vec<RawInterface>,
    frames: Vec<mpsc::Receiver<io::Result<RawFrame>>>,
}

#[derive(Debug)]
struct RawInterface {
    name: Arc<str>,
    asker: FrameAsker,
    sender: RawSender,
    failed: bool,
}

impl RawInterfaces {
    /// Opens these interfaces, where configured and permitted.
    pub(super) fn open(
        config: &LinkConfig,
        interfaces: &[&Interface],
        notices: &mut Vec<Notice>,
    ) -> Result<Self, ScanError> {
        let mut opened = Self::default();
        if config.link_layer == LinkLayer::Off {
            return Ok(opened);
        }
        let mut reasons = Vec::new();
        for interface in interfaces.iter().take(MAX_INTERFACES) {
            match RawLink::open(interface, config.endpoint().port) {
                Ok(link) => opened.add(interface, link),
                Err(reason) => reasons.push((Arc::clone(&interface.name), reason)),
            }
        }
        for (interface, reason) in reasons {
            tracing::debug!(%interface, %reason, "no raw frames");
            let decisive = opened.is_empty() || matches!(reason, RawError::NotPermitted);
            if config.link_layer == LinkLayer::On && decisive {
                return Err(ScanError::Raw { interface, reason });
            }
            if let RawError::Failed(source) = reason {
                notices.push(Notice::NoFrames { interface, source });
            }
        }
        Ok(opened)
    }

    fn add(&mut self, interface: &Interface, link: RawLink) {
        let RawLink { sender, frames } = link;
        self.frames.push(frames);
        self.all.push(RawInterface {
            name: Arc::clone(&interface.name),
            asker: FrameAsker {
                party: Party {
                    mac: sender.mac,
                    ipv4: interface.address(),
                },
                ipv6: sender.ipv6.unwrap_or(Ipv6Addr::UNSPECIFIED),
            },
            sender,
            failed: false,
        });
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The senders of inquiries, one for each interface, in the order of
    /// [`Destination::Card`](sadp_proto::Destination::Card).
    pub(crate) fn askers(&self) -> Vec<FrameAsker> {
        self.all.iter().map(|interface| interface.asker).collect()
    }

    /// The name of an interface.
    pub(super) fn name(&self, number: usize) -> Option<&Arc<str>> {
        self.all.get(number).map(|interface| &interface.name)
    }

    /// The names of all interfaces.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.iter().map(|interface| &interface.name)
    }

    /// Sends a frame. Only the first failure of an interface returns a notice.
    pub(super) fn send(&mut self, number: usize, frame: &[u8]) -> Result<(), Option<Notice>> {
        let Some(interface) = self.all.get_mut(number) else {
            return Err(None);
        };
        interface.sender.send(frame).map_err(|source| {
            let is_first = !std::mem::replace(&mut interface.failed, true);
            is_first.then(|| Notice::NotSent {
                interface: Arc::clone(&interface.name),
                source,
            })
        })
    }

    /// Starts forwarding received frames. It ends with `tasks`.
    pub(super) fn start(&mut self, queue: &BatchSender, tasks: &mut JoinSet<()>) {
        for (number, frames) in self.frames.drain(..).enumerate() {
            tasks.spawn(forward(number, frames, queue.clone()));
        }
    }
}

async fn forward(
    number: usize,
    mut frames: mpsc::Receiver<io::Result<RawFrame>>,
    queue: BatchSender,
) {
    let mut received = Vec::with_capacity(MAX_FRAMES);
    loop {
        let count = frames.recv_many(&mut received, MAX_FRAMES).await;
        if count == 0 {
            return;
        }
        let outcome = received.drain(..).collect();
        let batch = ReceivedBatch::Card { number, outcome };
        if !queue.send(batch).await {
            return;
        }
        if count < MAX_FRAMES {
            tokio::time::sleep(REST).await;
        }
    }
}

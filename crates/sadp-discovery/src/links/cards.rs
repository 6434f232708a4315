//! The cards that are open for bare frames besides the UDP sockets.

use std::{io, sync::Arc};

use sadp_proto::frame::{FrameAsker, Party};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    LinkLayer, Notice, ScanError,
    interface::Interface,
    queue,
    raw::{RawError, RawFrame, RawLink, RawSender},
    receive::Batch,
};

/// The most cards that are opened: each has a thread.
const MAX_CARDS: usize = 64;

/// How many frames are handed on at once.
const BATCH: usize = 64;

/// The cards, numbered from 0.
#[derive(Debug, Default)]
pub(super) struct Cards {
    all: Vec<Card>,
    frames: Vec<mpsc::Receiver<io::Result<RawFrame>>>,
}

#[derive(Debug)]
struct Card {
    interface: Arc<str>,
    asker: FrameAsker,
    sender: RawSender,
    failed: bool,
}

impl Cards {
    /// Opens the cards of these interfaces, as far as it is wanted and
    /// permitted.
    pub(super) fn open(
        wanted: LinkLayer,
        interfaces: &[&Interface],
        port: u16,
        notices: &mut Vec<Notice>,
    ) -> Result<Self, ScanError> {
        let mut cards = Self::default();
        if wanted == LinkLayer::Off {
            return Ok(cards);
        }
        let mut reasons = Vec::new();
        for interface in interfaces.iter().take(MAX_CARDS) {
            match RawLink::open(interface, port) {
                Ok(link) => cards.add(interface, link),
                Err(reason) => reasons.push((Arc::clone(&interface.name), reason)),
            }
        }
        for (interface, reason) in reasons {
            tracing::debug!(%interface, %reason, "no bare frames");
            let decisive = cards.all.is_empty() || matches!(reason, RawError::NotPermitted);
            if wanted == LinkLayer::On && decisive {
                return Err(ScanError::Raw { interface, reason });
            }
            if let RawError::Failed(source) = reason {
                notices.push(Notice::NoFrames { interface, source });
            }
        }
        Ok(cards)
    }

    fn add(&mut self, interface: &Interface, link: RawLink) {
        let (sender, frames) = link.into_parts();
        self.frames.push(frames);
        self.all.push(Card {
            interface: Arc::clone(&interface.name),
            asker: FrameAsker {
                party: Party {
                    mac: sender.mac(),
                    ipv4: interface.address(),
                },
                ipv6: sender.ipv6().unwrap_or(std::net::Ipv6Addr::UNSPECIFIED),
            },
            sender,
            failed: false,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// From where inquiries go out, one for each card.
    pub(super) fn askers(&self) -> Vec<FrameAsker> {
        self.all.iter().map(|card| card.asker).collect()
    }

    /// The interface of a card.
    pub(super) fn interface(&self, card: usize) -> Option<&Arc<str>> {
        self.all.get(card).map(|card| &card.interface)
    }

    /// The names of the interfaces.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.iter().map(|card| &card.interface)
    }

    /// Sends a frame. The first failure of a card is told.
    pub(super) fn send(&mut self, card: usize, frame: &[u8]) -> Result<(), Option<Notice>> {
        let Some(card) = self.all.get_mut(card) else {
            return Err(None);
        };
        card.sender.send(frame).map_err(|source| {
            let first = !std::mem::replace(&mut card.failed, true);
            first.then(|| Notice::NotSent {
                interface: Arc::clone(&card.interface),
                source,
            })
        })
    }

    /// Starts handing on what the cards hear. It ends with `tasks`.
    pub(super) fn start(&mut self, queue: &queue::Sender, tasks: &mut JoinSet<()>) {
        for (card, frames) in self.frames.drain(..).enumerate() {
            tasks.spawn(hand_on(card, frames, queue.clone()));
        }
    }
}

async fn hand_on(
    card: usize,
    mut frames: mpsc::Receiver<io::Result<RawFrame>>,
    queue: queue::Sender,
) {
    let mut heard = Vec::with_capacity(BATCH);
    while frames.recv_many(&mut heard, BATCH).await > 0 {
        let outcome = heard.drain(..).collect();
        let number = card;
        if queue.send(Batch::Card { number, outcome }).await.is_err() {
            return;
        }
    }
}

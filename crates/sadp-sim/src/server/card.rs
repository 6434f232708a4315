//! The card of the interface, for bare frames.

use std::io;

use sadp_discovery::raw::{FrameContent, RawFrame, RawLink, RawSender};
use tokio::sync::mpsc;

use super::{Interface, ServerError};

/// An open card.
#[derive(Debug)]
pub(super) struct Card {
    sender: RawSender,
    frames: mpsc::Receiver<io::Result<RawFrame>>,
}

impl Card {
    pub(super) fn open(interface: &Interface, port: u16) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Card {
            interface: interface.name.clone(),
            source,
        };
        let listed = sadp_discovery::interface::list()
            .map_err(|error| failed(sadp_discovery::raw::RawError::Failed(error)))?;
        let known = listed
            .into_iter()
            .find(|listed| listed.address() == interface.address);
        let known = known.ok_or_else(|| {
            let gone = io::ErrorKind::NotFound.into();
            failed(sadp_discovery::raw::RawError::Failed(gone))
        })?;
        let (sender, frames) = RawLink::open(&known, port).map_err(failed)?.into_parts();
        Ok(Self { sender, frames })
    }

    pub(super) fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.sender.send(frame)
    }
}

/// The next bare frame of SADP that the card hears. Never, without a card.
pub(super) async fn next(card: &mut Option<Card>) -> io::Result<Vec<u8>> {
    let Some(card) = card else {
        return std::future::pending().await;
    };
    loop {
        match card.frames.recv().await {
            Some(Ok(RawFrame {
                bytes,
                content: FrameContent::Frame,
            })) => return Ok(bytes),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return std::future::pending().await,
        }
    }
}

//! The interface, for raw frames.

use std::io;

use sadp_discovery::{
    interface,
    raw::{FrameContent, RawError, RawFrame, RawLink},
};

use super::{ServerError, ServerInterface};

/// Opens an interface for raw frames.
pub(super) fn open(interface: &ServerInterface, port: u16) -> Result<RawLink, ServerError> {
    open_listed(interface, port).map_err(|source| ServerError::Card {
        interface: interface.name.clone(),
        source,
    })
}

fn open_listed(interface: &ServerInterface, port: u16) -> Result<RawLink, RawError> {
    let all = interface::list().map_err(RawError::Failed)?;
    let known = all.iter().find(|it| it.address() == interface.address);
    let known = known.ok_or_else(|| RawError::Failed(io::ErrorKind::NotFound.into()))?;
    RawLink::open(known, port)
}

/// Waits for the next raw frame of SADP. Without an interface there is none.
pub(super) async fn next(card: &mut Option<RawLink>) -> io::Result<Vec<u8>> {
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

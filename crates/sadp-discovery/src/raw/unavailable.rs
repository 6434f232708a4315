//! The same functions where raw frames are not built.

use std::{convert::Infallible, io};

use tokio::sync::mpsc;

use super::{RawError, RawFrame, RawSender};
use crate::interface::Interface;

pub(super) type Sender = Infallible;

pub(super) fn open(
    _: &Interface,
    _: u16,
    _: mpsc::Sender<io::Result<RawFrame>>,
) -> Result<RawSender, RawError> {
    Err(RawError::NotBuilt)
}

pub(super) fn check(_: &Interface) -> Result<(), RawError> {
    Err(RawError::NotBuilt)
}

pub(super) fn send(card: &mut Sender, _: &[u8]) -> io::Result<()> {
    match *card {}
}

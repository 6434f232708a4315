//! Bare Ethernet frames: sending them by a card, and hearing those of SADP, be
//! they of the older link-layer protocol or UDP that the kernel would drop.
//!
//! Needs `CAP_NET_RAW` or root on Linux, access to `/dev/bpf` elsewhere, and only
//! while the packet socket is opened. Not built on Windows, where it would need
//! another program's packet library.

#[cfg(all(unix, feature = "link-layer"))]
mod card;
#[cfg(not(all(unix, feature = "link-layer")))]
#[path = "raw/no_card.rs"]
mod card;
mod sift;

use std::{io, net::Ipv6Addr};

use sadp_model::MacAddr;
use tokio::sync::mpsc;

pub(crate) use self::sift::untagged;
pub use self::sift::{Sifted, UdpDatagram, sift};
use crate::interface::Interface;
pub use crate::reassembly::{DatagramId, Fragment};

/// Frames that were heard and not taken yet. Beyond, the kernel's buffer fills.
const QUEUE: usize = 4096;

/// How many failures in a row end a card's hearing.
#[cfg(all(unix, feature = "link-layer"))]
const MAX_FAILURES: u32 = 16;

/// Whether to speak the link-layer protocol, and to hear by packet sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkLayer {
    /// Where it is permitted.
    #[default]
    Auto,
    /// Yes; where it is not possible, the scan does not begin.
    On,
    /// No.
    Off,
}

/// A card, open for bare frames.
#[derive(Debug)]
pub struct RawLink {
    sender: RawSender,
    frames: mpsc::Receiver<io::Result<RawFrame>>,
}

/// A frame of SADP that was heard.
#[derive(Debug)]
pub struct RawFrame {
    /// The whole frame.
    pub bytes: Vec<u8>,
    /// What it is.
    pub sifted: Sifted,
}

impl RawLink {
    /// Opens a card for the link-layer protocol and for UDP from and to this
    /// port. What the card itself sends is not heard.
    ///
    /// The frames are read on a thread of their own, which ends within a tenth
    /// of a second when they are not wanted any more.
    pub fn open(interface: &Interface, port: u16) -> Result<Self, RawError> {
        let (queue, frames) = mpsc::channel(QUEUE);
        let sender = card::open(interface, port, queue)?;
        Ok(Self { sender, frames })
    }

    /// The sending half, and the frames as they come. An error is the last.
    pub fn into_parts(self) -> (RawSender, mpsc::Receiver<io::Result<RawFrame>>) {
        (self.sender, self.frames)
    }
}

/// The sending half of a card.
pub struct RawSender {
    mac: MacAddr,
    ipv6: Option<Ipv6Addr>,
    card: card::Sender,
}

impl RawSender {
    /// The card's hardware address.
    pub const fn mac(&self) -> MacAddr {
        self.mac
    }

    /// An IPv6 address of the card's.
    pub const fn ipv6(&self) -> Option<Ipv6Addr> {
        self.ipv6
    }

    /// Sends a whole Ethernet frame. Waits a tenth of a second at most.
    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        card::send(&mut self.card, frame)
    }
}

impl std::fmt::Debug for RawSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawSender")
            .field("mac", &self.mac)
            .finish_non_exhaustive()
    }
}

/// Whether an interface can be opened for bare frames. Sends nothing and leaves
/// nothing open.
pub fn check(interface: &Interface) -> Result<(), RawError> {
    card::check(interface)
}

/// Why a card cannot be opened for bare frames.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// This process may not.
    #[error("bare Ethernet frames need a permission that this program does not have")]
    NotPermitted,
    /// It is a loopback interface or a tunnel.
    #[error("bare Ethernet frames do not apply: it is no Ethernet or Wi-Fi card")]
    NotEthernet,
    /// The program was built without it, or for a system where it is not made.
    #[error("this build of the program sends no bare Ethernet frames")]
    NotBuilt,
    /// The system refuses for another reason.
    #[error("cannot open it for bare Ethernet frames")]
    Failed(#[source] io::Error),
}

#[cfg(all(unix, feature = "link-layer"))]
fn open_failure(error: io::Error) -> RawError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        RawError::NotPermitted
    } else {
        RawError::Failed(error)
    }
}

//! Raw Ethernet frames: sends them on an interface and receives those of SADP, of the
//! older link-layer protocol or UDP that the kernel would drop.
//!
//! Opening a packet socket needs `CAP_NET_RAW` or root on Linux, and access to
//! `/dev/bpf` elsewhere. Not built on Windows, where it would need another program's
//! packet library.

mod classify;
#[cfg(all(unix, feature = "link-layer"))]
#[path = "raw/pnet.rs"]
mod system;
#[cfg(not(all(unix, feature = "link-layer")))]
#[path = "raw/unavailable.rs"]
mod system;

use std::{io, net::Ipv6Addr};

use sadp_model::MacAddr;
use tokio::sync::mpsc;

pub use self::classify::{FrameContent, classify_frame};
use crate::interface::Interface;
pub use crate::reassembly::{DatagramId, Fragment, UdpDatagram};

/// The maximum number of waiting frames. Beyond that the kernel's buffer fills.
const QUEUE: usize = 4096;

/// Whether to use the link-layer protocol and packet sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkLayer {
    /// Where it is permitted.
    #[default]
    Auto,
    /// Yes; where it is not possible, the scan does not start.
    On,
    /// No.
    Off,
}

/// An interface that is open for raw frames.
#[derive(Debug)]
pub struct RawLink {
    /// The sending half.
    pub sender: RawSender,
    /// The received frames. An error is the last item.
    pub frames: mpsc::Receiver<io::Result<RawFrame>>,
}

/// A received frame of SADP.
#[derive(Debug)]
pub struct RawFrame {
    /// The whole frame.
    pub bytes: Vec<u8>,
    /// Its content.
    pub content: FrameContent,
}

impl RawLink {
    /// Opens an interface for the link-layer protocol and for UDP from and to this port.
    /// Frames that the interface itself sends are ignored.
    ///
    /// A thread reads the frames. It ends within a tenth of a second after the receiver
    /// is dropped.
    pub fn open(interface: &Interface, port: u16) -> Result<Self, RawError> {
        let (queue, frames) = mpsc::channel(QUEUE);
        let sender = system::open(interface, port, queue)?;
        Ok(Self { sender, frames })
    }
}

/// The sending half of an interface.
pub struct RawSender {
    /// The interface's hardware address.
    pub mac: MacAddr,
    /// An IPv6 address of the interface.
    pub ipv6: Option<Ipv6Addr>,
    socket: system::Sender,
}

impl RawSender {
    /// Sends a whole Ethernet frame. Waits at most a tenth of a second.
    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        system::send(&mut self.socket, frame)
    }
}

impl std::fmt::Debug for RawSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawSender")
            .field("mac", &self.mac)
            .finish_non_exhaustive()
    }
}

/// Checks whether an interface can be opened for raw frames. Sends nothing and leaves
/// nothing open.
pub fn check(interface: &Interface) -> Result<(), RawError> {
    system::check(interface)
}

/// Why an interface cannot be opened for raw frames.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// The permission is missing.
    #[error("raw Ethernet frames need a permission that this program does not have")]
    NotPermitted,
    /// It is a loopback interface or a tunnel.
    #[error("raw Ethernet frames do not apply: it is no Ethernet or Wi-Fi card")]
    NotEthernet,
    /// The program was built without it, or for a system without it.
    #[error("this build of the program sends no raw Ethernet frames")]
    NotBuilt,
    /// The system refused for another reason.
    #[error("cannot open it for raw Ethernet frames")]
    Failed(#[source] io::Error),
}

//! SADP in captures of other people's traffic: pcap and pcapng files.
//!
//! Reads Ethernet (with VLAN tags), Linux cooked, loopback and raw IP links,
//! puts IP fragments together again, and gives the UDP datagrams that are SADP:
//! those from or to port 37020, and others that look like it. Frames of the older
//! link-layer protocol are given as they are. Memory stays
//! bounded, whatever the file says of itself.

mod file;
mod frame;

use std::{
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use jiff::Timestamp;
use sadp_proto::{
    PORT,
    frame::{ETHER_TYPE, Frame},
};

use self::{
    file::{File, Packet},
    frame::{Assembler, LinkType, Udp},
};
use crate::raw::untagged;

/// A capture file, read packet by packet. Gives the SADP datagrams in it, in
/// order; after an error there is nothing more.
pub struct Capture<R: Read> {
    file: File<R>,
    assembler: Assembler,
    tally: CaptureTally,
    failed: bool,
}

impl<R: Read> Capture<R> {
    /// Reads the beginning of a capture file.
    pub fn open(reader: R) -> Result<Self, CaptureError> {
        Ok(Self {
            file: File::open(reader)?,
            assembler: Assembler::default(),
            tally: CaptureTally::default(),
            failed: false,
        })
    }

    /// What was read so far.
    pub fn tally(&self) -> CaptureTally {
        self.tally
    }

    fn read_packet(&mut self) -> Option<Result<Option<CapturedDatagram>, CaptureError>> {
        let packet = match self.file.next_packet(self.tally.packets)? {
            Ok(packet) => packet,
            Err(error) => return Some(Err(error)),
        };
        self.tally.packets = self.tally.packets.saturating_add(1);
        let Some(packet) = packet else {
            self.tally.unreadable = self.tally.unreadable.saturating_add(1);
            return Some(Ok(None));
        };
        let Some(link) = LinkType::new(packet.link) else {
            self.tally.unknown_link = Some(packet.link);
            return Some(Ok(None));
        };
        let number = self.tally.packets;
        if link == LinkType::Ethernet && is_sadp_frame(&packet.data) {
            return Some(Ok(Some(CapturedDatagram::frame(Some(number), packet))));
        }
        let udp = self.assembler.udp(link, &packet.data, number);
        Some(Ok(udp
            .filter(is_sadp)
            .map(|udp| CapturedDatagram::new(Some(number), packet, udp))))
    }
}

impl<R: Read> Iterator for Capture<R> {
    type Item = Result<CapturedDatagram, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.read_packet()? {
                Ok(Some(datagram)) => {
                    self.tally.datagrams = self.tally.datagrams.saturating_add(1);
                    return Some(Ok(datagram));
                }
                Ok(None) => {}
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<R: Read> std::fmt::Debug for Capture<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capture")
            .field("tally", &self.tally)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// What a capture held, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureTally {
    /// All packets.
    pub packets: u64,
    /// SADP datagrams.
    pub datagrams: u64,
    /// Packet records that could not be read.
    pub unreadable: u64,
    /// The number of a link type that is not read, if there was one.
    pub unknown_link: Option<u32>,
}

/// A SADP datagram of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedDatagram {
    /// The number of the packet that completed it, counted from 1; `None` for
    /// a frame that was in no file.
    pub packet: Option<u64>,
    /// The interface it was captured on, where the file says.
    pub interface: Option<Arc<str>>,
    /// When, where the file says.
    pub at: Option<Timestamp>,
    /// Who sent it.
    pub from: SocketAddr,
    /// Whom to.
    pub to: SocketAddr,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// Whether it is a frame of the link-layer protocol: the bytes are those of
    /// the whole frame, and the addresses those it tells, with port 0.
    pub is_frame: bool,
}

impl CapturedDatagram {
    fn frame(number: Option<u64>, packet: Packet) -> Self {
        let parties =
            Frame::parse(&packet.data).map(|frame| (frame.sender.ipv4, frame.target.ipv4));
        let (from, to) = parties.unwrap_or((Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED));
        Self {
            packet: number,
            interface: packet.interface,
            at: packet.at,
            from: (from, 0).into(),
            to: (to, 0).into(),
            payload: packet.data,
            is_frame: true,
        }
    }

    fn new(number: Option<u64>, packet: Packet, udp: Udp) -> Self {
        Self {
            packet: number,
            interface: packet.interface,
            at: packet.at,
            from: udp.from,
            to: udp.to,
            payload: udp.payload,
            is_frame: false,
        }
    }

    /// Reads a single Ethernet frame. `None` if it is none of SADP.
    pub fn from_ethernet(frame: &[u8]) -> Option<Self> {
        let link = LinkType::Ethernet;
        let packet = Packet {
            link: LinkType::ETHERNET_NUMBER,
            interface: None,
            at: None,
            data: frame.to_vec(),
        };
        if is_sadp_frame(frame) {
            return Some(Self::frame(None, packet));
        }
        let udp = Assembler::default().udp(link, frame, 0).filter(is_sadp)?;
        Some(Self::new(None, packet, udp))
    }
}

/// Why a capture could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It is neither pcap nor pcapng.
    #[error("neither a pcap nor a pcapng file")]
    NotACapture,
    /// It ends in the middle of a packet.
    #[error("ends in the middle of packet {packet}, behind byte {offset}")]
    Truncated {
        /// The packet that is not whole, counted from 1.
        packet: u64,
        /// Where the packet begins.
        offset: u64,
    },
    /// What should be a packet is none.
    #[error("packet {packet} at byte {offset} cannot be read: {what}")]
    Malformed {
        /// The packet, counted from 1.
        packet: u64,
        /// Where it begins.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file could not be read.
    #[error("reading failed")]
    Read(#[source] io::Error),
}

/// Whether a file that begins so is a capture.
pub fn is_capture(beginning: &[u8]) -> bool {
    file::Format::of(beginning).is_some()
}

fn is_sadp_frame(frame: &[u8]) -> bool {
    untagged(frame).is_some_and(|(ether_type, _)| ether_type == ETHER_TYPE)
}

/// Answers to an ephemeral port come from port 37020; some relays change both.
fn is_sadp(udp: &Udp) -> bool {
    const ROOTS: [&[u8]; 4] = [b"<ProbeMatch>", b"<Probe>", b"<Hello>", b"<Bye>"];
    if udp.from.port() == PORT || udp.to.port() == PORT {
        return true;
    }
    let beginning = udp.payload.get(..256).unwrap_or(&udp.payload);
    let has = |root: &&[u8]| beginning.windows(root.len()).any(|window| window == *root);
    beginning.contains(&b'<') && ROOTS.iter().any(has)
}

#[cfg(test)]
mod tests;

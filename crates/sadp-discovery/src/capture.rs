//! Reads SADP from captures: pcap and pcapng files, and dumps in texts.
//!
//! Reads Ethernet (with VLAN tags), Linux cooked, loopback and raw IP links, joins IP
//! fragments, and returns the UDP datagrams that are SADP: those from or to port 37020,
//! and others that look like it. Where fragments of a datagram are missing, its
//! beginning is returned and marked. Frames of the older link-layer protocol are
//! returned unchanged. Memory is bounded, whatever the file claims.

mod assembler;
mod file;
mod frame;
mod text;

use std::{
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use jiff::Timestamp;
use sadp_proto::{PORT, frame::Frame};

pub use self::text::{Pasted, read_text};
use self::{assembler::Assembler, file::CaptureFile, frame::LinkType};
use crate::reassembly::UdpDatagram;

/// A capture file, read packet by packet. Iterates over its SADP datagrams in order of
/// their last packets; after an error only beginnings of incomplete ones follow.
pub struct Capture<R: Read> {
    file: CaptureFile<R>,
    assembler: Assembler,
    tally: CaptureTally,
    ended: bool,
}

impl<R: Read> Capture<R> {
    /// Reads the beginning of a capture file.
    pub fn open(reader: R) -> Result<Self, CaptureError> {
        Ok(Self {
            file: CaptureFile::open(reader)?,
            assembler: Assembler::default(),
            tally: CaptureTally::default(),
            ended: false,
        })
    }

    /// The counts so far.
    pub fn tally(&self) -> CaptureTally {
        CaptureTally {
            refused_fragments: self.assembler.refused(),
            ..self.tally
        }
    }

    /// Reads a packet. `None` at the end of the file.
    fn read_packet(&mut self) -> Option<Result<(), CaptureError>> {
        let packet = match self.file.next_packet(self.tally.packets)? {
            Ok(packet) => packet,
            Err(error) => return Some(Err(error)),
        };
        self.tally.packets = self.tally.packets.saturating_add(1);
        let Some(packet) = packet else {
            self.tally.unreadable = self.tally.unreadable.saturating_add(1);
            return Some(Ok(()));
        };
        match LinkType::new(packet.link) {
            Some(link) => self.assembler.take(link, packet, Some(self.tally.packets)),
            None => self.tally.unknown_link = Some(packet.link),
        }
        Some(Ok(()))
    }
}

impl<R: Read> Iterator for Capture<R> {
    type Item = Result<CapturedDatagram, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(datagram) = self.assembler.next() {
                self.tally.datagrams = self.tally.datagrams.saturating_add(1);
                let incomplete = u64::from(datagram.is_beginning);
                self.tally.incomplete = self.tally.incomplete.saturating_add(incomplete);
                return Some(Ok(datagram));
            }
            if self.ended {
                return None;
            }
            match self.read_packet() {
                Some(Ok(())) => {}
                end => {
                    self.ended = true;
                    self.assembler.finish();
                    if let Some(Err(error)) = end {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

impl<R: Read> std::fmt::Debug for Capture<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capture")
            .field("tally", &self.tally)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Counts of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureTally {
    /// All packets.
    pub packets: u64,
    /// SADP datagrams.
    pub datagrams: u64,
    /// Those of them with missing IP fragments.
    pub incomplete: u64,
    /// Fragmented datagrams that were not joined, because their fragments overlap, are
    /// too many, or cannot be part of a datagram.
    pub refused_fragments: u64,
    /// Packet records that could not be read.
    pub unreadable: u64,
    /// The number of an unknown link type, if there was one.
    pub unknown_link: Option<u32>,
}

/// A SADP datagram of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedDatagram {
    /// The number of the packet that completed it, from 1; `None` for a frame from a
    /// text.
    pub packet: Option<u64>,
    /// The interface it was captured on, where the file has it.
    pub interface: Option<Arc<str>>,
    /// The time, where the file has it.
    pub at: Option<Timestamp>,
    /// The sender.
    pub from: SocketAddr,
    /// The destination.
    pub to: SocketAddr,
    /// The content.
    pub payload: Vec<u8>,
    /// Whether it is a frame of the link-layer protocol: the content is the whole frame,
    /// and the addresses are those in it, with port 0.
    pub is_frame: bool,
    /// Whether it is only the beginning of a datagram with missing IP fragments.
    pub is_beginning: bool,
}

impl CapturedDatagram {
    fn frame(origin: CaptureOrigin, frame: Vec<u8>) -> Self {
        let parties = Frame::parse(&frame).map(|frame| (frame.sender.ipv4, frame.target.ipv4));
        let (from, to) = parties.unwrap_or((Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED));
        let datagram = UdpDatagram {
            from: (from, 0).into(),
            to: (to, 0).into(),
            payload: frame,
        };
        Self {
            is_frame: true,
            ..Self::new(origin, datagram)
        }
    }

    fn new(origin: CaptureOrigin, datagram: UdpDatagram) -> Self {
        Self {
            packet: origin.packet,
            interface: origin.interface,
            at: origin.at,
            from: datagram.from,
            to: datagram.to,
            payload: datagram.payload,
            is_frame: false,
            is_beginning: false,
        }
    }
}

/// The place of a datagram in a capture.
#[derive(Clone, Debug, Default)]
struct CaptureOrigin {
    packet: Option<u64>,
    interface: Option<Arc<str>>,
    at: Option<Timestamp>,
}

/// Why a capture could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It is neither pcap nor pcapng.
    #[error("neither a pcap nor a pcapng file")]
    NotACapture,
    /// It ends in the middle of a packet.
    #[error("ends in the middle of packet {packet}, behind byte {offset}")]
    Truncated {
        /// The incomplete packet, from 1.
        packet: u64,
        /// Where the packet begins.
        offset: u64,
    },
    /// A packet is not valid.
    #[error("packet {packet} at byte {offset} cannot be read: {what}")]
    Malformed {
        /// The packet, from 1.
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

/// Whether a file with this beginning is a capture.
pub fn is_capture(beginning: &[u8]) -> bool {
    file::CaptureFormat::of(beginning).is_some()
}

/// Replies to an ephemeral port come from port 37020; some relays change both.
fn is_sadp(udp: &UdpDatagram) -> bool {
    const ROOTS: [&[u8]; 4] = [b"<ProbeMatch>", b"<Probe>", b"<Hello>", b"<Bye>"];
    if udp.from.port() == PORT || udp.to.port() == PORT {
        return true;
    }
    let beginning = udp.payload.get(..256).unwrap_or(&udp.payload);
    let mut roots = ROOTS.iter();
    roots.any(|root| beginning.windows(root.len()).any(|it| it == *root))
}

#[cfg(test)]
mod tests;

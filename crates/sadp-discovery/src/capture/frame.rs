//! Finds SADP and UDP in the frames of any link.

use std::net::Ipv4Addr;

use etherparse::{EtherType, UdpSlice};
use sadp_model::MacAddr;
use sadp_proto::{PORT, frame::ETHER_TYPE};

use crate::{
    raw::{FrameContent, untagged},
    reassembly::UdpDatagram,
};

/// A link type whose frames are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkType {
    Ethernet,
    /// BSD loopback: a family number of four bytes, then IP.
    Loopback,
    /// IP without a link header.
    RawIp,
    LinuxCooked,
    LinuxCooked2,
    /// Only a UDP header: a datagram that an analyser joined.
    UdpHeader,
}

impl LinkType {
    pub(super) const ETHERNET_NUMBER: u32 = 1;

    /// Numbers of the tcpdump registry; 12 and 14 are raw IP on some systems.
    pub(super) const fn new(number: u32) -> Option<Self> {
        Some(match number {
            Self::ETHERNET_NUMBER => Self::Ethernet,
            0 | 108 => Self::Loopback,
            12 | 14 | 101 | 228 | 229 => Self::RawIp,
            113 => Self::LinuxCooked,
            276 => Self::LinuxCooked2,
            _ => return None,
        })
    }

    /// Returns the Ethernet type and the payload.
    fn payload(self, frame: &[u8]) -> Option<(EtherType, &[u8])> {
        let (at, begin) = match self {
            Self::Ethernet => (12, 14),
            Self::LinuxCooked => (14, 16),
            Self::LinuxCooked2 => (0, 20),
            Self::RawIp => return ip(frame),
            Self::Loopback => return ip(frame.get(4..)?),
            Self::UdpHeader => return None,
        };
        let ether_type = u16::from_be_bytes(*frame.get(at..)?.first_chunk()?);
        Some((EtherType(ether_type), frame.get(begin..)?))
    }

    /// Returns the sender's hardware address, where the frame has it.
    fn station(self, frame: &[u8]) -> Option<MacAddr> {
        let at = match self {
            Self::Ethernet | Self::LinuxCooked => 6,
            Self::LinuxCooked2 => 12,
            Self::RawIp | Self::Loopback | Self::UdpHeader => return None,
        };
        let bytes = frame.get(at..)?.first_chunk()?;
        Some(MacAddr::new(*bytes))
    }
}

fn ip(packet: &[u8]) -> Option<(EtherType, &[u8])> {
    match packet.first()? >> 4 {
        4 => Some((EtherType::IPV4, packet)),
        6 => Some((EtherType::IPV6, packet)),
        _ => None,
    }
}

/// Returns what a frame holds of SADP or UDP.
pub(super) fn content(link: LinkType, frame: &[u8]) -> Option<FrameContent> {
    if link == LinkType::UdpHeader {
        return bare_udp(frame).map(FrameContent::Datagram);
    }
    if link == LinkType::Ethernet && untagged(frame).is_some_and(|(it, _)| it == ETHER_TYPE) {
        return Some(FrameContent::Frame);
    }
    let (ether_type, packet) = link.payload(frame)?;
    FrameContent::of_packet(ether_type, packet, link.station(frame), |_| true)
}

/// Parses a UDP datagram without an IP header. Its length must be right and its port
/// that of SADP: nothing else distinguishes it from other bytes.
fn bare_udp(bytes: &[u8]) -> Option<UdpDatagram> {
    let udp = UdpSlice::from_slice(bytes).ok()?;
    let (source, destination) = (udp.source_port(), udp.destination_port());
    let fits = usize::from(udp.length()) == bytes.len() && [source, destination].contains(&PORT);
    fits.then(|| UdpDatagram {
        from: (Ipv4Addr::UNSPECIFIED, source).into(),
        to: (Ipv4Addr::UNSPECIFIED, destination).into(),
        payload: udp.payload().to_vec(),
    })
}

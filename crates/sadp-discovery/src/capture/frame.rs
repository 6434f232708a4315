//! Finds SADP and UDP in the frames of any link.

use std::net::Ipv4Addr;

use etherparse::{EtherType, UdpSlice};
use sadp_model::MacAddr;
use sadp_proto::{
    PORT,
    frame::{ETHER_TYPE, untagged},
};

use crate::{raw::FrameContent, reassembly::UdpDatagram};

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
}

/// Returns what a frame holds of SADP or UDP.
pub(super) fn content(link: LinkType, frame: &[u8]) -> Option<FrameContent> {
    // Where the Ethernet type, the payload and the sender's hardware address begin.
    let (ether_type, payload, station) = match link {
        LinkType::Ethernet if untagged(frame).is_ok_and(|(it, _)| it == ETHER_TYPE) => {
            return Some(FrameContent::Frame);
        }
        LinkType::Ethernet => (12, 14, 6),
        LinkType::LinuxCooked => (14, 16, 6),
        LinkType::LinuxCooked2 => (0, 20, 12),
        LinkType::RawIp => return ip(frame),
        LinkType::Loopback => return ip(frame.get(4..)?),
        LinkType::UdpHeader => return bare_udp(frame).map(FrameContent::Datagram),
    };
    let ether_type = u16::from_be_bytes(*frame.get(ether_type..)?.first_chunk()?);
    let station = MacAddr::new(*frame.get(station..)?.first_chunk()?);
    let packet = frame.get(payload..)?;
    FrameContent::of_packet(EtherType(ether_type), packet, Some(station), |_| true)
}

/// Returns the UDP in an IP packet without a link header.
fn ip(packet: &[u8]) -> Option<FrameContent> {
    let ether_type = match packet.first()? >> 4 {
        4 => EtherType::IPV4,
        6 => EtherType::IPV6,
        _ => return None,
    };
    FrameContent::of_packet(ether_type, packet, None, |_| true)
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

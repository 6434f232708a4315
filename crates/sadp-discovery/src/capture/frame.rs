//! UDP datagrams of link-layer frames.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice, UdpSlice};
use sadp_model::MacAddr;
use sadp_proto::PORT;

use crate::reassembly::{Fragment, Joined};

/// A link type whose frames are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkType {
    Ethernet,
    /// A family number of four bytes, then IP: BSD loopback.
    Loopback,
    /// IP without a link header.
    RawIp,
    LinuxCooked,
    LinuxCooked2,
    /// No IP header, only UDP: a datagram as an analyser joined it.
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

    /// What the frame carries, and from where.
    fn payload(self, frame: &[u8]) -> Option<(EtherType, &[u8])> {
        let ether_type = |at: usize| {
            let bytes = frame.get(at..)?.first_chunk()?;
            Some(EtherType(u16::from_be_bytes(*bytes)))
        };
        match self {
            Self::Ethernet => Some((ether_type(12)?, frame.get(14..)?)),
            Self::LinuxCooked => Some((ether_type(14)?, frame.get(16..)?)),
            Self::LinuxCooked2 => Some((ether_type(0)?, frame.get(20..)?)),
            Self::RawIp => ip(frame),
            Self::Loopback => ip(frame.get(4..)?),
            Self::UdpHeader => None,
        }
    }

    /// Who sent the frame, where it says.
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

/// What a frame holds.
pub(super) enum Found {
    Datagram(Joined),
    Fragment(Fragment),
}

/// Finds the UDP datagram, or the fragment of one, in a frame.
pub(super) fn find_udp(link: LinkType, frame: &[u8]) -> Option<Found> {
    if link == LinkType::UdpHeader {
        return bare_udp(frame).map(Found::Datagram);
    }
    let (ether_type, payload) = link.payload(frame)?;
    let packet = LaxSlicedPacket::from_ether_type(ether_type, payload);
    let (from, to) = addresses(packet.net.as_ref()?)?;
    if let Some(TransportSlice::Udp(udp)) = &packet.transport {
        return Some(Found::Datagram(Joined {
            from: (from, udp.source_port()).into(),
            to: (to, udp.destination_port()).into(),
            payload: udp.payload().to_vec(),
        }));
    }
    let fragment = Fragment::parse(ether_type, payload, link.station(frame))?;
    Some(Found::Fragment(fragment))
}

/// A UDP datagram without an IP header, which has to have the length it says and
/// the port of SADP: nothing else tells it from other bytes.
fn bare_udp(bytes: &[u8]) -> Option<Joined> {
    let udp = UdpSlice::from_slice(bytes).ok()?;
    let (source, destination) = (udp.source_port(), udp.destination_port());
    let fits = usize::from(udp.length()) == bytes.len() && [source, destination].contains(&PORT);
    fits.then(|| Joined {
        from: (Ipv4Addr::UNSPECIFIED, source).into(),
        to: (Ipv4Addr::UNSPECIFIED, destination).into(),
        payload: udp.payload().to_vec(),
    })
}

fn addresses(net: &LaxNetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    match net {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            let (from, to) = (header.source_addr(), header.destination_addr());
            Some((from.into(), to.into()))
        }
        LaxNetSlice::Ipv6(ip) => {
            let header = ip.header();
            let (from, to) = (header.source(), header.destination());
            Some((Ipv6Addr::from(from).into(), Ipv6Addr::from(to).into()))
        }
        LaxNetSlice::Arp(_) => None,
    }
}

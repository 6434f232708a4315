//! UDP datagrams of link-layer frames.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use etherparse::{
    EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, SlicedPacket, TransportSlice, UdpSlice,
    defrag::IpDefragPool,
};

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
        }
    }
}

fn ip(packet: &[u8]) -> Option<(EtherType, &[u8])> {
    match packet.first()? >> 4 {
        4 => Some((EtherType::IPV4, packet)),
        6 => Some((EtherType::IPV6, packet)),
        _ => None,
    }
}

/// A UDP datagram.
pub(super) struct Udp {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) payload: Vec<u8>,
}

/// Finds UDP datagrams in frames and puts fragmented ones together.
#[derive(Default)]
pub(super) struct Assembler {
    fragments: IpDefragPool<u64>,
    /// Fragments taken in since the pool was last cleared.
    taken: usize,
}

impl Assembler {
    /// The most fragments that are waited with: 64 KiB each at worst.
    const MAX_FRAGMENTS: usize = 512;

    /// The datagram that this frame holds or completes. `number` orders the
    /// frames.
    pub(super) fn udp(&mut self, link: LinkType, frame: &[u8], number: u64) -> Option<Udp> {
        let (ether_type, payload) = link.payload(frame)?;
        let packet = LaxSlicedPacket::from_ether_type(ether_type, payload);
        let (from, to) = addresses(packet.net.as_ref()?)?;
        if let Some(TransportSlice::Udp(udp)) = &packet.transport {
            return Some(datagram(from, to, udp));
        }
        let fragment = packet.ip_payload()?;
        if !fragment.fragmented || fragment.ip_number != IpNumber::UDP {
            return None;
        }
        let whole = self.assemble(ether_type, payload, number)?;
        let udp = UdpSlice::from_slice_lax(&whole).ok()?;
        Some(datagram(from, to, &udp))
    }

    fn assemble(&mut self, ether_type: EtherType, payload: &[u8], number: u64) -> Option<Vec<u8>> {
        if self.taken >= Self::MAX_FRAGMENTS {
            // The pool has no bound of its own.
            self.fragments = IpDefragPool::new();
            self.taken = 0;
        }
        self.taken = self.taken.saturating_add(1);
        let packet = SlicedPacket::from_ether_type(ether_type, payload).ok()?;
        let whole = self
            .fragments
            .process_sliced_packet(&packet, number, ())
            .ok()??;
        Some(whole.payload)
    }
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

fn datagram(from: IpAddr, to: IpAddr, udp: &UdpSlice<'_>) -> Udp {
    Udp {
        from: SocketAddr::new(from, udp.source_port()),
        to: SocketAddr::new(to, udp.destination_port()),
        payload: udp.payload().to_vec(),
    }
}

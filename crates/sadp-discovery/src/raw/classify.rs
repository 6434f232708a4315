//! Classifies frames: which of them are SADP.

use std::net::SocketAddrV4;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use sadp_model::MacAddr;
use sadp_proto::frame::ETHER_TYPE;

use crate::reassembly::Fragment;

/// The content of a frame of SADP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameContent {
    /// A frame of the link-layer protocol.
    Frame,
    /// A UDP datagram.
    Datagram(UdpDatagram),
    /// An IP fragment of a UDP datagram: the first one, or a later one of any datagram,
    /// because later ones have no ports.
    Fragment(Fragment),
}

/// A UDP datagram within a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpDatagram {
    /// The sender.
    pub from: SocketAddrV4,
    /// The destination.
    pub to: SocketAddrV4,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Returns the content of a frame, with or without VLAN tags. `None` where it is not
/// SADP on this UDP port, and where the station `own` sent it.
pub fn classify_frame(frame: &[u8], own: MacAddr, port: u16) -> Option<FrameContent> {
    let station = MacAddr::new(*frame.get(6..)?.first_chunk()?);
    if station == own {
        return None;
    }
    let (ether_type, packet) = untagged(frame)?;
    if ether_type == ETHER_TYPE {
        return Some(FrameContent::Frame);
    }
    if ether_type != EtherType::IPV4.0 {
        return None;
    }
    let sliced = LaxSlicedPacket::from_ether_type(EtherType::IPV4, packet);
    let Some(LaxNetSlice::Ipv4(ip)) = &sliced.net else {
        return None;
    };
    let header = ip.header();
    let (from, to) = (header.source_addr(), header.destination_addr());
    if let Some(TransportSlice::Udp(udp)) = &sliced.transport {
        let (from, to) = (
            SocketAddrV4::new(from, udp.source_port()),
            SocketAddrV4::new(to, udp.destination_port()),
        );
        let concerns = from.port() == port || to.port() == port;
        return concerns.then(|| {
            FrameContent::Datagram(UdpDatagram {
                from,
                to,
                payload: udp.payload().to_vec(),
            })
        });
    }
    let fragment = Fragment::parse(EtherType::IPV4, packet, Some(station))?;
    let other_ports = fragment
        .ports()
        .is_some_and(|(source, destination)| source != port && destination != port);
    (!other_ports).then_some(FrameContent::Fragment(fragment))
}

/// Returns the Ethernet type after at most two VLAN tags, and what follows it.
pub(crate) fn untagged(frame: &[u8]) -> Option<(u16, &[u8])> {
    let mut rest = frame.get(12..)?;
    for _ in 0..=2 {
        let (ether_type, behind) = rest.split_first_chunk()?;
        let ether_type = u16::from_be_bytes(*ether_type);
        if !matches!(ether_type, 0x8100 | 0x88a8) {
            return Some((ether_type, behind));
        }
        rest = behind.get(2..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    const OWN: MacAddr = MacAddr::new([2, 0, 0, 0, 0, 1]);
    const DEVICE: [u8; 6] = [0x44, 0x47, 0xcc, 0, 0, 5];

    fn udp(source: u16, destination: u16) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2(DEVICE, OWN.octets())
            .ipv4([192, 168, 1, 64], [10, 0, 0, 1], 1)
            .udp(source, destination)
            .write(&mut frame, b"<Bye/>")
            .unwrap();
        frame
    }

    fn tagged(frame: &[u8], tags: usize) -> Vec<u8> {
        let tags = [0x81, 0, 0, 9].repeat(tags);
        [&frame[..12], &tags, &frame[12..]].concat()
    }

    #[test]
    fn datagrams_from_and_to_the_port_are_taken_tags_or_not() {
        for (frame, taken) in [
            (udp(37020, 50000), true),
            (udp(50000, 37020), true),
            (tagged(&udp(37020, 50000), 1), true),
            (tagged(&udp(37020, 50000), 2), true),
            (tagged(&udp(37020, 50000), 3), false),
            (udp(53, 50000), false),
        ] {
            let content = classify_frame(&frame, OWN, 37020);
            assert_eq!(content.is_some(), taken, "{frame:02x?}");
            if let Some(FrameContent::Datagram(datagram)) = content {
                assert_eq!(datagram.payload, b"<Bye/>");
                assert_eq!(datagram.from.ip().octets(), [192, 168, 1, 64]);
            }
        }
    }

    #[test]
    fn frames_of_the_older_protocol_are_taken() {
        let mut frame = [&[0xff; 6], &DEVICE[..], &[0x80, 0x33, 0x21]].concat();
        assert_eq!(
            classify_frame(&frame, OWN, 37020),
            Some(FrameContent::Frame)
        );
        frame[6..12].copy_from_slice(&OWN.octets());
        assert_eq!(
            classify_frame(&frame, OWN, 37020),
            None,
            "sent by this card"
        );
    }

    #[test]
    fn first_fragments_of_the_port_and_all_later_ones_are_taken() {
        for (port, offset, taken) in [(37020, 0, true), (53, 0, false), (53, 9, true)] {
            // Sixteen bytes, which more follow.
            let mut frame = [udp(port, port), b"..".to_vec()].concat();
            (frame[17], frame[20], frame[21]) = (36, 0x20, offset);
            let Some(FrameContent::Fragment(fragment)) = classify_frame(&frame, OWN, 37020) else {
                assert!(!taken, "{port} {offset}");
                continue;
            };
            assert!(taken, "{port} {offset}");
            assert_eq!(fragment.id.station, Some(MacAddr::new(DEVICE)));
            assert_eq!(fragment.offset, usize::from(offset) * 8);
            assert!(fragment.more);
        }
    }

    #[test]
    fn every_beginning_of_a_frame_is_survived() {
        let frame = tagged(&udp(37020, 37020), 2);
        for length in 0..frame.len() {
            let _ = classify_frame(&frame[..length], OWN, 37020);
        }
    }
}

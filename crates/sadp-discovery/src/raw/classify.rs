//! Classifies frames: which of them are SADP.

use std::net::IpAddr;

use etherparse::{
    EtherType, IpNumber, Ipv6ExtensionSlice, Ipv6FragmentHeader, LaxNetSlice, LaxSlicedPacket,
    LenSource, TransportSlice,
};
use sadp_model::MacAddr;
use sadp_proto::frame::{ETHER_TYPE, untagged};

use crate::reassembly::{DatagramId, Fragment, UdpDatagram};

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

impl FrameContent {
    /// Returns the UDP datagram or fragment in an IP packet that `station` sent, where its
    /// source and destination port are wanted, or where it has none.
    pub(crate) fn of_packet(
        ether_type: EtherType,
        packet: &[u8],
        station: Option<MacAddr>,
        is_wanted: impl Fn([u16; 2]) -> bool,
    ) -> Option<Self> {
        let sliced = LaxSlicedPacket::from_ether_type(ether_type, packet);
        let (from, to, place, content): (IpAddr, IpAddr, _, _) = match sliced.net.as_ref()? {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                let place = Ipv6FragmentHeader {
                    next_header: header.protocol(),
                    fragment_offset: header.fragments_offset(),
                    more_fragments: header.more_fragments(),
                    identification: header.identification().into(),
                };
                let (from, to) = (header.source_addr(), header.destination_addr());
                (from.into(), to.into(), Some(place), ip.payload())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                // The library's iterator relies on it that every extension could be read.
                let extensions = sliced.stop_err.is_none().then(|| ip.extensions().clone());
                let mut extensions = extensions.into_iter().flatten();
                let place = extensions.find_map(|it| match it {
                    Ipv6ExtensionSlice::Fragment(fragment) => Some(fragment.to_header()),
                    _ => None,
                });
                let (from, to) = (header.source_addr(), header.destination_addr());
                (from.into(), to.into(), place, ip.payload())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        if let Some(TransportSlice::Udp(udp)) = &sliced.transport {
            let ports @ [source, destination] = [udp.source_port(), udp.destination_port()];
            let datagram = is_wanted(ports).then(|| UdpDatagram {
                from: (from, source).into(),
                to: (to, destination).into(),
                payload: udp.payload().to_vec(),
            });
            return datagram.map(Self::Datagram);
        }
        // A fragment that a capture cut short has another length than its header says.
        let is_whole = content.len_source != LenSource::Slice;
        if !content.fragmented || content.ip_number != IpNumber::UDP || !is_whole {
            return None;
        }
        let place = place?;
        let fragment = Fragment {
            id: DatagramId {
                card: 0,
                station,
                from,
                to,
                number: place.identification,
            },
            offset: place.fragment_offset.byte_offset().into(),
            more: place.more_fragments,
            payload: content.payload.to_vec(),
        };
        let is_wanted = fragment.ports().is_none_or(is_wanted);
        is_wanted.then_some(Self::Fragment(fragment))
    }
}

/// Returns the content of a frame, with or without VLAN tags. `None` where it is not
/// SADP on this UDP port, and where the station `own` sent it.
pub fn classify_frame(frame: &[u8], own: MacAddr, port: u16) -> Option<FrameContent> {
    let station = MacAddr::new(*frame.get(6..)?.first_chunk()?);
    if station == own {
        return None;
    }
    match untagged(frame).ok()? {
        (ETHER_TYPE, _) => Some(FrameContent::Frame),
        (ether_type, packet) if ether_type == EtherType::IPV4.0 => {
            FrameContent::of_packet(EtherType::IPV4, packet, Some(station), |ports| {
                ports.contains(&port)
            })
        }
        _ => None,
    }
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
                assert_eq!(datagram.from.ip(), IpAddr::from([192, 168, 1, 64]));
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
        for (port, offset, length, taken) in [
            (37020, 0, 36, true),
            (53, 0, 36, false),
            (53, 9, 36, true),
            // Cut short, and shorter than its header.
            (37020, 0, 37, false),
            (37020, 0, 19, false),
        ] {
            // Sixteen bytes, which more follow.
            let mut frame = [udp(port, port), b"..".to_vec()].concat();
            (frame[17], frame[20], frame[21]) = (length, 0x20, offset);
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
        // IPv6 with extensions of eight bytes, each of which another one follows.
        let extensions = [60, 0, 1, 1, 1, 1, 1, 1].repeat(3);
        let packet = [&[0x60, 0, 0, 0, 0, 24, 60, 1], &[1; 32][..], &extensions].concat();
        for length in 0..=packet.len() {
            let packet = &packet[..length];
            let content = FrameContent::of_packet(EtherType::IPV6, packet, None, |_| true);
            assert_eq!(content, None, "{length}");
        }
    }
}

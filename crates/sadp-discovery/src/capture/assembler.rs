//! Packets to datagrams.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;

use super::{
    CapturedDatagram, Origin,
    file::Packet,
    frame::{Found, LinkType, find_udp},
    is_sadp, is_sadp_frame,
};
use crate::reassembly::{Beginning, Joined, Reassembly};

/// Finds the SADP datagrams of packets that are taken in one after the other.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    fragments: Reassembly<Origin>,
    clock: Clock,
    ready: VecDeque<CapturedDatagram>,
}

impl Assembler {
    /// Takes in a packet with its number.
    pub(super) fn take(&mut self, link: LinkType, packet: Packet, number: Option<u64>) {
        let origin = Origin {
            packet: number,
            interface: packet.interface,
            at: packet.at,
        };
        let now = self.clock.read(packet.at);
        if link == LinkType::Ethernet && is_sadp_frame(&packet.data) {
            let frame = CapturedDatagram::frame(origin, packet.data);
            return self.ready.push_back(frame);
        }
        match find_udp(link, &packet.data) {
            Some(Found::Datagram(datagram)) => self.hand_over(origin, datagram),
            Some(Found::Fragment(fragment)) => {
                if let Some(datagram) = self.fragments.add(now, fragment, origin.clone()) {
                    self.hand_over(origin, datagram);
                }
            }
            None => {}
        }
        let beginnings = self.fragments.take_beginnings(now);
        self.hand_over_beginnings(beginnings);
    }

    /// No packet follows: gives the beginnings of datagrams that are not whole.
    pub(super) fn finish(&mut self) {
        let beginnings = self.fragments.finish();
        self.hand_over_beginnings(beginnings);
    }

    /// The next datagram.
    pub(super) fn next(&mut self) -> Option<CapturedDatagram> {
        self.ready.pop_front()
    }

    /// How many fragmented datagrams were refused.
    pub(super) const fn refused(&self) -> u64 {
        self.fragments.refused()
    }

    fn hand_over(&mut self, origin: Origin, datagram: Joined) {
        if is_sadp(&datagram) {
            self.ready
                .push_back(CapturedDatagram::new(origin, datagram));
        }
    }

    fn hand_over_beginnings(&mut self, beginnings: Vec<Beginning<Origin>>) {
        for Beginning { datagram, tag } in beginnings.into_iter().filter(|it| is_sadp(&it.datagram))
        {
            self.ready.push_back(CapturedDatagram {
                is_beginning: true,
                ..CapturedDatagram::new(tag, datagram)
            });
        }
    }
}

/// The time of a capture: what its packets say, never going back.
#[derive(Debug, Default)]
struct Clock {
    first: Option<Timestamp>,
    now: Duration,
}

impl Clock {
    fn read(&mut self, at: Option<Timestamp>) -> Duration {
        if let Some(at) = at {
            let first = *self.first.get_or_insert(at);
            let since = Duration::try_from(at.duration_since(first)).unwrap_or_default();
            self.now = self.now.max(since);
        }
        self.now
    }
}

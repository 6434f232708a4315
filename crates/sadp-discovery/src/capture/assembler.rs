//! Extracts datagrams from packets.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;

use super::{
    CaptureOrigin, CapturedDatagram,
    file::Packet,
    frame::{LinkType, content},
    is_sadp,
};
use crate::{
    raw::FrameContent,
    reassembly::{Beginning, Reassembly, UdpDatagram},
};

/// Finds the SADP datagrams in a sequence of packets.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    fragments: Reassembly<CaptureOrigin>,
    clock: Clock,
    ready: VecDeque<CapturedDatagram>,
}

impl Assembler {
    /// Adds a packet with its number.
    pub(super) fn take(&mut self, link: LinkType, packet: Packet, number: Option<u64>) {
        let origin = CaptureOrigin {
            packet: number,
            interface: packet.interface,
            at: packet.at,
        };
        let now = self.clock.read(packet.at);
        match content(link, &packet.data) {
            Some(FrameContent::Frame) => {
                let frame = CapturedDatagram::frame(origin, packet.data);
                return self.ready.push_back(frame);
            }
            Some(FrameContent::Datagram(datagram)) => self.add_sadp(origin, datagram),
            Some(FrameContent::Fragment(fragment)) => {
                if let Some(datagram) = self.fragments.add(now, fragment, origin.clone()) {
                    self.add_sadp(origin, datagram);
                }
            }
            None => {}
        }
        let beginnings = self.fragments.take_beginnings(now);
        self.add_sadp_beginnings(beginnings);
    }

    /// Ends the sequence: adds the beginnings of incomplete datagrams.
    pub(super) fn finish(&mut self) {
        let beginnings = self.fragments.finish();
        self.add_sadp_beginnings(beginnings);
    }

    /// Returns the next datagram.
    pub(super) fn next(&mut self) -> Option<CapturedDatagram> {
        self.ready.pop_front()
    }

    /// The number of refused fragmented datagrams.
    pub(super) const fn refused(&self) -> u64 {
        self.fragments.refused()
    }

    fn add_sadp(&mut self, origin: CaptureOrigin, datagram: UdpDatagram) {
        if is_sadp(&datagram) {
            self.ready
                .push_back(CapturedDatagram::new(origin, datagram));
        }
    }

    fn add_sadp_beginnings(&mut self, beginnings: Vec<Beginning<CaptureOrigin>>) {
        for Beginning { datagram, tag } in beginnings.into_iter().filter(|it| is_sadp(&it.datagram))
        {
            self.ready.push_back(CapturedDatagram {
                is_beginning: true,
                ..CapturedDatagram::new(tag, datagram)
            });
        }
    }
}

/// The time of a capture by its packets; it never decreases.
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

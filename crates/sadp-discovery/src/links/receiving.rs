//! Received datagrams and frames: classified, counted once, recorded.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use sadp_model::{Protocol, Via};
use sadp_proto::{Datagram, frame::Frame};

use super::{Link, Links, dedup::ReceivePath};
use crate::{
    CaptureRecorder, Notice,
    interface::Interface,
    raw::{FrameContent, RawFrame},
    reassembly::{Beginning, UdpDatagram},
    receive::{Received, ReceivedBatch},
    record::RecordedDatagram,
};

impl Links {
    /// Passes the content of a batch to `take`, one by one. A datagram that both the UDP
    /// and the packet socket received is passed once; one that the packet socket
    /// received in IP fragments is joined. A socket's failure becomes a notice.
    pub(crate) fn take_in(&mut self, batch: ReceivedBatch, mut take: impl FnMut(&Datagram<'_>)) {
        match batch {
            ReceivedBatch::Socket { number, outcome } => {
                let link = self.all.get(number).map(Link::name);
                match outcome {
                    Ok(all) => {
                        for received in all {
                            self.take_datagram(number, link.as_ref(), &received, &mut take);
                        }
                    }
                    Err(source) => {
                        let interface = link.unwrap_or_else(|| {
                            format!("port {}", self.config.endpoint().port).into()
                        });
                        self.notices.push(Notice::NotHeard { interface, source });
                    }
                }
            }
            ReceivedBatch::Card { number, outcome } => {
                let Some(interface) = self.raw.name(number).cloned() else {
                    return;
                };
                match outcome {
                    Ok(frames) => {
                        for frame in frames {
                            self.take_frame(number, &interface, frame, &mut take);
                        }
                    }
                    Err(source) => self.notices.push(Notice::NotHeard { interface, source }),
                }
            }
        }
    }

    fn take_datagram(
        &mut self,
        socket: usize,
        link: Option<&Arc<str>>,
        received: &Received,
        take: &mut impl FnMut(&Datagram<'_>),
    ) {
        let Some(interface) = self.interface_of(received, link) else {
            return;
        };
        self.by_udp = true;
        if !self.raw.is_empty() {
            self.senders.note_whole(received.from);
        }
        let (protocol, via) = (self.protocol_of(socket), via(received, link.is_some()));
        let datagram = self.datagram(&interface, protocol, via, received);
        if !self.is_repeated(ReceivePath::Udp, &datagram) {
            self.record_received(&interface, received, self.address_of(socket));
            take(&datagram);
        }
    }

    fn take_frame(
        &mut self,
        card: usize,
        interface: &Arc<str>,
        RawFrame { bytes, content }: RawFrame,
        take: &mut impl FnMut(&Datagram<'_>),
    ) {
        let (datagram, frame) = match content {
            FrameContent::Frame => {
                let sender = Frame::parse(&bytes).map(|frame| frame.sender.ipv4);
                let from = sender.unwrap_or(Ipv4Addr::UNSPECIFIED);
                self.record_frame(interface, &bytes);
                let received = Received::new((from, 0).into(), None, bytes);
                let (protocol, via) = (Protocol::SadpFrame, Via::LinkLayer);
                return take(&self.datagram(interface, protocol, via, &received));
            }
            FrameContent::Datagram(datagram) => (datagram, Some(bytes)),
            FrameContent::Fragment(mut fragment) => {
                fragment.id.card = card;
                let now = self.opened.elapsed();
                let tag = (Arc::clone(interface), bytes);
                let Some(joined) = self.fragments.add(now, fragment, tag) else {
                    return;
                };
                self.senders.note_whole(joined.from);
                (joined, None)
            }
        };
        let to = datagram.to;
        let received = Received::from(datagram);
        let (protocol, via) = (self.config.endpoint().protocol, via(&received, false));
        let datagram = self.datagram(interface, protocol, via, &received);
        if self.is_own(received.from) || self.is_repeated(ReceivePath::Packet, &datagram) {
            return;
        }
        match frame {
            Some(frame) => self.record_frame(interface, &frame),
            None => self.record_received(interface, &received, Some(to)),
        }
        take(&datagram);
    }

    /// Passes on the beginnings of datagrams whose other IP fragments did not arrive in
    /// time; with `all`, also of those that are still open. Such a datagram may still
    /// arrive whole at a UDP socket.
    pub(crate) fn take_beginnings(&mut self, all: bool, mut take: impl FnMut(&Datagram<'_>)) {
        let beginnings = if all {
            self.fragments.finish()
        } else {
            self.fragments.take_beginnings(self.opened.elapsed())
        };
        for Beginning { datagram, tag } in beginnings {
            let (interface, frame) = tag;
            let received = Received {
                is_beginning: true,
                ..Received::from(datagram)
            };
            if self.is_own(received.from) {
                continue;
            }
            self.senders.note_beginning(received.from);
            self.record_frame(&interface, &frame);
            let (protocol, via) = (self.config.endpoint().protocol, via(&received, false));
            take(&self.datagram(&interface, protocol, via, &received));
        }
    }

    /// The datagram as it is to be decoded; [`Via::LinkLayer`] for a whole frame.
    fn datagram<'a>(
        &self,
        interface: &'a Arc<str>,
        protocol: Protocol,
        via: Via,
        received: &'a Received,
    ) -> Datagram<'a> {
        Datagram {
            interface,
            from: received.from,
            protocol,
            via,
            at: self.config.now(),
            payload: &received.payload,
            is_beginning: received.is_beginning,
        }
    }

    fn is_repeated(&mut self, path: ReceivePath, datagram: &Datagram<'_>) -> bool {
        let now = self.opened.elapsed();
        !self.raw.is_empty() && self.dedup.is_repeated(now, path, datagram)
    }

    /// Whether this is the address of a link: a probe of this program came back.
    fn is_own(&self, from: SocketAddr) -> bool {
        self.all.iter().any(|link| link.address == Some(from))
    }

    /// The address of a socket, by its number in [`Links::start_draining`].
    fn address_of(&self, socket: usize) -> Option<SocketAddr> {
        self.all.get(socket)?.address
    }

    /// The interface that received a datagram. `None` where it is not in use.
    fn interface_of(&mut self, received: &Received, link: Option<&Arc<str>>) -> Option<Arc<str>> {
        if let Some(link) = link {
            return Some(Arc::clone(link));
        }
        // Datagrams queued before IP_PKTINFO was enabled carry no interface index.
        if let Some(index) = received.interface.filter(|&index| index != 0) {
            let chosen = self.config.interfaces.is_empty() || self.names.contains_key(&index);
            let name = self.names.get(&index).cloned();
            return chosen.then(|| name.unwrap_or_else(|| format!("interface {index}").into()));
        }
        let links: Vec<&Interface> = self.all.iter().map(|link| &link.interface).collect();
        let (interface, guessed) = likely_interface(&links, received.from.ip())?;
        let name = Arc::clone(&interface.name);
        if guessed && !std::mem::replace(&mut self.reported_guess, true) {
            let interface = Arc::clone(&name);
            self.notices.push(Notice::InterfaceGuessed(interface));
        }
        Some(name)
    }

    fn record_received(
        &self,
        interface: &Arc<str>,
        received: &Received,
        bound: Option<SocketAddr>,
    ) {
        // It was recorded when it was sent.
        if self.config.recorder.is_none() || self.is_own(received.from) {
            return;
        }
        let endpoint = self.config.endpoint();
        let to = match received.to.or_else(|| bound.map(|bound| bound.ip())) {
            Some(IpAddr::V4(address)) => address,
            Some(IpAddr::V6(_)) => return,
            None => endpoint.group,
        };
        let port = bound.map_or(endpoint.port, |bound| bound.port());
        let to = SocketAddrV4::new(to, port);
        self.record_datagram(interface, Some(received.from), to, &received.payload);
    }

    /// Records a datagram, sent or received.
    pub(super) fn record_datagram(
        &self,
        interface: &Arc<str>,
        from: Option<SocketAddr>,
        to: SocketAddrV4,
        payload: &[u8],
    ) {
        if let Some(recorder) = &self.config.recorder
            && let Some(SocketAddr::V4(from)) = from
        {
            let datagram = RecordedDatagram { from, to, payload };
            recorder.datagram(interface, self.config.now(), &datagram);
        }
    }

    pub(super) fn record_frame(&self, interface: &Arc<str>, frame: &[u8]) {
        if let Some(recorder) = &self.config.recorder {
            recorder.frame(interface, self.config.now(), frame);
        }
    }

    /// Ends the recording, if there is one, and reports what was missed.
    pub(crate) fn finish(&mut self) {
        self.report_missed();
        if let Some(Err(source)) = self.config.recorder.as_ref().map(CaptureRecorder::finish) {
            self.notices.push(Notice::NotRecorded(source));
        }
    }

    /// Reports what was missed.
    pub(crate) fn report_missed(&mut self) {
        let count = self.senders.lost();
        if count > 0 {
            self.notices.push(Notice::Fragments(count));
        }
        let count = self.fragments.refused();
        if count > 0 {
            self.notices.push(Notice::FragmentsRefused(count));
        }
    }
}

impl From<UdpDatagram> for Received {
    fn from(datagram: UdpDatagram) -> Self {
        Self::new(datagram.from, Some(datagram.to.ip()), datagram.payload)
    }
}

/// Returns the interface that most likely received a datagram, where the system does
/// not report it: one in the sender's network, else any; and whether others are as
/// likely.
fn likely_interface<'a>(all: &[&'a Interface], from: IpAddr) -> Option<(&'a Interface, bool)> {
    let mut near = all.to_vec();
    near.retain(|it| matches!(from, IpAddr::V4(from) if it.network.contains(&from)));
    let among = if near.is_empty() { all } else { &near };
    let first = *among.first()?;
    Some((first, among.iter().any(|other| other.name != first.name)))
}

/// The senders of replies whose last IP fragments did not arrive, and of replies that
/// arrived whole. Either kind may arrive first.
#[derive(Debug, Default)]
pub(super) struct FragmentSenders {
    begun: HashSet<SocketAddr>,
    whole: HashSet<SocketAddr>,
}

impl FragmentSenders {
    /// The maximum number of senders of either kind.
    const MAX_SENDERS: usize = 1 << 14;

    /// Records that only the beginning of a reply was received.
    fn note_beginning(&mut self, from: SocketAddr) {
        if self.begun.len() < Self::MAX_SENDERS && !self.whole.contains(&from) {
            self.begun.insert(from);
        }
    }

    /// Records that a whole reply was received.
    fn note_whole(&mut self, from: SocketAddr) {
        self.begun.remove(&from);
        if self.whole.len() < Self::MAX_SENDERS {
            self.whole.insert(from);
        }
    }

    /// The number of senders without any whole reply.
    fn lost(&self) -> u64 {
        self.begun.len() as u64
    }
}

fn via(received: &Received, to_link: bool) -> Via {
    let multicast = received.to.map_or(!to_link, |to| to.is_multicast());
    if multicast {
        Via::Multicast
    } else {
        Via::Unicast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_with_a_whole_reply_is_not_lost_in_any_order() {
        let [first, second, third] =
            [1, 2, 3].map(|last| SocketAddr::from(([10, 0, 0, last], 37020)));
        let mut senders = FragmentSenders::default();
        senders.note_beginning(first);
        senders.note_beginning(second);
        senders.note_whole(first);
        senders.note_whole(third);
        senders.note_beginning(third);
        assert_eq!(senders.lost(), 1);
    }

    #[test]
    fn an_unknown_interface_is_the_senders_or_a_guess() {
        let eth0 = Interface::sample("eth0", "192.168.1.10/24");
        let also_eth0 = Interface::sample("eth0", "10.0.0.10/8");
        let eth1 = Interface::sample("eth1", "172.16.0.10/16");
        let wlan0 = Interface::sample("wlan0", "192.168.1.11/24");
        for (all, from, expected) in [
            (&[&eth0, &eth1][..], "172.16.9.9", Some(("eth1", false))),
            (&[&eth0, &eth1], "192.0.2.1", Some(("eth0", true))),
            (&[&eth0, &wlan0], "192.168.1.64", Some(("eth0", true))),
            (&[&eth0, &also_eth0], "192.0.2.1", Some(("eth0", false))),
            (&[&eth1], "192.0.2.1", Some(("eth1", false))),
            (&[], "192.0.2.1", None),
        ] {
            let found = likely_interface(all, from.parse().unwrap());
            let found = found.map(|(interface, guessed)| (&*interface.name, guessed));
            assert_eq!(found, expected, "{from}");
        }
    }
}

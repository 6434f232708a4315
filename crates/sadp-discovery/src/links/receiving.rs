//! Received datagrams and frames: classified, counted once, recorded.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use sadp_model::{Protocol, Via};
use sadp_proto::frame::Frame;

use super::{
    Links,
    dedup::{DatagramKey, ReceivePath},
};
use crate::{
    CaptureRecorder, Notice,
    interface::Interface,
    raw::{FrameContent, RawFrame},
    reassembly::{Beginning, UdpDatagram},
    receive::{Received, ReceivedBatch},
    record::RecordedDatagram,
};

impl Links {
    /// Passes the content of a batch to `take`, one by one, with its interface and
    /// transport. [`Via::LinkLayer`] means a whole frame. A datagram that both the UDP
    /// and the packet socket received is passed once; one that the packet socket
    /// received in IP fragments is joined. A socket's failure becomes a notice.
    pub(crate) fn take_in(
        &mut self,
        batch: ReceivedBatch,
        mut take: impl FnMut(&Arc<str>, Via, &Received),
    ) {
        match batch {
            ReceivedBatch::Socket { number, outcome } => {
                let link = self.all.get(number);
                let link = link.map(|link| Arc::clone(&link.interface.name));
                match outcome {
                    Ok(all) => {
                        for received in all {
                            self.take_datagram(number, link.as_ref(), &received, &mut take);
                        }
                    }
                    Err(source) => {
                        let port = self.config.endpoint.port;
                        let interface = link.unwrap_or_else(|| format!("port {port}").into());
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
        take: &mut impl FnMut(&Arc<str>, Via, &Received),
    ) {
        let Some(interface) = self.interface_of(received, link) else {
            return;
        };
        self.by_udp = true;
        if !self.raw.is_empty() {
            self.senders.note_whole(received.from);
        }
        let via = via(received, link.is_some());
        if self.is_repeated(ReceivePath::Udp, via, received) {
            return;
        }
        self.record_received(&interface, received, self.address_of(socket));
        take(&interface, via, received);
    }

    fn take_frame(
        &mut self,
        card: usize,
        interface: &Arc<str>,
        RawFrame { bytes, content }: RawFrame,
        take: &mut impl FnMut(&Arc<str>, Via, &Received),
    ) {
        let (via, received) = match content {
            FrameContent::Frame => {
                let sender = Frame::parse(&bytes).map(|frame| frame.sender.ipv4);
                let from = sender.unwrap_or(Ipv4Addr::UNSPECIFIED);
                self.record_frame(interface, &bytes);
                let received = Received {
                    protocol: Protocol::SadpFrame,
                    ..Received::new((from, 0).into(), None, bytes)
                };
                (Via::LinkLayer, received)
            }
            FrameContent::Datagram(datagram) => {
                let received = Received::from(datagram);
                let via = via(&received, false);
                if self.is_own(&received) || self.is_repeated(ReceivePath::Packet, via, &received) {
                    return;
                }
                self.record_frame(interface, &bytes);
                (via, received)
            }
            FrameContent::Fragment(mut fragment) => {
                fragment.id.card = card;
                let now = self.opened.elapsed();
                let tag = (Arc::clone(interface), bytes);
                let Some(joined) = self.fragments.add(now, fragment, tag) else {
                    return;
                };
                let to = joined.to;
                let received = Received::from(joined);
                self.senders.note_whole(received.from);
                let via = via(&received, false);
                if self.is_own(&received) || self.is_repeated(ReceivePath::Packet, via, &received) {
                    return;
                }
                self.record_received(interface, &received, Some(to));
                (via, received)
            }
        };
        take(interface, via, &received);
    }

    /// Passes on the beginnings of datagrams whose other IP fragments did not arrive in
    /// time; with `all`, also of those that are still open. Such a datagram may still
    /// arrive whole at a UDP socket.
    pub(crate) fn take_beginnings(
        &mut self,
        all: bool,
        mut take: impl FnMut(&Arc<str>, Via, &Received),
    ) {
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
            if self.is_own(&received) {
                continue;
            }
            self.senders.note_beginning(received.from);
            self.record_frame(&interface, &frame);
            take(&interface, via(&received, false), &received);
        }
    }

    fn is_repeated(&mut self, path: ReceivePath, via: Via, received: &Received) -> bool {
        !self.raw.is_empty()
            && self.dedup.is_repeated(
                self.opened.elapsed(),
                path,
                &DatagramKey {
                    from: received.from,
                    via,
                    payload: &received.payload,
                },
            )
    }

    /// Whether it is a probe of this program that came back.
    fn is_own(&self, received: &Received) -> bool {
        self.all
            .iter()
            .any(|link| link.address == Some(received.from))
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
            self.notices.push(Notice::InterfaceGuessed { interface });
        }
        Some(name)
    }

    fn record_received(
        &self,
        interface: &Arc<str>,
        received: &Received,
        bound: Option<SocketAddr>,
    ) {
        let Some(recorder) = &self.config.recorder else {
            return;
        };
        // It was recorded when it was sent.
        if self.is_own(received) {
            return;
        }
        let endpoint = self.config.endpoint;
        let IpAddr::V4(address) = received
            .to
            .or_else(|| bound.map(|bound| bound.ip()))
            .unwrap_or(IpAddr::V4(endpoint.group))
        else {
            return;
        };
        let port = bound.map_or(endpoint.port, |bound| bound.port());
        let SocketAddr::V4(from) = received.from else {
            return;
        };
        let datagram = RecordedDatagram {
            from,
            to: SocketAddrV4::new(address, port),
            payload: &received.payload,
        };
        recorder.datagram(interface, self.config.now(), &datagram);
    }

    pub(super) fn record_sent(
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
            self.notices.push(Notice::NotRecorded { source });
        }
    }

    /// Reports what was missed.
    pub(crate) fn report_missed(&mut self) {
        let count = self.senders.lost();
        if count > 0 {
            self.notices.push(Notice::Fragments { count });
        }
        let count = self.fragments.refused();
        if count > 0 {
            self.notices.push(Notice::FragmentsRefused { count });
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

//! What the sockets and cards bring: told apart, heard once, recorded.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use sadp_model::{Protocol, Via};
use sadp_proto::frame::Frame;

use super::{Link, Links, twins::Ear};
use crate::{
    Notice, Recorder,
    interface::Interface,
    raw::{RawFrame, Sifted},
    reassembly::{Beginning, Joined},
    receive::{Batch, Received},
    record::RecordedDatagram,
};

impl Links {
    /// Hands what a batch brought to `take`, one by one, with the interface it
    /// came in by and the way it came. What came [`Via::LinkLayer`] is a whole
    /// frame. A datagram that UDP and packet socket heard is handed over once; one
    /// that the packet socket heard in IP fragments is joined. A socket's failure
    /// becomes a notice.
    pub(crate) fn take_in(
        &mut self,
        batch: Batch,
        mut take: impl FnMut(&Arc<str>, Via, &Received),
    ) {
        match batch {
            Batch::Socket { number, outcome } => {
                let link = self.all.get(number);
                let link = link.map(|link| Arc::clone(&link.interface.name));
                match outcome {
                    Ok(all) => {
                        for mut received in all {
                            received.protocol = self.protocol_of(number);
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
            Batch::Card { number, outcome } => {
                let Some(interface) = self.cards.interface(number).cloned() else {
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
        if !self.cards.is_empty() {
            self.senders.note_whole(received.from);
        }
        let via = via(received, link.is_some());
        if self.is_repeated(Ear::Udp, via, received) {
            return;
        }
        self.record_heard(&interface, received, self.address_of(socket));
        take(&interface, via, received);
    }

    fn take_frame(
        &mut self,
        card: usize,
        interface: &Arc<str>,
        RawFrame { bytes, sifted }: RawFrame,
        take: &mut impl FnMut(&Arc<str>, Via, &Received),
    ) {
        let (via, received) = match sifted {
            Sifted::Frame => {
                let sender = Frame::parse(&bytes).map(|frame| frame.sender.ipv4);
                let from = sender.unwrap_or(Ipv4Addr::UNSPECIFIED);
                self.record_frame(interface, &bytes);
                let received = Received {
                    from: SocketAddr::from((from, 0)),
                    to: None,
                    interface: None,
                    payload: bytes,
                    is_beginning: false,
                    protocol: Protocol::SadpFrame,
                };
                (Via::LinkLayer, received)
            }
            Sifted::Datagram(datagram) => {
                let received = Received {
                    from: datagram.from.into(),
                    to: Some(IpAddr::V4(*datagram.to.ip())),
                    interface: None,
                    payload: datagram.payload,
                    is_beginning: false,
                    protocol: self.config.endpoint().protocol,
                };
                let via = via(&received, false);
                if self.is_own(&received) || self.is_repeated(Ear::Packet, via, &received) {
                    return;
                }
                self.record_frame(interface, &bytes);
                (via, received)
            }
            Sifted::Fragment(mut fragment) => {
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
                if self.is_own(&received) || self.is_repeated(Ear::Packet, via, &received) {
                    return;
                }
                self.record_heard(interface, &received, Some(to));
                (via, received)
            }
        };
        take(interface, via, &received);
    }

    /// Hands over the beginnings of datagrams whose other IP fragments did not
    /// come in time; with `all`, also of those that are still waited for. Such a
    /// datagram may still come whole by a UDP socket.
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

    fn is_repeated(&mut self, ear: Ear, via: Via, received: &Received) -> bool {
        !self.cards.is_empty()
            && self.twins.is_repeated(
                self.opened.elapsed(),
                ear,
                (received.from, via, &received.payload),
            )
    }

    /// Whether it is a question of ours, come back.
    fn is_own(&self, received: &Received) -> bool {
        let own = |link: &Link| link.port.local_address() == Some(received.from);
        self.all.iter().any(own)
    }

    /// The address a socket is bound to, by its number in draining.
    fn address_of(&self, socket: usize) -> Option<SocketAddr> {
        let link = self.all.get(socket)?;
        link.port.local_address()
    }

    /// The interface a datagram came in by. `None` where it is none of those in
    /// use.
    fn interface_of(&mut self, received: &Received, link: Option<&Arc<str>>) -> Option<Arc<str>> {
        if let Some(link) = link {
            return Some(Arc::clone(link));
        }
        // The system does not know it of what came before it was asked to tell.
        if let Some(index) = received.interface.filter(|&index| index != 0) {
            let chosen = self.config.interfaces.is_empty() || self.names.contains_key(&index);
            let name = self.names.get(&index).cloned();
            return chosen.then(|| name.unwrap_or_else(|| format!("interface {index}").into()));
        }
        let links: Vec<&Interface> = self.all.iter().map(|link| &link.interface).collect();
        let (interface, guessed) = likely(&links, received.from.ip())?;
        let name = Arc::clone(&interface.name);
        if guessed && !std::mem::replace(&mut self.told_guessed, true) {
            let interface = Arc::clone(&name);
            self.notices.push(Notice::InterfaceGuessed { interface });
        }
        Some(name)
    }

    fn record_heard(&self, interface: &Arc<str>, received: &Received, bound: Option<SocketAddr>) {
        let Some(recorder) = &self.config.recorder else {
            return;
        };
        // What goes out was recorded then.
        if self.is_own(received) {
            return;
        }
        let endpoint = self.config.endpoint();
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

    /// Ends the record, if there is one, and tells what was missed.
    pub(crate) fn finish(&mut self) {
        self.tell_missed();
        if let Some(Err(source)) = self.config.recorder.as_ref().map(Recorder::finish) {
            self.notices.push(Notice::NotRecorded { source });
        }
    }

    /// Tells what was missed.
    pub(crate) fn tell_missed(&mut self) {
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

impl From<Joined> for Received {
    fn from(datagram: Joined) -> Self {
        Self {
            from: datagram.from,
            to: Some(datagram.to.ip()),
            interface: None,
            payload: datagram.payload,
            is_beginning: false,
            protocol: Protocol::default(),
        }
    }
}

/// The interface by which a datagram most likely came in, where the system does
/// not tell: one whose network its sender is in, else any. Also whether others are
/// as likely.
fn likely<'a>(all: &[&'a Interface], from: IpAddr) -> Option<(&'a Interface, bool)> {
    let is_near = |it: &&&Interface| matches!(from, IpAddr::V4(from) if it.network.contains(&from));
    let near: Vec<_> = all.iter().filter(is_near).copied().collect();
    let among = if near.is_empty() { all } else { &near };
    let first = *among.first()?;
    Some((first, among.iter().any(|other| other.name != first.name)))
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
    fn an_interface_that_is_not_told_is_the_senders_or_a_guess() {
        let interface = |name: &str, network: &str| Interface {
            name: name.into(),
            index: None,
            network: network.parse().unwrap(),
            up: true,
            loopback: false,
        };
        let eth0 = interface("eth0", "192.168.1.10/24");
        let also_eth0 = interface("eth0", "10.0.0.10/8");
        let eth1 = interface("eth1", "172.16.0.10/16");
        let wlan0 = interface("wlan0", "192.168.1.11/24");
        for (all, from, expected) in [
            (&[&eth0, &eth1][..], "172.16.9.9", Some(("eth1", false))),
            (&[&eth0, &eth1], "192.0.2.1", Some(("eth0", true))),
            (&[&eth0, &wlan0], "192.168.1.64", Some(("eth0", true))),
            (&[&eth0, &also_eth0], "192.0.2.1", Some(("eth0", false))),
            (&[&eth1], "192.0.2.1", Some(("eth1", false))),
            (&[], "192.0.2.1", None),
        ] {
            let found = likely(all, from.parse().unwrap());
            let found = found.map(|(interface, guessed)| (&*interface.name, guessed));
            assert_eq!(found, expected, "{from}");
        }
    }
}

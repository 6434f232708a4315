//! Joins IP fragments of UDP datagrams, within strict limits. Used for packet sockets
//! and captures; time is an argument.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use etherparse::{UdpSlice, defrag::MAX_IP_DEFRAG_LEN};
use sadp_model::MacAddr;

/// Identifies the datagram of a fragment. Cameras with the factory address share it, so
/// the station that sent the frame counts as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatagramId {
    /// The number of the receiving interface; 0 in a capture.
    pub card: usize,
    /// The station that sent the frame, where known.
    pub station: Option<MacAddr>,
    /// The sender's address.
    pub from: IpAddr,
    /// The destination address.
    pub to: IpAddr,
    /// The identification field of the IP header.
    pub number: u32,
}

/// One fragment of a UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The datagram.
    pub id: DatagramId,
    /// The offset of its bytes in the datagram, UDP header included.
    pub offset: usize,
    /// Whether more fragments follow it.
    pub more: bool,
    /// The content.
    pub payload: Vec<u8>,
}

impl Fragment {
    /// Source and destination port, which only the first fragment has.
    pub(crate) fn ports(&self) -> Option<[u16; 2]> {
        let &[a, b, c, d] = self.payload.first_chunk()?;
        (self.offset == 0).then(|| [[a, b], [c, d]].map(u16::from_be_bytes))
    }

    const fn end(&self) -> usize {
        self.offset.saturating_add(self.payload.len())
    }

    /// The memory it takes, in bytes.
    const fn footprint(&self) -> usize {
        size_of::<Self>().saturating_add(self.payload.len())
    }

    /// Whether both can belong to one datagram: they do not overlap, and nothing follows
    /// the last one.
    const fn agrees_with(&self, other: &Self) -> bool {
        let (first, second) = if self.offset < other.offset {
            (self, other)
        } else {
            (other, self)
        };
        first.more && first.end() <= second.offset
    }

    /// Whether a datagram can have such a fragment.
    fn is_possible(&self) -> bool {
        let aligned = !self.more || self.payload.len().is_multiple_of(8);
        !self.payload.is_empty() && aligned && self.end() <= MAX_IP_DEFRAG_LEN
    }
}

/// A UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpDatagram {
    /// The sender.
    pub from: SocketAddr,
    /// The destination.
    pub to: SocketAddr,
    /// The payload.
    pub payload: Vec<u8>,
}

impl UdpDatagram {
    /// `None` where the UDP header is incomplete.
    fn new(id: &DatagramId, bytes: &[u8]) -> Option<Self> {
        let udp = UdpSlice::from_slice_lax(bytes).ok()?;
        Some(Self {
            from: (id.from, udp.source_port()).into(),
            to: (id.to, udp.destination_port()).into(),
            payload: udp.payload().to_vec(),
        })
    }
}

/// The beginning of a datagram whose other fragments did not arrive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Beginning<T> {
    pub(crate) datagram: UdpDatagram,
    /// The tag of the first fragment.
    pub(crate) tag: T,
}

/// Joins fragments. Times are measured from any fixed moment and never decrease.
///
/// A datagram stays open for [`Reassembly::TIMEOUT`], or less where a limit is reached:
/// then the oldest one is dropped. A datagram with overlapping fragments is never
/// joined. The beginning of every dropped datagram can be taken.
#[derive(Debug, Default)]
pub(crate) struct Reassembly<T> {
    /// The oldest first.
    open: Vec<Partial<T>>,
    beginnings: Vec<Beginning<T>>,
    bytes: usize,
    refused: u64,
}

impl<T> Reassembly<T> {
    /// How long a datagram stays open. On a LAN fragments follow each other at once.
    const TIMEOUT: Duration = Duration::from_secs(1);

    /// The maximum number of open datagrams with their first fragment.
    const MAX_BEGUN: usize = 1024;

    /// The maximum number of open datagrams without it. They may be of any UDP port, so
    /// they never displace those with it.
    const MAX_HEADLESS: usize = 256;

    /// The maximum number of open datagrams of one sender.
    const MAX_OF_SENDER: usize = 64;

    /// The maximum number of fragments of one datagram: the longest has 45 in frames.
    const MAX_FRAGMENTS: usize = 64;

    /// The maximum memory for all, in bytes.
    const MAX_BYTES: usize = 4 << 20;

    /// Adds a fragment. Returns the datagram where it is complete.
    pub(crate) fn add(&mut self, now: Duration, fragment: Fragment, tag: T) -> Option<UdpDatagram> {
        self.expire(now);
        if !fragment.is_possible() {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let known = self.open.iter().position(|it| it.id == fragment.id);
        let place = known.unwrap_or_else(|| {
            self.make_room(&fragment);
            self.open.push(Partial::new(fragment.id, now));
            self.open.len().saturating_sub(1)
        });
        let partial = self.open.get_mut(place)?;
        let (before, had_conflict) = (partial.bytes(), partial.conflicting);
        partial.add(fragment, tag);
        let (after, complete) = (partial.bytes(), partial.is_complete());
        self.refused += u64::from(partial.conflicting && !had_conflict);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        if complete {
            let partial = self.remove(place);
            return UdpDatagram::new(&partial.id, &partial.beginning());
        }
        while self.bytes > Self::MAX_BYTES {
            self.drop_open(self.oldest(|it| !it.is_begun()).unwrap_or(0));
        }
        None
    }

    /// Returns the beginnings of the datagrams dropped by now.
    pub(crate) fn take_beginnings(&mut self, now: Duration) -> Vec<Beginning<T>> {
        self.expire(now);
        std::mem::take(&mut self.beginnings)
    }

    /// Drops all open datagrams and returns their beginnings.
    pub(crate) fn finish(&mut self) -> Vec<Beginning<T>> {
        while !self.open.is_empty() {
            self.drop_open(0);
        }
        std::mem::take(&mut self.beginnings)
    }

    /// The number of refused datagrams: their fragments overlap, are more than 64, or
    /// cannot be part of a datagram.
    pub(crate) const fn refused(&self) -> u64 {
        self.refused
    }

    fn expire(&mut self, now: Duration) {
        while let Some(oldest) = self.open.first()
            && now.saturating_sub(oldest.began) >= Self::TIMEOUT
        {
            self.drop_open(0);
        }
    }

    /// Drops a datagram where one more would exceed a limit.
    fn make_room(&mut self, new: &Fragment) {
        let begins = new.offset == 0;
        let most = if begins {
            Self::MAX_BEGUN
        } else {
            Self::MAX_HEADLESS
        };
        let dropped = if self.count(|it| it.is_of_sender(&new.id)) >= Self::MAX_OF_SENDER {
            self.oldest(|it| it.is_of_sender(&new.id))
        } else if self.count(|it| it.is_begun() == begins) >= most {
            self.oldest(|it| it.is_begun() == begins)
        } else {
            None
        };
        if let Some(place) = dropped {
            self.drop_open(place);
        }
    }

    fn count(&self, which: impl Fn(&Partial<T>) -> bool) -> usize {
        self.open.iter().filter(|it| which(it)).count()
    }

    fn oldest(&self, which: impl Fn(&Partial<T>) -> bool) -> Option<usize> {
        self.open.iter().position(which)
    }

    fn drop_open(&mut self, place: usize) {
        let partial = self.remove(place);
        let datagram = UdpDatagram::new(&partial.id, &partial.beginning());
        if let (Some(datagram), Some(tag)) = (datagram, partial.tag) {
            self.beginnings.push(Beginning { datagram, tag });
        }
    }

    fn remove(&mut self, place: usize) -> Partial<T> {
        let partial = self.open.remove(place);
        self.bytes = self.bytes.saturating_sub(partial.bytes());
        partial
    }
}

/// A datagram with missing fragments.
#[derive(Debug)]
struct Partial<T> {
    id: DatagramId,
    began: Duration,
    /// Ordered by offset, without overlap.
    fragments: Vec<Fragment>,
    /// The tag of the first fragment, once it arrived.
    tag: Option<T>,
    /// Whether fragments contradicted each other: only the first one is kept.
    conflicting: bool,
}

impl<T> Partial<T> {
    const fn new(id: DatagramId, began: Duration) -> Self {
        Self {
            id,
            began,
            fragments: Vec::new(),
            tag: None,
            conflicting: false,
        }
    }

    fn add(&mut self, fragment: Fragment, tag: T) {
        if self.fragments.contains(&fragment) {
            return;
        }
        let begins = fragment.offset == 0;
        if !self.conflicting && !self.fits(&fragment) {
            self.conflicting = true;
            self.fragments.retain(|it| it.offset == 0);
        }
        if self.conflicting && (!begins || self.is_begun()) {
            return;
        }
        if begins {
            self.tag = Some(tag);
        }
        let place = self
            .fragments
            .partition_point(|it| it.offset < fragment.offset);
        self.fragments.insert(place, fragment);
    }

    fn fits(&self, new: &Fragment) -> bool {
        self.fragments.len() < Reassembly::<T>::MAX_FRAGMENTS
            && self.fragments.iter().all(|it| it.agrees_with(new))
    }

    fn is_of_sender(&self, id: &DatagramId) -> bool {
        self.id.station == id.station && self.id.from == id.from
    }

    const fn is_begun(&self) -> bool {
        self.tag.is_some()
    }

    fn bytes(&self) -> usize {
        self.fragments.iter().map(Fragment::footprint).sum()
    }

    /// The fragments from the first one up to the first gap.
    fn contiguous(&self) -> impl Iterator<Item = &Fragment> {
        let mut expected = 0;
        self.fragments.iter().take_while(move |it| {
            let follows = it.offset == expected;
            expected = it.end();
            follows
        })
    }

    fn is_complete(&self) -> bool {
        !self.conflicting && self.contiguous().last().is_some_and(|last| !last.more)
    }

    fn beginning(&self) -> Vec<u8> {
        self.contiguous()
            .flat_map(|it| it.payload.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests;

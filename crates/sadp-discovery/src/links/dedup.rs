//! Recognises a datagram that was received on two paths.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use sadp_proto::Datagram;

/// The kind of socket that received a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReceivePath {
    /// A UDP socket.
    Udp,
    /// A packet socket.
    Packet,
}

/// Recognises datagrams that both paths received: each counts once. A datagram that
/// was sent twice counts twice.
///
/// Memory is bounded: a datagram is forgotten after one to two times
/// [`Deduplicator::MEMORY`], or when [`Deduplicator::MAX_KNOWN`] are known.
#[derive(Debug, Default)]
pub(super) struct Deduplicator {
    hasher: RandomState,
    recent: HashMap<u64, [u32; 2]>,
    older: HashMap<u64, [u32; 2]>,
    rotated: Duration,
}

impl Deduplicator {
    /// The minimum time for which a datagram is recognised on the other path.
    const MEMORY: Duration = Duration::from_secs(3);

    /// The maximum number of datagrams in each of the two generations.
    const MAX_KNOWN: usize = 1 << 16;

    /// Returns whether the other path has received this datagram already: with the same
    /// sender, transport and payload.
    pub(super) fn is_repeated(
        &mut self,
        now: Duration,
        path: ReceivePath,
        datagram: &Datagram<'_>,
    ) -> bool {
        if now.saturating_sub(self.rotated) >= Self::MEMORY || self.recent.len() >= Self::MAX_KNOWN
        {
            self.older = std::mem::take(&mut self.recent);
            self.rotated = now;
        }
        let identity = (datagram.from, datagram.via, datagram.payload);
        let key = self.hasher.hash_one(identity);
        let [udp, packet] = self
            .recent
            .entry(key)
            .or_insert_with(|| self.older.get(&key).copied().unwrap_or_default());
        let (own, other) = match path {
            ReceivePath::Udp => (udp, packet),
            ReceivePath::Packet => (packet, udp),
        };
        *own = own.saturating_add(1);
        *own <= *other
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sadp_model::{Protocol, Via};

    use super::*;

    const S: Duration = Duration::from_secs(1);

    /// Whether a datagram counts as new.
    fn counts(known: &mut Deduplicator, now: Duration, path: ReceivePath, payload: &[u8]) -> bool {
        let datagram = Datagram {
            interface: &"lan0".into(),
            from: ([10, 0, 0, 5], 37020).into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
            payload,
            is_beginning: false,
        };
        !known.is_repeated(now, path, &datagram)
    }

    #[test]
    fn a_datagram_counts_as_often_as_it_was_sent_in_any_order_of_the_paths() {
        use ReceivePath::{Packet, Udp};
        for (order, times) in [
            (&[Udp, Packet][..], 1),
            (&[Packet, Udp], 1),
            (&[Udp, Packet, Udp, Packet], 2),
            (&[Udp, Udp, Packet, Packet], 2),
            (&[Packet, Udp, Udp, Packet], 2),
        ] {
            let mut known = Deduplicator::default();
            let counted = order
                .iter()
                .filter(|&&path| counts(&mut known, S, path, b"a"));
            assert_eq!(counted.count(), times, "{order:?}");
            assert!(counts(&mut known, S, Packet, b"b"), "another one");
        }
    }

    #[test]
    fn memory_ends_and_is_bounded() {
        let mut known = Deduplicator::default();
        assert!(counts(&mut known, S, ReceivePath::Packet, b"a"));
        assert!(!counts(&mut known, S * 4, ReceivePath::Udp, b"a"));
        assert!(counts(&mut known, S * 20, ReceivePath::Packet, b"b"));
        assert!(counts(&mut known, S * 30, ReceivePath::Packet, b"b"));
        for number in 0..200_000u32 {
            counts(&mut known, S * 30, ReceivePath::Udp, &number.to_be_bytes());
        }
        assert!(known.recent.len() <= Deduplicator::MAX_KNOWN);
        assert!(known.older.len() <= Deduplicator::MAX_KNOWN);
    }
}

//! One datagram heard in two ways.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    time::Duration,
};

use sadp_model::Via;

/// By which socket a datagram was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ear {
    /// A UDP socket.
    Udp,
    /// A packet socket.
    Packet,
}

/// Knows datagrams that both ears heard: each counts once. Those that truly
/// came twice count twice.
///
/// Memory is bounded: what was heard is forgotten after one to two
/// [`Twins::MEMORY`], or when [`Twins::MOST`] are known.
#[derive(Debug, Default)]
pub(super) struct Twins {
    hasher: RandomState,
    young: HashMap<u64, [u32; 2]>,
    old: HashMap<u64, [u32; 2]>,
    turned: Duration,
}

impl Twins {
    /// How long apart the two ears may hear one datagram, at least.
    const MEMORY: Duration = Duration::from_secs(3);

    /// How many datagrams are remembered at most, twice over.
    const MOST: usize = 1 << 16;

    /// Whether the other ear has heard this datagram already.
    pub(super) fn is_repeated(
        &mut self,
        now: Duration,
        ear: Ear,
        datagram: (SocketAddr, Via, &[u8]),
    ) -> bool {
        if now.saturating_sub(self.turned) >= Self::MEMORY || self.young.len() >= Self::MOST {
            self.old = std::mem::take(&mut self.young);
            self.turned = now;
        }
        let (from, via, payload) = datagram;
        let key = self.hasher.hash_one((from, via, payload));
        let times = self
            .young
            .entry(key)
            .or_insert_with(|| self.old.get(&key).copied().unwrap_or_default());
        let [udp, packet] = times;
        let (mine, other) = match ear {
            Ear::Udp => (udp, packet),
            Ear::Packet => (packet, udp),
        };
        *mine = mine.saturating_add(1);
        *mine <= *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn heard(twins: &mut Twins, now: Duration, ear: Ear, payload: &[u8]) -> bool {
        let from = ([10, 0, 0, 5], 37020).into();
        !twins.is_repeated(now, ear, (from, Via::Multicast, payload))
    }

    #[test]
    fn what_both_ears_hear_counts_once_in_either_order() {
        for (first, second) in [(Ear::Udp, Ear::Packet), (Ear::Packet, Ear::Udp)] {
            let mut twins = Twins::default();
            assert!(heard(&mut twins, S, first, b"a"));
            assert!(!heard(&mut twins, S, second, b"a"));
            assert!(heard(&mut twins, S, second, b"b"));
        }
    }

    #[test]
    fn what_came_twice_counts_twice() {
        for order in [
            [Ear::Udp, Ear::Packet, Ear::Udp, Ear::Packet],
            [Ear::Udp, Ear::Udp, Ear::Packet, Ear::Packet],
            [Ear::Packet, Ear::Udp, Ear::Udp, Ear::Packet],
        ] {
            let mut twins = Twins::default();
            let times = order
                .iter()
                .filter(|&&ear| heard(&mut twins, S, ear, b"a"))
                .count();
            assert_eq!(times, 2, "{order:?}");
        }
    }

    #[test]
    fn memory_ends_and_is_bounded() {
        let mut twins = Twins::default();
        assert!(heard(&mut twins, S, Ear::Packet, b"a"));
        assert!(!heard(&mut twins, S * 4, Ear::Udp, b"a"));
        assert!(heard(&mut twins, S * 20, Ear::Packet, b"b"));
        assert!(heard(&mut twins, S * 30, Ear::Packet, b"b"));
        for number in 0..200_000u32 {
            heard(&mut twins, S * 30, Ear::Udp, &number.to_be_bytes());
        }
        assert!(twins.young.len() <= Twins::MOST && twins.old.len() <= Twins::MOST);
    }
}

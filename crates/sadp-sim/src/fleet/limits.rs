//! Limits that keep a fleet from being an amplifier: a rate for what it sends, and a
//! limit on the requests of one sender.

use std::{collections::HashMap, net::Ipv4Addr, num::NonZeroU32, time::Duration};

use super::FleetConfig;

/// A rate limit with bursts (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    interval: Duration,
    burst: Duration,
    /// When everything so far would be over, at the rate.
    paid_until: Duration,
}

impl Bucket {
    /// Allows `rate` per second, and at once as many as in the time `burst`.
    pub(crate) fn new(rate: NonZeroU32, burst: Duration) -> Self {
        Self {
            interval: Duration::from_secs(1) / rate.get(),
            burst,
            paid_until: Duration::ZERO,
        }
    }

    /// Takes one, if available.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        if now < self.ready_at() {
            return false;
        }
        self.paid_until = self.paid_until.max(now).saturating_add(self.interval);
        true
    }

    /// When the next one is available.
    pub(crate) fn ready_at(&self) -> Duration {
        self.paid_until
            .saturating_add(self.interval)
            .saturating_sub(self.burst)
    }
}

/// The recent requests of each sender. Real devices reply to one source a few times a
/// second at most, so that a forged source address does not cause a flood to its owner.
#[derive(Debug, Default)]
pub(super) struct Askers {
    asked: HashMap<Ipv4Addr, Allowance>,
    /// Inquiries to single devices, by sender and device.
    single: HashMap<(Ipv4Addr, u32), Recent>,
    /// The earliest time to remove old pairs again: this is slow.
    make_room_at: Duration,
}

/// The devices that a request addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestScope {
    /// An inquiry to all devices.
    All,
    /// An inquiry by a raw frame.
    Frames,
    /// An inquiry to the device of this number.
    One(u32),
    /// A command.
    Command,
}

#[derive(Debug)]
struct Allowance {
    of_all: Recent,
    by_frames: Recent,
    /// All requests to single devices.
    of_one: Bucket,
}

/// The times of the latest replies, the oldest first.
#[derive(Debug, Default)]
struct Recent([Option<Duration>; FleetConfig::INQUIRIES_A_SECOND]);

impl Askers {
    /// The maximum number of senders. A LAN has few; more forged ones get no reply until
    /// others were silent for a while.
    const MAX_SENDERS: usize = 4096;

    /// The maximum number of pairs of sender and device: a sweep of a large fleet makes
    /// one for each device.
    const MAX_PAIRS: usize = 1 << 16;

    /// The minimum time between two removals of old pairs.
    const MAKE_ROOM_EVERY: Duration = Duration::from_millis(100);

    /// Returns whether a request is answered now.
    pub(super) fn admit(&mut self, now: Duration, asker: Ipv4Addr, what: RequestScope) -> bool {
        if self.asked.len() >= Self::MAX_SENDERS && !self.asked.contains_key(&asker) {
            self.asked.retain(|_, allowance| allowance.is_in_use(now));
            if self.asked.len() >= Self::MAX_SENDERS {
                return false;
            }
        }
        let allowance = self.asked.entry(asker).or_insert_with(Allowance::new);
        match what {
            RequestScope::All => allowance.of_all.take(now),
            RequestScope::Frames => allowance.by_frames.take(now),
            RequestScope::Command => allowance.of_one.take(now),
            RequestScope::One(device) => {
                allowance.of_one.take(now) && self.admit_one(now, asker, device)
            }
        }
    }

    fn admit_one(&mut self, now: Duration, asker: Ipv4Addr, device: u32) -> bool {
        let pair = (asker, device);
        if self.single.len() >= Self::MAX_PAIRS && !self.single.contains_key(&pair) {
            if now < self.make_room_at {
                return false;
            }
            self.make_room_at = now.saturating_add(Self::MAKE_ROOM_EVERY);
            self.single.retain(|_, recent| recent.is_in_use(now));
            if self.single.len() >= Self::MAX_PAIRS {
                return false;
            }
        }
        self.single.entry(pair).or_default().take(now)
    }
}

impl Recent {
    const SECOND: Duration = Duration::from_secs(1);

    /// Takes one, unless the limit was reached within the last second.
    fn take(&mut self, now: Duration) -> bool {
        let oldest = self.0.first().copied().flatten();
        if oldest.is_some_and(|oldest| now < oldest.saturating_add(Self::SECOND)) {
            return false;
        }
        self.0.rotate_left(1);
        if let Some(latest) = self.0.last_mut() {
            *latest = Some(now);
        }
        true
    }

    fn is_in_use(&self, now: Duration) -> bool {
        let latest = self.0.last().copied().flatten();
        latest.is_some_and(|latest| now < latest.saturating_add(Self::SECOND))
    }
}

impl Allowance {
    fn new() -> Self {
        Self {
            of_all: Recent::default(),
            by_frames: Recent::default(),
            of_one: Bucket::new(FleetConfig::SINGLE_REQUESTS, Recent::SECOND),
        }
    }

    fn is_in_use(&self, now: Duration) -> bool {
        let inquired = self.of_all.is_in_use(now) || self.by_frames.is_in_use(now);
        inquired || self.of_one.paid_until > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(NonZeroU32::new(1000).unwrap(), 10 * MS);
        assert_eq!((0..100).filter(|_| bucket.take(MS * 5)).count(), 10);
        assert_eq!(bucket.ready_at(), 6 * MS);
        assert!(!bucket.take(Duration::from_micros(5999)));
        assert!(bucket.take(MS * 6));
        assert_eq!((0..100).filter(|_| bucket.take(MS * 1000)).count(), 10);
    }

    #[test]
    fn each_asker_has_its_own_limit() {
        let mut askers = Askers::default();
        let (asker, other) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        for what in [
            RequestScope::All,
            RequestScope::Frames,
            RequestScope::One(7),
        ] {
            let admitted = (0..20).filter(|_| askers.admit(MS, asker, what)).count();
            assert_eq!(admitted, 5, "{what:?}");
            assert!(askers.admit(MS, other, what));
            assert!(!askers.admit(MS * 1000, asker, what));
            assert!(askers.admit(MS * 1001, asker, what));
        }
        for what in [RequestScope::One(8), RequestScope::Command] {
            assert!(askers.admit(MS * 1001, asker, what), "{what:?}");
        }
    }

    #[test]
    fn no_second_has_more_answers_than_the_limit() {
        let mut askers = Askers::default();
        let asker = Ipv4Addr::new(10, 0, 0, 1);
        let mut answered: Vec<u32> = (0..10_000).step_by(7).collect();
        answered.retain(|&ms| askers.admit(MS * ms, asker, RequestScope::All));
        assert_eq!(answered.first(), Some(&0));
        assert!(answered.len() >= 45, "{}", answered.len());
        for window in answered.windows(6) {
            assert!(window[5] - window[0] >= 1000, "{window:?}");
        }
    }

    #[test]
    fn forged_askers_are_bounded_and_make_way() {
        let mut askers = Askers::default();
        let mut all: Vec<u32> = (0..10_000).collect();
        all.retain(|&n| askers.admit(MS, Ipv4Addr::from(n), RequestScope::All));
        assert_eq!(all.len(), Askers::MAX_SENDERS);
        assert!(askers.admit(MS * 1100, Ipv4Addr::from(20_000), RequestScope::All));
        assert_eq!(askers.asked.len(), 1);
    }

    #[test]
    fn pairs_of_asker_and_device_are_bounded_and_make_way() {
        let mut askers = Askers::default();
        for asker in 0..8u32 {
            for device in 0..10_000 {
                askers.admit(MS, Ipv4Addr::from(asker), RequestScope::One(device));
            }
        }
        assert_eq!(askers.single.len(), Askers::MAX_PAIRS);
        assert!(askers.admit(MS * 1100, Ipv4Addr::from(9), RequestScope::One(1)));
        assert_eq!(askers.single.len(), 1);
    }
}

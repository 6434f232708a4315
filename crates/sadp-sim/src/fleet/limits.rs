//! What keeps a fleet from being an amplifier: a pace for what it sends, and a
//! bound on what one asker may ask.

use std::{collections::HashMap, net::Ipv4Addr, num::NonZeroU32, time::Duration};

use super::FleetConfig;

/// Lets things happen at a rate, and as many at once as were saved up
/// (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    interval: Duration,
    burst: Duration,
    /// When all that happened so far would be over, at the rate.
    paid_until: Duration,
}

impl Bucket {
    /// So many a second, and at once as many as in the time `burst`.
    pub(crate) fn new(rate: NonZeroU32, burst: Duration) -> Self {
        Self {
            interval: Duration::from_secs(1) / rate.get(),
            burst,
            paid_until: Duration::ZERO,
        }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        if now < self.ready_at() {
            return false;
        }
        self.paid_until = self.paid_until.max(now).saturating_add(self.interval);
        true
    }

    /// From when on there is one.
    pub(crate) fn ready_at(&self) -> Duration {
        self.paid_until
            .saturating_add(self.interval)
            .saturating_sub(self.burst)
    }
}

/// What each asker asked lately. Real devices answer one source a few times a
/// second at most, so that a forged source address does not make each of them
/// send a flood to its owner.
#[derive(Debug, Default)]
pub(super) struct Askers {
    asked: HashMap<Ipv4Addr, Allowance>,
    /// Inquiries to single devices, by asker and device.
    single: HashMap<(Ipv4Addr, u32), Recent>,
    /// When room is made among them again, at the earliest: it takes long.
    make_room_at: Duration,
}

/// What one datagram asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An inquiry to all devices.
    All,
    /// An inquiry by a bare frame.
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
    /// Whatever is sent to single devices.
    of_one: Bucket,
}

/// When the latest inquiries were answered, the oldest first.
#[derive(Debug, Default)]
struct Recent([Option<Duration>; FleetConfig::INQUIRIES_A_SECOND]);

impl Askers {
    /// The most askers that are told apart. A LAN has few; who forges more is
    /// not answered until others were silent for a while.
    const MOST: usize = 4096;

    /// The most pairs of asker and device that are told apart: a sweep of a
    /// large fleet makes one for each device.
    const MOST_PAIRS: usize = 1 << 16;

    /// How long no room is made among pairs after it was made last.
    const MAKE_ROOM_EVERY: Duration = Duration::from_millis(100);

    /// Whether what an asker asks is answered now.
    pub(super) fn admit(&mut self, now: Duration, asker: Ipv4Addr, what: Asked) -> bool {
        if self.asked.len() >= Self::MOST && !self.asked.contains_key(&asker) {
            self.asked.retain(|_, allowance| allowance.is_in_use(now));
            if self.asked.len() >= Self::MOST {
                return false;
            }
        }
        let allowance = self.asked.entry(asker).or_insert_with(Allowance::new);
        match what {
            Asked::All => allowance.of_all.take(now),
            Asked::Frames => allowance.by_frames.take(now),
            Asked::Command => allowance.of_one.take(now),
            Asked::One(device) => allowance.of_one.take(now) && self.admit_one(now, asker, device),
        }
    }

    fn admit_one(&mut self, now: Duration, asker: Ipv4Addr, device: u32) -> bool {
        let pair = (asker, device);
        if self.single.len() >= Self::MOST_PAIRS && !self.single.contains_key(&pair) {
            if now < self.make_room_at {
                return false;
            }
            self.make_room_at = now.saturating_add(Self::MAKE_ROOM_EVERY);
            self.single.retain(|_, recent| recent.is_in_use(now));
            if self.single.len() >= Self::MOST_PAIRS {
                return false;
            }
        }
        self.single.entry(pair).or_default().take(now)
    }
}

impl Recent {
    const SECOND: Duration = Duration::from_secs(1);

    /// Takes one, unless as many were taken within the last second.
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
        let (rate, burst) = FleetConfig::SINGLE_REQUESTS;
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        Self {
            of_all: Recent::default(),
            by_frames: Recent::default(),
            of_one: Bucket::new(rate, Duration::from_secs(1) / rate.get() * burst),
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
        for what in [Asked::All, Asked::Frames, Asked::One(7)] {
            let admitted = (0..20).filter(|_| askers.admit(MS, asker, what)).count();
            assert_eq!(admitted, 5, "{what:?}");
            assert!(askers.admit(MS, other, what));
            assert!(!askers.admit(MS * 1000, asker, what));
            assert!(askers.admit(MS * 1001, asker, what));
        }
        assert!(
            askers.admit(MS * 1001, asker, Asked::One(8)),
            "another device"
        );
        assert!(askers.admit(MS * 1001, asker, Asked::Command));
    }

    #[test]
    fn no_second_has_more_answers_than_the_limit() {
        let mut askers = Askers::default();
        let asker = Ipv4Addr::new(10, 0, 0, 1);
        let answered: Vec<u32> = (0..10_000)
            .step_by(7)
            .filter(|&ms| askers.admit(MS * ms, asker, Asked::All))
            .collect();
        assert_eq!(answered.first(), Some(&0));
        assert!(answered.len() >= 45, "{}", answered.len());
        for window in answered.windows(6) {
            assert!(window[5] - window[0] >= 1000, "{window:?}");
        }
    }

    #[test]
    fn forged_askers_are_bounded_and_make_way() {
        let mut askers = Askers::default();
        let all = (0..10_000u32)
            .filter(|&n| askers.admit(MS, Ipv4Addr::from(n), Asked::All))
            .count();
        assert_eq!(all, Askers::MOST);
        assert!(askers.admit(MS * 1100, Ipv4Addr::from(20_000), Asked::All));
        assert_eq!(askers.asked.len(), 1);
    }

    #[test]
    fn pairs_of_asker_and_device_are_bounded_and_make_way() {
        let mut askers = Askers::default();
        for asker in 0..8u32 {
            for device in 0..10_000 {
                askers.admit(MS, Ipv4Addr::from(asker), Asked::One(device));
            }
        }
        assert_eq!(askers.single.len(), Askers::MOST_PAIRS);
        assert!(askers.admit(MS * 1100, Ipv4Addr::from(9), Asked::One(1)));
        assert_eq!(askers.single.len(), 1);
    }
}

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

/// What each asker asked of late.
#[derive(Debug, Default)]
pub(super) struct Askers {
    asked: HashMap<Ipv4Addr, Allowance>,
}

#[derive(Debug)]
struct Allowance {
    of_all: Bucket,
    of_one: Bucket,
}

impl Askers {
    /// The most askers that are told apart. A LAN has few; who forges more is
    /// not answered until others were silent for a while.
    const MOST: usize = 4096;

    /// Whether an asker may ask all devices, or one, now.
    pub(super) fn admit(&mut self, now: Duration, asker: Ipv4Addr, all: bool) -> bool {
        if self.asked.len() >= Self::MOST && !self.asked.contains_key(&asker) {
            self.asked.retain(|_, allowance| allowance.is_in_use(now));
            if self.asked.len() >= Self::MOST {
                return false;
            }
        }
        let allowance = self.asked.entry(asker).or_insert_with(Allowance::new);
        let bucket = if all {
            &mut allowance.of_all
        } else {
            &mut allowance.of_one
        };
        bucket.take(now)
    }
}

impl Allowance {
    fn new() -> Self {
        let bucket = |(rate, burst): (u32, u32)| {
            let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
            Bucket::new(rate, Duration::from_secs(1) / rate.get() * burst)
        };
        Self {
            of_all: bucket(FleetConfig::INQUIRIES),
            of_one: bucket(FleetConfig::SINGLE_INQUIRIES),
        }
    }

    fn is_in_use(&self, now: Duration) -> bool {
        self.of_all.paid_until.max(self.of_one.paid_until) > now
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
        let asker = Ipv4Addr::new(10, 0, 0, 1);
        let admitted = (0..200).filter(|_| askers.admit(MS, asker, true)).count();
        assert_eq!(admitted, 100);
        assert!(askers.admit(MS, Ipv4Addr::new(10, 0, 0, 2), true));
        assert!(
            askers.admit(MS, asker, false),
            "asking one device is another matter"
        );
        assert!(askers.admit(MS * 21, asker, true));
    }

    #[test]
    fn forged_askers_are_bounded_and_make_way() {
        let mut askers = Askers::default();
        let all = (0..10_000u32)
            .filter(|&n| askers.admit(MS, Ipv4Addr::from(n), true))
            .count();
        assert_eq!(all, Askers::MOST);
        assert!(askers.admit(MS * 100, Ipv4Addr::from(20_000), true));
        assert_eq!(askers.asked.len(), 1);
    }
}

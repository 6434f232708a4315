//! Which devices answered which rounds, and how many devices are still missing.

use std::{ops::RangeInclusive, time::Duration};

use super::scheduler::response_timeout;

/// The time between rounds, while rounds are useful.
const INTERVAL: Duration = Duration::from_millis(500);

/// Time for one device's reply, so that the rounds of a large site do not overlap.
const TIME_PER_DEVICE: Duration = Duration::from_micros(50);

/// The time between rounds where datagrams are lost. Devices answer one sender a few
/// times a second at most: these are less than five.
const INTERVAL_UNDER_LOSS: Duration = Duration::from_millis(205);

/// The same for one device's reply: no more than 2,000 replies a second are caused by
/// faster rounds, because too many replies at once may be what is lost.
const TIME_PER_DEVICE_UNDER_LOSS: Duration = Duration::from_micros(500);

/// The most rounds at the faster pace.
const FAST_ROUNDS: u32 = 15;

/// Where replies take so long that rounds settle later, missing replies may just be
/// late.
const FAST_SETTLE: Duration = Duration::from_secs(1);

/// The least and most time to wait for replies to a round.
const SETTLE: RangeInclusive<Duration> = Duration::from_millis(600)..=Duration::from_secs(5);

/// The fewest rounds, and the most if only lost datagrams call for them.
const ROUNDS: (u32, u32) = (2, 24);

/// Rounds are sent until fewer devices than this are expected to be missing.
const TOLERATED_MISSING: f64 = 0.01;

/// The same after [`FAST_ROUNDS`].
const TOLERATED_AFTER_FAST_ROUNDS: f64 = 0.05;

/// The rounds sent so far and who answered them.
#[derive(Default)]
pub(super) struct Rounds {
    begun: Vec<Duration>,
    /// For each device, by its index in the registry, one bit per answered round.
    answers: Vec<u64>,
    slowest: Duration,
    /// Whether a device that answers a later round did not answer the one before.
    lossy: bool,
}

impl Rounds {
    /// The most rounds that are counted.
    pub(super) const MAX: u32 = u64::BITS;

    /// The time between rounds for this many devices.
    pub(super) fn interval(devices: usize) -> Duration {
        INTERVAL.max(for_each(devices, TIME_PER_DEVICE))
    }

    /// The same where it is shorter because datagrams are lost.
    pub(super) fn fast_interval(&self, devices: usize) -> Duration {
        let normal = Self::interval(devices);
        if self.is_fast() {
            let fast = INTERVAL_UNDER_LOSS.max(for_each(devices, TIME_PER_DEVICE_UNDER_LOSS));
            fast.min(normal)
        } else {
            normal
        }
    }

    /// Whether datagrams are lost, so that rounds are to follow each other faster.
    pub(super) fn is_fast(&self) -> bool {
        self.is_lossy() && self.len() < FAST_ROUNDS
    }

    /// Whether replies are missing that would have arrived by now.
    pub(super) fn is_lossy(&self) -> bool {
        self.lossy && self.settle() <= FAST_SETTLE
    }

    /// When the latest round began.
    pub(super) fn latest(&self) -> Duration {
        self.begun.last().copied().unwrap_or_default()
    }

    /// The number of rounds.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.begun.len()).unwrap_or(u32::MAX)
    }

    /// Begins a round. Returns its number.
    pub(super) fn begin(&mut self, now: Duration) -> u32 {
        let number = self.len();
        self.begun.push(now);
        number
    }

    /// Records that a device answered a round after this time.
    pub(super) fn credit(&mut self, round: u32, device: usize, latency: Duration) {
        self.lossy |= self.has_missed_one_before(round, device, latency);
        self.slowest = self.slowest.max(latency);
        if device >= self.answers.len() {
            self.answers.resize(device.saturating_add(1), 0);
        }
        if let (Some(answered), Some(bit)) = (self.answers.get_mut(device), 1u64.checked_shl(round))
        {
            *answered |= bit;
        }
    }

    /// Records that a device answered the latest round.
    pub(super) fn credit_latest(&mut self, device: usize) {
        if let Some(round) = self.len().checked_sub(1) {
            self.credit(round, device, Duration::ZERO);
        }
    }

    /// Whether a device whose first answer is to this round did not answer the round
    /// before, although the slowest reply so far would have arrived.
    fn has_missed_one_before(&self, round: u32, device: usize, latency: Duration) -> bool {
        /// The least time for a reply.
        const LEAST: Duration = Duration::from_millis(100);
        let known = self.answers.get(device).is_some_and(|&it| it != 0);
        let begun = |round: u32| self.begun.get(usize::try_from(round).ok()?).copied();
        let (Some(before), Some(this)) = (round.checked_sub(1).and_then(begun), begun(round))
        else {
            return false;
        };
        let passed = this.saturating_sub(before).saturating_add(latency);
        !known && passed >= response_timeout(self.slowest, &(LEAST..=*SETTLE.end()))
    }

    /// Whether another round is likely to find a device.
    pub(super) fn is_worth_another(&self, now: Duration, last_news: Duration) -> bool {
        let Some(&latest) = self.begun.last() else {
            return true;
        };
        // Where datagrams are lost, a new device tells nothing more than the estimate.
        let is_news = last_news >= latest && !self.is_lossy();
        let tolerated = if self.len() < FAST_ROUNDS {
            TOLERATED_MISSING
        } else {
            TOLERATED_AFTER_FAST_ROUNDS
        };
        self.len() < ROUNDS.0
            || (self.len() < ROUNDS.1 && (is_news || self.expected_missing(now) > tolerated))
    }

    /// When the replies to all rounds so far should have arrived.
    pub(super) fn settled_at(&self) -> Duration {
        self.begun.last().map_or(Duration::ZERO, |latest| {
            latest.saturating_add(self.settle())
        })
    }

    /// How long to wait for replies to a round.
    pub(super) fn settle(&self) -> Duration {
        response_timeout(self.slowest, &SETTLE)
    }

    /// The expected number of devices that answer none of the rounds sent so far.
    ///
    /// A device that answers a round with probability p answers none of n with
    /// (1 - p)^n. p is estimated from the devices found: the share of settled
    /// rounds they answered.
    #[expect(
        clippy::cast_precision_loss,
        reason = "devices times rounds stay far below 2^52"
    )]
    fn expected_missing(&self, now: Duration) -> f64 {
        let settle = self.settle();
        let settled = self
            .begun
            .iter()
            .take_while(|begun| begun.saturating_add(settle) <= now)
            .count();
        let answering = self.answers.iter().filter(|&&answers| answers != 0).count();
        if settled == 0 || answering == 0 {
            return 0.0;
        }
        let beyond = u32::try_from(settled)
            .ok()
            .and_then(|it| 1u64.checked_shl(it));
        let mask = beyond.map_or(u64::MAX, |bit| bit.saturating_sub(1));
        let answered = self
            .answers
            .iter()
            .map(|it| u64::from((it & mask).count_ones()));
        let answered: u64 = answered.sum();
        let heard = answering as f64;
        let rate = answered as f64 / (heard * settled as f64);
        let none = (1.0 - rate).powf(f64::from(self.len()));
        if none >= 1.0 {
            f64::INFINITY
        } else {
            heard * none / (1.0 - none)
        }
    }
}

fn for_each(devices: usize, time: Duration) -> Duration {
    time.saturating_mul(u32::try_from(devices).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn played(answers: &[&[u32]], rounds: u32) -> Rounds {
        let mut played = Rounds::default();
        for round in 0..rounds {
            played.begin(500 * round * MS);
        }
        for (device, answered) in answers.iter().enumerate() {
            for &round in *answered {
                played.credit(round, device, 10 * MS);
            }
        }
        played
    }

    #[test]
    fn where_all_answer_always_none_are_missing() {
        let rounds = played(&[&[0, 1], &[0, 1]], 2);
        assert!(rounds.expected_missing(5000 * MS) < 1e-9);
        assert!(!rounds.is_worth_another(1200 * MS, 10 * MS));
    }

    #[test]
    fn missed_rounds_show_devices_not_received() {
        let rounds = played(&[&[0], &[1], &[0, 1], &[1]], 2);
        let missing = rounds.expected_missing(5000 * MS);
        assert!((0.4..1.0).contains(&missing), "{missing}");
        assert!(rounds.is_worth_another(5000 * MS, 10 * MS));
    }

    #[test]
    fn rounds_that_may_still_be_answered_do_not_count() {
        let rounds = played(&[&[0], &[0]], 2);
        assert!(rounds.expected_missing(700 * MS) < 1e-9);
        assert!(rounds.expected_missing(1100 * MS) > 0.5);
    }

    #[test]
    fn slow_answers_make_it_patient_within_limits() {
        let mut rounds = played(&[&[0]], 1);
        assert_eq!(rounds.settled_at(), 600 * MS);
        rounds.credit(0, 0, 2000 * MS);
        assert_eq!(rounds.settled_at(), 2500 * MS);
        rounds.credit(0, 0, 60_000 * MS);
        assert_eq!(rounds.settled_at(), 5000 * MS);
    }

    #[test]
    fn rounds_beyond_the_counted_ones_are_survived() {
        let mut rounds = played(&[], 70);
        rounds.credit(69, 3, MS);
        rounds.credit_latest(0);
        assert!(rounds.expected_missing(Duration::from_secs(90)).is_finite());
    }
}

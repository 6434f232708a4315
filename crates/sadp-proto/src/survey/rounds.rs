//! Which devices answered which rounds, and how many devices are still missing.

use std::{ops::RangeInclusive, time::Duration};

use super::scheduler::response_timeout;

/// The time between rounds, while rounds are useful.
const INTERVAL: Duration = Duration::from_millis(500);

/// Time for one device's reply, so that the rounds of a large site do not overlap.
const TIME_PER_DEVICE: Duration = Duration::from_micros(50);

/// The least and most time to wait for replies to a round.
const SETTLE: RangeInclusive<Duration> = Duration::from_millis(600)..=Duration::from_secs(5);

/// The fewest rounds, and the most if only lost datagrams call for them.
const ROUNDS: (u32, u32) = (2, 24);

/// Rounds are sent until fewer devices than this are expected to be missing.
const TOLERATED_MISSING: f64 = 0.01;

/// The rounds sent so far and who answered them.
#[derive(Default)]
pub(super) struct Rounds {
    begun: Vec<Duration>,
    /// For each device, by its index in the registry, one bit per answered round.
    answers: Vec<u64>,
    slowest: Duration,
}

impl Rounds {
    /// The most rounds that are counted.
    pub(super) const MAX: u32 = u64::BITS;

    /// The time between rounds for this many devices.
    pub(super) fn interval(devices: usize) -> Duration {
        let devices = u32::try_from(devices).unwrap_or(u32::MAX);
        INTERVAL.max(TIME_PER_DEVICE.saturating_mul(devices))
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

    /// Whether another round is likely to find a device.
    pub(super) fn is_worth_another(&self, now: Duration, last_news: Duration) -> bool {
        let Some(&latest) = self.begun.last() else {
            return true;
        };
        self.len() < ROUNDS.0
            || (self.len() < ROUNDS.1
                && (last_news >= latest || self.expected_missing(now) > TOLERATED_MISSING))
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

    /// The expected number of devices that answered no round yet.
    ///
    /// A device that answers a round with probability p has answered none of n with
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
        let Some(mask) = u32::try_from(settled).ok().filter(|&settled| settled > 0) else {
            return 0.0;
        };
        let mask = u64::MAX
            >> Self::MAX
                .saturating_sub(mask)
                .min(Self::MAX.saturating_sub(1));
        let answering = self.answers.iter().filter(|&&answers| answers != 0).count();
        let answered: u64 = self
            .answers
            .iter()
            .map(|answers| u64::from((answers & mask).count_ones()))
            .sum();
        if answering == 0 {
            return 0.0;
        }
        let heard = answering as f64;
        let rate = answered as f64 / (heard * settled as f64);
        let none = (1.0 - rate).powf(settled as f64);
        if none >= 1.0 {
            f64::INFINITY
        } else {
            heard * none / (1.0 - none)
        }
    }
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
    fn missed_rounds_tell_of_devices_not_heard() {
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

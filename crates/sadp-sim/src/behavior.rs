//! The network behavior of a simulated device: transport, delay and faults.

use std::{str::FromStr, time::Duration};

use jiff::SignedDuration;
use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use serde::Deserialize;
use strum::EnumString;

/// The network behavior of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behavior {
    /// The transport of its replies.
    pub reply: Reply,
    /// The delay of its replies.
    pub delay: Delay,
    /// Network faults.
    pub faults: Faults,
    /// Whether it sends a Hello when it starts.
    pub hello: bool,
    /// How long it restarts after new network settings. `None`: it applies them without a
    /// restart.
    pub reboot: Option<Delay>,
    /// When it loses power for a while, from the fleet's start.
    pub restart: Option<Duration>,
    /// When its reset button is held, from the fleet's start.
    pub button: Option<Duration>,
    /// Whether it answers by raw Ethernet frames, where those are simulated.
    pub link: LinkAnswer,
}

impl Default for Behavior {
    /// By multicast, at once, without faults, with a Hello.
    fn default() -> Self {
        Self {
            reply: Reply::default(),
            delay: Delay::default(),
            faults: Faults::default(),
            hello: true,
            reboot: None,
            restart: None,
            button: None,
            link: LinkAnswer::default(),
        }
    }
}

/// Whether a device answers inquiries by raw Ethernet frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkAnswer {
    /// No.
    Never,
    /// By frames and UDP.
    #[default]
    Too,
    /// By frames only: old firmware, which ignores UDP.
    Only,
}

/// The transport of a device's replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = ParseReplyError, parse_err_fn = ParseReplyError::of)]
pub enum Reply {
    /// To the group: most firmware.
    #[default]
    Multicast,
    /// To the sender's address and port: newer and third-party firmware.
    Unicast,
    /// Both.
    Both,
}

/// The text is not a transport of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither multicast, unicast nor both")]
pub struct ParseReplyError;

impl ParseReplyError {
    const fn of(_: &str) -> Self {
        Self
    }
}

/// The probabilities of network faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A datagram is lost: decided for each inquiry or command at each device, and again
    /// for each reply.
    pub loss: Probability,
    /// A reply or a command arrives twice.
    pub duplicate: Probability,
    /// A reply is delayed by up to [`Faults::REORDER_DELAY`], so that later ones overtake
    /// it.
    pub reorder: Probability,
    /// Some bytes of a reply are changed.
    pub corrupt: Probability,
    /// The end of a reply is missing.
    pub truncate: Probability,
}

impl Faults {
    /// The maximum delay of a reordered reply.
    pub const REORDER_DELAY: Duration = Duration::from_millis(50);

    /// Decides how many copies of a datagram arrive: none, one or two.
    pub(crate) fn copies(self, rng: &mut Xoshiro256PlusPlus) -> u32 {
        if self.loss.draw(rng) {
            0
        } else if self.duplicate.draw(rng) {
            2
        } else {
            1
        }
    }
}

/// A probability between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "f64")]
pub struct Probability(f64);

// No probability is NaN.
impl Eq for Probability {}

impl Probability {
    /// It always happens.
    pub const ONE: Self = Self(1.0);

    /// Decides whether it happens this time.
    pub(crate) fn draw(self, rng: &mut Xoshiro256PlusPlus) -> bool {
        // Without a fault nothing is drawn: other random decisions stay the same.
        self.0 > 0.0 && rng.random_bool(self.0)
    }
}

impl TryFrom<f64> for Probability {
    type Error = ProbabilityError;

    fn try_from(value: f64) -> Result<Self, ProbabilityError> {
        let is_valid = (0.0..=1.0).contains(&value);
        is_valid.then_some(Self(value)).ok_or(ProbabilityError)
    }
}

impl FromStr for Probability {
    type Err = ProbabilityError;

    /// Reads `0.3` and `30%`.
    fn from_str(text: &str) -> Result<Self, ProbabilityError> {
        let (number, scale) = match text.strip_suffix('%') {
            Some(number) => (number, 100.0),
            None => (text, 1.0),
        };
        let number: f64 = number.trim().parse().map_err(|_| ProbabilityError)?;
        Self::try_from(number / scale)
    }
}

/// The number is not a probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a probability between 0 and 1, or 0% and 100%")]
pub struct ProbabilityError;

/// The delay of replies: a time between two limits, drawn for every reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Delay {
    min: Duration,
    max: Duration,
}

impl Delay {
    /// The maximum delay.
    pub const MAX: Duration = Duration::from_hours(1);

    /// A delay between two limits, both included. `None` where they are in the wrong order
    /// or beyond [`Delay::MAX`].
    pub fn between(min: Duration, max: Duration) -> Option<Self> {
        (min <= max && max <= Self::MAX).then_some(Self { min, max })
    }

    pub(crate) fn draw(self, rng: &mut Xoshiro256PlusPlus) -> Duration {
        if self.min == self.max {
            return self.min;
        }
        // Within MAX, microseconds fit.
        let [min, max] =
            [self.min, self.max].map(|limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
        Duration::from_micros(rng.random_range(min..=max))
    }
}

impl FromStr for Delay {
    type Err = DelayError;

    /// Parses `200ms`, `2.5s`, `0..500ms` and `1s..2s`. The first limit may have the unit
    /// of the second.
    fn from_str(text: &str) -> Result<Self, DelayError> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let (min, max) = (min.trim(), max.trim());
        let unit = max.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let max = duration(max)?;
        let min = duration(min).or_else(|_| duration(&format!("{min}{unit}")))?;
        Self::between(min, max).ok_or(DelayError)
    }
}

impl TryFrom<String> for Delay {
    type Error = DelayError;

    fn try_from(text: String) -> Result<Self, DelayError> {
        text.parse()
    }
}

/// The text is not a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a delay such as 200ms, 2.5s or 0..500ms, up to an hour")]
pub struct DelayError;

fn duration(text: &str) -> Result<Duration, DelayError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let read: SignedDuration = text.parse().map_err(|_| DelayError)?;
    read.try_into().map_err(|_| DelayError)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn delays_are_read_with_and_without_a_range() {
        for (text, min, max) in [
            ("0", 0, 0),
            ("200ms", 200, 200),
            ("2.5s", 2500, 2500),
            ("0..500ms", 0, 500),
            ("100..500ms", 100, 500),
            ("1s..2s", 1000, 2000),
            ("100ms .. 1s", 100, 1000),
        ] {
            let expected = Delay::between(min * MS, max * MS);
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        for text in [
            "", "5", "ms", "-1s", "2s..1s", "1d", "2h", "..", "9999s", "NaNs", "infs",
        ] {
            assert_eq!(text.parse::<Delay>(), Err(DelayError), "{text}");
        }
    }

    #[test]
    fn a_drawn_delay_is_within_its_limits() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let delay: Delay = "10..20ms".parse().unwrap();
        for _ in 0..1000 {
            assert!((10 * MS..=20 * MS).contains(&delay.draw(&mut rng)));
        }
    }

    #[test]
    fn probabilities_are_read_and_bounded() {
        assert_eq!("0.3".parse(), Ok(Probability(0.3)));
        assert_eq!("30%".parse(), Ok(Probability(0.3)));
        assert_eq!("1".parse(), Ok(Probability::ONE));
        for text in ["", "-0.1", "1.1", "101%", "NaN", "x"] {
            assert_eq!(text.parse::<Probability>(), Err(ProbabilityError), "{text}");
        }
    }

    #[test]
    fn what_is_certain_happens_and_what_is_not_does_not() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        assert!((0..100).all(|_| Probability::ONE.draw(&mut rng)));
        assert!(!(0..100).any(|_| Probability::default().draw(&mut rng)));
    }
}

//! How a simulated device behaves on the wire: which way it answers, how late,
//! and what goes wrong on the way.

use std::{fmt, str::FromStr, time::Duration};

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use serde::Deserialize;

/// How a device behaves on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conduct {
    /// Which way it answers.
    pub reply: Reply,
    /// How late it answers.
    pub delay: Delay,
    /// What goes wrong on the way.
    pub faults: Faults,
    /// Whether it announces itself when it starts.
    pub hello: bool,
    /// How long it is silent after new network settings, to start anew with
    /// them. `None`: it takes them over as it runs.
    pub reboot: Option<Delay>,
    /// When it loses power for a while, counted from the fleet's start.
    pub restart: Option<Duration>,
    /// When somebody holds its reset button, counted from the fleet's start.
    pub button: Option<Duration>,
    /// Whether it answers by bare Ethernet frames, where those are played.
    pub link: LinkAnswer,
}

impl Default for Conduct {
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

/// Whether a device answers inquiries by bare Ethernet frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkAnswer {
    /// No.
    Never,
    /// Those as well.
    #[default]
    Too,
    /// Those alone: old firmware. It hears no UDP.
    Only,
}

/// Which way a device answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// To the group: most firmware.
    #[default]
    Multicast,
    /// To the asker's address and port: newer and third-party firmware.
    Unicast,
    /// Once each way.
    Both,
}

impl FromStr for Reply {
    type Err = ParseReplyError;

    fn from_str(text: &str) -> Result<Self, ParseReplyError> {
        match text {
            "multicast" => Ok(Self::Multicast),
            "unicast" => Ok(Self::Unicast),
            "both" => Ok(Self::Both),
            _ => Err(ParseReplyError),
        }
    }
}

/// The text names no way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither multicast, unicast nor both")]
pub struct ParseReplyError;

/// What goes wrong on the way, each with a probability of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A datagram does not arrive: drawn for each inquiry or command at each
    /// device, and again for each reply.
    pub loss: Probability,
    /// A reply or a command arrives twice.
    pub duplicate: Probability,
    /// A reply is held up for up to [`Faults::HOLD_UP`], so that later ones
    /// overtake it.
    pub reorder: Probability,
    /// Some bytes of a reply are changed.
    pub corrupt: Probability,
    /// The end of a reply is missing.
    pub truncate: Probability,
}

impl Faults {
    /// The longest a reordered reply is held up.
    pub const HOLD_UP: Duration = Duration::from_millis(50);

    /// Draws how many copies of a datagram arrive: none, one or two.
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

// Sound because no probability is NaN.
impl Eq for Probability {}

impl Probability {
    /// It always happens.
    pub const ONE: Self = Self(1.0);

    /// Draws whether it happens this time.
    pub(crate) fn draw(self, rng: &mut Xoshiro256PlusPlus) -> bool {
        // Nothing is drawn where nothing can happen: a fault switched on changes no
        // other draw.
        self.0 > 0.0 && rng.random_bool(self.0)
    }
}

impl TryFrom<f64> for Probability {
    type Error = ProbabilityError;

    fn try_from(value: f64) -> Result<Self, ProbabilityError> {
        (0.0..=1.0)
            .contains(&value)
            .then_some(Self(value))
            .ok_or(ProbabilityError)
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

/// The number is no probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a probability between 0 and 1, or 0% and 100%")]
pub struct ProbabilityError;

/// How late a device answers: a time between two limits, drawn anew for every
/// answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Delay {
    least: Duration,
    most: Duration,
}

impl Delay {
    /// The latest an answer may be.
    pub const MAX: Duration = Duration::from_hours(1);

    /// A delay between two limits, both included. `None` where they are the
    /// wrong way round or beyond [`Delay::MAX`].
    pub fn between(least: Duration, most: Duration) -> Option<Self> {
        (least <= most && most <= Self::MAX).then_some(Self { least, most })
    }

    pub(crate) fn draw(self, rng: &mut Xoshiro256PlusPlus) -> Duration {
        // Within MAX, microseconds fit.
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        if self.least == self.most {
            return self.least;
        }
        Duration::from_micros(rng.random_range(micros(self.least)..=micros(self.most)))
    }
}

impl FromStr for Delay {
    type Err = DelayError;

    /// Reads `200ms`, `2.5s`, `0..500ms` and `1s..2s`. The first of two limits
    /// may leave its unit to the second.
    fn from_str(text: &str) -> Result<Self, DelayError> {
        let (least, most) = match text.split_once("..") {
            Some((least, most)) => (least.trim(), most.trim()),
            None => (text.trim(), text.trim()),
        };
        let unit = most.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let most = duration(most)?;
        let least = duration(least).or_else(|_| duration(&format!("{least}{unit}")))?;
        Self::between(least, most).ok_or(DelayError)
    }
}

impl TryFrom<String> for Delay {
    type Error = DelayError;

    fn try_from(text: String) -> Result<Self, DelayError> {
        text.parse()
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most {
            write!(f, "{:?}", self.least)
        } else {
            write!(f, "{:?}..{:?}", self.least, self.most)
        }
    }
}

/// The text is no delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a delay such as 200ms, 2.5s or 0..500ms, up to an hour")]
pub struct DelayError;

fn duration(text: &str) -> Result<Duration, DelayError> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.trim().parse().map_err(|_| DelayError)?;
    let seconds = match unit {
        "s" => number,
        "ms" => number / 1e3,
        "us" => number / 1e6,
        "" if number == 0.0 => 0.0,
        _ => return Err(DelayError),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| DelayError)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn delays_are_read_with_and_without_a_range() {
        for (text, least, most) in [
            ("0", 0, 0),
            ("200ms", 200, 200),
            ("2.5s", 2500, 2500),
            ("0..500ms", 0, 500),
            ("100..500ms", 100, 500),
            ("1s..2s", 1000, 2000),
            ("100ms .. 1s", 100, 1000),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Delay {
                    least: least * MS,
                    most: most * MS
                }),
                "{text}"
            );
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

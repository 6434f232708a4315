//! What is made of a device that is heard, or not, again and again.

use jiff::{SignedDuration, civil::DateTime};
use sadp_model::{Device, State};

/// The course of one reset, as seen from here.
#[derive(Debug)]
pub(super) struct Course {
    started: Option<DateTime>,
    missed: u32,
    tells_state: bool,
}

/// What one more look at the device brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It has no password.
    Unactivated,
    /// It restarted, and does not tell whether it has one.
    Untold,
    /// Something the person at the device wants to know.
    News(News),
    /// Nothing new.
    Nothing,
}

/// News for the person at the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It went silent.
    Gone,
    /// It restarted with its password.
    StillActive,
}

impl News {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Gone => "It is not heard any more: it is off, or starting.",
            Self::StillActive => {
                "It is back and still active: the button was not held from before power-on, or \
                 not long enough. Power it off and try again."
            }
        }
    }
}

/// One look may miss a device because datagrams get lost; two hardly do.
const MISSED: u32 = 2;

/// A restart by the button moves the start time by more than this: so long the
/// button is held. Clocks are set by less.
const MOVED: SignedDuration = SignedDuration::from_secs(30);

impl Course {
    pub(super) fn new(device: &Device) -> Self {
        Self {
            started: device.boot_time,
            missed: 0,
            tells_state: device.state.is_some(),
        }
    }

    /// Takes in what one look brought of the device.
    pub(super) fn look(&mut self, device: Option<&Device>) -> Look {
        let Some(device) = device else {
            self.missed = self.missed.saturating_add(1);
            return if self.missed == MISSED {
                Look::News(News::Gone)
            } else {
                Look::Nothing
            };
        };
        let restarted = self.is_gone() || self.has_moved(device.boot_time);
        self.missed = 0;
        self.started = device.boot_time.or(self.started);
        match device.state {
            Some(State::Unactivated) => Look::Unactivated,
            Some(_) if restarted => Look::News(News::StillActive),
            // A device that told its state once has only been heard in part.
            None if restarted && !self.tells_state => Look::Untold,
            _ => Look::Nothing,
        }
    }

    /// Whether it was not heard lately.
    pub(super) const fn is_gone(&self) -> bool {
        self.missed >= MISSED
    }

    /// Whether it tells if it has a password.
    pub(super) const fn tells_state(&self) -> bool {
        self.tells_state
    }

    fn has_moved(&self, started: Option<DateTime>) -> bool {
        let (Some(before), Some(now)) = (self.started, started) else {
            return false;
        };
        now.duration_since(before).abs() > MOVED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: Option<State> = Some(State::Active);
    const FRESH: Option<State> = Some(State::Unactivated);

    fn device(state: Option<State>, started: &str) -> Device {
        let mut device = Device::unknown();
        device.state = state;
        device.boot_time = started.parse().ok();
        device
    }

    fn looks(before: &Device, seen: &[Option<Device>]) -> Vec<Look> {
        let mut course = Course::new(before);
        seen.iter()
            .map(|device| course.look(device.as_ref()))
            .collect()
    }

    const NOON: &str = "2026-05-01T12:00:00";
    const LATER: &str = "2026-05-01T12:05:00";
    const NO_CLOCK: &str = "1970-01-01T00:00:00";

    #[test]
    fn a_reset_is_seen_with_and_without_silence() {
        let before = device(ACTIVE, NOON);
        let back = device(FRESH, NO_CLOCK);
        assert_eq!(looks(&before, &[Some(back.clone())]), [Look::Unactivated]);
        assert_eq!(
            looks(
                &before,
                &[Some(before.clone()), None, None, None, Some(back)]
            ),
            [
                Look::Nothing,
                Look::Nothing,
                Look::News(News::Gone),
                Look::Nothing,
                Look::Unactivated
            ]
        );
    }

    #[test]
    fn a_restart_with_the_password_is_told_once() {
        let still = Look::News(News::StillActive);
        let before = device(ACTIVE, NOON);
        let later = device(ACTIVE, LATER);
        assert_eq!(
            looks(&before, &[Some(later.clone()), Some(later)]),
            [still, Look::Nothing]
        );
        // Without a clock, only its silence tells.
        let clockless = device(ACTIVE, NO_CLOCK);
        assert_eq!(
            looks(&clockless, &[None, None, Some(clockless.clone())])[2..],
            [still]
        );
    }

    #[test]
    fn one_lost_look_or_a_clock_set_is_no_restart() {
        let before = device(ACTIVE, NOON);
        let set = device(ACTIVE, "2026-05-01T12:00:20");
        let seen = [None, Some(before.clone()), Some(set)];
        assert_eq!(looks(&before, &seen), [Look::Nothing; 3]);
    }

    #[test]
    fn firmware_that_tells_no_state_is_followed_to_its_restart() {
        let before = device(None, NOON);
        let later = device(None, LATER);
        assert_eq!(
            looks(&before, &[Some(before.clone()), Some(later)]),
            [Look::Nothing, Look::Untold]
        );
        // A torn reply of a device that does tell it decides nothing.
        let torn = device(None, LATER);
        assert_eq!(looks(&device(ACTIVE, NOON), &[Some(torn)]), [Look::Nothing]);
    }
}

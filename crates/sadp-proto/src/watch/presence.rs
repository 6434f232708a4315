//! Whether a device is online, and when it counts as offline.

use std::{collections::VecDeque, time::Duration};

use enumset::EnumSet;
use jiff::{SignedDuration, civil::DateTime};
use sadp_model::{Contradiction, Device};

/// What a watch knows of a device besides its reports.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence {
    /// The device's number.
    pub(super) number: u64,
    pub(super) online: bool,
    pub(super) last_heard: Duration,
    pub(super) offline_since: Duration,
    /// When it last restarted or came online.
    pub(super) started: Duration,
    /// The cycle of its last report.
    pub(super) cycle: u64,
    /// It looks like two devices with one identity, until the end of this cycle.
    pub(super) duplicate_until: Option<u64>,
    /// What it reported in two ways, until the end of the cycle below.
    pub(super) contradictions: EnumSet<Contradiction>,
    pub(super) contradicts_until: Option<u64>,
}

/// The result of comparing two boot times of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The same start.
    Same,
    /// The same start with another time: the clock was set.
    ClockSet,
    /// Another start.
    Restarted,
}

/// Compares boot times. They are in the device's own wall clock. Some firmware
/// computes them for each reply and is a second or two off.
///
/// A device without a clock begins in 1970 at each start, so another time means
/// another start, and a time after 1970 means that its clock was set. With a
/// running clock, a later time means another start, and an earlier one that the
/// clock was set back.
pub(super) fn compare_starts(before: &Device, after: &Device) -> Start {
    let (Some(before), Some(after)) = (before.boot_time, after.boot_time) else {
        return Start::Same;
    };
    let apart = after.duration_since(before);
    match (is_unset(before), is_unset(after)) {
        (true, true) if apart.abs() > UNSET_JITTER => Start::Restarted,
        (false, false) if apart > JITTER => Start::Restarted,
        (true, true) => Start::Same,
        (false, false) if apart.abs() <= JITTER => Start::Same,
        (false, true) => Start::Restarted,
        (_, false) => Start::ClockSet,
    }
}

/// Whether a boot time is that of a device without a clock.
pub(super) fn is_unset(boot: DateTime) -> bool {
    boot.year() <= 1970
}

const JITTER: SignedDuration = SignedDuration::from_secs(2);
const UNSET_JITTER: SignedDuration = SignedDuration::from_secs(1);

/// Recent probes.
#[derive(Debug, Default)]
pub(super) struct ProbeHistory {
    /// When the latest rounds were sent.
    rounds: VecDeque<Duration>,
    /// When the latest finished cycles began.
    cycles: VecDeque<Duration>,
}

impl ProbeHistory {
    /// How many rounds a device must miss to count as offline.
    const ROUNDS: usize = 4;

    /// How many cycles, with a sweep.
    const CYCLES: usize = 2;

    /// Further rounds are kept, whose replies may still arrive.
    const KEPT_ROUNDS: usize = 24;

    pub(super) fn note_round(&mut self, at: Duration) {
        push(&mut self.rounds, at, Self::KEPT_ROUNDS);
    }

    pub(super) fn note_cycle(&mut self, began: Duration) {
        push(&mut self.cycles, began, Self::CYCLES);
    }

    /// Whether a device last seen at this time got enough probes since. Rounds sent
    /// after `until` may still be answered.
    pub(super) fn is_unanswered(&self, since: Duration, until: Duration, one_by_one: bool) -> bool {
        let rounds = self.rounds.iter().filter(|&&at| at > since && at <= until);
        let cycles = self.cycles.iter().filter(|&&began| began > since);
        rounds.count() >= Self::ROUNDS && (!one_by_one || cycles.count() >= Self::CYCLES)
    }

    pub(super) fn len(&self) -> usize {
        self.rounds.len().saturating_add(self.cycles.len())
    }
}

fn push(times: &mut VecDeque<Duration>, at: Duration, most: usize) {
    if times.len() >= most {
        times.pop_front();
    }
    times.push_back(at);
}

/// The first time at which one of the online devices was silent for too long.
pub(super) fn first_deadline(presences: &[Presence], offline_after: Duration) -> Option<Duration> {
    let online = presences.iter().filter(|presence| presence.online);
    let oldest = online.map(|presence| presence.last_heard).min()?;
    Some(oldest.saturating_add(offline_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(boot: &str) -> Device {
        Device {
            boot_time: Some(boot.parse().unwrap()),
            ..Device::unknown()
        }
    }

    fn day(time: &str) -> Device {
        started(&format!("2024-09-18T{time}"))
    }

    fn unset(second: u8) -> Device {
        started(&format!("1970-01-01T00:00:{second:02}"))
    }

    #[test]
    fn starts_are_distinguished_from_clocks_being_set() {
        for (before, after, expected) in [
            (day("09:21:28"), day("09:21:28"), Start::Same),
            (day("09:21:28"), day("09:21:30"), Start::Same),
            (day("09:21:28"), day("09:21:27"), Start::Same),
            (day("09:21:28"), day("09:22:10"), Start::Restarted),
            (day("09:21:28"), day("08:21:28"), Start::ClockSet),
            (unset(9), unset(10), Start::Same),
            (unset(9), unset(31), Start::Restarted),
            (unset(31), unset(9), Start::Restarted),
            (unset(9), day("09:21:28"), Start::ClockSet),
            (day("09:21:28"), unset(9), Start::Restarted),
        ] {
            let start = compare_starts(&before, &after);
            let [before, after] = [before, after].map(|it| it.boot_time);
            assert_eq!(start, expected, "{before:?} to {after:?}");
        }
        let unknown = Device::unknown();
        assert_eq!(compare_starts(&unknown, &unknown), Start::Same);
    }
}

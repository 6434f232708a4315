//! When a silent device's time is up.

use std::{collections::VecDeque, time::Duration};

use super::presence::Presence;

/// What was asked lately.
#[derive(Debug, Default)]
pub(super) struct ProbeHistory {
    /// When the latest rounds were asked.
    rounds: VecDeque<Duration>,
    /// When the latest finished cycles began.
    cycles: VecDeque<Duration>,
}

impl ProbeHistory {
    /// How many rounds a device must have left unanswered to count as offline.
    const ROUNDS: usize = 4;

    /// How many cycles, where devices are asked one by one.
    const CYCLES: usize = 2;

    /// Rounds whose answers may still be on their way are kept besides.
    const KEPT_ROUNDS: usize = 24;

    pub(super) fn note_round(&mut self, at: Duration) {
        push(&mut self.rounds, at, Self::KEPT_ROUNDS);
    }

    pub(super) fn note_cycle(&mut self, began: Duration) {
        push(&mut self.cycles, began, Self::CYCLES);
    }

    /// Whether a device last heard at this time was asked often enough since.
    /// Rounds asked after `until` may still be answered.
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

/// When the first of the devices online will have been silent for too long.
pub(super) fn first_deadline(presences: &[Presence], offline_after: Duration) -> Option<Duration> {
    let online = presences.iter().filter(|presence| presence.online);
    let oldest = online.map(|presence| presence.last_heard).min()?;
    Some(oldest.saturating_add(offline_after))
}

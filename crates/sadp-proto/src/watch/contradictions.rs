//! What devices report in two ways, and for how long it is kept.

use super::{Watch, WatchEventKind};

/// For how many cycles after the last contradiction it counts.
const MEMORY: u64 = 2;

impl Watch {
    /// Whether a device is two, and what its last report contradicts. Only reports of one
    /// look contradict each other: a setting that changes is what a watch is for.
    pub(super) fn note_contradictions(&mut self, index: usize) {
        let (number, looks) = (self.number, !self.scheduler.is_finished());
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        let until = Some(number.saturating_add(MEMORY));
        if entry.contradictory && presence.online {
            presence.duplicate_until = until;
        }
        let found = std::mem::take(&mut entry.contradictions);
        if looks && presence.cycle == number && !found.is_empty() {
            presence.contradicts_until = until;
            presence.contradictions |= found;
        }
    }

    /// A device may return to an address in another cycle. Within one cycle this
    /// means two devices with one identity.
    pub(super) fn end_contradiction(&mut self, index: usize) {
        let number = self.number;
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        entry.forget_moves();
        let is_over = |until: Option<u64>| until.is_some_and(|it| it < number);
        let twins = is_over(presence.duplicate_until);
        let contradicts = is_over(presence.contradicts_until);
        if !twins && !contradicts {
            return;
        }
        let before = self.snapshot(index);
        if let Some((_, presence)) = self.both(index) {
            presence.duplicate_until.take_if(|_| twins);
            if contradicts {
                presence.forget_contradictions();
            }
        }
        self.emit(WatchEventKind::Updated, index, before);
    }
}

impl super::Presence {
    pub(super) fn forget_contradictions(&mut self) {
        self.contradicts_until = None;
        self.contradictions.clear();
    }
}

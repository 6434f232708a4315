//! What an account of a device brings.

use sadp_model::{Device, Protocol, Recorded};

use super::{
    DeviceSnapshot, HELLOS_OF_ONE_START, TWIN_MEMORY, Watch, WatchEventKind,
    duplicates::Identifier,
    presence::{Presence, Start, compare_starts, is_unset},
};
use crate::{Datagram, survey::ReplyTo};

impl Watch {
    pub(super) fn handle_account(
        &mut self,
        device: Device,
        answer: ReplyTo,
        datagram: &Datagram<'_>,
    ) {
        let known = self.registry.position(&device, datagram.from.ip());
        let before = known.and_then(|index| self.account(index));
        let recorded = self.registry.record(device, datagram.sighting());
        let Some(index) = recorded.index() else {
            self.stats.note_refused(datagram.from.ip());
            return;
        };
        if matches!(recorded, Recorded::New(_)) {
            self.devices_so_far = self.devices_so_far.saturating_add(1);
            self.presences.push(Presence::new(self.devices_so_far));
        }
        let first_time = self.note_heard(index);
        let asked_at = self.scheduler.note(index, first_time, answer);
        if let Some(entry) = self.registry.entries_mut().get_mut(index) {
            entry.note_direct_answer(asked_at);
        }
        // An announcement by frame asks for settings, not only at a start.
        let hello = answer == ReplyTo::Unasked && datagram.protocol != Protocol::SadpFrame;
        match before {
            Some(before) if before.online => self.heard_again(index, before, hello),
            before => self.turn_online(index, before),
        }
    }

    /// Returns whether it is for the first time in this cycle.
    fn note_heard(&mut self, index: usize) -> bool {
        let Some(presence) = self.presences.get_mut(index) else {
            return false;
        };
        let first_time = presence.cycle != self.number;
        if first_time && presence.online {
            self.awaited = self.awaited.saturating_sub(1);
        }
        presence.cycle = self.number;
        presence.last_heard = self.now;
        self.deadline
            .get_or_insert_with(|| self.now.saturating_add(self.config.offline_after));
        first_time
    }

    fn turn_online(&mut self, index: usize, before: Option<DeviceSnapshot>) {
        let now = self.now;
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        presence.online = true;
        if before.is_some() {
            entry.forget_sightings();
        }
        let start = before.as_ref().map_or(Start::Same, |before| {
            compare_starts(&before.entry.device, &entry.device)
        });
        // Its Hello may follow.
        presence.started = now;
        let names: Vec<_> = Identifier::of(&entry.device).collect();
        let sharers = self.take_names(index, &names);
        self.emit(WatchEventKind::Online, index, before.clone());
        if start == Start::Anew {
            self.emit(WatchEventKind::Rebooted, index, before);
        }
        self.emit_all(WatchEventKind::Duplicate, sharers);
    }

    /// Tells what is new about a device that was online already.
    fn heard_again(&mut self, index: usize, before: DeviceSnapshot, hello: bool) {
        let (now, number) = (self.now, self.number);
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        if entry.contradictory {
            presence.twin_until = Some(number.saturating_add(TWIN_MEMORY));
        }
        let start = compare_starts(&before.entry.device, &entry.device);
        let clockless = entry.device.boot_time.is_none_or(is_unset);
        let late = now >= presence.started.saturating_add(HELLOS_OF_ONE_START);
        // Without a clock, only its Hello may show that it started anew.
        let restarted = start == Start::Anew || (hello && clockless && late);
        if restarted {
            presence.started = now;
        }
        let renamed = self.rename(index, &before.entry.device);
        let after = self.account(index);
        let kind = after.and_then(|after| judge(&before, &after, start, restarted));
        if let Some(kind) = kind {
            self.emit(kind, index, Some(before));
        }
        self.emit_all(WatchEventKind::Updated, renamed.left_alone);
        self.emit_all(WatchEventKind::Duplicate, renamed.joined);
    }
}

/// What happened to a device that was online before and is now.
fn judge(
    before: &DeviceSnapshot,
    after: &DeviceSnapshot,
    start: Start,
    restarted: bool,
) -> Option<WatchEventKind> {
    let twin = after.entry.contradictory;
    if before.entry.contradictory && twin {
        // Two devices in one contradict each other with every answer.
        return None;
    }
    let address_taken = after.shared.address && !before.shared.address;
    let mac_taken = after.shared.mac && !before.shared.mac;
    if twin || address_taken || mac_taken {
        return Some(WatchEventKind::Duplicate);
    }
    if restarted {
        return Some(WatchEventKind::Rebooted);
    }
    let mut same_start = before.clone();
    if start == Start::Same && before.entry.device.boot_time.is_some() {
        same_start.entry.device.boot_time = after.entry.device.boot_time;
    }
    if after.tells_more_than(&same_start) {
        return Some(WatchEventKind::Updated);
    }
    let more_ways = after.entry.seen.len() != before.entry.seen.len();
    more_ways.then_some(WatchEventKind::Heard)
}

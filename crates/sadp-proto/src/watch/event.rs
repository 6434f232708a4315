use sadp_model::{Device, DeviceRecord, RawFields, Shared};

use super::presence::Start;

/// What became of a device.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    /// What happened.
    pub kind: WatchEventKind,
    /// The device as it was known before. `None` where it was not.
    pub before: Option<Box<DeviceSnapshot>>,
    /// The device as it is known now.
    pub after: Box<DeviceSnapshot>,
}

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchEventKind {
    /// It is there: heard for the first time, or again after it was offline.
    Online,
    /// Something about it changed.
    Updated,
    /// It started anew.
    Rebooted,
    /// Another device turned out to have its address or MAC.
    Duplicate,
    /// It is there no more.
    Offline(OfflineReason),
    /// It was heard another way. Nothing about it changed.
    Heard,
    /// It was offline for so long that it is remembered no more: a list should
    /// drop it.
    Forgotten,
}

/// How a device went offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineReason {
    /// It said goodbye.
    Goodbye,
    /// It was silent for too long.
    Silence,
}

/// What is known of a device at one time.
#[derive(Clone, Debug)]
pub struct DeviceSnapshot {
    /// The device's number in this watch. No other device gets it.
    pub number: u64,
    /// What it says of itself and how it was heard.
    pub entry: DeviceRecord,
    /// What it has in common with another device that is online.
    pub shared: Shared,
    /// Whether it is online.
    pub online: bool,
}

impl DeviceSnapshot {
    fn bare_device(&self) -> Device {
        let mut device = self.entry.device.clone();
        device.raw = RawFields::default();
        device
    }

    /// Whether anything differs that a person would call a change: not what was
    /// received word for word, nor by which way.
    pub(super) fn tells_more_than(&self, earlier: &Self) -> bool {
        let (entry, before) = (&self.entry, &earlier.entry);
        self.shared != earlier.shared
            || entry.contradictory != before.contradictory
            || entry.has_concurrent_sender() != before.has_concurrent_sender()
            || entry.malformed != before.malformed
            || entry.answered_directly != before.answered_directly
            || self.bare_device() != earlier.bare_device()
    }
}

/// How many things a watch remembers, by kind. None may grow without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Devices, online or not.
    pub devices: usize,
    /// Devices online.
    pub online: usize,
    /// Ways in which devices were heard.
    pub sightings: usize,
    /// Names that lead to devices: MACs, serials, addresses, also former ones.
    pub names: usize,
    /// Rounds and questions.
    pub questions: usize,
    /// Events and datagrams that wait to be taken.
    pub waiting: usize,
}

/// What happened to a device that was online before and is now.
pub(super) fn judge(
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

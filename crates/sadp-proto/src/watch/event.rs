use sadp_model::{Device, DeviceRecord, RawFields, Shared};

use super::presence::Start;

/// An event of a device.
#[derive(Clone, Debug)]
pub struct WatchEvent {
    /// What happened.
    pub kind: WatchEventKind,
    /// The device before the event. `None` if it was unknown.
    pub before: Option<Box<DeviceSnapshot>>,
    /// The device after the event.
    pub after: Box<DeviceSnapshot>,
}

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchEventKind {
    /// It is online: new, or after it was offline.
    Online,
    /// Something about it changed.
    Updated,
    /// It restarted.
    Rebooted,
    /// Another device has its address or MAC.
    Duplicate,
    /// It is offline.
    Offline(OfflineReason),
    /// It replied by another transport. Nothing else changed.
    Heard,
    /// It was offline for so long that it was dropped.
    Forgotten,
}

/// Why a device is offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineReason {
    /// It sent a Bye.
    Goodbye,
    /// It was silent for too long.
    Silence,
}

/// A device at one time.
#[derive(Clone, Debug)]
pub struct DeviceSnapshot {
    /// The device's number in this watch. It is unique.
    pub number: u64,
    /// What is known of it.
    pub entry: DeviceRecord,
    /// What it shares with another online device.
    pub shared: Shared,
    /// Whether it is online.
    pub online: bool,
}

impl DeviceSnapshot {
    fn bare_device(&self) -> Device {
        let mut device = (*self.entry.device).clone();
        device.raw = RawFields::default();
        device
    }

    /// Whether anything changed besides raw elements and transports.
    pub(super) fn differs_from(&self, earlier: &Self) -> bool {
        let (entry, before) = (&self.entry, &earlier.entry);
        self.shared != earlier.shared
            || entry.contradictory != before.contradictory
            || entry.contradictions != before.contradictions
            || entry.has_concurrent_sender() != before.has_concurrent_sender()
            || entry.malformed != before.malformed
            || entry.answered_directly != before.answered_directly
            || self.bare_device() != earlier.bare_device()
    }
}

/// How many things a watch keeps in memory, by kind. All are bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Devices, online or offline.
    pub devices: usize,
    /// Online devices.
    pub online: usize,
    /// Sightings of devices.
    pub sightings: usize,
    /// Identifiers of devices: MACs, serials, addresses, also former ones.
    pub names: usize,
    /// Rounds and probes.
    pub questions: usize,
    /// Queued events and datagrams.
    pub waiting: usize,
}

/// Whether a device shares its address or MAC since.
pub(super) const fn joins(before: &DeviceSnapshot, after: &DeviceSnapshot) -> bool {
    (after.shared.address && !before.shared.address) || (after.shared.mac && !before.shared.mac)
}

/// The event of a device that was online before and still is.
pub(super) fn judge(
    before: &DeviceSnapshot,
    after: &DeviceSnapshot,
    start: Start,
    restarted: bool,
) -> Option<WatchEventKind> {
    let twin = after.entry.contradictory;
    if before.entry.contradictory && twin {
        // Two devices in one record contradict each other with every reply.
        return None;
    }
    if twin || joins(before, after) {
        return Some(WatchEventKind::Duplicate);
    }
    if restarted {
        return Some(WatchEventKind::Rebooted);
    }
    let mut same_start = before.clone();
    if start == Start::Same && before.entry.device.boot_time.is_some() {
        same_start.entry.device.boot_time = after.entry.device.boot_time;
    }
    if after.differs_from(&same_start) {
        return Some(WatchEventKind::Updated);
    }
    let more_ways = after.entry.seen.len() != before.entry.seen.len();
    more_ways.then_some(WatchEventKind::Heard)
}

use sadp_model::{DeviceRecord, Shared};

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
    /// Whether anything differs that a person would call a change: not what was
    /// received word for word, nor by which way.
    pub(super) fn tells_more_than(&self, earlier: &Self) -> bool {
        let bare = |account: &Self| {
            let mut device = account.entry.device.clone();
            device.raw = sadp_model::RawFields::default();
            device
        };
        let (entry, before) = (&self.entry, &earlier.entry);
        self.shared != earlier.shared
            || entry.contradictory != before.contradictory
            || entry.has_concurrent_sender() != before.has_concurrent_sender()
            || entry.malformed != before.malformed
            || entry.answered_directly != before.answered_directly
            || bare(self) != bare(earlier)
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

//! The list of devices, as pages show it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_ops::DiscoveredDevice;
use sadp_text::Sentence;
use tokio::sync::{Notify, watch};

/// A device of the list.
#[derive(Clone, Debug)]
pub(crate) struct LiveDevice {
    /// Its number in this run.
    pub(crate) number: u64,
    pub(crate) found: Arc<DiscoveredDevice>,
    pub(crate) online: bool,
    /// When it came, went or changed.
    pub(crate) changed: Timestamp,
}

impl AsRef<DiscoveredDevice> for LiveDevice {
    fn as_ref(&self) -> &DiscoveredDevice {
        &self.found
    }
}

/// The list, and who waits for changes of it.
#[derive(Default)]
pub(crate) struct LiveList {
    state: RwLock<LiveState>,
    changes: watch::Sender<u64>,
    pub(crate) commands: Commands,
}

/// What the watch is asked to do.
#[derive(Default)]
pub(crate) struct Commands {
    pub(crate) probe: Notify,
    pub(crate) read_again: Notify,
}

/// What the list shows.
#[derive(Debug, Default)]
pub(crate) struct LiveState {
    devices: BTreeMap<u64, LiveDevice>,
    marked: BTreeSet<u64>,
    /// The networks of this computer in which devices are looked for.
    pub(crate) local: Vec<Ipv4Net>,
    /// Where devices are looked for, or why not.
    pub(crate) place: String,
    /// What limits it, and what to do, each once.
    pub(crate) notices: Vec<Sentence>,
}

impl LiveState {
    /// Takes a device in, in the place of what was known of it.
    pub(crate) fn insert(&mut self, device: LiveDevice) {
        self.devices.insert(device.number, device);
    }

    /// Takes a device off the list.
    pub(crate) fn remove(&mut self, number: u64) {
        self.devices.remove(&number);
        self.marked.remove(&number);
    }

    /// All devices, to be changed.
    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut LiveDevice> {
        self.devices.values_mut()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &LiveDevice> {
        self.devices.values()
    }

    pub(crate) fn device(&self, number: u64) -> Option<&LiveDevice> {
        self.devices.get(&number)
    }

    pub(crate) fn is_marked(&self, number: u64) -> bool {
        self.marked.contains(&number)
    }

    /// Those that are marked, in order of their numbers.
    pub(crate) fn marked(&self) -> impl Iterator<Item = &LiveDevice> {
        self.marked.iter().filter_map(|it| self.devices.get(it))
    }
}

impl LiveList {
    /// What the list shows now.
    pub(crate) fn now(&self) -> RwLockReadGuard<'_, LiveState> {
        // Each change is made by one step: what a broken thread left is whole.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// All devices that are online.
    pub(crate) fn devices(&self) -> Vec<DiscoveredDevice> {
        let now = self.now();
        let online = now.all().filter(|it| it.online);
        online
            .map(|it| DiscoveredDevice::clone(&it.found))
            .collect()
    }

    /// Whoever waits for changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Has all devices asked at once.
    pub(crate) fn probe_now(&self) {
        self.commands.probe.notify_one();
    }

    /// Has what the ledger knows of devices read again: names, locks.
    pub(crate) fn read_again(&self) {
        self.commands.read_again.notify_one();
    }

    /// Marks devices, or takes their marks away.
    pub(crate) fn mark(&self, numbers: impl IntoIterator<Item = u64>, on: bool) {
        self.change(|state| {
            for number in numbers {
                if !on {
                    state.marked.remove(&number);
                } else if state.devices.contains_key(&number) {
                    state.marked.insert(number);
                }
            }
        });
    }

    /// Marks the devices that are meant, and no others.
    pub(crate) fn mark_only(&self, is_meant: impl Fn(&LiveDevice) -> bool) {
        self.change(|state| {
            let meant = state.devices.values().filter(|it| is_meant(it));
            state.marked = meant.map(|it| it.number).collect();
        });
    }

    /// Lists these devices, numbered from 1.
    #[cfg(test)]
    pub(crate) fn put(&self, devices: Vec<DiscoveredDevice>) {
        let numbered = (1..).zip(devices).map(|(number, found)| LiveDevice {
            number,
            found: Arc::new(found),
            online: true,
            changed: Timestamp::UNIX_EPOCH,
        });
        self.change(|state| state.devices = numbered.map(|it| (it.number, it)).collect());
    }

    /// Changes what the list shows, and tells whoever waits for that.
    pub(crate) fn change(&self, change: impl FnOnce(&mut LiveState)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|version| *version += 1);
    }
}

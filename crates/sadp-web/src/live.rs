//! The list of devices, kept up to date by a watch.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_discovery::{Watcher, WatcherConfig, WatcherEvent};
use sadp_model::{LocalNetwork, MacAddr};
use sadp_ops::{Cancellation, DiscoveredDevice, LedgerAccess, Session};
use sadp_proto::{WatchEvent, WatchEventKind};
use sadp_reset::SiteName;
use sadp_text::{Remedy, Sentence, with_cause};
use tokio::sync::{Notify, watch};

use crate::site::Site;

/// The time between the beginnings of two cycles of the watch.
const EVERY: Duration = Duration::from_mins(1);

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
    commands: Commands,
}

/// What the watch is asked to do.
#[derive(Default)]
struct Commands {
    probe: Notify,
    read_again: Notify,
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

    fn change(&self, change: impl FnOnce(&mut LiveState)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|version| *version += 1);
    }
}

/// The watch that a list begins with.
pub(crate) fn config(site: &Site) -> WatcherConfig {
    WatcherConfig {
        link: site.scan.link.clone(),
        sweep: site.scan.sweep.clone(),
        broadcast: site.scan.broadcast,
        every: EVERY,
        offline_after: EVERY * 2,
    }
}

/// Keeps the list up to date until the server ends.
pub(crate) async fn keep(site: Site, mut watcher: Watcher) {
    let mut memory = Memory::read(&site);
    let commands = &site.live.commands;
    loop {
        let news = tokio::select! {
            biased;
            () = site.cancellation.stop.cancelled() => return,
            () = commands.probe.notified() => {
                watcher.probe_now();
                continue;
            }
            () = commands.read_again.notified() => {
                memory = Memory { local: memory.local, ..Memory::read(&site) };
                site.live.change(|state| memory.refresh(state));
                continue;
            }
            news = watcher.next() => news,
        };
        site.live.change(|state| match news {
            WatcherEvent::Event(event, at) => memory.take(state, event, at),
            WatcherEvent::Links(links) => {
                memory.local = sadp_discovery::local_networks(&links);
                let names = links
                    .iter()
                    .map(|link| format!("{} ({})", link.interface, link.network));
                state.local = links.iter().map(|link| link.network).collect();
                state.place = format!("on {}", names.collect::<Vec<_>>().join(", "));
            }
            WatcherEvent::Notice(notice) => {
                let text = Sentence::from(format!("{}: ", with_cause(&notice)));
                state.notices.push(text.then(notice.remedy()));
            }
            WatcherEvent::NoLink(error) => {
                state.place = format!("{}: waiting for one", with_cause(&error));
            }
        });
    }
}

/// Where this computer stands, and what the ledger knows.
struct Memory {
    local: Vec<LocalNetwork>,
    session: Option<Session>,
    names: HashMap<MacAddr, SiteName>,
}

impl Memory {
    fn read(site: &Site) -> Self {
        // Without a ledger the list shows what was received.
        let session = site.open(LedgerAccess::Optional, Cancellation::default());
        let session = session.ok();
        let names = session.as_ref().and_then(|it| it.site_names().ok());
        Self {
            local: Vec::new(),
            names: names.unwrap_or_default(),
            session,
        }
    }

    fn take(&self, state: &mut LiveState, mut event: WatchEvent, at: Timestamp) {
        let number = event.after.number;
        if event.kind == WatchEventKind::Forgotten {
            state.devices.remove(&number);
            state.marked.remove(&number);
            return;
        }
        self.apply_locks(std::slice::from_mut(&mut event.after.entry), at);
        let mut found = DiscoveredDevice::from_watch(&event.after, &self.local);
        found.take_name(&self.names);
        let before = state.devices.get(&number);
        let changed = match (event.kind, before) {
            (WatchEventKind::Heard, Some(before)) => before.changed,
            _ => at,
        };
        let device = LiveDevice {
            number,
            found: Arc::new(found),
            online: event.after.online,
            changed,
        };
        state.devices.insert(number, device);
    }

    /// What is remembered of locks. One that cannot be read is not shown.
    fn apply_locks(&self, entries: &mut [sadp_model::DeviceRecord], at: Timestamp) {
        if let Some(ledger) = self.session.as_ref().and_then(Session::ledger) {
            let _ = ledger.apply_locks(entries, at);
        }
    }

    /// Gives each device of the list what the ledger knows now.
    fn refresh(&self, state: &mut LiveState) {
        for device in state.devices.values_mut() {
            let found = Arc::make_mut(&mut device.found);
            self.apply_locks(std::slice::from_mut(&mut found.entry), Timestamp::now());
            found.take_name(&self.names);
        }
    }
}

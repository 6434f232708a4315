//! Keeps the list of devices up to date.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use sadp_discovery::{Watcher, WatcherConfig, WatcherEvent};
use sadp_model::{DeviceRecord, LocalNetwork, MacAddr};
use sadp_ops::{Cancellation, DiscoveredDevice, LedgerAccess, Session};
use sadp_proto::{WatchConfig, WatchEvent, WatchEventKind};
use sadp_reset::SiteName;
use sadp_text::{Remedy as _, Sentence, with_cause};

use crate::{
    live::{LiveDevice, LiveState},
    site::Site,
};

/// The time between the beginnings of two cycles.
const EVERY: Duration = Duration::from_mins(1);

/// The watch that a list begins with.
pub(crate) fn config(site: &Site) -> WatcherConfig {
    WatcherConfig {
        link: site.scan.link.clone(),
        watch: WatchConfig {
            sweep: site.scan.sweep.clone(),
            broadcast: site.scan.broadcast,
            every: EVERY,
            offline_after: EVERY * 2,
        },
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
            return state.remove(number);
        }
        self.apply_locks(std::slice::from_mut(&mut event.after.entry), at);
        let mut found = DiscoveredDevice::from_watch(&event.after, &self.local);
        found.take_name(&self.names);
        let before = state.device(number);
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
        state.insert(device);
    }

    /// What is remembered of locks. One that cannot be read is not shown.
    fn apply_locks(&self, entries: &mut [DeviceRecord], at: Timestamp) {
        if let Some(ledger) = self.session.as_ref().and_then(Session::ledger) {
            let _ = ledger.apply_locks(entries, at);
        }
    }

    /// Gives each device of the list what the ledger knows now.
    fn refresh(&self, state: &mut LiveState) {
        for device in state.all_mut() {
            let found = Arc::make_mut(&mut device.found);
            self.apply_locks(std::slice::from_mut(&mut found.entry), Timestamp::now());
            found.take_name(&self.names);
        }
    }
}

//! Runs a watch on this computer's interfaces, which may appear and disappear.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use sadp_proto::{Transmit, Watch, WatchConfig, WatchEvent};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use uuid::Uuid;

use crate::{
    CaptureRecorder, LinkConfig, LinkInfo, Notice, ScanError,
    interface::{self, Interface},
    links::{Links, selection},
    receive::{BatchReceiver, ReceivedBatch},
};

/// How often this computer's interfaces are checked.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// The maximum number of different notices. More would repeat each other.
const MAX_NOTICES: usize = 64;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatcherConfig {
    /// The interfaces.
    pub link: LinkConfig,
    /// What is probed on them, and how often.
    pub watch: WatchConfig,
}

/// A watch on this computer's interfaces. It follows interfaces that appear, disappear
/// or change their address.
#[derive(Debug)]
pub struct Watcher {
    config: WatcherConfig,
    watch: Watch,
    start: Instant,
    interfaces: Vec<Interface>,
    open: Option<OpenLinks>,
    check: tokio::time::Interval,
    unsent: Option<Transmit>,
    events: VecDeque<WatcherEvent>,
    reported: HashSet<String>,
    /// Why there is no link, where that was reported.
    no_link: Option<String>,
}

/// The sockets of the present interfaces.
#[derive(Debug)]
struct OpenLinks {
    links: Links,
    queue: BatchReceiver,
    _draining: JoinSet<()>,
    /// A socket failed: new ones are needed.
    broken: bool,
}

/// An event of the watch.
#[derive(Debug)]
pub enum WatcherEvent {
    /// A change of a device, and its time.
    Event(WatchEvent, Timestamp),
    /// Probes leave from these addresses now.
    Links(Vec<LinkInfo>),
    /// Something limits what can be received. Each notice is reported once.
    Notice(Notice),
    /// There is no usable interface. The watch continues as soon as there is one.
    NoLink(ScanError),
}

impl Watcher {
    /// Opens the sockets. Call it within a tokio runtime. A missing interface is not an
    /// error, unless it is named.
    pub fn open(config: WatcherConfig) -> Result<Self, ScanError> {
        let all = interface::list().map_err(ScanError::List)?;
        if let Err(error @ ScanError::UnknownInterface { .. }) =
            selection::select(&all, &config.link.interfaces)
        {
            return Err(error);
        }
        let mut check = tokio::time::interval(CHECK_EVERY);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watcher = Self {
            watch: Watch::new(config.watch.clone(), Uuid::new_v4),
            config,
            start: Instant::now(),
            interfaces: Vec::new(),
            open: None,
            check,
            unsent: None,
            events: VecDeque::new(),
            reported: HashSet::new(),
            no_link: None,
        };
        watcher.check_interfaces();
        // A missing permission will be missing later, too.
        if let Some(WatcherEvent::NoLink(error)) = watcher
            .events
            .pop_front_if(|event| matches!(event, WatcherEvent::NoLink(ScanError::Raw { .. })))
        {
            return Err(error);
        }
        if watcher.open.is_none() {
            watcher.report_no_link(watcher.no_interface());
        }
        Ok(watcher)
    }

    /// The devices and statistics.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Ends the recording, if there is one. Returns the notices that were not reported
    /// yet.
    pub fn finish(mut self) -> Vec<Notice> {
        let recorder = self.config.link.recorder.as_ref();
        if let Some(open) = &mut self.open {
            open.links.finish();
        } else if let Some(Err(source)) = recorder.map(CaptureRecorder::finish) {
            self.report(Notice::NotRecorded(source));
        }
        self.take_notices();
        let notices = self.events.into_iter().filter_map(|event| match event {
            WatcherEvent::Notice(notice) => Some(notice),
            _ => None,
        });
        notices.collect()
    }

    /// Probes all devices at once, without waiting for the next cycle.
    pub fn probe_now(&mut self) {
        self.watch.probe_now(self.start.elapsed());
    }

    /// Waits for the next event. Cancelling it loses nothing.
    pub async fn next(&mut self) -> WatcherEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.watch.handle_timeout(self.start.elapsed());
            self.send_all().await;
            self.take_events();
            if !self.events.is_empty() {
                continue;
            }
            let due = self.start + self.watch.poll_timeout();
            tokio::select! {
                batch = received(&mut self.open) => self.take_in(batch),
                () = tokio::time::sleep_until(due) => {}
                _ = self.check.tick() => {
                    self.take_beginnings();
                    self.check_interfaces();
                }
            }
        }
    }

    async fn send_all(&mut self) {
        loop {
            if self.unsent.is_none() {
                self.unsent = self.watch.poll_transmit();
            }
            let Some(transmit) = &self.unsent else {
                break;
            };
            if let Some(open) = &mut self.open {
                open.links
                    .send(transmit.destination, &transmit.payload)
                    .await;
            }
            self.unsent = None;
        }
        self.take_notices();
    }

    fn take_in(&mut self, batch: ReceivedBatch) {
        let Some(open) = &mut self.open else {
            return;
        };
        let (now, watch) = (self.start.elapsed(), &mut self.watch);
        open.broken |= batch.is_failure();
        open.links
            .take_in(batch, |datagram| watch.handle_datagram(now, datagram));
        self.take_notices();
        self.take_events();
    }

    /// Reads replies whose other IP fragments did not arrive.
    fn take_beginnings(&mut self) {
        let Some(open) = &mut self.open else {
            return;
        };
        let (now, watch) = (self.start.elapsed(), &mut self.watch);
        open.links
            .take_beginnings(false, |datagram| watch.handle_datagram(now, datagram));
        self.take_events();
    }

    fn take_events(&mut self) {
        let at = Timestamp::now();
        while let Some(event) = self.watch.poll_event() {
            self.events.push_back(WatcherEvent::Event(event, at));
        }
    }

    /// Reports notices, each once.
    fn take_notices(&mut self) {
        let Some(open) = &mut self.open else {
            return;
        };
        for notice in std::mem::take(&mut open.links.notices) {
            self.report(notice);
        }
    }

    fn report(&mut self, notice: Notice) {
        if self.reported.len() < MAX_NOTICES && self.reported.insert(notice.to_string()) {
            self.events.push_back(WatcherEvent::Notice(notice));
        }
    }

    // --- Interfaces ------------------------------------------------------------

    /// Opens new sockets where the interfaces have changed.
    fn check_interfaces(&mut self) {
        // Listing may succeed in two seconds.
        let Ok(all) = interface::list() else {
            return;
        };
        let interfaces = selection::select_present(&all, &self.config.link.interfaces);
        let broken = self.open.as_ref().is_some_and(|open| open.broken);
        if interfaces == self.interfaces && !broken {
            return;
        }
        tracing::debug!(?interfaces, broken, "interfaces changed");
        if let Some(open) = &mut self.open {
            open.links.report_missed();
        }
        self.take_notices();
        // The old sockets close first: they hold the port.
        self.open = None;
        let links = (!interfaces.is_empty()).then(|| {
            Links::on(
                &self.config.link,
                &interfaces,
                self.config.watch.sweep.is_some(),
            )
        });
        self.interfaces = interfaces;
        match links {
            Some(Ok(mut links)) => {
                self.no_link = None;
                let (queue, draining) = links.start_draining();
                self.events
                    .push_back(WatcherEvent::Links(links.infos().collect()));
                self.open = Some(OpenLinks {
                    links,
                    queue,
                    _draining: draining,
                    broken: false,
                });
            }
            Some(Err(error)) => {
                // The next check tries again.
                self.interfaces.clear();
                self.report_no_link(error);
            }
            None => self.report_no_link(self.no_interface()),
        }
        let links = self.open.as_ref().map(|open| &open.links);
        let askers = links.map_or_else(Vec::new, |links| links.raw.askers());
        let links = links.map_or_else(Vec::new, Links::protocols);
        self.watch.handle_links(self.start.elapsed(), links, askers);
        self.take_notices();
    }

    /// Returns why there is no usable interface.
    fn no_interface(&self) -> ScanError {
        let named = &self.config.link.interfaces;
        match interface::list().map(|all| selection::select(&all, named)) {
            Ok(Err(error)) => error,
            _ => ScanError::NoInterface,
        }
    }

    fn report_no_link(&mut self, error: ScanError) {
        if self.no_link.replace(error.to_string()) != Some(error.to_string()) {
            self.events.push_back(WatcherEvent::NoLink(error));
        }
    }
}

/// Waits for the next batch. Without sockets there is none.
async fn received(open: &mut Option<OpenLinks>) -> ReceivedBatch {
    let batch = match open {
        Some(open) => open.queue.recv().await,
        None => None,
    };
    match batch {
        Some(batch) => batch,
        // All sockets failed: the next check opens new ones.
        None => std::future::pending().await,
    }
}

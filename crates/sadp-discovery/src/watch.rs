//! Driving a watch over this machine's interfaces, which come and go.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use sadp_proto::{Sweep, Transmit, Watch, WatchEvent};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use uuid::Uuid;

use crate::{
    LinkConfig, LinkInfo, Notice, Recorder, ScanError,
    interface::{self, Interface},
    links::Links,
    queue,
    receive::Batch,
};

/// How often this machine's interfaces are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many different notices are told. Beyond, they repeat each other.
const MAX_NOTICES: usize = 64;

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatcherConfig {
    /// By which interfaces.
    pub link: LinkConfig,
    /// Addresses to ask one by one in every cycle as well.
    pub sweep: Option<Sweep>,
    /// Whether the subnets' broadcast addresses are asked as well.
    pub broadcast: bool,
    /// Time from the beginning of a cycle to that of the next.
    pub every: Duration,
    /// How long a device may be silent before it counts as offline.
    pub offline_after: Duration,
}

/// A watch on this machine's interfaces. Those that appear, vanish or change
/// their address while it runs are taken in.
#[derive(Debug)]
pub struct Watcher {
    config: WatcherConfig,
    watch: Watch,
    start: Instant,
    interfaces: Vec<Interface>,
    open: Option<Open>,
    look: tokio::time::Interval,
    unsent: Option<Transmit>,
    news: VecDeque<News>,
    told: HashSet<String>,
    /// Why there is no link, if there is none and it was told.
    no_link: Option<String>,
}

/// The sockets of the interfaces there are now.
#[derive(Debug)]
struct Open {
    links: Links,
    queue: queue::Receiver,
    _draining: JoinSet<()>,
    /// A socket failed: others are needed.
    broken: bool,
}

/// Something to tell.
#[derive(Debug)]
pub enum News {
    /// What became of a device, and when.
    Event(WatchEvent, Timestamp),
    /// It asks from these addresses now.
    Links(Vec<LinkInfo>),
    /// Something limits what can be heard. Each is told once.
    Notice(Notice),
    /// There is no interface to ask by. It goes on as soon as there is one.
    NoLink(ScanError),
}

impl Watcher {
    /// Opens the sockets. Call it within a tokio runtime. That there is no
    /// interface yet is no error, unless one is named that does not exist.
    pub fn open(config: WatcherConfig) -> Result<Self, ScanError> {
        let all = interface::list().map_err(ScanError::List)?;
        if let Err(error @ ScanError::UnknownInterface { .. }) =
            interface::choose(all, &config.link.interfaces)
        {
            return Err(error);
        }
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watch = sadp_proto::WatchConfig {
            links: Vec::new(),
            broadcast: config.broadcast,
            sweep: config.sweep.clone(),
            every: config.every,
            offline_after: config.offline_after,
        };
        let mut watcher = Self {
            config,
            watch: Watch::new(watch, Uuid::new_v4),
            start: Instant::now(),
            interfaces: Vec::new(),
            open: None,
            look,
            unsent: None,
            news: VecDeque::new(),
            told: HashSet::new(),
            no_link: None,
        };
        watcher.look_at_interfaces();
        // What is not permitted now will not be later.
        let refused = |news: &mut News| matches!(news, News::NoLink(ScanError::Raw { .. }));
        if let Some(News::NoLink(error)) = watcher.news.pop_front_if(refused) {
            return Err(error);
        }
        if watcher.open.is_none() {
            watcher.tell_no_link(watcher.no_interface());
        }
        Ok(watcher)
    }

    /// The devices, and what else was heard.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Ends the record, if there is one. Returns what was not told yet of what
    /// limited hearing and asking.
    pub fn finish(mut self) -> Vec<Notice> {
        let recorder = self.config.link.recorder.as_ref();
        if let Some(open) = &mut self.open {
            open.links.finish();
        } else if let Some(Err(source)) = recorder.map(Recorder::finish) {
            self.tell(Notice::NotRecorded { source });
        }
        self.take_notices();
        let notices = self.news.into_iter().filter_map(|news| match news {
            News::Notice(notice) => Some(notice),
            _ => None,
        });
        notices.collect()
    }

    /// Watches until there is something to tell. What is dropped before it is
    /// ready has lost nothing.
    pub async fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            self.watch.handle_timeout(self.start.elapsed());
            self.send_all().await;
            self.take_events();
            if !self.news.is_empty() {
                continue;
            }
            let due = self.start + self.watch.poll_timeout();
            tokio::select! {
                batch = received(&mut self.open) => self.take_in(batch),
                () = tokio::time::sleep_until(due) => {}
                _ = self.look.tick() => {
                    self.take_beginnings();
                    self.look_at_interfaces();
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

    fn take_in(&mut self, batch: Batch) {
        let Some(open) = &mut self.open else {
            return;
        };
        let (at, now) = (Timestamp::now(), self.start.elapsed());
        open.broken |= batch.is_failure();
        let watch = &mut self.watch;
        open.links.take_in(batch, |interface, via, received| {
            watch.handle_datagram(now, &received.datagram(interface, via, at));
        });
        self.take_notices();
        self.take_events();
    }

    /// Takes in replies whose other IP fragments did not come.
    fn take_beginnings(&mut self) {
        let Some(open) = &mut self.open else {
            return;
        };
        let (at, now) = (Timestamp::now(), self.start.elapsed());
        let watch = &mut self.watch;
        open.links
            .take_beginnings(false, |interface, via, received| {
                watch.handle_datagram(now, &received.datagram(interface, via, at));
            });
        self.take_events();
    }

    fn take_events(&mut self) {
        let at = Timestamp::now();
        while let Some(event) = self.watch.poll_event() {
            self.news.push_back(News::Event(event, at));
        }
    }

    /// Tells what limits hearing and asking, each once.
    fn take_notices(&mut self) {
        let Some(open) = &mut self.open else {
            return;
        };
        for notice in open.links.take_notices() {
            self.tell(notice);
        }
    }

    fn tell(&mut self, notice: Notice) {
        if self.told.len() < MAX_NOTICES && self.told.insert(notice.to_string()) {
            self.news.push_back(News::Notice(notice));
        }
    }

    // --- Interfaces ------------------------------------------------------------

    /// Opens other sockets where the interfaces are no longer those in use.
    fn look_at_interfaces(&mut self) {
        // What cannot be listed now may be in two seconds.
        let Ok(all) = interface::list() else {
            return;
        };
        let interfaces = interface::choose_present(&all, &self.config.link.interfaces);
        let broken = self.open.as_ref().is_some_and(|open| open.broken);
        if interfaces == self.interfaces && !broken {
            return;
        }
        tracing::debug!(?interfaces, broken, "other interfaces");
        if let Some(open) = &mut self.open {
            open.links.tell_missed();
        }
        self.take_notices();
        // Sockets of before go first: they hold the port.
        self.open = None;
        let links = (!interfaces.is_empty())
            .then(|| Links::on(&self.config.link, &interfaces, self.config.sweep.is_some()));
        self.interfaces = interfaces;
        match links {
            Some(Ok(mut links)) => {
                self.no_link = None;
                let (queue, draining) = links.start_draining();
                self.news.push_back(News::Links(links.infos().collect()));
                self.open = Some(Open {
                    links,
                    queue,
                    _draining: draining,
                    broken: false,
                });
            }
            Some(Err(error)) => {
                // Tried again at the next look.
                self.interfaces.clear();
                self.tell_no_link(error);
            }
            None => self.tell_no_link(self.no_interface()),
        }
        let links = self.open.as_ref().map(|open| &open.links);
        let askers = links.map_or_else(Vec::new, Links::askers);
        let links = links.map_or_else(Vec::new, Links::protocols);
        self.watch.handle_links(self.start.elapsed(), links, askers);
        self.take_notices();
    }

    /// Why there is no interface to use.
    fn no_interface(&self) -> ScanError {
        let named = &self.config.link.interfaces;
        match interface::list().map(|all| interface::choose(all, named)) {
            Ok(Err(error)) => error,
            _ => ScanError::NoInterface,
        }
    }

    fn tell_no_link(&mut self, error: ScanError) {
        if self.no_link.replace(error.to_string()) != Some(error.to_string()) {
            self.news.push_back(News::NoLink(error));
        }
    }
}

/// The next batch, as soon as there is one. Without sockets there is none.
async fn received(open: &mut Option<Open>) -> Batch {
    let batch = match open {
        Some(open) => open.queue.recv().await,
        None => None,
    };
    match batch {
        Some(batch) => batch,
        // All sockets failed: others are opened at the next look.
        None => std::future::pending().await,
    }
}

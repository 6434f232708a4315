//! When to ask, and when enough has been heard.

mod rounds;
mod sweep;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sadp_model::{Recorded, Registry, Sighting, Via};
use uuid::Uuid;

pub use self::sweep::{Sweep, SweepError};
use self::{rounds::Rounds, sweep::Walk};
use crate::{DecodeError, Inquiry, Message, Report};

/// How long a survey that hears nothing goes on.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);

/// How long after the last new device a survey goes on at least.
const QUIET: Duration = Duration::from_secs(1);

/// How long an adaptive survey goes on at most, besides its sweep.
const AUTO_LIMIT: Duration = Duration::from_mins(1);

/// How long behind its window a fixed survey still takes in what is on its way.
const GRACE: Duration = Duration::from_millis(150);

/// How long it is remembered what was asked.
const MEMORY: Duration = Duration::from_secs(12);

/// What a survey does.
#[derive(Clone, Debug)]
pub struct SurveyConfig {
    /// How many links there are. Each is asked in every round.
    pub links: usize,
    /// Whether each link's subnet broadcast address is asked as well.
    pub broadcast: bool,
    /// Addresses to ask one by one.
    pub sweep: Option<Sweep>,
    /// When to end.
    pub listening: Listening,
}

/// When a survey ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listening {
    /// When further rounds bring nothing new: about 1.6 s where all devices
    /// answer at once and none are lost, 5 s where nothing is heard, longer
    /// where answers are late or lost, 60 s at most besides a sweep.
    Auto,
    /// After this time, or when a sweep's first pass is over if that is later.
    Fixed(Duration),
}

/// The conversation that finds devices.
///
/// A survey asks in rounds: one inquiry on each link. It asks again while
/// answers bring new devices or show that datagrams get lost, and ends when
/// further rounds bring nothing new.
///
/// Drive it so: [`Survey::handle_timeout`], then [`Survey::poll_transmit`]
/// until `None`, then wait for a datagram or for [`Survey::poll_timeout`],
/// whichever is first; each datagram goes to [`Survey::handle_datagram`].
/// Repeat until [`Survey::is_finished`]. Times are counted from the survey's
/// beginning.
pub struct Survey {
    config: SurveyConfig,
    uuids: Box<dyn FnMut() -> Uuid + Send>,
    registry: Registry,
    rounds: Rounds,
    walk: Option<Walk>,
    asked: HashMap<Uuid, Asked>,
    asked_order: VecDeque<(Duration, Uuid)>,
    transmits: VecDeque<Transmit>,
    next_round: Duration,
    now: Duration,
    last_news: Duration,
    tally: Tally,
    finished: bool,
}

struct Asked {
    at: Duration,
    round: Option<u32>,
    target: Option<Ipv4Addr>,
}

impl Survey {
    /// A survey that has not begun. `uuids` gives a fresh random UUID a call.
    pub fn new(config: SurveyConfig, uuids: impl FnMut() -> Uuid + Send + 'static) -> Self {
        Self {
            walk: config.sweep.clone().map(Walk::new),
            config,
            uuids: Box::new(uuids),
            registry: Registry::new(),
            rounds: Rounds::default(),
            asked: HashMap::new(),
            asked_order: VecDeque::new(),
            transmits: VecDeque::new(),
            next_round: Duration::ZERO,
            now: Duration::ZERO,
            last_news: Duration::ZERO,
            tally: Tally::default(),
            finished: false,
        }
    }

    /// Lets time pass: asks what is due, or ends. Call it at the beginning and
    /// whenever [`Survey::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.finished {
            return;
        }
        self.forget_old_questions();
        self.sweep_on();
        if self.config.links > 0 && self.now >= self.next_round {
            if self.wants_round() {
                self.begin_round();
            }
            self.next_round = self.now.saturating_add(self.round_interval());
        }
        self.finished = self.is_enough();
    }

    /// Takes in a datagram. What it brought is told; what it holds is in
    /// [`Survey::registry`].
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) -> Event {
        self.now = self.now.max(now);
        self.tally.datagrams = self.tally.datagrams.saturating_add(1);
        match Message::decode(datagram.payload) {
            Ok(Message::Report(report)) => self.handle_report(*report, datagram),
            Ok(Message::Request(request)) => {
                let own = request
                    .header
                    .uuid
                    .is_some_and(|uuid| self.asked.contains_key(&uuid));
                if own {
                    Event::Echo
                } else {
                    self.tally.note_asker(datagram.from.ip())
                }
            }
            Ok(Message::Goodbye(_) | Message::CommandReply(_)) => Event::Other,
            Err(error) => self.tally.note_unreadable(datagram.from.ip(), error),
        }
    }

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// When [`Survey::handle_timeout`] wants to be called next. `None` when the
    /// survey is finished.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.finished {
            return None;
        }
        let round = (self.config.links > 0).then_some(self.next_round);
        let sweep = self.walk.as_ref().and_then(Walk::next_due);
        let end = self.earliest_end();
        [round, sweep, Some(end)]
            .into_iter()
            .flatten()
            .filter(|&at| at > self.now)
            .min()
            .or(Some(self.now))
    }

    /// Whether enough has been heard.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The devices heard so far.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What was heard besides devices so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How far the survey is.
    pub fn progress(&self) -> Progress {
        Progress {
            elapsed: self.now,
            devices: self.registry.len(),
            rounds: self.rounds.len(),
            sweep: self.walk.as_ref().map(Walk::progress),
        }
    }

    /// The devices and what else was heard.
    pub fn into_parts(self) -> (Registry, Tally) {
        (self.registry, self.tally)
    }

    fn handle_report(&mut self, report: Report, datagram: &Datagram<'_>) -> Event {
        let Report { header, device, .. } = report;
        if !device.complete {
            self.tally.malformed = self.tally.malformed.saturating_add(1);
        }
        let sighting = Sighting {
            interface: Arc::clone(datagram.interface),
            from: datagram.from.ip(),
            via: datagram.via,
            at: datagram.at,
        };
        let recorded = self.registry.record(device, sighting);
        let Some(index) = recorded.index() else {
            self.tally.refused = self.tally.refused.saturating_add(1);
            return Event::Refused;
        };
        match header.uuid {
            Some(uuid) => self.credit(uuid, index),
            // Firmware that repeats no UUID answers the latest round, as far as
            // one can tell. A Hello has none either, but is no answer.
            None if !report.hello => self.rounds.credit_latest(index),
            None => {}
        }
        match recorded {
            Recorded::New(index) => {
                self.last_news = self.now;
                Event::Found(index)
            }
            Recorded::Changed(index) => Event::Changed(index),
            _ => Event::Repeated(index),
        }
    }

    /// Notes which question a device answered.
    fn credit(&mut self, uuid: Uuid, index: usize) {
        let Some(asked) = self.asked.get(&uuid) else {
            return;
        };
        if let Some(round) = asked.round {
            self.rounds
                .credit(round, index, self.now.saturating_sub(asked.at));
        }
        if let (Some(target), Some(walk)) = (asked.target, &mut self.walk) {
            walk.answered(target, self.now.saturating_sub(asked.at));
            if let Some(entry) = self.registry.entries_mut().get_mut(index) {
                // One that answers for another address is not reached at its own.
                entry.answered_directly |= entry.device.ipv4.address == Some(target);
            }
        }
    }

    fn begin_round(&mut self) {
        let round = self.rounds.begin(self.now);
        for link in 0..self.config.links {
            self.ask(Destination::Group(link), Some(round), None);
            if self.config.broadcast {
                self.ask(Destination::Broadcast(link), Some(round), None);
            }
        }
    }

    fn sweep_on(&mut self) {
        while let Some(target) = self.walk.as_mut().and_then(|walk| walk.step(self.now)) {
            self.ask(Destination::Unicast(target), None, Some(target));
        }
    }

    fn ask(&mut self, destination: Destination, round: Option<u32>, target: Option<Ipv4Addr>) {
        let uuid = (self.uuids)();
        let payload = Inquiry { uuid }.encode();
        self.asked.insert(
            uuid,
            Asked {
                at: self.now,
                round,
                target,
            },
        );
        self.asked_order.push_back((self.now, uuid));
        self.transmits.push_back(Transmit {
            destination,
            payload,
        });
    }

    fn forget_old_questions(&mut self) {
        while let Some((at, uuid)) = self.asked_order.front() {
            if at.saturating_add(MEMORY) > self.now {
                break;
            }
            self.asked.remove(uuid);
            self.asked_order.pop_front();
        }
    }

    fn wants_round(&self) -> bool {
        match self.config.listening {
            Listening::Fixed(window) => self.now < window || self.rounds.len() == 0,
            Listening::Auto if self.registry.is_empty() => self.now < SILENCE_LIMIT,
            Listening::Auto => self.rounds.is_worth_another(self.now, self.last_news),
        }
    }

    fn round_interval(&self) -> Duration {
        let interval = Rounds::interval(self.registry.len());
        match self.config.listening {
            Listening::Fixed(window) => {
                let hurried = self.rounds.is_worth_another(self.now, self.last_news);
                let calm = interval
                    .saturating_mul(2)
                    .max(window.checked_div(Rounds::MAX).unwrap_or_default());
                if hurried { interval } else { calm }
            }
            Listening::Auto => interval,
        }
    }

    fn is_enough(&self) -> bool {
        self.now >= self.earliest_end() && !self.is_sweeping() && !self.wants_more()
    }

    fn is_sweeping(&self) -> bool {
        self.walk
            .as_ref()
            .is_some_and(|walk| match self.config.listening {
                Listening::Auto => !walk.is_over(),
                Listening::Fixed(_) => !walk.is_first_pass_over(),
            })
    }

    fn wants_more(&self) -> bool {
        self.config.listening == Listening::Auto
            && self.config.links > 0
            && self.now < AUTO_LIMIT
            && self.wants_round()
    }

    /// The earliest time at which the survey may end, as things stand.
    fn earliest_end(&self) -> Duration {
        let sweep = self.walk.as_ref().map_or(Duration::ZERO, Walk::settled_at);
        let heard = match self.config.listening {
            Listening::Fixed(window) => window.saturating_add(GRACE),
            Listening::Auto if self.registry.is_empty() && self.config.links > 0 => SILENCE_LIMIT,
            Listening::Auto => {
                let quiet = if self.registry.is_empty() {
                    Duration::ZERO
                } else {
                    self.last_news.saturating_add(QUIET)
                };
                self.rounds.settled_at().max(quiet).min(AUTO_LIMIT)
            }
        };
        heard.max(sweep)
    }
}

/// How long to wait for answers where the slowest took this long: a quarter
/// more, within limits.
fn patience(slowest: Duration, (least, most): (Duration, Duration)) -> Duration {
    let longer = slowest.saturating_mul(5).checked_div(4).unwrap_or(most);
    longer.clamp(least, most)
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey")
            .field("config", &self.config)
            .field("progress", &self.progress())
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

/// A datagram received, and what the socket knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The interface it came in by.
    pub interface: &'a Arc<str>,
    /// Who sent it.
    pub from: SocketAddr,
    /// How it came.
    pub via: Via,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub destination: Destination,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Where a datagram goes. Links are numbered from 0; who drives the survey
/// knows their addresses and the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// To the group, on this link.
    Group(usize),
    /// To the subnet's broadcast address, on this link.
    Broadcast(usize),
    /// To one address.
    Unicast(Ipv4Addr),
}

/// What a datagram brought. Numbers are places in [`Registry::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new device.
    Found(usize),
    /// A known device that says something new.
    Changed(usize),
    /// A known device that says nothing new.
    Repeated(usize),
    /// Our own inquiry, come back.
    Echo,
    /// A message that tells of no device: another program's, or a goodbye.
    Other,
    /// It could not be read.
    Unreadable,
    /// One device more than are kept.
    Refused,
}

/// How far a survey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Time since its beginning.
    pub elapsed: Duration,
    /// Devices found.
    pub devices: usize,
    /// Rounds asked.
    pub rounds: u32,
    /// Addresses asked one by one, and how many are to be asked in this pass.
    pub sweep: Option<(u64, u64)>,
}

/// What was heard, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All datagrams.
    pub datagrams: u64,
    /// Replies that could be read only in part.
    pub malformed: u64,
    /// Datagrams that could not be read, with their senders.
    pub unreadable: u64,
    /// Replies of devices beyond what is kept.
    pub refused: u64,
    /// Who sent what could not be read, and why: [`Tally::MAX_NAMED`] senders
    /// at most.
    pub unreadable_from: BTreeMap<IpAddr, DecodeError>,
    /// Who else asks: other SADP programs on the network,
    /// [`Tally::MAX_NAMED`] at most.
    pub other_askers: BTreeMap<IpAddr, u64>,
}

impl Tally {
    /// The most senders that are named.
    pub const MAX_NAMED: usize = 32;

    fn note_unreadable(&mut self, from: IpAddr, error: DecodeError) -> Event {
        self.unreadable = self.unreadable.saturating_add(1);
        if self.unreadable_from.len() < Self::MAX_NAMED {
            self.unreadable_from.insert(from, error);
        }
        Event::Unreadable
    }

    fn note_asker(&mut self, from: IpAddr) -> Event {
        if self.other_askers.len() < Self::MAX_NAMED || self.other_askers.contains_key(&from) {
            let times = self.other_askers.entry(from).or_default();
            *times = times.saturating_add(1);
        }
        Event::Other
    }
}

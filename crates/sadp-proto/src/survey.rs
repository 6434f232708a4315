//! When to ask, and when enough has been heard.

mod rounds;
mod scheduler;
mod stats;
mod sweep;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sadp_model::{Device, Protocol, Recorded, Registry, Sighting, Via};
use uuid::Uuid;

pub(crate) use self::scheduler::{Incoming, ProbeScheduler, ReplyTo};
pub use self::{
    stats::DiscoveryStats,
    sweep::{Sweep, SweepError},
};
use crate::frame::FrameAsker;

/// What a survey does.
#[derive(Clone, Debug)]
pub struct SurveyConfig {
    /// The protocol of each link. Each gets a probe in every round.
    pub links: Vec<Protocol>,
    /// Whether each link's subnet broadcast address is asked as well.
    pub broadcast: bool,
    /// Addresses to ask one by one.
    pub sweep: Option<Sweep>,
    /// When to end.
    pub stop: StopCondition,
}

/// When a survey ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCondition {
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
    scheduler: ProbeScheduler,
    registry: Registry,
    stats: DiscoveryStats,
}

impl Survey {
    /// A survey that has not begun. `uuids` gives a fresh random UUID a call.
    pub fn new(config: SurveyConfig, uuids: impl FnMut() -> Uuid + Send + 'static) -> Self {
        Self {
            scheduler: ProbeScheduler::new(config, Box::new(uuids)),
            registry: Registry::new(),
            stats: DiscoveryStats::default(),
        }
    }

    /// Asks by bare Ethernet frames as well, from each of these cards in every
    /// round. Answers to them are datagrams that came [`Via::LinkLayer`]: their
    /// bytes are the whole frame.
    #[must_use]
    pub fn asking_by_frames(mut self, askers: Vec<FrameAsker>) -> Self {
        self.scheduler.set_askers(askers);
        self
    }

    /// Lets time pass: asks what is due, or ends. Call it at the beginning and
    /// whenever [`Survey::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.scheduler.handle_timeout(now);
    }

    /// Takes in a datagram. What it brought is told; what it holds is in
    /// [`Survey::registry`].
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) -> SurveyEvent {
        self.scheduler.advance(now);
        match self.scheduler.read(datagram, &mut self.stats) {
            Incoming::Report(device, answer) => self.record(*device, answer, datagram),
            Incoming::Bye(_) => SurveyEvent::Other,
            Incoming::Other(event) => event,
        }
    }

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.scheduler.poll_transmit()
    }

    /// When [`Survey::handle_timeout`] wants to be called next. `None` when the
    /// survey is finished.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.scheduler.poll_timeout()
    }

    /// Whether enough has been heard.
    pub fn is_finished(&self) -> bool {
        self.scheduler.is_finished()
    }

    /// The devices heard so far.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What was heard besides devices so far.
    pub fn stats(&self) -> &DiscoveryStats {
        &self.stats
    }

    /// How far the survey is.
    pub fn progress(&self) -> SurveyProgress {
        self.scheduler.progress()
    }

    /// The devices and what else was heard.
    pub fn into_parts(self) -> (Registry, DiscoveryStats) {
        (self.registry, self.stats)
    }

    fn record(&mut self, device: Device, answer: ReplyTo, datagram: &Datagram<'_>) -> SurveyEvent {
        let recorded = self.registry.record(device, datagram.sighting());
        let Some(index) = recorded.index() else {
            return self.stats.note_refused(datagram.from.ip());
        };
        let new = matches!(recorded, Recorded::New(_));
        let asked_at = self.scheduler.note(index, new, answer);
        if let Some(entry) = self.registry.entries_mut().get_mut(index) {
            entry.note_direct_answer(asked_at);
        }
        match recorded {
            Recorded::New(index) => SurveyEvent::Found(index),
            Recorded::Changed(index) => SurveyEvent::Changed(index),
            _ => SurveyEvent::Repeated(index),
        }
    }
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Survey")
            .field("progress", &self.progress())
            .field("finished", &self.is_finished())
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
    /// How it is encoded.
    pub protocol: Protocol,
    /// How it was transported.
    pub via: Via,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
    /// Whether it is only the beginning of a datagram: the other IP fragments did
    /// not come.
    pub is_beginning: bool,
}

impl Datagram<'_> {
    pub(crate) fn sighting(&self) -> Sighting {
        Sighting {
            interface: Arc::clone(self.interface),
            from: self.from.ip(),
            protocol: self.protocol,
            via: self.via,
            at: self.at,
        }
    }
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
    /// As it is, an Ethernet frame, by the card with this place in what
    /// [`Survey::asking_by_frames`] was given.
    Card(usize),
    /// To one address.
    Unicast(Ipv4Addr),
}

/// What a datagram brought. Numbers are places in [`Registry::entries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyEvent {
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
pub struct SurveyProgress {
    /// Time since its beginning.
    pub elapsed: Duration,
    /// Devices found.
    pub devices: usize,
    /// Rounds asked.
    pub rounds: u32,
    /// Addresses asked one by one, and how many are to be asked in this pass.
    pub sweep: Option<(u64, u64)>,
}

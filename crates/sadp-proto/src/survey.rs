//! When to ask, and when enough has been heard.

mod asking;
mod rounds;
mod sweep;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sadp_model::{Device, Recorded, Registry, Sighting, Via};
use uuid::Uuid;

pub(crate) use self::asking::Asking;
pub use self::sweep::{Sweep, SweepError};
use crate::{DecodeError, Message, Report};

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
    asking: Asking,
    registry: Registry,
    tally: Tally,
}

impl Survey {
    /// A survey that has not begun. `uuids` gives a fresh random UUID a call.
    pub fn new(config: SurveyConfig, uuids: impl FnMut() -> Uuid + Send + 'static) -> Self {
        Self {
            asking: Asking::new(config, Box::new(uuids)),
            registry: Registry::new(),
            tally: Tally::default(),
        }
    }

    /// Lets time pass: asks what is due, or ends. Call it at the beginning and
    /// whenever [`Survey::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.asking.handle_timeout(now);
    }

    /// Takes in a datagram. What it brought is told; what it holds is in
    /// [`Survey::registry`].
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) -> Event {
        self.asking.advance(now);
        self.tally.datagrams = self.tally.datagrams.saturating_add(1);
        match Message::decode(datagram.payload) {
            Ok(Message::Report(report)) => self.handle_report(*report, datagram),
            Ok(Message::Request(request)) if self.asking.is_own(&request.header) => Event::Echo,
            Ok(Message::Request(_)) => self.tally.note_asker(datagram.from.ip()),
            Ok(Message::Goodbye(_) | Message::CommandReply(_)) => Event::Other,
            Err(error) => self.tally.note_unreadable(datagram.from.ip(), error),
        }
    }

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.asking.poll_transmit()
    }

    /// When [`Survey::handle_timeout`] wants to be called next. `None` when the
    /// survey is finished.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.asking.poll_timeout()
    }

    /// Whether enough has been heard.
    pub fn is_finished(&self) -> bool {
        self.asking.is_finished()
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
        self.asking.progress()
    }

    /// The devices and what else was heard.
    pub fn into_parts(self) -> (Registry, Tally) {
        (self.registry, self.tally)
    }

    fn handle_report(&mut self, report: Report, datagram: &Datagram<'_>) -> Event {
        let Report {
            header,
            hello,
            device,
        } = report;
        self.tally.note_report(&device);
        let recorded = self.registry.record(device, datagram.sighting());
        let Some(index) = recorded.index() else {
            return self.tally.note_refused();
        };
        let new = matches!(recorded, Recorded::New(_));
        let asked_at = self.asking.note(index, new, &header, hello);
        if let Some(entry) = self.registry.entries_mut().get_mut(index) {
            entry.note_direct_answer(asked_at);
        }
        match recorded {
            Recorded::New(index) => Event::Found(index),
            Recorded::Changed(index) => Event::Changed(index),
            _ => Event::Repeated(index),
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
    /// How it came.
    pub via: Via,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
}

impl Datagram<'_> {
    pub(crate) fn sighting(&self) -> Sighting {
        Sighting {
            interface: Arc::clone(self.interface),
            from: self.from.ip(),
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

    pub(crate) fn note_report(&mut self, device: &Device) {
        self.malformed = self.malformed.saturating_add(u64::from(!device.complete));
    }

    pub(crate) fn note_refused(&mut self) -> Event {
        self.refused = self.refused.saturating_add(1);
        Event::Refused
    }

    pub(crate) fn note_unreadable(&mut self, from: IpAddr, error: DecodeError) -> Event {
        self.unreadable = self.unreadable.saturating_add(1);
        if self.unreadable_from.len() < Self::MAX_NAMED {
            self.unreadable_from.insert(from, error);
        }
        Event::Unreadable
    }

    pub(crate) fn note_asker(&mut self, from: IpAddr) -> Event {
        if self.other_askers.len() < Self::MAX_NAMED || self.other_askers.contains_key(&from) {
            let times = self.other_askers.entry(from).or_default();
            *times = times.saturating_add(1);
        }
        Event::Other
    }
}

//! When to send probes, and when enough replies were received.

mod repeats;
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
use sadp_model::{Protocol, Recorded, Registry, Sighting, Via};
use uuid::Uuid;

use self::repeats::{Fingerprint, Repeats};
pub(crate) use self::scheduler::{Incoming, ProbeScheduler, ReplyTo};
pub use self::{
    stats::DiscoveryStats,
    sweep::{BadHostRange, HostRange, Sweep, SweepError, SweepProgress},
};
use crate::frame::FrameAsker;

/// Settings of a survey.
#[derive(Clone, Debug)]
pub struct SurveyConfig {
    /// The protocol of each link. Each gets a probe in every round.
    pub links: Vec<Protocol>,
    /// Whether each link's subnet broadcast address gets probes, too.
    pub broadcast: bool,
    /// Addresses to probe one by one.
    pub sweep: Option<Sweep>,
    /// When to end.
    pub stop: StopCondition,
}

/// When a survey ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCondition {
    /// When further rounds find nothing new: after about 1.6 s if all devices reply
    /// at once and none are lost, 5 s without any reply, longer if replies are late
    /// or lost, 60 s at most besides a sweep.
    Auto,
    /// After this time, or after the first pass of a sweep if that is later.
    Fixed(Duration),
}

/// The state machine that finds devices.
///
/// A survey sends probes in rounds: one on each link. It sends further rounds while
/// replies bring new devices or show that datagrams are lost, and ends when further
/// rounds find nothing new.
///
/// Drive it like this: [`Survey::handle_timeout`], then [`Survey::poll_transmit`]
/// until `None`, then wait for a datagram or for [`Survey::poll_timeout`],
/// whichever is first; pass each datagram to [`Survey::handle_datagram`]. Repeat
/// until [`Survey::is_finished`]. Times count from the start of the survey.
pub struct Survey {
    scheduler: ProbeScheduler,
    registry: Registry,
    stats: DiscoveryStats,
    repeats: Repeats,
}

impl Survey {
    /// Creates the state machine. `uuids` returns a fresh random UUID on each call.
    pub fn new(config: SurveyConfig, uuids: impl FnMut() -> Uuid + Send + 'static) -> Self {
        Self {
            scheduler: ProbeScheduler::new(config, Box::new(uuids)),
            registry: Registry::new(),
            stats: DiscoveryStats::default(),
            repeats: Repeats::default(),
        }
    }

    /// Sends probes by raw Ethernet, too, from each of these interfaces in every
    /// round. Replies to them are datagrams of [`Protocol::SadpFrame`]: their bytes
    /// are the whole frame.
    #[must_use]
    pub fn with_frame_probes(mut self, askers: Vec<FrameAsker>) -> Self {
        self.scheduler.set_askers(askers);
        self
    }

    /// Advances the time: queues due probes, or ends. Call it at the start and
    /// whenever [`Survey::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.scheduler.handle_timeout(now);
    }

    /// Handles a datagram. Devices are in [`Survey::registry`].
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) {
        self.scheduler.advance(now);
        let reply = self.repeats.fingerprint(datagram);
        if let Some(reply) = reply
            && let Some(index) = self.repeats.device(reply)
        {
            self.stats.note_datagram();
            self.registry.note_repeated(index, datagram.sighting());
            return self.note(Recorded::Known(index), reply.answer(), datagram);
        }
        if let Incoming::Report(device, answer) = self.scheduler.read(datagram, &mut self.stats) {
            let reply = reply.filter(|it| device.complete && it.answer() == answer);
            let recorded = self.registry.record(device, datagram.sighting());
            self.note_latest(recorded, reply, datagram.protocol);
            self.note(recorded, answer, datagram);
        }
    }

    /// Returns the next datagram to send, if any.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.scheduler.poll_transmit()
    }

    /// When to call [`Survey::handle_timeout`] next. `None` once the survey is
    /// finished.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.scheduler.poll_timeout()
    }

    /// Whether the survey is over.
    pub fn is_finished(&self) -> bool {
        self.scheduler.is_finished()
    }

    /// The devices found so far.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts of what was received so far.
    pub fn stats(&self) -> &DiscoveryStats {
        &self.stats
    }

    /// The progress of the survey.
    pub fn progress(&self) -> SurveyProgress {
        self.scheduler.progress()
    }

    /// Returns the devices and the counts.
    pub fn into_parts(self) -> (Registry, DiscoveryStats) {
        (self.registry, self.stats)
    }

    /// Remembers the latest reply of a device, after it was decoded.
    fn note_latest(&mut self, recorded: Recorded, reply: Option<Fingerprint>, by: Protocol) {
        let Some(index) = recorded.index() else {
            return;
        };
        match reply {
            Some(reply) => self.repeats.note(index, reply),
            // A frame beside the replies, without anything new.
            None if by == Protocol::SadpFrame && recorded == Recorded::Known(index) => {}
            None => self.repeats.forget(index),
        }
    }

    fn note(&mut self, recorded: Recorded, answer: ReplyTo, datagram: &Datagram<'_>) {
        let Some(index) = recorded.index() else {
            return self.stats.note_refused(datagram.from.ip());
        };
        let new = matches!(recorded, Recorded::New(_));
        let answered = self.scheduler.note(index, new, answer);
        if let Some(probe) = answered
            && let Some(entry) = self.registry.entries_mut().get_mut(index)
        {
            entry.note_answer(probe);
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

/// A received datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The interface it arrived on.
    pub interface: &'a Arc<str>,
    /// The sender.
    pub from: SocketAddr,
    /// How it is encoded.
    pub protocol: Protocol,
    /// How it was transported.
    pub via: Via,
    /// The time, by the wall clock.
    pub at: Timestamp,
    /// Its bytes.
    pub payload: &'a [u8],
    /// Whether it is only the beginning of a datagram: its other IP fragments were
    /// not received.
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
    /// The destination.
    pub destination: Destination,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Where a datagram goes. Links are numbered from 0; the driver of the survey knows
/// their addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// The multicast group, on this link.
    Group(usize),
    /// The subnet's broadcast address, on this link.
    Broadcast(usize),
    /// An Ethernet frame, sent unchanged by the interface with this index in
    /// [`Survey::with_frame_probes`].
    Card(usize),
    /// One address.
    Unicast(Ipv4Addr),
}

/// The progress of a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurveyProgress {
    /// Time since its start.
    pub elapsed: Duration,
    /// Devices found.
    pub devices: usize,
    /// Rounds sent.
    pub rounds: u32,
    /// The addresses probed one by one.
    pub sweep: Option<SweepProgress>,
}

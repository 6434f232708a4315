//! Decides when to send probes and when enough replies came: the common part of
//! a survey and of each cycle of a watch. Devices are known by number here; their
//! reports are kept elsewhere.

mod classify;
mod frames;

use std::{
    collections::{HashMap, VecDeque},
    net::Ipv4Addr,
    ops::RangeInclusive,
    time::Duration,
};

use sadp_model::{AnsweredProbe, Protocol};
use uuid::Uuid;

pub(crate) use self::classify::{Incoming, ReplyTo};
use self::{classify::ProbeId, frames::Frames};
use super::{
    Destination, StopCondition, SurveyConfig, SurveyProgress, Transmit, rounds::Rounds,
    sweep::SweepState,
};
use crate::{Inquiry, frame::FrameAsker};

/// How long a survey without any reply continues.
const SILENCE_LIMIT: Duration = Duration::from_secs(5);

/// How long a survey continues after the last new device.
const QUIET: Duration = Duration::from_secs(1);

/// How long an adaptive survey continues at most, without its sweep.
const AUTO_LIMIT: Duration = Duration::from_mins(1);

/// How long after its window a fixed survey still accepts replies.
const GRACE: Duration = Duration::from_millis(150);

/// How long sent probes are remembered.
const MEMORY: Duration = Duration::from_secs(12);

/// The most rounds sent because known devices do not answer. With a fifth of the
/// datagrams lost each way, one in 200,000 of the devices that are online misses
/// them all.
const ROUNDS_FOR_AWAITED: u32 = 12;

/// Probes in rounds, and a sweep. Times count from its start.
pub(crate) struct ProbeScheduler {
    config: SurveyConfig,
    uuids: Box<dyn FnMut() -> Uuid + Send>,
    rounds: Rounds,
    sweep: Option<SweepState>,
    frames: Frames,
    asked: HashMap<ProbeId, SentProbe>,
    asked_order: VecDeque<(Duration, ProbeId)>,
    transmits: VecDeque<Transmit>,
    next_round: Duration,
    now: Duration,
    last_news: Duration,
    heard: usize,
    awaited: usize,
    finished: bool,
}

struct SentProbe {
    at: Duration,
    round: Option<u32>,
    target: Option<Ipv4Addr>,
}

impl ProbeScheduler {
    /// Creates the scheduler. `uuids` returns a fresh random UUID on each call.
    pub(crate) fn new(config: SurveyConfig, uuids: Box<dyn FnMut() -> Uuid + Send>) -> Self {
        Self {
            sweep: config.sweep.clone().map(SweepState::new),
            config,
            uuids,
            rounds: Rounds::default(),
            frames: Frames::default(),
            asked: HashMap::new(),
            asked_order: VecDeque::new(),
            transmits: VecDeque::new(),
            next_round: Duration::ZERO,
            now: Duration::ZERO,
            last_news: Duration::ZERO,
            heard: 0,
            awaited: 0,
            finished: false,
        }
    }

    /// Sends inquiries by raw Ethernet too, from each of these interfaces in every
    /// round.
    pub(crate) fn set_askers(&mut self, askers: Vec<FrameAsker>) {
        let [a, b, c, d, ..] = *(self.uuids)().as_bytes();
        self.frames = Frames::new(askers, u32::from_be_bytes([a, b, c, d]));
    }

    /// Starts over on these links, and forgets what is known.
    pub(crate) fn restart(&mut self, links: Vec<Protocol>) {
        self.config.links = links;
        self.sweep = self.config.sweep.clone().map(SweepState::new);
        self.rounds = Rounds::default();
        self.asked.clear();
        self.asked_order.clear();
        self.transmits.clear();
        self.next_round = Duration::ZERO;
        self.now = Duration::ZERO;
        self.last_news = Duration::ZERO;
        self.heard = 0;
        self.finished = false;
    }

    /// Sets how many known devices did not answer yet: further rounds are sent for
    /// them.
    pub(crate) fn set_awaited(&mut self, awaited: usize) {
        self.awaited = awaited;
    }

    /// Advances the time, without sending.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// Sends the probes that are due, or ends. Returns whether a round was sent.
    pub(crate) fn handle_timeout(&mut self, now: Duration) -> bool {
        self.advance(now);
        if self.finished {
            return false;
        }
        self.forget_old_probes();
        self.sweep_on();
        let mut asked = false;
        if !self.config.links.is_empty() && self.now >= self.next_round {
            if self.wants_round() {
                self.begin_round();
                asked = true;
            }
            self.next_round = self.now.saturating_add(self.round_interval());
        }
        self.finished = self.is_enough();
        asked
    }

    /// Records a report of a device, whether it is the first one in this run, and
    /// which probe it answers. Returns what is known of that probe.
    pub(crate) fn note(
        &mut self,
        device: usize,
        first_time: bool,
        answer: ReplyTo,
    ) -> Option<AnsweredProbe> {
        if first_time {
            self.heard = self.heard.saturating_add(1);
            self.last_news = self.now;
        }
        let question = match answer {
            ReplyTo::To(question) => question,
            ReplyTo::ToLatest => {
                self.rounds.credit_latest(device);
                return None;
            }
            ReplyTo::Unasked => return None,
        };
        let asked = self.asked.get(&question)?;
        let latency = self.now.saturating_sub(asked.at);
        if let Some(round) = asked.round {
            let was_fast = self.rounds.is_fast();
            self.rounds.credit(round, device, latency);
            if self.rounds.is_fast() && !was_fast {
                let soon = self.rounds.latest().saturating_add(self.round_interval());
                self.next_round = self.next_round.min(soon.max(self.now));
            }
        }
        if let (Some(target), Some(sweep)) = (asked.target, &mut self.sweep) {
            sweep.answered(target, latency);
        }
        Some(AnsweredProbe {
            target: asked.target,
            response_time: latency,
        })
    }

    /// Returns the next datagram to send, if any.
    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// When to call [`ProbeScheduler::handle_timeout`] next. `None` once it is
    /// finished.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        if self.finished {
            return None;
        }
        let round = (!self.config.links.is_empty()).then_some(self.next_round);
        let sweep = self.sweep.as_ref().and_then(SweepState::next_due);
        let end = self.earliest_end();
        [round, sweep, Some(end)]
            .into_iter()
            .flatten()
            .filter(|&at| at > self.now)
            .min()
            .or(Some(self.now))
    }

    /// Whether it is over.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// The number of probes that are remembered or queued.
    pub(crate) fn questions(&self) -> usize {
        self.asked.len().saturating_add(self.transmits.len())
    }

    /// How long to wait for replies to a round.
    pub(crate) fn settle(&self) -> Duration {
        self.rounds.settle()
    }

    /// Its progress.
    pub(crate) fn progress(&self) -> SurveyProgress {
        SurveyProgress {
            elapsed: self.now,
            devices: self.heard,
            rounds: self.rounds.len(),
            sweep: self.sweep.as_ref().map(SweepState::progress),
        }
    }

    fn begin_round(&mut self) {
        let round = self.rounds.begin(self.now);
        for link in 0..self.config.links.len() {
            self.send_probe(Destination::Group(link), Some(round));
            if self.config.broadcast {
                self.send_probe(Destination::Broadcast(link), Some(round));
            }
        }
        self.send_frame_probes(round);
    }

    fn sweep_on(&mut self) {
        while let Some(target) = self.sweep.as_mut().and_then(|sweep| sweep.step(self.now)) {
            self.send_probe(Destination::Unicast(target), None);
        }
    }

    /// Queues a probe in the protocol of its link. Single addresses get SADP.
    fn send_probe(&mut self, destination: Destination, round: Option<u32>) {
        let (protocol, target) = match destination {
            Destination::Group(link) | Destination::Broadcast(link) => {
                (self.config.links.get(link).copied(), None)
            }
            Destination::Unicast(target) => (Some(Protocol::Sadp), Some(target)),
            Destination::Card(_) => (Some(Protocol::SadpFrame), None),
        };
        let uuid = (self.uuids)();
        let payload = match protocol {
            Some(Protocol::Sadp) => Inquiry { uuid }.encode(),
            // Frames have no UUID: `send_frame_probes` sends them.
            Some(Protocol::SadpFrame) | None => return,
        };
        let at = self.now;
        self.remember(ProbeId::Xml(uuid), SentProbe { at, round, target });
        self.transmits.push_back(Transmit {
            destination,
            payload,
        });
    }

    fn remember(&mut self, question: ProbeId, asked: SentProbe) {
        self.asked_order.push_back((asked.at, question));
        self.asked.insert(question, asked);
    }

    fn forget_old_probes(&mut self) {
        while let Some((at, question)) = self.asked_order.front() {
            if at.saturating_add(MEMORY) > self.now {
                break;
            }
            self.asked.remove(question);
            self.asked_order.pop_front();
        }
    }

    fn wants_round(&self) -> bool {
        match self.config.stop {
            StopCondition::Fixed(window) => self.now < window || self.rounds.len() == 0,
            StopCondition::Auto if self.is_awaiting() => true,
            StopCondition::Auto if self.heard == 0 => self.now < SILENCE_LIMIT,
            StopCondition::Auto => self.rounds.is_worth_another(self.now, self.last_news),
        }
    }

    fn is_awaiting(&self) -> bool {
        self.awaited > 0 && self.rounds.len() < ROUNDS_FOR_AWAITED
    }

    fn round_interval(&self) -> Duration {
        let interval = if self.is_awaiting() {
            Rounds::interval(self.heard)
        } else {
            self.rounds.fast_interval(self.heard)
        };
        match self.config.stop {
            StopCondition::Fixed(window) => {
                let hurried = self.rounds.is_worth_another(self.now, self.last_news);
                let calm = interval
                    .saturating_mul(2)
                    .max(window.checked_div(Rounds::MAX).unwrap_or_default());
                if hurried { interval } else { calm }
            }
            StopCondition::Auto => interval,
        }
    }

    fn is_enough(&self) -> bool {
        self.now >= self.earliest_end() && !self.is_sweeping() && !self.wants_more()
    }

    fn is_sweeping(&self) -> bool {
        self.sweep
            .as_ref()
            .is_some_and(|sweep| match self.config.stop {
                StopCondition::Auto => !sweep.is_over(),
                StopCondition::Fixed(_) => !sweep.is_first_pass_over(),
            })
    }

    fn wants_more(&self) -> bool {
        self.config.stop == StopCondition::Auto
            && !self.config.links.is_empty()
            && self.now < AUTO_LIMIT
            && self.wants_round()
    }

    /// The earliest possible end.
    fn earliest_end(&self) -> Duration {
        let sweep = self
            .sweep
            .as_ref()
            .map_or(Duration::ZERO, SweepState::settled_at);
        let heard = match self.config.stop {
            StopCondition::Fixed(window) => window.saturating_add(GRACE),
            StopCondition::Auto if self.heard == 0 && !self.config.links.is_empty() => {
                SILENCE_LIMIT
            }
            StopCondition::Auto => {
                // Where datagrams are lost, that explains a new device.
                let quiet = if self.heard == 0 || self.rounds.is_lossy() {
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

/// The timeout after the slowest reply so far: a quarter longer, within limits.
pub(super) fn response_timeout(slowest: Duration, limits: &RangeInclusive<Duration>) -> Duration {
    let (least, most) = (*limits.start(), *limits.end());
    let longer = slowest.saturating_mul(5).checked_div(4).unwrap_or(most);
    longer.clamp(least, most)
}

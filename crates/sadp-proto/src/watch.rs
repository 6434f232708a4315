//! Which devices are online, over time.

mod contradictions;
mod duplicates;
mod event;
mod presence;

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use sadp_model::{Device, DeviceRecord, Protocol, Recorded, Registry, Shared};
use uuid::Uuid;

pub use self::event::{DeviceSnapshot, Footprint, OfflineReason, WatchEvent, WatchEventKind};
use self::{
    duplicates::{DuplicateIndex, Identifier},
    event::{joins, judge},
    presence::{Presence, ProbeHistory, Start, compare_starts, first_deadline, is_unset},
};
use crate::{
    Datagram, DiscoveryStats, StopCondition, SurveyConfig, Sweep, Transmit,
    frame::FrameAsker,
    survey::{Incoming, ProbeScheduler, ReplyTo},
};

/// How long before its deadline a silent device gets another probe.
const CHECK_BEFORE: Duration = Duration::from_secs(8);

/// Several Hellos within this time are of one start.
const HELLO_WINDOW: Duration = Duration::from_secs(30);

/// Settings of a watch.
#[derive(Clone, Debug)]
pub struct WatchConfig {
    /// Whether each link's subnet broadcast address gets probes, too.
    pub broadcast: bool,
    /// Addresses to probe one by one in every cycle.
    pub sweep: Option<Sweep>,
    /// Time from the start of one cycle to the next, unless a cycle takes longer.
    pub every: Duration,
    /// How long a device may be silent before it counts as offline.
    pub offline_after: Duration,
}

/// The state machine that keeps a list of devices up to date.
///
/// It sends probes in cycles, each like a [`Survey`](crate::Survey) and with
/// further rounds for known devices that do not answer. Between cycles it only
/// listens. A device is offline when it sends a Bye, or when it was silent for
/// [`WatchConfig::offline_after`] and answered none of several rounds since. If its
/// deadline is between two cycles, it gets a probe before.
///
/// Drive it like this: [`Watch::handle_timeout`], then [`Watch::poll_transmit`]
/// until `None`, then wait for a datagram or for [`Watch::poll_timeout`], whichever
/// is first; pass each datagram to [`Watch::handle_datagram`]. After each of these,
/// [`Watch::poll_event`] until `None`. Times count from its start. It never ends.
pub struct Watch {
    config: WatchConfig,
    links: Vec<Protocol>,
    scheduler: ProbeScheduler,
    /// When the current cycle began, and its number, from 1.
    began: Duration,
    number: u64,
    /// How many online devices did not reply in this cycle yet.
    awaited: usize,
    history: ProbeHistory,
    next_cycle: Duration,
    registry: Registry,
    /// One for each device of the registry, in the same order.
    presences: Vec<Presence>,
    devices_so_far: u64,
    duplicates: DuplicateIndex,
    /// No device is offline before this time.
    deadline: Option<Duration>,
    events: VecDeque<WatchEvent>,
    stats: DiscoveryStats,
    now: Duration,
}

impl Watch {
    /// The most offline devices that are kept. Those offline for longest are
    /// dropped first.
    pub const MAX_OFFLINE: usize = 4096;

    /// Creates the state machine, without a link. `uuids` returns a fresh random UUID on
    /// each call.
    pub fn new(config: WatchConfig, uuids: impl FnMut() -> Uuid + Send + 'static) -> Self {
        let survey = SurveyConfig {
            links: Vec::new(),
            broadcast: config.broadcast,
            sweep: config.sweep.clone(),
            stop: StopCondition::Auto,
        };
        Self {
            next_cycle: config.every,
            config,
            links: Vec::new(),
            scheduler: ProbeScheduler::new(survey, Box::new(uuids)),
            began: Duration::ZERO,
            number: 1,
            awaited: 0,
            history: ProbeHistory::default(),
            registry: Registry::new(),
            presences: Vec::new(),
            devices_so_far: 0,
            duplicates: DuplicateIndex::default(),
            deadline: None,
            events: VecDeque::new(),
            stats: DiscoveryStats::default(),
            now: Duration::ZERO,
        }
    }

    /// Advances the time: queues due probes, and detects silent devices. Call it at
    /// the start and whenever [`Watch::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.check_at().is_some_and(|at| self.now >= at) {
            self.deadline = first_deadline(&self.presences, self.config.offline_after);
        }
        if self.scheduler.is_finished() && self.is_cycle_due() {
            self.begin_cycle();
        }
        if !self.scheduler.is_finished() {
            self.scheduler.set_awaited(self.awaited);
            if self.scheduler.handle_timeout(self.cycle_time()) {
                self.history.note_round(self.now);
            }
            if self.scheduler.is_finished() {
                self.history.note_cycle(self.began);
            }
        }
        if self.deadline.is_some_and(|at| self.now >= at) {
            self.detect_silent();
        }
    }

    /// Handles a datagram.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) {
        self.now = self.now.max(now);
        self.scheduler.advance(self.cycle_time());
        match self.scheduler.read(datagram, &mut self.stats) {
            Incoming::Report(device, answer) => self.handle_report(*device, answer, datagram),
            Incoming::Bye(device) => {
                if let Some(index) = self.registry.position(&device, datagram.from.ip()) {
                    self.turn_offline(index, OfflineReason::Goodbye);
                }
            }
            Incoming::Other => {}
        }
    }

    /// Replaces the links, each by its protocol: each gets a probe in every round. Probes at
    /// once; by raw Ethernet, too, from each of these interfaces. Replies to those are
    /// datagrams of [`Protocol::SadpFrame`].
    pub fn handle_links(&mut self, now: Duration, links: Vec<Protocol>, askers: Vec<FrameAsker>) {
        self.now = self.now.max(now);
        self.links = links;
        self.scheduler.set_askers(askers);
        self.begin_cycle();
    }

    /// Probes at once, without waiting for the next cycle.
    pub fn probe_now(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.begin_cycle();
    }

    /// Returns the next datagram to send, if any.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.scheduler.poll_transmit()
    }

    /// Returns the next event, if any.
    pub fn poll_event(&mut self) -> Option<WatchEvent> {
        self.events.pop_front()
    }

    /// When to call [`Watch::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Duration {
        let due = self.scheduler.poll_timeout();
        let next = match due {
            Some(at) => self.began.saturating_add(at),
            None => self.check_at().map_or(self.next_cycle, |check| {
                let check = if self.began < check {
                    check
                } else {
                    self.deadline.unwrap_or(check)
                };
                check.min(self.next_cycle)
            }),
        };
        let deadline = self.deadline.filter(|&at| at > self.now);
        deadline.map_or(next, |at| at.min(next))
    }

    /// The devices, online or offline.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts of what was received so far.
    pub fn stats(&self) -> &DiscoveryStats {
        &self.stats
    }

    /// The number of things in memory.
    pub fn footprint(&self) -> Footprint {
        let entries = self.registry.entries();
        Footprint {
            devices: self.registry.len(),
            online: self.presences.iter().filter(|it| it.online).count(),
            sightings: entries.iter().map(|entry| entry.seen.len()).sum(),
            names: self.registry.names().saturating_add(self.duplicates.len()),
            questions: self
                .history
                .len()
                .saturating_add(self.scheduler.questions()),
            waiting: self.events.len(),
        }
    }

    /// Time since the current cycle began.
    fn cycle_time(&self) -> Duration {
        self.now.saturating_sub(self.began)
    }

    fn handle_report(&mut self, device: Device, answer: ReplyTo, datagram: &Datagram<'_>) {
        let known = self.registry.position(&device, datagram.from.ip());
        let before = known.and_then(|index| self.snapshot(index));
        let recorded = self.registry.record(device, datagram.sighting());
        let Some(index) = recorded.index() else {
            self.stats.note_refused(datagram.from.ip());
            return;
        };
        if matches!(recorded, Recorded::New(_)) {
            self.devices_so_far = self.devices_so_far.saturating_add(1);
            self.presences.push(Presence {
                number: self.devices_so_far,
                ..Presence::default()
            });
        }
        self.note_contradictions(index);
        let first_time = self.record_reply(index);
        let answered = self.scheduler.note(index, first_time, answer);
        if let Some(probe) = answered
            && let Some(entry) = self.registry.entries_mut().get_mut(index)
        {
            entry.note_answer(probe);
        }
        // An announcement by frame requests settings, not only at a start.
        let hello = answer == ReplyTo::Unasked && datagram.protocol != Protocol::SadpFrame;
        match before {
            Some(before) if before.online => self.handle_known(index, before, hello),
            before => self.turn_online(index, before),
        }
    }

    /// Returns whether it is the first report in this cycle.
    fn record_reply(&mut self, index: usize) -> bool {
        let Some(presence) = self.presences.get_mut(index) else {
            return false;
        };
        let first_time = presence.cycle != self.number;
        if first_time && presence.online {
            self.awaited = self.awaited.saturating_sub(1);
        }
        presence.cycle = self.number;
        presence.last_heard = self.now;
        self.deadline
            .get_or_insert_with(|| self.now.saturating_add(self.config.offline_after));
        first_time
    }

    fn turn_online(&mut self, index: usize, before: Option<DeviceSnapshot>) {
        let now = self.now;
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        presence.online = true;
        if before.is_some() {
            entry.forget_sightings();
        }
        let start = before.as_ref().map_or(Start::Same, |before| {
            compare_starts(&before.entry.device, &entry.device)
        });
        // Its Hello may follow.
        presence.started = now;
        let names = Identifier::of(entry);
        let sharers = self.change_identifiers(index, &[], &names);
        self.emit(WatchEventKind::Online, index, before.clone());
        if start == Start::Restarted {
            self.emit(WatchEventKind::Rebooted, index, before);
        }
        self.emit_all(sharers);
    }

    /// Handles a report of a device that was online already.
    fn handle_known(&mut self, index: usize, before: DeviceSnapshot, hello: bool) {
        let now = self.now;
        let Some((entry, presence)) = self.both(index) else {
            return;
        };
        let start = compare_starts(&before.entry.device, &entry.device);
        let clockless = entry.device.boot_time.is_none_or(is_unset);
        let late = now >= presence.started.saturating_add(HELLO_WINDOW);
        // Without a clock, only its Hello shows a restart.
        let restarted = start == Start::Restarted || (hello && clockless && late);
        if restarted {
            presence.started = now;
        }
        let (had, has) = (Identifier::of(&before.entry), Identifier::of(entry));
        let renamed = self.change_identifiers(index, &had, &has);
        let after = self.snapshot(index);
        let kind = after.and_then(|after| judge(&before, &after, start, restarted));
        if let Some(kind) = kind {
            self.emit(kind, index, Some(before));
        }
        self.emit_all(renamed);
    }

    /// Reports what devices share now, or no more.
    fn emit_all(&mut self, devices: Vec<(usize, DeviceSnapshot)>) {
        for (index, before) in devices {
            let after = self.snapshot(index);
            let joins = after.is_some_and(|after| joins(&before, &after));
            let kind = if joins {
                WatchEventKind::Duplicate
            } else {
                WatchEventKind::Updated
            };
            self.emit(kind, index, Some(before));
        }
    }

    fn emit(&mut self, kind: WatchEventKind, index: usize, before: Option<DeviceSnapshot>) {
        if let Some(after) = self.snapshot(index) {
            self.events.push_back(WatchEvent {
                kind,
                before: before.map(Box::new),
                after: Box::new(after),
            });
        }
    }

    fn snapshot(&self, index: usize) -> Option<DeviceSnapshot> {
        let entry = self.registry.entries().get(index)?;
        let presence = self.presences.get(index)?;
        let mut entry = entry.clone();
        entry.contradictory = presence.duplicate_until.is_some();
        entry.contradictions = presence.contradictions;
        let shared = if presence.online {
            self.duplicates.of(&entry)
        } else {
            Shared::default()
        };
        Some(DeviceSnapshot {
            number: presence.number,
            entry,
            shared,
            online: presence.online,
        })
    }

    fn both(&mut self, index: usize) -> Option<(&mut DeviceRecord, &mut Presence)> {
        let entry = self.registry.entries_mut().get_mut(index)?;
        Some((entry, self.presences.get_mut(index)?))
    }

    // --- Silence ---------------------------------------------------------------

    fn detect_silent(&mut self) {
        let offline_after = self.config.offline_after;
        let until = self.now.saturating_sub(self.scheduler.settle());
        let one_by_one = self.config.sweep.is_some();
        let no_probes = self.links.is_empty() && !one_by_one;
        for index in 0..self.presences.len() {
            let Some(presence) = self.presences.get(index) else {
                continue;
            };
            let since = presence.last_heard;
            let is_up = presence.online && self.now >= since.saturating_add(offline_after);
            if is_up && (no_probes || self.history.is_unanswered(since, until, one_by_one)) {
                self.turn_offline(index, OfflineReason::Silence);
            }
        }
        self.deadline = first_deadline(&self.presences, offline_after);
    }

    fn turn_offline(&mut self, index: usize, parting: OfflineReason) {
        let Some(before) = self.snapshot(index).filter(|before| before.online) else {
            return;
        };
        let (now, number) = (self.now, self.number);
        let Some((_, presence)) = self.both(index) else {
            return;
        };
        presence.online = false;
        presence.offline_since = now;
        presence.duplicate_until = None;
        presence.forget_contradictions();
        if presence.cycle != number {
            self.awaited = self.awaited.saturating_sub(1);
        }
        let names = Identifier::of(&before.entry);
        let leavers = self.change_identifiers(index, &names, &[]);
        self.emit(WatchEventKind::Offline(parting), index, Some(before));
        self.emit_all(leavers);
    }

    // --- Probing ---------------------------------------------------------------

    /// When to probe the first silent device before its deadline.
    fn check_at(&self) -> Option<Duration> {
        let half = self.config.offline_after.checked_div(2).unwrap_or_default();
        self.deadline
            .map(|at| at.saturating_sub(CHECK_BEFORE.min(half)))
    }

    fn is_cycle_due(&self) -> bool {
        let check = self
            .check_at()
            .is_some_and(|at| self.now >= at && self.began < at);
        // Its deadline passed, but it did not get enough probes.
        let again = self.deadline.is_some_and(|at| self.now >= at);
        self.now >= self.next_cycle || check || again
    }

    fn begin_cycle(&mut self) {
        self.drop_oldest_offline();
        self.number = self.number.saturating_add(1);
        self.began = self.now;
        self.next_cycle = self.now.saturating_add(self.config.every);
        self.awaited = self.presences.iter().filter(|it| it.online).count();
        self.scheduler.restart(self.links.clone());
        self.scheduler.set_awaited(self.awaited);
        for index in 0..self.presences.len() {
            self.end_contradiction(index);
        }
    }

    fn drop_oldest_offline(&mut self) {
        let all = self.presences.iter().enumerate();
        let offline = all.filter(|(_, presence)| !presence.online);
        let mut gone: Vec<usize> = offline.map(|(index, _)| index).collect();
        let excess = gone.len().saturating_sub(Self::MAX_OFFLINE);
        if excess == 0 {
            return;
        }
        gone.sort_by_key(|&index| self.presences.get(index).map(|it| it.offline_since));
        gone.truncate(excess);
        for &index in &gone {
            self.emit(WatchEventKind::Forgotten, index, None);
        }
        let gone: HashSet<usize> = gone.into_iter().collect();
        let mut indices = 0..;
        self.registry
            .retain(|_| indices.next().is_some_and(|index| !gone.contains(&index)));
        let mut indices = 0..;
        self.presences
            .retain(|_| indices.next().is_some_and(|index| !gone.contains(&index)));
        self.duplicates.clear();
        for (index, entry) in self.registry.entries().iter().enumerate() {
            if self.presences.get(index).is_some_and(|it| it.online) {
                for name in Identifier::of(entry) {
                    self.duplicates.add(name, index);
                }
            }
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("config", &self.config)
            .field("now", &self.now)
            .field("footprint", &self.footprint())
            .finish_non_exhaustive()
    }
}

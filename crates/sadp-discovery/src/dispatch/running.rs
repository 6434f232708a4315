//! Which conversations of a batch run, wait or are over.

use std::{collections::VecDeque, net::IpAddr, time::Duration};

use sadp_model::Device;
use sadp_proto::{CommandOutcome, ExchangeStep, Message, seal::ExchangeKey};

use super::{
    DispatchConfig, DispatchEvent, Job, JobReport, Pace, Reaction, conversation::Conversation,
    keys::KeyMaker, looks::Looks,
};
use crate::DeviceRoute;

/// The maximum number of conversations that wait for a reply to their command, beside
/// the running ones.
const MAX_SILENT: usize = 256;

/// How long a silent device is looked at, at least.
const LOOK_FOR: Duration = Duration::from_secs(1);

/// So many silent devices in a row may mean that the network is gone.
const SILENT_IN_ROW: usize = 3;

/// The conversations of a batch.
pub(super) struct Running<F> {
    waiting: VecDeque<(usize, Job)>,
    pub(super) keys: KeyMaker,
    active: Vec<Conversation>,
    /// Conversations that are over, and whose further replies still tell something.
    watched: Vec<Conversation>,
    looks: Looks,
    pub(super) reports: Vec<JobReport>,
    parallel: usize,
    pace: Pace,
    patience: Option<Duration>,
    observe: F,
    pub(super) stopped: bool,
    pub(super) network_gone: bool,
    /// Until when silence of the latest command delays the next.
    held_until: Duration,
    /// How many devices accepted the password, as [`Pace::OnceProven`] counts.
    proofs: usize,
    /// How many conversations in a row ended without a reply, while nothing at all was
    /// received.
    silent_in_row: usize,
    now: Duration,
}

impl<F: FnMut(DispatchEvent<'_>) -> Reaction> Running<F> {
    pub(super) fn new(jobs: Vec<Job>, config: &DispatchConfig, observe: F) -> Self {
        let mut reports = Vec::new();
        reports.resize_with(jobs.len(), JobReport::default);
        Self {
            reports,
            waiting: jobs.into_iter().enumerate().collect(),
            keys: KeyMaker::new(),
            active: Vec::new(),
            watched: Vec::new(),
            looks: Looks::default(),
            parallel: config.parallel.max(1),
            pace: config.pace,
            patience: config.patience,
            observe,
            stopped: false,
            network_gone: false,
            held_until: Duration::ZERO,
            proofs: 0,
            silent_in_row: 0,
            now: Duration::ZERO,
        }
    }

    /// Sends no further command.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.keys.clear();
    }

    /// How long silence delays the next, where it does.
    fn hold(&self) -> Option<Duration> {
        match self.pace {
            Pace::OneByOne { silence } => Some(silence),
            Pace::OnceProven { devices, silence } if self.proofs < devices => Some(silence),
            Pace::OnceProven { .. } | Pace::Together => None,
        }
    }

    /// Whether one more conversation may run.
    fn has_room(&self) -> bool {
        let active = self.active.len() + self.keys.len();
        if self.hold().is_some() {
            return active < MAX_SILENT;
        }
        // Where a refusal ends the batch, one that may still be contradicted counts.
        let waits = |it: &&Conversation| {
            let silent = it.runs_until().is_some_and(|until| self.now >= until);
            silent || (!self.pace.is_guarded() && it.exchange.is_settling())
        };
        let waiting = self.active.iter().filter(waits).count();
        active < self.parallel + waiting.min(MAX_SILENT)
    }

    /// Takes in what a device sent.
    pub(super) fn take_in(&mut self, now: Duration, from: IpAddr, message: &Message) {
        self.now = self.now.max(now);
        match message {
            Message::CommandReply(reply) => {
                for conversation in self.active.iter_mut().chain(&mut self.watched) {
                    conversation.exchange.handle_reply(now, from, reply);
                }
            }
            Message::Report(report) => {
                if let Some(asked) = self.looks.note_report(report.header.uuid) {
                    self.take_in_report(asked, from, &report.device);
                }
            }
            Message::Goodbye(_) => {}
            Message::Request(_) => return,
        }
        self.silent_in_row = 0;
        self.looks.note_received(now);
    }

    /// Takes in the report that answers an inquiry which was sent then.
    fn take_in_report(&mut self, asked: Duration, from: IpAddr, device: &Device) {
        for conversation in &mut self.active {
            let target = conversation.exchange.target();
            let answers = conversation.look_at().is_some_and(|at| at <= asked);
            if !answers || device.mac != Some(target.mac) {
                continue;
            }
            let reaction = (self.observe)(DispatchEvent::Reported {
                number: conversation.number,
                device,
                moved: from != target.from,
            });
            match reaction {
                Reaction::Stop => self.stopped = true,
                // After a stop the replies are all there is.
                _ if self.stopped => {}
                Reaction::SendAgain => conversation.restart(),
                Reaction::CarriedOut => conversation.carried_out = true,
                Reaction::Continue => {}
            }
        }
        for conversation in &mut self.watched {
            let target = conversation.exchange.target();
            let answers = conversation.unconfirmed.is_some_and(|at| at <= asked);
            if !answers || device.mac != Some(target.mac) || from != target.from {
                continue;
            }
            let event = DispatchEvent::ReportedAfter(conversation.number, device);
            if (self.observe)(event) == Reaction::CarriedOut {
                conversation.unconfirmed = None;
            }
        }
    }

    /// Advances all due conversations, the longest due first. Returns what to send now.
    pub(super) fn advance(&mut self, now: Duration) -> Vec<(DeviceRoute, ExchangeStep)> {
        self.now = now;
        let hold = self.hold();
        self.begin_due();
        let mut steps = Vec::new();
        let mut order: Vec<_> = (0..self.active.len()).collect();
        order.sort_by_key(|place| self.active.get(*place)?.exchange.poll_timeout());
        for place in order {
            let Some(conversation) = self.active.get_mut(place) else {
                continue;
            };
            // A conversation whose command was not sent ends with the batch.
            if self.stopped && conversation.sent.is_none() {
                continue;
            }
            conversation.exchange.handle_timeout(now);
            let Some(step) = conversation.exchange.poll_transmit() else {
                continue;
            };
            if matches!(step, ExchangeStep::Command(_)) && conversation.sent.is_none() {
                let reaction = (self.observe)(DispatchEvent::Sending(conversation.number));
                if reaction == Reaction::Stop {
                    self.stopped = true;
                    continue;
                }
                conversation.sent = Some(now);
                conversation.sends += 1;
                self.held_until = now.saturating_add(hold.unwrap_or_default());
            }
            steps.push((conversation.route.clone(), step));
        }
        self.settle();
        steps
    }

    /// The inquiries that are due: one by each route to a silent device.
    pub(super) fn inquiries(&mut self) -> Vec<(DeviceRoute, Vec<u8>)> {
        if self.look_due().is_none_or(|at| at > self.now) {
            return Vec::new();
        }
        let silent = |it: &&Conversation| it.look_at().is_none_or(|at| at <= self.now);
        let silent = self.active.iter().filter(silent);
        let unconfirmed = self.watched.iter();
        let unconfirmed = unconfirmed.filter(|it| it.unconfirmed.is_some());
        let mut routes: Vec<&DeviceRoute> = Vec::new();
        for conversation in silent.chain(unconfirmed) {
            if !routes.contains(&&conversation.route) {
                routes.push(&conversation.route);
            }
        }
        let inquiry = self.looks.inquire(self.now);
        let routes = routes.into_iter();
        routes.map(|it| (it.clone(), inquiry.clone())).collect()
    }

    /// When devices are to be looked at: silent ones that a look settles, any where so
    /// many are silent that the network may be gone, and at the end those whose result a
    /// look is to confirm.
    fn look_due(&self) -> Option<Duration> {
        let next = self.looks.next();
        if self.may_be_gone() {
            return Some(next);
        }
        let mut unconfirmed = self.watched.iter().filter_map(|it| it.unconfirmed);
        let silent = self.active.iter().filter_map(Conversation::look_at);
        let at = if self.is_at_end() {
            unconfirmed.next()?
        } else {
            silent.min()?
        };
        Some(at.max(next))
    }

    /// Whether only replies to conversations that are over are still awaited.
    fn is_at_end(&self) -> bool {
        let none_waits = self.stopped || (self.waiting.is_empty() && self.keys.len() == 0);
        self.active.is_empty() && none_waits
    }

    fn may_be_gone(&self) -> bool {
        let last = self.looks.last_received;
        let silent = self.active.iter();
        let silent = silent.filter(|it| it.is_silent(self.now, last)).count();
        let unsent = !self.stopped && !self.waiting.is_empty();
        unsent && silent > 0 && silent + self.silent_in_row >= SILENT_IN_ROW
    }

    fn begin_due(&mut self) {
        while !self.stopped && self.has_room() && !self.is_held() {
            let Some((number, job)) = self.waiting.pop_front() else {
                return;
            };
            if job.command.is_sealed() {
                self.keys.begin(number, job);
            } else {
                self.begin(number, job, None);
            }
        }
    }

    /// Begins the conversation of a job, with the key pair that was made for it.
    pub(super) fn begin(&mut self, number: usize, job: Job, key: Option<ExchangeKey>) {
        let looks = self.patience.is_some();
        let mut conversation = Conversation::new(number, job, self.now, looks);
        if let Some(key) = key {
            conversation.exchange = conversation.exchange.with_key(key);
        }
        self.active.push(conversation);
    }

    fn is_held(&self) -> bool {
        let mut active = self.active.iter();
        let unsent = self.keys.len() > 0 || active.any(|it| it.sent.is_none());
        self.hold().is_some() && (unsent || (!self.active.is_empty() && self.now < self.held_until))
    }

    /// Removes the conversations that are over.
    pub(super) fn settle(&mut self) {
        if self.may_be_gone() && self.looks.is_network_gone(self.now) {
            self.network_gone = true;
            self.stopped = true;
        }
        let given_up = self.network_gone || self.give_up_at().is_some_and(|at| self.now >= at);
        let mut index = 0;
        while let Some(conversation) = self.active.get_mut(index) {
            let outcome = conversation.exchange.poll_outcome();
            let ended = outcome.is_some();
            let given_up = given_up && !conversation.exchange.is_settling();
            let abandoned = self.stopped && conversation.sent.is_none();
            let over = ended || given_up || conversation.carried_out || abandoned;
            if !over {
                index += 1;
                continue;
            }
            let outcome = match outcome {
                // Whatever became of the last one, an earlier one was sent.
                Some(
                    CommandOutcome::NoAnswer | CommandOutcome::Impostor | CommandOutcome::Failed(_),
                )
                | None
                    if conversation.sends > 0 =>
                {
                    Some(if conversation.repeatable {
                        CommandOutcome::NoAnswer
                    } else {
                        CommandOutcome::Unknown
                    })
                }
                outcome => outcome,
            };
            let mut conversation = self.active.remove(index);
            match &outcome {
                // Without a reply the report showed that it was carried out.
                Some(CommandOutcome::Done(_)) => self.proofs += conversation.proves,
                _ if conversation.carried_out => self.proofs += conversation.proves,
                Some(CommandOutcome::Unknown | CommandOutcome::NoAnswer) => self.silent_in_row += 1,
                _ => {}
            }
            if let Some(outcome) = &outcome
                && (self.observe)(DispatchEvent::Over(conversation.number, outcome))
                    == Reaction::Stop
            {
                self.stopped = true;
                // Those before it in the list are abandoned, too.
                index = 0;
            }
            if let Some(report) = self.reports.get_mut(conversation.number) {
                *report = JobReport {
                    outcome,
                    sends: conversation.sends,
                    forged: conversation.exchange.was_forged(),
                };
            }
            // The conversation that delayed the next is over.
            if self
                .active
                .iter()
                .all(|other| other.sent <= conversation.sent)
            {
                self.held_until = Duration::ZERO;
            }
            if ended {
                conversation.unconfirmed = self.patience.map(|_| self.now);
                self.watched.push(conversation);
            }
        }
        if self.stopped {
            self.stop();
        }
        self.watch();
    }

    /// Reports what was received for conversations that are over.
    fn watch(&mut self) {
        let (now, reports) = (self.now, &mut self.reports);
        self.watched.retain_mut(|it| {
            it.exchange.handle_timeout(now);
            if let Some(report) = reports.get_mut(it.number) {
                report.forged |= it.exchange.was_forged();
            }
            it.exchange.poll_timeout().is_some()
        });
    }

    /// When those that are still silent are given up: nothing else is left to do.
    fn give_up_at(&self) -> Option<Duration> {
        // After a stop nothing is repeated: then the replies are all there is.
        if self.stopped || !self.waiting.is_empty() {
            return None;
        }
        let patience = self.patience?;
        let looked_at = |it: &Conversation| it.patience.saturating_add(LOOK_FOR).max(patience);
        let until = |it: &Conversation| Some(it.sent?.saturating_add(looked_at(it)));
        let until: Option<Vec<_>> = self.active.iter().map(until).collect();
        until?.into_iter().max()
    }

    /// When to call [`Running::advance`] next. `None` when all is over.
    pub(super) fn due(&self) -> Option<Duration> {
        let conversations = self.active.iter();
        let timeouts = conversations
            .clone()
            .filter_map(|conversation| conversation.exchange.poll_timeout());
        if self.stopped || self.waiting.is_empty() {
            let watched = self.watched.iter();
            let watched = watched.filter_map(|it| it.exchange.poll_timeout());
            let due = timeouts.chain(watched).chain(self.give_up_at());
            return due.chain(self.look_due()).min();
        }
        // The next begins when one is over (a reply is an event), or silent.
        let silent = conversations.filter_map(Conversation::runs_until);
        let begins = silent.chain([self.held_until]).filter(|&at| at > self.now);
        // Where all ended in one step, nothing else wakes the waiting jobs.
        let at_once = (self.active.is_empty() && self.keys.len() == 0).then_some(self.now);
        let look = self.look_due();
        timeouts.chain(begins).chain(at_once).chain(look).min()
    }
}

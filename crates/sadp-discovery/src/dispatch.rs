//! Sends commands to many devices at once, within limits.

use std::{collections::VecDeque, net::IpAddr, ops::ControlFlow, pin::pin, time::Duration};

use rand_core::OsRng;
use sadp_proto::{Command, CommandOutcome, CommandReply, Exchange, ExchangeStep, Message, Target};
use tokio::time::Instant;

use crate::{DeviceRoute, LinkConfig, Notice, ScanError, links::Links, receive::ReceivedBatch};

/// The maximum number of conversations that wait for a reply to their command, beside
/// the running ones.
const MAX_SILENT: usize = 256;

/// How long after its command a conversation counts as running.
const RUNNING_FOR: Duration = Duration::from_secs(1);

/// How long conversations may make steps before replies are read again. Making a key
/// takes about 20 ms, and far more on a busy computer: if all keys were made at once,
/// the first exchanges would be repeated before their replies are read.
const KEYGEN_TIME_SLICE: Duration = Duration::from_millis(100);

/// The maximum number of batches read between two steps, so that a flood stops none.
const MAX_READ: usize = 64;

/// How commands are sent.
#[derive(Clone, Debug)]
pub struct DispatchConfig {
    /// The interfaces.
    pub link: LinkConfig,
    /// How many conversations may run at once, at least 1. Up to 256 that have waited
    /// a second for the reply to their command do not count.
    pub parallel: usize,
    /// When the next conversation may begin.
    pub pace: Pace,
    /// How long the last silent commands are waited for once nothing else is left
    /// to do. `None` waits as long as each command may take. For commands whose
    /// result a look shows, and whose late reply nobody needs.
    pub patience: Option<Duration>,
}

/// When the next conversation of a batch may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as there is room. For commands that cost no try.
    Together,
    /// When the previous one is over, or had no reply for this long. For commands with
    /// a current password: a wrong one must not reach a second device, and silence is
    /// not a refusal.
    OneByOne {
        /// How long silence delays the next.
        silence: Duration,
    },
    /// One by one until this many devices carried out the command, then together: the
    /// password is right for them. Where others have another password, as many as run
    /// at once may lose a try before the batch ends.
    OnceProven {
        /// How many devices have to accept it first, each counted as often as its
        /// [`Job::proves`].
        devices: usize,
        /// How long silence delays the next, until then.
        silence: Duration,
    },
}

impl Pace {
    /// Whether the batch prevents that one wrong password costs many devices a try.
    pub const fn is_guarded(self) -> bool {
        !matches!(self, Self::Together)
    }
}

/// One command to one device.
#[derive(Debug)]
pub struct Job {
    /// The device.
    pub target: Target,
    /// How to reach it.
    pub route: DeviceRoute,
    /// The command.
    pub command: Command,
    /// As how many devices it counts where it carries the command out:
    /// see [`Pace::OnceProven`]. Usually 1.
    pub proves: usize,
}

/// Progress of a batch. Numbers are the indices of jobs.
#[derive(Debug)]
pub enum DispatchEvent<'a> {
    /// A command is about to be sent for the first time, and unless it is repeatable,
    /// the only time.
    Sending(usize),
    /// A conversation is over.
    Over(usize, &'a CommandOutcome),
}

/// The result of one job.
#[derive(Debug)]
pub struct JobReport {
    /// The result of the command. `None` where the batch stopped before it was sent.
    pub outcome: Option<CommandOutcome>,
    /// Whether replies contradicted each other: another machine answers for the
    /// device.
    pub forged: bool,
}

/// The result of a batch.
#[derive(Debug)]
pub struct DispatchReport {
    /// One report for each job, in order.
    pub jobs: Vec<JobReport>,
    /// What limited receiving and sending. A command that could not be sent looks in
    /// its job's report like one without a reply.
    pub notices: Vec<Notice>,
}

/// Sends commands. The sockets are open.
#[derive(Debug)]
pub struct Dispatch {
    config: DispatchConfig,
    links: Links,
}

impl Dispatch {
    /// Opens the sockets. Call it within a tokio runtime.
    pub fn open(config: &DispatchConfig) -> Result<Self, ScanError> {
        let link = LinkConfig {
            recorder: None,
            ..config.link.clone()
        };
        Ok(Self {
            config: config.clone(),
            links: Links::open(&link, true)?,
        })
    }

    /// Runs a batch until all jobs are over, until `observe` breaks, or until `stop` is
    /// ready. Commands that were not sent by then never are; replies to the others are
    /// still awaited. After the last result of a sealed command it waits 2 s for replies
    /// of another machine.
    pub async fn run(
        mut self,
        jobs: Vec<Job>,
        stop: impl Future<Output = ()>,
        observe: impl FnMut(DispatchEvent<'_>) -> ControlFlow<()>,
    ) -> DispatchReport {
        let (mut queue, _tasks) = self.links.start_draining();
        let mut stop = pin!(stop);
        let mut batch = Running::new(jobs, &self.config, observe);
        let start = Instant::now();
        // `stop` may be ready before the batch begins.
        tokio::select! {
            biased;
            () = &mut stop => batch.stopped = true,
            () = std::future::ready(()) => {}
        }
        loop {
            // Replies that have arrived are read before a request is repeated: this
            // process may not have run for a while.
            tokio::task::yield_now().await;
            for _ in 0..MAX_READ {
                let Some(received) = queue.try_recv() else {
                    break;
                };
                self.take_in(&mut batch, received, start.elapsed());
            }
            for (route, step) in batch.advance(|| start.elapsed()) {
                self.links.send_by(&route, step.datagram()).await;
            }
            let Some(due) = batch.due() else {
                self.links.finish();
                return DispatchReport {
                    jobs: batch.reports,
                    notices: self.links.into_notices(),
                };
            };
            tokio::select! {
                biased;
                () = &mut stop, if !batch.stopped => batch.stopped = true,
                Some(received) = queue.recv() => {
                    self.take_in(&mut batch, received, start.elapsed());
                }
                () = tokio::time::sleep_until(start + due) => {}
            }
        }
    }

    fn take_in(
        &mut self,
        running: &mut Running<impl FnMut(DispatchEvent<'_>) -> ControlFlow<()>>,
        batch: ReceivedBatch,
        now: Duration,
    ) {
        for (from, reply) in command_replies(&mut self.links, batch) {
            for conversation in running.active.iter_mut().chain(&mut running.watched) {
                conversation.exchange.handle_reply(now, from, &reply);
            }
        }
        running.settle();
    }
}

/// The replies to commands in a batch of datagrams, each with its sender.
fn command_replies(links: &mut Links, batch: ReceivedBatch) -> Vec<(IpAddr, CommandReply)> {
    let mut replies = Vec::new();
    links.take_in(batch, |_, _, received| {
        if let Ok(Message::CommandReply(reply)) = Message::decode(&received.payload) {
            replies.push((received.from.ip(), reply));
        }
    });
    replies
}

struct Running<F> {
    waiting: VecDeque<(usize, Job)>,
    active: Vec<Conversation>,
    /// Conversations that are over, and whose further replies still tell something.
    watched: Vec<Conversation>,
    reports: Vec<JobReport>,
    parallel: usize,
    pace: Pace,
    patience: Option<Duration>,
    observe: F,
    stopped: bool,
    /// Until when silence of the latest command delays the next.
    held_until: Duration,
    /// How many devices accepted the password, as [`Pace::OnceProven`] counts.
    proofs: usize,
    now: Duration,
}

struct Conversation {
    number: usize,
    exchange: Exchange<OsRng>,
    route: DeviceRoute,
    proves: usize,
    /// When its command was sent.
    sent: Option<Duration>,
}

impl<F: FnMut(DispatchEvent<'_>) -> ControlFlow<()>> Running<F> {
    fn new(jobs: Vec<Job>, config: &DispatchConfig, observe: F) -> Self {
        let mut reports = Vec::new();
        reports.resize_with(jobs.len(), || JobReport {
            outcome: None,
            forged: false,
        });
        Self {
            reports,
            waiting: jobs.into_iter().enumerate().collect(),
            active: Vec::new(),
            watched: Vec::new(),
            parallel: config.parallel.max(1),
            pace: config.pace,
            patience: config.patience,
            observe,
            stopped: false,
            held_until: Duration::ZERO,
            proofs: 0,
            now: Duration::ZERO,
        }
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
        if self.hold().is_some() {
            return self.active.len() < MAX_SILENT;
        }
        let sent = self.active.iter().filter_map(|it| it.sent);
        let silent = sent
            .filter(|sent| self.now >= sent.saturating_add(RUNNING_FOR))
            .count();
        self.active.len() < self.parallel + silent.min(MAX_SILENT)
    }

    /// Advances all due conversations, the longest due first. Those for which no time is
    /// left stay due. Returns what to send now.
    fn advance(&mut self, clock: impl Fn() -> Duration) -> Vec<(DeviceRoute, ExchangeStep)> {
        let began = clock();
        self.now = began;
        let hold = self.hold();
        self.begin_due();
        let mut steps = Vec::new();
        let mut order: Vec<_> = (0..self.active.len()).collect();
        order.sort_by_key(|place| self.active.get(*place)?.exchange.poll_timeout());
        for place in order {
            let now = clock();
            let Some(conversation) = self.active.get_mut(place) else {
                continue;
            };
            if now > began.saturating_add(KEYGEN_TIME_SLICE) {
                break;
            }
            // A conversation whose command was not sent ends with the batch.
            if self.stopped && conversation.sent.is_none() {
                continue;
            }
            conversation.exchange.handle_timeout(now);
            let Some(step) = conversation.exchange.poll_transmit() else {
                continue;
            };
            if matches!(step, ExchangeStep::Command(_)) && conversation.sent.is_none() {
                let going = (self.observe)(DispatchEvent::Sending(conversation.number));
                if going.is_break() {
                    self.stopped = true;
                    continue;
                }
                conversation.sent = Some(now);
                self.held_until = now.saturating_add(hold.unwrap_or_default());
            }
            steps.push((conversation.route.clone(), step));
        }
        self.settle();
        steps
    }

    fn begin_due(&mut self) {
        while !self.stopped && self.has_room() && !self.is_held() {
            let Some((number, job)) = self.waiting.pop_front() else {
                return;
            };
            self.active.push(Conversation {
                number,
                exchange: Exchange::new(job.target, job.command, OsRng),
                route: job.route,
                proves: job.proves,
                sent: None,
            });
        }
    }

    fn is_held(&self) -> bool {
        let unsent = self
            .active
            .iter()
            .any(|conversation| conversation.sent.is_none());
        self.hold().is_some() && (unsent || (!self.active.is_empty() && self.now < self.held_until))
    }

    /// Removes the conversations that are over.
    fn settle(&mut self) {
        let given_up = self.give_up_at().is_some_and(|at| self.now >= at);
        let mut index = 0;
        while let Some(conversation) = self.active.get_mut(index) {
            let outcome = conversation.exchange.poll_outcome();
            let ended = outcome.is_some();
            let given_up = given_up && !conversation.exchange.is_settling();
            let outcome = outcome.or_else(|| given_up.then_some(CommandOutcome::Unknown));
            let abandoned = self.stopped && conversation.sent.is_none();
            if outcome.is_none() && !abandoned {
                index += 1;
                continue;
            }
            let conversation = self.active.remove(index);
            if matches!(outcome, Some(CommandOutcome::Done(_))) {
                self.proofs += conversation.proves;
            }
            if let Some(outcome) = &outcome
                && (self.observe)(DispatchEvent::Over(conversation.number, outcome)).is_break()
            {
                self.stopped = true;
                // Those before it in the list are abandoned, too.
                index = 0;
            }
            if let Some(report) = self.reports.get_mut(conversation.number) {
                let forged = conversation.exchange.was_forged();
                *report = JobReport { outcome, forged };
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
                self.watched.push(conversation);
            }
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
        let sent: Option<Vec<_>> = self.active.iter().map(|it| it.sent).collect();
        sent?.into_iter().max()?.checked_add(self.patience?)
    }

    /// When to call [`Running::advance`] next. `None` when all is over.
    fn due(&self) -> Option<Duration> {
        let conversations = self.active.iter();
        let timeouts = conversations
            .clone()
            .filter_map(|conversation| conversation.exchange.poll_timeout());
        if self.stopped || self.waiting.is_empty() {
            let watched = self.watched.iter();
            let watched = watched.filter_map(|it| it.exchange.poll_timeout());
            return timeouts.chain(watched).chain(self.give_up_at()).min();
        }
        // The next begins when one is over (a reply is an event), or silent.
        let silent = conversations
            .filter_map(|conversation| Some(conversation.sent?.saturating_add(RUNNING_FOR)));
        let begins = silent.chain([self.held_until]).filter(|&at| at > self.now);
        // Where all ended in one step, nothing else wakes the waiting jobs.
        let at_once = self.active.is_empty().then_some(self.now);
        timeouts.chain(begins).chain(at_once).min()
    }
}

//! Driving commands to many devices at once, within bounds.

use std::{
    collections::VecDeque, net::Ipv4Addr, ops::ControlFlow, pin::pin, sync::Arc, time::Duration,
};

use rand_core::OsRng;
use sadp_proto::{Command, CommandOutcome, Exchange, ExchangeStep, Message, Target};
use tokio::time::Instant;

use crate::{LinkConfig, Notice, ScanError, links::Links, receive::Batch};

/// The most conversations whose command was sent and not answered so far that
/// may run besides the others. They only wait.
const MAX_SILENT: usize = 256;

/// How long behind its command a conversation counts as running.
const BRISK: Duration = Duration::from_secs(1);

/// How long conversations may take their steps before replies are heard again.
/// Making a key takes some 20 ms, and far more on a busy machine: were all made
/// in one go, those made first would be asked again before their answers are read.
const STINT: Duration = Duration::from_millis(100);

/// The most that is taken in between two steps, so that a flood stops none.
const MAX_HEARD: usize = 64;

/// How commands are sent.
#[derive(Clone, Debug)]
pub struct DispatchConfig {
    /// By which interfaces.
    pub link: LinkConfig,
    /// How many conversations may run at once, at least 1. One whose command
    /// was silent for a second does not count, up to 256 of them.
    pub parallel: usize,
    /// When the next conversation may begin.
    pub pace: Pace,
}

/// When the next conversation of a batch may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as there is room for it. For commands that cost no device a try.
    Together,
    /// When the one before is over, or was silent for this long behind its
    /// command. For commands with a current password: a wrong one must not
    /// reach a second device, and silence is not a refusal.
    OneByOne {
        /// How long silence holds up the next.
        silence: Duration,
    },
    /// One by one until a device did as told, then together: its password is
    /// right for one device. Where others have another, as many as run at once
    /// may lose a try before the batch ends.
    OnceProven {
        /// How long silence holds up the next, until then.
        silence: Duration,
    },
}

impl Pace {
    /// Whether the batch is guarded against spending tries of many devices on
    /// one wrong password.
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
    pub route: Route,
    /// The command.
    pub command: Command,
}

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// By the group, on the interface it was heard on.
    Group(Arc<str>),
    /// At its own address, in a network that multicast does not reach.
    Direct(Ipv4Addr),
}

/// What happens in a batch, as it happens. Numbers are places in the batch.
#[derive(Debug)]
pub enum DispatchEvent<'a> {
    /// A command is about to leave this machine, for the first and, unless it
    /// is repeatable, only time.
    Sending(usize),
    /// A conversation is over.
    Over(usize, &'a CommandOutcome),
}

/// What became of one job.
#[derive(Debug)]
pub struct JobReport {
    /// What became of the command. `None` where it was never sent, because the
    /// batch was stopped before.
    pub outcome: Option<CommandOutcome>,
    /// Whether somebody else answered its key exchange too.
    pub forged: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub struct DispatchReport {
    /// One report for each job, in order.
    pub jobs: Vec<JobReport>,
    /// What limited hearing and sending. A command that could not be sent looks
    /// in its job's report like one that was not answered.
    pub notices: Vec<Notice>,
}

/// Commands ready to be sent: the sockets are open.
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

    /// Runs a batch until all is over, until `observe` breaks it off, or until
    /// `stop` is ready. Commands that did not leave by then never do; those that
    /// did are waited for.
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
        // The request to stop may be older than the batch.
        tokio::select! {
            biased;
            () = &mut stop => batch.stopped = true,
            () = std::future::ready(()) => {}
        }
        loop {
            for (route, step) in batch.advance(|| start.elapsed()) {
                self.links.send_by(&route, step.datagram()).await;
            }
            let Some(due) = batch.due() else {
                self.links.finish();
                return DispatchReport {
                    jobs: batch.into_reports(),
                    notices: self.links.into_notices(),
                };
            };
            tokio::select! {
                biased;
                () = &mut stop, if !batch.stopped => batch.stopped = true,
                Some(heard) = queue.recv() => {
                    self.take_in(&mut batch, heard, start.elapsed());
                    for _ in 0..MAX_HEARD {
                        let Some(heard) = queue.try_recv() else { break };
                        self.take_in(&mut batch, heard, start.elapsed());
                    }
                }
                () = tokio::time::sleep_until(start + due) => {}
            }
        }
    }

    fn take_in(
        &mut self,
        running: &mut Running<impl FnMut(DispatchEvent<'_>) -> ControlFlow<()>>,
        batch: Batch,
        now: Duration,
    ) {
        self.links.take_in(batch, |_, _, received| {
            if let Ok(Message::CommandReply(reply)) = Message::decode(&received.payload) {
                for conversation in &mut running.active {
                    conversation
                        .exchange
                        .handle_reply(now, received.from.ip(), &reply);
                }
            }
        });
        running.settle();
    }
}

struct Running<F> {
    waiting: VecDeque<(usize, Job)>,
    active: Vec<Conversation>,
    reports: Vec<JobReport>,
    parallel: usize,
    pace: Pace,
    observe: F,
    stopped: bool,
    /// Until when silence of the latest command holds up the next.
    held_until: Duration,
    /// Whether a device did as told.
    proven: bool,
    now: Duration,
}

struct Conversation {
    number: usize,
    exchange: Exchange<OsRng>,
    route: Route,
    /// When its command left.
    sent: Option<Duration>,
}

impl<F: FnMut(DispatchEvent<'_>) -> ControlFlow<()>> Running<F> {
    fn new(jobs: Vec<Job>, config: &DispatchConfig, observe: F) -> Self {
        let silent = || JobReport {
            outcome: None,
            forged: false,
        };
        Self {
            reports: jobs.iter().map(|_| silent()).collect(),
            waiting: jobs.into_iter().enumerate().collect(),
            active: Vec::new(),
            parallel: config.parallel.max(1),
            pace: config.pace,
            observe,
            stopped: false,
            held_until: Duration::ZERO,
            proven: false,
            now: Duration::ZERO,
        }
    }

    /// How long silence holds up the next, where it does.
    fn hold(&self) -> Option<Duration> {
        match self.pace {
            Pace::OneByOne { silence } => Some(silence),
            Pace::OnceProven { silence } if !self.proven => Some(silence),
            Pace::OnceProven { .. } | Pace::Together => None,
        }
    }

    /// Whether one more conversation may run.
    fn has_room(&self) -> bool {
        if self.hold().is_some() {
            return self.active.len() < MAX_SILENT;
        }
        let silent = |conversation: &&Conversation| {
            conversation
                .sent
                .is_some_and(|sent| self.now >= sent.saturating_add(BRISK))
        };
        let silent = self.active.iter().filter(silent).count();
        self.active.len() < self.parallel + silent.min(MAX_SILENT)
    }

    /// Lets time pass: the conversation that is due longest takes its step first,
    /// and those for which no time is left stay due. Returns what is to be sent
    /// now.
    fn advance(&mut self, clock: impl Fn() -> Duration) -> Vec<(Route, ExchangeStep)> {
        let began = clock();
        self.now = began;
        let hold = self.hold();
        self.begin_due();
        let mut steps = Vec::new();
        let mut order: Vec<_> = (0..self.active.len()).collect();
        let due = |place: &usize| self.active.get(*place)?.exchange.poll_timeout();
        order.sort_by_key(due);
        for place in order {
            let now = clock();
            let Some(conversation) = self.active.get_mut(place) else {
                continue;
            };
            if now > began.saturating_add(STINT) {
                break;
            }
            // A conversation whose command did not leave yet ends with the batch.
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

    /// Takes out the conversations that are over.
    fn settle(&mut self) {
        let mut index = 0;
        while let Some(conversation) = self.active.get_mut(index) {
            let outcome = conversation.exchange.poll_outcome();
            let abandoned = self.stopped && conversation.sent.is_none();
            if outcome.is_none() && !abandoned {
                index += 1;
                continue;
            }
            let conversation = self.active.remove(index);
            self.proven |= matches!(outcome, Some(CommandOutcome::Done(_)));
            if let Some(outcome) = &outcome
                && (self.observe)(DispatchEvent::Over(conversation.number, outcome)).is_break()
            {
                self.stopped = true;
                // Those before it in the list are to be abandoned, too.
                index = 0;
            }
            if let Some(report) = self.reports.get_mut(conversation.number) {
                let forged = conversation.exchange.was_forged();
                *report = JobReport { outcome, forged };
            }
            // The one that was waited for is over: the next may begin.
            if self
                .active
                .iter()
                .all(|other| other.sent <= conversation.sent)
            {
                self.held_until = Duration::ZERO;
            }
        }
    }

    /// When to call [`Running::advance`] next. `None` when all is over.
    fn due(&self) -> Option<Duration> {
        let conversations = self.active.iter();
        let told = conversations
            .clone()
            .filter_map(|conversation| conversation.exchange.poll_timeout());
        if self.stopped || self.waiting.is_empty() {
            return told.min();
        }
        // The next one begins when one is over, which is heard, or silent.
        let silent =
            conversations.filter_map(|conversation| Some(conversation.sent?.saturating_add(BRISK)));
        let begins = silent.chain([self.held_until]).filter(|&at| at > self.now);
        // Where all ended in one step, nothing else wakes those that wait.
        let at_once = self.active.is_empty().then_some(self.now);
        told.chain(begins).chain(at_once).min()
    }

    fn into_reports(self) -> Vec<JobReport> {
        self.reports
    }
}

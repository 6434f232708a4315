//! Sends commands to many devices at once, within limits, and looks at those that do
//! not reply.

mod conversation;
mod keys;
mod looks;
mod running;

use std::{pin::pin, time::Duration};

use sadp_model::Device;
use sadp_proto::{Command, CommandOutcome, Message, Target};
use tokio::time::Instant;

use self::running::Running;
use crate::{DeviceRoute, LinkConfig, Notice, ScanError, links::Links, receive::ReceivedBatch};

/// The maximum number of batches read between two steps, so that a flood stops none.
const MAX_READ: usize = 64;

/// How commands are sent.
#[derive(Clone, Debug)]
pub struct DispatchConfig {
    /// The interfaces.
    pub link: LinkConfig,
    /// How many conversations may run at once, at least 1. Up to 256 do not count that
    /// have waited a second for the reply to their command, or whose reply has arrived
    /// where a refusal does not end the batch.
    pub parallel: usize,
    /// When the next conversation may begin.
    pub pace: Pace,
    /// The least time from sending a command until its silent device is given up, once
    /// no job waits. `None` waits as long as each command may take. For commands
    /// whose result a look shows, and whose late reply nobody needs: only with it are
    /// there [`DispatchEvent::Reported`] and [`DispatchEvent::ReportedAfter`].
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
    /// A command is about to be sent: for the first time, or after
    /// [`Reaction::SendAgain`]. What the protocol repeats by itself is not announced.
    Sending(usize),
    /// A device whose command had no reply reports itself.
    Reported {
        /// The job.
        number: usize,
        /// The device, as it is now.
        device: &'a Device,
        /// Whether it reports from another address than its command was sent to.
        moved: bool,
    },
    /// A device whose conversation is over reports itself, while further replies to it
    /// are awaited. It comes until the reaction is [`Reaction::CarriedOut`], and never from
    /// another address than the command was sent to.
    ReportedAfter(usize, &'a Device),
    /// A conversation is over.
    Over(usize, &'a CommandOutcome),
}

/// What to do after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Go on.
    Continue,
    /// Send no further command.
    Stop,
    /// After a report: the command was not carried out, and is sent again.
    SendAgain,
    /// After a report: it shows that the command was carried out.
    CarriedOut,
}

/// The result of one job.
#[derive(Debug, Default)]
pub struct JobReport {
    /// The result of the command, where it was sent several times that of the last
    /// one. `None` where the batch stopped before it was sent.
    pub outcome: Option<CommandOutcome>,
    /// How often the command was sent, as [`DispatchEvent::Sending`] counts.
    pub sends: u32,
    /// Whether replies contradicted each other: another machine answers for the
    /// device.
    pub forged: bool,
}

/// The result of a batch.
#[derive(Debug)]
pub struct DispatchReport {
    /// One report for each job, in order.
    pub jobs: Vec<JobReport>,
    /// Whether it stopped because three devices in a row did not reply, and then none
    /// at all.
    pub network_gone: bool,
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

    /// Runs a batch until all jobs are over, until `observe` or a network that is gone
    /// stops it, or until `stop` is ready. Commands that were not sent by then never
    /// are; replies to the others are still awaited. Devices that do not reply are
    /// looked at meanwhile. After the last result of a sealed command it waits 2 s for
    /// replies of another machine, and with [`DispatchConfig::patience`] looks at the
    /// devices in that time.
    pub async fn run(
        mut self,
        jobs: Vec<Job>,
        stop: impl Future<Output = ()>,
        observe: impl FnMut(DispatchEvent<'_>) -> Reaction,
    ) -> DispatchReport {
        let (mut queue, _tasks) = self.links.start_draining();
        let mut stop = pin!(stop);
        let mut batch = Running::new(jobs, &self.config, observe);
        let start = Instant::now();
        // `stop` may be ready before the batch begins.
        tokio::select! {
            biased;
            () = &mut stop => batch.stop(),
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
            for (route, step) in batch.advance(start.elapsed()) {
                self.links.send_by(&route, step.datagram()).await;
            }
            for (route, inquiry) in batch.inquiries() {
                self.links.send_by(&route, &inquiry).await;
            }
            let due = batch.due();
            if due.is_none() && batch.keys.len() == 0 {
                self.links.finish();
                return DispatchReport {
                    jobs: batch.reports,
                    network_gone: batch.network_gone,
                    notices: self.links.notices,
                };
            }
            let due = due.map(|it| start + it);
            tokio::select! {
                biased;
                () = &mut stop, if !batch.stopped => batch.stop(),
                Some(received) = queue.recv() => {
                    self.take_in(&mut batch, received, start.elapsed());
                }
                Some((number, job, key)) = batch.keys.next() => batch.begin(number, job, key),
                () = tokio::time::sleep_until(due.unwrap_or(start)), if due.is_some() => {}
            }
        }
    }

    fn take_in(
        &mut self,
        running: &mut Running<impl FnMut(DispatchEvent<'_>) -> Reaction>,
        batch: ReceivedBatch,
        now: Duration,
    ) {
        self.links.take_in(batch, |datagram| {
            if let Ok(message) = Message::decode(datagram.payload) {
                running.take_in(now, datagram.from.ip(), &message);
            }
        });
        running.settle();
    }
}

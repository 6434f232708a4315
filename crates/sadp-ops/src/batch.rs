//! The one way commands leave: written to the ledger before they are sent, kept
//! when the reply comes, and ended by the first refusal that may cost others a try.

mod recorder;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use jiff::Timestamp;
use sadp_discovery::{DeviceRoute, Dispatch, DispatchConfig, Job, JobReport, Notice, Pace};
use sadp_model::{Device, MacAddr, ReplyAddress, SenderConflict};
use sadp_proto::{Command, CommandOutcome as Reply, CommandReply, Target, boolean};
use sadp_reset::{Action, Ledger, LedgerError, PasswordNumber};

use self::recorder::{Recorder, Sent};
use crate::{
    DiscoveredDevice, Event, Inventory, NextStep, Observer, OpsError, Outcome, OutcomeStatus,
    Overrides, Reason, Report, SafetyChecks, Seen, Session, StopReason, inventory::Enough,
    settle::PATIENCE,
};

/// The pace of commands with a password that may be wrong: each waits for the one
/// before, and where several may run at once, until so many devices accepted it.
pub(crate) const fn guarded(parallel: usize, devices: usize) -> Pace {
    if parallel > 1 {
        Pace::OnceProven {
            devices,
            silence: SILENCE,
        }
    } else {
        Pace::OneByOne { silence: SILENCE }
    }
}

/// How many devices have to accept a password before it goes to several at once.
/// One is enough if it accepted the password in an earlier run.
pub(crate) const PROVING: usize = 2;

/// How long a silent device holds up the next. Slow devices take a second to
/// answer, some longer.
const SILENCE: Duration = Duration::from_secs(3);

/// The same action on several devices, one command each.
pub(crate) struct Batch<'a> {
    pub(crate) action: Action,
    /// When the next may begin. Where [`Pace::is_guarded`], the first refusal
    /// that may have cost a try ends the batch.
    pub(crate) pace: Pace,
    /// The most conversations at once.
    pub(crate) parallel: usize,
    /// How reports of silent devices settle the batch. `None` waits for replies alone.
    pub(crate) settle: Option<Settling<'a>>,
    pub(crate) commands: Vec<DeviceCommand>,
    /// Keeps what devices answer. `None`: only the outcomes matter.
    pub(crate) keep: Option<&'a mut dyn Keep>,
    /// The ledger's number of the password, where all commands carry or set the same.
    /// Sending may change the number: see [`Ledger::record_accepted_password`].
    pub(crate) password: Option<&'a mut PasswordNumber>,
}

impl Batch<'_> {
    /// Commands that begin at once, one at a time: they carry no secret, or each one of
    /// its own, and the ledger knows no password of theirs.
    pub(crate) const fn new(action: Action, commands: Vec<DeviceCommand>) -> Self {
        Self {
            action,
            pace: Pace::Together,
            parallel: 1,
            settle: None,
            commands,
            keep: None,
            password: None,
        }
    }
}

/// How the reports of devices that do not reply are used while a batch runs.
#[derive(Clone, Copy)]
pub(crate) struct Settling<'a> {
    /// What a device's report shows of its command, by the command's place.
    pub(crate) seen: &'a dyn Fn(usize, &Device) -> Seen,
    /// How long after the first command to a device it may be sent again.
    pub(crate) time: Duration,
}

/// One command to one device.
#[derive(Debug)]
pub(crate) struct DeviceCommand {
    pub(crate) device: DiscoveredDevice,
    pub(crate) command: Command,
}

/// Takes in what became of one command, at once: what a device gave must be on
/// the disk before the next is asked.
pub(crate) trait Keep {
    /// An error ends the batch.
    fn keep(&mut self, ledger: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError>;
}

/// What became of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replied<'a> {
    /// The command's place in the batch.
    pub(crate) place: usize,
    pub(crate) device: &'a DiscoveredDevice,
    pub(crate) reply: &'a Reply,
    pub(crate) at: Timestamp,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct BatchReport {
    /// Each device with its outcome, in the order of the commands.
    pub(crate) outcomes: Vec<(DiscoveredDevice, Outcome)>,
    /// What devices reported that carried out their command, by the commands' places, as
    /// far as they were looked at while the batch ran.
    pub(crate) reports: HashMap<usize, Device>,
    /// What ended it on this computer.
    pub(crate) failure: Option<OpsError>,
    /// Why some commands were not sent, where it did not run to its end.
    pub(crate) stopped: Option<StopReason>,
    /// How many devices accepted the password. One that accepted it in an earlier
    /// run counts as [`PROVING`].
    pub(crate) proofs: usize,
}

impl BatchReport {
    /// The report of an operation that left these devices out.
    pub(crate) fn into_report(self, left_out: Vec<Outcome>) -> Report {
        let mut outcomes = left_out;
        outcomes.extend(self.outcomes.into_iter().map(|(_, outcome)| outcome));
        Report {
            outcomes,
            failure: self.failure,
        }
    }

    /// Looks again where a device may have carried out its command, until as many
    /// devices were received as `before`. The inventory is empty otherwise.
    pub(crate) async fn look_again(
        &self,
        session: &mut Session,
        before: &Inventory,
        observer: &mut dyn Observer,
    ) -> Inventory {
        let mut outcomes = self.outcomes.iter();
        if !outcomes.any(|(_, outcome)| outcome.may_have_happened()) {
            return Inventory::default();
        }
        let enough = Enough::Count(before.devices.len());
        session.look_again_until(enough, observer).await
    }
}

/// The most devices that are asked a [`Query`] at once, where the user is not asked how many.
pub(crate) const QUERY_PARALLEL: usize = 16;

/// A command without a secret, whose reply is what matters. It costs no try.
pub(crate) struct Query<T> {
    pub(crate) action: Action,
    pub(crate) command: fn() -> Command,
    pub(crate) read: fn(&CommandReply) -> Option<T>,
    /// The most devices at a time.
    pub(crate) parallel: usize,
}

/// What became of a question, and what devices reply, by their places.
pub(crate) type QueryReplies<T> = (BatchReport, HashMap<usize, T>);

impl<T> Query<T> {
    /// Asks these devices.
    pub(crate) async fn send(
        &self,
        devices: Vec<DiscoveredDevice>,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<QueryReplies<T>, OpsError> {
        let commands = devices.into_iter().map(|device| DeviceCommand {
            device,
            command: (self.command)(),
        });
        let mut keep = KeepRead {
            read: self.read,
            replies: HashMap::new(),
        };
        let batch = Batch {
            parallel: self.parallel,
            keep: Some(&mut keep),
            ..Batch::new(self.action, commands.collect())
        };
        let sent = session.send(batch, inventory, observer).await?;
        Ok((sent, keep.replies))
    }
}

impl<T> Query<T> {
    /// Asks devices, each with its place, but for those that a safety check leaves out. Returns
    /// what they reply, by these places. Nothing is sent once the session was asked to stop.
    pub(crate) async fn ask<'d>(
        &self,
        devices: impl Iterator<Item = (usize, &'d DiscoveredDevice)>,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<HashMap<usize, T>, OpsError> {
        let checks = SafetyChecks::new(self.action, Overrides::default());
        let (mut places, mut asked) = (Vec::new(), Vec::new());
        for (place, device) in devices {
            if checks.blocked(session, device)?.is_none() {
                places.push(place);
                asked.push(device.clone());
            }
        }
        if asked.is_empty() || session.cancellation.stop.is_cancelled() {
            return Ok(HashMap::new());
        }
        let (sent, replies) = self.send(asked, session, inventory, observer).await?;
        if let Some(failure) = sent.failure {
            return Err(failure);
        }
        let replies = replies.into_iter();
        let of_devices = replies.filter_map(|(number, it)| Some((*places.get(number)?, it)));
        Ok(of_devices.collect())
    }
}

/// Keeps what devices reply, by the commands' places.
struct KeepRead<T> {
    read: fn(&CommandReply) -> Option<T>,
    replies: HashMap<usize, T>,
}

impl<T> Keep for KeepRead<T> {
    fn keep(&mut self, _: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        if let Reply::Done(message) = reply.reply
            && let Some(read) = (self.read)(message)
        {
            self.replies.insert(reply.place, read);
        }
        Ok(())
    }
}

impl Session {
    /// Sends a batch to its end, until a refusal ends it, or until the session is
    /// asked to stop; replies to what was sent are awaited then.
    pub(crate) async fn send(
        &mut self,
        batch: Batch<'_>,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        if batch.commands.is_empty() {
            return Ok(BatchReport::default());
        }
        let config = DispatchConfig {
            link: self.scan.link.clone(),
            parallel: batch.parallel,
            pace: batch.pace,
            patience: batch.settle.map(|_| PATIENCE),
        };
        let token = self.cancellation.stop.clone();
        let link = self.scan.link.clone();
        let ledger = self.ledger_mut()?;
        let mut devices = Vec::new();
        let mut jobs = Vec::new();
        let mut proves = Vec::new();
        for DeviceCommand { device, command } in batch.commands {
            announce_conflict(&device, observer);
            let (target, route) = address(&device, inventory);
            let counts = proofs(&device, batch.password.as_deref(), ledger)?;
            jobs.push(Job {
                target,
                route,
                command,
                proves: counts,
            });
            proves.push(counts);
            devices.push(device);
        }
        let dispatch = Dispatch::open(&config)?;
        let observer = RefCell::new(observer);
        let interrupted = Cell::new(false);
        let stop = async {
            token.cancelled().await;
            interrupted.set(true);
            observer.borrow_mut().observe(Event::Stopping);
        };
        let mut recorder = Recorder {
            ledger,
            keep: batch.keep.map(|keep| keep as &mut dyn Keep),
            password: batch.password,
            devices: &devices,
            action: batch.action,
            pace: batch.pace,
            settle: batch.settle,
            sent: vec![Sent::default(); devices.len()],
            finished: 0,
            stopped: None,
            failure: None,
        };
        let run = dispatch.run(jobs, stop, |event| {
            let reaction = recorder.observe(&event, || link.now());
            observer.borrow_mut().observe(recorder.progress(&event));
            reaction
        });
        let report = run.await;
        let (failure, stopped) = (recorder.failure, recorder.stopped);
        let sent = recorder.sent.into_iter().enumerate();
        let reports = sent.filter_map(|(place, sent)| Some((place, sent.report?)));
        let stopped = match &failure {
            Some(_) => Some(StopReason::LocalFailure),
            None => stopped
                .or_else(|| interrupted.get().then_some(StopReason::Interrupted))
                .or_else(|| report.network_gone.then_some(StopReason::NetworkGone)),
        };
        let observer = observer.into_inner();
        for notice in report.notices.iter().filter(|it| limits_sending(it)) {
            observer.observe(Event::SendingLimited(notice));
        }
        let mut outcomes = Vec::new();
        let mut proofs = 0;
        for ((device, report), proves) in devices.into_iter().zip(report.jobs).zip(proves) {
            if matches!(report.outcome, Some(Reply::Done(_))) {
                proofs += proves;
            }
            if report.forged {
                observer.observe(Event::ImpersonationSuspected(&device));
            }
            let outcome = outcome(&device, batch.action, report, stopped);
            outcomes.push((device, outcome));
        }
        Ok(BatchReport {
            outcomes,
            reports: reports.collect(),
            failure,
            stopped,
            proofs,
        })
    }
}

/// As how many devices one counts that accepts the password of a batch.
fn proofs(
    device: &DiscoveredDevice,
    password: Option<&PasswordNumber>,
    ledger: &Ledger,
) -> Result<usize, LedgerError> {
    let (Some(number), Some(key)) = (password, device.key()) else {
        return Ok(1);
    };
    let is_known = ledger.password_of(&key)?.is_some_and(|it| it != *number);
    Ok(if is_known { PROVING } else { 1 })
}

/// The look before reported the limits that were there from the start.
const fn limits_sending(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::NotSent { .. } | Notice::TargetsNotSent { .. } | Notice::NotHeard { .. }
    )
}

fn announce_conflict(device: &DiscoveredDevice, observer: &mut dyn Observer) {
    if let Some(ReplyAddress { from, conflict, .. }) = device.entry.reply_address()
        && let Some(SenderConflict::Concurrent(other) | SenderConflict::RecentMove(other)) =
            conflict
    {
        observer.observe(Event::SenderConflict {
            device,
            used: from,
            other,
        });
    }
}

/// How to reach a device: where it speaks from.
fn address(found: &DiscoveredDevice, inventory: &Inventory) -> (Target, DeviceRoute) {
    let entry = &found.entry;
    let (interface, from) = entry.reply_address().map_or_else(
        || ("".into(), IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        |origin| (origin.interface, origin.from),
    );
    let mac = entry.device.mac.unwrap_or(MacAddr::new([0; 6]));
    let as_written = entry.device.raw.first("MAC");
    let target = Target {
        mac,
        mac_text: as_written.map_or_else(|| mac.to_string().into(), Into::into),
        from,
        response_time: entry.response_time,
        seals_code: entry.device.raw.first("codeEncrypt").and_then(boolean) == Some(true),
    };
    let is_local = |from: &Ipv4Addr| inventory.local.iter().any(|net| net.contains(from));
    let route = match from {
        IpAddr::V4(from) if entry.answered_directly && !is_local(&from) => {
            DeviceRoute::Direct(from)
        }
        _ => DeviceRoute::Group(interface),
    };
    (target, route)
}

fn outcome(
    device: &DiscoveredDevice,
    action: Action,
    report: JobReport,
    stopped: Option<StopReason>,
) -> Outcome {
    let new = |status| Outcome {
        sent_again: report.sends > 1,
        ..Outcome::new(device, action, status)
    };
    let mut outcome = match report.outcome {
        Some(Reply::Done(_)) => new(OutcomeStatus::Done),
        Some(Reply::Refused(verdict)) => Outcome {
            verdict: Some(verdict),
            ..new(OutcomeStatus::Refused)
        },
        Some(Reply::Unknown) => Outcome {
            next: Some(NextStep::ScanThenRepeat),
            ..new(OutcomeStatus::Unknown)
        },
        Some(Reply::NoAnswer) => Outcome {
            next: Some(NextStep::CheckCable),
            ..new(OutcomeStatus::NoAnswer)
        },
        Some(Reply::Impostor) => Outcome::skipped(device, action, Reason::Impersonated),
        Some(Reply::Contradicted(_)) => Outcome {
            reason: Reason::Contradicted,
            ..new(if action.spec().repeatable {
                OutcomeStatus::NoAnswer
            } else {
                OutcomeStatus::Unknown
            })
        },
        Some(Reply::Failed(error)) => Outcome::skipped(device, action, Reason::Unsealed(error)),
        None => {
            let why = stopped.unwrap_or(StopReason::Interrupted);
            Outcome::skipped(device, action, Reason::Stopped(why))
        }
    };
    // Where nothing was sent, the reason says it already.
    outcome.impersonation_suspected = report.forged && outcome.status != OutcomeStatus::Skipped;
    outcome
}

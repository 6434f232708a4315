//! Sending a batch, with every command in the ledger before it leaves.

use std::{cell::Cell, net::IpAddr, ops::ControlFlow, time::Duration};

use indicatif::ProgressBar;
use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};
use sadp_discovery::{DeviceRoute, Dispatch, DispatchConfig, DispatchEvent, Job, LinkConfig, Pace};
use sadp_model::{ReplyAddress, SenderConflict};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, CommandOutcome as Reply, Refusal, RefusalReply, Target, boolean};
use sadp_reset::{Action, Attempt, AttemptId, DeviceKey, Ledger};
use sadp_text::Line;
use tokio::runtime::Runtime;

use super::{
    reply::{outcome, verdict},
    stopped::Stopped,
};
use crate::{
    args::GlobalArgs, commands::survey, failure::Failure, outcome::Outcome, state,
    terminal::Terminal,
};

/// One command to one device.
#[derive(Debug)]
pub(in crate::commands) struct Order {
    pub(in crate::commands) found: DiscoveredDevice,
    pub(in crate::commands) command: Command,
}

/// The orders of a batch, and who keeps what devices answer.
pub(in crate::commands) struct Orders<'a> {
    list: Vec<Order>,
    keep: Box<Keep<'a>>,
}

/// Takes in what became of one order, at once: what a device gave must be on
/// the disk before the next is asked. An error ends the batch.
type Keep<'a> = dyn FnMut(&mut Ledger, Arrived<'_>) -> Result<(), Failure> + 'a;

/// What became of one order.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Arrived<'a> {
    pub(in crate::commands) reply: &'a Reply,
}

impl<'a> Orders<'a> {
    /// Orders of which every reply goes to `keep`.
    pub(in crate::commands) fn keeping(
        list: Vec<Order>,
        keep: impl FnMut(&mut Ledger, Arrived<'_>) -> Result<(), Failure> + 'a,
    ) -> Self {
        let keep = Box::new(keep);
        Self { list, keep }
    }
}

/// Orders of which only the outcome matters.
impl From<Vec<Order>> for Orders<'_> {
    fn from(list: Vec<Order>) -> Self {
        Self::keeping(list, |_, _| Ok(()))
    }
}

/// How a batch is sent. Where [`Pace::is_guarded`], the first refusal that may have
/// cost a try ends it.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Sending<'a> {
    pub(in crate::commands) action: Action,
    pub(in crate::commands) pace: Pace,
    pub(in crate::commands) parallel: usize,
    pub(in crate::commands) link: &'a LinkConfig,
    /// This machine's networks: devices beyond are reached by their address.
    pub(in crate::commands) local: &'a [Ipv4Net],
}

/// The pace of commands whose secret may be wrong: the next waits for the one
/// before, and where several may run at once, until one device took its own.
pub(in crate::commands) const fn guarded(parallel: usize) -> Pace {
    if parallel > 1 {
        Pace::OnceProven { silence: SILENCE }
    } else {
        Pace::OneByOne { silence: SILENCE }
    }
}

/// How long silence of a device holds up the next. Slow devices take a second to
/// answer, some longer.
const SILENCE: Duration = Duration::from_secs(3);

/// What became of a batch.
#[derive(Debug)]
pub(in crate::commands) struct Sent {
    /// Each device with what became of its order, in the orders' order.
    pub(in crate::commands) outcomes: Vec<(DiscoveredDevice, Outcome)>,
    /// What ended it on this machine.
    pub(in crate::commands) trouble: Option<Failure>,
}

/// Sends a batch to its end, until a wrong secret, or until Ctrl-C, which
/// waits for what is under way. Fails before anything is sent where the ledger
/// cannot be opened.
pub(in crate::commands) fn send<'k>(
    runtime: &Runtime,
    sending: Sending<'_>,
    orders: impl Into<Orders<'k>>,
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<Sent, Failure> {
    let ledger = state::open(global)?;
    let Orders { list, keep } = orders.into();
    for order in &list {
        warn_of_doubt(&order.found, terminal);
    }
    let (devices, jobs): (Vec<_>, Vec<_>) = list
        .into_iter()
        .map(|order| {
            let (target, route) = address(&order.found, sending.local);
            let command = order.command;
            let job = Job {
                target,
                route,
                command,
            };
            (order.found, job)
        })
        .unzip();
    let bar = survey::progress_bar(terminal);
    let shown = bar.clone();
    let interrupted = Cell::new(false);
    let stop = async {
        survey::interrupted().await;
        interrupted.set(true);
        shown.suspend(|| terminal.note(WINDING_UP));
    };
    let mut recorder = Recorder::new(ledger, sending, (&devices, keep), bar);
    let config = DispatchConfig {
        link: sending.link.clone(),
        parallel: sending.parallel,
        pace: sending.pace,
    };
    let report = runtime.block_on(async {
        let dispatch = Dispatch::open(&config).map_err(survey::failed)?;
        let run = dispatch.run(jobs, stop, |event| recorder.observe(&event));
        Ok::<_, Failure>(run.await)
    })?;
    let (trouble, halt) = recorder.end();
    let stopped = match &trouble {
        Some(_) => Some(Stopped::Trouble),
        None => halt.or_else(|| interrupted.get().then_some(Stopped::Interrupted)),
    };
    for line in report.notices.iter().flat_map(sadp_text::sending_limited) {
        match line {
            Line::Hint(text) => terminal.hint(&text),
            Line::Detail(text) | Line::Note(text) | Line::Warning(text) => terminal.warn(&text),
        }
    }
    let mut outcomes = Vec::new();
    for (found, report) in devices.into_iter().zip(report.jobs) {
        if report.forged {
            warn_of_forger(&found, terminal);
        }
        let outcome = outcome(&found, sending.action, report, stopped);
        outcomes.push((found, outcome));
    }
    Ok(Sent { outcomes, trouble })
}

/// Said where a batch is to end.
const WINDING_UP: &str = "interrupted: nothing more is sent; what was sent is waited for";

/// How to reach a device: where it speaks from.
fn address(found: &DiscoveredDevice, local: &[Ipv4Net]) -> (Target, DeviceRoute) {
    let entry = &found.entry;
    let (interface, from) = entry.reply_address().map_or_else(
        || ("".into(), UNHEARD),
        |origin| (origin.interface, origin.from),
    );
    let mac = entry.device.mac.unwrap_or(sadp_model::MacAddr::new([0; 6]));
    let as_written = entry.device.raw.first("MAC");
    let target = Target {
        mac,
        mac_text: as_written.map_or_else(|| mac.to_string().into(), Into::into),
        from,
        seals_code: entry.device.raw.first("codeEncrypt").and_then(boolean) == Some(true),
    };
    let route = match from {
        IpAddr::V4(from)
            if entry.answered_directly && !local.iter().any(|net| net.contains(&from)) =>
        {
            DeviceRoute::Direct(from)
        }
        _ => DeviceRoute::Group(interface),
    };
    (target, route)
}

/// Where a device is that was heard from nowhere.
const UNHEARD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// Keeps the ledger true while a batch runs.
struct Recorder<'a> {
    ledger: Ledger,
    sending: Sending<'a>,
    devices: &'a [DiscoveredDevice],
    keep: Box<Keep<'a>>,
    ids: Vec<Option<AttemptId>>,
    over: usize,
    /// How a refusal ended it.
    halt: Option<Stopped>,
    trouble: Option<Failure>,
    bar: ProgressBar,
}

impl<'a> Recorder<'a> {
    fn new(
        ledger: Ledger,
        sending: Sending<'a>,
        (devices, keep): (&'a [DiscoveredDevice], Box<Keep<'a>>),
        bar: ProgressBar,
    ) -> Self {
        Self {
            ledger,
            sending,
            devices,
            keep,
            ids: vec![None; devices.len()],
            over: 0,
            halt: None,
            trouble: None,
            bar,
        }
    }

    /// What ended the batch on this machine, and how a refusal did.
    fn end(self) -> (Option<Failure>, Option<Stopped>) {
        self.bar.finish_and_clear();
        (self.trouble, self.halt)
    }

    fn observe(&mut self, event: &DispatchEvent<'_>) -> ControlFlow<()> {
        let done = match event {
            DispatchEvent::Sending(place) => self.begin(*place).map_err(state::failed),
            DispatchEvent::Over(place, reply) => {
                self.over += 1;
                let (over, all) = (self.over, self.devices.len());
                let action = self.sending.action;
                self.bar.set_message(format!(
                    "{action}: {over} of {all} devices (Ctrl-C ends it after those under way)"
                ));
                self.settle(*place, reply)
            }
        };
        if let Err(failure) = done {
            self.trouble.get_or_insert(failure);
            return ControlFlow::Break(());
        }
        if let DispatchEvent::Over(_, Reply::Refused(verdict)) = event
            && self.sending.pace.is_guarded()
            && let Some(halt) = Stopped::by(verdict, self.sending.action)
        {
            self.halt.get_or_insert(halt);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn begin(&mut self, place: usize) -> Result<(), sadp_reset::LedgerError> {
        let found = self.devices.get(place);
        let attempt = Attempt {
            device: found.and_then(|found| DeviceKey::of(&found.entry.device)),
            address: found.and_then(|found| found.entry.device.ipv4.address.map(IpAddr::V4)),
            action: self.sending.action,
            at: Timestamp::now(),
        };
        let id = self.ledger.begin(&attempt)?;
        if let Some(slot) = self.ids.get_mut(place) {
            *slot = Some(id);
        }
        Ok(())
    }

    /// What the device gave comes first: the ledger must not tell of anything
    /// that is not on the disk. It is told the rest even where that failed.
    fn settle(&mut self, place: usize, reply: &Reply) -> Result<(), Failure> {
        let at = Timestamp::now();
        let kept = (self.keep)(&mut self.ledger, Arrived { reply });
        let finished = self.finish(place, reply, at).map_err(state::failed);
        kept.and(finished)
    }

    fn finish(
        &mut self,
        place: usize,
        reply: &Reply,
        at: Timestamp,
    ) -> Result<(), sadp_reset::LedgerError> {
        if let Some(id) = self.ids.get(place).copied().flatten() {
            self.ledger.finish(id, &verdict(reply, at))?;
        }
        let found = self.devices.get(place);
        let Some(key) = found.and_then(|found| DeviceKey::of(&found.entry.device)) else {
            return Ok(());
        };
        match reply {
            Reply::Refused(verdict) => self.remember(&key, verdict, at),
            Reply::Done(_) => self.ledger.record_success(&key, self.sending.action, at),
            _ => Ok(()),
        }
    }

    fn remember(
        &mut self,
        key: &DeviceKey,
        verdict: &RefusalReply,
        at: Timestamp,
    ) -> Result<(), sadp_reset::LedgerError> {
        if let Some(left) = verdict.tries_left {
            self.ledger.remember_tries(key, left, at)?;
        }
        let locked = verdict.refusal == Refusal::Locked;
        let minutes = verdict
            .lock_minutes
            .or_else(|| locked.then_some(USUAL_LOCK_MINUTES));
        let Some(minutes) = minutes else {
            return Ok(());
        };
        let lock = SignedDuration::from_mins(minutes.min(MAX_LOCK_MINUTES).into());
        let until = at.saturating_add(lock).unwrap_or(at);
        self.ledger.remember_lock(key, until, at)
    }
}

/// How long a lock is taken to last where the device does not say: as long as
/// cameras' usually do.
const USUAL_LOCK_MINUTES: u32 = 30;

/// A longer lock is not believed: it may be invented.
const MAX_LOCK_MINUTES: u32 = 24 * 60;

fn warn_of_forger(found: &DiscoveredDevice, terminal: &mut Terminal) {
    terminal.warn(&format!(
        "two answered the key exchange of {}: somebody on the network may pretend to be it",
        name(found)
    ));
}

/// Says to whom a command goes that others may answer, too.
fn warn_of_doubt(found: &DiscoveredDevice, terminal: &mut Terminal) {
    let Some(ReplyAddress {
        from,
        conflict: doubt,
        ..
    }) = found.entry.reply_address()
    else {
        return;
    };
    if let Some(SenderConflict::Concurrent(other) | SenderConflict::RecentMove(other)) = doubt {
        terminal.warn(&format!(
            "{} was heard from {other}, too: somebody on the network may pretend to be it; only what comes from {from} counts",
            name(found)
        ));
    }
}

fn name(found: &DiscoveredDevice) -> String {
    let address = found.entry.device.ipv4.address;
    let address = address.map_or_else(|| "a device".into(), |address| address.to_string());
    let mac = found.entry.device.mac;
    let mac = mac.map_or_else(String::new, |mac| format!(" ({mac})"));
    format!("{address}{mac}")
}

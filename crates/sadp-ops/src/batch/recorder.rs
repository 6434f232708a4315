//! Keeps the ledger true while a batch runs.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use sadp_discovery::{DispatchEvent, Pace, Reaction};
use sadp_model::Device;
use sadp_proto::{CommandOutcome as Reply, Refusal, RefusalReply};
use sadp_reset::{
    Action, Attempt, AttemptId, AttemptResult, AttemptVerdict, DeviceKey, Ledger, LedgerError,
    PasswordNumber, RefusalWord,
};

use tokio::time::Instant;

use super::{Keep, Replied, Settling};
use crate::{
    DiscoveredDevice, Event, OpsError, Seen, StopReason, safety::contradicts,
    session::record_success, settle::MAX_SENDS,
};

/// How long a lock is taken to last where the device does not say: as long as
/// cameras' usually do.
const USUAL_LOCK_MINUTES: u32 = 30;

/// A longer lock is not believed: it may be invented.
const MAX_LOCK_MINUTES: u32 = 24 * 60;

pub(super) struct Recorder<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) keep: Option<&'a mut dyn Keep>,
    pub(super) password: Option<&'a mut PasswordNumber>,
    pub(super) devices: &'a [DiscoveredDevice],
    pub(super) action: Action,
    pub(super) pace: Pace,
    pub(super) settle: Option<Settling<'a>>,
    /// What was sent to each device.
    pub(super) sent: Vec<Sent>,
    pub(super) finished: usize,
    /// How a refusal ended the batch.
    pub(super) stopped: Option<StopReason>,
    pub(super) failure: Option<OpsError>,
}

/// What was sent to one device.
#[derive(Clone, Default)]
pub(super) struct Sent {
    /// The ledger's entry of the latest command.
    attempt: Option<AttemptId>,
    times: u32,
    first: Option<Instant>,
    /// The report that shows that the device carried it out.
    pub(super) report: Option<Device>,
}

impl Recorder<'_> {
    pub(super) fn observe(
        &mut self,
        event: &DispatchEvent<'_>,
        now: impl Fn() -> Timestamp,
    ) -> Reaction {
        let recorded = match event {
            DispatchEvent::Sending(place) => self.begin(*place, now()).map_err(OpsError::from),
            DispatchEvent::ReportedAfter(place, device) => {
                if self.seen(*place, device) != Some(Seen::Changed) {
                    return Reaction::Continue;
                }
                self.keep_report(*place, device);
                return Reaction::CarriedOut;
            }
            DispatchEvent::Over(place, reply) => {
                self.finished += 1;
                self.settle(*place, reply, now())
            }
            DispatchEvent::Reported {
                number,
                device,
                moved,
            } => match self.seen(*number, device) {
                Some(Seen::Changed) => {
                    if !moved {
                        self.keep_report(*number, device);
                    }
                    return Reaction::CarriedOut;
                }
                Some(Seen::Unchanged) if !moved => match self.may_repeat(*number, device) {
                    Ok(true) => return Reaction::SendAgain,
                    Ok(false) => return Reaction::Continue,
                    Err(error) => Err(error.into()),
                },
                _ => return Reaction::Continue,
            },
        };
        if let Err(error) = recorded {
            self.failure.get_or_insert(error);
            return Reaction::Stop;
        }
        if let DispatchEvent::Over(_, Reply::Refused(verdict) | Reply::Contradicted(Some(verdict))) =
            event
            && self.pace.is_guarded()
            && let Some(reason) = StopReason::by(verdict, self.action)
        {
            self.stopped.get_or_insert(reason);
            return Reaction::Stop;
        }
        Reaction::Continue
    }

    fn seen(&self, place: usize, device: &Device) -> Option<Seen> {
        Some((self.settle?.seen)(place, device))
    }

    fn keep_report(&mut self, place: usize, device: &Device) {
        if let Some(sent) = self.sent.get_mut(place) {
            sent.report = Some(device.clone());
        }
    }

    /// Whether a command that was not carried out may be sent again, where the device
    /// reports this now: one that can cost a try goes only to a device that is known to
    /// have this password, and none to one that contradicts what it reported before.
    fn may_repeat(&self, place: usize, now: &Device) -> Result<bool, LedgerError> {
        let (Some(sent), Some(settle), Some(device)) =
            (self.sent.get(place), self.settle, self.devices.get(place))
        else {
            return Ok(false);
        };
        let in_time = sent.first.is_some_and(|at| at.elapsed() < settle.time);
        if sent.times >= MAX_SENDS || !in_time || contradicts(&device.entry.device, now) {
            return Ok(false);
        }
        match (&self.password, device.key()) {
            _ if !self.action.spec().costs_try => Ok(true),
            (Some(number), Some(key)) => Ok(self.ledger.password_of(&key)? == Some(**number)),
            _ => Ok(false),
        }
    }

    pub(super) fn progress(&self, event: &DispatchEvent<'_>) -> Event<'_> {
        let latest = match event {
            DispatchEvent::Over(place, _) => self.devices.get(*place),
            _ => None,
        };
        Event::Progress {
            action: self.action,
            finished: self.finished,
            total: self.devices.len(),
            latest,
        }
    }

    fn begin(&mut self, place: usize, at: Timestamp) -> Result<(), LedgerError> {
        let device = self.devices.get(place).map(|found| &*found.entry.device);
        let attempt = Attempt {
            device: device.and_then(DeviceKey::of),
            address: device.and_then(|device| device.ipv4.address.map(IpAddr::V4)),
            action: self.action,
            at,
        };
        let earlier = self.sent.get(place).and_then(|it| it.attempt);
        if let Some(earlier) = earlier {
            let unknown = AttemptVerdict::new(AttemptResult::Unknown, at);
            self.ledger.finish(earlier, &unknown)?;
        }
        let id = self.ledger.begin(&attempt)?;
        if let Some(sent) = self.sent.get_mut(place) {
            sent.attempt = Some(id);
            sent.times += 1;
            sent.first.get_or_insert_with(Instant::now);
        }
        // Whatever becomes of the command, the former password may be void from now on.
        match &attempt.device {
            Some(key) if self.action.spec().sets_password => self.ledger.forget_password(key),
            _ => Ok(()),
        }
    }

    /// What the device gave comes first: the ledger must not speak of anything that
    /// is not on the disk. The rest is written even where that failed.
    fn settle(&mut self, place: usize, reply: &Reply, at: Timestamp) -> Result<(), OpsError> {
        let Some(device) = self.devices.get(place) else {
            return Ok(());
        };
        let replied = Replied {
            place,
            device,
            reply,
            at,
        };
        let kept = match &mut self.keep {
            Some(keep) => keep.keep(self.ledger, replied),
            None => Ok(()),
        };
        let finished = self.finish(replied).map_err(OpsError::from);
        kept.and(finished)
    }

    fn finish(&mut self, replied: Replied<'_>) -> Result<(), LedgerError> {
        let Replied { device, at, .. } = replied;
        if let Some(id) = self.sent.get(replied.place).and_then(|it| it.attempt) {
            self.ledger.finish(id, &verdict(replied.reply, at))?;
        }
        let Some(key) = device.key() else {
            return Ok(());
        };
        match replied.reply {
            Reply::Refused(verdict) => self.remember(&key, verdict, at),
            // One of two contradictory replies is believed where that is safer: its
            // count of tries, but not its lock.
            Reply::Contradicted(Some(verdict)) => match verdict.tries_left {
                Some(left) => self.ledger.remember_tries(&key, left, at),
                None => Ok(()),
            },
            Reply::Done(_) => {
                self.remember_password(&key, at)?;
                record_success(self.ledger, device, self.action, at)
            }
            _ => Ok(()),
        }
    }

    fn remember_password(&mut self, key: &DeviceKey, at: Timestamp) -> Result<(), LedgerError> {
        let Some(number) = &mut self.password else {
            return Ok(());
        };
        if self.action.spec().sets_password {
            return self.ledger.record_new_password(key, **number, at);
        }
        **number = self.ledger.record_accepted_password(key, **number, at)?;
        Ok(())
    }

    fn remember(
        &mut self,
        key: &DeviceKey,
        verdict: &RefusalReply,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        if let Some(left) = verdict.tries_left {
            self.ledger.remember_tries(key, left, at)?;
        }
        if self.password.is_some() && verdict.refusal == Refusal::PasswordError {
            self.ledger.forget_password(key)?;
        }
        let locked = verdict.refusal == Refusal::Locked;
        let usual = locked.then_some(USUAL_LOCK_MINUTES);
        let Some(minutes) = verdict.lock_minutes.or(usual) else {
            return Ok(());
        };
        let lock = SignedDuration::from_mins(minutes.min(MAX_LOCK_MINUTES).into());
        let until = at.saturating_add(lock).unwrap_or(at);
        self.ledger.remember_lock(key, until, at)
    }
}

/// What the ledger keeps of a reply.
fn verdict(reply: &Reply, at: Timestamp) -> AttemptVerdict {
    let result = match reply {
        Reply::Done(_) => AttemptResult::Done,
        Reply::Refused(_) => AttemptResult::Refused,
        Reply::Unknown | Reply::Contradicted(_) => AttemptResult::Unknown,
        Reply::NoAnswer => AttemptResult::NoAnswer,
        Reply::Impostor | Reply::Failed(_) => AttemptResult::Skipped,
    };
    let plain = AttemptVerdict::new(result, at);
    let Reply::Refused(verdict) = reply else {
        return plain;
    };
    AttemptVerdict {
        refusal: Some(RefusalWord::new(verdict.refusal.word())),
        number: verdict.refusal.number(),
        tries_left: verdict.tries_left,
        lock_minutes: verdict.lock_minutes,
        ..plain
    }
}

//! Keeps the ledger true while a batch runs.

use std::{net::IpAddr, ops::ControlFlow};

use jiff::{SignedDuration, Timestamp};
use sadp_discovery::{DispatchEvent, Pace};
use sadp_proto::{CommandOutcome as Reply, Refusal, RefusalReply};
use sadp_reset::{
    Action, Attempt, AttemptId, AttemptResult, AttemptVerdict, DeviceKey, Ledger, LedgerError,
    PasswordNumber, RefusalWord,
};

use super::{Keep, Replied};
use crate::{DiscoveredDevice, Event, OpsError, StopReason, session::record_success};

/// How long a lock is taken to last where the device does not say: as long as
/// cameras' usually do.
const USUAL_LOCK_MINUTES: u32 = 30;

/// A longer lock is not believed: it may be invented.
const MAX_LOCK_MINUTES: u32 = 24 * 60;

pub(super) struct Recorder<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) keep: &'a mut dyn Keep,
    pub(super) password: Option<&'a mut PasswordNumber>,
    pub(super) devices: &'a [DiscoveredDevice],
    pub(super) action: Action,
    pub(super) pace: Pace,
    /// The ledger's entry of each command that was sent.
    pub(super) attempts: Vec<Option<AttemptId>>,
    pub(super) finished: usize,
    /// How a refusal ended the batch.
    pub(super) stopped: Option<StopReason>,
    pub(super) failure: Option<OpsError>,
}

impl Recorder<'_> {
    pub(super) fn observe(
        &mut self,
        event: &DispatchEvent<'_>,
        now: impl Fn() -> Timestamp,
    ) -> ControlFlow<()> {
        let recorded = match event {
            DispatchEvent::Sending(place) => self.begin(*place, now()).map_err(OpsError::from),
            DispatchEvent::Over(place, reply) => {
                self.finished += 1;
                self.settle(*place, reply, now())
            }
        };
        if let Err(error) = recorded {
            self.failure.get_or_insert(error);
            return ControlFlow::Break(());
        }
        if let DispatchEvent::Over(_, Reply::Refused(verdict) | Reply::Contradicted(Some(verdict))) =
            event
            && self.pace.is_guarded()
            && let Some(reason) = StopReason::by(verdict, self.action)
        {
            self.stopped.get_or_insert(reason);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    pub(super) const fn progress(&self) -> Event<'static> {
        Event::Progress {
            action: self.action,
            finished: self.finished,
            total: self.devices.len(),
        }
    }

    fn begin(&mut self, place: usize, at: Timestamp) -> Result<(), LedgerError> {
        let device = self.devices.get(place).map(|found| &found.entry.device);
        let attempt = Attempt {
            device: device.and_then(DeviceKey::of),
            address: device.and_then(|device| device.ipv4.address.map(IpAddr::V4)),
            action: self.action,
            at,
        };
        let id = self.ledger.begin(&attempt)?;
        if let Some(slot) = self.attempts.get_mut(place) {
            *slot = Some(id);
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
        let kept = self.keep.keep(self.ledger, replied);
        let finished = self.finish(replied).map_err(OpsError::from);
        kept.and(finished)
    }

    fn finish(&mut self, replied: Replied<'_>) -> Result<(), LedgerError> {
        let Replied {
            place,
            device,
            reply,
            at,
        } = replied;
        if let Some(id) = self.attempts.get(place).copied().flatten() {
            self.ledger.finish(id, &verdict(reply, at))?;
        }
        let Some(key) = device.key() else {
            return Ok(());
        };
        match reply {
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

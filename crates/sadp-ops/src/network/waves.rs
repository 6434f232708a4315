//! Carries out the steps of a plan, wave after wave.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use sadp_model::{AddressStep, SenderConflict};
use sadp_proto::{Command, Credentials, Update, UpdateError, seal::Password};
use sadp_reset::Action;

use super::{Finding, Login, PlannedChange, Settings, guarded, skipped};
use crate::{
    BatchReport, BlockReason, DiscoveredDevice, Event, Guard, Inventory, Observer, OpsError,
    Outcome, OutcomeData, OutcomeStatus, Reason, Report, Session,
    batch::{Batch, DeviceCommand, KeepNothing},
    safety::sender_conflict,
};

pub(super) struct Waves<'a> {
    changes: &'a [PlannedChange],
    settings: &'a Settings,
    login: Login<'a>,
    password: Password,
    progress: Vec<Progress>,
    /// The devices as the look after the last wave found them.
    seen: Option<Inventory>,
    /// Why the waves to come are not sent.
    stopped: Option<Reason>,
    failure: Option<OpsError>,
}

impl<'a> Waves<'a> {
    pub(super) fn new(
        changes: &'a [PlannedChange],
        settings: &'a Settings,
        login: Login<'a>,
    ) -> Result<Self, OpsError> {
        let password = Password::new(login.password.clone()).map_err(UpdateError::from)?;
        Ok(Self {
            changes,
            settings,
            login,
            password,
            progress: changes.iter().map(Progress::new).collect(),
            seen: None,
            stopped: None,
            failure: None,
        })
    }

    pub(super) async fn run(
        mut self,
        steps: &[AddressStep],
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let last = steps.last().map(|step| step.wave);
        for wave in steps.chunk_by(|a, b| a.wave == b.wave) {
            let ready = self.ready(wave);
            if ready.is_empty() {
                continue;
            }
            let sent = match self.send(&ready, session, observer).await {
                Ok(sent) => sent,
                // Something was sent before: that must be reported.
                Err(error) if self.seen.is_some() => {
                    self.failure = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            };
            let is_last = wave.first().map(|step| step.wave) == last;
            let seen = look_after_wave(is_last, session, observer).await;
            self.take_in(&ready, sent, seen);
            if self.stopped.is_some() || self.failure.is_some() {
                break;
            }
        }
        Ok(self.into_report())
    }

    /// The steps of a wave that may be sent: no other device may still have the
    /// address, and no second sender may speak for the device.
    fn ready<'s>(&mut self, wave: &'s [AddressStep]) -> Vec<&'s AddressStep> {
        let mut ready = Vec::new();
        for step in wave {
            let Some(change) = self.changes.get(step.number) else {
                continue;
            };
            let outcome = match self.holder(step, change) {
                Some(by) => Some(skipped(
                    &change.device,
                    Finding::AddressNotFreed {
                        address: step.to,
                        by: by.device.entry.device.mac,
                    },
                )),
                None => self.conflict(step, change),
            };
            let Some(own) = self.progress.get_mut(step.number) else {
                continue;
            };
            if own.outcome.is_some() {
                continue;
            }
            own.outcome = outcome;
            ready.extend(own.outcome.is_none().then_some(step));
        }
        ready
    }

    /// The device that has, or may have, the address of a step. None where the
    /// device of the step keeps its address.
    fn holder(&self, step: &AddressStep, change: &PlannedChange) -> Option<&PlannedChange> {
        if change.from() == Some(step.to) {
            return None;
        }
        let mut others = self.progress.iter().enumerate();
        let (number, _) = others
            .find(|(number, other)| *number != step.number && other.may_have.contains(&step.to))?;
        self.changes.get(number)
    }

    fn conflict(&self, step: &AddressStep, change: &PlannedChange) -> Option<Outcome> {
        if self.settings.overrides.lifts(Guard::TwoSenders) {
            return None;
        }
        let now = self.inventory().same(&change.device)?;
        let may_have = &self.progress.get(step.number)?.may_have;
        let reason = unexpected_sender(now, may_have)?;
        Some(Outcome::blocked(now, Action::NetSet, reason))
    }

    fn inventory(&self) -> &Inventory {
        self.seen.as_ref().unwrap_or(self.login.inventory)
    }

    async fn send(
        &self,
        steps: &[&AddressStep],
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        let commands = steps.iter().filter_map(|step| self.command(step));
        let batch = Batch {
            action: Action::NetSet,
            pace: guarded(self.login.parallel),
            parallel: self.login.parallel,
            commands: commands.collect::<Result<_, _>>()?,
            keep: &mut KeepNothing,
        };
        session.send(batch, self.inventory(), observer).await
    }

    fn command(&self, step: &AddressStep) -> Option<Result<DeviceCommand, UpdateError>> {
        let it = self.changes.get(step.number)?;
        // As it was seen last: it may have moved already.
        let device = self.inventory().same(&it.device).unwrap_or(&it.device);
        let mut settings = it.change.after.clone();
        if step.temporary {
            settings.ipv4.address = Some(step.to);
        }
        let credentials = Credentials {
            password: &self.password,
            account: self.settings.account.as_deref(),
        };
        let update = Update::new(&device.entry.device, settings, credentials);
        Some(update.map(|update| DeviceCommand {
            device: device.clone(),
            command: Command::Update(Box::new(update)),
        }))
    }

    /// Takes in a wave and the look after it. Here it is known what the look
    /// proves undone; nothing is repeated yet.
    fn take_in(&mut self, steps: &[&AddressStep], sent: BatchReport, seen: Option<Inventory>) {
        let refused = sent.stopped.filter(|stopped| stopped.is_by_refusal());
        self.stopped = refused.map(Reason::Stopped);
        let mut outcomes = sent.outcomes.iter().map(|(_, outcome)| outcome);
        if seen.is_none() || outcomes.any(|it| matches!(it.reason, Reason::Stopped(_))) {
            self.stopped
                .get_or_insert(Reason::Network(Finding::BatchEnded));
        }
        self.failure = sent.failure;
        let seen = self.seen.insert(seen.unwrap_or_default());
        for (step, (device, outcome)) in steps.iter().zip(sent.outcomes) {
            if let Some(progress) = self.progress.get_mut(step.number) {
                progress.take_in(step, outcome, seen.same(&device));
            }
        }
    }

    fn into_report(self) -> Report {
        let failed = Reason::Network(Finding::EarlierStepFailed);
        let why = self.stopped.unwrap_or(failed);
        let all = self.progress.into_iter().zip(self.changes);
        let outcomes = all.map(|(progress, it)| progress.into_outcome(it, &why));
        Report {
            outcomes: outcomes.collect(),
            failure: self.failure,
        }
    }
}

/// The look after a wave. `None` where another wave follows and the look fails,
/// finds nothing or is stopped: nothing more is to be sent then.
async fn look_after_wave(
    is_last: bool,
    session: &mut Session,
    observer: &mut dyn Observer,
) -> Option<Inventory> {
    if is_last {
        return Some(session.look_again(observer).await);
    }
    let error = match session.look(observer).await {
        Ok((inventory, _)) if !inventory.devices.is_empty() => return Some(inventory),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    observer.observe(Event::BatchEnds(error.as_ref()));
    None
}

/// Why a device is not sent the password again: another sender speaks for it now.
/// That it speaks from where it was sent to is no reason.
fn unexpected_sender(now: &DiscoveredDevice, may_have: &BTreeSet<Ipv4Addr>) -> Option<BlockReason> {
    let origin = now.entry.reply_address()?;
    match (origin.conflict?, origin.from) {
        (SenderConflict::RecentMove(_), IpAddr::V4(from)) if may_have.contains(&from) => None,
        _ => sender_conflict(now),
    }
}

/// How far a device is.
struct Progress {
    /// Addresses it has, or may have.
    may_have: BTreeSet<Ipv4Addr>,
    /// What became of it, once that is known.
    outcome: Option<Outcome>,
    after: Option<DiscoveredDevice>,
}

impl Progress {
    fn new(change: &PlannedChange) -> Self {
        Self {
            may_have: change.from().into_iter().collect(),
            outcome: None,
            after: None,
        }
    }

    fn take_in(&mut self, step: &AddressStep, outcome: Outcome, now: Option<&DiscoveredDevice>) {
        let at = now.and_then(|found| found.entry.device.ipv4.address);
        let done = outcome.status == OutcomeStatus::Done;
        match outcome.status {
            OutcomeStatus::Done | OutcomeStatus::Unknown
                if at == Some(step.to) || (done && at.is_none()) =>
            {
                self.may_have = BTreeSet::from([step.to]);
                if step.temporary {
                    return;
                }
            }
            OutcomeStatus::Done | OutcomeStatus::Unknown => {
                self.may_have.insert(step.to);
            }
            _ => {}
        }
        self.after = now.cloned();
        self.outcome = Some(outcome);
    }

    fn into_outcome(self, it: &PlannedChange, why: &Reason) -> Outcome {
        let mut outcome = match self.outcome {
            Some(outcome) => outcome,
            None => Outcome::skipped(&it.device, Action::NetSet, why.clone()),
        };
        let now = self.after.as_ref().map(|found| &found.entry.device);
        outcome.check(it.change.seen_in(now));
        outcome.data = OutcomeData::Network(Box::new(it.change.clone()));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::{Device, Protocol, Registry, Sighting, Via};

    use super::*;

    #[test]
    fn between_two_steps_a_device_may_move_where_it_was_told_to_and_nowhere_else() {
        let (former, planned, other) = ([10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 66]);
        let may_have = BTreeSet::from([planned.into()]);
        for (reports, refused) in [
            (&[(planned, planned)][..], false),
            (&[(former, former), (planned, planned)], false),
            (&[(former, former), (other, other)], true),
            (&[(planned, planned), (other, planned)], true),
            (&[(planned, planned), (other, other)], true),
        ] {
            let reason = unexpected_sender(&received(reports), &may_have);
            assert_eq!(reason.is_some(), refused, "{reports:?}");
        }
    }

    /// A device received from these senders in turn, a second apart, each with the
    /// address it told.
    fn received(reports: &[([u8; 4], [u8; 4])]) -> DiscoveredDevice {
        let mut registry = Registry::new();
        for (second, (from, address)) in (0..).zip(reports) {
            let mut device = Device::unknown();
            device.mac = "44:47:cc:00:00:05".parse().ok();
            device.ipv4.address = Some((*address).into());
            let sighting = Sighting {
                interface: "lan0".into(),
                from: (*from).into(),
                protocol: Protocol::Sadp,
                via: Via::Multicast,
                at: jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(second),
            };
            registry.record(device, sighting);
        }
        DiscoveredDevice::assess_all(registry.into_entries(), &[]).remove(0)
    }
}

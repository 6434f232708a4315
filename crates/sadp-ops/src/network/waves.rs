//! Carries out the steps of a plan, wave after wave.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr},
};

use sadp_model::{AddressStep, Device, SenderConflict};
use sadp_proto::{Command, Credentials, Update, UpdateError, seal::Password};
use sadp_reset::{Action, DeviceKey, PasswordNumber};

use super::{Login, NetworkFinding, PlannedChange, Settings, skipped};
use crate::{
    BatchReport, BlockReason, DiscoveredDevice, Event, Guard, Inventory, Observer, OpsError,
    Outcome, OutcomeData, OutcomeStatus, Reason, Report, Seen, Session,
    batch::{Batch, DeviceCommand, PROVING, Settling, guarded},
    inventory::Enough,
    safety::{changed_since, sender_conflict},
    settle::{FollowUp, LOOK_EVERY, RoundLimit},
};

pub(super) struct Waves<'a> {
    settings: &'a Settings,
    login: Login<'a>,
    password: Password,
    /// By what the ledger knows the password.
    number: PasswordNumber,
    /// How many more devices have to accept it before it goes to several at once.
    unproven: usize,
    /// How far the devices are, by the numbers of the steps.
    progress: Vec<ChangeProgress<'a>>,
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
        session: &mut Session,
    ) -> Result<Self, OpsError> {
        let password = Password::new(login.password.clone()).map_err(UpdateError::from)?;
        Ok(Self {
            settings,
            login,
            password,
            number: session.ledger_mut()?.draw_password_number()?,
            unproven: PROVING,
            progress: changes.iter().map(ChangeProgress::new).collect(),
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
        let mut waves = steps.chunk_by(|a, b| a.wave == b.wave).peekable();
        while let Some(wave) = waves.next() {
            let ready = self.ready(wave);
            if ready.is_empty() {
                continue;
            }
            self.carry_out(ready, session, observer).await?;
            if self.stopped.is_none() && self.failure.is_none() && waves.peek().is_some() {
                self.look_before_next(session, observer).await;
            }
            if self.stopped.is_some() || self.failure.is_some() {
                break;
            }
        }
        Ok(self.into_report())
    }

    /// Sends the steps of a wave, and looks at the devices until each is settled. A
    /// device whose password the ledger knows is first: it proves the password.
    async fn carry_out(
        &mut self,
        mut due: Vec<&AddressStep>,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let mut known = BTreeSet::new();
        for step in &due {
            if let Some(progress) = self.progress.get(step.number)
                && session.password_of(&progress.planned.device)?.is_some()
            {
                known.insert(step.number);
            }
        }
        due.sort_by_key(|step| !known.contains(&step.number));
        let wave = due.clone();
        let mut resends = RoundLimit::begin(self.login.settle);
        let mut looks = RoundLimit::begin_looks(self.login.wait_back);
        let mut awaited = 0;
        loop {
            let mut replies = Vec::new();
            if !due.is_empty() {
                match self.send(&due, session, observer).await {
                    Ok(sent) => replies = self.take_in(sent),
                    // Something was sent before: that must be reported.
                    Err(error) if self.seen.is_some() => self.failure = Some(error),
                    Err(error) => return Err(error),
                }
            }
            let open = self.keys(&wave);
            let enough = Enough::Received(&open);
            let seen = session.look_again_until(enough, observer).await;
            let numbers = due.iter().map(|step| step.number);
            let mut replies: HashMap<_, _> = numbers.zip(replies).collect();
            for step in &wave {
                let Some(progress) = self.progress.get_mut(step.number) else {
                    continue;
                };
                let device = &progress.planned.device;
                progress.take_in(step, replies.remove(&step.number), seen.same(device));
                if progress.is_proven_by_look() {
                    session.record_accepted(device, Action::NetSet, &mut self.number)?;
                }
            }
            self.seen = Some(seen);
            let ends = self.stopped.is_some()
                || self.failure.is_some()
                || session.cancellation.stop.is_cancelled();
            if ends {
                return Ok(());
            }
            due = self.undone(&wave, session)?;
            if !due.is_empty() && resends.begin_next() {
                observer.observe(Event::SendingAgain(due.len()));
                continue;
            }
            let waits = self.keys(&wave).len() > due.len();
            if !waits || !looks.begin_next() {
                return Ok(());
            }
            due.clear();
            let away = self.keys(&wave).len();
            if away != awaited {
                awaited = away;
                observer.observe(Event::WaitingFor {
                    missing: away,
                    all: wave.len(),
                    left: looks.left(),
                });
            }
            tokio::select! {
                () = session.cancellation.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The devices of these steps that are not settled.
    fn keys(&self, steps: &[&AddressStep]) -> Vec<DeviceKey> {
        let progress = steps.iter().filter_map(|it| self.progress.get(it.number));
        let open = progress.filter(|it| it.next != FollowUp::Nothing);
        open.filter_map(|it| it.planned.device.key()).collect()
    }

    /// The steps that the look proves undone and that may be sent again: the
    /// password is known to be the device's, so that it costs no try, or nothing
    /// was sent at all.
    fn undone<'s>(
        &mut self,
        wave: &[&'s AddressStep],
        session: &Session,
    ) -> Result<Vec<&'s AddressStep>, OpsError> {
        let mut undone = Vec::new();
        for &step in wave {
            let Some(progress) = self.progress.get(step.number) else {
                continue;
            };
            if progress.next != FollowUp::SendAgain {
                continue;
            }
            let was_sent = progress.status() != Some(OutcomeStatus::NoAnswer);
            let known = session.password_of(&progress.planned.device)?;
            let costs_no_try = !was_sent || known == Some(self.number);
            if costs_no_try && self.conflict(progress).is_none() {
                undone.push(step);
            } else if let Some(progress) = self.progress.get_mut(step.number) {
                progress.next = FollowUp::Nothing;
            }
        }
        Ok(undone)
    }

    /// The look between two waves. Nothing more is to be sent where it fails, finds
    /// nothing or is stopped.
    async fn look_before_next(&mut self, session: &mut Session, observer: &mut dyn Observer) {
        let error = match session.look_between(observer).await {
            Ok((inventory, _)) if !inventory.devices.is_empty() => {
                self.seen = Some(inventory);
                return;
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        observer.observe(Event::BatchEnds(error.as_ref()));
        self.stopped = Some(Reason::Network(NetworkFinding::BatchEnded));
    }

    /// The steps of a wave that may be sent: no other device may still have the
    /// address, and no second sender may speak for the device.
    fn ready<'s>(&mut self, wave: &'s [AddressStep]) -> Vec<&'s AddressStep> {
        let mut ready = Vec::new();
        for step in wave {
            let due = |it: &&ChangeProgress<'_>| it.reply.is_none();
            let Some(progress) = self.progress.get(step.number).filter(due) else {
                continue;
            };
            let held = self.held(step, progress);
            let objection = held.or_else(|| self.conflict(progress));
            let Some(progress) = self.progress.get_mut(step.number) else {
                continue;
            };
            if objection.is_none() {
                progress.next = FollowUp::SendAgain;
                ready.push(step);
            } else {
                progress.next = FollowUp::Nothing;
                progress.reply = objection;
            }
        }
        ready
    }

    /// The outcome of a step to an address that another device has, or may have. `None`
    /// where the device of the step keeps its address.
    fn held(&self, step: &AddressStep, progress: &ChangeProgress<'_>) -> Option<Outcome> {
        let address = step.to;
        if progress.planned.from() == Some(address) {
            return None;
        }
        let mut others = self.progress.iter().enumerate();
        let (_, holder) =
            others.find(|(number, it)| *number != step.number && it.may_have.contains(&address))?;
        let by = holder.planned.device.entry.device.mac;
        let finding = NetworkFinding::AddressNotFreed { address, by };
        Some(skipped(&progress.planned.device, finding))
    }

    fn conflict(&self, progress: &ChangeProgress<'_>) -> Option<Outcome> {
        let overrides = self.settings.overrides;
        let device = &progress.planned.device;
        let now = self.inventory().same(device)?;
        let reason = (!overrides.lifts(Guard::TwoSenders))
            .then(|| unexpected_sender(now, &progress.may_have))
            .flatten()
            .or_else(|| changed_since(device, now, overrides))?;
        Some(Outcome::blocked(now, Action::NetSet, reason))
    }

    fn inventory(&self) -> &Inventory {
        self.seen.as_ref().unwrap_or(self.login.inventory)
    }

    async fn send(
        &mut self,
        steps: &[&AddressStep],
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        let commands = steps.iter().filter_map(|step| self.command(step));
        let commands = commands.collect::<Result<_, _>>()?;
        let progress = &self.progress;
        let seen = |place: usize, now: &Device| {
            let step = steps.get(place).copied();
            let own = step.and_then(|step| Some((step, progress.get(step.number)?)));
            own.map_or(Seen::Missing, |(step, own)| own.seen_in(step, Some(now)))
        };
        let settling = Settling {
            seen: &seen,
            time: self.login.settle,
        };
        let batch = Batch {
            pace: guarded(self.login.parallel, self.unproven),
            parallel: self.login.parallel,
            settle: (!self.login.settle.is_zero()).then_some(settling),
            password: Some(&mut self.number),
            ..Batch::new(Action::NetSet, commands)
        };
        let inventory = self.seen.as_ref().unwrap_or(self.login.inventory);
        session.send(batch, inventory, observer).await
    }

    fn command(&self, step: &AddressStep) -> Option<Result<DeviceCommand, UpdateError>> {
        let it = self.progress.get(step.number)?.planned;
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

    /// Takes in what became of a batch, and returns the outcome of each command.
    fn take_in(&mut self, sent: BatchReport) -> Vec<Outcome> {
        let refused = sent.stopped.filter(|stopped| stopped.is_by_refusal());
        self.stopped = refused.map(Reason::Stopped);
        let mut outcomes = sent.outcomes.iter().map(|(_, outcome)| outcome);
        if outcomes.any(|it| matches!(it.reason, Reason::Stopped(_))) {
            self.stopped
                .get_or_insert(Reason::Network(NetworkFinding::BatchEnded));
        }
        self.failure = sent.failure;
        self.unproven = self.unproven.saturating_sub(sent.proofs);
        let outcomes = sent.outcomes.into_iter();
        outcomes.map(|(_, outcome)| outcome).collect()
    }

    fn into_report(self) -> Report {
        let failed = Reason::Network(NetworkFinding::EarlierStepFailed);
        let why = self.stopped.unwrap_or(failed);
        let outcomes = self.progress.into_iter().map(|it| it.into_outcome(&why));
        Report {
            outcomes: outcomes.collect(),
            failure: self.failure,
        }
    }
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
struct ChangeProgress<'a> {
    planned: &'a PlannedChange,
    /// Addresses it has, or may have.
    may_have: BTreeSet<Ipv4Addr>,
    /// What became of its command, before the look. `None` while a step is due.
    reply: Option<Outcome>,
    after: Option<DiscoveredDevice>,
    seen: Seen,
    next: FollowUp,
}

impl<'a> ChangeProgress<'a> {
    fn new(planned: &'a PlannedChange) -> Self {
        Self {
            planned,
            may_have: planned.from().into_iter().collect(),
            reply: None,
            after: None,
            seen: Seen::Missing,
            next: FollowUp::Nothing,
        }
    }

    /// Whether it did not reply, and the last look shows that it did as told.
    fn is_proven_by_look(&self) -> bool {
        self.status() == Some(OutcomeStatus::Unknown) && self.seen == Seen::Changed
    }

    fn status(&self) -> Option<OutcomeStatus> {
        self.reply.as_ref().map(|it| it.status)
    }

    /// What its device shows of a step.
    fn seen_in(&self, step: &AddressStep, now: Option<&Device>) -> Seen {
        match now.and_then(|device| device.ipv4.address) {
            Some(at) if step.temporary && at == step.to => Seen::Changed,
            Some(_) if step.temporary => Seen::Unchanged,
            _ => self.planned.change.seen_in(now),
        }
    }

    /// Takes in a reply, where the command was sent in this round, and what a look
    /// shows.
    fn take_in(
        &mut self,
        step: &AddressStep,
        reply: Option<Outcome>,
        now: Option<&DiscoveredDevice>,
    ) {
        let at = now.and_then(|found| found.entry.device.ipv4.address);
        let seen = self.seen_in(step, now.map(|found| &*found.entry.device));
        let reply = match reply {
            Some(reply) => reply.repeats(self.reply.take(), seen),
            None => match self.reply.take() {
                Some(reply) => reply,
                None => return,
            },
        };
        self.next = FollowUp::after(&reply, seen);
        self.after = now.cloned();
        self.seen = seen;
        let done = reply.status == OutcomeStatus::Done;
        let arrived = at == Some(step.to) || (done && at.is_none());
        match reply.status {
            OutcomeStatus::Done | OutcomeStatus::Unknown if arrived => {
                self.may_have = BTreeSet::from([step.to]);
                if step.temporary {
                    // Its last step is still to come.
                    self.next = FollowUp::Nothing;
                    return;
                }
            }
            OutcomeStatus::Done | OutcomeStatus::Unknown => {
                self.may_have.insert(step.to);
            }
            _ => {}
        }
        self.reply = Some(reply);
    }

    fn into_outcome(self, why: &Reason) -> Outcome {
        let it = self.planned;
        let mut outcome = match self.reply {
            Some(outcome) => outcome,
            None => Outcome::skipped(&it.device, Action::NetSet, why.clone()),
        };
        // It may have been sent its last step at a spare address.
        outcome.device = (&it.device).into();
        let now = self.after.as_ref().map(|found| &*found.entry.device);
        outcome.check(it.change.seen_in(now));
        outcome.data = OutcomeData::Network(Box::new(it.change.clone()));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_steps_a_device_may_move_where_it_was_sent_and_nowhere_else() {
        let (former, planned, other) = ([10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 0, 66]);
        let may_have = BTreeSet::from([planned.into()]);
        for (reports, refused) in [
            (&[[planned, planned]][..], false),
            (&[[former, former], [planned, planned]], false),
            (&[[former, former], [other, other]], true),
            (&[[planned, planned], [other, planned]], true),
            (&[[planned, planned], [other, other]], true),
        ] {
            let reason = unexpected_sender(&DiscoveredDevice::received_from(reports), &may_have);
            assert_eq!(reason.is_some(), refused, "{reports:?}");
        }
    }
}

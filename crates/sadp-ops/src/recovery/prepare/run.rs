//! Carries out what was planned, round by round.

use sadp_proto::seal::Password;
use sadp_reset::{LedgerError, PasswordNumber, Vault};

use super::{Candidate, Plan, PlannedDevice, Settings, Step, StepProgress, read};
use crate::{
    DiscoveredDevice, KeepFailure, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Preparation, Reason, Seen, Session,
    batch::{Batch, BatchReport, DeviceCommand, Keep, PROVING, Settling, guarded},
    recovery::guid::export,
};

/// What is known while a plan is carried out.
pub(super) struct PreparationRun<'a> {
    settings: Settings<'a>,
    /// By what the ledger knows the password.
    number: PasswordNumber,
    /// How many more devices have to accept it before it goes to several at once.
    unproven: usize,
    /// Why nothing more is sent.
    pub(super) stopped: Option<Reason>,
    pub(super) failure: Option<OpsError>,
}

impl<'a> PreparationRun<'a> {
    pub(super) fn new(settings: Settings<'a>, session: &mut Session) -> Result<Self, LedgerError> {
        Ok(Self {
            settings,
            number: session.ledger_mut()?.draw_password_number()?,
            unproven: PROVING,
            stopped: None,
            failure: None,
        })
    }

    pub(super) fn ends(&self, session: &Session) -> bool {
        self.stopped.is_some() || self.failure.is_some() || session.cancellation.stop.is_cancelled()
    }

    /// Sends one preparation to all devices on which it is due.
    pub(super) async fn send(
        &mut self,
        preparation: Preparation,
        plan: &mut Plan,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let mut commands = Vec::new();
        let mut steps = Vec::new();
        for target in &mut plan.devices {
            // The password may be wrong, and the refusal lost.
            if self.ends(session) || (self.unproven > 0 && target.is_silent()) {
                continue;
            }
            let due = |it: &&mut Step| it.preparation == preparation && it.is_due_by_sadp();
            let device = &target.device;
            let Some(step) = target.steps.iter_mut().find(due) else {
                continue;
            };
            let password = Password::new(self.settings.password.clone())?;
            if let Some(command) = plan.wanted.command(preparation, device, password) {
                let device = device.clone();
                commands.push(DeviceCommand { device, command });
                steps.push(step);
            }
        }
        if commands.is_empty() {
            return Ok(());
        }
        let mut keeper = export::Keeper::new(Vault::new(session.state()), self.settings.passphrase);
        let exports = preparation == Preparation::Guid;
        // Encrypting takes a second, in which no other reply may be waited for.
        let one_by_one = exports && self.settings.passphrase.is_some();
        let parallel = if one_by_one {
            1
        } else {
            self.settings.parallel
        };
        let keep = exports.then_some(&mut keeper as &mut dyn Keep);
        let batch = Batch {
            pace: guarded(parallel, self.unproven),
            parallel,
            // Silence is settled after the round.
            settle: Some(Settling {
                seen: &|_, _| Seen::Missing,
                time: self.settings.settle,
            }),
            password: Some(&mut self.number),
            keep,
            ..Batch::new(preparation.action(), commands)
        };
        let mut sent = session
            .send(batch, self.settings.inventory, observer)
            .await?;
        for (place, (_, outcome)) in sent.outcomes.iter_mut().enumerate() {
            match preparation {
                Preparation::Guid => keeper.conclude(place, outcome),
                Preparation::Mailbox if outcome.status == OutcomeStatus::Done => {
                    if let Some(mailbox) = &plan.wanted.mailbox {
                        outcome.data = OutcomeData::Mailbox(mailbox.clone());
                    }
                }
                _ => {}
            }
        }
        let outcomes = self.take_in(sent);
        for (step, outcome) in steps.into_iter().zip(outcomes) {
            step.take_in(outcome);
        }
        Ok(())
    }

    fn take_in(&mut self, sent: BatchReport) -> Vec<Outcome> {
        self.unproven = self.unproven.saturating_sub(sent.proofs);
        self.stopped = sent.stopped.map(Reason::Stopped);
        self.failure = sent.failure;
        let outcomes = sent.outcomes.into_iter();
        outcomes.map(|(_, outcome)| outcome).collect()
    }

    /// Looks what became of commands without a reply, and decides which are sent
    /// again. Where the device accepted the password, that needs no look, but the `last`
    /// one tells how they ended.
    pub(super) async fn look(
        &mut self,
        devices: &mut [PlannedDevice],
        last: bool,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) {
        let looks: Vec<_> = devices
            .iter()
            .map(|it| it.may_show() && (last || !self.has_accepted(&it.device, session)))
            .collect();
        let silent = devices.iter().zip(&looks).filter(|(_, looks)| **looks);
        let silent: Vec<_> = silent.map(|(it, _)| it.device.clone()).collect();
        let inventory = self.settings.inventory;
        let looked = read(session, inventory, silent, observer).await;
        let looked = looked.unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            Vec::new()
        });
        let mut looked = looked.into_iter();
        for (target, looks) in devices.iter_mut().zip(looks) {
            let now = if looks { looked.next() } else { None };
            let settled = self.settle(target, now.as_ref(), session);
            self.failure.keep(settled);
        }
    }

    /// Whether the device accepted the password, as far as the ledger can be read.
    fn has_accepted(&mut self, device: &DiscoveredDevice, session: &Session) -> bool {
        match session.password_of(device) {
            Ok(known) => known == Some(self.number),
            Err(error) => {
                self.failure.get_or_insert_with(|| error.into());
                false
            }
        }
    }

    fn settle(
        &mut self,
        target: &mut PlannedDevice,
        now: Option<&Candidate>,
        session: &mut Session,
    ) -> Result<(), LedgerError> {
        let PlannedDevice { device, steps } = target;
        for step in steps {
            let seen = now.map_or(Seen::Missing, |now| seen_of(step.preparation, &now.device));
            let StepProgress::Settled(outcome) = &mut step.progress else {
                continue;
            };
            if outcome.status == OutcomeStatus::Unknown && seen == Seen::Changed {
                let action = step.preparation.action();
                session.record_accepted(device, action, &mut self.number)?;
                outcome.check(seen);
            }
        }
        let accepted = self.has_accepted(device, session);
        if !accepted && self.unproven > 0 && target.is_silent() {
            target.leave_out(&Reason::EarlierUnknown);
        }
        for step in &mut target.steps {
            let again = step.was_silent(accepted);
            if let StepProgress::Settled(outcome) = &mut step.progress
                && again
            {
                let outcome = outcome.clone();
                step.progress = StepProgress::Due(Some(outcome));
            }
        }
        Ok(())
    }
}

/// What a device shows of a preparation. That a GUID was exported is no proof that it
/// arrived.
const fn seen_of(preparation: Preparation, now: &DiscoveredDevice) -> Seen {
    let set_up = now.entry.device.recovery.set_up;
    match preparation {
        Preparation::Guid => Seen::Missing,
        Preparation::Mailbox => Seen::of(set_up.mailbox),
        Preparation::Questions => Seen::of(set_up.questions),
    }
}

//! First passwords for unactivated devices.

mod http;

use std::time::Duration;

use sadp_model::{Device, State};
use sadp_proto::{
    Command,
    seal::{Password, SealError},
};
use sadp_reset::{Account, Action, LedgerError, PasswordNumber};
use secrecy::SecretString;

pub use self::http::plan_over_http;
use crate::{
    DiscoveredDevice, Event, Inventory, KeepFailure, Observer, OpsError, Outcome, OutcomeStatus,
    Overrides, Reason, Report, SafetyChecks, Seen, Selection, Session, StopReason,
    batch::{Batch, DeviceCommand, Settling},
    inventory::Enough,
    memory::unconfirmed_activation,
    offer::preparations,
    settle::{FollowUp, RoundLimit},
};

/// Which devices get a first password.
#[derive(Debug)]
pub struct Plan<T = ()> {
    /// The devices that get it, and the others. An activation of an earlier run that is
    /// proven by now is among these, as done.
    pub selection: Selection,
    /// How many more are active already. They are counted where the user did not
    /// name them.
    pub already_active: usize,
    /// Those that an earlier run activated without a reply.
    earlier: Vec<DiscoveredDevice>,
    /// What the devices that get it told over HTTP, in the same order. Nothing where they are
    /// not asked.
    told: Vec<T>,
}

/// Plans the activation of these devices. Those that are active already, or do
/// not tell, are left out, and so are those to which nothing may be sent. `named`
/// is whether the user named them.
pub fn plan(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    overrides: Overrides,
    named: bool,
) -> Result<Plan, LedgerError> {
    let mut plan = Plan::new();
    for device in devices {
        match device.entry.device.state {
            Some(State::Unactivated) => plan.selection.devices.push(device),
            Some(_) => plan.leave_out_active(session, device, named)?,
            None => plan.leave_out(&device, Reason::StateUnknown),
        }
    }
    let checks = SafetyChecks::new(Action::Activate, overrides);
    plan.selection = checks.narrow(session, plan.selection)?;
    Ok(plan)
}

impl<T> Plan<T> {
    const fn new() -> Self {
        Self {
            selection: Selection::of(Action::Activate, Vec::new()),
            already_active: 0,
            earlier: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Leaves out a device that has a password. An earlier run may have sent it, and no
    /// reply came.
    fn leave_out_active(
        &mut self,
        session: &Session,
        device: DiscoveredDevice,
        named: bool,
    ) -> Result<(), LedgerError> {
        let earlier = match (session.ledger(), device.key()) {
            (Some(ledger), Some(key)) => unconfirmed_activation(ledger, &key)?,
            _ => None,
        };
        if let Some(at) = earlier {
            self.selection.left_out.push(Outcome {
                reason: Reason::ActivatedEarlier { at },
                ..Outcome::new(&device, Action::Activate, OutcomeStatus::Done)
            });
            self.earlier.push(device);
        } else if named {
            self.leave_out(&device, Reason::AlreadyActive);
        } else {
            self.already_active += 1;
        }
        Ok(())
    }

    fn leave_out(&mut self, device: &DiscoveredDevice, reason: Reason) {
        let skipped = Outcome::skipped(device, Action::Activate, reason);
        self.selection.left_out.push(skipped);
    }

    /// Writes down what is proven of earlier runs: the former GUIDs of a device
    /// that they activated are void.
    pub fn record_earlier(&self, session: &mut Session) -> Result<(), LedgerError> {
        let mut earlier = self.earlier.iter();
        earlier.try_for_each(|device| session.record_success(device, Action::Activate))
    }
}

impl Plan {
    /// Sends the password to each device, at most `parallel` at a time, and looks
    /// at them again. What a look proves undone is sent again, within `settle`.
    pub async fn carry_out(
        self,
        session: &mut Session,
        activation: Activation<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        self.record_earlier(session)?;
        let devices = self.selection.devices;
        let mut report = Report::new(self.selection.left_out);
        if devices.is_empty() {
            return Ok(report);
        }
        let mut targets: Vec<_> = devices.into_iter().map(ActivationProgress::new).collect();
        let mut sending = Sending {
            activation,
            password: session.ledger_mut()?.draw_password_number()?,
            network_gone: false,
        };
        let mut rounds = RoundLimit::begin(activation.settle);
        while targets.iter().any(|it| it.next != FollowUp::Nothing) {
            if let Err(error) = sending.send(&mut targets, session, observer).await {
                let mut all = targets.iter();
                if all.all(|it| it.outcome.is_none() && it.reply.is_none()) {
                    return Err(error);
                }
                report.failure = Some(error);
            }
            let open = targets.iter_mut().filter(|it| it.next != FollowUp::Nothing);
            let open: Vec<_> = open.collect();
            let keys: Vec<_> = open.iter().filter_map(|it| it.device.key()).collect();
            if !open.is_empty() {
                let enough = Enough::Received(&keys);
                let after = session.look_again_until(enough, observer).await;
                for target in open {
                    let now = after.same(&target.device);
                    target.take_in(now.map(|found| &*found.entry.device));
                }
            }
            let stopped = session.cancellation.stop.is_cancelled() || sending.network_gone;
            if report.failure.is_some() || stopped || !rounds.begin_next() {
                break;
            }
            let again = targets.iter().filter(|it| it.next == FollowUp::SendAgain);
            let again = again.count();
            if again > 0 {
                observer.observe(Event::SendingAgain(again));
            }
        }
        for target in targets {
            let Some(mut outcome) = target.outcome else {
                continue;
            };
            let replied = outcome.status == OutcomeStatus::Done;
            outcome.check(target.seen);
            if outcome.status == OutcomeStatus::Done {
                if !replied {
                    let recorded = record(&target.device, sending.password, session);
                    report.failure.keep(recorded);
                }
                if let (Some(account), Some(key)) = (target.account, target.device.key()) {
                    report
                        .failure
                        .keep(session.remember_account(&key, &account));
                }
                outcome.next = outcome.next.or_else(|| preparations(&target.device));
            }
            report.outcomes.push(outcome);
        }
        Ok(report)
    }
}

/// What goes to each device.
struct Sending<'a> {
    activation: Activation<'a>,
    password: PasswordNumber,
    network_gone: bool,
}

impl Sending<'_> {
    /// Sends the password to those devices that it is to be sent to. The error is
    /// one of this computer; what became of the devices that were sent it stands
    /// with them.
    async fn send(
        &mut self,
        targets: &mut [ActivationProgress],
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let due = targets.iter_mut();
        let due: Vec<_> = due.filter(|it| it.next == FollowUp::SendAgain).collect();
        if due.is_empty() {
            return Ok(());
        }
        let activation = self.activation;
        let commands = due.iter().map(|it| it.command(activation.password));
        let commands = commands.collect::<Result<_, _>>()?;
        let settling = Settling {
            seen: &|_, device| seen(Some(device)),
            time: activation.settle,
        };
        let batch = Batch {
            parallel: activation.parallel,
            settle: (!activation.settle.is_zero()).then_some(settling),
            password: Some(&mut self.password),
            ..Batch::new(Action::Activate, commands)
        };
        let sent = session.send(batch, activation.inventory, observer).await?;
        self.network_gone = sent.stopped == Some(StopReason::NetworkGone);
        let outcomes = due.into_iter().zip(sent.outcomes);
        for (place, (target, (_, outcome))) in outcomes.enumerate() {
            target.reply = Some(outcome);
            if let Some(device) = sent.reports.get(&place) {
                target.take_in(Some(device));
            }
        }
        sent.failure.map_or(Ok(()), Err)
    }
}

/// Writes down what only a look proves: that a device has this password.
fn record(
    device: &DiscoveredDevice,
    password: PasswordNumber,
    session: &mut Session,
) -> Result<(), LedgerError> {
    session.record_success(device, Action::Activate)?;
    let at = session.now();
    match device.key() {
        Some(key) => session
            .ledger_mut()?
            .record_new_password(&key, password, at),
        None => Ok(()),
    }
}

/// A device on its way to its first password.
struct ActivationProgress {
    device: DiscoveredDevice,
    next: FollowUp,
    /// What became of the command of this round.
    reply: Option<Outcome>,
    /// What became of it so far, before the look.
    outcome: Option<Outcome>,
    seen: Seen,
    /// The account that it reports since.
    account: Option<Account>,
}

impl ActivationProgress {
    const fn new(device: DiscoveredDevice) -> Self {
        Self {
            device,
            next: FollowUp::SendAgain,
            reply: None,
            outcome: None,
            seen: Seen::Missing,
            account: None,
        }
    }

    fn command(&self, password: &SecretString) -> Result<DeviceCommand, SealError> {
        let password = Password::new(password.clone())?;
        Ok(DeviceCommand {
            device: self.device.clone(),
            command: Command::Activate { password },
        })
    }

    /// Takes in what the device reports after its command.
    fn take_in(&mut self, now: Option<&Device>) {
        self.seen = seen(now);
        let active = now.filter(|_| self.seen == Seen::Changed);
        self.account = active.map(Account::of).or_else(|| self.account.take());
        let outcome = match self.reply.take() {
            Some(reply) => Some(reply.repeats(self.outcome.take(), self.seen)),
            None => self.outcome.take(),
        };
        let next = outcome.as_ref().map(|it| FollowUp::after(it, self.seen));
        self.next = next.unwrap_or(FollowUp::Nothing);
        self.outcome = outcome;
    }
}

/// What an activation needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct Activation<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The password to set.
    pub password: &'a SecretString,
    /// The most devices at a time.
    pub parallel: usize,
    /// How long silent devices are looked at again: [`crate::SETTLE`] is usual.
    /// Zero looks once and repeats nothing.
    pub settle: Duration,
}

fn seen(now: Option<&Device>) -> Seen {
    match now.and_then(|device| device.state) {
        Some(State::Unactivated) => Seen::Unchanged,
        Some(_) => Seen::Changed,
        None => Seen::Missing,
    }
}

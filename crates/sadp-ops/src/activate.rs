//! First passwords for unactivated devices.

use sadp_discovery::Pace;
use sadp_model::State;
use sadp_proto::{Command, seal::Password};
use sadp_reset::{Action, LedgerError};
use secrecy::SecretString;

use crate::{
    DiscoveredDevice, Inventory, NextStep, Observer, OpsError, Outcome, OutcomeStatus, Overrides,
    Preparation, Reason, Report, SafetyChecks, Seen, Session,
    batch::{Batch, DeviceCommand, KeepNothing},
};

/// Which devices get a first password.
#[derive(Debug)]
pub struct Plan {
    /// The devices that get it.
    pub devices: Vec<DiscoveredDevice>,
    /// Those that do not, and why.
    pub left_out: Vec<Outcome>,
}

/// Plans the activation of these devices. Those that are active already, or do
/// not tell, are left out, and so are those to which nothing may be sent.
pub fn plan(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    overrides: Overrides,
) -> Result<Plan, LedgerError> {
    let mut unactivated = Vec::new();
    let mut left_out = Vec::new();
    for device in devices {
        let reason = match device.entry.device.state {
            Some(State::Unactivated) => {
                unactivated.push(device);
                continue;
            }
            Some(_) => Reason::AlreadyActive,
            None => Reason::StateUnknown,
        };
        left_out.push(Outcome::skipped(&device, Action::Activate, reason));
    }
    let checks = SafetyChecks {
        action: Action::Activate,
        overrides,
    };
    let (devices, blocked) = checks.split(unactivated, session.ledger(), session.now())?;
    left_out.extend(blocked);
    Ok(Plan { devices, left_out })
}

impl Plan {
    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let planned = |it| Outcome::new(it, Action::Activate, OutcomeStatus::Planned);
        let mut outcomes = self.left_out;
        outcomes.extend(self.devices.iter().map(planned));
        outcomes
    }

    /// Sends the password once to each device, at most `parallel` at a time, and
    /// looks at them again.
    pub async fn carry_out(
        self,
        session: &mut Session,
        activation: Activation<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let mut outcomes = self.left_out;
        let mut commands = Vec::new();
        for device in self.devices {
            let password = Password::new(activation.password.clone())?;
            let command = Command::Activate { password };
            commands.push(DeviceCommand { device, command });
        }
        let batch = Batch {
            action: Action::Activate,
            pace: Pace::Together,
            parallel: activation.parallel,
            commands,
            keep: &mut KeepNothing,
        };
        let sent = session.send(batch, activation.inventory, observer).await?;
        if sent.outcomes.is_empty() {
            return Ok(Report::new(outcomes));
        }
        let after = session.look_again(observer).await;
        let mut failure = sent.failure;
        for (device, mut outcome) in sent.outcomes {
            let replied = outcome.status == OutcomeStatus::Done;
            outcome.check(seen(after.same(&device)));
            if outcome.status == OutcomeStatus::Done
                && !replied
                && let Err(error) = session.record_success(&device, Action::Activate)
            {
                failure.get_or_insert_with(|| error.into());
            }
            if outcome.status == OutcomeStatus::Done && outcome.next.is_none() {
                outcome.next = preparations(&device);
            }
            outcomes.push(outcome);
        }
        Ok(Report { outcomes, failure })
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
}

fn seen(after: Option<&DiscoveredDevice>) -> Seen {
    match after.and_then(|found| found.entry.device.state) {
        Some(State::Unactivated) => Seen::Unchanged,
        Some(_) => Seen::Changed,
        None => Seen::Missing,
    }
}

/// What is best prepared while the password is known, as far as the device offers
/// it.
fn preparations(found: &DiscoveredDevice) -> Option<NextStep> {
    let recovery = &found.entry.device.recovery;
    let offered = [
        (recovery.questions, Preparation::Questions),
        (recovery.mailbox, Preparation::Mailbox),
        (recovery.guid, Preparation::Guid),
    ];
    let offered = offered.into_iter().filter(|(it, _)| *it == Some(true));
    let preparations: Vec<_> = offered.map(|(_, preparation)| preparation).collect();
    (!preparations.is_empty()).then_some(NextStep::Prepare(preparations))
}

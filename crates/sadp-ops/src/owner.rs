//! What the owner of a device changes with the current password: Hik-Connect, and
//! the return to the unactivated state. The state of Hik-Connect is read without a
//! password.

use sadp_model::State;
use sadp_proto::{Command, VerificationCode, seal::Password};
use sadp_reset::{Action, LedgerError};

pub use crate::outcome::owner::{CloudStatus, OwnerChange, OwnerFinding, UnbindStatus};
use crate::{
    DiscoveredDevice, Inventory, KeepFailure, Observer, OpsError, Outcome, OutcomeData,
    OutcomeStatus, Overrides, PasswordSettings, Reason, Report, Requirements, SafetyChecks,
    Selection, Session,
};

/// Reads the state of Hik-Connect. Where the device offers it, it is asked whether
/// it can be unbound; that changes nothing.
pub async fn show_cloud(
    session: &mut Session,
    inventory: &Inventory,
    device: DiscoveredDevice,
    observer: &mut dyn Observer,
) -> Result<Report, OpsError> {
    let facts = &device.entry.device;
    let mut report = Report::new(Vec::new());
    let mut unbind = None;
    if facts.cloud.can_unbind == Some(true) && facts.state != Some(State::Unactivated) {
        let checks = SafetyChecks::new(Action::CloudShow, Overrides::default());
        if let Some(blocked) = checks.blocked(session, &device)? {
            return Ok(Report::new(vec![blocked]));
        }
        report = ask_unbind_status(session, inventory, &device, observer).await?;
        let Some(reply) = report.outcomes.pop() else {
            return Ok(report);
        };
        unbind = match (&reply.verdict, reply.status) {
            (Some(verdict), _) => Some(UnbindStatus::Refused(verdict.refusal.clone())),
            (None, OutcomeStatus::Done) => Some(UnbindStatus::Ready),
            (None, _) => {
                report.outcomes.push(reply);
                return Ok(report);
            }
        };
    }
    report.outcomes.push(Outcome {
        data: OutcomeData::Cloud(Box::new(CloudStatus::new(facts, unbind))),
        ..Outcome::new(&device, Action::CloudShow, OutcomeStatus::Done)
    });
    Ok(report)
}

async fn ask_unbind_status(
    session: &mut Session,
    inventory: &Inventory,
    device: &DiscoveredDevice,
    observer: &mut dyn Observer,
) -> Result<Report, OpsError> {
    let selection = Selection::of(Action::CloudShow, vec![device.clone()]);
    let sent = selection.send_single(Command::GetUnbindStatus, session, inventory, observer);
    let (left_out, sent) = sent.await?;
    Ok(sent.into_report(left_out))
}

/// A change of one device.
#[derive(Debug)]
pub struct Plan {
    /// The device, where it is sent the command.
    pub selection: Selection,
    change: OwnerChange,
}

/// Plans to change a device. Nothing is sent to one that reports the change
/// already.
pub fn plan(
    session: &Session,
    device: DiscoveredDevice,
    change: OwnerChange,
    overrides: Overrides,
) -> Result<Plan, LedgerError> {
    let action = change.action();
    let selection = if change.is_needed(&device.entry.device) {
        Requirements::new(action, overrides, true).select(session, vec![device])?
    } else {
        let outcome = Outcome {
            reason: Reason::Owner(OwnerFinding::NotNeeded(change)),
            ..Outcome::new(&device, action, OutcomeStatus::Done)
        };
        Selection {
            left_out: vec![outcome],
            ..Selection::of(action, Vec::new())
        }
    };
    Ok(Plan { selection, change })
}

/// What a change needs beside its plan.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The look that the plan was made from, and the current password.
    pub password: PasswordSettings<'a>,
    /// The verification code, for [`OwnerChange::Code`].
    pub code: Option<VerificationCode>,
}

impl Plan {
    /// What would become of the device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let reason = Reason::Owner(OwnerFinding::Planned(self.change));
        self.selection
            .into_outcomes_with(|outcome| outcome.reason = reason.clone())
    }

    /// Sends the command with the password, once, and looks at the device again.
    /// A device that is to be unbound is asked first whether it can be, and is not
    /// sent the password where it cannot.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: Settings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self { change, .. } = self;
        let Settings { password, code } = settings;
        let inventory = password.inventory;
        let command = change.command(Password::new(password.password.clone())?, code)?;
        if let (OwnerChange::Unbind, [device]) = (change, &self.selection.devices[..]) {
            let mut asked = ask_unbind_status(session, inventory, device, observer).await?;
            let mut replies = asked.outcomes.iter();
            if asked.failure.is_some() || replies.any(|it| it.status != OutcomeStatus::Done) {
                asked.outcomes.iter_mut().for_each(not_unbound);
                return Ok(asked);
            }
        }
        let selection = self.selection;
        let sent = selection.send_single(command, session, inventory, observer);
        let (left_out, mut sent) = sent.await?;
        let after = sent.look_again(session, inventory, observer).await;
        for (device, outcome) in &mut sent.outcomes {
            let replied = outcome.status == OutcomeStatus::Done;
            let now = after.same(device).map(|now| &*now.entry.device);
            change.conclude(outcome, now);
            if outcome.status == OutcomeStatus::Done && !replied {
                let recorded = session.record_success(device, change.action());
                sent.failure.keep(recorded);
            }
        }
        Ok(sent.into_report(left_out))
    }
}

/// Makes it the outcome of a device that was not unbound.
fn not_unbound(outcome: &mut Outcome) {
    outcome.action = Action::CloudUnbind;
    match outcome.status {
        OutcomeStatus::Refused => outcome.reason = Reason::Owner(OwnerFinding::CannotUnbind),
        OutcomeStatus::NoAnswer => outcome.reason = Reason::Owner(OwnerFinding::NoUnbindStatus),
        _ => {}
    }
}

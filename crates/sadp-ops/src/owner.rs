//! What the owner of a device changes with the current password: Hik-Connect, and
//! the return to the unactivated state. The state of Hik-Connect is read without a
//! password.

use sadp_model::{Device, State};
use sadp_proto::{Command, VerificationCode, seal::Password};
use sadp_reset::{Action, LedgerError};

pub use crate::outcome::owner::{CloudStatus, OwnerChange, OwnerFinding, UnbindStatus};
use crate::{
    DiscoveredDevice, Inventory, Observer, Offer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, Report, Requirements, SafetyChecks, Seen, Selection,
    Session, offer::SingleCommand,
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
        let checks = SafetyChecks {
            action: Action::CloudShow,
            overrides: Overrides::default(),
        };
        if let Some(blocked) = checks.blocked(&device, session.ledger(), session.now())? {
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
    let selection = Selection {
        action: Action::CloudShow,
        devices: vec![device.clone()],
        left_out: Vec::new(),
    };
    let single = SingleCommand {
        command: Command::GetUnbindStatus,
        inventory,
    };
    let (mut outcomes, sent) = selection.send_single(session, single, observer).await?;
    outcomes.extend(sent.outcomes.into_iter().map(|(_, outcome)| outcome));
    Ok(Report {
        outcomes,
        failure: sent.failure,
    })
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
        let requirements = Requirements {
            action,
            offer: change.offer(),
            overrides,
            named: true,
        };
        requirements.select(session, vec![device])?
    } else {
        let outcome = Outcome {
            reason: Reason::Owner(OwnerFinding::NotNeeded(change)),
            ..Outcome::new(&device, action, OutcomeStatus::Done)
        };
        Selection {
            action,
            devices: Vec::new(),
            left_out: vec![outcome],
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
        let mut outcomes = self.selection.into_outcomes();
        for outcome in &mut outcomes {
            if outcome.status == OutcomeStatus::Planned {
                outcome.reason = Reason::Owner(OwnerFinding::Planned(self.change));
            }
        }
        outcomes
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
        let single = SingleCommand { command, inventory };
        let sent = self.selection.send_single(session, single, observer);
        let (mut outcomes, mut sent) = sent.await?;
        let mut statuses = sent.outcomes.iter().map(|(_, outcome)| outcome.status);
        let is_open = |it| matches!(it, OutcomeStatus::Done | OutcomeStatus::Unknown);
        let after = if statuses.any(is_open) {
            let devices = inventory.devices.len();
            session.look_again_for(devices, observer).await
        } else {
            Inventory::default()
        };
        for (device, mut outcome) in sent.outcomes {
            let replied = outcome.status == OutcomeStatus::Done;
            let now = after.same(&device).map(|now| &now.entry.device);
            change.conclude(&mut outcome, now);
            if outcome.status == OutcomeStatus::Done
                && !replied
                && let Err(error) = session.record_success(&device, change.action())
            {
                sent.failure.get_or_insert_with(|| error.into());
            }
            outcomes.push(outcome);
        }
        Ok(Report {
            outcomes,
            failure: sent.failure,
        })
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

impl OwnerChange {
    const fn action(self) -> Action {
        match self {
            Self::CloudOn | Self::CloudOff => Action::CloudSet,
            Self::Code => Action::CloudCode,
            Self::Unbind => Action::CloudUnbind,
            Self::Deactivate => Action::Deactivate,
        }
    }

    const fn offer(self) -> Offer {
        match self {
            Self::CloudOn | Self::CloudOff | Self::Code => Offer::Cloud,
            Self::Unbind => Offer::Unbind,
            Self::Deactivate => Offer::Deactivate,
        }
    }

    /// Whether the device does not report it yet.
    fn is_needed(self, device: &Device) -> bool {
        let cloud = &device.cloud;
        match self {
            Self::CloudOn => cloud.enabled != Some(true),
            // Devices without Hik-Connect report that it is off, too.
            Self::CloudOff => cloud.supported != Some(true) || cloud.enabled != Some(false),
            Self::Deactivate => device.state != Some(State::Unactivated),
            Self::Code | Self::Unbind => true,
        }
    }

    fn command(
        self,
        password: Password,
        code: Option<VerificationCode>,
    ) -> Result<Command, OpsError> {
        Ok(match self {
            Self::CloudOn | Self::CloudOff => Command::SetCloud {
                enabled: self == Self::CloudOn,
                password,
            },
            Self::Code => Command::SetVerificationCode {
                code: code.ok_or(OpsError::CodeMissing)?,
                password,
            },
            Self::Unbind => Command::Unbind { password },
            Self::Deactivate => Command::Deactivate { password },
        })
    }

    /// Whether the device reports the change. `None` where it does not report that.
    fn is_reported(self, device: &Device) -> Option<bool> {
        match self {
            Self::CloudOn => device.cloud.enabled,
            Self::CloudOff => device.cloud.enabled.map(|enabled| !enabled),
            Self::Code => None,
            Self::Unbind => device.cloud.bound.map(|bound| !bound),
            Self::Deactivate => device.state.map(|state| state == State::Unactivated),
        }
    }

    /// Adds what a device that accepted the change, or did not reply, reports
    /// afterwards.
    fn conclude(self, outcome: &mut Outcome, now: Option<&Device>) {
        let replied = match outcome.status {
            OutcomeStatus::Done => true,
            OutcomeStatus::Unknown => false,
            _ => return,
        };
        let reported = now.and_then(|device| self.is_reported(device));
        outcome.seen = Some(match reported {
            Some(true) => Seen::Changed,
            Some(false) => Seen::Unchanged,
            None => Seen::Missing,
        });
        let (status, finding) = match (replied, reported) {
            (_, Some(true)) => (OutcomeStatus::Done, OwnerFinding::Done(self)),
            (_, Some(false)) => {
                let finding = OwnerFinding::NotReported { accepted: replied };
                (OutcomeStatus::Unknown, finding)
            }
            (true, None) if now.is_some() => (OutcomeStatus::Done, OwnerFinding::Done(self)),
            (true, None) => (OutcomeStatus::Done, OwnerFinding::Accepted),
            (false, None) => return,
        };
        outcome.status = status;
        outcome.reason = Reason::Owner(finding);
        outcome.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_afterwards_decides() {
        use OutcomeStatus::{Done, Refused, Unknown};
        let on = OwnerChange::CloudOn;
        for (status, enabled, expected) in [
            (Done, Some(true), Done),
            (Done, Some(false), Unknown),
            (Done, None, Done),
            (Unknown, Some(true), Done),
            (Unknown, Some(false), Unknown),
            (Unknown, None, Unknown),
            (Refused, Some(true), Refused),
        ] {
            let mut now = Device::unknown();
            now.cloud.enabled = enabled;
            let mut outcome = Outcome::new(crate::DeviceRef::default(), on.action(), status);
            on.conclude(&mut outcome, Some(&now));
            assert_eq!(outcome.status, expected, "{status:?} {enabled:?}");
        }
        let mut unseen = Outcome::new(crate::DeviceRef::default(), Action::Deactivate, Done);
        OwnerChange::Deactivate.conclude(&mut unseen, None);
        assert_eq!(unseen.reason, Reason::Owner(OwnerFinding::Accepted));
    }
}

//! The lamp of a device.

use sadp_discovery::Pace;
use sadp_proto::Command;
use sadp_reset::{Action, LedgerError};

use crate::{
    DiscoveredDevice, Inventory, NextStep, Observer, OpsError, Outcome, OutcomeStatus, Overrides,
    Reason, Report, SafetyChecks, Session,
    batch::{Batch, DeviceCommand, KeepNothing},
};

/// A lamp to switch.
#[derive(Debug)]
pub struct Plan {
    /// Whether to light it.
    pub on: bool,
    /// The device, where it may be sent the command.
    pub devices: Vec<DiscoveredDevice>,
    /// Why it may not.
    pub left_out: Vec<Outcome>,
}

/// Plans to switch the lamp of a device.
pub fn plan(session: &Session, device: DiscoveredDevice, on: bool) -> Result<Plan, LedgerError> {
    let checks = SafetyChecks {
        action: Action::Locate,
        overrides: Overrides::default(),
    };
    let (devices, left_out) = checks.split(vec![device], session.ledger(), session.now())?;
    Ok(Plan {
        on,
        devices,
        left_out,
    })
}

impl Plan {
    /// What would become of the device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let planned = |device| Outcome {
            reason: Reason::Lamp { on: self.on },
            ..Outcome::new(device, Action::Locate, OutcomeStatus::Planned)
        };
        let mut outcomes = self.left_out;
        outcomes.extend(self.devices.iter().map(planned));
        outcomes
    }

    /// Switches the lamp. The command changes nothing that lasts, so it may be sent
    /// again where no reply comes.
    pub async fn carry_out(
        self,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let on = self.on;
        let command = |device| DeviceCommand {
            device,
            command: Command::Lamp { on },
        };
        let batch = Batch {
            action: Action::Locate,
            pace: Pace::Together,
            parallel: 1,
            commands: self.devices.into_iter().map(command).collect(),
            keep: &mut KeepNothing,
        };
        let sent = session.send(batch, inventory, observer).await?;
        let mut outcomes = self.left_out;
        for (_, mut outcome) in sent.outcomes {
            match outcome.status {
                OutcomeStatus::Done => outcome.reason = Reason::Lamp { on },
                OutcomeStatus::NoAnswer => outcome.next = Some(NextStep::MayHaveNoLamp),
                _ => {}
            }
            outcomes.push(outcome);
        }
        Ok(Report {
            outcomes,
            failure: sent.failure,
        })
    }
}

//! The lamp by which a device is found in a rack.

use sadp_proto::Command;
use sadp_reset::{Action, LedgerError};

pub use crate::outcome::Lamp;
use crate::{
    DiscoveredDevice, Event, Inventory, NextStep, Observer, OpsError, Outcome, OutcomeStatus,
    Overrides, Reason, Report, SafetyChecks, Selection, Session, batch::BatchReport,
};

/// A lamp to switch.
#[derive(Debug)]
pub struct Plan {
    /// What is done with it.
    pub lamp: Lamp,
    /// The device, where it may be sent the command.
    pub selection: Selection,
}

/// Plans to switch the lamp of a device.
pub fn plan(session: &Session, device: DiscoveredDevice, lamp: Lamp) -> Result<Plan, LedgerError> {
    let checks = SafetyChecks::new(Action::Locate, Overrides::default());
    let selection = Selection::of(Action::Locate, vec![device]);
    let selection = checks.narrow(session, selection)?;
    Ok(Plan { lamp, selection })
}

impl Plan {
    /// What would become of the device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let lamp = Reason::Lamp(self.lamp);
        self.selection
            .into_outcomes_with(|outcome| outcome.reason = lamp.clone())
    }

    /// Switches the lamp. The command changes nothing that lasts, so it may be sent
    /// again where no reply comes. A lamp that was switched on for a time is
    /// switched off even where the session was asked to stop meanwhile.
    pub async fn carry_out(
        self,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Self { lamp, selection } = self;
        let (devices, left_out) = (selection.devices, selection.left_out);
        let switch = LampSwitch { devices, inventory };
        let sent = switch.send(session, lamp != Lamp::Off, observer).await?;
        let (mut outcomes, mut failure) = (left_out, sent.failure);
        for (_, mut outcome) in sent.outcomes {
            if outcome.status == OutcomeStatus::Done {
                outcome.reason = Reason::Lamp(lamp);
            }
            if let (Lamp::For(time), OutcomeStatus::Done) = (lamp, outcome.status) {
                observer.observe(Event::LampIsOn(time));
                let stop = session.cancellation.stop.clone();
                if failure.is_none() {
                    // Ready at once where the session was asked to stop before.
                    let _ = tokio::time::timeout(time, stop.cancelled()).await;
                }
                let off = switch.send_off(session, observer).await?;
                failure = failure.or(off.failure);
                for (_, off) in off.outcomes {
                    outcome = switched_off(off, lamp);
                }
            }
            outcomes.push(outcome);
        }
        Ok(Report { outcomes, failure })
    }
}

/// The lamp of a device and how to reach it.
struct LampSwitch<'a> {
    devices: Vec<DiscoveredDevice>,
    inventory: &'a Inventory,
}

impl LampSwitch<'_> {
    async fn send(
        &self,
        session: &mut Session,
        on: bool,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        let selection = Selection::of(Action::Locate, self.devices.clone());
        let command = Command::Lamp { on };
        let sent = selection.send_single(command, session, self.inventory, observer);
        let (_, mut sent) = sent.await?;
        for (_, outcome) in &mut sent.outcomes {
            if outcome.status == OutcomeStatus::NoAnswer {
                outcome.next = Some(NextStep::MayHaveNoLamp);
            }
        }
        Ok(sent)
    }

    /// Switches it off: only the second request to stop ends that.
    async fn send_off(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        let abandon = session.cancellation.abandon.clone();
        let stop = std::mem::replace(&mut session.cancellation.stop, abandon);
        let sent = self.send(session, false, observer).await;
        session.cancellation.stop = stop;
        sent
    }
}

/// The outcome of a lamp that was on and should be off.
fn switched_off(mut off: Outcome, lamp: Lamp) -> Outcome {
    if off.status == OutcomeStatus::Done {
        off.reason = Reason::Lamp(lamp);
    } else {
        off.reason = Reason::LampLeftOn(Box::new(off.reason));
        off.next = Some(NextStep::SwitchLampOff);
    }
    off
}

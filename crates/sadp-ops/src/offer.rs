//! What a device must offer for a command, and to which devices it goes.

use sadp_discovery::Pace;
use sadp_model::{Device, State};
use sadp_proto::{Command, seal::Password};
use sadp_reset::{Action, LedgerError};
use secrecy::SecretString;

use crate::{
    DiscoveredDevice, Guard, Inventory, NextStep, Observer, Offer, OpsError, Outcome,
    OutcomeStatus, Overrides, Preparation, Reason, SafetyChecks, Session,
    batch::{Batch, BatchReport, DeviceCommand, Keep, guarded},
};

/// What is required of a device before a command is sent to it.
#[derive(Clone, Debug)]
pub(crate) struct Requirements {
    /// The command's action.
    pub(crate) action: Action,
    /// What the user lifted.
    pub(crate) overrides: Overrides,
    /// Whether the user named the devices: one that is left out is a failure then.
    /// With `--all`, devices that do not offer it are skipped silently.
    pub(crate) named: bool,
}

impl Requirements {
    /// The requirements of an action.
    pub(crate) const fn new(action: Action, overrides: Overrides, named: bool) -> Self {
        Self {
            action,
            overrides,
            named,
        }
    }

    /// Splits the devices that may be sent the command from the others.
    pub(crate) fn select(
        &self,
        session: &Session,
        devices: Vec<DiscoveredDevice>,
    ) -> Result<Selection, LedgerError> {
        self.narrow(session, Selection::of(self.action, devices))
    }

    /// Leaves out the others of a selection.
    pub(crate) fn narrow(
        &self,
        session: &Session,
        selection: Selection,
    ) -> Result<Selection, LedgerError> {
        let offering = selection.without(|it| self.objection(&it.entry.device));
        SafetyChecks::new(self.action, self.overrides).narrow(session, offering)
    }

    /// Why a device does not get the command, by what it offers.
    pub(crate) fn objection(&self, device: &Device) -> Option<Reason> {
        let named = self.named;
        if device.state == Some(State::Unactivated) {
            return Some(Reason::Unactivated { named });
        }
        let offer = Offer::for_action(self.action)?;
        let offered = offer.of(device) == Some(true);
        let fit = offered || self.overrides.lifts(Guard::WayNotOffered);
        (!fit).then_some(Reason::NotOffered { offer, named })
    }
}

impl SafetyChecks {
    /// Leaves out the devices of a selection that must not be sent the command.
    pub fn narrow(
        &self,
        session: &Session,
        mut selection: Selection,
    ) -> Result<Selection, LedgerError> {
        for device in std::mem::take(&mut selection.devices) {
            match self.blocked(session, &device)? {
                Some(outcome) => selection.left_out.push(outcome),
                None => selection.devices.push(device),
            }
        }
        Ok(selection)
    }
}

/// The devices that a command goes to, and the others.
#[derive(Debug)]
pub struct Selection {
    /// The command's action.
    pub action: Action,
    /// The devices that it goes to.
    pub devices: Vec<DiscoveredDevice>,
    /// Those that it does not go to, and why.
    pub left_out: Vec<Outcome>,
}

/// What is best prepared while the password is known, as far as the device offers
/// it.
pub(crate) fn preparations(found: &DiscoveredDevice) -> Option<NextStep> {
    let device = &found.entry.device;
    let mut preparations = Vec::from(Preparation::ALL);
    preparations.retain(|it| it.offer().of(device) == Some(true));
    preparations.reverse();
    (!preparations.is_empty()).then_some(NextStep::Prepare(preparations))
}

/// What a command with a password needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The current password, or the new one where the command sets it.
    pub password: &'a SecretString,
}

impl<'a> PasswordSettings<'a> {
    /// A password for the devices of a look.
    pub const fn new(inventory: &'a Inventory, password: &'a SecretString) -> Self {
        Self {
            inventory,
            password,
        }
    }
}

impl Selection {
    /// All of these devices.
    pub const fn of(action: Action, devices: Vec<DiscoveredDevice>) -> Self {
        Self {
            action,
            devices,
            left_out: Vec::new(),
        }
    }

    /// The same but for those to which there is an objection.
    pub(crate) fn without(
        mut self,
        objection: impl Fn(&DiscoveredDevice) -> Option<Reason>,
    ) -> Self {
        for device in std::mem::take(&mut self.devices) {
            match objection(&device) {
                Some(reason) => {
                    let skipped = Outcome::skipped(&device, self.action, reason);
                    self.left_out.push(skipped);
                }
                None => self.devices.push(device),
            }
        }
        self
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        self.into_outcomes_with(|_| {})
    }

    /// The same, with something added to the outcomes of devices that it goes to.
    pub(crate) fn into_outcomes_with(self, add: impl Fn(&mut Outcome)) -> Vec<Outcome> {
        let mut outcomes = self.left_out;
        for device in &self.devices {
            let mut planned = Outcome::new(device, self.action, OutcomeStatus::Planned);
            add(&mut planned);
            outcomes.push(planned);
        }
        outcomes
    }

    /// Leaves out devices that do not offer to pass a new password on to their
    /// cameras.
    pub(crate) fn require_camera_sync(&mut self) {
        let unable = self.devices.extract_if(.., |it| !offers_camera_sync(it));
        let skipped = unable.map(|it| Outcome::skipped(&it, self.action, Reason::NoCameraSync));
        self.left_out.extend(skipped);
    }

    /// Sends a command to the only device. Returns what was left out, too.
    pub(crate) async fn send_single(
        mut self,
        command: Command,
        session: &mut Session,
        inventory: &Inventory,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<Outcome>, BatchReport), OpsError> {
        let device = self.devices.pop();
        let command = device.map(|device| DeviceCommand { device, command });
        let batch = Batch::new(self.action, command.into_iter().collect());
        let sent = session.send(batch, inventory, observer).await?;
        Ok((self.left_out, sent))
    }

    /// Sends the same command with the current password to one device after the
    /// other. The first refusal that may be about the password ends it. Returns what
    /// was left out, too.
    pub(crate) async fn send_with_password(
        self,
        session: &mut Session,
        commands: PasswordCommands<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<Outcome>, BatchReport), OpsError> {
        let PasswordCommands { settings, keep, .. } = commands;
        let make = commands.command;
        let mut commands = Vec::new();
        for device in self.devices {
            let command = make(Password::new(settings.password.clone())?);
            commands.push(DeviceCommand { device, command });
        }
        let batch = Batch {
            pace: ONE_BY_ONE,
            keep,
            ..Batch::new(self.action, commands)
        };
        let sent = session.send(batch, settings.inventory, observer).await?;
        Ok((self.left_out, sent))
    }
}

/// The same command for several devices, each with the current password.
pub(crate) struct PasswordCommands<'a> {
    pub(crate) settings: PasswordSettings<'a>,
    pub(crate) command: &'a dyn Fn(Password) -> Command,
    /// Keeps what devices answer, where that matters.
    pub(crate) keep: Option<&'a mut dyn Keep>,
}

/// For the same password to many devices: a wrong one must not reach a second.
const ONE_BY_ONE: Pace = guarded(1, 1);

/// Whether a recorder offers to pass a new password on to its cameras.
pub(crate) fn offers_camera_sync(device: &DiscoveredDevice) -> bool {
    device.entry.device.recovery.sync_camera_passwords == Some(true)
}

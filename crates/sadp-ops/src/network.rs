//! Network settings: of one device, and of many by a plan file.
//!
//! [`set`] and [`apply`] make a [`Plan`], in an order in which no device takes an address
//! that another still has. It is carried out wave after wave, with a look after each.

mod apply;
mod change;
pub mod plan_file;
mod probe;
mod proposal;
mod result_file;
mod set;
mod waves;

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use ipnet::Ipv4Net;
use sadp_model::{AddressStep, MacAddr, Move, State, Warning};
use sadp_proto::{Update, seal::UpdateDigest};
use sadp_reset::Action;
use secrecy::SecretString;

pub use self::{
    apply::{ApplyError, apply},
    change::{BadChange, WantedSettings},
    proposal::{AddressRange, Proposal, ProposalError},
    result_file::{PlanResults, ResultFile, ResultFileError},
    set::{DeviceChange, SetError, TargetAddress, set},
};
pub use crate::outcome::network::{AddressHolder, NetworkFinding, SettingsChange};
use crate::{
    DeviceRef, DiscoveredDevice, Inventory, Observer, OpsError, Outcome, OutcomeData,
    OutcomeStatus, Overrides, Reason, Report, Seen, Session, network::waves::Waves,
};

/// How devices are sent new settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The account that the password belongs to, for devices that do not tell it.
    pub account: Option<String>,
    /// Whether to send the password even in a form that can be recorded and
    /// replayed.
    pub allow_replayable: bool,
    /// What the user lifted.
    pub overrides: Overrides,
}

/// Reads the name of an account. `None` where no device can have it.
pub fn read_account(text: &str) -> Option<String> {
    let length = 1..=UpdateDigest::MAX_USER_BYTES;
    let is_possible = length.contains(&text.len()) && !text.contains(char::is_control);
    is_possible.then(|| text.to_owned())
}

/// Which devices get which settings, and in what order.
#[derive(Debug)]
pub struct Plan {
    /// The devices to be changed.
    pub changes: Vec<PlannedChange>,
    /// The commands, by their waves. Each names a place in `changes`.
    pub steps: Vec<AddressStep>,
    /// The devices that are not changed, and why.
    pub left_out: Vec<Outcome>,
    /// What is known of the new address, where one device is set.
    pub target: Option<TargetAddress>,
    settings: Settings,
    /// The lines of the plan file, by which outcomes are sorted.
    lines: HashMap<MacAddr, u64>,
}

/// A device that is to be changed.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    /// The device.
    pub device: DiscoveredDevice,
    /// Its settings before and after.
    pub change: SettingsChange,
}

impl PlannedChange {
    /// The address it is to have.
    fn to(&self) -> Ipv4Addr {
        let address = self.change.after.ipv4.address;
        address.unwrap_or(Ipv4Addr::UNSPECIFIED)
    }

    /// The address it has.
    fn from(&self) -> Option<Ipv4Addr> {
        self.change.before.ipv4.address
    }

    fn moves(&self) -> Move {
        let network = self.change.after.ipv4.network();
        Move {
            from: self.from(),
            to: self.to(),
            network: network.unwrap_or_else(|| Ipv4Net::from(self.to())).trunc(),
        }
    }
}

/// What carrying out a plan needs beside it.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The current password. It goes to one device first, and the first wrong one
    /// ends the batch.
    pub password: &'a SecretString,
    /// The most devices at a time, once the password is proven.
    pub parallel: usize,
    /// How long silent devices are sent the settings again, where a look proves
    /// that they do not have them and the password is known to be theirs:
    /// [`crate::SETTLE`] is usual. Zero repeats nothing.
    pub settle: Duration,
    /// How long devices that took the settings are looked for until they are back:
    /// [`Login::WAIT_BACK`] is usual.
    pub wait_back: Duration,
}

impl Login<'_> {
    /// How long devices are looked for, unless the user says otherwise. Slow
    /// recorders take two minutes to restart.
    pub const WAIT_BACK: Duration = Duration::from_mins(3);
}

impl Plan {
    /// A plan without changes yet.
    fn new(settings: Settings) -> Self {
        Self {
            changes: Vec::new(),
            steps: Vec::new(),
            left_out: Vec::new(),
            target: None,
            settings,
            lines: HashMap::new(),
        }
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mut outcomes = self.left_out;
        for PlannedChange { device, change } in self.changes {
            outcomes.push(Outcome {
                data: OutcomeData::Network(Box::new(change)),
                ..Outcome::new(&device, Action::NetSet, OutcomeStatus::Planned)
            });
        }
        sort(&mut outcomes, &self.lines);
        outcomes
    }

    /// Sends the settings wave after wave, and looks at the devices after each. A
    /// device takes its new address only after the device that had it is seen
    /// elsewhere.
    pub async fn carry_out(
        self,
        session: &mut Session,
        login: Login<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let waves = Waves::new(&self.changes, &self.settings, login, session)?;
        let mut report = waves.run(&self.steps, session, observer).await?;
        report.outcomes.splice(0..0, self.left_out);
        sort(&mut report.outcomes, &self.lines);
        Ok(report)
    }
}

/// Sorts by the lines of the plan file.
fn sort(outcomes: &mut [Outcome], lines: &HashMap<MacAddr, u64>) {
    outcomes.sort_by_key(|outcome| outcome.device.mac.and_then(|mac| lines.get(&mac)).copied());
}

impl Settings {
    /// Why a device is not sent a password, whatever its settings are to be.
    fn objection(&self, found: &DiscoveredDevice) -> Option<Outcome> {
        let device = &found.entry.device;
        let finding = if device.state == Some(State::Unactivated) {
            NetworkFinding::NotActivated
        } else if let Err(error) = Update::check(device, self.account.as_deref()) {
            NetworkFinding::CannotSend(error)
        } else if !self.allow_replayable && found.warnings.contains(Warning::ReplayablePassword) {
            NetworkFinding::Replayable
        } else {
            return None;
        };
        Some(skipped(found, finding))
    }
}

fn skipped(device: impl Into<DeviceRef>, finding: NetworkFinding) -> Outcome {
    Outcome::skipped(device, Action::NetSet, Reason::Network(finding))
}

/// An outcome of a device that has the settings.
fn already_set(device: &DiscoveredDevice, change: SettingsChange) -> Outcome {
    Outcome {
        seen: Some(Seen::Changed),
        data: OutcomeData::Network(Box::new(change)),
        ..skipped(device, NetworkFinding::AlreadySet)
    }
}

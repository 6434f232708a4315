use std::net::Ipv4Addr;

use sadp_model::{AddressStep, Device};
use sadp_reset::{Action, LedgerError};

use super::{
    AddressHolder, BadChange, Plan, PlannedChange, Settings, SettingsChange, WantedSettings,
    already_set, apply, probe,
};
use crate::{DiscoveredDevice, Guard, Inventory, SafetyChecks, Session};

/// New settings for one device.
#[derive(Debug)]
pub struct DeviceChange {
    /// The device.
    pub device: DiscoveredDevice,
    /// The settings it is to have.
    pub wanted: WantedSettings,
}

/// What is known of the address that a device is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetAddress {
    /// The address.
    pub address: Ipv4Addr,
    /// What has it. `None` proves little: a device that is off is not seen.
    pub holder: Option<AddressHolder>,
}

/// Why the settings of one device cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// No device can have them.
    #[error(transparent)]
    Bad(#[from] BadChange),
    /// The address is taken, and [`Guard::AddressInUse`] is not lifted.
    #[error("{} is taken", .0.address)]
    Taken(TargetAddress),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Plans new settings of one device. Whether its new address answers TCP
/// connections is tried, where it is in a network of this computer; nothing is
/// sent to the device.
pub async fn set(
    session: &Session,
    inventory: &Inventory,
    change: DeviceChange,
    settings: Settings,
) -> Result<Plan, SetError> {
    let DeviceChange { device, wanted } = change;
    let change = SettingsChange::of(&device, &wanted)?;
    let mut plan = Plan::new(settings);
    if change.is_none() {
        plan.left_out.push(already_set(&device, change));
        return Ok(plan);
    }
    if let Some(outcome) = plan.settings.objection(&device) {
        plan.left_out.push(outcome);
        return Ok(plan);
    }
    let address = change.after.ipv4.address;
    if let Some(address) = address.filter(|_| address != change.before.ipv4.address) {
        let holder = holder(address, &device, inventory, session).await;
        let target = TargetAddress { address, holder };
        if holder.is_some() && !plan.settings.overrides.lifts(Guard::AddressInUse) {
            return Err(SetError::Taken(target));
        }
        plan.target = Some(target);
    }
    let checks = SafetyChecks::new(Action::NetSet, plan.settings.overrides);
    if let Some(outcome) = checks.blocked(session, &device)? {
        plan.left_out.push(outcome);
        return Ok(plan);
    }
    let change = PlannedChange { device, change };
    plan.steps.push(AddressStep {
        number: 0,
        to: change.to(),
        temporary: false,
        wave: 0,
    });
    plan.changes.push(change);
    Ok(plan)
}

async fn holder(
    address: Ipv4Addr,
    device: &DiscoveredDevice,
    inventory: &Inventory,
    session: &Session,
) -> Option<AddressHolder> {
    let others = |other: &&Device| other.mac != device.entry.device.mac;
    let known = apply::holder(address, inventory, others);
    if known.is_some() {
        return known;
    }
    let answering = probe::answering([address], inventory, session).await;
    (!answering.is_empty()).then_some(AddressHolder::Host)
}

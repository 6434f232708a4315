//! Plans the rows of a plan file: which can be carried out, and in what order.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_model::{AddressStep, Device, NoSpare, order};
use sadp_reset::{Action, LedgerError};

use super::{
    AddressHolder, NetworkFinding, Plan, PlannedChange, Settings, SettingsChange, already_set,
    plan_file::{PlanRow, Problem},
    probe, skipped,
};
use crate::{DeviceRef, Inventory, Outcome, Reason, SafetyChecks, Session};

/// Why the rows of a plan file cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Devices cannot have what rows want.
    #[error("the plan has errors")]
    Problems(Vec<Problem>),
    /// None of the devices was found.
    #[error("no device of the plan was found")]
    NoneFound,
    /// Devices swap addresses, and their network has no spare one.
    #[error(transparent)]
    NoSpare(#[from] NoSpare),
    /// Devices swap addresses, and the spare ones tried are taken.
    #[error("devices are to swap addresses, and every spare one tried is taken")]
    SparesTaken,
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Plans the rows of a plan file. Devices that have the settings, were not found
/// or must not be sent a password are left out, and so are those whose new address
/// is taken. Whether new addresses answer TCP connections is tried, where they are
/// in a network of this computer; nothing is sent to devices.
pub async fn apply(
    session: &Session,
    inventory: &Inventory,
    rows: &[PlanRow],
    settings: Settings,
) -> Result<Plan, ApplyError> {
    let (changes, left_out) = changes(rows, inventory, &settings).map_err(ApplyError::Problems)?;
    if left_out.len() == rows.len() && left_out.iter().all(is_missing) {
        return Err(ApplyError::NoneFound);
    }
    let mut plan = Plan {
        left_out,
        lines: rows.iter().map(|row| (row.mac, row.line)).collect(),
        ..Plan::new(settings)
    };
    let checks = SafetyChecks::new(Action::NetSet, plan.settings.overrides);
    for change in changes {
        match checks.blocked(session, &change.device)? {
            Some(outcome) => plan.left_out.push(outcome),
            None => plan.changes.push(change),
        }
    }
    plan.steps = steps(&mut plan, inventory, session).await?;
    Ok(plan)
}

const fn is_missing(outcome: &Outcome) -> bool {
    matches!(
        outcome.reason,
        Reason::Network(NetworkFinding::NotFound { .. })
    )
}

/// The steps, to addresses at which nothing was seen.
async fn steps(
    plan: &mut Plan,
    inventory: &Inventory,
    session: &Session,
) -> Result<Vec<AddressStep>, ApplyError> {
    /// How often spare addresses are looked for.
    const TRIES: usize = 4;
    let seen = inventory.devices.iter();
    let seen = seen.filter_map(|found| found.entry.device.ipv4.address);
    let seen: BTreeSet<_> = seen.collect();
    let new = plan.changes.iter().map(PlannedChange::to);
    let unseen: Vec<Ipv4Addr> = new.filter(|address| !seen.contains(address)).collect();
    let mut answering = probe::answering(unseen, inventory, session).await;
    for _ in 0..TRIES {
        let held = keep_free(plan, inventory, &answering);
        let steps = waves(&plan.changes, &held)?;
        let spare = steps.iter().filter(|step| step.temporary);
        let spare: Vec<_> = spare.map(|step| step.to).collect();
        let taken = probe::answering(spare, inventory, session).await;
        if taken.is_empty() {
            return Ok(steps);
        }
        answering.extend(taken);
    }
    Err(ApplyError::SparesTaken)
}

/// Finds the devices of a plan file. Returns those to be changed, and the outcomes
/// of the others.
fn changes(
    rows: &[PlanRow],
    inventory: &Inventory,
    settings: &Settings,
) -> Result<(Vec<PlannedChange>, Vec<Outcome>), Vec<Problem>> {
    let mut changes = Vec::new();
    let mut outcomes = Vec::new();
    let mut problems = Vec::new();
    for row in rows {
        let mut devices = inventory.devices.iter();
        let found = devices.find(|found| found.entry.device.identity() == Some(row.mac));
        let Some(device) = found else {
            outcomes.push(missing(row));
            continue;
        };
        match SettingsChange::of(device, &row.wanted) {
            Err(bad) => problems.push(Problem::new(row.line, bad)),
            Ok(change) if change.is_none() => outcomes.push(already_set(device, change)),
            Ok(change) => match settings.objection(device) {
                Some(outcome) => outcomes.push(outcome),
                None => changes.push(PlannedChange {
                    device: device.clone(),
                    change,
                }),
            },
        }
    }
    if problems.is_empty() {
        Ok((changes, outcomes))
    } else {
        Err(problems)
    }
}

fn missing(row: &PlanRow) -> Outcome {
    let device = DeviceRef {
        mac: Some(row.mac),
        ..DeviceRef::default()
    };
    skipped(device, NetworkFinding::NotFound { line: row.line })
}

/// Takes out the changes whose address is held by a device that does not move,
/// until none is left: a device that is taken out does not move either. Returns the
/// addresses that are held, those `answering` among them.
fn keep_free(
    plan: &mut Plan,
    inventory: &Inventory,
    answering: &BTreeSet<Ipv4Addr>,
) -> BTreeSet<Ipv4Addr> {
    loop {
        let moving = plan.changes.iter();
        let moving = moving.filter_map(|it| it.device.entry.device.mac);
        let moving: BTreeSet<_> = moving.collect();
        let staying = inventory.devices.iter().filter(|found| {
            let mac = found.entry.device.mac;
            mac.is_none_or(|mac| !moving.contains(&mac))
        });
        let mut held: BTreeSet<_> = staying
            .filter_map(|found| found.entry.device.ipv4.address)
            .collect();
        held.extend(inventory.local.iter().map(Ipv4Net::addr));
        held.extend(answering);
        let (blocked, free): (Vec<_>, Vec<_>) = std::mem::take(&mut plan.changes)
            .into_iter()
            .partition(|it| it.from() != Some(it.to()) && held.contains(&it.to()));
        plan.changes = free;
        if blocked.is_empty() {
            return held;
        }
        plan.left_out.extend(blocked.iter().map(|it| {
            let finding = NetworkFinding::AddressTaken {
                address: it.to(),
                holder: holder(it.to(), inventory, |_| true).unwrap_or(AddressHolder::Host),
            };
            skipped(&it.device, finding)
        }));
    }
}

/// This computer, or a device that the predicate picks, where it is known to have an address.
pub(super) fn holder(
    address: Ipv4Addr,
    inventory: &Inventory,
    devices: impl FnMut(&&Device) -> bool,
) -> Option<AddressHolder> {
    if inventory.local.iter().any(|net| net.addr() == address) {
        return Some(AddressHolder::ThisComputer);
    }
    let all = inventory.devices.iter().map(|found| &*found.entry.device);
    let mut devices = all.filter(devices);
    let device = devices.find(|device| device.ipv4.address == Some(address));
    device.map(|device| AddressHolder::Device(device.mac))
}

/// The steps, in waves. No device gets an address of `held`, not even for a time.
fn waves(
    changes: &[PlannedChange],
    held: &BTreeSet<Ipv4Addr>,
) -> Result<Vec<AddressStep>, NoSpare> {
    let moves: Vec<_> = changes.iter().map(PlannedChange::moves).collect();
    let settings = changes
        .iter()
        .flat_map(|it| [&it.change.before, &it.change.after]);
    let mut taken = held.clone();
    taken.extend(settings.filter_map(|settings| settings.ipv4.gateway));
    order(&moves, &taken)
}

//! Which rows of a plan file can be carried out, and in what order. Nothing is
//! sent here.

use std::{collections::BTreeSet, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_model::{AddressStep, Device, Move, NoSpare, order};
use sadp_reset::Action;

use super::{
    AddressHolder, NetworkFinding, Plan, PlannedChange, Settings, SettingsChange, already_set,
    plan_file::{PlanRow, Problem},
    skipped,
};
use crate::{DeviceRef, Inventory, Outcome, OutcomeStatus, Reason};

impl PlannedChange {
    /// The address it is to have.
    pub(super) fn to(&self) -> Ipv4Addr {
        let address = self.change.after.ipv4.address;
        address.unwrap_or(Ipv4Addr::UNSPECIFIED)
    }

    /// The address it has.
    pub(super) fn from(&self) -> Option<Ipv4Addr> {
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

/// Finds the devices of a plan file. Returns those to be changed, and the outcomes
/// of the others.
pub(super) fn changes(
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
    Outcome {
        reason: Reason::Network(NetworkFinding::NotFound { line: row.line }),
        ..Outcome::new(device, Action::NetSet, OutcomeStatus::Skipped)
    }
}

/// Takes out the changes whose address is held by a device that does not move,
/// until none is left: a device that is taken out does not move either. Returns the
/// addresses that are held, those `answering` among them.
pub(super) fn keep_free(
    plan: &mut Plan,
    inventory: &Inventory,
    answering: &BTreeSet<Ipv4Addr>,
) -> BTreeSet<Ipv4Addr> {
    loop {
        let moving: BTreeSet<_> = plan
            .changes
            .iter()
            .filter_map(|it| it.device.entry.device.mac)
            .collect();
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

/// This computer, or one of these devices, where it is known to have an address.
pub(super) fn holder(
    address: Ipv4Addr,
    inventory: &Inventory,
    devices: impl FnMut(&&Device) -> bool,
) -> Option<AddressHolder> {
    if inventory.local.iter().any(|net| net.addr() == address) {
        return Some(AddressHolder::ThisComputer);
    }
    let all = inventory.devices.iter().map(|found| &found.entry.device);
    let mut devices = all.filter(devices);
    let device = devices.find(|device| device.ipv4.address == Some(address));
    device.map(|device| AddressHolder::Device(device.mac))
}

/// The steps, in waves. No device gets an address of `held`, not even for a time.
pub(super) fn steps(
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

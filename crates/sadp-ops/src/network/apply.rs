use std::{collections::BTreeSet, net::Ipv4Addr};

use sadp_model::{AddressStep, NoSpare};
use sadp_reset::{Action, LedgerError};

use super::{
    NetworkFinding, Plan, PlannedChange, Settings,
    plan_file::{PlanRow, Problem},
    probe, schedule,
};
use crate::{Inventory, Outcome, Reason, SafetyChecks, Session};

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
    let (changes, left_out) =
        schedule::changes(rows, inventory, &settings).map_err(ApplyError::Problems)?;
    if left_out.len() == rows.len() && left_out.iter().all(is_missing) {
        return Err(ApplyError::NoneFound);
    }
    let mut plan = Plan {
        changes: Vec::new(),
        steps: Vec::new(),
        left_out,
        target: None,
        lines: rows.iter().map(|row| (row.mac, row.line)).collect(),
        settings,
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
    let seen: BTreeSet<_> = inventory
        .devices
        .iter()
        .filter_map(|found| found.entry.device.ipv4.address)
        .collect();
    let new = plan.changes.iter().map(PlannedChange::to);
    let unseen: Vec<Ipv4Addr> = new.filter(|address| !seen.contains(address)).collect();
    let mut answering = probe::answering(unseen, inventory, session).await;
    for _ in 0..TRIES {
        let held = schedule::keep_free(plan, inventory, &answering);
        let steps = schedule::steps(&plan.changes, &held)?;
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

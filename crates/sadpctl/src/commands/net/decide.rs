//! Which rows of a plan can be carried out, and in what order. Nothing is sent
//! here.

use std::{collections::BTreeSet, fmt::Write, net::Ipv4Addr};

use ipnet::Ipv4Net;
use sadp_model::{Move, NoSpare, Step, order};
use sadp_reset::Action;

use super::{
    change::Change,
    deliver,
    file::{Problem, Row},
};
use crate::{args::NetChangeArgs, commands::batch::Site, found::Found, outcome::Outcome};

/// A device that is to be changed.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) found: Found,
    pub(super) change: Change,
}

impl Candidate {
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

/// Finds the devices of a plan. Returns those to be changed, and what is to be
/// said of the others.
pub(super) fn candidates(
    rows: &[Row],
    site: &Site,
    args: &NetChangeArgs,
) -> Result<(Vec<Candidate>, Vec<Outcome>), Vec<Problem>> {
    let mut candidates = Vec::new();
    let mut outcomes = Vec::new();
    let mut problems = Vec::new();
    for row in rows {
        let mut devices = site.devices.iter();
        let found = devices.find(|found| found.entry.device.identity() == Some(row.mac));
        let Some(found) = found else {
            outcomes.push(missing(row));
            continue;
        };
        match Change::new(&found.entry.device, &row.wanted) {
            Err(bad) => {
                let (message, hint) = bad.words();
                problems.push(Problem::new(row.line, format!("{message}: {hint}")));
            }
            Ok(change) if change.is_none() => outcomes.push(deliver::already(found, &change)),
            Ok(change) => match deliver::objection(found, args) {
                Some(outcome) => outcomes.push(outcome),
                None => candidates.push(Candidate {
                    found: found.clone(),
                    change,
                }),
            },
        }
    }
    if problems.is_empty() {
        Ok((candidates, outcomes))
    } else {
        Err(problems)
    }
}

fn missing(row: &Row) -> Outcome {
    let why = format!("no such device was found (line {})", row.line);
    Outcome::absent(row.mac, Action::NetSet, why)
        .next("check cable and power of devices not found, then apply the plan again")
}

/// Takes out the candidates whose address is held by who does not move, until
/// none is left: who is taken out does not move either. Returns the addresses
/// that are held, those `answering` among them.
pub(super) fn keep_free(
    candidates: &mut Vec<Candidate>,
    outcomes: &mut Vec<Outcome>,
    site: &Site,
    answering: &BTreeSet<Ipv4Addr>,
) -> BTreeSet<Ipv4Addr> {
    loop {
        let moving: BTreeSet<_> = candidates
            .iter()
            .filter_map(|it| it.found.entry.device.mac)
            .collect();
        let staying = site.devices.iter().filter(|found| {
            let mac = found.entry.device.mac;
            mac.is_none_or(|mac| !moving.contains(&mac))
        });
        let mut held: BTreeSet<_> = staying
            .filter_map(|found| found.entry.device.ipv4.address)
            .collect();
        held.extend(site.local.iter().map(Ipv4Net::addr));
        held.extend(answering);
        let is_held = |it: &Candidate| it.from() != Some(it.to()) && held.contains(&it.to());
        let (blocked, free): (Vec<_>, Vec<_>) =
            std::mem::take(candidates).into_iter().partition(is_held);
        *candidates = free;
        if blocked.is_empty() {
            return held;
        }
        for it in blocked {
            let why = format!("{} is taken by {}", it.to(), holder(it.to(), site));
            let outcome = Outcome::unsafe_to_send(&it.found, Action::NetSet, why);
            outcomes.push(outcome.next("plan a free address: sadpctl scan shows who has it"));
        }
    }
}

/// Who has an address and does not move.
fn holder(address: Ipv4Addr, site: &Site) -> String {
    if site.local.iter().any(|net| net.addr() == address) {
        return "this machine".into();
    }
    let mut devices = site.devices.iter().map(|found| &found.entry.device);
    let device = devices.find(|device| device.ipv4.address == Some(address));
    match device.map(|device| device.mac) {
        Some(Some(mac)) => format!("{mac}, which does not move"),
        Some(None) => "a device that does not move".into(),
        None => "somebody who answers connections".into(),
    }
}

/// The steps, in waves. `held` is given to none, not even to let others pass.
pub(super) fn steps(
    candidates: &[Candidate],
    held: &BTreeSet<Ipv4Addr>,
) -> Result<Vec<Step>, NoSpare> {
    let moves: Vec<_> = candidates.iter().map(Candidate::moves).collect();
    let settings = candidates
        .iter()
        .flat_map(|it| [&it.change.before, &it.change.after]);
    let mut taken = held.clone();
    taken.extend(settings.filter_map(|settings| settings.ipv4.gateway));
    order(&moves, &taken)
}

/// What will be done, for people.
pub(super) fn plan(candidates: &[Candidate], steps: &[Step]) -> String {
    const LISTED: usize = 100;
    let mut plan = String::from("network settings change:");
    for it in candidates.iter().take(LISTED) {
        let mac = it.found.entry.device.mac;
        let mac = mac.map_or_else(|| "-".into(), |mac| mac.to_string());
        let _ = write!(plan, "\n  {mac}  {}", it.change.line());
    }
    if candidates.len() > LISTED {
        let _ = write!(plan, "\n  and {} more", candidates.len() - LISTED);
    }
    for step in steps.iter().filter(|step| step.temporary) {
        let mac = candidates.get(step.number);
        let mac = mac.and_then(|it| it.found.entry.device.mac);
        let mac = mac.map_or_else(|| "-".into(), |mac| mac.to_string());
        let _ = write!(
            plan,
            "\n  {mac} goes to {} first, to let others pass",
            step.to
        );
    }
    plan
}

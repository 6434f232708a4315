//! What must not be sent, because it could lock a device or reach two.

use jiff::Timestamp;
use sadp_model::{State, Warning};
use sadp_reset::{Action, DeviceKey, Ledger};

use crate::{args::GlobalArgs, failure::Failure, found::Found, outcome::Outcome, state};

/// With so few tries left, the next needs `--force`.
const FEW_TRIES: u32 = 2;

/// Parts the devices a command may be sent to from those it must not.
/// `costs_tries`: whether it carries a secret that may be wrong. `force` lets
/// locks and few tries pass, never a MAC that two devices share.
pub(in crate::commands) fn vet(
    devices: Vec<Found>,
    action: Action,
    costs_tries: bool,
    force: bool,
    global: &GlobalArgs,
) -> Result<(Vec<Found>, Vec<Outcome>), Failure> {
    let ledger = state::open_existing(global)?;
    let mut fit = Vec::new();
    let mut unfit = Vec::new();
    for found in devices {
        let tries = match &ledger {
            Some(ledger) if costs_tries && !force => tries_left(ledger, &found)?,
            _ => None,
        };
        match objection(&found, action, costs_tries && !force, tries) {
            Some(outcome) => unfit.push(outcome),
            None => fit.push(found),
        }
    }
    Ok((fit, unfit))
}

fn tries_left(ledger: &Ledger, found: &Found) -> Result<Option<u32>, Failure> {
    match DeviceKey::of(&found.entry.device) {
        Some(key) => ledger
            .tries_left(&key, Timestamp::now())
            .map_err(state::failed),
        None => Ok(None),
    }
}

fn objection(
    found: &Found,
    action: Action,
    locks_count: bool,
    tries: Option<u32>,
) -> Option<Outcome> {
    let device = &found.entry.device;
    let unfit = |why: String| Outcome::unsafe_to_send(found, action, why);
    if device.identity().is_none() {
        let why = "it tells no MAC of its own, by which commands are addressed";
        return Some(unfit(why.into()).next("set it up in its own web page"));
    }
    if found.entry.is_frames_only() {
        let why = "it answers only by bare Ethernet frames: it does not hear commands";
        return Some(unfit(why.into()).next(
            "set it up in its own web page, or with its own menu; it may answer once its address is right",
        ));
    }
    if found.warnings.contains(&Warning::DuplicateMac) {
        let why = "another device has the same MAC: a command would reach both";
        return Some(unfit(why.into()).next("unplug one of the two, then run it again"));
    }
    if let (true, Some(State::Locked { until })) = (locks_count, device.state) {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        let why = format!("it is remembered as locked until {until}");
        return Some(unfit(why).next("wait until the lock is over; --force sends all the same"));
    }
    if locks_count && let Some(tries) = tries.filter(|&tries| tries <= FEW_TRIES) {
        let why = format!("tries left before it locks: {tries}");
        return Some(unfit(why).next(
            "make sure of the password first; --force sends all the same, and a wrong one locks it",
        ));
    }
    None
}

//! What must not be sent, because it could lock a device or reach two.

use jiff::Timestamp;
use sadp_model::{ReplyAddress, SenderConflict, State, Warning};
use sadp_ops::DiscoveredDevice;
use sadp_reset::{Action, DeviceKey, Ledger};

use crate::{args::GlobalArgs, failure::Failure, outcome::Outcome, state};

/// With so few tries left, the next needs `--force`.
const FEW_TRIES: u32 = 2;

/// Parts the devices a command may be sent to from those it must not.
/// `force` lets locks, few tries and a device for which somebody else may speak
/// pass, never a MAC that two devices share.
pub(in crate::commands) fn vet(
    devices: Vec<DiscoveredDevice>,
    action: Action,
    force: bool,
    global: &GlobalArgs,
) -> Result<(Vec<DiscoveredDevice>, Vec<Outcome>), Failure> {
    let ledger = state::open_existing(global)?;
    let spec = action.spec();
    let caution = Caution {
        locks: spec.costs_try && !force,
        forgers: spec.carries_secret && !force,
    };
    let mut fit = Vec::new();
    let mut unfit = Vec::new();
    for found in devices {
        let tries = match &ledger {
            Some(ledger) if caution.locks => tries_left(ledger, &found)?,
            _ => None,
        };
        match objection(&found, action, caution, tries) {
            Some(outcome) => unfit.push(outcome),
            None => fit.push(found),
        }
    }
    Ok((fit, unfit))
}

fn tries_left(ledger: &Ledger, found: &DiscoveredDevice) -> Result<Option<u32>, Failure> {
    match DeviceKey::of(&found.entry.device) {
        Some(key) => ledger
            .tries_left(&key, Timestamp::now())
            .map_err(state::failed),
        None => Ok(None),
    }
}

/// What counts against a device, besides what always does.
#[derive(Clone, Copy, Debug)]
struct Caution {
    /// Locks, and few tries left.
    locks: bool,
    /// That somebody else may speak for it.
    forgers: bool,
}

fn objection(
    found: &DiscoveredDevice,
    action: Action,
    caution: Caution,
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
    if device.fragment_only {
        let why = "only the first part of its reply arrived: what a command is made of may be in the rest";
        return Some(
            unfit(why.into())
                .next("add an address in its network to this machine, then run it again"),
        );
    }
    if found.warnings.contains(&Warning::DuplicateMac) {
        let why = "another device has the same MAC: a command would reach both";
        return Some(unfit(why.into()).next("unplug one of the two, then run it again"));
    }
    if caution.forgers
        && let Some(outcome) = doubt(found, action)
    {
        return Some(outcome);
    }
    if let (true, Some(State::Locked { until })) = (caution.locks, device.state) {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        let why = format!("it is remembered as locked until {until}");
        return Some(unfit(why).next("wait until the lock is over; --force sends all the same"));
    }
    if caution.locks
        && let Some(tries) = tries.filter(|&tries| tries <= FEW_TRIES)
    {
        let why = format!("tries left before it locks: {tries}");
        return Some(unfit(why).next(
            "make sure of the password first; --force sends all the same, and a wrong one locks it",
        ));
    }
    None
}

/// Why a secret is not sent to a device for which somebody else may speak.
fn doubt(found: &DiscoveredDevice, action: Action) -> Option<Outcome> {
    let ReplyAddress {
        from,
        conflict: doubt,
        ..
    } = found.entry.reply_address()?;
    let (why, next) = match doubt? {
        SenderConflict::Concurrent(rival) => (
            format!(
                "{from} and {rival} both answer for it: one may be somebody who wants its password"
            ),
            "find out which machine answers at each address, and connect the device to this machine alone; --force sends to the first address all the same",
        ),
        SenderConflict::RecentMove(former) => (
            format!("it answered from {former}, and a moment ago from {from} for the first time"),
            "run it again in a few seconds: a device that moved is known by then; if it is told again, find out which machine answers at each address",
        ),
    };
    Some(Outcome::unsafe_to_send(found, action, why).next(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use crate::samples::Samples as _;

    const OWN: [u8; 4] = [192, 168, 1, 64];
    const OTHER: [u8; 4] = [192, 168, 1, 66];

    #[test]
    fn secrets_alone_are_kept_from_a_device_for_which_two_speak() {
        let found = DiscoveredDevice::heard(&[(OWN, OWN), (OTHER, OWN)]);
        for &action in Action::ALL {
            for force in [false, true] {
                let caution = Caution {
                    locks: false,
                    forgers: action.spec().carries_secret && !force,
                };
                let outcome = objection(&found, action, caution, None);
                let refused = !force
                    && !matches!(
                        action,
                        Action::Locate
                            | Action::ExportRequest
                            | Action::QuestionsShow
                            | Action::MailQr
                            | Action::SetUpRead
                            | Action::CloudShow
                    );
                assert_eq!(outcome.is_some(), refused, "{action} {force}");
            }
        }
    }

    #[test]
    fn both_senders_are_named_the_likelier_one_first() {
        for (accounts, expected) in [
            (
                &[(OTHER, OWN), (OWN, OWN), (OTHER, OWN)][..],
                "192.168.1.64 and 192.168.1.66 both answer",
            ),
            (
                &[(OWN, OWN), (OTHER, OTHER)],
                "from 192.168.1.64, and a moment ago from 192.168.1.66",
            ),
        ] {
            let outcome = doubt(&DiscoveredDevice::heard(accounts), Action::NetSet).unwrap();
            assert!(outcome.message.contains(expected), "{}", outcome.message);
            assert_eq!(outcome.exit, Exit::Unsafe);
            assert!(outcome.next.unwrap().contains("which machine answers"));
        }
        // Simulated, behind a router, or moved and heard there for a while.
        for accounts in [
            &[(OTHER, OWN)][..],
            &[(OWN, OWN), (OTHER, OTHER), (OTHER, OTHER), (OTHER, OTHER)],
        ] {
            assert!(doubt(&DiscoveredDevice::heard(accounts), Action::NetSet).is_none());
        }
    }
}

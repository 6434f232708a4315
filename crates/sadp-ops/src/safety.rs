//! What must not be sent, because it could lock a device or reach the wrong one.

use jiff::Timestamp;
use sadp_model::{ReplyAddress, SenderConflict, State, Warning};
use sadp_reset::{Action, Ledger, LedgerError};
use strum::{EnumIter, EnumString, IntoStaticStr};

use crate::{BlockReason, DiscoveredDevice, Outcome};

/// With so few tries left, the next needs [`Guard::FewTries`] lifted.
const FEW_TRIES: u32 = 2;

/// A guard that the user may lift. Its name is the word of `--force`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Guard {
    /// A new password that newer devices refuse.
    WeakPassword,
    /// A recovery method that the device does not offer.
    WayNotOffered,
    /// Few tries are left before the device locks.
    FewTries,
    /// The device is remembered as locked.
    Locked,
    /// Two senders speak for the device.
    TwoSenders,
    /// The new address of a device is taken.
    AddressInUse,
    /// A request that can no longer be answered.
    StaleRequest,
    /// An answer or GUID that the device refused before, or would most likely refuse.
    RefusedBefore,
}

/// The guards that the user lifted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(Lifted);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lifted {
    All,
    These(Vec<Guard>),
}

impl Default for Lifted {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Overrides {
    /// Lifts every guard.
    pub const fn all() -> Self {
        Self(Lifted::All)
    }

    /// Whether this guard is lifted.
    pub fn lifts(&self, guard: Guard) -> bool {
        match &self.0 {
            Lifted::All => true,
            Lifted::These(guards) => guards.contains(&guard),
        }
    }
}

impl FromIterator<Guard> for Overrides {
    fn from_iter<I: IntoIterator<Item = Guard>>(guards: I) -> Self {
        Self(Lifted::These(guards.into_iter().collect()))
    }
}

/// What is checked of a device before a command is sent to it.
#[derive(Clone, Debug)]
pub struct SafetyChecks {
    /// The command's action.
    pub action: Action,
    /// What the user lifted.
    pub overrides: Overrides,
}

impl SafetyChecks {
    /// Splits the devices that may be sent the command from those that must not.
    /// No override lets pass a MAC that two devices share.
    pub fn split(
        &self,
        devices: Vec<DiscoveredDevice>,
        ledger: Option<&Ledger>,
        now: Timestamp,
    ) -> Result<(Vec<DiscoveredDevice>, Vec<Outcome>), LedgerError> {
        let mut fit = Vec::new();
        let mut blocked = Vec::new();
        for device in devices {
            match self.blocked(&device, ledger, now)? {
                Some(outcome) => blocked.push(outcome),
                None => fit.push(device),
            }
        }
        Ok((fit, blocked))
    }

    /// The outcome of a device that must not be sent the command.
    pub(crate) fn blocked(
        &self,
        device: &DiscoveredDevice,
        ledger: Option<&Ledger>,
        now: Timestamp,
    ) -> Result<Option<Outcome>, LedgerError> {
        let tries = match (ledger, device.key()) {
            (Some(ledger), Some(key)) if self.action.spec().costs_try => {
                ledger.tries_left(&key, now)?
            }
            _ => None,
        };
        let reason = self.objection(device, tries);
        Ok(reason.map(|reason| Outcome::blocked(device, self.action, reason)))
    }

    fn objection(&self, found: &DiscoveredDevice, tries: Option<u32>) -> Option<BlockReason> {
        let device = &found.entry.device;
        if device.identity().is_none() {
            return Some(BlockReason::NoMac);
        }
        if found.entry.is_frames_only() {
            return Some(BlockReason::RawEthernetOnly);
        }
        if device.fragment_only {
            return Some(BlockReason::FragmentOnly);
        }
        if found.warnings.contains(&Warning::DuplicateMac) {
            return Some(BlockReason::DuplicateMac);
        }
        if self.action.spec().carries_secret
            && !self.overrides.lifts(Guard::TwoSenders)
            && let Some(reason) = sender_conflict(found)
        {
            return Some(reason);
        }
        if !self.action.spec().costs_try {
            return None;
        }
        if let Some(State::Locked { until }) = device.state
            && !self.overrides.lifts(Guard::Locked)
        {
            return Some(BlockReason::Locked { until });
        }
        let few = tries.filter(|&left| left <= FEW_TRIES);
        let few = few.filter(|_| !self.overrides.lifts(Guard::FewTries));
        few.map(|left| BlockReason::FewTries { left })
    }
}

/// Why no secret is sent to a device: someone else may speak for it.
pub(crate) fn sender_conflict(found: &DiscoveredDevice) -> Option<BlockReason> {
    let ReplyAddress {
        from,
        conflict: doubt,
        ..
    } = found.entry.reply_address()?;
    Some(match doubt? {
        SenderConflict::Concurrent(other) => BlockReason::TwoSenders { used: from, other },
        SenderConflict::RecentMove(former) => BlockReason::JustMoved {
            from: former,
            to: from,
        },
    })
}

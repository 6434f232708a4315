//! What must not be sent, because it could lock a device or reach the wrong one.

use enumset::{EnumSet, EnumSetType};
use jiff::Timestamp;
use sadp_model::{Contradiction, Device, Protocol, ReplyAddress, SenderConflict, State, Warning};
use sadp_reset::{Account, Action, LedgerError, RememberedMove};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr, VariantNames};

use crate::{
    BlockReason, DiscoveredDevice, Offer, Outcome, Session,
    memory::{SecretMemory, http_lock},
};

/// With so few tries left, the next needs [`Guard::FewTries`] lifted.
const FEW_TRIES: u32 = 2;

/// A guard that the user may lift. Its name is the word of `--force`.
#[derive(Debug, Hash, EnumSetType, EnumIter, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Guard {
    /// A new password that newer devices refuse.
    WeakPassword,
    /// A recovery method that the device does not offer.
    WayNotOffered,
    /// The new address of a device is taken.
    AddressInUse,
    /// Few tries are left before the device locks.
    FewTries,
    /// The device is remembered as locked.
    Locked,
    /// The device refused a secret of this kind before, or would most likely refuse
    /// this one.
    RefusedBefore,
    /// A secret that works once was sent before, and no reply came.
    MayHaveWorked,
    /// A request that can no longer be answered.
    StaleRequest,
    /// Two senders speak for the device, it moved a moment ago, or two devices have its
    /// MAC.
    TwoSenders,
    /// The device reported one thing in two ways within one look.
    ContradictsItself,
    /// Two devices report one salt.
    SharedSalt,
    /// The account of the device is not the one that is remembered.
    AccountChanged,
}

impl Guard {
    /// The guards that are lifted where the user names none: the device decides
    /// itself, or nothing is lost.
    pub const LIFTED_UNNAMED: [Self; 3] =
        [Self::WeakPassword, Self::WayNotOffered, Self::AddressInUse];

    /// The words of all guards.
    pub const WORDS: &[&str] = Self::VARIANTS;

    /// The guards that may keep an action from a device.
    pub fn of(action: Action) -> Vec<Self> {
        let spec = action.spec();
        let sets_password = matches!(
            action,
            Action::Activate
                | Action::ImportAnswer
                | Action::GuidImport
                | Action::QuestionsAnswer
                | Action::MailConfirm
                | Action::OnvifSet
        );
        let applies = |guard: &Self| match guard {
            Self::WeakPassword => sets_password,
            Self::WayNotOffered => Offer::for_action(action).is_some(),
            Self::AddressInUse => action == Action::NetSet,
            Self::StaleRequest => action == Action::ImportAnswer,
            // No login goes over HTTP to a locked device, or to one with few tries left.
            Self::FewTries | Self::Locked => spec.costs_try && !action.is_over_http(),
            Self::RefusedBefore | Self::MayHaveWorked => spec.costs_try,
            Self::AccountChanged => spec.carries_secret && action != Action::Activate,
            Self::ContradictsItself | Self::SharedSalt => spec.carries_secret,
            Self::TwoSenders => true,
        };
        Self::iter().filter(applies).collect()
    }

    /// Its word, e.g. `two-senders`.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// The guards that the user lifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    lifted: EnumSet<Guard>,
    asks_after_refusals: bool,
}

impl Overrides {
    /// Whether this guard is lifted.
    pub fn lifts(self, guard: Guard) -> bool {
        self.lifted.contains(guard)
    }

    /// The same for a user who is shown, before anything is sent, which devices refused a
    /// secret before ([`Session::refused_before`](crate::Session::refused_before)), and is
    /// asked.
    #[must_use]
    pub const fn asking_after_refusals(mut self) -> Self {
        self.asks_after_refusals = true;
        self
    }

    /// Whether a device may be sent a secret after it refused one of its kind.
    fn sends_after_refusal(self) -> bool {
        self.lifts(Guard::RefusedBefore) || self.asks_after_refusals
    }

    /// The same with one more guard lifted.
    #[must_use]
    pub fn with(mut self, guard: Guard) -> Self {
        self.lifted.insert(guard);
        self
    }
}

impl FromIterator<Guard> for Overrides {
    fn from_iter<I: IntoIterator<Item = Guard>>(guards: I) -> Self {
        guards.into_iter().fold(Self::default(), Self::with)
    }
}

impl BlockReason {
    /// The guard to lift so that the command is sent. `None` where nothing does.
    pub const fn guard(&self) -> Option<Guard> {
        match self {
            Self::DuplicateMac
            | Self::TwoSenders { .. }
            | Self::JustMoved { .. }
            | Self::MoveUnconfirmed { .. } => Some(Guard::TwoSenders),
            Self::ContradictsItself(_) => Some(Guard::ContradictsItself),
            Self::SharedSalt => Some(Guard::SharedSalt),
            Self::AccountChanged { .. } => Some(Guard::AccountChanged),
            Self::Locked { .. } => Some(Guard::Locked),
            Self::FewTries { .. } => Some(Guard::FewTries),
            Self::RefusedBefore { .. } => Some(Guard::RefusedBefore),
            Self::MayHaveWorked { .. } => Some(Guard::MayHaveWorked),
            Self::NoMac | Self::RawEthernetOnly | Self::FragmentOnly => None,
        }
    }
}

/// What is checked of a device before a command is sent to it.
#[derive(Clone, Debug)]
pub struct SafetyChecks {
    /// The command's action.
    pub action: Action,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Whether it goes over the device's own HTTP interface.
    over_http: bool,
}

impl SafetyChecks {
    /// The checks of an action.
    pub const fn new(action: Action, overrides: Overrides) -> Self {
        Self {
            action,
            overrides,
            over_http: action.is_over_http(),
        }
    }

    /// The same for an action that goes over HTTP in this run.
    pub(crate) const fn over_http(self) -> Self {
        Self {
            over_http: true,
            ..self
        }
    }

    /// The outcome of a device that must not be sent the command.
    pub(crate) fn blocked(
        &self,
        session: &Session,
        device: &DiscoveredDevice,
    ) -> Result<Option<Outcome>, LedgerError> {
        let known = self.known(session, device)?;
        let reason = self.objection(device, &known);
        Ok(reason.map(|reason| Outcome::blocked(device, self.action, reason)))
    }

    /// What the ledger knows of a device, as far as this command asks for it.
    fn known(&self, session: &Session, device: &DiscoveredDevice) -> Result<Known, LedgerError> {
        let mut known = Known::default();
        let Some(ledger) = session.ledger() else {
            return Ok(known);
        };
        let (spec, now) = (self.action.spec(), session.now());
        if let Some(key) = device.key() {
            if spec.carries_secret {
                known.account = ledger.account_of(&key)?;
                known.moved = ledger.move_of(&key)?;
            }
            if spec.costs_try {
                known.tries = ledger.tries_left(&key, now)?;
            }
        }
        if let Some(attempts) = device.attempts() {
            if spec.costs_try {
                known.secret = SecretMemory::read(ledger, &attempts, self.action, now)?;
            }
            if self.over_http {
                known.http_lock = http_lock(ledger, &attempts, now)?;
            }
        }
        Ok(known)
    }

    /// Whether a guard of tries is lifted: never for a login over HTTP.
    fn lifts(&self, guard: Guard) -> bool {
        self.overrides.lifts(guard) && !self.action.is_over_http()
    }

    fn objection(&self, found: &DiscoveredDevice, known: &Known) -> Option<BlockReason> {
        let device = &found.entry.device;
        // Over HTTP a device is reached by its address.
        if !self.over_http {
            if device.identity().is_none() {
                return Some(BlockReason::NoMac);
            }
            if found.entry.is_frames_only() {
                return Some(BlockReason::RawEthernetOnly);
            }
            if device.fragment_only {
                return Some(BlockReason::FragmentOnly);
            }
        }
        let two_senders = !self.overrides.lifts(Guard::TwoSenders);
        if two_senders && found.warnings.contains(Warning::DuplicateMac) {
            return Some(BlockReason::DuplicateMac);
        }
        if self.action.spec().carries_secret {
            let doubt = two_senders
                .then(|| sender_conflict(found).or_else(|| unconfirmed_move(found, known.moved)))
                .flatten()
                .or_else(|| contradiction(found, self.overrides))
                .or_else(|| {
                    // What was not received reports no account.
                    let before = known
                        .account
                        .as_ref()
                        .filter(|_| !found.entry.seen.is_empty());
                    changed_account(before, found, self.overrides)
                });
            if doubt.is_some() {
                return doubt;
            }
        }
        if !self.action.spec().costs_try {
            return None;
        }
        let by_sadp = match device.state {
            Some(State::Locked { until }) => Some(until),
            _ => None,
        };
        if let Some(until) = by_sadp.max(known.http_lock)
            && !self.lifts(Guard::Locked)
        {
            return Some(BlockReason::Locked { until });
        }
        if let Some(at) = known.secret.may_have_worked
            && !self.overrides.lifts(Guard::MayHaveWorked)
        {
            return Some(BlockReason::MayHaveWorked { at });
        }
        if let Some(left) = known.tries.filter(|&left| left <= FEW_TRIES)
            && !self.lifts(Guard::FewTries)
        {
            return Some(BlockReason::FewTries { left });
        }
        let refused = known.secret.refused;
        let refused = refused.filter(|_| !self.overrides.sends_after_refusal());
        refused.map(|at| BlockReason::RefusedBefore { at })
    }
}

/// What the ledger knows of a device that is to be sent a secret.
#[derive(Debug, Default)]
struct Known {
    tries: Option<u32>,
    /// Until when it takes no login over HTTP, for an action that sends one.
    http_lock: Option<Timestamp>,
    secret: SecretMemory,
    account: Option<Account>,
    moved: Option<RememberedMove>,
}

/// Why no secret is sent to a device: someone else may speak for it.
pub(crate) fn sender_conflict(found: &DiscoveredDevice) -> Option<BlockReason> {
    let ReplyAddress { from, conflict, .. } = found.entry.reply_address()?;
    Some(match conflict? {
        SenderConflict::Concurrent(other) => BlockReason::TwoSenders { used: from, other },
        SenderConflict::RecentMove(former) => BlockReason::JustMoved {
            from: former,
            to: from,
        },
    })
}

/// Why no secret is sent to a device that was seen to move in an earlier run: nothing
/// confirms that it is the device which answers from there.
fn unconfirmed_move(
    found: &DiscoveredDevice,
    moved: Option<RememberedMove>,
) -> Option<BlockReason> {
    let RememberedMove { former, at } = moved?;
    let from = found.entry.reply_address()?.from;
    (from != former).then_some(BlockReason::MoveUnconfirmed { former, at })
}

/// Why no secret is sent to a device: what it reports does not fit together.
fn contradiction(found: &DiscoveredDevice, overrides: Overrides) -> Option<BlockReason> {
    let has = |warning| found.warnings.contains(warning);
    if has(Warning::ContradictsItself) && !overrides.lifts(Guard::ContradictsItself) {
        let mut what = found.entry.contradictions;
        if what.is_empty() {
            what.insert(Contradiction::Serial);
        }
        return Some(BlockReason::ContradictsItself(what));
    }
    (has(Warning::SharedSalt) && !overrides.lifts(Guard::SharedSalt))
        .then_some(BlockReason::SharedSalt)
}

/// Why a device is not sent its password again: since the look before it reports the
/// password's account in another way.
pub(crate) fn changed_since(
    before: &DiscoveredDevice,
    now: &DiscoveredDevice,
    overrides: Overrides,
) -> Option<BlockReason> {
    let [then, later] = [before, now].map(|it| &it.entry.device);
    let found = Contradiction::between(then, later, Protocol::Sadp);
    let all = (now.entry.contradictions | found).iter();
    let what: EnumSet<_> = all.filter(|it| it.is_of_password()).collect();
    if !what.is_empty() && !overrides.lifts(Guard::ContradictsItself) {
        return Some(BlockReason::ContradictsItself(what));
    }
    changed_account(Some(&Account::of(then)), now, overrides)
}

/// Whether a device reports now what speaks against sending its command again.
pub(crate) fn contradicts(before: &Device, now: &Device) -> bool {
    let mut differences = Contradiction::between(before, now, Protocol::Sadp).iter();
    differences.any(Contradiction::is_of_password)
        || Account::of(before).is_changed_to(&Account::of(now))
}

/// Why no secret is sent to a device: its account is not the one that is remembered. A
/// device without a password has no account.
fn changed_account(
    before: Option<&Account>,
    found: &DiscoveredDevice,
    overrides: Overrides,
) -> Option<BlockReason> {
    let before = before.filter(|_| !overrides.lifts(Guard::AccountChanged))?;
    let device = &found.entry.device;
    let now = Account::of(device);
    let changed = device.state != Some(State::Unactivated) && before.is_changed_to(&now);
    changed.then(|| BlockReason::AccountChanged {
        before: before.clone(),
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [u8; 4] = [192, 168, 1, 64];
    const OTHER: [u8; 4] = [192, 168, 1, 66];

    #[test]
    fn secrets_alone_are_kept_from_a_device_for_which_two_speak() {
        let found = DiscoveredDevice::received_from(&[[OWN, OWN], [OTHER, OWN]]);
        for &action in Action::ALL {
            for lifted in [false, true] {
                let overrides = lifted.then_some(Guard::TwoSenders).into_iter().collect();
                let checks = SafetyChecks::new(action, overrides);
                let blocked = !lifted
                    && !matches!(
                        action,
                        Action::Locate
                            | Action::ExportRequest
                            | Action::QuestionsRead
                            | Action::MailQr
                            | Action::SetUpRead
                            | Action::CloudShow
                    );
                let reason = checks.objection(&found, &Known::default());
                assert_eq!(reason.is_some(), blocked, "{action} {lifted}");
            }
        }
    }

    #[test]
    fn both_senders_are_named_the_likelier_one_first() {
        let two = sender_conflict(&DiscoveredDevice::received_from(&[
            [OTHER, OWN],
            [OWN, OWN],
            [OTHER, OWN],
        ]));
        let expected = BlockReason::TwoSenders {
            used: OWN.into(),
            other: OTHER.into(),
        };
        assert_eq!(two, Some(expected));
        let moved = sender_conflict(&DiscoveredDevice::received_from(&[
            [OWN, OWN],
            [OTHER, OTHER],
        ]));
        let expected = BlockReason::JustMoved {
            from: OWN.into(),
            to: OTHER.into(),
        };
        assert_eq!(moved, Some(expected));
        // Simulated, behind a router, or moved and received there for a while.
        for reports in [
            &[[OTHER, OWN]][..],
            &[[OWN, OWN], [OTHER, OTHER], [OTHER, OTHER], [OTHER, OTHER]],
        ] {
            assert_eq!(
                sender_conflict(&DiscoveredDevice::received_from(reports)),
                None
            );
        }
    }
}

//! Settings of a site file about a device's password and refusals.

use std::{num::NonZeroU32, time::Duration};

use serde::Deserialize;

use crate::{Access, RecoverySettings, Refuse, Secret, Tries};

/// The configured protection of a device.
#[derive(Clone, Debug)]
pub(super) struct GuardSettings {
    pub(super) password: Option<Secret>,
    pub(super) soft_rules: Option<bool>,
    pub(super) tries: Option<NonZeroU32>,
    pub(super) tries_left: Option<u32>,
    pub(super) recovery_tries_left: Option<u32>,
    pub(super) lock_minutes: Option<NonZeroU32>,
}

/// More tries left than the device has.
pub(super) struct Unguarded {
    pub(super) key: &'static str,
    pub(super) tries: u32,
}

impl GuardSettings {
    pub(super) fn checked(self) -> Result<Self, Unguarded> {
        let tries = self.tries.map_or(Tries::MOST, NonZeroU32::get);
        for (key, left) in [
            ("tries_left", self.tries_left),
            ("recovery_tries_left", self.recovery_tries_left),
        ] {
            if left.is_some_and(|left| left > tries) {
                return Err(Unguarded { key, tries });
            }
        }
        Ok(self)
    }

    pub(super) fn set(&self, access: &mut Access, recovery: &mut RecoverySettings) {
        if let Some(password) = &self.password {
            access.password = password.clone();
        }
        access.soft_rules = self.soft_rules.unwrap_or(access.soft_rules);
        access.tries = self.counting_from(self.tries_left);
        recovery.tries = self.counting_from(self.recovery_tries_left);
    }

    fn counting_from(&self, left: Option<u32>) -> Tries {
        let most = self.tries.map_or(Tries::MOST, NonZeroU32::get);
        let lock = self.lock_minutes.map_or(Tries::LOCK, |minutes| {
            Duration::from_mins(minutes.get().into())
        });
        Tries {
            most,
            left: left.unwrap_or(most),
            lock,
            locked_until: (left == Some(0)).then_some(lock),
        }
    }
}

/// The refusal of a command: a word, or a word with the reported tries.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a word, or { word, retry_times, lock_minutes }")]
pub(super) enum Refusing {
    Word(Box<str>),
    Counted(Counted),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    word: Box<str>,
    retry_times: Option<u32>,
    lock_minutes: Option<u32>,
}

impl Refusing {
    /// The refusal of a command with these `Types`.
    pub(super) fn of(self, types: Box<str>) -> Refuse {
        let counted = match self {
            Self::Word(word) => Counted {
                word,
                retry_times: None,
                lock_minutes: None,
            },
            Self::Counted(counted) => counted,
        };
        Refuse {
            types,
            word: counted.word,
            retry_times: counted.retry_times,
            lock_minutes: counted.lock_minutes,
        }
    }
}

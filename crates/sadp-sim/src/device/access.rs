//! Who may change a device: its password, the rules for a new one, and the lock
//! after wrong tries.

use std::time::Duration;

use sadp_model::PasswordCheck;
use sadp_proto::seal::{Password, SealError};
use secrecy::{ExposeSecret, SecretString};

/// A device's password and what guards it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The password of an active device. One without activation has it, too.
    pub password: Secret,
    /// Whether it refuses new passwords that break the softer rules, as newer
    /// firmware does.
    pub soft_rules: bool,
    /// How many wrong passwords in a row lock it.
    pub tries: u32,
    /// How many are left.
    pub tries_left: u32,
    /// How long a lock lasts.
    pub lock: Duration,
    /// When the lock ends, counted from the fleet's start.
    pub locked_until: Option<Duration>,
}

impl Access {
    /// The password of simulated devices that were given no other.
    pub const PASSWORD: &'static str = "Simulated-7";

    /// Wrong passwords in a row until a device locks, unless told otherwise.
    pub const TRIES: u32 = 7;

    /// How long a lock lasts, unless told otherwise.
    pub const LOCK: Duration = Duration::from_mins(30);

    pub(crate) fn new(soft_rules: bool) -> Self {
        Self {
            password: Secret(SecretString::from(Self::PASSWORD)),
            soft_rules,
            tries: Self::TRIES,
            tries_left: Self::TRIES,
            lock: Self::LOCK,
            locked_until: None,
        }
    }

    /// The minutes the device stays locked, a begun one counted as a whole.
    pub(crate) fn locked(&mut self, now: Duration) -> Option<Denied> {
        let left = self.locked_until?.saturating_sub(now);
        if left.is_zero() {
            self.forgive();
            return None;
        }
        let minutes = left.as_millis().div_ceil(60_000);
        Some(Denied {
            tries_left: 0,
            lock_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        })
    }

    /// Counts a wrong password.
    pub(crate) fn denied(&mut self, now: Duration) -> Denied {
        self.tries_left = self.tries_left.saturating_sub(1);
        if self.tries_left == 0 {
            self.locked_until = Some(now.saturating_add(self.lock));
        }
        self.locked(now).unwrap_or(Denied {
            tries_left: self.tries_left,
            lock_minutes: 0,
        })
    }

    /// Begins to count anew: the password was right.
    pub(crate) fn forgive(&mut self) {
        self.tries_left = self.tries;
        self.locked_until = None;
    }

    /// Takes a new password, if it is none that the device finds risky.
    pub(crate) fn set(&mut self, password: SecretString, user: &str) -> NewPassword {
        let check = PasswordCheck::of(password.expose_secret(), user);
        if check.is_impossible() || (self.soft_rules && !check.problems.is_empty()) {
            return NewPassword::Risky;
        }
        self.password = Secret(password);
        self.forgive();
        NewPassword::Set
    }
}

/// What became of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewPassword {
    Set,
    Risky,
}

/// What a device says of the tries left when it refuses a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) tries_left: u32,
    pub(crate) lock_minutes: u32,
}

/// A simulated device's password.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// A password, refused where no device could be sent it.
    pub fn new(text: &str) -> Result<Self, SealError> {
        Password::new(text.into())?;
        Ok(Self(text.into()))
    }

    /// It as sealing takes it.
    pub fn sealable(&self) -> Result<Password, SealError> {
        Password::new(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn wrong_passwords_lock_and_time_unlocks() {
        let mut access = Access::new(true);
        for left in (1..7).rev() {
            let denied = access.denied(Duration::ZERO);
            assert_eq!((denied.tries_left, denied.lock_minutes), (left, 0));
        }
        assert_eq!(access.locked(Duration::ZERO), None);
        assert_eq!(access.denied(Duration::ZERO).lock_minutes, 30);
        let minutes = |access: &mut Access, now| access.locked(now).map(|lock| lock.lock_minutes);
        assert_eq!(minutes(&mut access, MINUTE / 2), Some(30));
        assert_eq!(minutes(&mut access, 29 * MINUTE), Some(1));
        assert_eq!(minutes(&mut access, 30 * MINUTE), None);
        assert_eq!(access.tries_left, 7);
    }

    #[test]
    fn soft_rules_hold_where_they_are_known() {
        for (password, hard, soft) in [
            ("garden77", NewPassword::Set, NewPassword::Set),
            ("Garden123", NewPassword::Set, NewPassword::Risky),
            ("xadmin77", NewPassword::Set, NewPassword::Risky),
            ("short7", NewPassword::Risky, NewPassword::Risky),
            ("gardengarden", NewPassword::Risky, NewPassword::Risky),
        ] {
            let set = |rules| Access::new(rules).set(password.into(), "admin");
            assert_eq!((set(false), set(true)), (hard, soft), "{password}");
        }
    }

    #[test]
    fn the_password_of_made_up_devices_passes_all_rules() {
        let mut access = Access::new(true);
        assert_eq!(
            access.set(Access::PASSWORD.into(), "admin"),
            NewPassword::Set
        );
    }

    #[test]
    fn passwords_do_not_show() {
        assert!(!format!("{:?}", Access::new(true)).contains(Access::PASSWORD));
        assert!(Secret::new("").is_err() && Secret::new("abcdefgh123456789").is_err());
    }
}

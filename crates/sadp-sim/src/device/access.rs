//! The password of a device, and the rules for a new one.

use std::str::FromStr;

use sadp_model::PasswordCheck;
use sadp_proto::seal::{Password, SealError};
use secrecy::{ExposeSecret, SecretString};

use super::Tries;

/// A device's password and its protection.
#[derive(Clone, Debug)]
pub struct Access {
    /// The password of an active device, and of one without activation.
    pub password: Secret,
    /// Whether it refuses new passwords that break the soft rules, as newer firmware does.
    pub soft_rules: bool,
    /// The wrong passwords until it locks.
    pub tries: Tries,
}

impl Access {
    /// The password of simulated devices without a configured one.
    pub const PASSWORD: &'static str = "Simulated-7";

    /// The factory password of a simulated device from before activation. It is the
    /// simulator's own, not a vendor's.
    pub const FACTORY_PASSWORD: &'static str = "SimDefault-1";

    pub(crate) fn new(soft_rules: bool) -> Self {
        Self {
            password: Secret(Self::PASSWORD.into()),
            soft_rules,
            tries: Tries::default(),
        }
    }

    /// Sets a new password, unless the device rejects it as risky.
    pub(crate) fn set(&mut self, password: SecretString, user: &str) -> Result<(), RiskyPassword> {
        let check = PasswordCheck::of(password.expose_secret(), user);
        if check.is_impossible() || (self.soft_rules && !check.problems.is_empty()) {
            return Err(RiskyPassword);
        }
        self.password = Secret(password);
        self.tries.forgive();
        Ok(())
    }

    /// Resets the password to the factory password.
    pub(crate) fn reset(&mut self) {
        self.password = Secret(Self::FACTORY_PASSWORD.into());
        self.tries.forgive();
    }
}

/// A new password that the device rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RiskyPassword;

/// A simulated device's password.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl FromStr for Secret {
    type Err = SealError;

    /// Reads a password. Fails where it cannot be sent to a device.
    fn from_str(text: &str) -> Result<Self, SealError> {
        Password::new(text.into())?;
        Ok(Self(text.into()))
    }
}

impl Secret {
    /// The password for sealing.
    pub fn sealable(&self) -> Result<Password, SealError> {
        Password::new(self.0.clone())
    }

    /// Whether this is the password.
    pub(crate) fn is(&self, other: &SecretString) -> bool {
        self.0.expose_secret() == other.expose_secret()
    }

    pub(crate) fn text(&self) -> &SecretString {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_rules_hold_where_they_are_known() {
        for (password, hard, soft) in [
            (Access::PASSWORD, true, true),
            ("garden77", true, true),
            ("Garden123", true, false),
            ("xadmin77", true, false),
            ("short7", false, false),
            ("gardengarden", false, false),
        ] {
            for (rules, expected) in [(false, hard), (true, soft)] {
                let set = Access::new(rules).set(password.into(), "admin");
                assert_eq!(set.is_ok(), expected, "{password}");
            }
        }
    }

    #[test]
    fn passwords_do_not_show() {
        assert!(!format!("{:?}", Access::new(true)).contains(Access::PASSWORD));
        for (text, fits) in [
            ("", false),
            ("abcdefgh123456789", false),
            (Access::FACTORY_PASSWORD, true),
        ] {
            assert_eq!(text.parse::<Secret>().is_ok(), fits);
        }
    }
}

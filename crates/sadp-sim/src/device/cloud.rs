//! What commands made of a device's Hik-Connect settings.

use secrecy::SecretString;

use super::{read_flag, telling::show};
use crate::Device;

/// What commands made of a device's Hik-Connect settings. What no command set is
/// as its profile and its site file say.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Whether it is bound to an account.
    pub bound: Option<bool>,
    /// The verification code.
    pub code: Option<SecretString>,
}

impl Cloud {
    /// The element that says whether Hik-Connect is on.
    pub(crate) const ENABLED: &str = "HCPlatformEnable";

    /// The element that says whether it is bound: 0 unknown, 1 bound, 2 not.
    pub(crate) const BOUND: &str = "EZVIZBindStatus";

    /// Writes what a command set in place of any other text. Returns whether it
    /// did.
    pub(super) fn write_changed(&self, name: &str, out: &mut String) -> bool {
        match (name, self.enabled, self.bound) {
            (Self::ENABLED, Some(enabled), _) => show(out, enabled),
            (Self::BOUND, _, Some(bound)) => show(out, if bound { 1 } else { 2 }),
            _ => return false,
        }
        true
    }
}

impl Device {
    /// Whether Hik-Connect is on.
    pub(crate) fn cloud_is_on(&self) -> bool {
        read_flag(self.says(Cloud::ENABLED).as_deref()) == Some(true)
    }

    /// Whether it is bound to an account.
    pub(crate) fn is_bound(&self) -> bool {
        self.says(Cloud::BOUND).as_deref() == Some("1")
    }
}

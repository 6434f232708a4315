//! The Hik-Connect settings of a device.

use secrecy::SecretString;

use super::read_flag;
use crate::Device;

/// Hik-Connect settings that commands made. The others are those of the profile and the
/// site file.
#[derive(Clone, Debug, Default)]
pub struct CloudSettings {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Whether it is bound to an account.
    pub bound: Option<bool>,
    /// The verification code.
    pub code: Option<SecretString>,
}

impl CloudSettings {
    /// The element that says whether Hik-Connect is on.
    pub(crate) const ENABLED: &str = "HCPlatformEnable";

    /// The element that says whether it is bound: 0 unknown, 1 bound, 2 not.
    pub(crate) const BOUND: &str = "EZVIZBindStatus";

    /// The text of an element that a command has set.
    pub(super) fn changed(&self, name: &str) -> Option<String> {
        match name {
            Self::ENABLED => Some(self.enabled?.to_string()),
            Self::BOUND => Some(if self.bound? { "1" } else { "2" }.to_owned()),
            _ => None,
        }
    }
}

impl Device {
    /// Whether Hik-Connect is on.
    pub(crate) fn cloud_is_on(&self) -> bool {
        read_flag(self.says(CloudSettings::ENABLED).as_deref()) == Some(true)
    }

    /// Whether it is bound to an account.
    pub(crate) fn is_bound(&self) -> bool {
        self.says(CloudSettings::BOUND).as_deref() == Some("1")
    }
}

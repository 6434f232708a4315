//! Settings of a site file about the HTTP interface.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

use super::prepared;
use crate::{HttpAttack, HttpProfile, HttpSettings};

/// The configured HTTP interface.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpKeys {
    #[serde(default)]
    off: bool,
    #[serde(default, deserialize_with = "HttpProfile::by_name")]
    profile: Option<Arc<HttpProfile>>,
    shared_lock: Option<bool>,
    #[serde(default, deserialize_with = "ahead")]
    clock: Option<SignedDuration>,
    #[serde(default, deserialize_with = "prepared::time")]
    boot_time: Option<Duration>,
    #[serde(default)]
    hidden: bool,
    attack: Option<HttpAttack>,
}

impl HttpKeys {
    pub(super) fn set(&self, http: &mut HttpSettings) {
        if self.profile.is_some() {
            http.profile.clone_from(&self.profile);
        }
        if self.off {
            http.profile = None;
        }
        http.shared_lock = self.shared_lock.unwrap_or(http.shared_lock);
        http.clock = self.clock.unwrap_or(http.clock);
        http.boot_time = self.boot_time.unwrap_or(http.boot_time);
        http.discoverable = !self.hidden;
        http.discoverable_by_frames = !self.hidden;
        http.attack = self.attack;
    }
}

/// Deserializes a time such as `90s` or `-8h`.
fn ahead<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SignedDuration>, D::Error> {
    let text = Box::<str>::deserialize(deserializer)?;
    let size = text.strip_prefix('-').unwrap_or(&text);
    let size = humantime::parse_duration(size).map_err(de::Error::custom)?;
    let size = SignedDuration::try_from(size).map_err(de::Error::custom)?;
    Ok(Some(if text.starts_with('-') { -size } else { size }))
}

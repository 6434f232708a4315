//! Settings of a site file about the HTTP interface.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

use super::values;
use crate::{HttpAttack, HttpProfile, HttpSettings, HttpsSettings, TimeService, TlsForm};

/// The configured HTTP interface.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HttpKeys {
    off: bool,
    #[serde(deserialize_with = "HttpProfile::by_name")]
    profile: Option<Arc<HttpProfile>>,
    shared_lock: bool,
    #[serde(deserialize_with = "ahead")]
    clock: SignedDuration,
    ntp: TimeService,
    #[serde(deserialize_with = "values::time")]
    boot_time: Option<Duration>,
    hidden: bool,
    https: Option<u16>,
    tls: TlsForm,
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
        http.shared_lock = self.shared_lock;
        http.clock = self.clock;
        http.ntp = self.ntp;
        http.boot_time = self.boot_time.unwrap_or_default();
        http.discoverable = !self.hidden;
        http.discoverable_by_frames = !self.hidden;
        http.https = self.https.map(|port| HttpsSettings {
            port,
            tls: self.tls,
        });
        http.attack = self.attack;
    }
}

/// Deserializes a time such as `90s` or `-8h`.
fn ahead<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let text = Box::<str>::deserialize(deserializer)?;
    let size = text.strip_prefix('-').unwrap_or(&text);
    let size = humantime::parse_duration(size).map_err(de::Error::custom)?;
    let size = SignedDuration::try_from(size).map_err(de::Error::custom)?;
    Ok(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use crate::{Device, HttpAttack, Site, TlsForm};

    const HTTP: &str = include_str!("../../../../fixtures/sites/http.toml");

    fn build(text: &str) -> Vec<Device> {
        let network = "127.0.0.1/8".parse().unwrap();
        Site::parse(text).unwrap().build(network).unwrap()
    }

    #[test]
    fn the_example_has_devices_of_each_kind() {
        let devices = build(HTTP);
        let profiles = devices.iter().map(|device| {
            let profile = device.http.profile.as_ref();
            profile.map_or("none", |profile| profile.name())
        });
        let expected = "recorder-v4.62 camera-v5.5 camera-v5.6 camera-v5.7 camera-v5.8 \
                        camera-v5.5 camera-v5.7 oem-v5.8 camera-v5.2 none";
        assert_eq!(profiles.collect::<Vec<_>>().join(" "), expected);
        assert_eq!(devices[1].http.clock.as_hours(), -1);
        let https = devices.iter().map(|device| device.http.https.is_some());
        assert_eq!(https.filter(|has| *has).count(), 1);
        let https = devices[1].http.https.unwrap();
        assert_eq!((https.port, https.tls), (8443, TlsForm::OwnCertificate));
        let hidden = &devices[2].http;
        assert!(!hidden.discoverable && !hidden.discoverable_by_frames);
        assert!(devices[4].http.shared_lock && !devices[3].http.shared_lock);
    }

    #[test]
    fn a_device_without_the_table_has_that_of_the_defaults() {
        let devices = build(
            "[defaults]\nhttp = { attack = \"redirect\", boot_time = \"9s\" }\n\
             [[device]]\nprofile = \"ipc-v5.5.6\"\n\
             [[device]]\nprofile = \"ipc-v5.5.6\"\nhttp = {}",
        );
        assert_eq!(devices[0].http.attack, Some(HttpAttack::Redirect));
        assert_eq!(devices[0].http.boot_time.as_secs(), 9);
        assert_eq!(devices[1].http.attack, None);
    }

    #[test]
    fn unknown_words_are_refused_by_name() {
        for (table, expected) in [
            (
                "profile = \"camera-v9\"",
                "no HTTP interface is called `camera-v9`",
            ),
            ("ntp = \"late\"", "unknown variant `late`"),
            ("attack = \"tickle\"", "unknown variant `tickle`"),
            ("clock = \"soon\"", "expected number"),
            ("tls = \"none\"", "unknown variant `none`"),
            ("colour = 1", "unknown field `colour`"),
        ] {
            let text = format!("[[device]]\nprofile = \"ipc-v5.5.6\"\nhttp = {{ {table} }}");
            let error = Site::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

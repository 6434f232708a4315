//! The clocks of devices: what is known of them, and what is set.

use jiff::{Timestamp, tz::TimeZone};
use sadp_isapi::{DeviceZone, NtpHost, NtpServer, Time, TimeMode, ZoneError};

use super::{OutcomeStatus, Seen, http::DeviceClock};

/// The clock of a device, and its time server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockStatus {
    /// The clock.
    pub clock: DeviceClock,
    /// The first time server of its list, whether it is in use or not. `None` where its
    /// firmware has none.
    pub ntp: Option<NtpServer>,
}

impl ClockStatus {
    pub(crate) fn new(time: Time, ntp: Option<NtpServer>, now: Timestamp) -> Self {
        let clock = DeviceClock::new(time, now);
        Self { clock, ntp }
    }

    /// The time server that sets the clock.
    pub fn server(&self) -> Option<NtpHost> {
        let server = self.ntp.as_ref().and_then(NtpServer::host);
        server.filter(|_| self.clock.time.time_mode == TimeMode::Ntp)
    }
}

/// What is set of a clock. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeSettings {
    /// What sets the clock.
    pub source: Option<ClockSource>,
    /// Its time zone.
    pub zone: Option<NamedZone>,
}

/// What sets a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockSource {
    /// A time server, from now on.
    Ntp(NtpHost),
    /// The clock of this computer, once.
    ThisComputer,
}

impl TimeSettings {
    /// Whether a clock is set like this.
    pub(crate) fn are_those_of(&self, status: &ClockStatus) -> bool {
        let DeviceClock { time, .. } = &status.clock;
        let source = match &self.source {
            None => true,
            Some(ClockSource::Ntp(host)) => status.server().as_ref() == Some(host),
            Some(ClockSource::ThisComputer) => {
                time.time_mode == TimeMode::Manual && status.clock.is_right()
            }
        };
        let mut zones = self.zone.iter();
        source && zones.all(|zone| time.zone().as_ref() == Some(&zone.form))
    }
}

/// A time zone of the tz database that devices can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedZone {
    /// Its name, e.g. `Europe/Berlin`.
    pub name: Box<str>,
    /// Its form for devices.
    pub form: DeviceZone,
}

impl NamedZone {
    /// Finds a zone by its name, whatever the case, with its form from `now` on.
    pub fn find(name: &str, now: Timestamp) -> Result<Self, ZoneNameError> {
        let Ok(zone) = TimeZone::get(name) else {
            return Err(ZoneNameError::unknown(name));
        };
        let name = zone.iana_name().unwrap_or(name).into();
        let form = DeviceZone::of(&zone, now)?;
        Ok(Self { name, form })
    }
}

/// Why a time zone cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneNameError {
    /// The tz database has no zone of this name.
    #[error("no time zone has this name")]
    Unknown {
        /// A name of the database that is like it.
        nearest: Option<Box<str>>,
    },
    /// The form of devices cannot say what it does.
    #[error(transparent)]
    NotForDevices(#[from] ZoneError),
}

impl ZoneNameError {
    fn unknown(name: &str) -> Self {
        let wanted = name.to_ascii_lowercase().replace(' ', "_");
        let distance = |known: &str| {
            let known = known.to_ascii_lowercase();
            let place = known.rsplit('/').next().unwrap_or(&known);
            let [whole, place] = [&known, place].map(|it| strsim::levenshtein(it, &wanted));
            whole.min(place)
        };
        let names = jiff::tz::db().available();
        let near = names
            .map(|it| (distance(it.as_str()), it))
            .filter(|(distance, _)| *distance <= wanted.len().min(8) / 4);
        let nearest = near.min_by_key(|(distance, _)| *distance);
        let nearest = nearest.map(|(_, it)| it.as_str().into());
        Self::Unknown { nearest }
    }
}

/// What was changed of a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeChange {
    /// What was to be set.
    pub wanted: TimeSettings,
    /// The clock before. `None` where it was not read.
    pub before: Option<ClockStatus>,
    /// The clock afterwards, read once more. `None` where it was not.
    pub after: Option<ClockStatus>,
    /// Whether the device took a time server.
    pub server_written: bool,
    /// Whether it took mode, zone or time.
    pub clock_written: bool,
    /// Whether it says that it has to restart first.
    pub needs_restart: bool,
}

impl TimeChange {
    pub(crate) const fn new(wanted: TimeSettings) -> Self {
        Self {
            wanted,
            before: None,
            after: None,
            server_written: false,
            clock_written: false,
            needs_restart: false,
        }
    }

    /// Whether anything was written.
    pub const fn is_written(&self) -> bool {
        self.server_written || self.clock_written
    }

    /// What the clock shows of a change that the device accepted, and how that ends.
    pub(crate) fn conclusion(&self) -> (OutcomeStatus, Option<Seen>) {
        if !self.is_written() {
            return (OutcomeStatus::Done, None);
        }
        let after = self.after.as_ref();
        let done = after.map(|after| self.wanted.are_those_of(after));
        Seen::of(done).after_accepted(self.needs_restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T11:00:00Z".parse().unwrap()
    }

    #[test]
    fn zones_are_found_by_name() {
        for name in ["Europe/Berlin", "europe/berlin"] {
            let zone = NamedZone::find(name, now()).unwrap();
            assert_eq!(&*zone.name, "Europe/Berlin");
        }
        for (name, nearest) in [
            ("Berlin", Some("Europe/Berlin")),
            ("Europe/Berln", Some("Europe/Berlin")),
            ("New York", Some("America/New_York")),
            ("CST-1:00:00DST01:00:00,M3.5.0/02:00:00", None),
            ("x", None),
            ("", None),
        ] {
            let nearest = nearest.map(Into::into);
            let error = ZoneNameError::Unknown { nearest };
            assert_eq!(NamedZone::find(name, now()), Err(error), "{name}");
        }
        let error = NamedZone::find("Africa/Casablanca", now()).unwrap_err();
        assert!(error.to_string().contains("Africa/Casablanca"), "{error}");
    }

    #[test]
    fn what_the_clock_shows_afterwards_decides() {
        use OutcomeStatus::{Done, Unknown};
        let status = |mode| ClockStatus {
            clock: DeviceClock::new(
                Time {
                    time_mode: mode,
                    local_time: Some("2026-11-26T11:00:01".into()),
                    time_zone: Some("CST-0:00:00".into()),
                },
                now(),
            ),
            ntp: None,
        };
        for (after, needs_restart, expected) in [
            (Some(TimeMode::Manual), false, (Done, Some(Seen::Changed))),
            (Some(TimeMode::Ntp), false, (Unknown, Some(Seen::Unchanged))),
            (Some(TimeMode::Ntp), true, (Done, Some(Seen::Unchanged))),
            (None, false, (Done, Some(Seen::Missing))),
        ] {
            let change = TimeChange {
                after: after.clone().map(status),
                needs_restart,
                clock_written: true,
                ..TimeChange::new(TimeSettings {
                    source: Some(ClockSource::ThisComputer),
                    zone: None,
                })
            };
            assert_eq!(change.conclusion(), expected, "{after:?}");
        }
    }
}

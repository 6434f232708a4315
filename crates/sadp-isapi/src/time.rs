mod ntp;
mod zone;

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use serde::Serialize;

pub use self::{
    ntp::{BadNtpHost, NtpHost, NtpServer},
    zone::{BadDeviceZone, DeviceZone, ZoneError},
};
use crate::{Body, EditError, IsapiDocument, replace_text};

/// A device's clock: the reply to [`Time::PATH`], with a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Time {
    /// What sets the clock.
    pub time_mode: TimeMode,
    /// What the clock shows, as written. The offset behind it is wrong on recorders while
    /// daylight saving lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_time: Option<Box<str>>,
    /// The time zone as written: [`Time::zone`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Box<str>>,
}

impl Time {
    /// Where it is read and written.
    pub const PATH: &'static str = "/ISAPI/System/time";

    /// What the clock shows.
    pub fn shown(&self) -> Option<DateTime> {
        const SECONDS: usize = "2026-11-26T12:00:00".len();
        self.local_time.as_ref()?.get(..SECONDS)?.parse().ok()
    }

    /// The time zone.
    pub fn zone(&self) -> Option<DeviceZone> {
        self.time_zone.as_ref()?.parse().ok()
    }

    /// How far the clock is ahead of `now`, by our own conversion of its time zone.
    pub fn deviation(&self, now: Timestamp) -> Option<SignedDuration> {
        Some(self.zone()?.timestamp(self.shown()?)?.duration_since(now))
    }

    /// A received document with this mode. Everything else stays as it is. Set the
    /// [`NtpServer`] before the mode.
    pub fn with_mode(document: &[u8], mode: &TimeMode) -> Result<Vec<u8>, EditError> {
        replace_text(document, "timeMode", &mode.to_string())
    }

    /// A received document with this zone.
    pub fn with_zone(document: &[u8], zone: &DeviceZone) -> Result<Vec<u8>, EditError> {
        replace_text(document, "timeZone", &zone.to_string())
    }

    /// A received document in which the clock shows this. A device takes that over with
    /// the mode [`TimeMode::Manual`]. It is written without an offset, because recorders
    /// have a wrong one.
    pub fn with_shown(document: &[u8], shown: DateTime) -> Result<Vec<u8>, EditError> {
        let shown = shown.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        replace_text(document, "localTime", &shown)
    }
}

impl IsapiDocument for Time {
    const ROOT: &'static str = "Time";

    fn read(body: &Body) -> Option<Self> {
        Some(Self {
            time_mode: body.text("timeMode").map(TimeMode::of)?,
            local_time: body.owned("localTime"),
            time_zone: body.owned("timeZone"),
        })
    }
}

/// What sets a device's clock.
#[derive(Clone, Debug, PartialEq, Eq, strum::Display, strum::EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum TimeMode {
    /// A time server.
    #[strum(serialize = "NTP")]
    Ntp,
    /// People.
    Manual,
    /// A satellite.
    Satellite,
    /// The vendor's cloud.
    Platform,
    /// Another word, as received.
    #[strum(default)]
    Other(String),
}

words!(TimeMode);

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDER: &[u8] = include_bytes!("../../../fixtures/isapi/time-recorder.xml");

    fn time(bytes: &[u8]) -> Time {
        Time::read(&Body::read(bytes).unwrap()).unwrap()
    }

    #[test]
    fn a_clock_is_read_and_its_deviation_known() {
        let recorder = time(RECORDER);
        assert_eq!(recorder.time_mode, TimeMode::Platform);
        let now = "2026-11-26T11:00:30Z".parse().unwrap();
        assert_eq!(
            recorder.deviation(now),
            Some(SignedDuration::from_secs(-30))
        );
        for written in [recorder.to_xml(None), recorder.to_json()] {
            assert_eq!(time(&written), recorder);
        }
    }

    #[test]
    fn the_printed_offset_is_not_believed() {
        let body =
            b"<Time><timeMode>NTP</timeMode><localTime>2026-07-01T12:00:00-05:00</localTime>\
            <timeZone>CST+5:00:00DST01:00:00,M3.2.0/02:00:00,M11.1.0/02:00:00</timeZone></Time>";
        let now = "2026-07-01T16:00:00Z".parse().unwrap();
        assert_eq!(time(body).deviation(now), Some(SignedDuration::ZERO));
    }

    #[test]
    fn what_cannot_be_read_has_no_deviation() {
        for body in [
            "<Time><timeMode>x</timeMode></Time>",
            "<Time><timeMode>x</timeMode><localTime>12:00</localTime><timeZone>CST-8</timeZone></Time>",
            "<Time><timeMode>x</timeMode><localTime>2026-07-01T12:00:00</localTime><timeZone>?</timeZone></Time>",
        ] {
            let time = time(body.as_bytes());
            assert_eq!(time.time_mode, TimeMode::Other("x".into()));
            assert_eq!(time.deviation(Timestamp::UNIX_EPOCH), None);
        }
    }

    #[test]
    fn changes_keep_the_rest() {
        let zone = "CST-8:00:00".parse().unwrap();
        let changed = Time::with_mode(RECORDER, &TimeMode::Ntp).unwrap();
        let changed = Time::with_zone(&changed, &zone).unwrap();
        let expected = String::from_utf8(RECORDER.to_vec())
            .unwrap()
            .replace("platform<", "NTP<")
            .replace(
                "\nCST-1:00:00DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00\n",
                "CST-8:00:00",
            );
        assert_eq!(String::from_utf8(changed).unwrap(), expected);

        let set = Time::with_shown(RECORDER, "2026-11-27T08:09:10".parse().unwrap()).unwrap();
        assert_eq!(
            time(&set).local_time.as_deref(),
            Some("2026-11-27T08:09:10")
        );
        assert_eq!(time(&set).time_mode, TimeMode::Platform);
        assert_eq!(time(&set).zone(), time(RECORDER).zone());
    }
}

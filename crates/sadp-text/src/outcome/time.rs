//! The clocks of devices, as they are shown and set.

use jiff::tz::Offset;
use sadp_isapi::{DeviceZone, TimeMode};
use sadp_model::text::clean;
use sadp_ops::{
    Outcome, OutcomeStatus, Seen,
    time::{ClockSource, ClockStatus, TimeChange, TimeSettings, ZoneNameError},
};
use sadp_reset::Action;

use super::http::{clock_in_brief, deviation};
use crate::{Announcement, Explanation, Sentence, say};

/// A clock that was read.
pub(super) fn shown(status: &ClockStatus) -> Explanation {
    let time = &status.clock.time;
    let text = time.time_zone.as_deref();
    let zone = time.zone().map(|it| zone_name(&it));
    let zone = zone.or_else(|| text.map(|text| clean(text.trim()).into_owned()));
    let zone = zone.map_or_else(String::new, |zone| format!(", zone {zone}"));
    Explanation {
        message: format!("clock {}{zone}", clock(status)).into(),
        next: wrong(status),
    }
}

/// `right, set by NTP from 192.168.1.1`.
fn clock(status: &ClockStatus) -> String {
    let server = status.server().map(|host| format!(" from {host}"));
    let (clock, server) = (clock_in_brief(&status.clock), server.unwrap_or_default());
    format!("{clock}{server}")
}

/// What to do about a wrong clock.
fn wrong(status: &ClockStatus) -> Option<Sentence> {
    if status.clock.is_right() || status.clock.deviation.is_none() {
        return None;
    }
    Some(match (&status.clock.time.time_mode, status.server()) {
        (TimeMode::Ntp, Some(host)) => Sentence::new(format!("make sure that it can reach {host} (UDP 123), or set its clock from another time server: ")).terminal_only("sadpctl time set DEVICE --ntp HOST"),
        _ => Sentence::new("set it from a time server, or from this computer's clock: ").terminal_only("sadpctl time set DEVICE --ntp HOST, or --now"),
    })
}

/// `UTC+01 with daylight saving`.
fn zone_name(zone: &DeviceZone) -> String {
    let offset = Some(zone.standard()).filter(|it| *it != Offset::UTC);
    let offset = offset.map_or_else(String::new, |it| it.to_string());
    let saving = zone.saves_daylight().then_some(" with daylight saving");
    format!("UTC{offset}{}", saving.unwrap_or_default())
}

/// A clock that was set, or would be.
pub(super) fn changed(change: &TimeChange, outcome: &Outcome) -> Explanation {
    if outcome.status == OutcomeStatus::Planned {
        let wanted = settings(&change.wanted);
        return say(format!("would be set, where it differs: {wanted}"));
    }
    let Some(after) = &change.after else {
        return say("it accepted the change, but its clock could not be read again")
            .next(Sentence::new("to see it: ").terminal_only("sadpctl time show DEVICE"));
    };
    if !change.is_written() {
        return shown(after).after("nothing to change: ");
    }
    if outcome.status == OutcomeStatus::Unknown {
        let now = clock(after);
        let message = format!("it accepted the change, but does not show it: clock {now}");
        return say(message).next("look at its own web page, or run it again");
    }
    let before = change.before.as_ref().map(|it| deviation(&it.clock));
    let now = deviation(&after.clock);
    let restarts = change.needs_restart || outcome.seen != Some(Seen::Changed);
    // A device asks the time server on its own, some time after.
    let server = after.server();
    let waits = server.filter(|_| !restarts && wrong(after).is_some());
    let moved = match before {
        Some(before) if before != now => format!("was {before}; now "),
        Some(before) if waits.is_some() => format!("was {before}; still "),
        _ => String::new(),
    };
    let zone = change.wanted.zone.as_ref();
    let zone = zone.map_or_else(String::new, |zone| format!("; zone {}", zone.name));
    let late = match waits {
        _ if restarts => "; it takes the change over when it restarts",
        Some(_) => ", which has not set it yet",
        None => "",
    };
    let look = match waits {
        _ if restarts => Some("restart it in its own web page, then: ".into()),
        Some(host) => Some(format!(
            "look again in a few minutes; if it is wrong then, make sure that it can reach {host} (UDP 123): "
        )),
        None => None,
    };
    let look = look.map(|it| Sentence::new(it).terminal_only("sadpctl time show DEVICE"));
    Explanation {
        message: format!("clock {moved}{}{late}{zone}", clock(after)).into(),
        next: look.or_else(|| wrong(after)),
    }
}

/// `NTP from 192.168.1.1; zone Europe/Berlin`.
fn settings(settings: &TimeSettings) -> String {
    let source = settings.source.as_ref().map(|source| match source {
        ClockSource::Ntp(host) => format!("NTP from {host}"),
        ClockSource::ThisComputer => "this computer's time, by hand".into(),
    });
    let zone = settings.zone.as_ref();
    let zone = zone.map(|zone| format!("zone {}", zone.name));
    let parts: Vec<_> = source.into_iter().chain(zone).collect();
    parts.join("; ")
}

impl Announcement {
    /// Clocks to be set.
    pub fn time(wanted: &TimeSettings) -> Self {
        let settings = settings(wanted);
        let what = format!("the clock is set ({settings}), where it differs, on");
        let question = match wanted.source {
            Some(_) => "Set the clock of {}?",
            None => "Set the time zone of {}?",
        };
        Self::described(Action::TimeSet, what, question)
    }
}

/// What to do about a time zone that cannot be set.
pub fn zone_remedy(error: &ZoneNameError) -> String {
    match error {
        ZoneNameError::Unknown { nearest: Some(nearest) } => format!("did you mean {nearest}?"),
        ZoneNameError::Unknown { nearest: None } => "write a name of the tz database, e.g. Europe/Berlin".into(),
        ZoneNameError::NotForDevices(_) => "use a zone of a fixed offset until the clock changes, e.g. Etc/GMT-1, which is an hour ahead of UTC".into(),
    }
}

#[cfg(test)]
mod tests {
    use sadp_isapi::{HttpFailure, NtpServer, Time};
    use sadp_ops::{
        DeviceRef, OutcomeData, Reason,
        check::{DeviceClock, HttpFinding},
    };

    use super::*;
    use crate::message;

    fn status(mode: TimeMode, local_time: &str) -> ClockStatus {
        let time = Time {
            time_mode: mode,
            local_time: Some(local_time.into()),
            time_zone: Some("CST-1:00:00".into()),
        };
        let ntp = NtpServer {
            id: Some(1),
            addressing_format_type: Some("ipaddress".into()),
            host_name: None,
            ip_address: Some("192.0.2.1".into()),
            ipv6_address: None,
            port_no: None,
            synchronize_interval: None,
        };
        let now = "2026-11-26T11:00:00Z".parse().unwrap();
        ClockStatus {
            clock: DeviceClock::new(time, now),
            ntp: Some(ntp),
        }
    }

    fn change(after: Option<ClockStatus>) -> TimeChange {
        let host = "192.0.2.1".parse().unwrap();
        TimeChange {
            wanted: TimeSettings {
                source: Some(ClockSource::Ntp(host)),
                zone: None,
            },
            before: Some(status(TimeMode::Manual, "2026-10-27T12:00:00")),
            after,
            server_written: true,
            clock_written: true,
            needs_restart: false,
        }
    }

    fn outcome(change: TimeChange, status: OutcomeStatus) -> Outcome {
        Outcome {
            data: OutcomeData::TimeChange(Box::new(change)),
            ..Outcome::new(DeviceRef::default(), Action::TimeSet, status)
        }
    }

    fn told(change: TimeChange, status: OutcomeStatus, seen: Seen) -> String {
        let mut outcome = outcome(change, status);
        outcome.seen = Some(seen);
        message(&outcome)
    }

    #[test]
    fn what_the_clock_shows_after_a_change_is_told() {
        let right = || Some(status(TimeMode::Ntp, "2026-11-26T12:00:01"));
        let done = OutcomeStatus::Done;
        let before = "clock was 30 days behind; now right, set by NTP from 192.0.2.1";
        assert_eq!(told(change(right()), done, Seen::Changed), before);
        let mut restarts = change(right());
        restarts.needs_restart = true;
        let expected = format!("{before}; it takes the change over when it restarts");
        assert_eq!(told(restarts, done, Seen::Changed), expected);
        let former = change(Some(status(TimeMode::Manual, "2026-11-26T11:29:20")));
        assert_eq!(
            told(former, OutcomeStatus::Unknown, Seen::Unchanged),
            "it accepted the change, but does not show it: clock 30m 40s behind, set by hand"
        );
        assert_eq!(
            told(change(None), done, Seen::Missing),
            "it accepted the change, but its clock could not be read again"
        );
    }

    #[test]
    fn what_was_set_before_a_failure_is_told() {
        let mut outcome = outcome(change(None), OutcomeStatus::Unknown);
        outcome.reason = Reason::Http(HttpFinding::Unconfirmed(HttpFailure::Timeout));
        assert!(message(&outcome).ends_with("may have been made; its time server is set already"));
        outcome.data = OutcomeData::None;
        assert!(message(&outcome).ends_with("may have been made"));
    }
}

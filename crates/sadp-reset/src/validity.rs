//! Whether a request can still be answered, judged from what is known.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use crate::{Action, AttemptRecord, AttemptResult, Case, CaseEnded, CaseEnding, DeviceKey};

/// From this age on a request is worth a reminder: the vendor's 2015 guide calls
/// it valid for a day only.
pub const WARN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a request is valid by the vendor's later guides.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(48);

/// Until when a request of then needs no reminder.
pub(crate) fn warn_after(exported_at: Timestamp) -> Timestamp {
    later(exported_at, WARN_AFTER)
}

/// Until when a request of then is valid.
pub(crate) fn valid_until(exported_at: Timestamp) -> Timestamp {
    later(exported_at, VALID_FOR)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// What decides whether a request can still be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// When it was exported, where that is known.
    pub exported_at: Option<Timestamp>,
    /// When the device had started, as it told at the export.
    pub boot_time: Option<DateTime>,
    /// When a later request of the same device was exported, the last of them.
    pub newer_export: Option<Timestamp>,
    /// When the same device was asked for another request of which none is
    /// here, the last time: it may have made one.
    pub maybe_newer: Option<Timestamp>,
    /// How its case ended, where it did.
    pub ended: Option<CaseEnded>,
}

impl RequestFacts {
    /// The facts of a case, among all cases of the ledger.
    pub fn of(case: &Case, all: &[Case]) -> Self {
        let newer = all.iter().filter(|other| {
            other.id > case.id && other.request.device.is_same(&case.request.device)
        });
        Self {
            exported_at: Some(case.request.exported_at),
            boot_time: case.request.boot_time,
            newer_export: newer.map(|other| other.request.exported_at).max(),
            maybe_newer: None,
            ended: case.ended,
        }
    }

    /// Adds what was asked of the request's device after the export, among these
    /// attempts. A device makes a new request whenever it hears the question,
    /// whether its answer arrives or not; only where it refused, it made none.
    #[must_use]
    pub fn asked_since(mut self, device: &DeviceKey, attempts: &[AttemptRecord]) -> Self {
        let Some(exported) = self.exported_at else {
            return self;
        };
        let asked = attempts.iter().filter(|record| {
            let attempt = &record.attempt;
            let same = attempt
                .device
                .as_ref()
                .is_some_and(|key| key.is_same(device));
            // The ledger keeps no parts of a second.
            let later = attempt.at.as_second() > exported.as_second();
            let sent = !matches!(
                record.result(),
                AttemptResult::Refused | AttemptResult::Skipped
            );
            same && later && sent && attempt.action == Action::ExportRequest
        });
        self.maybe_newer = asked.map(|record| record.attempt.at).max();
        self
    }

    /// Why the request may be invalid, with the device as last seen.
    pub fn judge(&self, now: Timestamp, sight: Option<&LastSeen>) -> RequestValidity {
        let mut reasons = Vec::new();
        match (self.ended, self.newer_export) {
            (_, Some(at)) => reasons.push(InvalidReason::ExportedAgain { at }),
            (Some(ended), None) if ended.how == CaseEnding::Superseded => {
                reasons.push(InvalidReason::ExportedAgain { at: ended.at });
            }
            (None, None) => {
                let maybe = self.maybe_newer;
                reasons.extend(maybe.map(|at| InvalidReason::PossiblyExportedAgain { at }));
            }
            _ => {}
        }
        if let Some(ended) = self.ended
            && ended.how != CaseEnding::Superseded
        {
            reasons.push(InvalidReason::Closed(ended));
        }
        let told = (self.boot_time, sight.and_then(|sight| sight.boot_time));
        if let (Some(exported), Some(now)) = told
            && Boot::between(exported, now) == Boot::Another
        {
            reasons.push(InvalidReason::Rebooted { exported, now });
        }
        let age = self.exported_at.map(|at| now.duration_since(at));
        if let Some(age) = age.filter(|age| *age > VALID_FOR) {
            reasons.push(InvalidReason::Overdue { age });
        }
        let seen = sight.map(|sight| sight.at);
        if seen.is_none() || seen < self.exported_at {
            reasons.push(InvalidReason::NotSeen { last: seen });
        }
        let aging = age.is_some_and(|age| age > WARN_AFTER && age <= VALID_FOR);
        RequestValidity { reasons, aging }
    }
}

/// A device as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// When it had started, as it told.
    pub boot_time: Option<DateTime>,
    /// When it was seen.
    pub at: Timestamp,
}

/// Whether a request can still be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestValidity {
    /// Why it may be invalid.
    pub reasons: Vec<InvalidReason>,
    /// It is older than [`WARN_AFTER`] and no older than [`VALID_FOR`].
    pub aging: bool,
}

impl RequestValidity {
    /// Whether an answer is not to be sent unless the user insists. What is not
    /// known for sure does not stop it.
    pub fn stops_import(&self) -> bool {
        self.reasons.iter().any(InvalidReason::stops_import)
    }
}

/// Why a request may be invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidReason {
    /// The device has started again, and forgets its request when it does.
    Rebooted {
        /// When it had started, as it told at the export.
        exported: DateTime,
        /// When it had started, as it tells now.
        now: DateTime,
    },
    /// The request was exported again: only the last one counts.
    ExportedAgain {
        /// When.
        at: Timestamp,
    },
    /// The device was asked for another request, and none arrived: if it made
    /// one, this one is void.
    PossiblyExportedAgain {
        /// When it was asked last.
        at: Timestamp,
    },
    /// It is older than [`VALID_FOR`].
    Overdue {
        /// How old.
        age: SignedDuration,
    },
    /// Its case is closed: the device is recovered, called the request spent, or
    /// the user gave it up.
    Closed(CaseEnded),
    /// The device was not seen since the export.
    NotSeen {
        /// When it was seen last, where that is known.
        last: Option<Timestamp>,
    },
}

impl InvalidReason {
    /// Whether an answer is not to be sent unless the user insists.
    pub const fn stops_import(&self) -> bool {
        !matches!(
            self,
            Self::NotSeen { .. } | Self::PossiblyExportedAgain { .. }
        )
    }

    /// The name scripts see, e.g. `exported-again`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rebooted { .. } => "rebooted",
            Self::ExportedAgain { .. } => "exported-again",
            Self::PossiblyExportedAgain { .. } => "possibly-exported-again",
            Self::Overdue { .. } => "overdue",
            Self::Closed(_) => "closed",
            Self::NotSeen { .. } => "not-seen",
        }
    }
}

/// What two boot times of one device say.
#[derive(Debug, PartialEq, Eq)]
enum Boot {
    Same,
    Another,
    Unknown,
}

impl Boot {
    /// A device without a clock counts from 1970 at every start, so its boot
    /// times are alike or differ by chance. All others repeat theirs unchanged
    /// until they start again, however wrong it is.
    fn between(earlier: DateTime, later: DateTime) -> Self {
        if [earlier, later].iter().any(|time| time.year() <= 1970) {
            Self::Unknown
        } else if earlier == later {
            Self::Same
        } else {
            Self::Another
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;
    use crate::{Attempt, AttemptFilter, AttemptVerdict, Ledger};

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
    }

    fn boot(second: i8) -> DateTime {
        datetime(2026, 9, 18, 9, 21, second, 0)
    }

    fn facts() -> RequestFacts {
        RequestFacts {
            exported_at: Some(at(0)),
            boot_time: Some(boot(1)),
            ..RequestFacts::default()
        }
    }

    fn sight(boot_time: Option<DateTime>, hours: i64) -> LastSeen {
        let at = at(hours);
        LastSeen { boot_time, at }
    }

    fn names(validity: &RequestValidity) -> Vec<&'static str> {
        validity.reasons.iter().map(InvalidReason::name).collect()
    }

    #[test]
    fn a_request_ages_and_ends() {
        let seen = sight(Some(boot(1)), 100);
        let second = SignedDuration::from_secs(1);
        for (now, aging, reasons) in [
            (at(-5), false, vec![]),
            (at(24), false, vec![]),
            (at(24) + second, true, vec![]),
            (at(48), true, vec![]),
            (at(48) + second, false, vec!["overdue"]),
        ] {
            let judged = facts().judge(now, Some(&seen));
            assert_eq!((judged.aging, names(&judged)), (aging, reasons), "{now}");
            assert_eq!(judged.stops_import(), !judged.reasons.is_empty());
        }
    }

    #[test]
    fn only_another_boot_time_of_a_clock_that_was_set_is_a_reboot() {
        let unset = datetime(1970, 1, 1, 0, 0, 12, 0);
        for (exported, now, rebooted) in [
            (Some(boot(1)), Some(boot(1)), false),
            (Some(boot(1)), Some(boot(2)), true),
            (Some(boot(2)), Some(boot(1)), true),
            (Some(boot(1)), None, false),
            (None, Some(boot(1)), false),
            (Some(boot(1)), Some(unset), false),
            (Some(unset), Some(boot(1)), false),
            (Some(unset), Some(unset), false),
            (Some(unset), Some(datetime(1970, 1, 2, 0, 0, 0, 0)), false),
        ] {
            let mut facts = facts();
            facts.boot_time = exported;
            let judged = facts.judge(at(1), Some(&sight(now, 1)));
            let expected: &[_] = if rebooted { &["rebooted"] } else { &[] };
            assert_eq!(names(&judged), expected, "{exported:?} {now:?}");
        }
    }

    #[test]
    fn a_device_that_was_not_seen_since_is_told_but_stops_nothing() {
        for (sight, expected) in [
            (None, vec!["not-seen"]),
            (Some(sight(Some(boot(1)), -1)), vec!["not-seen"]),
            (Some(sight(Some(boot(1)), 0)), vec![]),
        ] {
            let judged = facts().judge(at(1), sight.as_ref());
            assert_eq!(names(&judged), expected);
            assert!(!judged.stops_import());
        }
    }

    #[test]
    fn a_later_export_or_a_closed_case_stops_it() {
        let ended = |how| Some(CaseEnded { how, at: at(1) });
        for (newer_export, ended, expected) in [
            (Some(at(1)), None, vec!["exported-again"]),
            (
                Some(at(1)),
                ended(CaseEnding::Superseded),
                vec!["exported-again"],
            ),
            (None, ended(CaseEnding::Superseded), vec!["exported-again"]),
            (None, ended(CaseEnding::Recovered), vec!["closed"]),
            (None, ended(CaseEnding::Spent), vec!["closed"]),
            (
                Some(at(1)),
                ended(CaseEnding::Forgotten),
                vec!["exported-again", "closed"],
            ),
        ] {
            let facts = RequestFacts {
                newer_export,
                ended,
                ..facts()
            };
            let judged = facts.judge(at(1), Some(&sight(Some(boot(1)), 1)));
            assert_eq!(names(&judged), expected);
            assert!(judged.stops_import());
        }
    }

    #[test]
    fn another_request_that_was_asked_for_in_vain_may_have_made_it_invalid() {
        let camera = key(1);
        for (device, action, after, result, maybe) in [
            (
                1,
                Action::ExportRequest,
                60,
                Some(AttemptResult::NoAnswer),
                true,
            ),
            (
                1,
                Action::ExportRequest,
                60,
                Some(AttemptResult::Unknown),
                true,
            ),
            // Its run was killed.
            (1, Action::ExportRequest, 60, None, true),
            // It answered, and its request could not be kept.
            (
                1,
                Action::ExportRequest,
                60,
                Some(AttemptResult::Done),
                true,
            ),
            (
                1,
                Action::ExportRequest,
                60,
                Some(AttemptResult::Refused),
                false,
            ),
            (
                1,
                Action::ExportRequest,
                60,
                Some(AttemptResult::Skipped),
                false,
            ),
            // What brought this request, or was before.
            (
                1,
                Action::ExportRequest,
                0,
                Some(AttemptResult::Done),
                false,
            ),
            (
                1,
                Action::ExportRequest,
                -60,
                Some(AttemptResult::NoAnswer),
                false,
            ),
            (1, Action::MailQr, 60, Some(AttemptResult::NoAnswer), false),
            (
                2,
                Action::ExportRequest,
                60,
                Some(AttemptResult::NoAnswer),
                false,
            ),
        ] {
            let asked = at(0) + SignedDuration::from_secs(after);
            let mut attempts = records(key(device), action, (asked, result));
            attempts.extend(records(key(3), Action::ExportRequest, (asked, None)));
            let facts = facts().asked_since(&camera, &attempts);
            assert_eq!(facts.maybe_newer, maybe.then_some(asked));
            let judged = facts.judge(at(1), Some(&sight(Some(boot(1)), 1)));
            let expected: &[_] = if maybe {
                &["possibly-exported-again"]
            } else {
                &[]
            };
            assert_eq!(
                names(&judged),
                expected,
                "{device} {action} {after} {result:?}"
            );
            assert!(!judged.stops_import(), "the user decides");
        }
        let unknown = RequestFacts::default();
        let asked = records(key(1), Action::ExportRequest, (at(0), None));
        assert_eq!(unknown.asked_since(&camera, &asked).maybe_newer, None);
    }

    #[test]
    fn what_is_known_takes_the_place_of_what_may_be() {
        let ended = |how| Some(CaseEnded { how, at: at(1) });
        for (newer_export, ended, expected) in [
            (Some(at(1)), None, "exported-again"),
            (None, ended(CaseEnding::Superseded), "exported-again"),
            (None, ended(CaseEnding::Spent), "closed"),
        ] {
            let facts = RequestFacts {
                newer_export,
                maybe_newer: Some(at(1)),
                ended,
                ..facts()
            };
            let judged = facts.judge(at(1), Some(&sight(Some(boot(1)), 1)));
            assert_eq!(names(&judged), [expected]);
        }
    }

    fn key(number: u8) -> DeviceKey {
        let mac = sadp_model::MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number]);
        DeviceKey::new(Some(mac), None).unwrap()
    }

    /// What a ledger tells of one attempt.
    fn records(
        device: DeviceKey,
        action: Action,
        (at, result): (Timestamp, Option<AttemptResult>),
    ) -> Vec<AttemptRecord> {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let attempt = Attempt {
            device: Some(device),
            address: None,
            action,
            at,
        };
        let id = ledger.begin(&attempt).unwrap();
        if let Some(result) = result {
            let verdict = AttemptVerdict::new(result, at);
            ledger.finish(id, &verdict).unwrap();
        }
        ledger.attempts(&AttemptFilter::default()).unwrap()
    }
}

//! Decides whether a request can still be answered.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use strum::IntoStaticStr;

use crate::{
    Action, AttemptRecord, AttemptResult, Case, CaseEnded, CaseEnding, DeviceKey, VALID_FOR,
    WARN_AFTER,
};

/// The facts that decide whether a request can still be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// When it was exported, where known.
    pub exported_at: Option<Timestamp>,
    /// When the device had started, as it reported at the export.
    pub boot_time: Option<DateTime>,
    /// When the last later request of the same device was exported.
    pub newer_export: Option<Timestamp>,
    /// When the same device was last asked for another request that did not arrive: it
    /// may have made one.
    pub maybe_newer: Option<Timestamp>,
    /// How its case ended, where it is closed.
    pub ended: Option<CaseEnded>,
}

impl RequestFacts {
    /// Returns the facts of a case, given the cases of the ledger, or those of its device.
    pub fn of<'a>(case: &Case, all: impl IntoIterator<Item = &'a Case>) -> Self {
        let newer = all.into_iter().filter(|other| {
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

    /// Adds attempts to export another request of this device since then. A device makes
    /// a new request whenever it receives the command, even where its reply is lost;
    /// only where it refused, it made none.
    #[must_use]
    pub fn asked_since<'a>(
        mut self,
        device: &DeviceKey,
        attempts: impl IntoIterator<Item = &'a AttemptRecord>,
    ) -> Self {
        let Some(exported) = self.exported_at else {
            return self;
        };
        let asked = attempts.into_iter().filter(|record| {
            let attempt = &record.attempt;
            let key = attempt.device.as_ref();
            attempt.action == Action::ExportRequest
                && key.is_some_and(|key| key.is_same(device))
                // The ledger stores whole seconds.
                && attempt.at.as_second() > exported.as_second()
                && !matches!(
                    record.result(),
                    AttemptResult::Refused | AttemptResult::Skipped
                )
        });
        self.maybe_newer = asked.map(|record| record.attempt.at).max();
        self
    }

    /// Returns why the request may be invalid, given the device as last seen.
    pub fn judge(&self, now: Timestamp, seen: Option<&LastSeen>) -> RequestValidity {
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
        let reported = seen.and_then(|seen| seen.boot_time);
        if let (Some(exported), Some(now)) = (self.boot_time, reported)
            && has_restarted(exported, now)
        {
            reasons.push(InvalidReason::Rebooted { exported, now });
        }
        let age = self.exported_at.map(|at| now.duration_since(at));
        if let Some(age) = age.filter(|age| *age > VALID_FOR) {
            reasons.push(InvalidReason::Overdue { age });
        }
        let last = seen.map(|seen| seen.at);
        if last.is_none() || last < self.exported_at {
            reasons.push(InvalidReason::NotSeen { last });
        }
        let aging = age.is_some_and(|age| age > WARN_AFTER && age <= VALID_FOR);
        RequestValidity { reasons, aging }
    }
}

/// A device as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// When it had started, as it reported.
    pub boot_time: Option<DateTime>,
    /// When it was seen.
    pub at: Timestamp,
}

/// Whether a request can still be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestValidity {
    /// Why it may be invalid.
    pub reasons: Vec<InvalidReason>,
    /// Whether it is older than [`WARN_AFTER`] and not older than [`VALID_FOR`].
    pub aging: bool,
}

impl RequestValidity {
    /// Whether an answer is sent only on the user's explicit demand. Doubts alone do not
    /// stop it.
    pub fn stops_import(&self) -> bool {
        self.reasons.iter().any(InvalidReason::stops_import)
    }
}

/// Why a request may be invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum InvalidReason {
    /// The device has restarted, and so forgot its request.
    Rebooted {
        /// When it had started, as it reported at the export.
        exported: DateTime,
        /// When it had started, as it reports now.
        now: DateTime,
    },
    /// The request was exported again: only the latest one counts.
    ExportedAgain {
        /// The time.
        at: Timestamp,
    },
    /// The device was asked for another request, but none arrived: if it made one, this
    /// one is void.
    PossiblyExportedAgain {
        /// The last time.
        at: Timestamp,
    },
    /// It is older than [`VALID_FOR`].
    Overdue {
        /// Its age.
        age: SignedDuration,
    },
    /// Its case is closed: the device is recovered, reported the request as used up, or
    /// the user gave it up.
    Closed(CaseEnded),
    /// The device was not seen since the export.
    NotSeen {
        /// The last time it was seen, where known.
        last: Option<Timestamp>,
    },
}

impl InvalidReason {
    /// Whether an answer is sent only on the user's explicit demand.
    pub const fn stops_import(&self) -> bool {
        !matches!(
            self,
            Self::NotSeen { .. } | Self::PossiblyExportedAgain { .. }
        )
    }

    /// The name in JSON, e.g. `exported-again`.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// Whether two boot times of one device show a restart. A device without a clock
/// counts from 1970 at every start, so its boot times prove nothing. All others report
/// the same time until they restart, however wrong it is.
fn has_restarted(earlier: DateTime, later: DateTime) -> bool {
    earlier != later && earlier.year() > 1970 && later.year() > 1970
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;
    use crate::{Attempt, AttemptFilter, AttemptVerdict, Ledger, device_key::testing::key};

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

    fn ended(how: CaseEnding) -> CaseEnded {
        CaseEnded { how, at: at(1) }
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
    fn a_device_not_seen_since_the_export_stops_nothing() {
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
        #[rustfmt::skip]
        let cases = [
            (Some(at(1)), None, vec!["exported-again"]),
            (Some(at(1)), Some(ended(CaseEnding::Superseded)), vec!["exported-again"]),
            (None, Some(ended(CaseEnding::Superseded)), vec!["exported-again"]),
            (None, Some(ended(CaseEnding::Recovered)), vec!["closed"]),
            (None, Some(ended(CaseEnding::Spent)), vec!["closed"]),
            (Some(at(1)), Some(ended(CaseEnding::Forgotten)), vec!["exported-again", "closed"]),
        ];
        for (newer_export, ended, expected) in cases {
            // What is certain replaces what is possible.
            for maybe_newer in [None, Some(at(1))] {
                let facts = RequestFacts {
                    newer_export,
                    maybe_newer,
                    ended,
                    ..facts()
                };
                let judged = facts.judge(at(1), Some(&sight(Some(boot(1)), 1)));
                assert_eq!(names(&judged), expected);
                assert!(judged.stops_import());
            }
        }
    }

    #[test]
    fn another_export_without_reply_may_have_made_it_invalid() {
        use AttemptResult::{Done, NoAnswer, Refused, Skipped, Unknown};
        const EXPORT: Action = Action::ExportRequest;

        let camera = key(1, "");
        for (device, action, after, result, maybe) in [
            (1, EXPORT, 60, Some(NoAnswer), true),
            (1, EXPORT, 60, Some(Unknown), true),
            // Its run was killed.
            (1, EXPORT, 60, None, true),
            // It answered, and its request could not be stored.
            (1, EXPORT, 60, Some(Done), true),
            (1, EXPORT, 60, Some(Refused), false),
            (1, EXPORT, 60, Some(Skipped), false),
            // What returned this request, or was before.
            (1, EXPORT, 0, Some(Done), false),
            (1, EXPORT, -60, Some(NoAnswer), false),
            (1, Action::MailQr, 60, Some(NoAnswer), false),
            (2, EXPORT, 60, Some(NoAnswer), false),
        ] {
            let asked = at(0) + SignedDuration::from_secs(after);
            let mut attempts = records(&attempt(device, action, asked), result);
            attempts.extend(records(&attempt(3, EXPORT, asked), None));
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
        let asked = records(&attempt(1, EXPORT, at(0)), None);
        assert_eq!(unknown.asked_since(&camera, &asked).maybe_newer, None);
    }

    fn attempt(device: u8, action: Action, at: Timestamp) -> Attempt {
        Attempt {
            device: Some(key(device, "")),
            address: None,
            action,
            at,
        }
    }

    /// What a ledger returns for one attempt.
    fn records(attempt: &Attempt, result: Option<AttemptResult>) -> Vec<AttemptRecord> {
        let (_folder, mut ledger) = Ledger::sample();
        let id = ledger.begin(attempt).unwrap();
        if let Some(result) = result {
            let verdict = AttemptVerdict::new(result, attempt.at);
            ledger.finish(id, &verdict).unwrap();
        }
        ledger.attempts(&AttemptFilter::default()).unwrap()
    }
}

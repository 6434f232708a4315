//! Whether a request can still be answered, judged from what is known.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use crate::{Case, CaseEnded, CaseEnding};

/// From this age on a request is worth a reminder: the vendor's 2015 guide calls
/// it valid for a day only.
pub const WARN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long a request is valid by the vendor's later guides.
pub const VALID_FOR: SignedDuration = SignedDuration::from_hours(48);

/// What decides whether a request can still be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    /// When it was exported, where that is known.
    pub exported_at: Option<Timestamp>,
    /// When the device had started, as it told at the export.
    pub boot_time: Option<DateTime>,
    /// When a later request of the same device was exported, the last of them.
    pub newer_export: Option<Timestamp>,
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
            ended: case.ended,
        }
    }

    /// What may have spoilt the request, with the device as last seen.
    pub fn judge(&self, now: Timestamp, sight: Option<&Sight>) -> Judgement {
        let mut spoilt = Vec::new();
        match (self.ended, self.newer_export) {
            (_, Some(at)) => spoilt.push(Spoilt::ExportedAgain { at }),
            (Some(ended), None) if ended.how == CaseEnding::Superseded => {
                spoilt.push(Spoilt::ExportedAgain { at: ended.at });
            }
            _ => {}
        }
        if let Some(ended) = self.ended
            && ended.how != CaseEnding::Superseded
        {
            spoilt.push(Spoilt::Closed(ended));
        }
        let told = (self.boot_time, sight.and_then(|sight| sight.boot_time));
        if let (Some(exported), Some(now)) = told
            && Boot::between(exported, now) == Boot::Another
        {
            spoilt.push(Spoilt::Rebooted { exported, now });
        }
        let age = self.exported_at.map(|at| now.duration_since(at));
        if let Some(age) = age.filter(|age| *age > VALID_FOR) {
            spoilt.push(Spoilt::Overdue { age });
        }
        let seen = sight.map(|sight| sight.at);
        if seen.is_none() || seen < self.exported_at {
            spoilt.push(Spoilt::NotSeen { last: seen });
        }
        let aging = age.is_some_and(|age| age > WARN_AFTER && age <= VALID_FOR);
        Judgement { spoilt, aging }
    }
}

/// A device as it was last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// When it had started, as it told.
    pub boot_time: Option<DateTime>,
    /// When it was seen.
    pub at: Timestamp,
}

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// All that may have spoilt it.
    pub spoilt: Vec<Spoilt>,
    /// It is older than [`WARN_AFTER`] and no older than [`VALID_FOR`].
    pub aging: bool,
}

impl Judgement {
    /// Whether an answer is not to be sent unless the user insists. A device
    /// that was merely not seen does not stop it.
    pub fn stops_import(&self) -> bool {
        self.spoilt.iter().any(Spoilt::stops_import)
    }
}

/// What may have spoilt a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
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

impl Spoilt {
    /// Whether an answer is not to be sent unless the user insists.
    pub const fn stops_import(&self) -> bool {
        !matches!(self, Self::NotSeen { .. })
    }

    /// The name scripts see, e.g. `exported-again`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rebooted { .. } => "rebooted",
            Self::ExportedAgain { .. } => "exported-again",
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

    fn sight(boot_time: Option<DateTime>, hours: i64) -> Sight {
        let at = at(hours);
        Sight { boot_time, at }
    }

    fn names(judgement: &Judgement) -> Vec<&'static str> {
        judgement.spoilt.iter().map(Spoilt::name).collect()
    }

    #[test]
    fn a_request_ages_and_ends() {
        let seen = sight(Some(boot(1)), 100);
        let second = SignedDuration::from_secs(1);
        for (now, aging, spoilt) in [
            (at(-5), false, vec![]),
            (at(24), false, vec![]),
            (at(24) + second, true, vec![]),
            (at(48), true, vec![]),
            (at(48) + second, false, vec!["overdue"]),
        ] {
            let judged = facts().judge(now, Some(&seen));
            assert_eq!((judged.aging, names(&judged)), (aging, spoilt), "{now}");
            assert_eq!(judged.stops_import(), !judged.spoilt.is_empty());
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
}

//! What earlier commands tell of a device.

use jiff::Timestamp;
use sadp_model::{OpenRequest, RecoverySetup, VaultedGuids};
use sadp_reset::{
    Action, AttemptFilter, AttemptRecord, AttemptResult, Case, CaseFilter, DeviceKey, LastSeen,
    Ledger, LedgerError, RequestFacts, RequestValidity, VALID_FOR,
};

use crate::DiscoveredDevice;

/// What the ledger tells of requests and of what was prepared on devices. Empty
/// where there is no ledger.
#[derive(Debug)]
pub struct History<'a> {
    ledger: Option<&'a Ledger>,
    cases: Vec<Case>,
    /// What was sent while a request that is still valid may have waited.
    attempts: Vec<AttemptRecord>,
    now: Timestamp,
}

impl<'a> History<'a> {
    /// Reads a ledger.
    pub fn read(ledger: Option<&'a Ledger>, now: Timestamp) -> Result<Self, LedgerError> {
        let Some(known) = ledger else {
            return Ok(Self {
                ledger,
                cases: Vec::new(),
                attempts: Vec::new(),
                now,
            });
        };
        let filter = AttemptFilter {
            since: now.checked_sub(VALID_FOR).ok(),
            ..AttemptFilter::default()
        };
        Ok(Self {
            ledger,
            cases: known.cases(&CaseFilter::default())?,
            attempts: known.attempts(&filter)?,
            now,
        })
    }

    /// All requests, latest first, closed ones too.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// What decides whether the request of a case can still be answered.
    pub fn facts(&self, case: &Case) -> RequestFacts {
        let facts = RequestFacts::of(case, &self.cases);
        self.asked_since(facts, &case.request.device)
    }

    /// Adds to the facts of a device's request what was asked of it since.
    pub fn asked_since(&self, facts: RequestFacts, device: &DeviceKey) -> RequestFacts {
        facts.asked_since(device, &self.attempts)
    }

    /// What was prepared on a device, as far as the ledger knows.
    pub fn prepared(&self, device: &DiscoveredDevice) -> Result<RecoverySetup, LedgerError> {
        let Some(key) = device.key() else {
            return Ok(RecoverySetup::default());
        };
        let attempts = self.attempts(&key, None)?;
        let request = self
            .open_request(device)
            .map(|(case, validity)| OpenRequest {
                exported_at: case.request.exported_at,
                may_be_invalid: validity.stops_import(),
            });
        Ok(RecoverySetup {
            questions: questions_set(&attempts),
            mailbox: mailbox_set(&attempts),
            guid: None,
            guids: Some(self.guids(&key)?),
            request,
        })
    }

    /// The request of a device that waits for its answer, and how it stands now
    /// that the device is seen.
    pub fn open_request(&self, device: &DiscoveredDevice) -> Option<(&Case, RequestValidity)> {
        let key = device.key()?;
        let mut open = self.cases.iter().filter(|case| case.is_open());
        let case = open.find(|case| case.request.device.is_same(&key))?;
        Some((case, self.judge(&self.facts(case), device)))
    }

    /// How a request of a device that is seen now stands.
    pub fn judge(&self, facts: &RequestFacts, device: &DiscoveredDevice) -> RequestValidity {
        let sight = LastSeen {
            boot_time: device.entry.device.boot_time,
            at: self.now,
        };
        facts.judge(self.now, Some(&sight))
    }

    /// How a request stands, as far as that can be told without its device.
    pub fn judge_unseen(&self, facts: &RequestFacts) -> RequestValidity {
        facts.judge(self.now, None)
    }

    /// What was sent to a device since then, latest first.
    pub fn attempts(
        &self,
        key: &DeviceKey,
        since: Option<Timestamp>,
    ) -> Result<Vec<AttemptRecord>, LedgerError> {
        let Some(ledger) = self.ledger else {
            return Ok(Vec::new());
        };
        let filter = AttemptFilter {
            device: Some(key.clone()),
            since,
            ..AttemptFilter::default()
        };
        ledger.attempts(&filter)
    }

    fn guids(&self, key: &DeviceKey) -> Result<VaultedGuids, LedgerError> {
        let Some(ledger) = self.ledger else {
            return Ok(VaultedGuids::default());
        };
        let all = ledger.guids(Some(key))?;
        let usable = all.iter().filter(|guid| guid.void.is_none());
        let count = usable.clone().count();
        Ok(VaultedGuids {
            usable: count,
            void: all.len() - count,
            newest: usable.map(|guid| guid.exported_at).max(),
        })
    }
}

/// Whether security questions are set, from the latest attempt that tells. A
/// first password means that the device was reset, and all of it is gone.
fn questions_set(attempts: &[AttemptRecord]) -> Option<bool> {
    tells(attempts, |action, result, _| match (action, result) {
        (Action::QuestionsSet | Action::QuestionsAnswer, AttemptResult::Done) => Some(Some(true)),
        (Action::Activate | Action::Deactivate, AttemptResult::Done) => Some(None),
        _ => None,
    })
}

/// Whether an e-mail address is reserved, in the same way.
fn mailbox_set(attempts: &[AttemptRecord]) -> Option<bool> {
    tells(attempts, |action, result, refusal| match (action, result) {
        (Action::MailSet | Action::MailQr | Action::MailConfirm, AttemptResult::Done) => {
            Some(Some(true))
        }
        (Action::MailQr | Action::MailConfirm, AttemptResult::Refused)
            if refusal == Some("notSetMailBox") =>
        {
            Some(Some(false))
        }
        (Action::Activate | Action::Deactivate, AttemptResult::Done) => Some(None),
        _ => None,
    })
}

fn tells(
    attempts: &[AttemptRecord],
    tell: impl Fn(Action, AttemptResult, Option<&str>) -> Option<Option<bool>>,
) -> Option<bool> {
    let told = attempts.iter().find_map(|record| {
        let verdict = record.verdict.as_ref();
        let refusal = verdict.and_then(|verdict| verdict.refusal.as_ref());
        let refusal = refusal.map(sadp_reset::RefusalWord::as_str);
        tell(record.attempt.action, record.result(), refusal)
    });
    told.flatten()
}

#[cfg(test)]
mod tests {
    use sadp_model::MacAddr;
    use sadp_reset::{Attempt, AttemptVerdict, RefusalWord};

    use super::*;

    /// What a ledger of these commands, in this order, tells.
    fn told(commands: &[(Action, AttemptResult, Option<&str>)]) -> (Option<bool>, Option<bool>) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let key = DeviceKey::new(Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1])), None);
        for &(action, result, refusal) in commands {
            let at = Timestamp::UNIX_EPOCH;
            let attempt = Attempt {
                device: key.clone(),
                address: None,
                action,
                at,
            };
            let id = ledger.begin(&attempt).unwrap();
            let verdict = AttemptVerdict {
                refusal: refusal.map(RefusalWord::new),
                ..AttemptVerdict::new(result, at)
            };
            ledger.finish(id, &verdict).unwrap();
        }
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        (questions_set(&attempts), mailbox_set(&attempts))
    }

    #[test]
    fn the_latest_attempt_that_shows_counts() {
        use AttemptResult::{Done, Refused, Unknown};
        let set = (Action::MailSet, Done, None);
        let not_set = (Action::MailQr, Refused, Some("notSetMailBox"));
        for (commands, expected) in [
            (&[][..], (None, None)),
            (&[set], (None, Some(true))),
            (&[set, not_set], (None, Some(false))),
            (&[not_set, set], (None, Some(true))),
            (&[set, (Action::Activate, Done, None)], (None, None)),
            (
                &[set, (Action::Activate, Refused, Some("hasActivated"))],
                (None, Some(true)),
            ),
            (&[(Action::MailSet, Unknown, None)], (None, None)),
            (&[(Action::MailQr, Refused, Some("locked"))], (None, None)),
            (
                &[(Action::QuestionsSet, Done, None), set],
                (Some(true), Some(true)),
            ),
            (
                &[(Action::QuestionsAnswer, Refused, Some("AnswerError"))],
                (None, None),
            ),
        ] {
            assert_eq!(told(commands), expected, "{commands:?}");
        }
    }
}

//! What earlier commands tell of a device.

use jiff::Timestamp;
use sadp_model::{OpenRequest, RecoverySetup, VaultedGuids};
use sadp_reset::{
    Action, AttemptFilter, AttemptRecord, AttemptResult, Case, DeviceIndex, DeviceKey, GuidRecord,
    LastSeen, Ledger, LedgerError, RequestFacts, RequestValidity,
};

use crate::DiscoveredDevice;

/// What the ledger tells of requests and of what was prepared on devices, read for all
/// devices at once. Empty where there is no ledger.
#[derive(Debug)]
pub struct History {
    cases: DeviceIndex<Case>,
    guids: DeviceIndex<GuidRecord>,
    attempts: DeviceIndex<AttemptRecord>,
    now: Timestamp,
}

/// The actions whose attempts are read: those that tell what is prepared on a device, and
/// those about its requests.
const ACTIONS: [Action; 9] = [
    Action::Activate,
    Action::Deactivate,
    Action::QuestionsSet,
    Action::QuestionsAnswer,
    Action::MailSet,
    Action::MailQr,
    Action::MailConfirm,
    Action::ExportRequest,
    Action::ImportAnswer,
];

impl History {
    /// Reads a ledger.
    pub fn read(ledger: Option<&Ledger>, now: Timestamp) -> Result<Self, LedgerError> {
        let (mut cases, mut guids, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(ledger) = ledger {
            cases = ledger.cases()?;
            guids = ledger.guids(None)?;
            attempts = ledger.attempts(&AttemptFilter {
                actions: Some(&ACTIONS),
                ..AttemptFilter::default()
            })?;
        }
        Ok(Self {
            cases: DeviceIndex::new(cases, |it| Some(&it.request.device)),
            guids: DeviceIndex::new(guids, |it| Some(&it.device)),
            attempts: DeviceIndex::new(attempts, |it| it.attempt.device.as_ref()),
            now,
        })
    }

    /// All requests, latest first, closed ones too.
    pub fn cases(&self) -> &[Case] {
        self.cases.all()
    }

    /// What decides whether the request of a case can still be answered.
    pub fn facts(&self, case: &Case) -> RequestFacts {
        let device = &case.request.device;
        let facts = RequestFacts::of(case, self.cases.of(device));
        self.asked_since(facts, device)
    }

    /// Adds to the facts of a device's request what was asked of it since.
    pub fn asked_since(&self, facts: RequestFacts, device: &DeviceKey) -> RequestFacts {
        facts.asked_since(device, self.attempts.of(device))
    }

    /// What was prepared on a device, as far as the ledger knows.
    pub fn prepared(&self, device: &DiscoveredDevice) -> RecoverySetup {
        let Some(key) = device.key() else {
            return RecoverySetup::default();
        };
        let attempts = self.attempts.of(&key);
        let request = self.open_request(device);
        let request = request.map(|(case, validity)| OpenRequest {
            exported_at: case.request.exported_at,
            may_be_invalid: validity.stops_import(),
        });
        RecoverySetup {
            questions: questions_set(&attempts),
            mailbox: mailbox_set(&attempts),
            guid: None,
            guids: Some(self.guids(&key)),
            request,
        }
    }

    /// The request of a device that waits for its answer, and how it stands now
    /// that the device is seen.
    pub fn open_request(&self, device: &DiscoveredDevice) -> Option<(&Case, RequestValidity)> {
        let cases = self.cases.of(&device.key()?);
        let case = cases.into_iter().find(|case| case.is_open())?;
        Some((case, self.judge(&self.facts(case), Some(device))))
    }

    /// How a request stands whose device is seen now, or as far as that can be told without
    /// its device.
    pub fn judge(
        &self,
        facts: &RequestFacts,
        device: Option<&DiscoveredDevice>,
    ) -> RequestValidity {
        let sight = device.map(|device| LastSeen {
            boot_time: device.entry.device.boot_time,
            at: self.now,
        });
        facts.judge(self.now, sight.as_ref())
    }

    /// The answers that were sent to a device since then, latest first.
    pub(crate) fn answers_since(
        &self,
        since: Timestamp,
        device: &DeviceKey,
    ) -> impl Iterator<Item = &AttemptRecord> {
        let attempts = self.attempts.of(device).into_iter();
        attempts.filter(move |it| {
            // The ledger stores whole seconds.
            it.attempt.action == Action::ImportAnswer
                && it.attempt.at.as_second() >= since.as_second()
        })
    }

    /// The newest GUID of a device in the vault that is not known to be void.
    pub(crate) fn usable_guid(&self, device: &DiscoveredDevice) -> Option<&GuidRecord> {
        let guids = self.guids.of(&device.key()?);
        guids.into_iter().find(|it| it.void.is_none())
    }

    fn guids(&self, key: &DeviceKey) -> VaultedGuids {
        let all = self.guids.of(key);
        let usable = all.iter().filter(|guid| guid.void.is_none());
        let count = usable.clone().count();
        VaultedGuids {
            usable: count,
            void: all.len() - count,
            newest: usable.map(|guid| guid.exported_at).max(),
        }
    }
}

/// Whether security questions are set, from the latest attempt that tells. A
/// first password means that the device was reset, and all of it is gone.
fn questions_set(attempts: &[&AttemptRecord]) -> Option<bool> {
    tells(attempts, |action, result, _| match (action, result) {
        (Action::QuestionsSet | Action::QuestionsAnswer, AttemptResult::Done) => Some(Some(true)),
        (Action::Activate | Action::Deactivate, AttemptResult::Done) => Some(None),
        _ => None,
    })
}

/// Whether an e-mail address is reserved, in the same way.
fn mailbox_set(attempts: &[&AttemptRecord]) -> Option<bool> {
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
    attempts: &[&AttemptRecord],
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
    use sadp_reset::{AttemptVerdict, RefusalWord};

    use super::*;
    use crate::memory::tests::record;

    /// What a ledger of these commands, in this order, tells.
    fn told(commands: &[(Action, AttemptResult, Option<&str>)]) -> (Option<bool>, Option<bool>) {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let key = DeviceKey::new(Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1])), None);
        for &(action, result, refusal) in commands {
            let verdict = AttemptVerdict {
                refusal: refusal.map(RefusalWord::new),
                ..AttemptVerdict::new(result, Timestamp::UNIX_EPOCH)
            };
            record(&mut ledger, key.clone(), action, &verdict);
        }
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        let attempts: Vec<_> = attempts.iter().collect();
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

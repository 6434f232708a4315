//! Sending answers, and closing their requests the moment a device has replied.

use jiff::Timestamp;
use sadp_discovery::Pace;
use sadp_proto::{Code, Command, CommandOutcome as Reply, Refusal, seal::Password};
use sadp_reset::{Action, CaseEnding, Ledger, LedgerError, MatchBasis};
use secrecy::SecretString;

use super::{AnswerData, AnswerFinding, CheckedAnswer, SentAnswer, Settings};
use crate::{
    BatchReport, DiscoveredDevice, NextStep, Observer, OpsError, Outcome, OutcomeData,
    OutcomeStatus, Reason, Session, StopReason,
    batch::{Batch, DeviceCommand, Keep, Replied, guarded},
};

/// Answers that are sent at one pace.
pub(super) struct SendPhase<'a> {
    pub(super) answers: &'a [CheckedAnswer],
    pub(super) settings: Settings<'a>,
    pub(super) sync_cameras: bool,
}

impl SendPhase<'_> {
    /// Sends those that tell by their name whose they are, then those known by
    /// their folder alone, these one after the other.
    pub(super) async fn send_all(
        self,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        // Made before anything is sent: what cannot be sent ends it all.
        for answer in self.answers {
            self.command(answer)?;
        }
        let named = named(self.answers);
        let (first, last) = self.answers.split_at(named);
        // Each device has a secret of its own: a wrong one says nothing of others.
        let phase = SendPhase {
            answers: first,
            ..self
        };
        let mut sent = phase.send(Pace::Together, session, observer).await?;
        if last.is_empty() {
            return Ok(sent);
        }
        let phase = SendPhase {
            answers: last,
            ..self
        };
        let wrong = sent.outcomes.iter().any(|(_, outcome)| is_wrong(outcome));
        let stopped = sent
            .stopped
            .or_else(|| wrong.then_some(StopReason::WrongSecret));
        if let Some(stopped) = stopped {
            sent.outcomes.extend(phase.unsent(stopped));
            return Ok(sent);
        }
        let pace = guarded(self.settings.parallel, 1);
        // What was done before is reported whatever becomes of the rest.
        match phase.send(pace, session, observer).await {
            Ok(rest) => {
                sent.outcomes.extend(rest.outcomes);
                sent.failure = rest.failure;
            }
            Err(error) => {
                sent.outcomes.extend(phase.unsent(StopReason::LocalFailure));
                sent.failure = Some(error);
            }
        }
        Ok(sent)
    }

    async fn send(
        &self,
        pace: Pace,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<BatchReport, OpsError> {
        let mut commands = Vec::new();
        for answer in self.answers {
            commands.push(DeviceCommand {
                device: answer.device.clone(),
                command: self.command(answer)?,
            });
        }
        let mut keep = CloseCases(self.answers);
        let batch = Batch {
            pace,
            parallel: self.settings.parallel,
            keep: Some(&mut keep),
            ..Batch::new(Action::ImportAnswer, commands)
        };
        session.send(batch, self.settings.inventory, observer).await
    }

    fn command(&self, answer: &CheckedAnswer) -> Result<Command, OpsError> {
        let code = Code::new(answer.answer.expose().as_bytes())?;
        let password = self.settings.password;
        command(code, answer.is_legacy(), password, self.sync_cameras)
    }

    fn unsent(&self, stopped: StopReason) -> impl Iterator<Item = (DiscoveredDevice, Outcome)> {
        self.answers.iter().map(move |answer| {
            let device = answer.device.clone();
            let reason = Reason::Stopped(stopped);
            let outcome = Outcome::skipped(&device, Action::ImportAnswer, reason);
            (device, outcome)
        })
    }
}

/// How many of them tell by their name whose they are. They come first.
pub(super) fn named(answers: &[CheckedAnswer]) -> usize {
    answers.partition_point(|answer| answer.basis == MatchBasis::Name)
}

/// What carries a code. Only legacy devices get one without a password.
fn command(
    code: Code,
    is_legacy: bool,
    password: Option<&SecretString>,
    sync_cameras: bool,
) -> Result<Command, OpsError> {
    if is_legacy {
        return Ok(Command::ResetToDefault { code });
    }
    let password = password.ok_or(OpsError::PasswordMissing)?;
    Ok(Command::Reset {
        code,
        password: Password::new(password.clone())?,
        sync_cameras,
    })
}

/// Whether a device said that the answer is not its own.
fn is_wrong(outcome: &Outcome) -> bool {
    let verdict = outcome.verdict.as_ref();
    verdict.is_some_and(|verdict| verdict.refusal.is_wrong_answer())
}

/// Closes requests.
struct CloseCases<'a>(&'a [CheckedAnswer]);

impl Keep for CloseCases<'_> {
    fn keep(&mut self, ledger: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        let Some(answer) = self.0.get(reply.place) else {
            return Ok(());
        };
        // What names no device closes nothing before a look.
        let how = match reply.reply {
            Reply::Done(message) if message.header.mac.is_some() => Some(CaseEnding::Recovered),
            Reply::Refused(verdict) if !verdict.without_mac => answer.spent(&verdict.refusal),
            _ => None,
        };
        Ok(answer.close(ledger, how, reply.at)?)
    }
}

impl CheckedAnswer {
    /// How its request ends once the device said this. That it has no request any more
    /// is what it would say, too, had it taken the answer that was sent before.
    const fn spent(&self, refusal: &Refusal) -> Option<CaseEnding> {
        match refusal {
            Refusal::EmptyEncryptString | Refusal::ExportFileOverDue if self.sent_before => None,
            Refusal::EmptyEncryptString | Refusal::ExportFileOverDue => Some(CaseEnding::Spent),
            _ => None,
        }
    }

    /// How its request ends by an outcome.
    fn ending(&self, outcome: &Outcome) -> Option<CaseEnding> {
        match (outcome.status, &outcome.verdict) {
            (OutcomeStatus::Done, _) => Some(CaseEnding::Recovered),
            (_, Some(verdict)) => self.spent(&verdict.refusal),
            _ => None,
        }
    }

    /// Closes its request after a look that found the device, and returns how it ended.
    pub(super) fn settle(
        &self,
        session: &mut Session,
        outcome: &Outcome,
        seen: bool,
    ) -> Result<Option<CaseEnding>, LedgerError> {
        let Some(how) = self.ending(outcome) else {
            return Ok(None);
        };
        let (at, ledger) = (session.now(), session.ledger_mut()?);
        if seen {
            self.close(ledger, Some(how), at)?;
        }
        let Some(id) = self.target.case else {
            return Ok(Some(how));
        };
        let ended = ledger.case(id)?.and_then(|case| case.ended);
        Ok(ended.map(|ended| ended.how))
    }

    /// Closes its request, where that ends so and is open.
    fn close(
        &self,
        ledger: &mut Ledger,
        how: Option<CaseEnding>,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let is_open = self.target.facts.ended.is_none();
        let (Some(case), Some(how), true) = (self.target.case, how, is_open) else {
            return Ok(());
        };
        ledger.close_case(case, how, at).map(drop)
    }
}

/// What is known after a look.
#[derive(Clone, Copy)]
pub(super) struct Afterwards {
    /// Whether it found the device.
    pub(super) seen: bool,
    /// How the request ended.
    pub(super) closed: Option<CaseEnding>,
    /// Whether recorders pass the password on.
    pub(super) synced: bool,
}

/// Adds to an outcome what it means. Whether the password is the new one, no reply and
/// no look tells.
pub(super) fn conclude(outcome: &mut Outcome, answer: &CheckedAnswer, after: Afterwards) {
    let Afterwards { seen, closed, .. } = after;
    let refusal = outcome.verdict.as_ref().map(|verdict| &verdict.refusal);
    let finding = match (outcome.status, refusal) {
        (OutcomeStatus::Done, _) if answer.is_legacy() => {
            Some(AnswerFinding::DefaultPassword { seen })
        }
        (OutcomeStatus::Done, _) => Some(AnswerFinding::PasswordSet {
            synced: after.synced,
            seen,
        }),
        (OutcomeStatus::Unknown, _) if outcome.reason == Reason::Contradicted => None,
        (OutcomeStatus::Unknown, _) => Some(AnswerFinding::NoReply),
        (_, Some(refusal)) if answer.sent_before && says_nothing_waits(refusal) => {
            Some(AnswerFinding::PossiblyTakenBefore)
        }
        _ if closed == Some(CaseEnding::Spent) => Some(AnswerFinding::RequestSpent),
        (_, Some(refusal)) if refusal.is_wrong_answer() => Some(AnswerFinding::WrongAnswer {
            doubt: answer.doubt,
        }),
        _ => None,
    };
    let done = outcome.status == OutcomeStatus::Done;
    outcome.data = OutcomeData::Answer(AnswerData {
        sent: Some(SentAnswer {
            closed,
            seen: done.then_some(seen),
            sets_default: answer.is_legacy(),
        }),
        ..answer.data()
    });
    if let Some(finding) = finding {
        if finding == AnswerFinding::PossiblyTakenBefore {
            outcome.status = OutcomeStatus::Unknown;
        }
        outcome.reason = Reason::Answer(finding);
        outcome.next = None;
    } else if outcome.reason == Reason::Contradicted && outcome.status == OutcomeStatus::Unknown {
        outcome.next = Some(NextStep::TryNewPassword);
    }
}

/// Whether a device that took an answer before would refuse another so.
const fn says_nothing_waits(refusal: &Refusal) -> bool {
    refusal.is_wrong_answer()
        || matches!(
            refusal,
            Refusal::EmptyEncryptString | Refusal::ExportFileOverDue
        )
}

#[cfg(test)]
pub(crate) mod tests {
    use sadp_proto::{Message, RefusalReply};
    use sadp_reset::{Answer, AnswerTarget, DeviceKey, NewCase, RequestFacts, RequestKind};

    use super::*;
    use crate::recovery::answer::AnswerSource;

    fn checked() -> CheckedAnswer {
        let device = DiscoveredDevice::received_from(&[[[192, 168, 1, 64]; 2]]);
        CheckedAnswer {
            target: AnswerTarget {
                device: device.key().unwrap(),
                case: None,
                package: None,
                kind: Some(RequestKind::FileOrKey),
                facts: RequestFacts::default(),
            },
            device,
            source: AnswerSource::Key,
            basis: MatchBasis::Name,
            kind: RequestKind::FileOrKey,
            doubt: None,
            answer: Answer::typed_key("AbC12345").unwrap(),
            sent_before: false,
        }
    }

    pub(crate) fn new_case(device: DeviceKey) -> NewCase {
        NewCase {
            device,
            address: None,
            kind: RequestKind::FileOrKey,
            command: None,
            sha256: None,
            boot_time: None,
            exported_at: Timestamp::UNIX_EPOCH,
            package: "/requests/1".into(),
        }
    }

    /// A reply that names no device closes no request; a look after it does.
    #[test]
    fn a_reply_without_mac_closes_no_request_before_a_look() {
        for (mac, closes) in [("<MAC>44-47-cc-00-00-05</MAC>", true), ("", false)] {
            for result in ["success", "exportFileOverDue"] {
                let folder = tempfile::tempdir().unwrap();
                let mut ledger = Ledger::open(folder.path()).unwrap();
                let mut answer = checked();
                let case = new_case(answer.device.key().unwrap());
                answer.target.case = Some(ledger.open_case(&case).unwrap().id);
                let text = format!(
                    "<ProbeMatch><Uuid>1</Uuid><Types>reset</Types>{mac}<Result>{result}</Result></ProbeMatch>"
                );
                let Ok(Message::CommandReply(message)) = Message::decode(text.as_bytes()) else {
                    panic!("no reply");
                };
                let verdict = Refusal::read(result).map(|refusal| RefusalReply {
                    without_mac: mac.is_empty(),
                    ..refusal.into()
                });
                let mut outcome = Outcome {
                    verdict: verdict.clone(),
                    ..Outcome::new(
                        &answer.device,
                        Action::ImportAnswer,
                        verdict
                            .as_ref()
                            .map_or(OutcomeStatus::Done, |_| OutcomeStatus::Refused),
                    )
                };
                let reply = verdict.map_or(Reply::Done(Box::new(message)), Reply::Refused);
                let replied = Replied {
                    place: 0,
                    device: &answer.device,
                    reply: &reply,
                    at: Timestamp::UNIX_EPOCH,
                };
                let mut keep = CloseCases(std::slice::from_ref(&answer));
                keep.keep(&mut ledger, replied).unwrap();
                let open = |ledger: &Ledger| ledger.cases().unwrap()[0].is_open();
                assert_eq!(open(&ledger), !closes, "{result} {mac}");
                let how = answer.ending(&outcome);
                answer
                    .close(&mut ledger, how, Timestamp::UNIX_EPOCH)
                    .unwrap();
                assert!(!open(&ledger), "after a look, and only once");
                let after = Afterwards {
                    seen: true,
                    closed: how,
                    synced: false,
                };
                conclude(&mut outcome, &answer, after);
                assert!(matches!(
                    outcome.reason,
                    Reason::Answer(AnswerFinding::PasswordSet { .. } | AnswerFinding::RequestSpent)
                ));
            }
        }
    }

    #[test]
    fn only_legacy_devices_are_sent_a_code_without_a_password() {
        let password = SecretString::from("Garden7!");
        for (is_legacy, password, expected) in [
            (true, None, Some("ResetToDefault")),
            (true, Some(&password), Some("ResetToDefault")),
            (false, Some(&password), Some("Reset")),
            (false, None, None),
        ] {
            let code = Code::new(b"code").unwrap();
            let made = match command(code, is_legacy, password, false) {
                Ok(Command::ResetToDefault { .. }) => Some("ResetToDefault"),
                Ok(Command::Reset { .. }) => Some("Reset"),
                Ok(_) => Some("another"),
                Err(error) => {
                    assert!(matches!(error, OpsError::PasswordMissing));
                    None
                }
            };
            assert_eq!(made, expected, "{is_legacy} {}", password.is_some());
        }
    }
}

//! Sending answers, and closing their requests the moment a device has replied.

use sadp_discovery::Pace;
use sadp_proto::{Code, Command, CommandOutcome as Reply, Refusal, seal::Password};
use sadp_reset::{Action, CaseEnding, Ledger, LedgerError, MatchBasis};
use secrecy::SecretString;

use super::{AnswerData, AnswerFinding, CheckedAnswer, SentAnswer, Settings};
use crate::{
    BatchReport, DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Reason,
    Session, StopReason,
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
            ..Batch::new(Action::ImportAnswer, commands, &mut keep)
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
        let how = match reply.reply {
            Reply::Done(_) => Some(CaseEnding::Recovered),
            Reply::Refused(verdict) => answer.spent(&verdict.refusal),
            _ => None,
        };
        let is_open = answer.target.facts.ended.is_none();
        let (Some(case), Some(how), true) = (answer.target.case, how, is_open) else {
            return Ok(());
        };
        match ledger.close_case(case, how, reply.at) {
            // Another run was faster.
            Err(LedgerError::NotOpen { .. }) => Ok(()),
            closed => Ok(closed?),
        }
    }
}

impl CheckedAnswer {
    /// How its request ends once the device said this. That it has no request any more
    /// is what it would say, too, had it taken the answer that was sent before.
    const fn spent(&self, refusal: &Refusal) -> Option<CaseEnding> {
        match refusal {
            Refusal::EmptyEncryptString if self.sent_before => None,
            Refusal::EmptyEncryptString | Refusal::ExportFileOverDue => Some(CaseEnding::Spent),
            _ => None,
        }
    }
}

/// Adds to an outcome what it means. Whether the password is the new one, no
/// reply tells: `seen` is whether a look after it found the device.
pub(super) fn conclude(outcome: &mut Outcome, answer: &CheckedAnswer, seen: bool, synced: bool) {
    let refusal = outcome.verdict.as_ref().map(|verdict| &verdict.refusal);
    let closed = match (outcome.status, refusal) {
        (OutcomeStatus::Done, _) => Some(CaseEnding::Recovered),
        (_, Some(refusal)) => answer.spent(refusal),
        _ => None,
    };
    let finding = match (outcome.status, refusal) {
        (OutcomeStatus::Done, _) if answer.is_legacy() => {
            Some(AnswerFinding::DefaultPassword { seen })
        }
        (OutcomeStatus::Done, _) => Some(AnswerFinding::PasswordSet { synced, seen }),
        (OutcomeStatus::Unknown, _) => Some(AnswerFinding::NoReply),
        (_, Some(Refusal::EmptyEncryptString)) if answer.sent_before => {
            Some(AnswerFinding::PossiblyTakenBefore)
        }
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
        }),
        ..answer.data()
    });
    if let Some(finding) = finding {
        if finding == AnswerFinding::PossiblyTakenBefore {
            outcome.status = OutcomeStatus::Unknown;
        }
        outcome.reason = Reason::Answer(finding);
        outcome.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

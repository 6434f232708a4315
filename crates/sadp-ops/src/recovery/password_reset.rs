//! A new password for a device, by a secret that its owner has.

use jiff::Timestamp;
use sadp_model::State;
use sadp_proto::{Code, Command, Refusal, SecretAnswers, seal::Password};
use sadp_reset::{Action, LedgerError};

pub use crate::outcome::recovery::ResetFinding;
use crate::{
    BatchReport, DiscoveredDevice, Inventory, NextStep, Observer, OpsError, Outcome, OutcomeStatus,
    Overrides, PasswordSettings, Reason, Report, Requirements, Selection, Session,
    memory::SecretMemory,
};

/// A device that is to get a new password.
#[derive(Debug)]
pub struct Plan {
    /// The device, where it may be sent the command.
    pub selection: Selection,
    sync_cameras: bool,
}

/// By which secret a new password is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The answers to its security questions.
    Answers,
    /// The code that the vendor mails.
    MailedCode,
}

/// How the user wants new passwords to be set.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResetChoice {
    /// What the user lifted.
    pub overrides: Overrides,
    /// Have recorders pass the new password on to their cameras. Devices that do
    /// not offer it are left out.
    pub sync_cameras: bool,
}

/// A secret of the owner. It is sent once.
#[derive(Debug)]
pub enum OwnerSecret {
    /// The answers to the security questions.
    Answers(SecretAnswers),
    /// The code that the vendor mailed.
    MailedCode(Code),
}

/// What a reset needs beside its plan.
#[derive(Debug)]
pub struct PasswordReset<'a> {
    /// The look that the plan was made from, and the new password.
    pub settings: PasswordSettings<'a>,
    /// By which the new password is set.
    pub secret: OwnerSecret,
}

/// Plans to set a new password on a device.
pub fn plan(
    session: &Session,
    device: DiscoveredDevice,
    method: Method,
    choice: ResetChoice,
) -> Result<Plan, LedgerError> {
    let action = match method {
        Method::Answers => Action::QuestionsAnswer,
        Method::MailedCode => Action::MailConfirm,
    };
    let requirements = Requirements::new(action, choice.overrides, true);
    let mut selection = requirements.select(session, vec![device])?;
    if choice.sync_cameras {
        selection.require_camera_sync();
    }
    Ok(Plan {
        selection,
        sync_cameras: choice.sync_cameras,
    })
}

impl Plan {
    /// Sends the secret with the new password, once, and looks at the device again.
    pub async fn carry_out(
        self,
        session: &mut Session,
        reset: PasswordReset<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let PasswordReset { settings, secret } = reset;
        let password = Password::new(settings.password.clone())?;
        let command = secret.command(password, self.sync_cameras);
        let (selection, inventory) = (self.selection, settings.inventory);
        let sent = selection.send_single(command, session, inventory, observer);
        let (left_out, mut sent) = sent.await?;
        conclude_all(session, &mut sent, inventory, observer).await;
        Ok(sent.into_report(left_out))
    }
}

impl OwnerSecret {
    fn command(self, password: Password, sync_cameras: bool) -> Command {
        match self {
            Self::Answers(answers) => Command::ResetByAnswers {
                answers,
                password,
                sync_cameras,
            },
            Self::MailedCode(code) => Command::ResetByMail {
                code,
                password,
                sync_cameras,
            },
        }
    }
}

/// Looks again at devices that may have set a new password, and adds what that
/// shows to their outcomes.
pub(crate) async fn conclude_all(
    session: &mut Session,
    sent: &mut BatchReport,
    before: &Inventory,
    observer: &mut dyn Observer,
) {
    let after = sent.look_again(session, before, observer).await;
    for (device, outcome) in &mut sent.outcomes {
        let state = after.same(device).and_then(|it| it.entry.device.state);
        conclude(outcome, state);
        if let Some(at) = spent_before(session, device, outcome) {
            outcome.status = OutcomeStatus::Unknown;
            outcome.reason = Reason::PasswordReset(ResetFinding::PossiblySetBefore { at });
        }
    }
}

/// When a secret was sent that would make this device refuse the one it was sent now.
fn spent_before(
    session: &Session,
    device: &DiscoveredDevice,
    outcome: &Outcome,
) -> Option<Timestamp> {
    let verdict = outcome.verdict.as_ref()?;
    if verdict.refusal == Refusal::Locked || !verdict.may_have_cost_a_try() {
        return None;
    }
    let (ledger, key) = (session.ledger()?, device.key()?);
    // Where the ledger cannot be read now, the device's word stands.
    let at = SecretMemory::spent_before(ledger, &key, outcome.action, session.now());
    at.ok().flatten()
}

fn conclude(outcome: &mut Outcome, state: Option<State>) {
    if !outcome.may_have_happened() {
        return;
    }
    let active = state.map(|state| state != State::Unactivated);
    if outcome.reason == Reason::Contradicted && active != Some(false) {
        outcome.next = Some(NextStep::TryNewPassword);
        return;
    }
    let finding = match (outcome.status, active) {
        (_, Some(false)) => {
            outcome.status = OutcomeStatus::Unknown;
            ResetFinding::Unactivated
        }
        (OutcomeStatus::Done, active) => ResetFinding::Set {
            seen: active.is_some(),
        },
        (_, active) => ResetFinding::NoReply {
            active: active.is_some(),
        },
    };
    outcome.reason = Reason::PasswordReset(finding);
    outcome.next = None;
}

#[cfg(test)]
mod tests {
    use sadp_reset::Action;

    use super::*;
    use crate::{DeviceRef, Impact};

    #[test]
    fn what_is_seen_afterwards_is_added() {
        use OutcomeStatus::{Done, Refused, Unknown};
        let cases = [
            (Done, Some(State::Active), Done, Impact::None),
            (Done, None, Done, Impact::None),
            (Done, Some(State::Unactivated), Unknown, Impact::Device),
            // That it is active says nothing of which password it has.
            (Unknown, Some(State::Active), Unknown, Impact::Device),
            (Unknown, None, Unknown, Impact::Device),
            (Refused, Some(State::Active), Refused, Impact::Device),
        ];
        for (status, state, expected, impact) in cases {
            let mut outcome = Outcome::new(DeviceRef::default(), Action::GuidImport, status);
            conclude(&mut outcome, state);
            assert_eq!(
                (outcome.status, outcome.impact()),
                (expected, impact),
                "{status:?} {state:?}"
            );
            let silent = matches!(
                outcome.reason,
                Reason::PasswordReset(ResetFinding::NoReply { .. })
            );
            assert_eq!(silent, status == Unknown, "{:?}", outcome.reason);
        }
    }
}

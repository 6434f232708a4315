//! The vendor's answers, each to its own device, once.
//!
//! [`match_requests`] finds the request of each answer and needs no look. [`plan`]
//! then checks them against the devices that a look found.

mod check;
mod delivery;
mod pending;

use sadp_reset::LedgerError;
use secrecy::SecretString;

#[cfg(test)]
pub(crate) use self::delivery::tests::new_case;
use self::{
    check::AnswerCheck,
    delivery::{Afterwards, SendPhase, conclude},
};
pub use self::{
    check::CheckedAnswer,
    pending::{AnswerFor, AnswerInput, Matching, PendingAnswer, match_requests},
};
pub use super::password_reset::ResetChoice;
pub use crate::outcome::answer::{AnswerData, AnswerFinding, AnswerSource, SentAnswer};
use crate::{Inventory, Observer, OpsError, Outcome, Report, Session, recovery::History};

/// Which answers are sent.
#[derive(Debug)]
pub struct Plan {
    /// The answers, in the order they are sent: those that tell by their name
    /// whose they are come first.
    pub answers: Vec<CheckedAnswer>,
    /// What is not sent, and why.
    pub left_out: Vec<Outcome>,
    /// Whether recorders pass the new password on to their cameras.
    pub sync_cameras: bool,
}

/// What sending needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The new password. Only legacy devices take an answer without one.
    pub password: Option<&'a SecretString>,
    /// The most devices at a time.
    pub parallel: usize,
}

/// Checks answers against the devices that a look found.
pub fn plan(
    session: &Session,
    inventory: &Inventory,
    matching: Matching,
    choice: &ResetChoice,
) -> Result<Plan, LedgerError> {
    let check = AnswerCheck {
        session,
        history: History::read(session.ledger(), session.now())?,
        inventory,
        overrides: choice.overrides,
        sync_cameras: choice.sync_cameras,
    };
    let mut checked = Vec::new();
    let mut left_out = matching.left_out;
    for pending in matching.answers {
        match check.check(pending) {
            Ok(answer) => checked.push(answer),
            Err(outcome) => left_out.push(*outcome),
        }
    }
    let (mut answers, unfit) = check.split(checked)?;
    answers.sort_by_key(|answer| answer.basis);
    left_out.extend(unfit);
    Ok(Plan {
        answers,
        left_out,
        sync_cameras: choice.sync_cameras,
    })
}

impl Plan {
    /// Whether any of the answers goes out with a new password.
    pub fn needs_password(&self) -> bool {
        !self.answers.iter().all(CheckedAnswer::is_legacy)
    }

    /// How many answers are known by their folder alone. They are sent last, and
    /// none any more once a device refuses one.
    pub fn matched_by_folder(&self) -> usize {
        self.answers.len() - delivery::named(&self.answers)
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mut outcomes = self.left_out;
        outcomes.extend(self.answers.iter().map(CheckedAnswer::planned));
        outcomes
    }

    /// Sends each answer once, closes the requests that are answered or invalid,
    /// and looks at the devices again.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: Settings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let phase = SendPhase {
            answers: &self.answers,
            settings,
            sync_cameras: self.sync_cameras,
        };
        let mut sent = phase.send_all(session, observer).await?;
        let after = sent.look_again(session, settings.inventory, observer).await;
        for (answer, (device, outcome)) in self.answers.iter().zip(&mut sent.outcomes) {
            let seen = after.same(device).is_some();
            let closed = answer.settle(session, outcome, seen);
            let closed = closed.unwrap_or_else(|error| {
                sent.failure.get_or_insert_with(|| error.into());
                None
            });
            let after = Afterwards {
                seen,
                closed,
                synced: self.sync_cameras,
            };
            conclude(outcome, answer, after);
        }
        Ok(sent.into_report(self.left_out))
    }
}

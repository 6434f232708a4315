//! The vendor's answers, each to its own device, once.
//!
//! [`match_requests`] finds the request of each answer and needs no look. [`plan`]
//! then checks them against the devices that a look found.

mod check;
mod delivery;
mod pending;

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use sadp_reset::{
    AnswerProblem, CaseEnding, CaseId, InvalidReason, LedgerError, NotAnAnswer, RequestValidity,
    Why,
};
use secrecy::SecretString;

use self::{
    check::Check,
    delivery::{SendPhase, conclude},
};
pub use self::{
    check::CheckedAnswer,
    pending::{Input, Matching, PendingAnswer, Source, match_requests},
};
pub use super::password_reset::Choice;
use crate::{Impact, Inventory, Observer, OpsError, Outcome, Report, Session, recovery::History};

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

/// What is known of how an answer was taken, or why it was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Not sent: the file cannot be used.
    Unusable(UnusableFile),
    /// Not sent: the device took its answer before.
    AlreadyRecovered {
        /// When.
        at: Timestamp,
    },
    /// Not sent: its request can no longer be answered.
    RequestInvalid(RequestValidity),
    /// Not sent: the device was not found.
    NotFound,
    /// Not sent: more than one device may be meant.
    SeveralDevices,
    /// Not sent: the device has no password, so it was reset.
    Unactivated,
    /// Not sent: the device refused an answer to this request, and the file was
    /// not written since.
    RefusedBefore {
        /// When.
        at: Timestamp,
    },
    /// Not sent: the device does not report which answer it takes.
    KindUnknown,
    /// Not sent: the device takes a file, and this is a key.
    TakesNoKey,
    /// Not sent: the device does not pass passwords on to cameras.
    NoSync,
    /// Not sent: the device takes another kind of answer.
    NotAnAnswer(NotAnAnswer),
    /// Not sent: there is another answer for the same device.
    SeveralAnswers(Source),
    /// Not sent: a dry run.
    Planned {
        /// Where the answer came from.
        source: Source,
        /// Why its request may be void, where that is not certain.
        doubt: Option<InvalidReason>,
    },
    /// The device took it and set the new password.
    PasswordSet {
        /// Whether it passes the password on to its cameras.
        synced: bool,
        /// Whether a look found it afterwards.
        seen: bool,
    },
    /// The device took it and set its default password.
    DefaultPassword {
        /// Whether a look found it afterwards.
        seen: bool,
    },
    /// No reply: it may have been taken.
    NoReply,
    /// The device has no request any more, and an answer was sent before without
    /// a reply: most likely that one was taken.
    PossiblyTakenBefore,
    /// The device does not take this answer.
    WrongAnswer {
        /// Why its request may be void, where that is not certain.
        doubt: Option<InvalidReason>,
    },
}

impl Finding {
    /// What an answer that was not sent for it means for the operation.
    pub(crate) fn impact(&self) -> Impact {
        match self {
            Self::AlreadyRecovered { .. } => Impact::None,
            Self::NotFound => Impact::Device,
            Self::Unusable(file) if matches!(file.problem().why, Why::Unreadable(_)) => {
                Impact::Computer
            }
            _ => Impact::Safety,
        }
    }
}

/// A file that cannot be used as an answer. Two are equal where they are the same
/// finding.
#[derive(Clone, Debug)]
pub struct UnusableFile(Arc<AnswerProblem>);

impl UnusableFile {
    /// The file, and why.
    pub fn problem(&self) -> &AnswerProblem {
        &self.0
    }
}

impl PartialEq for UnusableFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for UnusableFile {}

/// What an outcome tells of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerData {
    /// The file it stands in.
    pub file: Option<PathBuf>,
    /// The case of its request.
    pub case: Option<CaseId>,
    /// What came of it, where it was to be sent.
    pub sent: Option<SentAnswer>,
}

/// What came of an answer that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentAnswer {
    /// How its request ended. `None` where it is still open.
    pub closed: Option<CaseEnding>,
    /// Whether a look found the device afterwards. `None` where it did not take
    /// the answer.
    pub seen: Option<bool>,
}

impl From<&Source> for AnswerData {
    fn from(source: &Source) -> Self {
        let file = match source {
            Source::File(path) => Some(path.clone()),
            Source::Key => None,
        };
        Self {
            file,
            ..Self::default()
        }
    }
}

/// Checks answers against the devices that a look found.
pub fn plan(
    session: &Session,
    inventory: &Inventory,
    matching: Matching,
    choice: &Choice,
) -> Result<Plan, LedgerError> {
    let check = Check {
        session,
        history: History::read(session.ledger(), session.now())?,
        inventory,
        overrides: &choice.overrides,
        sync_cameras: choice.sync_cameras,
    };
    let mut checked = Vec::new();
    let mut left_out = matching.left_out;
    for pending in matching.answers {
        match check.check(pending)? {
            Ok(answer) => checked.push(answer),
            Err(outcome) => left_out.push(outcome),
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
        let sent = phase.send_all(session, observer).await?;
        let mut outcomes = self.left_out;
        let after = sent.look_again(session, settings.inventory, observer).await;
        for (answer, (device, mut outcome)) in self.answers.iter().zip(sent.outcomes) {
            let seen = after.same(&device).is_some();
            conclude(&mut outcome, answer, seen, self.sync_cameras);
            outcomes.push(outcome);
        }
        Ok(Report {
            outcomes,
            failure: sent.failure,
        })
    }
}

//! The requests that wait for an answer, and what to do about each.

use jiff::{SignedDuration, Timestamp};
use sadp_reset::{
    AttemptResult, Case, CaseEnding, CaseId, InvalidReason, LedgerError, SiteName, VALID_FOR,
};

use super::History;
use crate::{Inventory, Session};

/// A request, and whether it can still be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewedCase {
    /// The request.
    pub case: Case,
    /// What people call its device.
    pub site_name: Option<SiteName>,
    /// How long ago it was exported.
    pub age: SignedDuration,
    /// Why an open request is no longer valid, or may not be. That its device was
    /// not seen is told only after a look.
    pub invalid_reasons: Vec<InvalidReason>,
    /// Whether an open request is so old that some firmware takes no answer to it
    /// any more.
    pub aging: bool,
    /// When an answer to an open request was sent to which no certain reply came: most likely
    /// the device has the new password.
    pub possibly_answered: Option<Timestamp>,
    /// What to do about an open request.
    pub next: Option<CaseStep>,
}

impl ReviewedCase {
    /// How long an answer can still be given to an open request.
    pub fn time_left(&self) -> Option<SignedDuration> {
        let left = VALID_FOR.saturating_sub(self.age).max(SignedDuration::ZERO);
        self.case.is_open().then_some(left)
    }
}

/// What to do about an open request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseStep {
    /// Try the new password: an answer was sent, and most likely carried out.
    TryPassword,
    /// Import the answer when it is there.
    Import,
    /// The same, or export again, to be sure that a valid request waits.
    ImportOrExportAgain,
    /// Export another request: this one is no longer valid.
    ExportAgain,
}

/// Reviews all requests, latest first, closed ones too. `inventory` is what a look
/// found, where there was one.
pub fn review(
    session: &Session,
    inventory: Option<&Inventory>,
) -> Result<Vec<ReviewedCase>, LedgerError> {
    let now = session.now();
    let history = History::read(session.ledger(), now)?;
    let names = session.site_names()?;
    let mut reviewed = Vec::new();
    for case in history.cases() {
        let mac = case.request.device.mac();
        let found = inventory.and_then(|it| it.with_key(&case.request.device));
        let mut validity = history.judge(&history.facts(case), found);
        validity.reasons.retain(|reason| match reason {
            // Closed requests say by their state how they ended.
            _ if !case.is_open() => false,
            InvalidReason::NotSeen { .. } => inventory.is_some(),
            _ => true,
        });
        let open = Some(case).filter(|case| case.is_open());
        let possibly_answered = open.and_then(|case| possibly_answered(&history, case));
        let next = match possibly_answered {
            Some(_) => CaseStep::TryPassword,
            None => CaseStep::after(&validity.reasons),
        };
        reviewed.push(ReviewedCase {
            case: case.clone(),
            site_name: mac.and_then(|mac| names.get(&mac)).cloned(),
            age: now.duration_since(case.request.exported_at),
            next: case.is_open().then_some(next),
            aging: case.is_open() && validity.aging,
            invalid_reasons: validity.reasons,
            possibly_answered,
        });
    }
    Ok(reviewed)
}

/// When an answer to an open request was last sent that may have been taken.
fn possibly_answered(history: &History, case: &Case) -> Option<Timestamp> {
    let device = case.request.device.by_mac();
    let mut sent = history.answers_since(case.request.exported_at, &device);
    let unknown =
        sent.find(|it| matches!(it.result(), AttemptResult::Unknown | AttemptResult::Done));
    unknown.map(|it| it.attempt.at)
}

impl CaseStep {
    fn after(reasons: &[InvalidReason]) -> Self {
        let possibly =
            |it: &InvalidReason| matches!(it, InvalidReason::PossiblyExportedAgain { .. });
        if reasons.iter().any(InvalidReason::stops_import) {
            Self::ExportAgain
        } else if reasons.iter().any(possibly) {
            Self::ImportOrExportAgain
        } else {
            Self::Import
        }
    }
}

/// Closes an open request for which no answer is awaited any more. Returns
/// whether there was one.
pub fn forget(session: &mut Session, id: CaseId) -> Result<bool, LedgerError> {
    if session.ledger().is_none() {
        return Ok(false);
    }
    let now = session.now();
    let ledger = session.ledger_mut()?;
    ledger.close_case(id, CaseEnding::Forgotten, now)
}

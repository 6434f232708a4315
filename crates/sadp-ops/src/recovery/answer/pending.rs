//! What is to be sent, before it is known which devices are there.

use std::{path::PathBuf, time::SystemTime};

use sadp_reset::{
    Action, Answer, AnswerForm, AnswerProblem, AnswerTarget, Case, CaseEnding, Collected,
    DeviceKey, LedgerError, MatchBasis, NotAnAnswer, RequestFacts, RequestKind, assign,
};
use secrecy::{ExposeSecret, SecretString};

use super::{AnswerData, AnswerFinding, AnswerSource};
use crate::{
    DeviceRef, Guard, Outcome, OutcomeData, Overrides, Reason, Session, recovery::History,
};

/// The vendor's answers, as they were given.
#[derive(Debug)]
pub enum AnswerInput {
    /// What was found in files and folders.
    Files(Collected),
    /// A key or a dated code that a person typed, for the device that was named.
    Key(SecretString),
}

impl AnswerInput {
    /// Whether there is nothing that could be sent.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Files(found) if found.files.is_empty())
    }
}

/// What answers are for, where the user says so.
#[derive(Clone, Debug)]
pub enum AnswerFor {
    /// The latest request of a device.
    Device(DeviceKey),
    /// A request.
    Case(Box<Case>),
}

/// Answers and the requests they are for.
#[derive(Debug, Default)]
pub struct Matching {
    /// Those that may be sent, as far as that is known without a look.
    pub answers: Vec<PendingAnswer>,
    /// The packages of open requests that have no answer yet.
    pub unanswered: Vec<PathBuf>,
    /// What is not sent, and why.
    pub left_out: Vec<Outcome>,
}

/// An answer or a key, and the request it is for.
#[derive(Debug)]
pub struct PendingAnswer {
    /// The request.
    pub target: AnswerTarget,
    /// Where the answer came from.
    pub source: AnswerSource,
    pub(super) basis: MatchBasis,
    /// When its file was written. `None` where there is no file, or it does not
    /// tell.
    pub(super) written_at: Option<SystemTime>,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Answer(Answer),
    /// What it is depends on the device.
    Typed(SecretString),
}

/// Finds the request that each answer is for, and leaves out what cannot be used,
/// what was answered before, and what can no longer be answered. Files are read;
/// nothing is sent. A typed key is for `whose`, and so are files that tell
/// nothing else.
pub fn match_requests(
    session: &Session,
    input: AnswerInput,
    whose: Option<&AnswerFor>,
    overrides: Overrides,
) -> Result<Matching, LedgerError> {
    let history = History::read(session.ledger(), session.now())?;
    let mut matching = match (input, whose) {
        (AnswerInput::Files(found), _) => Matching::of_files(found, &history, whose),
        (AnswerInput::Key(key), Some(whose)) => Matching {
            answers: vec![PendingAnswer {
                target: target(&history, whose),
                source: AnswerSource::Key,
                basis: MatchBasis::Name,
                written_at: None,
                text: Text::Typed(key),
            }],
            ..Matching::default()
        },
        (AnswerInput::Key(_), None) => Matching::default(),
    };
    if !overrides.lifts(Guard::StaleRequest) {
        let answers = std::mem::take(&mut matching.answers);
        for answer in answers {
            match check_offline(&answer.target, &history) {
                None => matching.answers.push(answer),
                Some(finding) => matching.left_out.push(answer.skipped(finding)),
            }
        }
    }
    Ok(matching)
}

impl Matching {
    fn of_files(mut found: Collected, history: &History, whose: Option<&AnswerFor>) -> Self {
        let device = match whose {
            Some(AnswerFor::Device(device)) => Some(device),
            Some(AnswerFor::Case(case)) => {
                for file in &mut found.files {
                    file.case = Some(case.id);
                }
                None
            }
            None => None,
        };
        let assigned = assign(found, history.cases(), device);
        let answers = assigned.matched.into_iter().map(|mut matched| {
            let target = &mut matched.target;
            let facts = std::mem::take(&mut target.facts);
            target.facts = history.asked_since(facts, &target.device);
            PendingAnswer {
                target: matched.target,
                basis: matched.basis,
                written_at: matched.written_at,
                source: AnswerSource::File(matched.path),
                text: Text::Answer(matched.answer),
            }
        });
        Self {
            answers: answers.collect(),
            unanswered: assigned.waiting,
            left_out: assigned.problems.into_iter().map(unusable).collect(),
        }
    }

    /// Whether any of the answers goes out with a new password.
    pub fn needs_password(&self) -> bool {
        self.answers
            .iter()
            .any(|answer| answer.target.kind != Some(RequestKind::LegacyCode))
    }

    /// The devices that the answers are for.
    pub fn devices(&self) -> Vec<DeviceKey> {
        let devices = self.answers.iter().map(|it| it.target.device.clone());
        devices.collect()
    }
}

impl PendingAnswer {
    /// What goes out to a device that takes this.
    pub(super) fn into_answer(self, kind: RequestKind) -> Result<Answer, AnswerFinding> {
        let answer = match (self.text, kind) {
            (Text::Answer(answer), RequestKind::LegacyCode) => Answer::dated_code(answer.expose()),
            (Text::Typed(text), RequestKind::LegacyCode) => {
                Answer::dated_code(text.expose_secret())
            }
            (Text::Typed(text), _) => Answer::typed_key(text.expose_secret()),
            (Text::Answer(answer), _) => match answer.form() {
                AnswerForm::DatedCode => Err(NotAnAnswer::Unlike),
                AnswerForm::Key | AnswerForm::Encrypted => Ok(answer),
            },
        };
        let answer = answer.map_err(AnswerFinding::NotAnAnswer)?;
        if kind == RequestKind::File && answer.form() == AnswerForm::Key {
            return Err(AnswerFinding::TakesNoKey);
        }
        Ok(answer)
    }

    /// One that is not sent, to a device that was not looked for or not found.
    pub(super) fn skipped(&self, finding: AnswerFinding) -> Outcome {
        let data = AnswerData::from(&self.source);
        skipped(DeviceRef::from(&self.target.device), finding, data)
    }
}

/// The request that is meant, or what a device without one is.
fn target(history: &History, whose: &AnswerFor) -> AnswerTarget {
    let (device, case) = match whose {
        AnswerFor::Case(case) => (&case.request.device, Some(&**case)),
        AnswerFor::Device(device) => {
            let mut cases = history.cases().iter();
            (
                device,
                cases.find(|case| case.request.device.is_same(device)),
            )
        }
    };
    AnswerTarget {
        device: device.clone(),
        case: case.map(|case| case.id),
        package: case.map(|case| case.request.package.clone()),
        kind: case.map(|case| case.request.kind),
        facts: case.map_or_else(RequestFacts::default, |case| history.facts(case)),
    }
}

/// Why an answer is not sent, whatever a look would show.
fn check_offline(target: &AnswerTarget, history: &History) -> Option<AnswerFinding> {
    if let Some(ended) = target.facts.ended
        && ended.how == CaseEnding::Recovered
    {
        return Some(AnswerFinding::AlreadyRecovered { at: ended.at });
    }
    let validity = history.judge(&target.facts, None);
    let invalid = validity.stops_import();
    invalid.then_some(AnswerFinding::RequestInvalid(validity))
}

/// A file that is not sent.
fn unusable(problem: AnswerProblem) -> Outcome {
    let device = problem.device.as_ref();
    let device = device.map_or_else(DeviceRef::default, DeviceRef::from);
    let data = AnswerData {
        file: Some(problem.path.clone()),
        ..AnswerData::default()
    };
    skipped(device, AnswerFinding::Unusable(problem.into()), data)
}

pub(super) fn skipped(device: DeviceRef, finding: AnswerFinding, data: AnswerData) -> Outcome {
    Outcome {
        data: OutcomeData::Answer(data),
        ..Outcome::skipped(device, Action::ImportAnswer, Reason::Answer(finding))
    }
}

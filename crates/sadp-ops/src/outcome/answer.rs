use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use sadp_reset::{
    AnswerProblem, CaseEnding, CaseId, InvalidReason, NotAnAnswer, RequestValidity, Why,
};

use super::Impact;

/// What is known of how an answer was taken, or why it was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerFinding {
    /// Not sent: the file cannot be used.
    Unusable(Unusable<AnswerProblem>),
    /// Not sent: the device accepted its answer before.
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
    SeveralAnswers(AnswerSource),
    /// Not sent: a dry run.
    Planned {
        /// Where the answer came from.
        source: AnswerSource,
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
    /// The device said that its request is no longer valid.
    RequestSpent,
    /// The device does not take this answer.
    WrongAnswer {
        /// Why its request may be void, where that is not certain.
        doubt: Option<InvalidReason>,
    },
}

impl AnswerFinding {
    /// What an answer that was not sent for it means for the operation.
    pub(crate) fn impact(&self) -> Impact {
        match self {
            Self::AlreadyRecovered { .. } => Impact::None,
            Self::NotFound => Impact::Device,
            Self::Unusable(file) if matches!(file.cause().why, Why::Unreadable(_)) => {
                Impact::Computer
            }
            _ => Impact::Safety,
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerSource {
    /// A file.
    File(PathBuf),
    /// A person, who typed it.
    Key,
}

/// Why a file cannot be used. Two are equal where they are the same finding.
#[derive(Debug)]
pub struct Unusable<E>(Arc<E>);

impl<E> Unusable<E> {
    /// Why.
    pub fn cause(&self) -> &E {
        &self.0
    }
}

impl<E> From<E> for Unusable<E> {
    fn from(cause: E) -> Self {
        Self(Arc::new(cause))
    }
}

impl<E> Clone for Unusable<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> PartialEq for Unusable<E> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<E> Eq for Unusable<E> {}

/// What an outcome holds about an answer.
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
    /// Whether it sets the default password of an old device, and no new one.
    pub sets_default: bool,
}

impl From<&AnswerSource> for AnswerData {
    fn from(source: &AnswerSource) -> Self {
        let file = match source {
            AnswerSource::File(path) => Some(path.clone()),
            AnswerSource::Key => None,
        };
        Self {
            file,
            ..Self::default()
        }
    }
}

use std::{net::Ipv4Addr, time::Duration};

use jiff::Timestamp;
use sadp_model::{RecoveryMethod, UnavailableReason};
use sadp_proto::QuestionList;
use sadp_reset::{Action, QuestionNames};

use super::{Impact, Outcome, OutcomeData, OutcomeStatus, Preparation, Reason, owner::CloudStatus};
use crate::{DiscoveredDevice, OpsError};

/// What is known of a device that was to set a new password. Whether the password
/// it has is the new one, no look tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetFinding {
    /// The device replied that it set the new password.
    Set {
        /// Whether a look found it afterwards.
        seen: bool,
    },
    /// A look shows that the device has no password.
    Unactivated,
    /// No reply: the device may have the new password or the former one.
    NoReply {
        /// Whether a look found it with a password.
        active: bool,
    },
    /// The device refused the secret, and one that works once was sent before without a
    /// reply: most likely that one set its password.
    PossiblySetBefore {
        /// When.
        at: Timestamp,
    },
}

impl ResetFinding {
    /// Whether a look shows that the device has a password. `None` where it was not
    /// found, or does not report that.
    pub const fn active(self) -> Option<bool> {
        match self {
            Self::Set { seen: true } | Self::NoReply { active: true } => Some(true),
            Self::Set { seen: false }
            | Self::NoReply { active: false }
            | Self::PossiblySetBefore { .. } => None,
            Self::Unactivated => Some(false),
        }
    }
}

/// What is known of a reset by the button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonFinding {
    /// The device had no password before.
    Unactivated,
    /// It is back, and has no password.
    Reset,
    /// The method does not fit the device.
    NotForDevice {
        /// Why.
        obstacle: UnavailableReason,
        /// The methods that may fit it, best first.
        others: Vec<RecoveryMethod>,
    },
    /// It has neither a MAC of its own nor a serial: it could not be recognised
    /// after the reset.
    Unrecognisable,
    /// It still has a password.
    StillActive,
    /// It does not report whether it has a password, and did not restart.
    NoRestart,
    /// It restarted, and does not report whether it has a password.
    StateUnknown,
    /// It was offline at the end.
    Offline,
}

/// What happens while a reset is awaited.
#[derive(Debug)]
pub enum ButtonProgress<'a> {
    /// The wait begins, and lasts this long at most.
    Begins(Duration),
    /// It has lasted this long.
    Waiting {
        /// How long.
        elapsed: Duration,
        /// Whether the device is offline now.
        offline: bool,
    },
    /// The device went offline.
    Offline,
    /// It restarted with its password.
    StillActive,
    /// No look is possible now, as where a cable straight to the device went dead.
    CannotLook(&'a OpsError),
    /// It is back without a password.
    Back {
        /// The address it had.
        before: Option<Ipv4Addr>,
        /// The address it has.
        now: Option<Ipv4Addr>,
    },
}

/// The questions of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedQuestions {
    /// Those that are read, in order of their numbers.
    pub questions: Vec<ListedQuestion>,
    /// How many further ones the device lists.
    pub ignored: usize,
}

/// A question that a device lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedQuestion {
    /// Its number, by which devices know it.
    pub id: u32,
    /// Whether it is set.
    pub set: bool,
    /// The name that the user gives it.
    pub name: Option<String>,
}

impl ButtonFinding {
    /// What a device that was skipped for it means for the operation.
    pub(crate) const fn impact(&self) -> Impact {
        match self {
            Self::NotForDevice { .. } | Self::Unrecognisable => Impact::Safety,
            _ => Impact::Device,
        }
    }

    pub(crate) fn outcome(self, device: &DiscoveredDevice) -> Outcome {
        let status = match self {
            Self::Unactivated | Self::Reset => OutcomeStatus::Done,
            Self::StateUnknown => OutcomeStatus::Unknown,
            Self::Offline => OutcomeStatus::NoAnswer,
            _ => OutcomeStatus::Skipped,
        };
        Outcome {
            reason: Reason::Button(self),
            // It leads there; no command is sent for the reset itself.
            ..Outcome::new(device, Action::Activate, status)
        }
    }
}

impl ListedQuestions {
    pub(crate) fn new(list: &QuestionList, names: &QuestionNames) -> Self {
        let questions = list.questions.iter().map(|question| ListedQuestion {
            id: question.id,
            set: question.set,
            name: names.of(question.id).map(ToString::to_string),
        });
        Self {
            questions: questions.collect(),
            ignored: list.ignored,
        }
    }
}

/// What is prepared on a device, and what became of the rest.
#[derive(Clone, Debug)]
pub struct PreparedDevice {
    /// Its preparations, as far as it offers them and they were asked for.
    pub steps: Vec<PreparedStep>,
    /// Whether it is ready for Hik-Connect, as far as it reports.
    pub cloud: CloudStatus,
}

/// One preparation.
#[derive(Clone, Debug)]
pub struct PreparedStep {
    /// Which.
    pub preparation: Preparation,
    /// Whether it goes over HTTP: the device does not offer it by SADP.
    pub over_http: bool,
    /// What became of it. `None` where it was prepared before.
    pub outcome: Option<Outcome>,
}

impl Outcome {
    /// Whether a preparation has set questions on the device, or may have.
    pub fn may_have_set_questions(&self) -> bool {
        let OutcomeData::Prepared(prepared) = &self.data else {
            return false;
        };
        let mut steps = prepared.steps.iter();
        steps.any(|step| {
            let outcome = step.outcome.as_ref();
            step.preparation == Preparation::Questions
                && outcome.is_some_and(Self::may_have_happened)
        })
    }
}

impl PreparedDevice {
    pub(crate) fn new(device: &DiscoveredDevice, steps: Vec<PreparedStep>) -> Self {
        Self {
            steps,
            cloud: CloudStatus::new(&device.entry.device, None),
        }
    }

    /// The outcome of the device: that of its worst step.
    pub(crate) fn into_outcome(self, device: &DiscoveredDevice) -> Outcome {
        let outcomes = self.steps.iter().filter_map(|step| step.outcome.as_ref());
        let worst = outcomes.max_by_key(|it| it.status.severity());
        let outcome = worst
            .cloned()
            .unwrap_or_else(|| Outcome::new(device, Action::SetUpRead, OutcomeStatus::Done));
        Outcome {
            data: OutcomeData::Prepared(self),
            ..outcome
        }
    }
}

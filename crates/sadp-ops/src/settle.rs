//! How silence is settled: a look shows which devices are still as before, and commands
//! that cannot cost them a try are sent to them again.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Outcome, OutcomeStatus, Reason, Seen};

/// How long to look again at silent devices and repeat commands that were not carried
/// out. The user may set another time.
pub const SETTLE: Duration = Duration::from_secs(30);

/// How long the last silent devices of a batch are waited for where a look
/// settles what became of them.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait before devices that are away are looked for again.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The most commands to one device in a batch, and the most rounds of a run.
pub(crate) const MAX_SENDS: u32 = 10;

/// What to do about a device after a command and a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Nothing: it is settled.
    Nothing,
    /// It may show the change later.
    LookAgain,
    /// The look proves that the command was not carried out.
    SendAgain,
}

impl FollowUp {
    /// `outcome` is as the batch ended, before [`Outcome::check`].
    pub(crate) const fn after(outcome: &Outcome, seen: Seen) -> Self {
        match (outcome.status, seen) {
            (OutcomeStatus::Unknown | OutcomeStatus::NoAnswer, Seen::Unchanged) => Self::SendAgain,
            (OutcomeStatus::Unknown | OutcomeStatus::NoAnswer, Seen::Missing)
            | (OutcomeStatus::Done, Seen::Unchanged | Seen::Missing) => Self::LookAgain,
            _ => Self::Nothing,
        }
    }
}

impl Outcome {
    /// What became of a device to which a command was sent in an earlier round, too,
    /// or several times in this one: this is the outcome of the last. What was sent
    /// before may have been carried out late, so that the last one was refused or not
    /// needed.
    pub(crate) fn repeats(self, earlier: Option<Self>, seen: Seen) -> Self {
        let was_carried_out = self.status == OutcomeStatus::Refused && seen == Seen::Changed;
        let Some(earlier) = earlier else {
            return if self.sent_again && was_carried_out {
                Self {
                    status: OutcomeStatus::Unknown,
                    verdict: None,
                    ..self
                }
            } else {
                self
            };
        };
        let impersonated = earlier.impersonation_suspected || self.impersonation_suspected;
        let stopped = matches!(self.reason, Reason::Stopped(_));
        let may_have_worked = earlier.status == OutcomeStatus::Unknown
            && (self.status == OutcomeStatus::NoAnswer || was_carried_out);
        Self {
            impersonation_suspected: impersonated,
            ..if stopped || may_have_worked {
                earlier
            } else {
                self
            }
        }
    }
}

/// How many rounds of looking and repeating are left, and until when.
#[derive(Debug)]
pub(crate) struct RoundLimit {
    time: Duration,
    /// Counted from the end of the first round: sending to many devices one by one
    /// takes longer than their replies.
    until: Option<Instant>,
    rounds: u32,
}

impl RoundLimit {
    /// Begins the first round in which commands are sent. With no time, it is the
    /// only one.
    pub(crate) const fn begin(settle: Duration) -> Self {
        Self {
            time: settle,
            until: None,
            rounds: MAX_SENDS,
        }
    }

    /// Begins the first of any number of looks.
    pub(crate) const fn begin_looks(time: Duration) -> Self {
        Self {
            rounds: u32::MAX,
            ..Self::begin(time)
        }
    }

    /// How long rounds may still begin.
    pub(crate) fn left(&self) -> Duration {
        let until = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        until.unwrap_or(self.time)
    }

    /// Whether another round may begin.
    pub(crate) fn begin_next(&mut self) -> bool {
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + self.time);
        self.rounds = self.rounds.saturating_sub(1);
        self.rounds > 0 && now < until
    }
}

//! Recovery prepared while the password is known: the GUID exported, an e-mail address
//! reserved and security questions set, on each device that offers them.
//!
//! [`read`] costs no try and changes nothing; [`plan`] says what is left to do, and
//! [`Plan::carry_out`] does it. [`WantedPreparation::plan`] reads and plans in one step.

mod over_http;
mod run;
mod wanted;

use std::time::Duration;

use sadp_model::{RecoverySetup, State};
use sadp_proto::{Mailbox, QuestionList};
use sadp_reset::{Action, LedgerError};
use secrecy::SecretString;

pub use self::wanted::{
    AnswerSet, DeviceAnswers, PrepareError, WantedAnswers, WantedPreparation, make_answers,
};
use self::{run::PreparationRun, wanted::MadeAnswers};
use super::{History, methods, questions};
pub use crate::outcome::recovery::{PreparedDevice, PreparedStep};
use crate::{
    DiscoveredDevice, Event, Inventory, KeepFailure, Observer, OpsError, Outcome, OutcomeData,
    OutcomeStatus, Preparation, Reason, Report, Seen, Session, StopReason, settle::RoundLimit,
};

/// A device, and what is known of its recovery.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The device, with what it replied.
    pub device: DiscoveredDevice,
    /// The questions that it lists. `None` where it did not reply, or was not asked.
    pub questions: Option<QuestionList>,
    /// Whether it was asked.
    asked: bool,
}

impl Candidate {
    /// A device that is not asked: for a dry run.
    const fn unread(device: DiscoveredDevice) -> Self {
        Self {
            device,
            questions: None,
            asked: false,
        }
    }
}

/// Reads from devices what is set up on them, and which questions they list.
pub async fn read(
    session: &mut Session,
    inventory: &Inventory,
    mut devices: Vec<DiscoveredDevice>,
    observer: &mut dyn Observer,
) -> Result<Vec<Candidate>, OpsError> {
    methods::read_set_up(session, inventory, &mut devices, observer).await?;
    let all = devices.iter().enumerate();
    let mut lists = questions::lists(session, inventory, all, observer).await?;
    let candidates = devices.into_iter().enumerate().map(|(place, mut device)| {
        let questions = lists.remove(&place);
        let set_up = &mut device.entry.device.recovery.set_up;
        if set_up.questions.is_none() {
            set_up.questions = questions.as_ref().and_then(QuestionList::is_set);
        }
        Candidate {
            device,
            questions,
            asked: true,
        }
    });
    Ok(candidates.collect())
}

/// What will be prepared on which device.
#[derive(Debug)]
pub struct Plan {
    devices: Vec<PlannedDevice>,
    left_out: Vec<Outcome>,
    wanted: WantedPreparation,
    /// What devices offer, and is neither prepared nor asked for.
    unwanted: Vec<Preparation>,
    /// The answers that were made, where no file has them yet.
    made: Option<MadeAnswers>,
}

/// A device on its way.
#[derive(Debug)]
struct PlannedDevice {
    device: DiscoveredDevice,
    steps: Vec<Step>,
}

/// One preparation of one device.
#[derive(Debug)]
struct Step {
    preparation: Preparation,
    /// Whether it goes over HTTP: the device does not offer it by SADP.
    over_http: bool,
    progress: StepProgress,
}

#[derive(Debug)]
enum StepProgress {
    /// It was prepared before.
    Already,
    /// It is to be sent, for the first time or again. What became of it so far.
    Due(Option<Box<Outcome>>),
    /// It is settled.
    Settled(Box<Outcome>),
}

/// Plans what to prepare. What is prepared already is left as it is. Answers that are still
/// to be made are for a dry run: such a plan sends no questions.
pub fn plan(
    session: &Session,
    candidates: Vec<Candidate>,
    wanted: WantedPreparation,
) -> Result<Plan, LedgerError> {
    let history = History::read(session.ledger(), session.now())?;
    let mut plan = Plan {
        devices: Vec::new(),
        left_out: Vec::new(),
        wanted,
        unwanted: Vec::new(),
        made: None,
    };
    for candidate in candidates {
        let device = &candidate.device;
        let named = plan.wanted.named;
        if device.entry.device.state == Some(State::Unactivated) {
            plan.leave_out(device, Reason::Unactivated { named });
            continue;
        }
        let known = history.prepared(device);
        let steps = plan.steps(&candidate, &known, session)?;
        if steps.is_empty() {
            plan.leave_out(device, Reason::NothingToPrepare { named });
        } else {
            let device = candidate.device;
            plan.devices.push(PlannedDevice { device, steps });
        }
    }
    Ok(plan)
}

impl Plan {
    /// What is to be done on a device. What it offers and nobody asked for is noted.
    fn steps(
        &mut self,
        candidate: &Candidate,
        known: &RecoverySetup,
        session: &Session,
    ) -> Result<Vec<Step>, LedgerError> {
        let device = &candidate.device.entry.device;
        let set_up = device.recovery.set_up;
        let mut steps = Vec::new();
        for preparation in Preparation::ALL {
            let by_sadp = preparation.offer().of(device) == Some(true);
            let over_http = !by_sadp && preparation.method().is_offered_over_http(device);
            if !by_sadp && !over_http {
                continue;
            }
            let is_prepared = match preparation {
                Preparation::Guid => {
                    let kept = known.guids.is_some_and(|guids| guids.usable > 0);
                    Some(kept && set_up.guid != Some(false))
                }
                Preparation::Mailbox => set_up.mailbox.or(known.mailbox),
                Preparation::Questions => set_up.questions.or(known.questions),
            };
            let progress = if is_prepared == Some(true) {
                StepProgress::Already
            } else if self.wanted.has(preparation, device) {
                self.wanted
                    .begin(preparation, over_http, candidate, session)?
            } else {
                self.unwanted.push(preparation);
                continue;
            };
            steps.push(Step {
                preparation,
                over_http,
                progress,
            });
        }
        Ok(steps)
    }

    fn leave_out(&mut self, device: &DiscoveredDevice, reason: Reason) {
        let mut outcome = Outcome::skipped(device, Action::SetUpRead, reason);
        outcome.data = OutcomeData::Prepared(PreparedDevice::new(device, Vec::new()));
        self.left_out.push(outcome);
    }
}

/// What preparing needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The current password.
    pub password: &'a SecretString,
    /// By which exported GUIDs are encrypted. Without, they are not.
    pub passphrase: Option<&'a SecretString>,
    /// The most devices at a time, once the password is proven.
    pub parallel: usize,
    /// How long silent devices are looked at again: [`crate::SETTLE`] is usual. Zero
    /// looks once and repeats nothing.
    pub settle: Duration,
}

impl Plan {
    /// The devices to which something is sent.
    pub fn devices(&self) -> impl Iterator<Item = &DiscoveredDevice> {
        let devices = self.devices.iter().filter(|it| it.is_due());
        devices.map(|it| &it.device)
    }

    /// What is prepared on how many devices, and on how many of them over HTTP.
    pub fn counts(&self) -> [(Preparation, usize, usize); 3] {
        Preparation::ALL.map(|preparation| {
            let steps = self.devices.iter().flat_map(|it| &it.steps);
            let due = steps.filter(|it| it.preparation == preparation && it.is_due());
            let (over_http, by_sadp): (Vec<_>, Vec<_>) = due.partition(|it| it.over_http);
            let devices = over_http.len() + by_sadp.len();
            (preparation, devices, over_http.len())
        })
    }

    /// The e-mail address to reserve.
    pub const fn mailbox(&self) -> Option<&Mailbox> {
        self.wanted.mailbox.as_ref()
    }

    /// On how many devices something could be prepared for which nothing was given.
    pub fn not_wanted(&self, preparation: Preparation) -> usize {
        let unwanted = self.unwanted.iter();
        unwanted.filter(|it| **it == preparation).count()
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mut outcomes = self.left_out;
        outcomes.extend(self.devices.into_iter().map(PlannedDevice::into_outcome));
        outcomes
    }

    /// Prepares the devices. The password goes to one device after the other until
    /// two accepted it, and the first refusal that may be about it ends everything.
    /// What was not replied to is sent again once the device accepted the password, or
    /// where the command never left.
    pub async fn carry_out(
        mut self,
        session: &mut Session,
        settings: Settings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let mut run = PreparationRun::new(settings, session)?;
        let mut rounds = RoundLimit::begin(settings.settle);
        loop {
            for preparation in Preparation::ALL {
                let sent = run.send(preparation, &mut self, session, observer).await;
                run.failure.keep(sent);
            }
            let last = run.ends(session) || !rounds.begin_next();
            run.look(&mut self.devices, last, session, observer).await;
            let due = |it: &&PlannedDevice| it.steps.iter().any(Step::is_due_by_sadp);
            let again = self.devices.iter().filter(due).count();
            if last || again == 0 {
                break;
            }
            observer.observe(Event::SendingAgain(again));
        }
        if !run.ends(session) {
            let sent = over_http::carry_out(&mut self, session, settings, observer).await;
            run.failure.keep(sent);
        }
        let why = run.stopped.unwrap_or(match run.failure {
            Some(_) => Reason::Stopped(StopReason::LocalFailure),
            None => Reason::Stopped(StopReason::Interrupted),
        });
        for target in &mut self.devices {
            target.leave_out(&why);
        }
        Ok(Report {
            failure: run.failure,
            outcomes: self.into_outcomes(),
        })
    }
}

impl PlannedDevice {
    fn is_due(&self) -> bool {
        self.steps.iter().any(Step::is_due)
    }

    /// Whether a command to it is still unanswered.
    fn is_silent(&self) -> bool {
        self.steps.iter().any(|step| step.was_silent(true))
    }

    /// Whether a look may show what became of a command without a reply. It shows
    /// nothing of a GUID.
    fn may_show(&self) -> bool {
        let mut shown = self.steps.iter();
        shown.any(|step| step.preparation != Preparation::Guid && step.was_silent(true))
    }

    /// Leaves out what was not sent yet.
    fn leave_out(&mut self, why: &Reason) {
        for step in &mut self.steps {
            if matches!(step.progress, StepProgress::Due(None)) {
                let action = step.preparation.action();
                let skipped = Outcome::skipped(&self.device, action, why.clone());
                step.progress = StepProgress::Settled(Box::new(skipped));
            }
        }
    }

    /// What became of it: the worst of its steps, and all of them.
    fn into_outcome(self) -> Outcome {
        let Self { device, steps } = self;
        let steps = steps.into_iter().map(|step| {
            let action = step.preparation.action();
            let planned = || Outcome::new(&device, action, OutcomeStatus::Planned);
            PreparedStep {
                preparation: step.preparation,
                over_http: step.over_http,
                outcome: match step.progress {
                    StepProgress::Already => None,
                    StepProgress::Due(outcome) => Some(outcome.map_or_else(planned, |it| *it)),
                    StepProgress::Settled(outcome) => Some(*outcome),
                },
            }
        });
        PreparedDevice::new(&device, steps.collect()).into_outcome(&device)
    }
}

impl Step {
    const fn is_due(&self) -> bool {
        matches!(self.progress, StepProgress::Due(_))
    }

    const fn is_due_by_sadp(&self) -> bool {
        self.is_due() && !self.over_http
    }

    fn outcome(&self) -> Option<&Outcome> {
        match &self.progress {
            StepProgress::Already => None,
            StepProgress::Due(outcome) => outcome.as_deref(),
            StepProgress::Settled(outcome) => Some(outcome),
        }
    }

    /// Whether no reply came and the command may be sent again: to a device that
    /// `accepted` the password, or where it never left.
    fn was_silent(&self, accepted: bool) -> bool {
        self.outcome().is_some_and(|it| match it.status {
            OutcomeStatus::NoAnswer => true,
            OutcomeStatus::Unknown => {
                accepted && it.reason == Reason::Plain && !it.impersonation_suspected
            }
            _ => false,
        })
    }

    /// Takes in what became of its command, as far as the reply shows.
    fn take_in(&mut self, reply: Outcome) {
        let reply = match std::mem::replace(&mut self.progress, StepProgress::Already) {
            StepProgress::Due(Some(earlier)) => reply.repeats(Some(*earlier), Seen::Missing),
            _ => reply,
        };
        self.progress = StepProgress::Settled(Box::new(reply));
    }
}

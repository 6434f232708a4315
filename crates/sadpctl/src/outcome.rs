//! What became of a command to one device, as scripts see it. The names and
//! their order are a contract.

mod data;

use std::net::Ipv4Addr;

use sadp_model::Serial;
use sadp_ops::{DeviceRef, DiscoveredDevice, Impact, OutcomeStatus};
use sadp_proto::RefusalReply;
use sadp_reset::Action;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{failure::Exit, text::count};

/// What became of a command to one device. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) device: Who,
    action: &'static str,
    pub(crate) result: Ending,
    pub(crate) refusal: Option<String>,
    number: Option<u32>,
    tries_left: Option<u32>,
    lock_minutes: Option<u32>,
    /// What happened, in a sentence without its device.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) next: Option<String>,
    /// What else there is to tell, by action.
    pub(crate) data: Map<String, Value>,
    /// What it makes of the exit code.
    #[serde(skip)]
    pub(crate) exit: Exit,
    /// Whether the next step stands, whatever is seen of the device later.
    #[serde(skip)]
    bewares: bool,
}

/// By what an outcome names its device.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Who {
    pub(crate) serial: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) address: Option<Ipv4Addr>,
    /// The number on the label, for people.
    #[serde(skip)]
    pub(crate) number: Option<String>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    /// The device did it.
    Done,
    /// The device said no.
    Refused,
    /// No answer to a command that may have been carried out.
    Unknown,
    /// No answer to what changes nothing.
    NoAnswer,
    /// Not sent.
    Skipped,
    /// Not sent, because of `--dry-run`.
    Planned,
}

impl Ending {
    /// The word scripts see.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::NoAnswer => "no-answer",
            Self::Skipped => "skipped",
            Self::Planned => "planned",
        }
    }
}

impl Outcome {
    /// An outcome with words of its own.
    pub(crate) fn new(
        found: &DiscoveredDevice,
        action: Action,
        result: Ending,
        message: impl Into<String>,
    ) -> Self {
        Self::of(Who::new(found), action, result, message.into())
    }

    fn of(device: Who, action: Action, result: Ending, message: String) -> Self {
        Self {
            device,
            action: action.name(),
            result,
            refusal: None,
            number: None,
            tries_left: None,
            lock_minutes: None,
            message,
            next: None,
            data: Map::new(),
            exit: match result {
                Ending::Done | Ending::Skipped | Ending::Planned => Exit::Done,
                Ending::Refused | Ending::Unknown | Ending::NoAnswer => Exit::Refused,
            },
            bewares: false,
        }
    }

    /// The device said no.
    pub(crate) fn refused(
        found: &DiscoveredDevice,
        action: Action,
        verdict: &RefusalReply,
    ) -> Self {
        let reason = sadp_text::explain(verdict, action);
        Self {
            refusal: Some(verdict.refusal.word().to_owned()),
            number: verdict.refusal.number(),
            tries_left: verdict.tries_left,
            lock_minutes: verdict.lock_minutes,
            next: Some(reason.next),
            ..Self::new(found, action, Ending::Refused, reason.message)
        }
    }

    /// Not sent, because it could do harm.
    pub(crate) fn unsafe_to_send(
        found: &DiscoveredDevice,
        action: Action,
        why: impl Into<String>,
    ) -> Self {
        Self {
            exit: Exit::Unsafe,
            ..Self::new(found, action, Ending::Skipped, why)
        }
    }

    /// Makes it the outcome of another action: what was asked first ended it.
    pub(crate) fn under(mut self, action: Action) -> Self {
        self.action = action.name();
        self
    }

    /// Adds what to do next.
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Makes it a success: later than the command, it was seen to be carried out.
    pub(crate) fn turn_done(&mut self, message: impl Into<String>) {
        self.result = Ending::Done;
        self.exit = Exit::Done;
        self.message = message.into();
        if !self.bewares {
            self.next = None;
        }
    }

    /// Says what to do next instead, unless somebody pretends to be the device.
    pub(crate) fn advise(&mut self, next: impl Into<String>) {
        if !self.bewares {
            self.next = Some(next.into());
        }
    }

    /// Somebody else answered for the device: that comes before all else, and
    /// nothing is to be sent again before it is known who.
    pub(crate) fn beware(&mut self) {
        self.next = Some(
            "find out which machine answers for it before you send it anything more: what was sent may be known there; connect the device to this machine alone"
                .into(),
        );
        self.bewares = true;
    }
}

/// What became of an operation, in words.
impl From<sadp_ops::Outcome> for Outcome {
    fn from(outcome: sadp_ops::Outcome) -> Self {
        let verdict = outcome.verdict.as_ref();
        Self {
            device: Who::from(&outcome.device),
            action: outcome.name(),
            result: Ending::from(outcome.status),
            refusal: verdict.map(|it| it.refusal.word().to_owned()),
            number: verdict.and_then(|it| it.refusal.number()),
            tries_left: verdict.and_then(|it| it.tries_left),
            lock_minutes: verdict.and_then(|it| it.lock_minutes),
            message: sadp_text::message(&outcome),
            next: sadp_text::next_step(&outcome).map(Into::into),
            data: data::of(&outcome),
            exit: match outcome.impact() {
                Impact::None => Exit::Done,
                Impact::Safety => Exit::Unsafe,
                Impact::Device => Exit::Refused,
                Impact::Computer => Exit::Machine,
            },
            bewares: outcome.impersonation_suspected,
        }
    }
}

impl From<OutcomeStatus> for Ending {
    fn from(status: OutcomeStatus) -> Self {
        match status {
            OutcomeStatus::Done => Self::Done,
            OutcomeStatus::Planned => Self::Planned,
            OutcomeStatus::Refused => Self::Refused,
            OutcomeStatus::Unknown => Self::Unknown,
            OutcomeStatus::NoAnswer => Self::NoAnswer,
            OutcomeStatus::Skipped => Self::Skipped,
        }
    }
}

impl From<&DeviceRef> for Who {
    fn from(device: &DeviceRef) -> Self {
        Self {
            serial: device.serial.as_ref().map(ToString::to_string),
            mac: device.mac.map(|mac| mac.to_string()),
            address: device.address,
            number: device.serial.as_ref().map(Serial::short),
        }
    }
}

impl Who {
    /// The device's names.
    pub(crate) fn new(found: &DiscoveredDevice) -> Self {
        Self::from(&DeviceRef::from(found))
    }
}

/// `7 done, 1 refused, 2 skipped`.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    let endings = [
        Ending::Done,
        Ending::Planned,
        Ending::Refused,
        Ending::Unknown,
        Ending::NoAnswer,
        Ending::Skipped,
    ];
    let parts: Vec<_> = endings
        .into_iter()
        .filter_map(|ending| {
            let all = outcomes.iter();
            let number = all.filter(|outcome| outcome.result == ending).count();
            (number > 0).then(|| format!("{number} {}", ending.name()))
        })
        .collect();
    let devices = count(outcomes.len() as u64, "device", "devices");
    format!("{devices}: {}", parts.join(", "))
}

/// What all of them make of the exit code: a refusal outweighs what was not
/// sent.
pub(crate) fn exit(outcomes: &[Outcome]) -> Exit {
    let any = |exit| outcomes.iter().any(|outcome| outcome.exit == exit);
    [Exit::Machine, Exit::Refused, Exit::Unsafe]
        .into_iter()
        .find(|&exit| any(exit))
        .unwrap_or(Exit::Done)
}

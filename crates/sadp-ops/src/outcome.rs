//! What became of an operation, as values. An outcome depends on no operation: each
//! has its finding and its data here.

pub(crate) mod answer;
pub(crate) mod guid;
pub(crate) mod http;
pub(crate) mod network;
mod offer;
pub(crate) mod onvif;
pub(crate) mod owner;
pub(crate) mod recovery;
pub(crate) mod request;
mod stop;
pub(crate) mod time;

use std::{net::IpAddr, time::Duration};

use enumset::EnumSet;
use jiff::Timestamp;
use sadp_model::Contradiction;
use sadp_proto::{MailQr, Mailbox, RefusalReply, seal::SealError};
use sadp_reset::{Account, Action, RecorderCamera};
use strum::{EnumIter, EnumString, IntoStaticStr};

pub use self::{
    answer::Unusable,
    offer::{Offer, Preparation},
    stop::StopReason,
};
use self::{
    answer::{AnswerData, AnswerFinding},
    guid::{ExportedGuid, GuidFinding, ImportedGuid},
    http::{HttpFinding, HttpStatus, VerifyFinding},
    network::{NetworkFinding, SettingsChange},
    onvif::{OnvifChange, OnvifStatus},
    owner::{CloudStatus, OwnerFinding},
    recovery::{ButtonFinding, ListedQuestions, PreparedDevice, ResetFinding},
    request::{ExportedRequest, RequestFinding},
    time::{ClockStatus, TimeChange},
};
use crate::{DeviceRef, DiscoveredDevice, OpsError};

/// What became of an operation on one device.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The device.
    pub device: DeviceRef,
    /// What was done, or was to be done.
    pub action: Action,
    /// How it ended.
    pub status: OutcomeStatus,
    /// What is known of how it came to this.
    pub reason: Reason,
    /// What a look after the command shows, where there was one.
    pub seen: Option<Seen>,
    /// The device's refusal, where it refused.
    pub verdict: Option<RefusalReply>,
    /// What to do next, where neither reason nor refusal tells it.
    pub next: Option<NextStep>,
    /// Whether another sender answered for the device: what was sent may be known
    /// to someone else.
    pub impersonation_suspected: bool,
    /// Whether the command was sent more than once without a look between.
    pub sent_again: bool,
    /// What else there is to tell, by operation.
    pub data: OutcomeData,
}

/// What an operation tells of a device beside its outcome.
#[derive(Clone, Debug, Default)]
pub enum OutcomeData {
    /// Nothing.
    #[default]
    None,
    /// The request that was exported.
    Request(Box<ExportedRequest>),
    /// Its network settings before and after.
    Network(Box<SettingsChange>),
    /// The answer that was to be sent.
    Answer(AnswerData),
    /// The GUID that was exported.
    ExportedGuid(ExportedGuid),
    /// The GUID that was sent, or would be.
    ImportedGuid(ImportedGuid),
    /// The security questions of the device.
    Questions(ListedQuestions),
    /// What it reports of Hik-Connect.
    Cloud(Box<CloudStatus>),
    /// The e-mail address that was reserved, or would be.
    Mailbox(Mailbox),
    /// What is prepared on the device.
    Prepared(PreparedDevice),
    /// The QR code for which the vendor mails a code.
    MailQr(Box<MailQr>),
    /// What it tells over HTTP.
    Http(Box<HttpStatus>),
    /// The cameras behind it.
    Cameras(Vec<RecorderCamera>),
    /// Its clock.
    Clock(Box<ClockStatus>),
    /// What was set of its clock, or would be.
    TimeChange(Box<TimeChange>),
    /// Its ONVIF.
    Onvif(Box<OnvifStatus>),
    /// What was set of its ONVIF, or would be.
    OnvifChange(Box<OnvifChange>),
}

/// How an operation on a device ended. The name is what scripts read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum OutcomeStatus {
    /// The device did it.
    Done,
    /// Not sent: a dry run.
    Planned,
    /// The device refused.
    Refused,
    /// No reply to a command that may have been carried out.
    Unknown,
    /// No reply to a command that changes nothing.
    NoAnswer,
    /// Not sent. The reason tells why.
    Skipped,
}

impl OutcomeStatus {
    /// How bad it is, where a device has several.
    pub(crate) const fn severity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Planned => 1,
            Self::Skipped => 2,
            Self::NoAnswer => 3,
            Self::Unknown => 4,
            Self::Refused => 5,
        }
    }
}

/// What is known of how an outcome came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No more than the status says.
    Plain,
    /// A look after the command tells what became of it.
    Checked {
        /// Whether the device replied that it did it.
        replied: bool,
    },
    /// Not sent, because it could do harm.
    Blocked(BlockReason),
    /// Not sent, because the batch ended before.
    Stopped(StopReason),
    /// Not sent: another sender answered the key exchange.
    Impersonated,
    /// Two different replies came to one command.
    Contradicted,
    /// Not sent: a field could not be sealed.
    Unsealed(SealError),
    /// Not sent: the device has a password already.
    AlreadyActive,
    /// The device has the password of an activation whose reply did not arrive.
    ActivatedEarlier {
        /// When that was sent.
        at: Timestamp,
    },
    /// Not sent: the device does not tell whether it has a password.
    StateUnknown,
    /// Not sent: the device has no password yet.
    Unactivated {
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: the device does not report that it offers this.
    NotOffered {
        /// What is missing.
        offer: Offer,
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: nothing that was asked for can be prepared on the device.
    NothingToPrepare {
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: the command before had no reply, so the password may be wrong.
    EarlierUnknown,
    /// What is found of a GUID.
    Guid(GuidFinding),
    /// Not sent: the device did not reply which questions it has.
    QuestionsUnknown,
    /// Not sent: the device does not list the question of this number.
    QuestionNotListed(u32),
    /// The device replied without a QR code for a mailed code.
    NoMailQr,
    /// Not sent: the device does not pass new passwords on to its cameras.
    NoCameraSync,
    /// What is known of a device that was to set a new password.
    PasswordReset(ResetFinding),
    /// This is done with the lamp, or would be.
    Lamp(Lamp),
    /// The lamp was switched on and could not be switched off, for this reason.
    LampLeftOn(Box<Self>),
    /// What became of a request to the vendor's support.
    Request(RequestFinding),
    /// What is found of a device whose network settings are to change.
    Network(NetworkFinding),
    /// What became of an answer of the vendor's support.
    Answer(AnswerFinding),
    /// What became of a change by the owner.
    Owner(OwnerFinding),
    /// What became of a reset by the button.
    Button(ButtonFinding),
    /// What is found of a device by its own HTTP interface.
    Http(HttpFinding),
    /// What a login with the new password shows.
    Verify(VerifyFinding),
}

/// What a look after a command shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The change.
    Changed,
    /// The former state.
    Unchanged,
    /// The device did not answer the look, or does not tell.
    Missing,
}

/// Why a command is not sent to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockReason {
    /// It tells no MAC of its own, by which commands are addressed.
    NoMac,
    /// It was received by raw Ethernet alone and hears no commands.
    RawEthernetOnly,
    /// Only the first fragment of its reply arrived: what a command is made of
    /// may be missing.
    FragmentOnly,
    /// Another device has the same MAC: a command would reach both.
    DuplicateMac,
    /// Two senders speak for it.
    TwoSenders {
        /// The sender whose replies count.
        used: IpAddr,
        /// The other.
        other: IpAddr,
    },
    /// It was received from a new address a moment ago.
    JustMoved {
        /// The former address.
        from: IpAddr,
        /// The new one.
        to: IpAddr,
    },
    /// It was seen at a new address in an earlier run, while it still answered from the
    /// former one, and has accepted nothing since.
    MoveUnconfirmed {
        /// The former address.
        former: IpAddr,
        /// When that was.
        at: Timestamp,
    },
    /// It reported these things in two ways within one look.
    ContradictsItself(EnumSet<Contradiction>),
    /// Another device reports the salt of its password.
    SharedSalt,
    /// It reports another account than when it last accepted a secret.
    AccountChanged {
        /// What it reported then.
        before: Account,
        /// What it reports now.
        now: Account,
    },
    /// It is remembered as locked.
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// Few tries are left before it locks.
    FewTries {
        /// How many.
        left: u32,
    },
    /// It refused a secret of this kind before, or a login showed that one did not work.
    RefusedBefore {
        /// When.
        at: Timestamp,
    },
    /// It was sent a secret that sets a new password, and no reply came or the secret
    /// works once: most likely it has that password.
    MayHaveWorked {
        /// When.
        at: Timestamp,
    },
}

impl Seen {
    /// Whether a change is known to be made.
    pub(crate) const fn of(changed: Option<bool>) -> Self {
        match changed {
            Some(true) => Self::Changed,
            Some(false) => Self::Unchanged,
            None => Self::Missing,
        }
    }

    /// How a change ends that the device accepted, and of which it shows this. One that has
    /// to restart first cannot show it yet.
    pub(crate) fn after_accepted(self, needs_restart: bool) -> (OutcomeStatus, Option<Self>) {
        let status = match self {
            Self::Unchanged if !needs_restart => OutcomeStatus::Unknown,
            _ => OutcomeStatus::Done,
        };
        (status, Some(self))
    }
}

/// What is done with a lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// It is switched on, and left on.
    On,
    /// It is switched off.
    Off,
    /// It is switched on, and off after this time or when the session is asked to
    /// stop.
    For(Duration),
}

/// What a person can do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Scan to see the device's state, then run the command again.
    ScanThenRepeat,
    /// Scan again: the device may be restarting.
    ScanAgain,
    /// Scan again after a minute, then run the command again if need be.
    WaitThenRepeat,
    /// Run the command again.
    Repeat,
    /// Try the new password on the device's own page: it may be set.
    TryNewPassword,
    /// Scan to see whether the change was made; run the command again if not.
    ScanWhetherDone,
    /// Check cable and power, scan again, then run the command again.
    CheckCable,
    /// The model may have no such lamp.
    MayHaveNoLamp,
    /// Switch the lamp off.
    SwitchLampOff,
    /// Prepare recovery while the password is known.
    Prepare(Vec<Preparation>),
}

/// What an outcome means for the operation as a whole, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// Nothing went wrong.
    None,
    /// It was not sent for safety.
    Safety,
    /// A device refused or did not answer, or the batch ended before it.
    Device,
    /// Something failed on this computer.
    Computer,
}

impl Outcome {
    /// An outcome without more to tell.
    pub fn new(device: impl Into<DeviceRef>, action: Action, status: OutcomeStatus) -> Self {
        Self {
            device: device.into(),
            action,
            status,
            reason: Reason::Plain,
            seen: None,
            verdict: None,
            next: None,
            impersonation_suspected: false,
            sent_again: false,
            data: OutcomeData::None,
        }
    }

    /// One that was not sent, for this reason.
    pub(crate) fn skipped(device: impl Into<DeviceRef>, action: Action, reason: Reason) -> Self {
        Self {
            reason,
            ..Self::new(device, action, OutcomeStatus::Skipped)
        }
    }

    /// One that was not sent because it could do harm.
    pub(crate) fn blocked(device: &DiscoveredDevice, action: Action, reason: BlockReason) -> Self {
        Self::skipped(device, action, Reason::Blocked(reason))
    }

    /// The name of what was done, as scripts see it: that of the action, unless no
    /// command belongs to it.
    pub fn name(&self) -> &'static str {
        match (&self.reason, &self.data) {
            (Reason::Button(_), _) => "button",
            (_, OutcomeData::Prepared(_)) => "prepare",
            _ => self.action.name(),
        }
    }

    /// What it means for the operation as a whole.
    pub fn impact(&self) -> Impact {
        match (self.status, &self.reason) {
            (OutcomeStatus::Done | OutcomeStatus::Planned, _)
            | (
                OutcomeStatus::Skipped,
                Reason::StateUnknown
                | Reason::Unactivated { named: false }
                | Reason::NotOffered { named: false, .. }
                | Reason::NothingToPrepare { named: false },
            ) => Impact::None,
            (
                OutcomeStatus::Skipped,
                Reason::Blocked(_)
                | Reason::AlreadyActive
                | Reason::Impersonated
                | Reason::Unsealed(_)
                | Reason::Unactivated { named: true }
                | Reason::NotOffered { named: true, .. }
                | Reason::NothingToPrepare { named: true }
                | Reason::NoCameraSync
                | Reason::QuestionNotListed(_),
            ) => Impact::Safety,
            (OutcomeStatus::Skipped, Reason::Request(finding)) => finding.impact(),
            (OutcomeStatus::Skipped, Reason::Network(finding)) => finding.impact(),
            (OutcomeStatus::Skipped, Reason::Guid(finding)) => finding.impact(),
            (OutcomeStatus::Skipped, Reason::Answer(finding)) => finding.impact(),
            (OutcomeStatus::Skipped, Reason::Button(finding)) => finding.impact(),
            (OutcomeStatus::Skipped, Reason::Http(finding)) => finding.impact(),
            _ => Impact::Device,
        }
    }

    /// Whether the device may have carried out the command.
    pub(crate) const fn may_have_happened(&self) -> bool {
        matches!(self.status, OutcomeStatus::Done | OutcomeStatus::Unknown)
    }

    /// Takes in what a look after the command shows. A device that replied `done`
    /// and still shows its former state leaves the outcome unknown; one that did
    /// not reply and shows the change did it.
    pub(crate) fn check(&mut self, seen: Seen) {
        if self.status != OutcomeStatus::Skipped {
            self.seen = Some(seen);
        }
        let replied = match self.status {
            OutcomeStatus::Done => true,
            OutcomeStatus::Unknown => false,
            _ => return,
        };
        self.status = match (replied, seen) {
            (_, Seen::Changed) | (true, Seen::Missing) => OutcomeStatus::Done,
            (true, Seen::Unchanged) | (false, _) => OutcomeStatus::Unknown,
        };
        self.reason = Reason::Checked { replied };
        self.next = match (replied, seen) {
            (_, Seen::Changed) => None,
            (true, Seen::Unchanged) => Some(NextStep::WaitThenRepeat),
            (true, Seen::Missing) => Some(NextStep::ScanAgain),
            (false, Seen::Unchanged) => Some(NextStep::Repeat),
            (false, Seen::Missing) => Some(NextStep::ScanWhetherDone),
        };
    }
}

/// What became of an operation.
#[derive(Debug)]
pub struct Report {
    /// One outcome a device.
    pub outcomes: Vec<Outcome>,
    /// What ended it on this computer, where it did not run to its end.
    pub failure: Option<OpsError>,
}

impl Report {
    /// A report of an operation that nothing broke off.
    pub fn new(outcomes: Vec<Outcome>) -> Self {
        Self {
            outcomes,
            failure: None,
        }
    }
}

use std::{net::IpAddr, sync::Arc, time::Duration};

use sadp_discovery::{LinkInfo, Notice};
use sadp_proto::{DiscoveryStats, SurveyProgress};
use sadp_reset::{Action, ClaimHolder, LedgerError};

use crate::{DiscoveredDevice, outcome::recovery::ButtonProgress};

/// What happens while an operation runs, for a front end to show.
#[derive(Debug)]
pub enum Event<'a> {
    /// A look begins on these links, and by raw Ethernet on these interfaces.
    LookBegins {
        /// The addresses that send.
        links: &'a [LinkInfo],
        /// The interfaces used by raw Ethernet too.
        raw: &'a [Arc<str>],
    },
    /// Another run that changes devices has the claim on the state folder, and is
    /// waited for.
    WaitingForClaim {
        /// The other run, where known.
        holder: Option<&'a ClaimHolder>,
        /// How long it is waited for.
        at_most: Duration,
    },
    /// How far a look is, about ten times a second.
    Looking(SurveyProgress),
    /// A look is over.
    LookEnds,
    /// Something limits what can be received.
    LookLimited(&'a Notice),
    /// What a look received and could not read or keep.
    LookTally(&'a DiscoveryStats),
    /// The look after a batch could not be made: what became of devices is
    /// unknown. The batch is over nevertheless.
    LookFailed(&'a crate::OpsError),
    /// Remembered locks could not be read. They are not shown.
    LocksUnreadable(&'a LedgerError),
    /// The clock was set back since locks were remembered: they count from now.
    /// The error tells why that could not be written down.
    ClockSetBack(Option<&'a LedgerError>),
    /// Two senders speak for a device. Only replies from `used` count.
    SenderConflict {
        /// The device.
        device: &'a DiscoveredDevice,
        /// The sender whose replies count.
        used: IpAddr,
        /// The other sender.
        other: IpAddr,
    },
    /// The operation was asked to stop: nothing more is sent, and replies to what
    /// was sent are awaited.
    Stopping,
    /// This many of the batch's devices are finished.
    Progress {
        /// What is done to them.
        action: Action,
        /// How many are finished.
        finished: usize,
        /// How many there are.
        total: usize,
        /// The one that is finished just now.
        latest: Option<&'a DiscoveredDevice>,
    },
    /// This many devices did not reply and are as before: the command is sent to
    /// them again.
    SendingAgain(usize),
    /// Devices are looked for until they show the change.
    WaitingFor {
        /// How many do not show it yet.
        missing: usize,
        /// How many were sent it.
        all: usize,
        /// How long they are waited for at most.
        left: Duration,
    },
    /// Nothing more of a batch in several waves is sent: the look after a wave
    /// failed, or found no device.
    BatchEnds(Option<&'a crate::OpsError>),
    /// The lamp of a device is on for this time, or until the operation is asked to
    /// stop.
    LampIsOn(Duration),
    /// A reset by the button is awaited.
    Button(ButtonProgress<'a>),
    /// Something limits sending: commands may not have left this computer.
    SendingLimited(&'a Notice),
    /// Replies of a device contradict each other: another machine may answer for it.
    ImpersonationSuspected(&'a DiscoveredDevice),
}

/// Receives the events of an operation.
pub trait Observer {
    /// Takes in one event. It must not block for long: replies wait meanwhile.
    fn observe(&mut self, event: Event<'_>);
}

impl<F: FnMut(Event<'_>)> Observer for F {
    fn observe(&mut self, event: Event<'_>) {
        self(event);
    }
}

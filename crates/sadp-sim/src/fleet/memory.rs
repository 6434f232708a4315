//! The state that a device keeps of received commands.

use std::{collections::VecDeque, net::Ipv4Addr, ops::Range, sync::Arc, time::Duration};

use sadp_proto::{Guid, seal::device::DeviceSession};

use super::{Executions, http::HttpMemory, queue::Payload};
use crate::vendor_support::{MailCode, RequestText};

/// The state that a device keeps of received commands.
#[derive(Debug, Default)]
pub(super) struct CommandMemory {
    pub(super) executions: Executions,
    exchanged: Option<Exchanged>,
    answered: VecDeque<Answered>,
    /// When it restarts and is offline.
    pub(super) offline: Option<Range<Duration>>,
    /// Its request to the vendor. A new one replaces it.
    pub(super) request: Option<TimedCode<RequestText>>,
    /// The mailed code that it expects. A new one replaces it.
    pub(super) mail: Option<TimedCode<MailCode>>,
    guids: VecDeque<Guid>,
    pub(super) http: HttpMemory,
}

/// A code that is valid for some time.
#[derive(Debug)]
pub(super) struct TimedCode<T> {
    pub(super) code: T,
    at: Duration,
}

impl<T> TimedCode<T> {
    pub(super) fn new(code: T, at: Duration) -> Self {
        Self { code, at }
    }

    pub(super) fn is_overdue(&self, now: Duration, valid: Duration) -> bool {
        now.saturating_sub(self.at) > valid
    }
}

/// The latest key exchange.
#[derive(Debug)]
struct Exchanged {
    asker: Ipv4Addr,
    at: Duration,
    session: DeviceSession,
}

#[derive(Debug)]
struct Answered {
    uuid: Box<str>,
    types: Box<str>,
    reply: Arc<Payload>,
}

impl CommandMemory {
    /// The number of commands whose replies are kept.
    const REPLIES: usize = 16;

    /// The number of exported GUIDs that are valid at once: a guess.
    const GUIDS: usize = 8;

    /// How long a key exchange is valid.
    const VALID: Duration = Duration::from_mins(1);

    /// Keeps an exchange; the one before becomes void.
    pub(super) fn keep_exchange(&mut self, asker: Ipv4Addr, at: Duration, session: DeviceSession) {
        self.exchanged = Some(Exchanged { asker, at, session });
    }

    /// Takes the session for a command of this sender. It is valid once.
    pub(super) fn take_session(&mut self, asker: Ipv4Addr, now: Duration) -> Option<DeviceSession> {
        let exchanged = self
            .exchanged
            .take_if(|exchanged| exchanged.asker == asker)?;
        let is_valid = now.saturating_sub(exchanged.at) <= Self::VALID;
        is_valid.then_some(exchanged.session)
    }

    /// Keeps an exported GUID; drops the oldest where there are too many.
    pub(super) fn keep_guid(&mut self, guid: Guid) {
        self.guids.truncate(Self::GUIDS - 1);
        self.guids.push_front(guid);
    }

    /// Whether it exported this GUID, and the GUID is still valid.
    pub(super) fn knows_guid(&self, guid: &Guid) -> bool {
        self.guids.contains(guid)
    }

    /// Whether it exported a GUID that is still valid.
    pub(super) fn has_guid(&self) -> bool {
        !self.guids.is_empty()
    }

    /// Forgets what does not survive a restart.
    pub(super) fn forget_by_restart(&mut self) {
        self.exchanged = None;
        self.answered.clear();
        self.request = None;
        self.mail = None;
    }

    /// Forgets what a new password makes void.
    pub(super) fn forget_by_password(&mut self) {
        self.request = None;
        self.mail = None;
        self.guids.clear();
    }

    /// Returns the reply to a command that was received before.
    pub(super) fn recall(&mut self, uuid: &str, types: &str) -> Option<Arc<Payload>> {
        let mut all = self.answered.iter();
        let answered = all.find(|it| *it.uuid == *uuid && *it.types == *types)?;
        self.executions.repeated += 1;
        Some(Arc::clone(&answered.reply))
    }

    pub(super) fn keep_answer(&mut self, uuid: &str, types: &str, reply: Arc<Payload>) {
        self.answered.truncate(Self::REPLIES - 1);
        self.answered.push_front(Answered {
            uuid: uuid.into(),
            types: types.into(),
            reply,
        });
    }
}

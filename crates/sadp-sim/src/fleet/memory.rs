//! What a device remembers of the commands it was sent.

use std::{collections::VecDeque, net::Ipv4Addr, ops::Range, sync::Arc, time::Duration};

use sadp_proto::{Guid, seal::device::DeviceSession};

use super::{Executions, queue::Occasion};
use crate::desk::{MailCode, RequestCode};

/// What a device remembers of the commands it was sent.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) executions: Executions,
    exchanged: Option<Exchanged>,
    answered: VecDeque<Answered>,
    /// When it starts anew and does not hear or answer.
    pub(super) asleep: Option<Range<Duration>>,
    /// Its request to the vendor. A new one takes its place.
    pub(super) request: Option<Made<RequestCode>>,
    /// The code it expects by e-mail. A new one takes its place.
    pub(super) mail: Option<Made<MailCode>>,
    guids: VecDeque<Guid>,
}

/// Something made at a time, good for a while.
#[derive(Debug)]
pub(super) struct Made<T> {
    pub(super) what: T,
    at: Duration,
}

impl<T> Made<T> {
    pub(super) fn new(what: T, at: Duration) -> Self {
        Self { what, at }
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
    reply: Arc<Occasion>,
}

impl Memory {
    /// How many commands a device remembers its answers to.
    const ANSWERS: usize = 16;

    /// How many exported GUIDs are good side by side: a guess.
    const GUIDS: usize = 8;

    /// How long a command may follow its exchange.
    const FRESH: Duration = Duration::from_mins(1);

    /// Keeps an exchange; the one before is void.
    pub(super) fn keep_exchange(&mut self, asker: Ipv4Addr, at: Duration, session: DeviceSession) {
        self.exchanged = Some(Exchanged { asker, at, session });
    }

    /// The session for a command of this asker. It is good for one.
    pub(super) fn take_session(&mut self, asker: Ipv4Addr, now: Duration) -> Option<DeviceSession> {
        let exchanged = self
            .exchanged
            .take_if(|exchanged| exchanged.asker == asker)?;
        let fresh = now.saturating_sub(exchanged.at) <= Self::FRESH;
        fresh.then_some(exchanged.session)
    }

    /// Keeps an exported GUID, in place of the oldest where there are too many.
    pub(super) fn keep_guid(&mut self, guid: Guid) {
        self.guids.truncate(Self::GUIDS - 1);
        self.guids.push_front(guid);
    }

    /// Whether it exported this GUID, and it is still good.
    pub(super) fn knows_guid(&self, guid: &Guid) -> bool {
        self.guids.contains(guid)
    }

    /// Whether it exported a GUID that is still good.
    pub(super) fn has_guid(&self) -> bool {
        !self.guids.is_empty()
    }

    /// Forgets what does not outlast a start.
    pub(super) fn forget_by_start(&mut self) {
        self.exchanged = None;
        self.answered.clear();
        self.request = None;
        self.mail = None;
    }

    /// Forgets what another password makes void.
    pub(super) fn forget_by_password(&mut self) {
        self.request = None;
        self.mail = None;
        self.guids.clear();
    }

    /// What was answered to a command that came before.
    pub(super) fn recall(&mut self, uuid: &str, types: &str) -> Option<Arc<Occasion>> {
        let is_it = |answered: &&Answered| *answered.uuid == *uuid && *answered.types == *types;
        let answered = self.answered.iter().find(is_it)?;
        self.executions.repeated += 1;
        Some(Arc::clone(&answered.reply))
    }

    pub(super) fn keep_answer(&mut self, uuid: &str, types: &str, reply: Arc<Occasion>) {
        self.answered.truncate(Self::ANSWERS - 1);
        self.answered.push_front(Answered {
            uuid: uuid.into(),
            types: types.into(),
            reply,
        });
    }
}

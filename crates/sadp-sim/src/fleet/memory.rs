//! What a device remembers of the commands it was sent.

use std::{collections::VecDeque, net::Ipv4Addr, ops::Range, sync::Arc, time::Duration};

use sadp_proto::seal::device::Session;

use super::{Executions, queue::Occasion};

/// What a device remembers of the commands it was sent.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) executions: Executions,
    exchanged: Option<Exchanged>,
    answered: VecDeque<Answered>,
    /// When it starts anew and does not hear or answer.
    pub(super) asleep: Option<Range<Duration>>,
}

/// The latest key exchange.
#[derive(Debug)]
struct Exchanged {
    asker: Ipv4Addr,
    at: Duration,
    session: Session,
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

    /// How long a command may follow its exchange.
    const FRESH: Duration = Duration::from_mins(1);

    /// Keeps an exchange; the one before is void.
    pub(super) fn keep_exchange(&mut self, asker: Ipv4Addr, at: Duration, session: Session) {
        self.exchanged = Some(Exchanged { asker, at, session });
    }

    /// The session for a command of this asker. It is good for one.
    pub(super) fn take_session(&mut self, asker: Ipv4Addr, now: Duration) -> Option<Session> {
        let exchanged = self
            .exchanged
            .take_if(|exchanged| exchanged.asker == asker)?;
        let fresh = now.saturating_sub(exchanged.at) <= Self::FRESH;
        fresh.then_some(exchanged.session)
    }

    /// Forgets the exchange: the device starts anew.
    pub(super) fn forget_exchange(&mut self) {
        self.exchanged = None;
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

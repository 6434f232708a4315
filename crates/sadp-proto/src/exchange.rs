//! One command to one device: the key exchange, if the command has sealed fields,
//! then the command and its reply or timeout.

mod retry;

use std::{net::IpAddr, time::Duration};

use rsa::rand_core::CryptoRngCore;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::retry::{RESPONSE_TIMEOUT, RetryTimer};
use crate::{
    Command, CommandReply, Refusal, RefusalReply, Target,
    command::{self, EXCHANGE},
    seal::{ExchangeKey, SealError, SessionKey},
};

/// How long to wait for a second, different reply to the key exchange before
/// anything is sealed for the first.
const GUARD: Duration = Duration::from_millis(150);

/// How long to wait for a later reply to a command that makes something new each
/// time, in case the network duplicated it.
const SETTLE: Duration = Duration::from_millis(300);

/// The state machine of one command.
///
/// Drive it like a [`Survey`](super::Survey): [`Exchange::handle_timeout`], then
/// [`Exchange::poll_transmit`], then wait for a reply or for
/// [`Exchange::poll_timeout`]; pass each reply to [`Exchange::handle_reply`].
/// Repeat until [`Exchange::poll_outcome`] returns the outcome. Times count from
/// any fixed start.
///
/// The key exchange and commands that change nothing may be sent again after a
/// short timeout, until a late reply shows that the device is slow. A command that
/// changes something or costs a try is sent once.
pub struct Exchange<R> {
    target: Target,
    command: Command,
    rng: R,
    phase: Phase,
    transmit: Option<ExchangeStep>,
    outcome: Option<CommandOutcome>,
    forged: bool,
}

enum Phase {
    Begin,
    Exchanging {
        uuid: Uuid,
        key: ExchangeKey,
        retry: RetryTimer,
        due: Duration,
    },
    Guarding {
        uuid: Uuid,
        key: ExchangeKey,
        code: Box<str>,
        due: Duration,
    },
    Commanded {
        uuid: Uuid,
        /// `None` if it is sent once.
        retry: Option<RetryTimer>,
        due: Duration,
        exchange: Option<(Uuid, Box<str>)>,
    },
    Settling {
        uuid: Uuid,
        reply: Box<CommandReply>,
        due: Duration,
    },
    Over,
}

impl<R: CryptoRngCore> Exchange<R> {
    /// Creates the state machine. `rng` makes its keys and UUIDs.
    pub fn new(target: Target, command: Command, rng: R) -> Self {
        Self {
            target,
            command,
            rng,
            phase: Phase::Begin,
            transmit: None,
            outcome: None,
            forged: false,
        }
    }

    /// Advances the time. Call it at the start and whenever
    /// [`Exchange::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_some_and(|due| due > now) {
            return;
        }
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Begin if self.command.is_sealed() => self.request_key(RetryTimer::new(now), now),
            Phase::Begin => {
                let retry = self.command.spec().repeatable.then(|| RetryTimer::new(now));
                self.send_command(None, None, retry, now);
            }
            Phase::Exchanging {
                uuid, mut retry, ..
            } => {
                if retry.end_wait(uuid) {
                    self.request_key(retry, now);
                } else {
                    self.end(CommandOutcome::NoAnswer);
                }
            }
            Phase::Guarding {
                uuid, key, code, ..
            } => match key.open(&code, &mut self.rng) {
                Ok(session) => self.send_command(Some(&session), Some((uuid, code)), None, now),
                Err(error) => self.end(CommandOutcome::Failed(error)),
            },
            Phase::Commanded {
                uuid,
                retry: Some(mut retry),
                ..
            } => {
                if retry.end_wait(uuid) {
                    self.send_command(None, None, Some(retry), now);
                } else {
                    self.end(CommandOutcome::NoAnswer);
                }
            }
            Phase::Commanded { retry: None, .. } => self.end(CommandOutcome::Unknown),
            Phase::Settling { reply, .. } => self.end(CommandOutcome::Done(reply)),
            Phase::Over => {}
        }
    }

    /// Handles a reply. Replies of other conversations are ignored.
    pub fn handle_reply(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        if reply.header.mac.is_some_and(|mac| mac != self.target.mac) {
            return;
        }
        let about = reply.header.types.to_string();
        if about.eq_ignore_ascii_case(EXCHANGE) {
            self.handle_key(now, from, reply);
        } else if about.eq_ignore_ascii_case(self.command.types()) {
            self.handle_result(now, from, reply);
        }
    }

    /// Returns the next datagram to send, if any.
    pub fn poll_transmit(&mut self) -> Option<ExchangeStep> {
        self.transmit.take()
    }

    /// When to call [`Exchange::handle_timeout`] next. `None` once the conversation
    /// is over.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Begin => Some(Duration::ZERO),
            Phase::Exchanging { due, .. }
            | Phase::Guarding { due, .. }
            | Phase::Commanded { due, .. }
            | Phase::Settling { due, .. } => Some(*due),
            Phase::Over => None,
        }
    }

    /// Returns the outcome, once the conversation is over.
    pub fn poll_outcome(&mut self) -> Option<CommandOutcome> {
        self.outcome.take()
    }

    /// Whether somebody else answered the key exchange, too: the secrets may have
    /// been sealed for them.
    pub fn was_forged(&self) -> bool {
        self.forged
    }

    /// The UUID of the current request.
    pub fn uuid(&self) -> Option<Uuid> {
        match &self.phase {
            Phase::Exchanging { uuid, .. }
            | Phase::Guarding { uuid, .. }
            | Phase::Commanded { uuid, .. }
            | Phase::Settling { uuid, .. } => Some(*uuid),
            Phase::Begin | Phase::Over => None,
        }
    }

    /// The device.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn request_key(&mut self, mut retry: RetryTimer, now: Duration) {
        let made =
            ExchangeKey::generate(&mut self.rng).and_then(|key| Ok((key.public_code()?, key)));
        let (code, key) = match made {
            Ok(made) => made,
            Err(error) => return self.end(CommandOutcome::Failed(error)),
        };
        let uuid = self.fresh_uuid();
        let datagram = command::exchange_code(uuid, &self.target.mac_text, &code);
        self.transmit = Some(ExchangeStep::Key(datagram));
        self.phase = Phase::Exchanging {
            uuid,
            key,
            due: retry.count_sent(now),
            retry,
        };
    }

    fn handle_key(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        let Some(asked) = reply.header.uuid else {
            return;
        };
        let code = exchanged_code(reply);
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Exchanging { uuid, retry, .. }
                if from != self.target.from && (uuid == asked || retry.is_earlier(asked)) =>
            {
                // Somebody else replies for the device, with a key or a refusal:
                // trust neither.
                self.end_forged();
            }
            Phase::Exchanging { uuid, key, .. } if uuid == asked => {
                self.take_key(uuid, key, now, reply);
            }
            Phase::Guarding {
                uuid, code: first, ..
            } if uuid == asked && *first != *code => self.end_forged(),
            mut phase => {
                match &mut phase {
                    Phase::Exchanging { retry, due, .. } => {
                        *due = retry.record_late(asked, now).unwrap_or(*due);
                    }
                    Phase::Commanded {
                        exchange: Some((uuid, first)),
                        ..
                    } => self.forged |= *uuid == asked && **first != *code,
                    _ => {}
                }
                self.phase = phase;
            }
        }
    }

    fn take_key(&mut self, uuid: Uuid, key: ExchangeKey, now: Duration, reply: &CommandReply) {
        let code = exchanged_code(reply);
        if !code.is_empty() {
            self.phase = Phase::Guarding {
                uuid,
                key,
                code: code.into(),
                due: now.saturating_add(GUARD),
            };
            return;
        }
        let refusal = reply.fields.first("Result").and_then(Refusal::read);
        self.end(match refusal {
            Some(refusal) => CommandOutcome::Refused(RefusalReply::read(refusal, reply)),
            None => CommandOutcome::Failed(SealError::BadExchange),
        });
    }

    fn send_command(
        &mut self,
        key: Option<&SessionKey>,
        exchange: Option<(Uuid, Box<str>)>,
        mut retry: Option<RetryTimer>,
        now: Duration,
    ) {
        let uuid = self.fresh_uuid();
        match self.command.encode(uuid, &self.target, key) {
            Ok(datagram) => {
                let asked = retry.as_mut().map(|retry| retry.count_sent(now));
                self.transmit = Some(ExchangeStep::Command(datagram));
                self.phase = Phase::Commanded {
                    uuid,
                    retry,
                    due: asked.unwrap_or_else(|| now.saturating_add(RESPONSE_TIMEOUT)),
                    exchange,
                };
            }
            Err(error) => self.end(CommandOutcome::Failed(error)),
        }
    }

    fn handle_result(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        let expected = from == self.target.from || self.command.may_answer_from(from);
        let Some(asked) = reply.header.uuid.filter(|_| expected) else {
            return;
        };
        let said = reply.fields.first("Result");
        let Some(result) = said.or_else(|| self.command.is_answered_by(reply).then_some("success"))
        else {
            return;
        };
        let makes_new = self.command.spec().makes_new;
        let (uuid, settled) = match &mut self.phase {
            Phase::Commanded { uuid, .. } if *uuid == asked => (asked, now.saturating_add(SETTLE)),
            Phase::Settling { uuid, due, .. } if *uuid == asked => (asked, *due),
            Phase::Commanded {
                retry: Some(retry),
                due,
                ..
            } => match retry.record_late(asked, now) {
                // What the device made for that request is void, or soon will be.
                Some(later) if makes_new => {
                    *due = later;
                    return;
                }
                // All replies are the same.
                Some(_) => (asked, now),
                None => return,
            },
            _ => return,
        };
        match Refusal::read(result) {
            Some(refusal) => self.end(CommandOutcome::Refused(RefusalReply::read(refusal, reply))),
            None if makes_new => {
                self.phase = Phase::Settling {
                    uuid,
                    reply: Box::new(reply.clone()),
                    due: settled,
                };
            }
            None => self.end(CommandOutcome::Done(Box::new(reply.clone()))),
        }
    }

    fn end_forged(&mut self) {
        self.forged = true;
        self.end(CommandOutcome::Impostor);
    }

    fn end(&mut self, outcome: CommandOutcome) {
        self.phase = Phase::Over;
        self.outcome = Some(outcome);
    }

    fn fresh_uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The key in a reply to an exchange; empty if there is none or the device refuses.
/// The vendor's clients require `Result` success; a reply without a `Result` is
/// accepted, too.
fn exchanged_code(reply: &CommandReply) -> &str {
    let refused = reply.fields.first("Result").and_then(Refusal::read);
    let code = reply.fields.first("Code").filter(|_| refused.is_none());
    code.unwrap_or_default()
}

impl<R> std::fmt::Debug for Exchange<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("target", &self.target)
            .field("command", &self.command.types())
            .finish_non_exhaustive()
    }
}

/// A datagram to send. Wiped when dropped.
pub enum ExchangeStep {
    /// The key request. It changes nothing.
    Key(Zeroizing<Vec<u8>>),
    /// The command. It is sent once unless it is repeatable.
    Command(Zeroizing<Vec<u8>>),
}

impl ExchangeStep {
    /// The bytes to send.
    pub fn datagram(&self) -> &[u8] {
        match self {
            Self::Key(datagram) | Self::Command(datagram) => datagram,
        }
    }
}

impl std::fmt::Debug for ExchangeStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(..)",
            Self::Command(_) => "Command(..)",
        })
    }
}

/// The outcome of a command.
#[derive(Clone, Debug)]
pub enum CommandOutcome {
    /// The device carried it out; its reply.
    Done(Box<CommandReply>),
    /// The device refused.
    Refused(RefusalReply),
    /// The command was sent and no reply came: it may have been carried out. Check
    /// the device before you repeat it.
    Unknown,
    /// No valid reply, and nothing was sent that changes settings or costs a try.
    /// The device may have made a new request code or QR code, which voids older
    /// ones.
    NoAnswer,
    /// Somebody else answered the key exchange, too. Nothing was sealed.
    Impostor,
    /// A field could not be sealed, or the exchange could not be opened. The
    /// command was not sent.
    Failed(SealError),
}

#[cfg(test)]
mod tests;

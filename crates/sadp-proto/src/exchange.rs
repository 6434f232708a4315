//! One command to one device: the key exchange where the command has sealed
//! fields, the command, and its reply or silence.

use std::{net::IpAddr, time::Duration};

use rsa::rand_core::CryptoRngCore;
use sadp_model::MacAddr;
use uuid::Uuid;

use crate::{
    Command, CommandReply, Refusal,
    command::{self, EXCHANGE},
    seal::{ExchangeKey, SealError, SessionKey},
};

/// How long an answer to a key exchange is awaited before asking again, and how
/// often it is asked.
const EXCHANGE_WAIT: Duration = Duration::from_millis(1_200);
const EXCHANGE_TRIES: u32 = 6;

/// How long a second, different answer to the exchange is waited for before
/// anything is sealed for the first.
const GUARD: Duration = Duration::from_millis(150);

/// How long the reply to a command is awaited: as long as the vendor's client.
const REPLY_WAIT: Duration = Duration::from_secs(10);

/// How long the reply to a repeatable command is awaited, and how often it is
/// sent: with one datagram in ten lost each way, all but one in 20,000 arrive.
const REPEAT_WAIT: Duration = Duration::from_millis(1_500);
const REPEAT_TRIES: u32 = 6;

/// How long a later reply is waited for where the device makes something new
/// each time it hears the command, and the network may have doubled it.
const SETTLE: Duration = Duration::from_millis(300);

/// The device a command is for, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its hardware address.
    pub mac: MacAddr,
    /// The same as the device wrote it: it wants to be addressed so.
    pub mac_text: Box<str>,
    /// The address from which it was heard.
    pub from: IpAddr,
}

/// The conversation of one command.
///
/// Drive it as a [`Survey`](crate::Survey): [`Exchange::handle_timeout`], then
/// [`Exchange::poll_transmit`], then wait for a reply or for
/// [`Exchange::poll_timeout`]; each reply goes to [`Exchange::handle_reply`].
/// Repeat until [`Exchange::poll_outcome`] gives what became of it. Times are
/// counted from any one beginning.
///
/// The key exchange and commands that change nothing may be sent again. A
/// command that changes something or costs a try leaves this machine once.
pub struct Exchange<R> {
    target: Target,
    command: Command,
    rng: R,
    phase: Phase,
    transmit: Option<Step>,
    outcome: Option<Outcome>,
    forged: bool,
}

enum Phase {
    Begin,
    Exchanging {
        uuid: Uuid,
        key: ExchangeKey,
        tries: u32,
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
        tries: u32,
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
    /// A conversation that has not begun. `rng` makes its keys and UUIDs.
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

    /// Lets time pass. Call it at the beginning and whenever
    /// [`Exchange::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_some_and(|due| due > now) {
            return;
        }
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Begin if self.command.is_sealed() => self.ask_key(1, now),
            Phase::Begin => self.send_command(None, None, 1, now),
            Phase::Exchanging { tries, .. } if tries < EXCHANGE_TRIES => {
                self.ask_key(tries.saturating_add(1), now);
            }
            Phase::Exchanging { .. } => self.end(Outcome::NoAnswer),
            Phase::Guarding {
                uuid, key, code, ..
            } => match key.open(&code, &mut self.rng) {
                Ok(session) => self.send_command(Some(&session), Some((uuid, code)), 1, now),
                Err(error) => self.end(Outcome::Failed(error)),
            },
            Phase::Commanded { tries, .. }
                if self.command.is_repeatable() && tries < REPEAT_TRIES =>
            {
                self.send_command(None, None, tries.saturating_add(1), now);
            }
            Phase::Commanded { .. } if self.command.is_repeatable() => self.end(Outcome::NoAnswer),
            Phase::Commanded { .. } => self.end(Outcome::Unknown),
            Phase::Settling { reply, .. } => self.end(Outcome::Done(reply)),
            Phase::Over => {}
        }
    }

    /// Takes in a reply heard. What does not belong to this conversation is
    /// passed over.
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

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self) -> Option<Step> {
        self.transmit.take()
    }

    /// When [`Exchange::handle_timeout`] wants to be called next. `None` when
    /// the conversation is over.
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

    /// What became of the command, once it is over.
    pub fn poll_outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    /// Whether somebody else answered the key exchange too: what was sealed may
    /// have been sealed for them.
    pub fn was_forged(&self) -> bool {
        self.forged
    }

    /// The UUID whose replies belong to the conversation now.
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

    fn ask_key(&mut self, tries: u32, now: Duration) {
        let made =
            ExchangeKey::generate(&mut self.rng).and_then(|key| Ok((key.public_code()?, key)));
        let (code, key) = match made {
            Ok(made) => made,
            Err(error) => return self.end(Outcome::Failed(error)),
        };
        let uuid = self.fresh_uuid();
        let datagram = command::exchange_code(uuid, &self.target.mac_text, &code);
        self.transmit = Some(Step::Key(datagram));
        self.phase = Phase::Exchanging {
            uuid,
            key,
            tries,
            due: now.saturating_add(EXCHANGE_WAIT),
        };
    }

    fn handle_key(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        let code = reply.fields.first("Code").unwrap_or_default();
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Exchanging { uuid, key, .. } if reply.header.uuid == Some(uuid) => {
                self.take_key((uuid, key), (now, from), reply);
            }
            Phase::Guarding {
                uuid, code: first, ..
            } if reply.header.uuid == Some(uuid) && *first != *code => {
                self.forged = true;
                self.end(Outcome::Impostor);
            }
            phase => {
                if let Phase::Commanded {
                    exchange: Some((uuid, first)),
                    ..
                } = &phase
                {
                    self.forged |= reply.header.uuid == Some(*uuid) && **first != *code;
                }
                self.phase = phase;
            }
        }
    }

    fn take_key(
        &mut self,
        (uuid, key): (Uuid, ExchangeKey),
        (now, from): (Duration, IpAddr),
        reply: &CommandReply,
    ) {
        if from != self.target.from {
            // Somebody else answers for the device, be it with a key or with a
            // refusal: believe neither.
            self.forged = true;
            return self.end(Outcome::Impostor);
        }
        let code = reply.fields.first("Code").unwrap_or_default();
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
            Some(refusal) => Outcome::Refused(Verdict::read(refusal, reply)),
            None => Outcome::Failed(SealError::BadExchange),
        });
    }

    fn send_command(
        &mut self,
        key: Option<&SessionKey>,
        exchange: Option<(Uuid, Box<str>)>,
        tries: u32,
        now: Duration,
    ) {
        let uuid = self.fresh_uuid();
        match self.command.encode(uuid, &self.target.mac_text, key) {
            Ok(datagram) => {
                let wait = if self.command.is_repeatable() {
                    REPEAT_WAIT
                } else {
                    REPLY_WAIT
                };
                self.transmit = Some(Step::Command(datagram));
                self.phase = Phase::Commanded {
                    uuid,
                    tries,
                    due: now.saturating_add(wait),
                    exchange,
                };
            }
            Err(error) => self.end(Outcome::Failed(error)),
        }
    }

    fn handle_result(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        let (Phase::Commanded { uuid, .. } | Phase::Settling { uuid, .. }) = &self.phase else {
            return;
        };
        let uuid = *uuid;
        let expected = from == self.target.from || self.command.may_answer_from(from);
        let said = reply.fields.first("Result");
        let Some(result) = said.or_else(|| self.command.is_answered_by(reply).then_some("success"))
        else {
            return;
        };
        if reply.header.uuid != Some(uuid) || !expected {
            return;
        }
        match Refusal::read(result) {
            Some(refusal) => self.end(Outcome::Refused(Verdict::read(refusal, reply))),
            None if self.command.makes_new() => {
                let due = match self.phase {
                    Phase::Settling { due, .. } => due,
                    _ => now.saturating_add(SETTLE),
                };
                let reply = Box::new(reply.clone());
                self.phase = Phase::Settling { uuid, reply, due };
            }
            None => self.end(Outcome::Done(Box::new(reply.clone()))),
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.phase = Phase::Over;
        self.outcome = Some(outcome);
    }

    fn fresh_uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

impl<R> std::fmt::Debug for Exchange<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("target", &self.target)
            .field("command", &self.command.types())
            .finish_non_exhaustive()
    }
}

/// A datagram of the conversation.
pub enum Step {
    /// The question for a key. It changes nothing.
    Key(Vec<u8>),
    /// The command itself. Unless it is repeatable, it comes once.
    Command(Vec<u8>),
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(..)",
            Self::Command(_) => "Command(..)",
        })
    }
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The device did it; its reply.
    Done(Box<CommandReply>),
    /// The device refused.
    Refused(Verdict),
    /// The command was sent and no reply came: it may have been carried out.
    /// Look before you repeat it.
    Unknown,
    /// Nothing came back, and nothing that could change the device was sent.
    NoAnswer,
    /// Somebody besides the device answered the key exchange. Nothing was
    /// sealed.
    Impostor,
    /// A field could not be sealed, or the exchange not opened. The command was
    /// not sent.
    Failed(SealError),
}

/// A refusal, and what the device says of the tries left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The device's word.
    pub refusal: Refusal,
    /// How many tries are left before it locks.
    pub tries_left: Option<u32>,
    /// How many minutes it stays locked.
    pub lock_minutes: Option<u32>,
}

impl Verdict {
    fn read(refusal: Refusal, reply: &CommandReply) -> Self {
        let number = |name| reply.fields.first(name)?.parse().ok();
        Self {
            refusal,
            // `update` counts under another name than the other commands.
            tries_left: number("RetryTimes").or_else(|| number("RetryModifyTime")),
            lock_minutes: number("SurplusLockTime").filter(|&minutes| minutes > 0),
        }
    }
}

#[cfg(test)]
mod tests;

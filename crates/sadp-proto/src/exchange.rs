//! One command to one device: the key exchange, if the command has sealed fields,
//! then the command and its reply or timeout.

mod replies;
mod retry;

use std::{net::IpAddr, ops::RangeInclusive, time::Duration};

use rsa::rand_core::CryptoRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use self::{
    replies::{CommandResult, KeyReply, Results},
    retry::{RESPONSE_TIMEOUT, RetryTimer},
};
use crate::{
    Command, CommandReply, RefusalReply, Target,
    command::{self, EXCHANGE},
    seal::{ExchangeKey, SealError, SessionKey},
};

/// The limits of the guard: how long a reply waits for a different one before it
/// counts. Another machine can answer faster than the device, so the guard is twice
/// the device's own response time within these limits.
const GUARD: RangeInclusive<Duration> = Duration::from_millis(150)..=Duration::from_secs(1);

/// The least guard for the reply to a command that makes something new each time, in
/// case the network duplicated the request.
const SETTLE: Duration = Duration::from_millis(300);

/// How long after the result of a sealed command other replies to its key exchange
/// are still reported.
const WATCH: Duration = Duration::from_secs(2);

/// How often a request is repeated because its replies contradicted each other.
const CONTRADICTIONS: u32 = 2;

/// The state machine of one command.
///
/// Drive it like a [`Survey`](super::Survey): [`Exchange::handle_timeout`], then
/// [`Exchange::poll_transmit`], then wait for a reply or for
/// [`Exchange::poll_timeout`]; pass each reply to [`Exchange::handle_reply`].
/// Repeat until [`Exchange::poll_outcome`] returns the outcome. Times count from
/// any fixed start. After the result of a sealed command, go on until
/// [`Exchange::poll_timeout`] returns `None`: until then [`Exchange::was_forged`] may
/// become true.
///
/// No reply counts at once: within a guard time a different one shows that another
/// machine answers for the device.
///
/// The key exchange and commands that change nothing may be sent again after a
/// short timeout, until a late reply shows that the device is slow. A command that
/// changes something or costs a try is sent once.
pub struct Exchange<R> {
    target: Target,
    command: Command,
    rng: R,
    /// The key pair of this command. `None` until the first request for a key.
    key: Option<ExchangeKey>,
    /// The commands that were sent before the latest.
    commands: Vec<Uuid>,
    phase: Phase,
    transmit: Option<ExchangeStep>,
    outcome: Option<CommandOutcome>,
    /// Every request for a key.
    key_requests: Vec<Uuid>,
    /// The first reply of the device to the latest request for a key.
    key_reply: Option<(Uuid, KeyReply)>,
    contradictions: u32,
    forged: bool,
}

enum Phase {
    Begin,
    /// Waits for a key.
    Exchanging {
        uuid: Uuid,
        retry: RetryTimer,
        due: Duration,
    },
    /// Has a key or a refusal, and waits for a different one.
    Guarding {
        due: Duration,
    },
    /// Waits for the result.
    Commanded {
        uuid: Uuid,
        /// `None` if it is sent once.
        retry: Option<RetryTimer>,
        due: Duration,
    },
    /// Has a result, and waits for a different one.
    Settling {
        results: Results,
        retry: Option<RetryTimer>,
        due: Duration,
    },
    /// The outcome is known, and a different reply would still be reported.
    Watching {
        results: Results,
        due: Duration,
    },
    Over,
}

impl<R: CryptoRng> Exchange<R> {
    /// Creates the state machine. `rng` makes its key pair and UUIDs.
    pub fn new(target: Target, command: Command, rng: R) -> Self {
        Self {
            target,
            command,
            rng,
            key: None,
            commands: Vec::new(),
            phase: Phase::Begin,
            transmit: None,
            outcome: None,
            key_requests: Vec::new(),
            key_reply: None,
            contradictions: 0,
            forged: false,
        }
    }

    /// Uses a key pair that was made beforehand: making one takes about 9 ms.
    #[must_use]
    pub fn with_key(mut self, key: ExchangeKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Begins again with the same command. Call it where the device is known not to
    /// have carried it out, or where a second one does no harm. The late result of a
    /// command that was sent before still counts.
    pub fn restart(&mut self) {
        let phase = std::mem::replace(&mut self.phase, Phase::Begin);
        if let Phase::Commanded { uuid, .. } = phase {
            self.commands.push(uuid);
        }
        self.transmit = None;
        self.outcome = None;
        self.key_reply = None;
        self.contradictions = 0;
    }

    /// Advances the time. Call it at the start and whenever
    /// [`Exchange::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_some_and(|due| due > now) {
            return;
        }
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Begin => {
                // A device may need longer for a command than for a key or a report.
                let (sealed, spec) = (self.command.is_sealed(), self.command.spec());
                let response_time = self.target.response_time.filter(|_| sealed);
                let retry = RetryTimer::new(now, response_time);
                if sealed {
                    self.request_key(retry, now);
                } else {
                    self.send_command(None, spec.repeatable.then_some(retry), now);
                }
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
            Phase::Guarding { .. } => self.end_guard(now),
            Phase::Commanded {
                uuid,
                retry: Some(mut retry),
                ..
            } => {
                if retry.end_wait(uuid) {
                    self.send_command(None, Some(retry), now);
                } else {
                    self.end(CommandOutcome::NoAnswer);
                }
            }
            Phase::Commanded { retry: None, .. } => self.end(CommandOutcome::Unknown),
            Phase::Settling { results, retry, .. } => self.end_settling(results, retry, now),
            Phase::Watching { .. } | Phase::Over => {}
        }
    }

    /// Handles a reply. Replies of other conversations are ignored.
    pub fn handle_reply(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        if reply.header.mac.is_some_and(|mac| mac != self.target.mac) {
            return;
        }
        let about = reply.header.types.as_str();
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
    /// is over and nothing more is reported.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Begin => Some(Duration::ZERO),
            Phase::Exchanging { due, .. }
            | Phase::Guarding { due }
            | Phase::Commanded { due, .. }
            | Phase::Settling { due, .. }
            | Phase::Watching { due, .. } => Some(*due),
            Phase::Over => None,
        }
    }

    /// Returns the outcome, once the conversation is over.
    pub fn poll_outcome(&mut self) -> Option<CommandOutcome> {
        self.outcome.take()
    }

    /// Whether replies contradicted each other: another machine answers for the
    /// device, and the secrets may have been sealed for it. May become true until
    /// [`Exchange::poll_timeout`] is `None`.
    pub fn was_forged(&self) -> bool {
        self.forged
    }

    /// Whether a result arrived that waits for a different one before it counts.
    pub fn is_settling(&self) -> bool {
        matches!(self.phase, Phase::Settling { .. })
    }

    /// The UUID of the current request.
    pub fn uuid(&self) -> Option<Uuid> {
        match &self.phase {
            Phase::Exchanging { uuid, .. } | Phase::Commanded { uuid, .. } => Some(*uuid),
            Phase::Guarding { .. } => self.key_requests.last().copied(),
            Phase::Settling { results, .. } => Some(results.uuid),
            Phase::Begin | Phase::Watching { .. } | Phase::Over => None,
        }
    }

    /// The device.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn request_key(&mut self, mut retry: RetryTimer, now: Duration) {
        let code = match self.public_code() {
            Ok(code) => code,
            Err(error) => return self.end(CommandOutcome::Failed(error)),
        };
        let uuid = self.fresh_uuid();
        let datagram = command::exchange_code(uuid, &self.target.mac_text, &code);
        self.key_requests.push(uuid);
        self.transmit = Some(ExchangeStep::Key(datagram));
        self.phase = Phase::Exchanging {
            uuid,
            due: retry.count_sent(now),
            retry,
        };
    }

    fn public_code(&mut self) -> Result<String, SealError> {
        let key = match self.key.take() {
            Some(key) => key,
            None => ExchangeKey::generate(&mut self.rng)?,
        };
        self.key.insert(key).public_code()
    }

    fn handle_key(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        let asked = reply.header.uuid;
        let Some(asked) = asked.filter(|asked| self.key_requests.contains(asked)) else {
            return;
        };
        if matches!(self.phase, Phase::Over) {
            return;
        }
        let key_reply = KeyReply::read(reply);
        let forged = match &self.key_reply {
            Some((uuid, first)) if *uuid == asked => *first != key_reply,
            _ => from != self.target.from,
        };
        if forged {
            self.forged = true;
            // Neither a key nor a refusal counts then.
            if matches!(
                self.phase,
                Phase::Exchanging { .. } | Phase::Guarding { .. }
            ) {
                self.end(CommandOutcome::Impostor);
            }
            return;
        }
        match &mut self.phase {
            Phase::Exchanging { uuid, .. } if *uuid == asked => {
                self.key_reply = Some((asked, key_reply));
                let due = now.saturating_add(self.guard());
                self.phase = Phase::Guarding { due };
            }
            Phase::Exchanging { retry, due, .. } => {
                *due = retry.record_late(asked, now).unwrap_or(*due);
            }
            _ => {}
        }
    }

    fn end_guard(&mut self, now: Duration) {
        let opened = match (&self.key_reply, &self.key) {
            (Some((_, KeyReply::Key(code))), Some(key)) => key.open(code, &mut self.rng),
            (Some((_, KeyReply::Refused(refusal))), _) => {
                let refusal = refusal.clone();
                return self.end(CommandOutcome::Refused(refusal));
            }
            _ => Err(SealError::BadExchange),
        };
        match opened {
            Ok(session) => self.send_command(Some(&session), None, now),
            Err(error) => self.end(CommandOutcome::Failed(error)),
        }
    }

    fn send_command(
        &mut self,
        key: Option<&SessionKey>,
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
                };
            }
            Err(error) => self.end(CommandOutcome::Failed(error)),
        }
    }

    fn handle_result(&mut self, now: Duration, from: IpAddr, reply: &CommandReply) {
        // Without a MAC, a reply counts by its sender alone.
        let moved = reply.header.mac.is_some() && self.command.may_answer_from(from);
        let expected = from == self.target.from || moved;
        let Some(asked) = reply.header.uuid.filter(|_| expected) else {
            return;
        };
        let Some(result) = CommandResult::read(&self.command, reply) else {
            return;
        };
        let spec = self.command.spec();
        let guard = if spec.makes_new {
            self.guard().max(SETTLE)
        } else {
            self.guard()
        };
        let guarded = now.saturating_add(guard);
        let done = matches!(result, CommandResult::Done(_));
        let is_earlier = self.commands.contains(&asked);
        match &mut self.phase {
            Phase::Watching { .. } | Phase::Over if is_earlier => {}
            // The device was slow: what it did then counts, not what became of the next.
            _ if is_earlier && done => {
                self.phase = Phase::Settling {
                    results: Results::new(&self.command, asked, result),
                    retry: None,
                    due: guarded,
                };
            }
            Phase::Settling { results, .. } => results.compare(asked, result),
            Phase::Watching { results, .. } => {
                results.compare(asked, result);
                self.forged |= results.contradictory;
            }
            Phase::Commanded { uuid, retry, due } => {
                match retry.as_mut().and_then(|it| it.record_late(asked, now)) {
                    // What the device made for that request is void, or soon will be.
                    Some(later) if spec.makes_new => *due = later,
                    // All replies are the same.
                    late if late.is_some() || *uuid == asked => {
                        self.phase = Phase::Settling {
                            results: Results::new(&self.command, asked, result),
                            retry: retry.take(),
                            due: guarded,
                        };
                    }
                    _ => {}
                }
            }
            Phase::Begin | Phase::Exchanging { .. } | Phase::Guarding { .. } | Phase::Over => {}
        }
    }

    /// Ends a guard after a result, or asks again where there were two different
    /// ones and nothing speaks against another request.
    fn end_settling(&mut self, results: Results, retry: Option<RetryTimer>, now: Duration) {
        if results.contradictory {
            self.forged = true;
            self.contradictions = self.contradictions.saturating_add(1);
            if let Some(mut retry) = retry
                && retry.end_wait(results.uuid)
                && self.contradictions <= CONTRADICTIONS
            {
                return self.send_command(None, Some(retry), now);
            }
        }
        self.outcome = Some(results.outcome());
        if self.command.is_sealed() {
            let due = now.saturating_add(WATCH);
            self.phase = Phase::Watching { results, due };
        }
    }

    fn guard(&self) -> Duration {
        let response_time = self.target.response_time.unwrap_or(*GUARD.end());
        let twice = response_time.saturating_mul(2);
        twice.clamp(*GUARD.start(), *GUARD.end())
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
    /// The command was sent, and two different replies came: it may have been carried
    /// out. The refusal, if one of them was.
    Contradicted(Option<RefusalReply>),
    /// A field could not be sealed, or the exchange could not be opened. The
    /// command was not sent.
    Failed(SealError),
}

#[cfg(test)]
mod tests;

//! What a device replies to a key exchange and to a command, and whether its replies
//! contradict each other.

use uuid::Uuid;

use super::CommandOutcome;
use crate::{Command, CommandReply, Refusal, RefusalReply};

/// What a device replies to a request for a key.
#[derive(PartialEq, Eq)]
pub(super) enum KeyReply {
    Key(Box<str>),
    Refused(RefusalReply),
    /// Neither.
    Empty,
}

impl KeyReply {
    /// The vendor's clients require `Result` success; a key without a `Result` is
    /// accepted, too.
    pub(super) fn read(reply: &CommandReply) -> Self {
        if let Some(refusal) = reply.fields.first("Result").and_then(Refusal::read) {
            return Self::Refused(RefusalReply::read(refusal, reply));
        }
        let code = reply.fields.first("Code").filter(|code| !code.is_empty());
        code.map_or(Self::Empty, |code| Self::Key(code.into()))
    }
}

/// What a device replies to a command.
pub(super) enum CommandResult {
    Done(Box<CommandReply>),
    Refused(RefusalReply),
}

impl CommandResult {
    /// Returns `None` if the reply is none to this command.
    pub(super) fn read(command: &Command, reply: &CommandReply) -> Option<Self> {
        let result = reply.fields.first("Result");
        let result = result.or_else(|| command.is_answered_by(reply).then_some("success"))?;
        Some(match Refusal::read(result) {
            Some(refusal) => Self::Refused(RefusalReply::read(refusal, reply)),
            None => Self::Done(Box::new(reply.clone())),
        })
    }
}

/// The replies to one command.
pub(super) struct Results {
    pub(super) uuid: Uuid,
    first: CommandResult,
    /// A refusal among them, with the fewest tries left.
    refusal: Option<RefusalReply>,
    /// Whether more than success or refusal is taken from the reply.
    content_counts: bool,
    pub(super) contradictory: bool,
}

impl Results {
    pub(super) fn new(command: &Command, uuid: Uuid, first: CommandResult) -> Self {
        let refusal = match &first {
            CommandResult::Done(_) => None,
            CommandResult::Refused(refusal) => Some(refusal.clone()),
        };
        Self {
            uuid,
            first,
            refusal,
            content_counts: command.spec().repeatable
                || matches!(command, Command::ExportGuid { .. }),
            contradictory: false,
        }
    }

    /// Compares a further reply with the first. A device that receives a request twice
    /// may refuse it twice, with fewer tries left: that is no contradiction.
    pub(super) fn compare(&mut self, asked: Uuid, other: CommandResult) {
        if asked != self.uuid {
            return;
        }
        self.contradictory |= match (&self.first, &other) {
            (CommandResult::Done(first), CommandResult::Done(other)) => {
                self.content_counts && first.fields != other.fields
            }
            (CommandResult::Refused(first), CommandResult::Refused(other)) => {
                first.refusal != other.refusal
            }
            _ => true,
        };
        if let CommandResult::Refused(other) = other {
            let fewer = |known: &RefusalReply| other.tries_left < known.tries_left;
            if self.refusal.as_ref().is_none_or(fewer) {
                self.refusal = Some(other);
            }
        }
    }

    pub(super) fn outcome(&self) -> CommandOutcome {
        match (&self.first, &self.refusal) {
            _ if self.contradictory => CommandOutcome::Contradicted(self.refusal.clone()),
            (CommandResult::Done(reply), _) => CommandOutcome::Done(reply.clone()),
            (CommandResult::Refused(first), other) => {
                CommandOutcome::Refused(other.as_ref().unwrap_or(first).clone())
            }
        }
    }
}

//! How a command ends.

use std::{io, process::ExitCode};

use sadp_ops::SelectionError;
use sadp_text::Remedy;

/// The exit codes scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// A device refused, or did not answer; the user said no, or interrupted it;
    /// `doctor` found a problem.
    Refused,
    /// The arguments, or a file named by them, cannot be understood.
    Usage,
    /// No such device, or none found.
    NotFound,
    /// Not done, because it could do harm.
    Unsafe,
    /// This machine's fault: interface, permission, socket, file.
    Machine,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0u8,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Unsafe => 4,
            Exit::Machine => 5,
        })
    }
}

/// Why a command did not do what was asked, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            hints: Vec::new(),
        }
    }

    /// A failure with words of its own.
    pub(crate) fn words(exit: Exit, message: impl Into<String>) -> Self {
        Self::new(exit, anyhow::Error::msg(message.into()))
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whether it is only that the reader of the output is gone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let error = self.error.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// Writing the output failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let error = anyhow::Error::new(error).context("cannot write the output");
        Self::new(Exit::Machine, error)
            .hint("check where the output goes, e.g. whether the disk is full")
    }
}

/// A name selects no device.
impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        let message = sadp_text::selection_error(&error);
        Self::words(Exit::NotFound, message).hint(error.remedy())
    }
}

//! How a command ends.

use std::{fmt::Display, io, path::Path, process::ExitCode};

use sadp_discovery::ScanError;
use sadp_ops::{
    OpsError, SelectionError,
    job::JobError,
    network::{ApplyError, SetError},
    recovery::{guid, prepare::PrepareError},
};
use sadp_reset::{LedgerError, VaultError};
use sadp_text::{ErrorText, Remedy};
use serde::Serialize;

/// The exit codes scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// A device refused, or did not answer; the user said no, or interrupted it;
    /// `doctor` found a problem.
    Refused = 1,
    /// The arguments, or a file named by them, cannot be understood.
    Usage = 2,
    /// No such device, or none found.
    NotFound = 3,
    /// Not done, because it could do harm.
    Unsafe = 4,
    /// This computer's fault: interface, permission, socket, file.
    Machine = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what was asked, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hints: Vec<String>,
    /// The device, as the user named it.
    device: Option<String>,
}

/// A failure as JSON.
#[derive(Serialize)]
pub(crate) struct FailureJson {
    code: u8,
    message: String,
    next: Option<String>,
    device: Option<String>,
}

impl From<&Failure> for FailureJson {
    fn from(failure: &Failure) -> Self {
        let next = failure.hints.join("; ");
        Self {
            code: failure.exit as u8,
            message: failure.message(),
            next: Some(next).filter(|next| !next.is_empty()),
            device: failure.device.clone(),
        }
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            hints: Vec::new(),
            device: None,
        }
    }

    /// A failure with what is known to help.
    pub(crate) fn remedied(exit: Exit, error: impl Remedy + Into<anyhow::Error>) -> Self {
        let hint = error.remedy();
        Self::new(exit, error).hint(hint)
    }

    /// A failure as it is told by every front end.
    pub(crate) fn told(exit: Exit, text: ErrorText) -> Self {
        Self {
            hints: text.hints.into_iter().map(Into::into).collect(),
            ..Self::words(exit, text.message)
        }
    }

    /// What cannot be done, and why.
    pub(crate) fn because(
        exit: Exit,
        what: impl Into<String>,
        error: impl Into<anyhow::Error>,
    ) -> Self {
        Self::new(exit, error.into().context(what.into()))
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(name: impl Display, error: io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::IsADirectory => "name a file in that folder",
            io::ErrorKind::NotFound => "check the name, and the folder that it is in",
            _ => "check the path and that you may read the file",
        };
        Self::because(Exit::Machine, format!("cannot read {name}"), error).hint(hint)
    }

    /// A file that cannot be written.
    pub(crate) fn unwritable(path: &Path, error: io::Error) -> Self {
        let path = path.display();
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("{path} is there already, and no file is written over");
            return Self::words(Exit::Machine, message).hint("name a new file, or remove this one");
        }
        let what = format!("cannot write {path}");
        Self::because(Exit::Machine, what, error)
            .hint("name a new file in a folder that you may write to")
    }

    /// A failure with words of its own.
    pub(crate) fn words(exit: Exit, message: impl Into<String>) -> Self {
        Self::new(exit, anyhow::Error::msg(message.into()))
    }

    /// The command line, or a file that it names, cannot be used.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::words(Exit::Usage, message)
    }

    /// What happened, with the causes.
    pub(crate) fn message(&self) -> String {
        sadp_text::causes(self.error.as_ref()).join(": ")
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
        Self::because(Exit::Machine, "cannot write the output", error)
            .hint("check where the output goes, e.g. whether the disk is full")
    }
}

/// A name selects no device.
impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        let message = sadp_text::selection_error(&error);
        Self {
            device: Some(error.name.as_str().into()),
            ..Self::words(Exit::NotFound, message).hint(error.remedy())
        }
    }
}

/// Why an operation could not begin or go on, and what to do.
impl From<OpsError> for Failure {
    fn from(error: OpsError) -> Self {
        Self::told(Exit::from(&error), ErrorText::from(&error))
    }
}

impl From<&OpsError> for Exit {
    fn from(error: &OpsError) -> Self {
        match error {
            OpsError::Network(error) => error.into(),
            OpsError::Vault(error) => error.into(),
            OpsError::Ledger(_)
            | OpsError::Folder { .. }
            | OpsError::Package(_)
            | OpsError::File(_)
            | OpsError::CamerasNotKept(_)
            | OpsError::Claimed(_) => Self::Machine,
            OpsError::Stopped => Self::Refused,
            _ => Self::Unsafe,
        }
    }
}

/// Why the ledger cannot be used, and what to do.
impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::remedied(Exit::Machine, error)
    }
}

/// Why a job of the live list ended without a report, and what to do.
impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        let exit = match &error {
            JobError::Ops(error) => error.into(),
            JobError::NothingFound(_)
            | JobError::NoneAnswers
            | JobError::NoGuid
            | JobError::Plan(ApplyError::NoneFound) => Exit::NotFound,
            JobError::NotConfirmed => Exit::Refused,
            JobError::Settings(error) => error.into(),
            JobError::Prepare(error) => error.into(),
            JobError::Range(_)
            | JobError::Addresses(ApplyError::Problems(_))
            | JobError::Plan(ApplyError::Problems(_)) => Exit::Usage,
            JobError::Addresses(ApplyError::Ledger(_))
            | JobError::Plan(ApplyError::Ledger(_))
            | JobError::Results(_)
            | JobError::Recording(_)
            | JobError::Redaction(_) => Exit::Machine,
            _ => Exit::Unsafe,
        };
        Self::told(exit, ErrorText::from(&error))
    }
}

/// Why the settings of a device cannot be changed, and what to do.
impl From<SetError> for Failure {
    fn from(error: SetError) -> Self {
        Self::told(Exit::from(&error), ErrorText::from(&error))
    }
}

impl From<&SetError> for Exit {
    fn from(error: &SetError) -> Self {
        match error {
            SetError::Bad(_) => Self::Usage,
            SetError::Taken(_) => Self::Unsafe,
            SetError::Ledger(_) => Self::Machine,
        }
    }
}

/// Why recovery cannot be prepared, and what to do.
impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Ops(error) => error.into(),
            error => Self::remedied(Exit::from(&error), error),
        }
    }
}

impl From<&PrepareError> for Exit {
    fn from(error: &PrepareError) -> Self {
        match error {
            PrepareError::Ops(error) => error.into(),
            PrepareError::FileExists(_) | PrepareError::Unusable(_) => Self::Usage,
            PrepareError::NotMade(_) | PrepareError::NotKept { .. } => Self::Machine,
        }
    }
}

/// Why a file of a GUID cannot be used, and what to do.
impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::remedied(Exit::from(&error), error)
    }
}

impl From<&VaultError> for Exit {
    fn from(error: &VaultError) -> Self {
        match error {
            _ if guid::is_local_failure(error) => Self::Machine,
            VaultError::Missing { .. }
            | VaultError::Changed { .. }
            | VaultError::WrongPassphrase { .. } => Self::Unsafe,
            _ => Self::Usage,
        }
    }
}

/// No interface or socket can be used.
impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::remedied(Exit::from(&error), error)
    }
}

impl From<&ScanError> for Exit {
    fn from(error: &ScanError) -> Self {
        match error {
            ScanError::UnknownInterface { .. } => Self::Usage,
            _ => Self::Machine,
        }
    }
}

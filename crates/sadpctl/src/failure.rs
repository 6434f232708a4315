//! How a command ends.

use std::{fmt::Display, io, path::Path, process::ExitCode};

use sadp_discovery::ScanError;
use sadp_ops::{OpsError, SelectionError, recovery::guid};
use sadp_reset::{LedgerError, VaultError};
use sadp_text::Remedy;
use serde::Serialize;

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
    /// This computer's fault: interface, permission, socket, file.
    Machine,
}

impl Exit {
    /// The number.
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Unsafe => 4,
            Self::Machine => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
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
            code: failure.exit.code(),
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
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!(
                "{} is there already, and no file is written over",
                path.display()
            );
            return Self::words(Exit::Machine, message).hint("name a new file, or remove this one");
        }
        let what = format!("cannot write {}", path.display());
        Self::because(Exit::Machine, what, error)
            .hint("name a new file in a folder that you may write to")
    }

    /// A failure with words of its own.
    pub(crate) fn words(exit: Exit, message: impl Into<String>) -> Self {
        Self::new(exit, anyhow::Error::msg(message.into()))
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
            device: Some(error.name().as_str().into()),
            ..Self::words(Exit::NotFound, message).hint(error.remedy())
        }
    }
}

/// Why an operation could not begin or go on, and what to do.
impl From<OpsError> for Failure {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Ledger(error) => error.into(),
            OpsError::Network(error) => error.into(),
            OpsError::Vault(error) => error.into(),
            OpsError::Folder { .. } => Self::new(Exit::Machine, error)
                .hint("name another folder with --out; nothing was sent"),
            OpsError::Package(_) | OpsError::File(_) => Self::new(Exit::Machine, error).hint(
                "check that the disk has room and can be written; requests exported before are kept",
            ),
            OpsError::CamerasNotKept(_) => Self::new(Exit::Machine, error)
                .hint("make the state folder writable, or name another with --state"),
            OpsError::Code(_) => Self::new(Exit::Unsafe, error).hint("check it; nothing was sent"),
            OpsError::PasswordMissing => Self::new(Exit::Unsafe, error)
                .hint("give one with --new-password-file; nothing was sent"),
            OpsError::Claimed(holder) => {
                let message = sadp_text::claimed(holder.as_ref());
                Self::words(Exit::Machine, message)
                    .hint("wait until it ends, or name another --state folder; nothing was sent")
            }
            OpsError::Stopped => Self::new(Exit::Refused, error).hint("run it again to go on"),
            OpsError::Update(_) => Self::new(Exit::Unsafe, error)
                .hint("check the password and scan again; nothing was sent"),
            error => Self::new(Exit::Unsafe, error).hint("check the password; nothing was sent"),
        }
    }
}

/// Why the ledger cannot be used, and what to do.
impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        if matches!(error, LedgerError::Busy { .. }) {
            return Self::new(Exit::Machine, error).hint(
            "another sadpctl, or a program that has the file open, is writing: wait until it is done, then run this again",
        );
        }
        let hint = if matches!(error, LedgerError::Damaged { .. }) {
            "until then --state names another folder"
        } else {
            "locks and commands sent are kept there: make it writable, or name another folder with --state"
        };
        Self::new(Exit::Machine, error).hint(hint)
    }
}

/// Why a file of a GUID cannot be used, and what to do.
impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let exit = match error {
            _ if guid::is_local_failure(&error) => Exit::Machine,
            VaultError::Missing { .. }
            | VaultError::Changed { .. }
            | VaultError::WrongPassphrase { .. } => Exit::Unsafe,
            _ => Exit::Usage,
        };
        let next = error.remedy();
        Self::new(exit, error).hint(next)
    }
}

/// No interface or socket can be used.
impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        let exit = match error {
            ScanError::UnknownInterface { .. } => Exit::Usage,
            _ => Exit::Machine,
        };
        let remedy = error.remedy();
        Self::new(exit, error).hint(remedy)
    }
}

use std::{io, path::PathBuf};

use sadp_discovery::ScanError;
use sadp_isapi::SetupError;
use sadp_proto::{CodeError, UpdateError, seal::SealError};
use sadp_reset::{ClaimHolder, FileError, LedgerError, PackageError, VaultError};

/// Where the first failure of this computer is kept while an operation goes on.
pub(crate) trait KeepFailure {
    /// Keeps an error, unless there was one before.
    fn keep(&mut self, result: Result<(), impl Into<OpsError>>);
}

impl KeepFailure for Option<OpsError> {
    fn keep(&mut self, result: Result<(), impl Into<OpsError>>) {
        if let Err(error) = result {
            self.get_or_insert_with(|| error.into());
        }
    }
}

/// Why an operation could not begin or go on, on this computer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// The ledger cannot be opened, read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No interface or socket can be used.
    #[error(transparent)]
    Network(#[from] ScanError),
    /// The folder for what devices give cannot be made. Nothing was sent.
    #[error("cannot make the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The package of a request cannot be written.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The vault of GUIDs cannot be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A password or another secret cannot be sent.
    #[error("the password cannot be sent")]
    Unsendable(#[from] SealError),
    /// New network settings cannot be sent with this password.
    #[error("the current password cannot be sent")]
    Update(#[from] UpdateError),
    /// An answer or a code cannot be sent.
    #[error("the answer cannot be sent")]
    Code(#[from] CodeError),
    /// There is no verification code to set.
    #[error("there is no verification code to set")]
    CodeMissing,
    /// A device takes its answer only with a new password, and there is none.
    #[error("the device takes its answer with a new password only, and there is none")]
    PasswordMissing,
    /// Another run that changes devices uses the same state folder. Who, is not always
    /// known.
    #[error("another run that changes devices uses the same state folder")]
    Claimed(Option<ClaimHolder>),
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    HttpClient(#[from] SetupError),
    /// A device that is to be asked over HTTP reports no IPv4 address.
    #[error("the device reports no IPv4 address")]
    NoAddress,
    /// What recorders listed cannot be kept.
    #[error("cannot keep the lists of cameras for audit and report")]
    CamerasNotKept(#[source] io::Error),
    /// The look was stopped before anything was sent.
    #[error("interrupted before anything was sent")]
    Stopped,
}

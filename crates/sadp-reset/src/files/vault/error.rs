use std::{
    io,
    path::{Path, PathBuf},
};

use age::{DecryptError, EncryptError};
use sadp_proto::GuidError;

use crate::LedgerError;

/// Why a GUID could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file or folder could not be made, written or read.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried, e.g. `make the folder`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is whole on the disk, but the ledger does not know of it.
    #[error("{} is written, but not in the ledger", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// What became of the ledger.
        source: Box<LedgerError>,
    },
    /// It could not be encrypted.
    #[error("cannot encrypt the GUID")]
    Seal(#[source] EncryptError),
    /// The ledger knows of a file that is not there.
    #[error("{} is not there any more", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is not what was put in: cut short, or changed.
    #[error("{} was changed or cut short since it was written", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted, and no passphrase was given.
    #[error("{} is encrypted with a passphrase", path.display())]
    PassphraseNeeded {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted with another passphrase.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted, but cannot be read: damaged, or made by another program.
    #[error("cannot decrypt {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecryptError,
    },
    /// There is no GUID in it.
    #[error("{} is no GUID file", path.display())]
    NotAGuid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: GuidError,
    },
}

impl VaultError {
    pub(super) fn file<'a>(
        doing: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// Sorts what the decryption says.
    pub(super) fn open(path: PathBuf, source: DecryptError) -> Self {
        match source {
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys => Self::WrongPassphrase { path },
            source => Self::Open { path, source },
        }
    }
}

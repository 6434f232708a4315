use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::AttemptId;
use crate::FileError;

/// Why the ledger could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no folder for the ledger.
    #[error("there is no folder to keep the ledger in")]
    NoFolder,
    /// The folder, or the empty file in it, could not be examined or created.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a valid ledger any more, or part of it cannot be read. It is
    /// left as it is.
    #[error(
        "the ledger {} is damaged: keep a copy, then move it away with its -wal and -shm \
         to begin a new one, which knows no locks",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What could not be read.
        source: rusqlite::Error,
    },
    /// The file is another program's database. It is left as it is.
    #[error(
        "{} is the database of another program: move it away or name another folder",
        .0.display()
    )]
    NotALedger(PathBuf),
    /// A newer version wrote the file. It is left as it is.
    #[error(
        "the ledger {} was written by a newer version (schema {found}, this one knows up to {known}): \
         use that version or name another folder",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The file's schema version.
        found: i64,
        /// The newest schema version this build knows.
        known: i64,
    },
    /// Other runs held the file for five seconds.
    #[error("the ledger {} is in use by another run: cannot {doing}", path.display())]
    Busy {
        /// The operation that failed, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// A write to a ledger that was opened for reading, or is write-protected.
    #[error("the ledger {} can only be read: cannot {doing}", path.display())]
    ReadOnly {
        /// The operation that failed, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// An attempt cannot be finished or settled: it was never begun, or its result is
    /// known already.
    #[error("attempt {id} is not waiting for its result in {}", path.display())]
    NotWaiting {
        /// The attempt.
        id: AttemptId,
        /// The file.
        path: PathBuf,
    },
    /// Any other error of SQLite, e.g. a full disk.
    #[error("the ledger {}: cannot {doing}", path.display())]
    Sqlite {
        /// The operation that failed, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

/// What calls of the ledger return.
pub(super) type Result<T> = std::result::Result<T, LedgerError>;

impl LedgerError {
    /// Sorts SQLite's errors by what a caller can do about them.
    pub(super) fn when(
        doing: &'static str,
        path: &Path,
    ) -> impl Fn(rusqlite::Error) -> Self + use<> {
        use ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase, ReadOnly};
        use rusqlite::Error as E;
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            match (source.sqlite_error_code(), source) {
                (
                    _,
                    // This program writes no such value: it is as damaged as a broken page.
                    source @ (E::FromSqlConversionFailure(..)
                    | E::IntegralValueOutOfRange(..)
                    | E::InvalidColumnType(..)
                    | E::Utf8Error(..)),
                )
                | (Some(DatabaseCorrupt | NotADatabase), source) => Self::Damaged { path, source },
                (Some(DatabaseBusy | DatabaseLocked), source) => Self::Busy {
                    doing,
                    path,
                    source,
                },
                (Some(ReadOnly), source) => Self::ReadOnly {
                    doing,
                    path,
                    source,
                },
                (_, source) => Self::Sqlite {
                    doing,
                    path,
                    source,
                },
            }
        }
    }
}

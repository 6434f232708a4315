use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use super::{AttemptId, CaseId};

/// Why the ledger could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The folder, or the empty file in it, could not be looked at or made.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was tried, e.g. `make the folder`.
        doing: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is a ledger no more, or part of it cannot be read. It is left as
    /// it is.
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
        path.display()
    )]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
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
    /// Other runs did not let go of the file for five seconds.
    #[error("the ledger {} is kept busy by another run: cannot {doing}", path.display())]
    Busy {
        /// What was tried, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A write to a ledger that must only be read: opened so, or protected.
    #[error("the ledger {} can only be read: cannot {doing}", path.display())]
    ReadOnly {
        /// What was tried, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// An attempt was to be finished that was never begun or is finished
    /// already.
    #[error("attempt {id} is not waiting for its result in {}", path.display())]
    NotWaiting {
        /// The attempt.
        id: AttemptId,
        /// The file.
        path: PathBuf,
    },
    /// A case was to be closed that was never opened or is closed already.
    #[error("case {id} is not open in {}", path.display())]
    NotOpen {
        /// The case.
        id: CaseId,
        /// The file.
        path: PathBuf,
    },
    /// Anything else, e.g. a full disk.
    #[error("cannot {doing} in the ledger {}", path.display())]
    Sqlite {
        /// What was tried, e.g. `remember a lock`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl LedgerError {
    /// Sorts what SQLite says by what a caller can do about it.
    pub(super) fn when(
        doing: &'static str,
        path: &Path,
    ) -> impl Fn(rusqlite::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            match Sort::of(&source) {
                Sort::Damaged => Self::Damaged { path, source },
                Sort::Busy => Self::Busy {
                    doing,
                    path,
                    source,
                },
                Sort::ReadOnly => Self::ReadOnly {
                    doing,
                    path,
                    source,
                },
                Sort::Other => Self::Sqlite {
                    doing,
                    path,
                    source,
                },
            }
        }
    }

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
}

enum Sort {
    Damaged,
    Busy,
    ReadOnly,
    Other,
}

impl Sort {
    fn of(error: &rusqlite::Error) -> Self {
        match error {
            // We wrote no such value: it is as damaged as a broken page.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Self::Damaged,
            other => match other.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
                Some(ErrorCode::ReadOnly) => Self::ReadOnly,
                _ => Self::Other,
            },
        }
    }
}

//! One SQLite file that several runs may write at once and that any of them
//! may be killed over.

mod action;
mod attempt;
mod case;
mod clock;
mod error;
mod guid;
mod locks;
mod open;
mod row;
mod schema;
mod spent;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(crate) use self::guid::NewGuid;
pub use self::{
    action::{Action, AttemptResult, RefusalWord, UnknownWord},
    attempt::{Attempt, AttemptFilter, AttemptId, AttemptRecord, AttemptVerdict},
    case::{Case, CaseEnded, CaseEnding, CaseFilter, CaseId, NewCase, OpenedCase},
    error::LedgerError,
    guid::{GuidId, GuidRecord, GuidVoid},
    locks::RememberedLock,
    spent::GuidStanding,
};

/// What is remembered of devices from one run to the next: locks, tries left,
/// an append-only audit of every command sent, requests to the vendor's support,
/// which GUIDs lie in the vault, and which GUIDs are spent.
///
/// Whatever a call that writes has returned for is on the disk: it survives the
/// process being killed and, as far as the disk keeps its word, the power
/// failing. Several runs may write at once; each waits up to five seconds for
/// its turn and then fails with [`LedgerError::Busy`].
///
/// Times are arguments. They are kept to the second: the moment something
/// happened is rounded down, the end of a lock up.
///
/// Every call fails with [`LedgerError::Damaged`] where it meets a part of the
/// file that cannot be read. The file is never deleted or replaced.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    /// The ledger's name in its folder. While it is in use, SQLite keeps two
    /// more files beside it that belong to it: `-wal` and `-shm`.
    pub const FILE_NAME: &str = "ledger.sqlite3";

    /// Opens the ledger in `folder` for reading and writing. A folder or file
    /// that is missing is made; on Unix with modes 0700 and 0600, while those of
    /// existing ones are left as they are. A ledger of an older version is brought up to
    /// date.
    ///
    /// Fails where folder or file cannot be made, read or written, where the
    /// file is no ledger, is damaged or was written by a newer version, and
    /// where another run keeps it busy.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        open::open(folder)
    }

    /// Opens the ledger in `folder` for reading, or says `None` where there is
    /// none yet. Makes no folder and no ledger. Calls that write fail with
    /// [`LedgerError::ReadOnly`], except that a ledger of an older version is brought
    /// up to date, and then may be written.
    ///
    /// Works in a folder that must not be written, unless a killed run left
    /// writes in a `-wal` file there without its `-shm`.
    pub fn open_existing(folder: &Path) -> Result<Option<Self>, LedgerError> {
        open::open_existing(folder)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A transaction that holds the right to write from its beginning. One that
    /// asked for it only at its first write could be refused without waiting.
    fn writing(&mut self, doing: &'static str) -> Result<Transaction<'_>, LedgerError> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(LedgerError::when(doing, &self.path))
    }

    /// Turns SQLite's errors into ours, for use with `map_err`.
    fn when(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError + use<> {
        LedgerError::when(doing, &self.path)
    }
}

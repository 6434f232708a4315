//! One SQLite file. Several runs may write it at once, and each may be killed at
//! any point.

mod account;
mod action;
mod attempt;
mod case;
mod error;
mod guid;
mod locks;
mod open;
mod password;
mod row;
mod schema;
mod site_name;

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Params, Transaction, TransactionBehavior};

pub(crate) use self::guid::NewGuid;
pub use self::{
    account::{Account, KnownDevice, RememberedCertificate, RememberedMove},
    action::{Action, AttemptResult, RefusalWord},
    attempt::{Attempt, AttemptFilter, AttemptId, AttemptRecord, AttemptVerdict},
    case::{BadCaseId, Case, CaseEnded, CaseEnding, CaseId, NewCase, OpenedCase},
    error::LedgerError,
    guid::{GuidFile, GuidId, GuidRecord, GuidStanding, GuidVoid},
    locks::RememberedLock,
    password::PasswordNumber,
    site_name::{InvalidSiteText, NamedDevice, SiteName, SiteText},
};
use self::{error::Result, row::FromRow};

/// The state of devices that is kept between runs: locks, tries left, an
/// append-only audit of every command sent, requests to the vendor's support,
/// the GUIDs in the vault, the GUIDs that are used up, the certificates of devices, and
/// what people call them.
///
/// A call that writes returns once its data is on the disk: it survives the kill
/// of the process and, as far as the disk is honest, a power failure. Several runs
/// may write at once; each waits up to five seconds for its turn and then fails
/// with [`LedgerError::Busy`].
///
/// Times are arguments. They are stored in whole seconds: the time of an event is
/// rounded down, the end of a lock up.
///
/// Every call fails with [`LedgerError::Damaged`] where it reads a part of the
/// file that is not valid. The file is never deleted or replaced.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    /// The ledger's name in its folder. While the ledger is in use, SQLite keeps
    /// two more files beside it: `-wal` and `-shm`.
    pub const FILE_NAME: &str = "ledger.sqlite3";

    /// Runs `work` in a transaction that holds the write lock from its beginning. A
    /// transaction that takes it at its first write can be refused without waiting.
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let when = LedgerError::when(doing, &self.path);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&when)?;
        work(&transaction)
            .and_then(|value| transaction.commit().map(|()| value))
            .map_err(&when)
    }

    /// Runs one statement and returns the number of rows it changed.
    fn execute(&self, doing: &'static str, sql: &str, values: impl Params) -> Result<usize> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(LedgerError::when(doing, &self.path))
    }

    /// Inserts one row and returns its number.
    fn insert(&self, doing: &'static str, sql: &str, values: impl Params) -> Result<i64> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.insert(values))
            .map_err(LedgerError::when(doing, &self.path))
    }

    /// Reads all rows of a query.
    fn rows<T: FromRow>(
        &self,
        doing: &'static str,
        sql: &str,
        values: impl Params,
    ) -> Result<Vec<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(values, T::from_row)?.collect())
            .map_err(LedgerError::when(doing, &self.path))
    }

    /// Reads the first row of a query.
    fn row<T: FromRow>(
        &self,
        doing: &'static str,
        sql: &str,
        values: impl Params,
    ) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut query| query.query_row(values, T::from_row).optional())
            .map_err(LedgerError::when(doing, &self.path))
    }
}

#[cfg(test)]
impl Ledger {
    /// A new ledger for a test. Its folder is deleted with the first value.
    pub(crate) fn sample() -> (tempfile::TempDir, Self) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Self::open(folder.path()).unwrap();
        (folder, ledger)
    }
}

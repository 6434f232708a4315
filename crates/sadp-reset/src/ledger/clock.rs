//! What was remembered by a clock that was set back since.
//!
//! A lock told by a clock that was years ahead would last for years, and newer
//! words would count as older ones. Where a time is in the future, the clock is
//! taken to have been set back, and what was told then to be told just now: a
//! lock lasts once more as long as the device said, and no longer.
//!
//! A clock that was set forward cannot be told from time that went by: what was
//! remembered may be forgotten early. The device is the last word then.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{Ledger, LedgerError, row::since_1970};

/// Differences up to this many seconds are of runs that write at once, or of a
/// clock that is kept right.
const TOLERATED: i64 = 300;

/// In SQL, when a lock is over, seen at the time that stands in a parameter.
/// The tolerance is that of [`TOLERATED`].
macro_rules! lock_end {
    ($now:literal) => {
        concat!(
            "iif(told_at > ",
            $now,
            " + 300, ",
            $now,
            " + until - told_at, until)"
        )
    };
}
pub(super) use lock_end;

impl Ledger {
    /// Whether locks or tries are remembered from a time after `now`.
    pub fn is_ahead_of(&self, now: Timestamp) -> Result<bool, LedgerError> {
        const SQL: &str = "SELECT EXISTS (SELECT 1 FROM locks WHERE told_at > ?1)
            OR EXISTS (SELECT 1 FROM tries WHERE told_at > ?1)";
        let latest = since_1970(now).saturating_add(TOLERATED);
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            query.query_row([latest], |row| row.get(0))
        };
        read().map_err(self.when("read the locks"))
    }

    /// Takes what is remembered from a time after `now` as told at `now`.
    /// Remembering anything does so as well.
    pub fn follow_clock(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let doing = "follow the clock";
        let when = self.when(doing);
        let transaction = self.writing(doing)?;
        let followed = follow(&transaction, now).and_then(|()| transaction.commit());
        followed.map_err(when)
    }
}

pub(super) fn follow(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let now = since_1970(now);
    let latest = now.saturating_add(TOLERATED);
    for sql in [
        "UPDATE locks SET until = ?1 + until - told_at, told_at = ?1 WHERE told_at > ?2",
        "UPDATE tries SET told_at = ?1 WHERE told_at > ?2",
    ] {
        let mut update = connection.prepare_cached(sql)?;
        update.execute(params![now, latest])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_tolerance_are_one() {
        assert!(lock_end!("?1").contains(&format!("?1 + {TOLERATED},")));
    }
}

//! The locks and counters that devices reported last. Unlike the audit, these are
//! forgotten once they are over. The MAC alone tells whose they are: a device that
//! reports another serial keeps its lock.
//!
//! A lock recorded while the clock was years ahead would last for years, and newer
//! reports would count as older ones. Where a recorded time is in the future, the
//! clock is taken to have been set back, and the report to be from now: the lock
//! lasts once more as long as the device said, and no longer.
//!
//! A clock that was set forward looks like time that passed: entries may then be
//! forgotten early. In that case only the device itself knows better.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use sadp_model::{DeviceRecord, State};

use super::{
    Action, GuidVoid, Ledger,
    error::Result,
    row::{self, FromRow, same_memory, same_memory_as, since_1970},
};
use crate::{DeviceIndex, DeviceKey};

/// A lock as the device last reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedLock {
    /// The locked device.
    pub device: DeviceKey,
    /// When the lock ends.
    pub until: Timestamp,
}

impl Ledger {
    /// Records that a device reported, at `at`, that it is locked until `until`.
    /// The latest report counts. Forgets every lock that is over at `at`.
    pub fn remember_lock(
        &mut self,
        device: &DeviceKey,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<()> {
        // Rounded up, so that it is not over too early.
        let part = i64::from(until.subsec_nanosecond() > 0);
        let value = until.as_second().saturating_add(part);
        let value = value.min(Timestamp::MAX.as_second());
        let sql = keep_latest("locks", "until");
        self.remember("remember a lock", &sql, &LatestValue { device, value, at })
    }

    /// Returns all locks that are not over, those that end first first.
    pub fn locks(&self, now: Timestamp) -> Result<Vec<RememberedLock>> {
        let sql = format!(
            "SELECT mac, serial, iif(told_at > ?1 + {TOLERATED}, ?1 + until - told_at, until) AS ends
            FROM locks WHERE ends > ?1 ORDER BY ends, mac, serial"
        );
        self.rows("read the locks", &sql, [since_1970(now)])
    }

    /// Marks devices whose lock is not over as [`State::Locked`]. Where several locks can
    /// belong to a device, the last to end counts. A device that reports it is unactivated
    /// stays so: it was reset, and its lock is gone.
    pub fn apply_locks(&self, entries: &mut [DeviceRecord], now: Timestamp) -> Result<()> {
        let locks = DeviceIndex::new(self.locks(now)?, |lock| Some(&lock.device));
        for entry in entries {
            if entry.device.state != Some(State::Unactivated)
                && let Some(key) = DeviceKey::of(&entry.device)
                && let Some(until) = locks.sharing_memory(&key).iter().map(|it| it.until).max()
            {
                entry.device.state = Some(State::Locked { until });
            }
        }
        Ok(())
    }

    /// Records how many tries a device reported, at `at`, that it has left. The
    /// latest report counts. Forgets every lock that is over at `at`.
    pub fn remember_tries(&mut self, device: &DeviceKey, left: u32, at: Timestamp) -> Result<()> {
        let value = left.into();
        let sql = keep_latest("tries", "left");
        let latest = LatestValue { device, value, at };
        self.remember("remember the tries left", &sql, &latest)
    }

    /// Returns how many tries a device has left, as it reported: `None` where it
    /// did not, or where a lock that it reported no earlier is over. Where several
    /// recorded numbers can belong to this device, the least counts.
    pub fn tries_left(&self, device: &DeviceKey, now: Timestamp) -> Result<Option<u32>> {
        let sql = format!(
            "SELECT left FROM tries
            WHERE {} AND told_at >= ifnull((SELECT max(until) FROM locks
                WHERE until <= ?3 AND {}), told_at)
            ORDER BY left LIMIT 1",
            same_memory("tries"),
            same_memory("locks")
        );
        let values = params![device.mac_text(), device.serial_text(), since_1970(now)];
        self.row("read the tries left", &sql, values)
    }

    /// Records that a device carried out a command. Where the command needed a
    /// secret, the device's lock and tries are forgotten; where it set or deleted
    /// the password, all its GUIDs exported by `at` become void.
    pub fn record_success(
        &mut self,
        device: &DeviceKey,
        action: Action,
        at: Timestamp,
    ) -> Result<()> {
        let spec = action.spec();
        if spec.carries_secret {
            self.forget_lock(device)?;
        }
        if spec.sets_password {
            self.void_guids(device, GuidVoid::PasswordChanged, at)?;
        }
        Ok(())
    }

    /// Forgets a device's lock and the tries it has left: it accepted a password.
    pub fn forget_lock(&mut self, device: &DeviceKey) -> Result<()> {
        self.write("forget a lock", |transaction| {
            for table in ["locks", "tries"] {
                let sql = format!("DELETE FROM {table} WHERE {}", same_memory(table));
                let values = params![device.mac_text(), device.serial_text()];
                transaction.prepare_cached(&sql)?.execute(values)?;
            }
            Ok(())
        })
    }

    /// Whether locks or tries were recorded at a time after `now`.
    pub fn is_ahead_of(&self, now: Timestamp) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM locks WHERE told_at > ?1)
            OR EXISTS (SELECT 1 FROM tries WHERE told_at > ?1)";
        let latest = since_1970(now).saturating_add(TOLERATED);
        let is_ahead = self.row("read the locks", sql, [latest])?;
        Ok(is_ahead.unwrap_or(false))
    }

    /// Treats what was recorded at a time after `now` as recorded at `now`.
    /// Recording anything does so as well.
    pub fn follow_clock(&mut self, now: Timestamp) -> Result<()> {
        self.write("follow the clock", |transaction| follow(transaction, now))
    }

    fn remember(&mut self, doing: &'static str, sql: &str, report: &LatestValue<'_>) -> Result<()> {
        let LatestValue { device, value, at } = *report;
        self.write(doing, |transaction| {
            follow(transaction, at)?;
            prune(transaction, at)?;
            let values = params![
                device.mac_text(),
                device.serial_text(),
                value,
                since_1970(at)
            ];
            transaction.prepare_cached(sql)?.execute(values).map(drop)
        })
    }
}

/// Keeps the latest report of each device in a table, in SQL.
fn keep_latest(table: &str, column: &str) -> String {
    format!(
        "INSERT INTO {table} (mac, serial, {column}, told_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (ifnull(mac, ''), ifnull(serial, '')) DO UPDATE
        SET {column} = excluded.{column}, told_at = excluded.told_at
        WHERE excluded.told_at >= told_at"
    )
}

struct LatestValue<'a> {
    device: &'a DeviceKey,
    value: i64,
    at: Timestamp,
}

/// Differences up to this many seconds come from runs that write at the same time,
/// or from a clock that is kept right.
const TOLERATED: i64 = 300;

fn follow(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let now = since_1970(now);
    for sql in [
        "UPDATE locks SET until = ?1 + until - told_at, told_at = ?1 WHERE told_at > ?2",
        "UPDATE tries SET told_at = ?1 WHERE told_at > ?2",
    ] {
        let values = [now, now.saturating_add(TOLERATED)];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

/// Deletes the locks that are over, and the tries left from before their end.
fn prune(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let tries = format!(
        "DELETE FROM tries WHERE EXISTS (SELECT 1 FROM locks
            WHERE until <= ?1 AND tries.told_at < until AND {})",
        same_memory_as("locks", "tries.mac", "tries.serial")
    );
    for sql in [&*tries, "DELETE FROM locks WHERE until <= ?1"] {
        transaction
            .prepare_cached(sql)?
            .execute([since_1970(now)])?;
    }
    Ok(())
}

impl FromRow for RememberedLock {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            device: row::known_device(row, 0)?,
            until: row::time(row, 2)?,
        })
    }
}

impl FromRow for bool {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        row.get(0)
    }
}

impl FromRow for u32 {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        row.get(0)
    }
}

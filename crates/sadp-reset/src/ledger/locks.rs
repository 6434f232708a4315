//! What devices last said of their locks and counters. Unlike the audit, this
//! is forgotten once it is over.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sadp_model::{DeviceRecord, MacAddr, Serial, State};

use super::{
    Action, GuidVoid, Ledger, LedgerError,
    clock::{self, lock_end},
    row::{self, end_since_1970, required, same_device, since_1970},
};
use crate::DeviceKey;

/// A lock as a device last told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedLock {
    /// The locked device.
    pub device: DeviceKey,
    /// When the lock ends.
    pub until: Timestamp,
    /// When the device said so, by the clock of then.
    pub told_at: Timestamp,
}

impl Ledger {
    /// Remembers that a device said, at `at`, that it is locked until `until`.
    /// The latest word counts. Forgets every lock that is over at `at`.
    pub fn remember_lock(
        &mut self,
        device: &DeviceKey,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO locks (mac, serial, until, told_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (ifnull(mac, ''), ifnull(serial, '')) DO UPDATE
            SET until = excluded.until, told_at = excluded.told_at
            WHERE excluded.told_at >= told_at";
        self.remember("remember a lock", sql, device, end_since_1970(until), at)
    }

    /// Until when a device is locked, or `None` where no lock is remembered or
    /// it is over. Where several remembered ones can be of this device, the
    /// last to end counts.
    pub fn lock_of(
        &self,
        device: &DeviceKey,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT max(",
            lock_end!("?3"),
            ") FROM locks WHERE ",
            lock_end!("?3"),
            " > ?3 AND ",
            same_device!("locks", "?1", "?2")
        );
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            let device = params![device.mac_text(), device.serial_text(), since_1970(now)];
            query.query_row(device, |row| row::time(row, 0))
        };
        read().map_err(self.when("read a lock"))
    }

    /// All locks that are not over, first those that end first.
    pub fn locks(&self, now: Timestamp) -> Result<Vec<RememberedLock>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT mac, serial, ",
            lock_end!("?1"),
            " AS ends, told_at FROM locks WHERE ends > ?1 ORDER BY ends, mac, serial"
        );
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            query
                .query_map([since_1970(now)], lock)?
                .collect::<Result<_, _>>()
        };
        read().map_err(self.when("read the locks"))
    }

    /// Marks devices whose lock is not over as [`State::Locked`]. A device that
    /// says it is unactivated is left so: it was reset, and its lock is gone.
    pub fn apply_locks(
        &self,
        entries: &mut [DeviceRecord],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let locks = Lookup::new(self.locks(now)?);
        for entry in entries {
            if entry.device.state != Some(State::Unactivated)
                && let Some(until) = DeviceKey::of(&entry.device).and_then(|key| locks.end(&key))
            {
                entry.device.state = Some(State::Locked { until });
            }
        }
        Ok(())
    }

    /// Remembers how many tries a device said, at `at`, it has left. The latest
    /// word counts. Forgets every lock that is over at `at`.
    pub fn remember_tries(
        &mut self,
        device: &DeviceKey,
        left: u32,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO tries (mac, serial, left, told_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (ifnull(mac, ''), ifnull(serial, '')) DO UPDATE
            SET left = excluded.left, told_at = excluded.told_at
            WHERE excluded.told_at >= told_at";
        self.remember("remember the tries left", sql, device, left.into(), at)
    }

    /// How many tries a device has left, as far as it told: `None` where it did
    /// not, or where a lock it told no earlier is over. Where several remembered
    /// numbers can be of this device, the latest counts, the least of equally
    /// late ones.
    pub fn tries_left(
        &self,
        device: &DeviceKey,
        now: Timestamp,
    ) -> Result<Option<u32>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT left, told_at >= ifnull((SELECT max(until) FROM locks WHERE until <= ?3 AND ",
            same_device!("locks", "?1", "?2"),
            "), told_at) FROM tries WHERE ",
            same_device!("tries", "?1", "?2"),
            " ORDER BY told_at DESC, left LIMIT 1"
        );
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            let device = params![device.mac_text(), device.serial_text(), since_1970(now)];
            let told = query.query_row(device, |row| Ok((row.get(0)?, row.get(1)?)));
            told.optional()
        };
        let told: Option<(u32, bool)> = read().map_err(self.when("read the tries left"))?;
        Ok(told.and_then(|(left, still_true)| still_true.then_some(left)))
    }

    /// Takes in that a device carried out a command. Where that needed a secret,
    /// its lock and tries are forgotten; where it set or deleted the password, all
    /// its GUIDs exported by `at` become void.
    pub fn record_success(
        &mut self,
        device: &DeviceKey,
        action: Action,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let spec = action.spec();
        if spec.carries_secret {
            self.forget_lock(device)?;
        }
        if spec.sets_password {
            self.void_guids(device, GuidVoid::PasswordChanged, at)?;
        }
        Ok(())
    }

    /// Forgets a device's lock and the tries it has left: it accepted a
    /// password.
    pub fn forget_lock(&mut self, device: &DeviceKey) -> Result<(), LedgerError> {
        const LOCKS: &str = concat!(
            "DELETE FROM locks WHERE ",
            same_device!("locks", "?1", "?2")
        );
        const TRIES: &str = concat!(
            "DELETE FROM tries WHERE ",
            same_device!("tries", "?1", "?2")
        );
        let doing = "forget a lock";
        let when = self.when(doing);
        let transaction = self.writing(doing)?;
        let forget = || {
            for sql in [LOCKS, TRIES] {
                let device = params![device.mac_text(), device.serial_text()];
                transaction.prepare_cached(sql)?.execute(device)?;
            }
            transaction.commit()
        };
        forget().map_err(when)
    }

    fn remember(
        &mut self,
        doing: &'static str,
        sql: &str,
        device: &DeviceKey,
        value: i64,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let when = self.when(doing);
        let transaction = self.writing(doing)?;
        let remember = || {
            clock::follow(&transaction, at)?;
            prune(&transaction, at)?;
            let row = params![
                device.mac_text(),
                device.serial_text(),
                value,
                since_1970(at)
            ];
            transaction.prepare_cached(sql)?.execute(row)?;
            transaction.commit()
        };
        remember().map_err(when)
    }
}

/// Drops the locks that are over, and the tries left that they ended.
fn prune(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    const TRIES: &str = concat!(
        "DELETE FROM tries WHERE EXISTS (SELECT 1 FROM locks
            WHERE until <= ?1 AND tries.told_at < until AND ",
        same_device!("locks", "tries.mac", "tries.serial"),
        ")"
    );
    for sql in [TRIES, "DELETE FROM locks WHERE until <= ?1"] {
        transaction
            .prepare_cached(sql)?
            .execute([since_1970(now)])?;
    }
    Ok(())
}

fn lock(row: &Row<'_>) -> rusqlite::Result<RememberedLock> {
    Ok(RememberedLock {
        device: required(row::device(row, 0, 1)?, 0)?,
        until: required(row::time(row, 2)?, 2)?,
        told_at: required(row::time(row, 3)?, 3)?,
    })
}

/// Locks by whatever can name their device, so that a large site is not
/// compared with each of them.
struct Lookup {
    locks: Vec<RememberedLock>,
    by_mac: HashMap<MacAddr, Vec<usize>>,
    by_serial: HashMap<Serial, Vec<usize>>,
}

impl Lookup {
    fn new(locks: Vec<RememberedLock>) -> Self {
        let mut by_mac: HashMap<_, Vec<_>> = HashMap::new();
        let mut by_serial: HashMap<_, Vec<_>> = HashMap::new();
        for (index, lock) in locks.iter().enumerate() {
            if let Some(mac) = lock.device.mac() {
                by_mac.entry(mac).or_default().push(index);
            }
            if let Some(serial) = lock.device.serial().cloned() {
                by_serial.entry(serial).or_default().push(index);
            }
        }
        Self {
            locks,
            by_mac,
            by_serial,
        }
    }

    /// When the last lock that can be of this device ends.
    fn end(&self, device: &DeviceKey) -> Option<Timestamp> {
        let by_mac = device.mac().and_then(|mac| self.by_mac.get(&mac));
        let by_serial = device
            .serial()
            .and_then(|serial| self.by_serial.get(serial));
        let places = by_mac.into_iter().chain(by_serial).flatten();
        let locks = places.filter_map(|&index| self.locks.get(index));
        locks
            .filter(|lock| lock.device.is_same(device))
            .map(|lock| lock.until)
            .max()
    }
}

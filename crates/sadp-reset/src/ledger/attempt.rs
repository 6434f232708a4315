//! What was sent to which device, and what became of it. Rows are only ever
//! added, and finished once: the schema refuses anything else.

use std::{fmt, net::IpAddr};

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{
    Action, AttemptResult, Ledger, LedgerError, RefusalWord,
    row::{self, parsed, required, same_device, since_1970},
};
use crate::DeviceKey;

/// A command that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The device, where anything but its address names it.
    pub device: Option<DeviceKey>,
    /// The address it is sent to.
    pub address: Option<IpAddr>,
    /// What is asked of it.
    pub action: Action,
    /// When, rounded down to the second in the ledger.
    pub at: Timestamp,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptVerdict {
    /// What became of it.
    pub result: AttemptResult,
    /// The device's word for why it said no.
    pub refusal: Option<RefusalWord>,
    /// The vendor's number for that, e.g. 2024.
    pub number: Option<u32>,
    /// The tries left, as the device told.
    pub tries_left: Option<u32>,
    /// How long the device is locked, in minutes, as it told.
    pub lock_minutes: Option<u32>,
    /// When this was known, rounded down to the second in the ledger.
    pub at: Timestamp,
}

impl AttemptVerdict {
    /// One of which the device told nothing more.
    pub const fn new(result: AttemptResult, at: Timestamp) -> Self {
        Self {
            result,
            refusal: None,
            number: None,
            tries_left: None,
            lock_minutes: None,
            at,
        }
    }
}

/// Names an attempt in its ledger. Later ones are greater; none is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(i64);

impl AttemptId {
    /// The number, from 1 upwards.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// An attempt as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its name.
    pub id: AttemptId,
    /// What was about to be sent.
    pub attempt: Attempt,
    /// What became of it. `None` while it is under way, and for ever where its
    /// run was killed.
    pub verdict: Option<AttemptVerdict>,
}

impl AttemptRecord {
    /// What became of it. An attempt without a verdict is
    /// [`AttemptResult::Unknown`]: it may have been sent and carried out.
    pub fn result(&self) -> AttemptResult {
        let verdict = self.verdict.as_ref();
        verdict.map_or(AttemptResult::Unknown, |verdict| verdict.result)
    }
}

/// Which attempts are wanted. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// Only those that can be of this device.
    pub device: Option<DeviceKey>,
    /// Only those begun at this time or later, to the second.
    pub since: Option<Timestamp>,
    /// At most so many, the latest.
    pub limit: Option<u32>,
}

impl Ledger {
    /// Writes down that a command is about to be sent. To be called before it
    /// is: once this returns, the attempt is on the disk.
    pub fn begin(&mut self, attempt: &Attempt) -> Result<AttemptId, LedgerError> {
        let sql = "INSERT INTO attempts (mac, serial, address, action, begun_at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let device = attempt.device.as_ref();
        let row = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
            attempt.address.map(|address| address.to_string()),
            attempt.action.name(),
            since_1970(attempt.at),
        ];
        let insert = || self.connection.prepare_cached(sql)?.insert(row);
        insert()
            .map(AttemptId)
            .map_err(self.when("begin an attempt"))
    }

    /// Writes down what became of an attempt. Once this returns, it is on the
    /// disk. Fails with [`LedgerError::NotWaiting`] where the attempt was
    /// finished before or is not of this ledger.
    pub fn finish(&mut self, id: AttemptId, verdict: &AttemptVerdict) -> Result<(), LedgerError> {
        let sql = "UPDATE attempts SET result = ?2, refusal = ?3, number = ?4, tries_left = ?5,
            lock_minutes = ?6, finished_at = ?7 WHERE id = ?1 AND result IS NULL";
        let row = params![
            id.0,
            verdict.result.name(),
            verdict.refusal.as_ref().map(RefusalWord::as_str),
            verdict.number,
            verdict.tries_left,
            verdict.lock_minutes,
            since_1970(verdict.at),
        ];
        let update = || self.connection.prepare_cached(sql)?.execute(row);
        match update().map_err(self.when("finish an attempt"))? {
            0 => Err(LedgerError::NotWaiting {
                id,
                path: self.path.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The attempts wanted, latest first.
    pub fn attempts(&self, filter: &AttemptFilter) -> Result<Vec<AttemptRecord>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT id, mac, serial, address, action, begun_at,
                result, refusal, number, tries_left, lock_minutes, finished_at
            FROM attempts WHERE ((?1 IS NULL AND ?2 IS NULL) OR ",
            same_device!("attempts", "?1", "?2"),
            ") AND begun_at >= ifnull(?3, begun_at) ORDER BY id DESC LIMIT ?4"
        );
        // SQLite takes a negative limit for none.
        let limit = filter.limit.map_or(-1, i64::from);
        let device = filter.device.as_ref();
        let wanted = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
            filter.since.map(since_1970),
            limit,
        ];
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            query.query_map(wanted, record)?.collect::<Result<_, _>>()
        };
        read().map_err(self.when("read the attempts"))
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<AttemptRecord> {
    let attempt = Attempt {
        device: row::device(row, 1, 2)?,
        address: parsed(row, 3)?,
        action: required(parsed(row, 4)?, 4)?,
        at: required(row::time(row, 5)?, 5)?,
    };
    let verdict = |result| -> rusqlite::Result<AttemptVerdict> {
        let refusal: Option<String> = row.get(7)?;
        Ok(AttemptVerdict {
            result,
            refusal: refusal.as_deref().map(RefusalWord::new),
            number: row.get(8)?,
            tries_left: row.get(9)?,
            lock_minutes: row.get(10)?,
            at: required(row::time(row, 11)?, 11)?,
        })
    };
    Ok(AttemptRecord {
        id: AttemptId(row.get(0)?),
        attempt,
        verdict: parsed(row, 6)?.map(verdict).transpose()?,
    })
}

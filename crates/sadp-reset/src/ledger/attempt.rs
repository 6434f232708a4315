//! The audit: which command was sent to which device, with what result. Rows are
//! only added, and finished once: the schema refuses any other change.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{
    Action, AttemptResult, Ledger, LedgerError, RefusalWord,
    error::Result,
    row::{self, FromRow, action_list, optional, parsed, row_id, same_device_or_all, since_1970},
};
use crate::DeviceKey;

/// A command that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The device. `None` where only its address is known.
    pub device: Option<DeviceKey>,
    /// The address it is sent to.
    pub address: Option<IpAddr>,
    /// The kind of command.
    pub action: Action,
    /// The time, rounded down to the second in the ledger.
    pub at: Timestamp,
}

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptVerdict {
    /// The result.
    pub result: AttemptResult,
    /// The device's reason for a refusal.
    pub refusal: Option<RefusalWord>,
    /// The vendor's number of that reason, e.g. 2024.
    pub number: Option<u32>,
    /// The tries left, as the device reported.
    pub tries_left: Option<u32>,
    /// How long the device is locked, in minutes, as it reported.
    pub lock_minutes: Option<u32>,
    /// When the result was known, rounded down to the second in the ledger.
    pub at: Timestamp,
}

impl AttemptVerdict {
    /// A result without further details from the device.
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

row_id! {
    /// Identifies an attempt in its ledger. Later ones are greater; no number is
    /// used twice.
    AttemptId
}

/// An attempt as read from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Its number.
    pub id: AttemptId,
    /// The command.
    pub attempt: Attempt,
    /// The result. `None` while the attempt is running, and for ever where its run
    /// was killed.
    pub verdict: Option<AttemptVerdict>,
    /// Whether a login showed later that it was carried out, where that was unknown.
    pub carried_out: Option<bool>,
}

impl AttemptRecord {
    /// The result, as far as it is known now. An attempt without a verdict is
    /// [`AttemptResult::Unknown`]: the command may have been sent and carried out.
    pub fn result(&self) -> AttemptResult {
        let verdict = self.verdict.as_ref();
        match self.carried_out {
            Some(true) => AttemptResult::Done,
            Some(false) => AttemptResult::Refused,
            None => verdict.map_or(AttemptResult::Unknown, |verdict| verdict.result),
        }
    }
}

/// Selects attempts. The default selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptFilter {
    /// Only attempts that can belong to this device.
    pub device: Option<DeviceKey>,
    /// Only attempts that were sent to this address and of which no device is known.
    /// None of them belongs to a device.
    pub nameless_at: Option<IpAddr>,
    /// Only attempts of these actions.
    pub actions: Option<&'static [Action]>,
    /// Only attempts begun at this time or later, to the second.
    pub since: Option<Timestamp>,
    /// Only attempts with a smaller number than this.
    pub before: Option<i64>,
    /// At most this many, the latest.
    pub limit: Option<u32>,
}

impl Ledger {
    /// Records that a command is about to be sent. Call it before the command is
    /// sent: once it returns, the attempt is on the disk.
    pub fn begin(&mut self, attempt: &Attempt) -> Result<AttemptId> {
        let sql = "INSERT INTO attempts (mac, serial, address, action, begun_at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let device = attempt.device.as_ref();
        let values = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
            attempt.address.map(|address| address.to_string()),
            attempt.action.name(),
            since_1970(attempt.at),
        ];
        self.insert("begin an attempt", sql, values).map(AttemptId)
    }

    /// Records the result of an attempt. Once this returns, it is on the disk. Fails
    /// with [`LedgerError::NotWaiting`] where the attempt is finished already or is
    /// not in this ledger.
    pub fn finish(&mut self, id: AttemptId, verdict: &AttemptVerdict) -> Result<()> {
        let sql = "UPDATE attempts SET result = ?2, refusal = ?3, number = ?4, tries_left = ?5,
            lock_minutes = ?6, finished_at = ?7 WHERE id = ?1 AND result IS NULL";
        let values = params![
            id.0,
            verdict.result.name(),
            verdict.refusal.as_ref().map(RefusalWord::as_str),
            verdict.number,
            verdict.tries_left,
            verdict.lock_minutes,
            since_1970(verdict.at),
        ];
        let finished = self.execute("finish an attempt", sql, values)?;
        self.was_waiting(id, finished)
    }

    /// Records that a login showed, at `at`, whether an attempt was carried out whose
    /// result is unknown. Fails with [`LedgerError::NotWaiting`] where its result is known
    /// or it is not in this ledger.
    pub fn settle(&mut self, id: AttemptId, carried_out: bool, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO settled (attempt, carried_out, at)
            SELECT id, ?2, ?3 FROM attempts WHERE id = ?1
                AND ifnull(result, 'unknown') = 'unknown'
                AND id NOT IN (SELECT attempt FROM settled)";
        let values = params![id.0, carried_out, since_1970(at)];
        let settled = self.execute("settle an attempt", sql, values)?;
        self.was_waiting(id, settled)
    }

    /// Fails where no row changed.
    fn was_waiting(&self, id: AttemptId, changed: usize) -> Result<()> {
        if changed > 0 {
            return Ok(());
        }
        let path = self.path.clone();
        Err(LedgerError::NotWaiting { id, path })
    }

    /// Returns the selected attempts, latest first.
    pub fn attempts(&self, filter: &AttemptFilter) -> Result<Vec<AttemptRecord>> {
        let device = filter.device.as_ref();
        let actions = filter.actions.map_or_else(
            || "TRUE".to_owned(),
            |actions| format!("action IN {}", action_list(actions)),
        );
        let sql = format!(
            "SELECT id, mac, serial, address, action, begun_at,
                result, refusal, number, tries_left, lock_minutes, finished_at, carried_out
            FROM attempts LEFT JOIN settled ON attempt = id
            WHERE {} AND {actions} AND begun_at >= ifnull(?3, begun_at)
                AND (?5 IS NULL OR (mac IS NULL AND serial IS NULL AND address = ?5))
                AND id < ifnull(?6, 9223372036854775807)
            ORDER BY id DESC LIMIT ?4",
            same_device_or_all("attempts", device)
        );
        let wanted = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
            filter.since.map(since_1970),
            // SQLite reads a negative limit as none.
            filter.limit.map_or(-1, i64::from),
            filter.nameless_at.map(|address| address.to_string()),
            filter.before,
        ];
        self.rows("read the attempts", &sql, wanted)
    }
}

impl FromRow for AttemptRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let verdict = match optional(row, 6)? {
            Some(result) => Some(AttemptVerdict {
                result,
                refusal: row
                    .get(7)
                    .map(|word: Option<String>| word.as_deref().map(RefusalWord::new))?,
                number: row.get(8)?,
                tries_left: row.get(9)?,
                lock_minutes: row.get(10)?,
                at: row::time(row, 11)?,
            }),
            None => None,
        };
        Ok(Self {
            id: AttemptId(row.get(0)?),
            attempt: Attempt {
                device: row::device(row, 1)?,
                address: optional(row, 3)?,
                action: parsed(row, 4)?,
                at: row::time(row, 5)?,
            },
            verdict,
            carried_out: row.get(12)?,
        })
    }
}

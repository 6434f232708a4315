//! Requests to the vendor's support: a case opens when a request is exported, and
//! is closed once. The schema refuses any other change.

use std::{net::IpAddr, path::PathBuf, str::FromStr};

use jiff::{Timestamp, civil::DateTime};
use rusqlite::{Row, Transaction, params};

use super::{
    Ledger,
    error::Result,
    row::{self, FromRow, optional, parsed, row_id, same_device, since_1970},
};
use crate::{DeviceKey, Digest, RequestCommand, RequestKind, VALID_FOR, WARN_AFTER, disk::name_of};

/// A request that was exported.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewCase {
    /// The device.
    pub device: DeviceKey,
    /// Its address.
    pub address: Option<IpAddr>,
    /// The kind of request.
    pub kind: RequestKind,
    /// The command that returned its code. `None` where there is no code.
    pub command: Option<RequestCommand>,
    /// The digest of the request file. Legacy devices have none.
    pub sha256: Option<Digest>,
    /// When the device had started, as it reported at the export.
    pub boot_time: Option<DateTime>,
    /// When it was exported, rounded down to the second in the ledger.
    pub exported_at: Timestamp,
    /// The folder of the package. A path that is not Unicode is stored with
    /// replacement characters.
    pub package: PathBuf,
}

impl NewCase {
    /// From this time on a reminder is due.
    pub fn warn_after(&self) -> Timestamp {
        let due = self.exported_at.saturating_add(WARN_AFTER);
        due.unwrap_or(Timestamp::MAX)
    }

    /// The end of the request's validity.
    pub fn valid_until(&self) -> Timestamp {
        let end = self.exported_at.saturating_add(VALID_FOR);
        end.unwrap_or(Timestamp::MAX)
    }

    /// Whether the request should end with the device's serial number, but the device
    /// reported none.
    pub fn lacks_serial(&self) -> bool {
        self.kind == RequestKind::FileOrKey && self.device.serial().is_none()
    }

    /// The name of the package's folder.
    pub fn package_name(&self) -> String {
        name_of(&self.package)
    }
}

row_id! {
    /// Identifies a case in its ledger. Later ones are greater; no number is used
    /// twice.
    CaseId
}

/// The text is not the number of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the number that sadpctl reset cases shows")]
pub struct BadCaseId;

impl FromStr for CaseId {
    type Err = BadCaseId;

    fn from_str(text: &str) -> rusqlite::Result<Self, Self::Err> {
        let number = text.parse().map_err(|_| BadCaseId)?;
        (number > 0).then_some(Self(number)).ok_or(BadCaseId)
    }
}

words! {
    /// How a case ended.
    #[strum(serialize_all = "kebab-case")]
    pub enum CaseEnding {
        /// The device accepted the answer.
        Recovered,
        /// The device reported that the request is no longer valid.
        Spent,
        /// The request was exported again.
        Superseded,
        /// The user gave it up.
        Forgotten,
    }
}

/// How and when a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseEnded {
    /// How.
    pub how: CaseEnding,
    /// When, rounded down to the second in the ledger.
    pub at: Timestamp,
}

/// A case as read from the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// The request.
    pub request: NewCase,
    /// `None` while it is open.
    pub ended: Option<CaseEnded>,
}

impl Case {
    /// Whether its answer is still missing.
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

/// A case that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedCase {
    /// Its number.
    pub id: CaseId,
    /// The open cases of the same device that this closed, earliest first.
    pub superseded: Vec<CaseId>,
}

impl Ledger {
    /// Records that a request was exported, and closes older open cases of the same
    /// device as superseded: both or neither. Once this returns, it is on the disk.
    pub fn open_case(&mut self, case: &NewCase) -> Result<OpenedCase> {
        self.write("open a case", |transaction| {
            let superseded = supersede(transaction, case)?;
            let id = insert(transaction, case)?;
            Ok(OpenedCase { id, superseded })
        })
    }

    /// Returns all cases, latest first.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let sql = format!("{SELECT_CASES} ORDER BY id DESC");
        self.rows("read the cases", &sql, [])
    }

    /// Returns one case, open or closed.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        let sql = format!("{SELECT_CASES} WHERE id = ?1");
        self.row("read a case", &sql, [id.0])
    }

    /// Records how a case ended. Once this returns, it is on the disk. Returns whether the
    /// case was open: one that is closed already stays as it is.
    pub fn close_case(&mut self, id: CaseId, how: CaseEnding, at: Timestamp) -> Result<bool> {
        let sql = "UPDATE cases SET ending = ?2, ended_at = ?3 WHERE id = ?1 AND ending IS NULL";
        let values = params![id.0, how.name(), since_1970(at)];
        let closed = self.execute("close a case", sql, values)?;
        Ok(closed > 0)
    }
}

fn supersede(transaction: &Transaction<'_>, case: &NewCase) -> rusqlite::Result<Vec<CaseId>> {
    let sql = format!(
        "UPDATE cases SET ending = 'superseded', ended_at = ?3 WHERE ending IS NULL AND {}
        RETURNING id",
        same_device("cases")
    );
    let values = params![
        case.device.mac_text(),
        case.device.serial_text(),
        since_1970(case.exported_at),
    ];
    let mut update = transaction.prepare_cached(&sql)?;
    let closed = update.query_map(values, |row| row.get(0).map(CaseId))?;
    let mut closed = closed.collect::<rusqlite::Result<Vec<_>>>()?;
    closed.sort_unstable();
    Ok(closed)
}

fn insert(transaction: &Transaction<'_>, case: &NewCase) -> rusqlite::Result<CaseId> {
    let sql = "INSERT INTO cases (mac, serial, address, kind, command, sha256, boot_time,
            exported_at, package, package_name)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = params![
        case.device.mac_text(),
        case.device.serial_text(),
        case.address.map(|address| address.to_string()),
        case.kind.name(),
        case.command.map(RequestCommand::name),
        case.sha256.map(|digest| digest.to_string()),
        case.boot_time.map(|time| time.to_string()),
        since_1970(case.exported_at),
        case.package.to_string_lossy(),
        case.package_name(),
    ];
    transaction.prepare_cached(sql)?.insert(values).map(CaseId)
}

const SELECT_CASES: &str = "SELECT id, mac, serial, address, kind, command, sha256, boot_time,
    exported_at, package, ending, ended_at FROM cases";

impl FromRow for Case {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let ended = match optional(row, 10)? {
            Some(how) => Some(CaseEnded {
                how,
                at: row::time(row, 11)?,
            }),
            None => None,
        };
        Ok(Self {
            id: CaseId(row.get(0)?),
            request: NewCase {
                device: row::known_device(row, 1)?,
                address: optional(row, 3)?,
                kind: parsed(row, 4)?,
                command: optional(row, 5)?,
                sha256: optional(row, 6)?,
                boot_time: optional(row, 7)?,
                exported_at: row::time(row, 8)?,
                package: row.get::<_, String>(9)?.into(),
            },
            ended,
        })
    }
}

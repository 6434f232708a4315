//! Requests to the vendor's support: opened when exported, closed once. The
//! schema refuses anything else.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use jiff::{Timestamp, civil::DateTime};
use rusqlite::{Row, Transaction, params};

use super::{
    Ledger, LedgerError, UnknownWord,
    row::{self, parsed, required, same_device, since_1970},
};
use crate::{DeviceKey, Digest, RequestCommand, RequestKind, validity};

/// A request that was just exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCase {
    /// The device.
    pub device: DeviceKey,
    /// Where it was.
    pub address: Option<IpAddr>,
    /// What it takes.
    pub kind: RequestKind,
    /// What brought its code. `None` where there is no code.
    pub command: Option<RequestCommand>,
    /// The digest of its code. Legacy devices have no code.
    pub sha256: Option<Digest>,
    /// When the device had started, as it told at the export.
    pub boot_time: Option<DateTime>,
    /// When it was exported, rounded down to the second in the ledger.
    pub exported_at: Timestamp,
    /// The folder of the package. A path that is no Unicode is kept with
    /// replacement characters.
    pub package: PathBuf,
}

impl NewCase {
    /// Until when a reminder is not needed.
    pub fn warn_after(&self) -> Timestamp {
        validity::warn_after(self.exported_at)
    }

    /// Until when the request is valid.
    pub fn valid_until(&self) -> Timestamp {
        validity::valid_until(self.exported_at)
    }

    /// The name of the package's folder.
    pub fn package_name(&self) -> String {
        name_of(&self.package)
    }
}

/// Names a case in its ledger. Later ones are greater; none is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(i64);

impl CaseId {
    /// The number, from 1 upwards.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CaseId {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().map_err(|_| UnknownWord)?;
        (number > 0).then_some(Self(number)).ok_or(UnknownWord)
    }
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseEnding {
    /// The device took the answer.
    Recovered,
    /// The device said that the request is valid no more.
    Spent,
    /// The request was exported again.
    Superseded,
    /// The user gave it up.
    Forgotten,
}

impl CaseEnding {
    /// Every ending.
    pub const ALL: [Self; 4] = [
        Self::Recovered,
        Self::Spent,
        Self::Superseded,
        Self::Forgotten,
    ];

    /// The name scripts see, e.g. `superseded`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Spent => "spent",
            Self::Superseded => "superseded",
            Self::Forgotten => "forgotten",
        }
    }
}

impl fmt::Display for CaseEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CaseEnding {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|ending| ending.name() == name).ok_or(UnknownWord)
    }
}

/// How and when a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseEnded {
    /// How.
    pub how: CaseEnding,
    /// When, rounded down to the second in the ledger.
    pub at: Timestamp,
}

/// A case as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub id: CaseId,
    /// What was exported.
    pub request: NewCase,
    /// `None` while it is open.
    pub ended: Option<CaseEnded>,
}

impl Case {
    /// Whether its answer is still awaited.
    pub const fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

/// A case that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedCase {
    /// Its name.
    pub id: CaseId,
    /// The open cases of the same device that it closed, earliest first.
    pub superseded: Vec<CaseId>,
}

/// Which cases are wanted. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only this one.
    pub id: Option<CaseId>,
    /// Only those that can be of this device.
    pub device: Option<DeviceKey>,
    /// Only those of the code with this digest.
    pub sha256: Option<Digest>,
    /// Only those whose package's folder has this name.
    pub package_name: Option<String>,
    /// Only those that are open.
    pub only_open: bool,
}

impl Ledger {
    /// Writes down that a request was exported, and closes older open ones of
    /// the same device as superseded: all of it or nothing. Once this returns,
    /// it is on the disk.
    pub fn open_case(&mut self, case: &NewCase) -> Result<OpenedCase, LedgerError> {
        let doing = "open a case";
        let when = self.when(doing);
        let transaction = self.writing(doing)?;
        let open = || {
            let superseded = supersede(&transaction, case)?;
            let id = insert(&transaction, case)?;
            transaction.commit()?;
            Ok(OpenedCase { id, superseded })
        };
        open().map_err(when)
    }

    /// The cases wanted, latest first.
    pub fn cases(&self, filter: &CaseFilter) -> Result<Vec<Case>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT id, mac, serial, address, kind, command, sha256, boot_time, exported_at,
                package, ending, ended_at
            FROM cases WHERE ((?1 IS NULL AND ?2 IS NULL) OR ",
            same_device!("cases", "?1", "?2"),
            ") AND id = ifnull(?3, id) AND (?4 IS NULL OR sha256 = ?4)
            AND package_name = ifnull(?5, package_name) AND (ending IS NULL OR NOT ?6)
            ORDER BY id DESC"
        );
        let device = filter.device.as_ref();
        let wanted = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
            filter.id.map(CaseId::number),
            filter.sha256.map(|digest| digest.to_string()),
            filter.package_name,
            filter.only_open,
        ];
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            query.query_map(wanted, record)?.collect::<Result<_, _>>()
        };
        read().map_err(self.when("read the cases"))
    }

    /// Writes down how a case ended. Once this returns, it is on the disk.
    /// Fails with [`LedgerError::NotOpen`] where it ended before or is not of
    /// this ledger.
    pub fn close_case(
        &mut self,
        id: CaseId,
        how: CaseEnding,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sql = "UPDATE cases SET ending = ?2, ended_at = ?3 WHERE id = ?1 AND ending IS NULL";
        let update = || {
            let mut update = self.connection.prepare_cached(sql)?;
            update.execute(params![id.0, how.name(), since_1970(at)])
        };
        match update().map_err(self.when("close a case"))? {
            0 => Err(LedgerError::NotOpen {
                id,
                path: self.path.clone(),
            }),
            _ => Ok(()),
        }
    }
}

fn supersede(transaction: &Transaction<'_>, case: &NewCase) -> rusqlite::Result<Vec<CaseId>> {
    const SQL: &str = concat!(
        "UPDATE cases SET ending = 'superseded', ended_at = ?3 WHERE ending IS NULL AND ",
        same_device!("cases", "?1", "?2"),
        " RETURNING id"
    );
    let mut update = transaction.prepare_cached(SQL)?;
    let of = params![
        case.device.mac_text(),
        case.device.serial_text(),
        since_1970(case.exported_at),
    ];
    let mut closed = update
        .query_map(of, |row| row.get(0).map(CaseId))?
        .collect::<Result<Vec<_>, _>>()?;
    closed.sort_unstable();
    Ok(closed)
}

fn insert(transaction: &Transaction<'_>, case: &NewCase) -> rusqlite::Result<CaseId> {
    let sql = "INSERT INTO cases (mac, serial, address, kind, command, sha256, boot_time,
            exported_at, package, package_name)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let row = params![
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
    transaction.prepare_cached(sql)?.insert(row).map(CaseId)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Case> {
    let package: String = row.get(9)?;
    let request = NewCase {
        device: required(row::device(row, 1, 2)?, 1)?,
        address: parsed(row, 3)?,
        kind: required(parsed(row, 4)?, 4)?,
        command: parsed(row, 5)?,
        sha256: parsed(row, 6)?,
        boot_time: parsed(row, 7)?,
        exported_at: required(row::time(row, 8)?, 8)?,
        package: package.into(),
    };
    let ended = match parsed(row, 10)? {
        Some(how) => Some(CaseEnded {
            how,
            at: required(row::time(row, 11)?, 11)?,
        }),
        None => None,
    };
    Ok(Case {
        id: CaseId(row.get(0)?),
        request,
        ended,
    })
}

/// The last part of a path, readable.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

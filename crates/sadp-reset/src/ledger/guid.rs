//! Which GUIDs lie in the vault, and which of them are worth nothing any more.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rusqlite::{Params, Row, params};

use super::{
    Ledger, LedgerError, UnknownWord,
    row::{self, parsed, required, same_device, since_1970},
};
use crate::{DeviceKey, Digest};

/// Names an exported GUID in its ledger. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuidId(i64);

impl GuidId {
    /// The number, from 1 upwards.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for GuidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a GUID is worth nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuidVoid {
    /// The device has another password now.
    PasswordChanged,
    /// It was given to the device: a GUID works once.
    Used,
    /// The device called it invalid.
    Invalid,
}

impl GuidVoid {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::PasswordChanged, Self::Used, Self::Invalid];

    /// The name scripts see, e.g. `password-changed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordChanged => "password-changed",
            Self::Used => "used",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for GuidVoid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GuidVoid {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|why| why.name() == name).ok_or(UnknownWord)
    }
}

/// A GUID's file in the vault. The GUID itself is not in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidRecord {
    /// Its name.
    pub id: GuidId,
    /// The device that made it.
    pub device: DeviceKey,
    /// The file's name in the vault's folder.
    pub file_name: String,
    /// The digest of the file as it lies there.
    pub sha256: Digest,
    /// Whether a passphrase is needed to read it.
    pub encrypted: bool,
    /// When it was exported, rounded down to the second.
    pub exported_at: Timestamp,
    /// Why and since when it is worth nothing any more.
    pub void: Option<(GuidVoid, Timestamp)>,
}

/// A file that was just put into the vault.
pub(crate) struct NewGuid<'a> {
    pub(crate) device: &'a DeviceKey,
    pub(crate) file_name: &'a str,
    pub(crate) sha256: Digest,
    pub(crate) encrypted: bool,
    pub(crate) exported_at: Timestamp,
}

impl Ledger {
    pub(crate) fn record_guid(&mut self, guid: &NewGuid<'_>) -> Result<GuidId, LedgerError> {
        let sql = "INSERT INTO guids (mac, serial, file_name, sha256, encrypted, exported_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            guid.device.mac_text(),
            guid.device.serial_text(),
            guid.file_name,
            guid.sha256.to_string(),
            guid.encrypted,
            since_1970(guid.exported_at),
        ];
        let insert = || self.connection.prepare_cached(sql)?.insert(row);
        insert().map(GuidId).map_err(self.when("record a GUID"))
    }

    /// The GUIDs in the vault, void ones among them, latest first: those that
    /// can be of this device, or all.
    pub fn guids(&self, device: Option<&DeviceKey>) -> Result<Vec<GuidRecord>, LedgerError> {
        const SQL: &str = concat!(
            select_guids!(),
            "(?1 IS NULL AND ?2 IS NULL) OR ",
            same_device!("guids", "?1", "?2"),
            latest_first!()
        );
        let wanted = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
        ];
        self.read_guids(SQL, wanted)
    }

    /// The GUIDs whose file has one of these digests, latest first.
    pub(super) fn guids_in(&self, digests: [Digest; 3]) -> Result<Vec<GuidRecord>, LedgerError> {
        const SQL: &str = concat!(select_guids!(), "sha256 IN (?1, ?2, ?3)", latest_first!());
        self.read_guids(SQL, digests.map(|digest| digest.to_string()))
    }

    fn read_guids(&self, sql: &str, wanted: impl Params) -> Result<Vec<GuidRecord>, LedgerError> {
        let read = || {
            let mut query = self.connection.prepare_cached(sql)?;
            query.query_map(wanted, record)?.collect::<Result<_, _>>()
        };
        read().map_err(self.when("read the GUIDs"))
    }

    /// Marks one GUID as void. One that is void already stays as it is.
    pub fn void_guid(
        &mut self,
        id: GuidId,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sql = "UPDATE guids SET void_why = ?2, void_at = ?3 WHERE id = ?1 AND void_why IS NULL";
        let row = params![id.0, why.name(), since_1970(at)];
        let update = || self.connection.prepare_cached(sql)?.execute(row);
        update().map_err(self.when("mark a GUID as void")).map(drop)
    }

    /// Marks all GUIDs of a device exported by `at` as void, and says how many
    /// that were. What is void already stays as it is.
    pub fn void_guids(
        &mut self,
        device: &DeviceKey,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<usize, LedgerError> {
        const SQL: &str = concat!(
            "UPDATE guids SET void_why = ?3, void_at = ?4
            WHERE void_why IS NULL AND exported_at <= ?4 AND ",
            same_device!("guids", "?1", "?2")
        );
        let update = || {
            let row = params![
                device.mac_text(),
                device.serial_text(),
                why.name(),
                since_1970(at),
            ];
            self.connection.prepare_cached(SQL)?.execute(row)
        };
        update().map_err(self.when("mark GUIDs as void"))
    }
}

/// The beginning of a query for [`record`]s.
macro_rules! select_guids {
    () => {
        "SELECT id, mac, serial, file_name, sha256, encrypted, exported_at, void_why, void_at
        FROM guids WHERE "
    };
}
use select_guids;

/// The end of one.
macro_rules! latest_first {
    () => {
        " ORDER BY exported_at DESC, id DESC"
    };
}
use latest_first;

fn record(row: &Row<'_>) -> rusqlite::Result<GuidRecord> {
    let void = match parsed(row, 7)? {
        Some(why) => Some((why, required(row::time(row, 8)?, 8)?)),
        None => None,
    };
    Ok(GuidRecord {
        id: GuidId(row.get(0)?),
        device: required(row::device(row, 1, 2)?, 1)?,
        file_name: row.get(3)?,
        sha256: required(parsed(row, 4)?, 4)?,
        encrypted: row.get(5)?,
        exported_at: required(row::time(row, 6)?, 6)?,
        void,
    })
}

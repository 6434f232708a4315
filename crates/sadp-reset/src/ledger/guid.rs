//! The GUIDs in the vault, and the GUIDs that are used up, in whatever file.

use jiff::Timestamp;
use rusqlite::{Row, params};
use sadp_proto::Guid;

use super::{
    Ledger,
    error::Result,
    row::{self, FromRow, optional, parsed, row_id, same_device, same_device_or_all, since_1970},
};
use crate::{DeviceKey, Digest};

row_id! {
    /// Identifies an exported GUID in its ledger. Later ones are greater.
    GuidId
}

words! {
    /// Why a GUID is void: it no longer works.
    #[strum(serialize_all = "kebab-case")]
    pub enum GuidVoid {
        /// The device has a new password.
        PasswordChanged,
        /// It was sent to the device: a GUID works once.
        Used,
        /// The device reported it as invalid.
        Invalid,
    }
}

/// A GUID from a file.
#[derive(Clone, Debug)]
pub struct GuidFile {
    /// The GUID.
    pub guid: Guid,
    /// The digest of the file's bytes, encrypted or not.
    pub sha256: Digest,
}

/// A GUID's file in the vault. The ledger does not hold the GUID itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuidRecord {
    /// Its number.
    pub id: GuidId,
    /// The device that made it.
    pub device: DeviceKey,
    /// The file's name in the vault's folder.
    pub file_name: String,
    /// The digest of the file as it is stored.
    pub sha256: Digest,
    /// Whether a passphrase is needed to read it.
    pub encrypted: bool,
    /// When it was exported, rounded down to the second.
    pub exported_at: Timestamp,
    /// Why and since when it is void.
    pub void: Option<(GuidVoid, Timestamp)>,
}

/// What the ledger knows of a GUID for the device it is to be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuidStanding {
    /// Nothing.
    Unknown,
    /// It is this one in the vault, and not known to be void.
    Valid(GuidId),
    /// It is void since then.
    Void(GuidVoid, Timestamp),
    /// Another device made it.
    OfAnother(DeviceKey),
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
    pub(crate) fn record_guid(&mut self, guid: &NewGuid<'_>) -> Result<GuidId> {
        let sql = "INSERT INTO guids (mac, serial, file_name, sha256, encrypted, exported_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![
            guid.device.mac_text(),
            guid.device.serial_text(),
            guid.file_name,
            guid.sha256.to_string(),
            guid.encrypted,
            since_1970(guid.exported_at),
        ];
        self.insert("record a GUID", sql, values).map(GuidId)
    }

    /// Returns the GUIDs in the vault that can belong to this device, or all, latest
    /// first. Void ones are among them.
    pub fn guids(&self, device: Option<&DeviceKey>) -> Result<Vec<GuidRecord>> {
        let sql = select_guids(&same_device_or_all("guids", device));
        let values = params![
            device.and_then(DeviceKey::mac_text),
            device.and_then(DeviceKey::serial_text),
        ];
        self.rows("read the GUIDs", &sql, values)
    }

    /// Marks one GUID as void. A GUID that is void already does not change.
    pub fn void_guid(&mut self, id: GuidId, why: GuidVoid, at: Timestamp) -> Result<()> {
        let sql = "UPDATE guids SET void_why = ?2, void_at = ?3 WHERE id = ?1 AND void_why IS NULL";
        let values = params![id.0, why.name(), since_1970(at)];
        self.execute("mark a GUID as void", sql, values).map(drop)
    }

    /// Marks all GUIDs of a device exported by `at` as void and returns their
    /// number. GUIDs that are void already do not change.
    pub fn void_guids(
        &mut self,
        device: &DeviceKey,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<usize> {
        let sql = format!(
            "UPDATE guids SET void_why = ?3, void_at = ?4
            WHERE void_why IS NULL AND exported_at <= ?4 AND {}",
            same_device("guids")
        );
        let values = params![
            device.mac_text(),
            device.serial_text(),
            why.name(),
            since_1970(at)
        ];
        self.execute("mark GUIDs as void", &sql, values)
    }

    /// Records that the GUID with this digest (see [`Digest::of_guid`]) no longer
    /// works for a device, whatever file it came from.
    pub fn spend_guid(
        &mut self,
        device: &DeviceKey,
        digest: Digest,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO spent_guids (mac, serial, sha256, why, at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![
            device.mac_text(),
            device.serial_text(),
            digest.to_string(),
            why.name(),
            since_1970(at),
        ];
        self.execute("remember a spent GUID", sql, values).map(drop)
    }

    /// Returns what is known of the GUID in a file. A copy is recognised by its
    /// GUID; an encrypted copy by its bytes, and by its GUID once that is used up.
    pub fn guid_standing(&self, device: &DeviceKey, file: &GuidFile) -> Result<GuidStanding> {
        let digest = Digest::of_guid(&file.guid);
        // The vault's file holds the text, raw bytes (older versions), or is encrypted.
        let text = Digest::of(file.guid.as_str().as_bytes());
        let sql = select_guids("sha256 IN (?1, ?2, ?3)");
        let digests = [text, digest, file.sha256].map(|digest| digest.to_string());
        let records = self.rows("read the GUIDs", &sql, digests)?;
        let sql = format!(
            "SELECT why, at FROM spent_guids WHERE sha256 = ?3 AND {} ORDER BY at DESC LIMIT 1",
            same_device("spent_guids")
        );
        let values = params![device.mac_text(), device.serial_text(), digest.to_string()];
        let spent = self.row("read the spent GUIDs", &sql, values)?;
        Ok(standing(device, records, spent))
    }
}

fn select_guids(condition: &str) -> String {
    format!(
        "SELECT id, mac, serial, file_name, sha256, encrypted, exported_at, void_why, void_at
        FROM guids WHERE {condition} ORDER BY exported_at DESC, id DESC"
    )
}

/// Decides from the records of one GUID, latest first. The latest fact counts: a
/// device may have exported a GUID again that was void.
fn standing(
    device: &DeviceKey,
    records: Vec<GuidRecord>,
    spent: Option<(GuidVoid, Timestamp)>,
) -> GuidStanding {
    let (own, others): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|record| record.device.is_same(device));
    let valid = own.iter().find(|record| {
        record.void.is_none() && spent.is_none_or(|(_, at)| at < record.exported_at)
    });
    if let Some(valid) = valid {
        return GuidStanding::Valid(valid.id);
    }
    if let Some((why, at)) = spent.or_else(|| own.iter().find_map(|record| record.void)) {
        return GuidStanding::Void(why, at);
    }
    let other = others.into_iter().next();
    other.map_or(GuidStanding::Unknown, |record| {
        GuidStanding::OfAnother(record.device)
    })
}

impl FromRow for GuidRecord {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let void = match optional(row, 7)? {
            Some(why) => Some((why, row::time(row, 8)?)),
            None => None,
        };
        Ok(Self {
            id: GuidId(row.get(0)?),
            device: row::known_device(row, 1)?,
            file_name: row.get(3)?,
            sha256: parsed(row, 4)?,
            encrypted: row.get(5)?,
            exported_at: row::time(row, 6)?,
            void,
        })
    }
}

impl FromRow for (GuidVoid, Timestamp) {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok((parsed(row, 0)?, row::time(row, 1)?))
    }
}

//! Which GUIDs are worth nothing to a device any more, whatever file they
//! stand in.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{
    GuidId, GuidRecord, GuidVoid, Ledger, LedgerError,
    row::{self, parsed, required, same_device, since_1970},
};
use crate::{DeviceKey, Digest, GuidFile};

/// What the ledger knows of a GUID for the device it is to be given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuidStanding {
    /// Nothing.
    Unknown,
    /// It is this one in the vault, and not known to be void.
    Valid(GuidId),
    /// It is worth nothing any more, since then.
    Void(GuidVoid, Timestamp),
    /// Another device made it.
    OfAnother(DeviceKey),
}

impl Ledger {
    /// Remembers that a GUID of this digest (see [`Digest::of_guid`]) is worth
    /// nothing to a device any more, wherever it came from.
    pub fn spend_guid(
        &mut self,
        device: &DeviceKey,
        digest: Digest,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let sql = "INSERT INTO spent_guids (mac, serial, sha256, why, at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![
            device.mac_text(),
            device.serial_text(),
            digest.to_string(),
            why.name(),
            since_1970(at),
        ];
        let insert = || self.connection.prepare_cached(sql)?.execute(row);
        insert()
            .map_err(self.when("remember a spent GUID"))
            .map(drop)
    }

    /// What is known of the GUID in a file. A copy is known by what is in it; one
    /// that was encrypted, by its bytes, and by the GUID once that was spent.
    pub fn guid_standing(
        &self,
        device: &DeviceKey,
        file: &GuidFile,
    ) -> Result<GuidStanding, LedgerError> {
        let digest = Digest::of_guid(&file.guid);
        // In the vault its file has its text, or is raw, as it was once, or encrypted.
        let text = Digest::of(file.guid.as_str().as_bytes());
        let records = self.guids_in([text, digest, file.sha256])?;
        let spent = self.spent(device, digest)?;
        Ok(standing(device, records, spent))
    }

    /// Why and since when a GUID is worth nothing to a device.
    fn spent(
        &self,
        device: &DeviceKey,
        digest: Digest,
    ) -> Result<Option<(GuidVoid, Timestamp)>, LedgerError> {
        const SQL: &str = concat!(
            "SELECT why, at FROM spent_guids WHERE sha256 = ?3 AND ",
            same_device!("spent_guids", "?1", "?2"),
            " ORDER BY at DESC LIMIT 1"
        );
        let read = || {
            let mut query = self.connection.prepare_cached(SQL)?;
            let wanted = params![device.mac_text(), device.serial_text(), digest.to_string()];
            let spent = query.query_row(wanted, |row| {
                Ok((
                    required(parsed(row, 0)?, 0)?,
                    required(row::time(row, 1)?, 1)?,
                ))
            });
            spent.optional()
        };
        read().map_err(self.when("read the spent GUIDs"))
    }
}

/// Weighs the records of one GUID, latest first. The latest word counts: a
/// device may have exported again what was void.
fn standing(
    device: &DeviceKey,
    records: Vec<GuidRecord>,
    spent: Option<(GuidVoid, Timestamp)>,
) -> GuidStanding {
    let (own, others): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|record| record.device.is_same(device));
    let still_valid = |record: &&GuidRecord| {
        record.void.is_none() && spent.is_none_or(|(_, at)| at < record.exported_at)
    };
    if let Some(valid) = own.iter().find(still_valid) {
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

//! GUIDs, each of which sets a new password once: exported into the vault, listed,
//! and imported to their own devices.

pub mod export;
pub mod import;

use std::path::PathBuf;

use sadp_reset::{GuidRecord, SiteName, Vault};

pub use crate::outcome::guid::{
    ExportedGuid, GuidFinding, ImportedGuid, SentGuid, is_local_failure,
};
use crate::{OpsError, Session};

/// A GUID in the vault.
#[derive(Clone, Debug)]
pub struct ListedGuid {
    /// Its record.
    pub record: GuidRecord,
    /// What people call its device.
    pub site_name: Option<SiteName>,
    /// Where its file is, or should be.
    pub path: PathBuf,
    /// Whether its file is there.
    pub exists: bool,
    /// Whether it does not hold as many bytes as every known GUID. `None` where it
    /// cannot be read, or not without a passphrase.
    pub suspect: Option<bool>,
}

/// What the vault holds.
#[derive(Clone, Debug)]
pub struct VaultContents {
    /// The vault's folder.
    pub folder: PathBuf,
    /// The GUIDs, void ones too.
    pub guids: Vec<ListedGuid>,
    /// Files in the folder that are in no record: an export may have been broken
    /// off.
    pub unrecorded: Vec<PathBuf>,
}

/// Lists the GUIDs in the vault. No device is asked.
pub fn list(session: &Session) -> Result<VaultContents, OpsError> {
    let vault = Vault::new(session.state());
    let records = match session.ledger() {
        Some(ledger) => ledger.guids(None)?,
        None => Vec::new(),
    };
    let names = session.site_names()?;
    let unrecorded = vault.unrecorded(&records)?;
    let guids = records.into_iter().map(|record| {
        let path = vault.path_of(&record);
        ListedGuid {
            exists: path.is_file(),
            suspect: is_suspect(&record, &vault),
            site_name: record.device.mac().and_then(|mac| names.get(&mac)).cloned(),
            path,
            record,
        }
    });
    Ok(VaultContents {
        guids: guids.collect(),
        folder: vault.folder().to_owned(),
        unrecorded,
    })
}

fn is_suspect(record: &GuidRecord, vault: &Vault) -> Option<bool> {
    if record.encrypted {
        return None;
    }
    let file = vault.load(record, None).ok()?;
    Some(!file.guid.is_whole())
}

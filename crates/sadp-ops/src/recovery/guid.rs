//! GUIDs, each of which sets a new password once: exported into the vault, listed,
//! and imported to their own devices.
//!
//! - [`export`]: from devices into the vault.
//! - [`import`]: from the vault or a file to devices.
//! - [`list`]: what the vault holds.

pub mod export;
pub mod import;

use std::{io, path::PathBuf, sync::Arc};

use jiff::Timestamp;
use sadp_reset::{DeviceKey, GuidRecord, GuidVoid, Vault, VaultError};

use crate::{Impact, OpsError, Session};

/// What is found of a GUID that was not exported or not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The device gave no GUID that could be kept.
    NotKept,
    /// Not sent: the vault holds no GUID of the device.
    NoneInVault {
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: the device's GUID in the vault is void.
    VoidInVault {
        /// Why.
        why: GuidVoid,
        /// Since when.
        at: Timestamp,
        /// Whether the user named the device.
        named: bool,
    },
    /// Not sent: the GUID in the file is void.
    Void {
        /// Why.
        why: GuidVoid,
        /// Since when.
        at: Timestamp,
    },
    /// Not sent: another device exported this GUID.
    OfAnother(DeviceKey),
    /// Not sent: it does not hold as many bytes as every known GUID.
    Suspect,
    /// Not sent: its file cannot be used.
    Unusable(UnusableGuid),
}

impl Finding {
    /// What a GUID that was not sent for it means for the operation.
    pub(crate) fn impact(&self) -> Impact {
        match self {
            Self::NoneInVault { named: false } | Self::VoidInVault { named: false, .. } => {
                Impact::None
            }
            Self::NotKept => Impact::Device,
            Self::Unusable(file) if is_local_failure(file.error()) => Impact::Computer,
            _ => Impact::Safety,
        }
    }
}

/// A file of the vault that cannot be used. Two are equal where they are the same
/// finding.
#[derive(Clone, Debug)]
pub struct UnusableGuid(Arc<VaultError>);

impl UnusableGuid {
    /// Why.
    pub fn error(&self) -> &VaultError {
        &self.0
    }
}

impl PartialEq for UnusableGuid {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for UnusableGuid {}

/// Whether a file or the ledger failed on this computer, rather than what is in the
/// file.
pub fn is_local_failure(error: &VaultError) -> bool {
    match error {
        VaultError::File(error) => error.source.kind() != io::ErrorKind::FileTooLarge,
        VaultError::Ledger { .. } | VaultError::Seal(_) => true,
        _ => false,
    }
}

/// A GUID in the vault.
#[derive(Clone, Debug)]
pub struct ListedGuid {
    /// Its record.
    pub record: GuidRecord,
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
    let unrecorded = vault.unrecorded(&records)?;
    let guids = records.into_iter().map(|record| {
        let path = vault.path_of(&record);
        ListedGuid {
            exists: path.is_file(),
            suspect: is_suspect(&record, &vault),
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

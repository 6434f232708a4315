use std::{io, path::PathBuf};

use jiff::Timestamp;
use sadp_model::UnavailableReason;
use sadp_reset::{DeviceKey, Digest, GuidId, GuidVoid, VaultError};

use super::{Impact, Unusable};

/// What is found of a GUID that was not exported or not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuidFinding {
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
    Unusable(Unusable<VaultError>),
}

impl GuidFinding {
    /// What a GUID that was not sent for it means for the operation.
    pub(crate) fn impact(&self) -> Impact {
        match self {
            Self::NoneInVault { named: false } | Self::VoidInVault { named: false, .. } => {
                Impact::None
            }
            Self::NotKept => Impact::Device,
            Self::Unusable(file) if is_local_failure(file.cause()) => Impact::Computer,
            _ => Impact::Safety,
        }
    }
}

/// Whether a file or the ledger failed on this computer, rather than what is in the
/// file.
pub fn is_local_failure(error: &VaultError) -> bool {
    match error {
        VaultError::File(error) => error.source.kind() != io::ErrorKind::FileTooLarge,
        VaultError::Ledger { .. } | VaultError::Seal(_) => true,
        _ => false,
    }
}

/// A GUID that was put into the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedGuid {
    /// Why the vendor's document excludes this way for the device, which reports it.
    pub excluded: Option<UnavailableReason>,
    /// Its file.
    pub path: PathBuf,
    /// Whether the file is encrypted.
    pub encrypted: bool,
    /// Whether it does not hold as many bytes as every known GUID.
    pub suspect: bool,
}

/// Data of an outcome about a GUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedGuid {
    /// Its file.
    pub path: PathBuf,
    /// A newer GUID in the vault that was not preferred, because it is suspect.
    pub not_preferred: Option<PathBuf>,
    /// Whether the device was to pass the new password on to its cameras. `None`
    /// where nothing was to be sent.
    pub sync_cameras: Option<bool>,
    /// By what the ledger knows it, where it was to be sent.
    pub sent: Option<SentGuid>,
}

/// By what the ledger knows a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentGuid {
    /// Its digest.
    pub digest: Digest,
    /// Its record, where it is in the vault.
    pub record: Option<GuidId>,
}

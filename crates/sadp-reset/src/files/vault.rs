//! GUIDs on the disk: one file a device and export, for the owner alone.

mod error;
mod seal;

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use jiff::Timestamp;
use sadp_proto::{Guid, GuidError};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub use self::error::VaultError;
use super::{
    guid,
    name::{ToName, device_name},
    stale_parts,
};
use crate::{
    DeviceKey, Digest, GuidRecord, Ledger,
    disk::{make_folder, parent, read_bounded, sync_folder, write_new_file},
    ledger::NewGuid,
};

/// The folder of GUIDs beside the ledger, which knows what is in it.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
    work_factor: Option<u8>,
}

/// A GUID that a device was just asked for.
#[derive(Clone, Copy, Debug)]
pub struct GuidExport<'a> {
    /// The device.
    pub device: &'a DeviceKey,
    /// What it told.
    pub guid: &'a Guid,
    /// When.
    pub at: Timestamp,
}

/// A GUID out of a file.
#[derive(Clone, Debug)]
pub struct GuidFile {
    /// What it holds.
    pub guid: Guid,
    /// The digest of the file's bytes, encrypted or not.
    pub sha256: Digest,
}

impl Vault {
    /// The folder's name beside the ledger.
    pub const FOLDER_NAME: &str = "guid";

    /// The vault of the ledger in `state`. Nothing is made or read yet.
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join(Self::FOLDER_NAME),
            work_factor: None,
        }
    }

    /// Makes files whose passphrase costs `2^log_n` steps instead of about a
    /// second. For tests alone: a low number makes a passphrase easy to guess.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_work_factor(mut self, log_n: u8) -> Self {
        self.work_factor = Some(log_n);
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a record's file is.
    pub fn path_of(&self, record: &GuidRecord) -> PathBuf {
        self.folder.join(&record.file_name)
    }

    /// Puts a GUID into the vault, as it came, encrypted where a passphrase is given, then
    /// into the ledger. Once this returns, both are on the disk. A file that is
    /// there is never replaced; one that did not get into the ledger stays. What
    /// a killed run left of an older one is cleared away, an hour later.
    pub fn store(
        &self,
        ledger: &mut Ledger,
        export: GuidExport<'_>,
        passphrase: Option<&SecretString>,
    ) -> Result<GuidRecord, VaultError> {
        let name = format!("{}_{}", device_name(export.device), export.at.to_name());
        let (bytes, ending) = match passphrase {
            None => (Zeroizing::new(export.guid.as_str().into()), "guid"),
            Some(phrase) => (self.seal(export.guid, phrase)?, "guid.age"),
        };
        let file_name = format!("{name}.{ending}");
        let path = self.folder.join(&file_name);
        make_folder(&self.folder)
            .and_then(|()| sync_folder(parent(&self.folder)))
            .map_err(VaultError::file("make the folder", &self.folder))?;
        write_new_file(&path, &bytes).map_err(VaultError::file("write", &path))?;
        let sha256 = Digest::of(&bytes);
        let encrypted = passphrase.is_some();
        let id = ledger.record_guid(&NewGuid {
            device: export.device,
            file_name: &file_name,
            sha256,
            encrypted,
            exported_at: export.at,
        });
        let id = id.map_err(|source| {
            let source = source.into();
            let path = path.clone();
            VaultError::Ledger { path, source }
        })?;
        stale_parts::clear(&path, export.device);
        Ok(GuidRecord {
            id,
            device: export.device.clone(),
            file_name,
            sha256,
            encrypted,
            exported_at: export.at,
            void: None,
        })
    }

    /// Takes a GUID out. Fails where its file is not byte for byte what was put
    /// in. An encrypted one costs its passphrase about a second of work.
    pub fn load(
        &self,
        record: &GuidRecord,
        passphrase: Option<&SecretString>,
    ) -> Result<GuidFile, VaultError> {
        let path = self.path_of(record);
        let mut parts = Path::new(&record.file_name).components();
        if !matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        ) {
            return Err(VaultError::Changed { path });
        }
        let bytes = match read_bounded(&path, MAX_BYTES) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(VaultError::Missing { path });
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(VaultError::Changed { path });
            }
            Err(error) => return Err(VaultError::file("read", &path)(error)),
        };
        if Digest::of(&bytes) != record.sha256 {
            return Err(VaultError::Changed { path });
        }
        read(&path, &bytes, (passphrase, guid::parse_kept))
    }

    /// Files in the folder that are not among all the ledger's records: of a run
    /// that ended before it could write its own. Each can still be read by
    /// [`read_guid_file`], where it is base64.
    pub fn unrecorded(&self, records: &[GuidRecord]) -> Result<Vec<PathBuf>, VaultError> {
        let failed = || VaultError::file("list", &self.folder);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed()(error)),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed())?.file_name();
            let known = records.iter().any(|record| *record.file_name == *name);
            // What is hidden was never whole.
            if !known && !name.to_string_lossy().starts_with('.') {
                paths.push(self.folder.join(name));
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn seal(&self, guid: &Guid, phrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        seal::seal(guid.as_str().as_bytes(), phrase, self.work_factor)
            .map(Zeroizing::new)
            .map_err(VaultError::Seal)
    }
}

/// A GUID in a file from anywhere: 128 raw bytes, base64 of as many or more, or
/// one that the vault encrypted.
pub fn read_guid_file(
    path: &Path,
    passphrase: Option<&SecretString>,
) -> Result<GuidFile, VaultError> {
    let bytes = read_bounded(path, MAX_BYTES).map_err(VaultError::file("read", path))?;
    read(path, &Zeroizing::new(bytes), (passphrase, guid::parse))
}

/// As [`read_guid_file`], but takes any text that a device could have told, as the
/// vault does. It may be suspect: see [`Guid::is_whole`].
pub fn read_any_guid_file(
    path: &Path,
    passphrase: Option<&SecretString>,
) -> Result<GuidFile, VaultError> {
    let bytes = read_bounded(path, MAX_BYTES).map_err(VaultError::file("read", path))?;
    read(path, &Zeroizing::new(bytes), (passphrase, guid::parse_any))
}

fn read(
    path: &Path,
    bytes: &[u8],
    (passphrase, parse): (Option<&SecretString>, Parse),
) -> Result<GuidFile, VaultError> {
    let plain = if seal::is_sealed(bytes) {
        let path = path.to_owned();
        let Some(phrase) = passphrase else {
            return Err(VaultError::PassphraseNeeded { path });
        };
        &seal::open(bytes, phrase).map_err(|source| VaultError::open(path, source))?
    } else {
        bytes
    };
    let guid = parse(plain).map_err(|source| VaultError::NotAGuid {
        path: path.to_owned(),
        source,
    })?;
    let sha256 = Digest::of(bytes);
    Ok(GuidFile { guid, sha256 })
}

/// How a file's content is read.
type Parse = fn(&[u8]) -> Result<Guid, GuidError>;

/// An encrypted GUID has some 200 bytes more than its text.
const MAX_BYTES: u64 = 4096;

//! GUIDs on the disk: one file for each export, readable by its owner only.

use std::{
    fmt, fs, io,
    path::{Component, Path, PathBuf},
};

use age::{DecryptError, EncryptError, scrypt};
use jiff::Timestamp;
use sadp_proto::{Guid, GuidError};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{guid, name::package_name, stale_parts};
use crate::{
    DeviceKey, Digest, FileError, GuidFile, GuidRecord, Ledger, LedgerError,
    disk::{make_folder, parent, read_bounded, sync_folder, write_new_file},
    ledger::NewGuid,
};

/// The folder of GUIDs beside the ledger, which records its files.
#[derive(Clone, Debug)]
pub struct Vault {
    folder: PathBuf,
    work_factor: Option<u8>,
}

/// A GUID that a device just exported.
#[derive(Clone, Copy, Debug)]
pub struct GuidExport<'a> {
    /// The device.
    pub device: &'a DeviceKey,
    /// The GUID, as the device sent it.
    pub guid: &'a Guid,
    /// The time.
    pub at: Timestamp,
}

impl Vault {
    /// The folder's name beside the ledger.
    pub const FOLDER_NAME: &str = "guid";

    /// The vault of the ledger in the folder `state`. Creates and reads nothing.
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join(Self::FOLDER_NAME),
            work_factor: None,
        }
    }

    /// Sets the work for a passphrase to `2^log_n` steps instead of about a second.
    /// For tests only: a low number makes a passphrase easy to guess.
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

    /// The path of a record's file.
    pub fn path_of(&self, record: &GuidRecord) -> PathBuf {
        self.folder.join(&record.file_name)
    }

    /// Stores a GUID as it was received, encrypted where a passphrase is given, and
    /// records it in the ledger. Once this returns, both are on the disk. Never
    /// replaces a file; a file that could not be recorded stays. Deletes temporary
    /// files of this device that a killed run left more than an hour ago.
    pub fn store(
        &self,
        ledger: &mut Ledger,
        export: GuidExport<'_>,
        passphrase: Option<&SecretString>,
    ) -> Result<GuidRecord, VaultError> {
        let name = package_name(export.device, export.at);
        let (bytes, ending) = match passphrase {
            None => (Zeroizing::new(export.guid.as_str().into()), "guid"),
            Some(phrase) => {
                let bytes = encrypt(export.guid.as_str().as_bytes(), phrase, self.work_factor);
                (bytes.map_err(VaultError::Seal)?, "guid.age")
            }
        };
        let file_name = format!("{name}.{ending}");
        let path = self.folder.join(&file_name);
        make_folder(&self.folder)
            .and_then(|()| sync_folder(parent(&self.folder)))
            .map_err(FileError::new("make the folder", &self.folder))?;
        write_new_file(&path, &bytes).map_err(FileError::new("write", &path))?;
        let sha256 = Digest::of(&bytes);
        let encrypted = passphrase.is_some();
        let recorded = ledger.record_guid(&NewGuid {
            device: export.device,
            file_name: &file_name,
            sha256,
            encrypted,
            exported_at: export.at,
        });
        let id = recorded.map_err(|source| VaultError::Ledger {
            path: path.clone(),
            source: source.into(),
        })?;
        stale_parts::clear(&path, export.device, &[]);
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

    /// Reads a GUID. Fails where its file is not byte for byte what was stored. An
    /// encrypted one takes about a second of work.
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
            return Err(VaultError::Changed(path));
        }
        let file = GuidBytes::read(&path).map_err(|error| match error.source.kind() {
            io::ErrorKind::NotFound => VaultError::Missing(path.clone()),
            io::ErrorKind::FileTooLarge => VaultError::Changed(path.clone()),
            _ => error.into(),
        })?;
        if Digest::of(&file.bytes) != record.sha256 {
            return Err(VaultError::Changed(path));
        }
        file.parsed(passphrase, guid::parse_kept)
    }

    /// Returns the files in the folder that are not among the ledger's records: their
    /// run ended before it could record them. [`GuidBytes::read`] reads those in
    /// base64.
    pub fn unrecorded(&self, records: &[GuidRecord]) -> Result<Vec<PathBuf>, VaultError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(FileError::new("list", &self.folder))?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(FileError::new("list", &self.folder))?
                .file_name();
            let known = records.iter().any(|record| *record.file_name == *name);
            // Hidden files were never complete.
            if !known && !name.to_string_lossy().starts_with('.') {
                paths.push(self.folder.join(name));
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }
}

/// The content of a file with a GUID, in any form: 128 raw bytes, base64 of at least 128
/// bytes, or as the vault encrypted it.
pub struct GuidBytes {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

/// Without the content.
impl fmt::Debug for GuidBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuidBytes").finish_non_exhaustive()
    }
}

impl GuidBytes {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let bytes = read_bounded(path, MAX_BYTES).map_err(FileError::new("read", path))?;
        Self::received(path, Zeroizing::new(bytes))
    }

    /// The content of a file that is not on the disk. Its path is for errors.
    pub fn received(path: &Path, bytes: Zeroizing<Vec<u8>>) -> Result<Self, FileError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_BYTES) {
            let path = path.to_owned();
            return Ok(Self { path, bytes });
        }
        Err(FileError::new("read", path)(
            io::ErrorKind::FileTooLarge.into(),
        ))
    }

    /// The GUID, decrypted where it is encrypted, which takes about a second of work.
    pub fn guid(&self, passphrase: Option<&SecretString>) -> Result<GuidFile, VaultError> {
        self.parsed(passphrase, guid::parse)
    }

    /// As [`GuidBytes::guid`], but takes any text that a device could have sent, as the
    /// vault does. The GUID may be incomplete: see [`Guid::is_whole`].
    pub fn any_guid(&self, passphrase: Option<&SecretString>) -> Result<GuidFile, VaultError> {
        self.parsed(passphrase, guid::parse_any)
    }

    fn parsed(
        &self,
        passphrase: Option<&SecretString>,
        parse: fn(&[u8]) -> Result<Guid, GuidError>,
    ) -> Result<GuidFile, VaultError> {
        let path = self.path.clone();
        let guid = if self.bytes.starts_with(b"age-encryption.org/") {
            let Some(phrase) = passphrase else {
                return Err(VaultError::PassphraseNeeded(path));
            };
            match decrypt(&self.bytes, phrase) {
                Ok(plain) => parse(&plain),
                Err(
                    DecryptError::DecryptionFailed
                    | DecryptError::KeyDecryptionFailed
                    | DecryptError::NoMatchingKeys,
                ) => return Err(VaultError::WrongPassphrase(path)),
                Err(source) => return Err(VaultError::Open { path, source }),
            }
        } else {
            parse(&self.bytes)
        };
        Ok(GuidFile {
            guid: guid.map_err(|source| VaultError::NotAGuid { path, source })?,
            sha256: Digest::of(&self.bytes),
        })
    }
}

/// Encrypts in the format of age: <https://age-encryption.org/v1>.
fn encrypt(
    bytes: &[u8],
    phrase: &SecretString,
    work_factor: Option<u8>,
) -> Result<Zeroizing<Vec<u8>>, EncryptError> {
    let mut recipient = scrypt::Recipient::new(phrase.clone());
    if let Some(log_n) = work_factor {
        recipient.set_work_factor(log_n);
    }
    age::encrypt(&recipient, bytes).map(Zeroizing::new)
}

fn decrypt(bytes: &[u8], phrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut identity = scrypt::Identity::new(phrase.clone());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    age::decrypt(&identity, bytes).map(Zeroizing::new)
}

/// Why a GUID could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file or folder could not be created, written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is complete on the disk, but not recorded in the ledger.
    #[error("{} is written, but not in the ledger", path.display())]
    Ledger {
        /// The file.
        path: PathBuf,
        /// The ledger's error.
        source: Box<LedgerError>,
    },
    /// The GUID could not be encrypted.
    #[error("cannot encrypt the GUID")]
    Seal(#[source] EncryptError),
    /// A file of the ledger's records is missing.
    #[error("{} is not there any more", .0.display())]
    Missing(PathBuf),
    /// The file is not what was stored: cut short, or changed.
    #[error("{} was changed or cut short since it was written", .0.display())]
    Changed(PathBuf),
    /// The file is encrypted, and no passphrase was given.
    #[error("{} is encrypted with a passphrase", .0.display())]
    PassphraseNeeded(PathBuf),
    /// The file is encrypted with another passphrase.
    #[error("the passphrase does not open {}", .0.display())]
    WrongPassphrase(PathBuf),
    /// The file is encrypted, but cannot be read: damaged, or made by another
    /// program.
    #[error("cannot decrypt {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecryptError,
    },
    /// The file holds no GUID.
    #[error("{} is no GUID file", path.display())]
    NotAGuid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: GuidError,
    },
}

/// An encrypted GUID has about 200 bytes more than its text.
const MAX_BYTES: u64 = 4096;

/// Files of a fast machine must open on a slow one; a hostile file must not keep it
/// busy for ever, nor need more than 4 GiB.
const MAX_WORK_FACTOR: u8 = 22;

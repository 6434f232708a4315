//! A request to the vendor's support as a folder: written whole or not at all, and
//! never over another.

mod form;
mod mailing;
mod record;

use std::{
    fs,
    net::IpAddr,
    path::{self, Path, PathBuf},
};

use jiff::Timestamp;
use sadp_model::{Device, Serial};

pub use self::{mailing::Mailing, record::RecordError};
use super::{name::package_name, stale_parts};
use crate::{
    Contact, DeviceKey, Digest, FileError, Ledger, LedgerError, NewCase, OpenedCase, QrError,
    QrImage, RequestKind,
    disk::{
        make_folder, make_new_folder, parent, part_of, read_bounded, sync_folder, write_private,
    },
};

/// A request to be written as a package.
#[derive(Clone, Copy, Debug)]
pub struct PackageRequest<'a> {
    /// The device, as it reports itself.
    pub device: &'a Device,
    /// Its address.
    pub address: Option<IpAddr>,
    /// The kind of request.
    pub kind: RequestKind,
    /// The device's code as received, without the serial. `None` for a legacy device,
    /// which has none.
    pub code: Option<&'a str>,
    /// When the code was received.
    pub exported_at: Timestamp,
}

impl PackageRequest<'_> {
    /// The text for the vendor, in the file and in the QR code: the code, and for a
    /// device that takes a key its serial number directly after it, as both vendor
    /// clients write it. A device without a serial number has nothing to append.
    pub fn text(&self) -> Option<String> {
        let code = self.code.filter(|code| !code.is_empty())?;
        let serial = self.device.serial.as_ref();
        let appended = serial.filter(|_| self.kind == RequestKind::FileOrKey);
        Some([code, appended.map_or("", Serial::as_str)].concat())
    }
}

/// A package on the disk: its folder, and the content of its `request.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The request.
    pub request: NewCase,
    /// The device's model.
    pub model: Option<String>,
    /// The device's firmware, as it reported.
    pub firmware: Option<String>,
}

impl Package {
    /// The request: [`PackageRequest::text`].
    pub const CODE_FILE: &str = "DeviceKey.xml";
    /// The request as a QR code, for a device that takes a key.
    pub const QR_FILE: &str = "qr.png";
    /// The request for programs.
    pub const RECORD_FILE: &str = "request.json";
    /// The request for people.
    pub const FORM_FILE: &str = "request.txt";

    /// All files that a package is written with.
    pub(crate) const FILES: [&str; 4] = [
        Self::CODE_FILE,
        Self::QR_FILE,
        Self::RECORD_FILE,
        Self::FORM_FILE,
    ];

    /// Writes a package into the folder `out`, which is created where missing. Once
    /// this returns, the package is on the disk. Where it fails, there is no package,
    /// and existing files do not change. On Unix only the owner may read it. Deletes
    /// parts of packages of this device that a killed run left more than an hour ago.
    pub fn write(
        out: &Path,
        request: &PackageRequest<'_>,
        contact: &Contact,
    ) -> Result<Self, PackageError> {
        let text = request.text();
        let package = Self::of(request, text.as_deref(), out)?;
        let files = package.files(text.as_deref(), contact)?;
        let path = package.path();
        let is_new = !out.exists();
        make_folder(out).map_err(FileError::new("make the folder", out))?;
        if fs::symlink_metadata(path).is_ok() {
            return Err(PackageError::Exists(path.to_owned()));
        }
        let part = part_of(path).map_err(FileError::new("name the package", path))?;
        make_new_folder(&part).map_err(FileError::new("make the folder", &part))?;
        let written = fill(&part, &files).and_then(|()| {
            fs::rename(&part, path).map_err(FileError::new("name the package", path))
        });
        if let Err(error) = written {
            // What cannot be removed is hidden, and not a package.
            let _ = fs::remove_dir_all(&part);
            return Err(error.into());
        }
        let above = is_new.then(|| parent(out));
        for folder in above.into_iter().chain([out]) {
            sync_folder(folder).map_err(FileError::new("write to the disk", folder))?;
        }
        stale_parts::clear(path, &package.request.device, &Self::FILES);
        Ok(package)
    }

    /// The package of a request with this text, in the folder `out`.
    fn of(
        request: &PackageRequest<'_>,
        text: Option<&str>,
        out: &Path,
    ) -> Result<Self, PackageError> {
        if text.is_none() && request.kind != RequestKind::LegacyCode {
            return Err(PackageError::NoCode);
        }
        let device = request.device;
        let key = DeviceKey::of(device).ok_or(PackageError::NoIdentity)?;
        let firmware = device.firmware.as_ref();
        Ok(Self {
            model: device.model.as_deref().map(str::to_owned),
            firmware: firmware.map(|firmware| firmware.text().to_owned()),
            request: NewCase {
                package: out.join(package_name(&key, request.exported_at)),
                device: key,
                address: request.address,
                kind: request.kind,
                command: request.kind.command(),
                sha256: text.map(|text| Digest::of(text.as_bytes())),
                boot_time: device.boot_time,
                exported_at: request.exported_at,
            },
        })
    }

    /// Makes the files of the package, with their names.
    fn files(
        &self,
        text: Option<&str>,
        contact: &Contact,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, PackageError> {
        let mut files = Vec::new();
        if let Some(text) = text {
            files.push((Self::CODE_FILE, text.as_bytes().to_vec()));
            if self.request.kind == RequestKind::FileOrKey {
                files.push((Self::QR_FILE, QrImage::new(text)?.to_png()?));
            }
        }
        files.push((Self::FORM_FILE, form::form(self, contact).into_bytes()));
        files.push((Self::RECORD_FILE, self.to_json().into_bytes()));
        Ok(files)
    }

    /// Reads a package's `request.json`.
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(Self::RECORD_FILE);
        let json = read_bounded(&path, MAX_RECORD).map_err(FileError::new("read", &path))?;
        Self::from_json(&json, folder).map_err(|source| PackageError::Record { path, source })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.request.package
    }
}

/// Why a package could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Nothing identifies the device: no serial, and no MAC of its own.
    #[error("the device reported neither a serial number nor a MAC")]
    NoIdentity,
    /// The device takes a request file, but sent no code.
    #[error("the device reported no code")]
    NoCode,
    /// A package of this name exists.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The QR code cannot be made.
    #[error("cannot draw the QR code of the request")]
    Qr(#[from] QrError),
    /// A file or folder could not be written, or the `request.json` not read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The `request.json` is not valid.
    #[error("cannot use {}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RecordError,
    },
}

/// A request that was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its package.
    pub package: Package,
    /// Its case, and the older cases that it closed.
    pub case: OpenedCase,
}

/// Why a request could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no package.
    #[error("cannot write the request package")]
    Package(#[from] PackageError),
    /// The package is complete on the disk, but has no case.
    #[error("{} is written, but no case of it", package.path().display())]
    Ledger {
        /// The package.
        package: Box<Package>,
        /// The ledger's error.
        source: Box<LedgerError>,
    },
}

/// Writes a package, then opens its case in the ledger. Once this returns, both are
/// on the disk. A run that ends in between leaves a complete package; its answer is
/// imported like that of a package from another computer.
pub fn export_request(
    ledger: &mut Ledger,
    out: &Path,
    request: &PackageRequest<'_>,
    contact: &Contact,
) -> Result<Exported, ExportError> {
    let package = Package::write(out, request, contact)?;
    // The working folder of a later run may be another one.
    let absolute = path::absolute(package.path());
    let case = NewCase {
        package: absolute.unwrap_or_else(|_| package.path().to_owned()),
        ..package.request.clone()
    };
    match ledger.open_case(&case) {
        Ok(case) => Ok(Exported { package, case }),
        Err(source) => Err(ExportError::Ledger {
            package: package.into(),
            source: source.into(),
        }),
    }
}

fn fill(folder: &Path, files: &[(&'static str, Vec<u8>)]) -> Result<(), FileError> {
    for (name, bytes) in files {
        let path = folder.join(name);
        write_private(&path, bytes).map_err(FileError::new("write", &path))?;
    }
    sync_folder(folder).map_err(FileError::new("write to the disk", folder))
}

/// A record has a few hundred bytes; a serial from the longest datagram fits.
const MAX_RECORD: u64 = 512 * 1024;

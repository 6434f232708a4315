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

pub use self::{
    mailing::{Mailing, MailingFiles},
    record::{RecordError, RequestRecord},
};
use super::{name::package_name, stale_parts};
use crate::{
    Contact, DeviceKey, Digest, FileError, Ledger, LedgerError, NewCase, OpenedCase, QrError,
    QrImage, RequestKind,
    disk::{
        make_folder, make_new_folder, name_of, parent, part_of, read_bounded, sync_folder,
        write_private,
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

/// A package on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The folder.
    pub path: PathBuf,
    /// The content of its `request.json`.
    pub record: RequestRecord,
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
        let record = record_of(request, text.as_deref())?;
        let files = files(text.as_deref(), &record, contact)?;
        let path = out.join(package_name(&record.device, record.exported_at));
        let is_new = !out.exists();
        make_folder(out).map_err(FileError::new("make the folder", out))?;
        if fs::symlink_metadata(&path).is_ok() {
            return Err(PackageError::Exists(path));
        }
        let part = part_of(&path).map_err(FileError::new("name the package", &path))?;
        make_new_folder(&part).map_err(FileError::new("make the folder", &part))?;
        let written = fill(&part, &files).and_then(|()| {
            fs::rename(&part, &path).map_err(FileError::new("name the package", &path))
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
        stale_parts::clear(&path, &record.device, &Self::FILES);
        Ok(Self { path, record })
    }

    /// Reads a package's `request.json`.
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(Self::RECORD_FILE);
        let json = read_bounded(&path, MAX_RECORD).map_err(FileError::new("read", &path))?;
        match RequestRecord::from_json(&json) {
            Ok(record) => Ok(Self {
                path: folder.to_owned(),
                record,
            }),
            Err(source) => Err(PackageError::Record { path, source }),
        }
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        name_of(&self.path)
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
    #[error("{} is written, but no case of it", package.path.display())]
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
    let record = &package.record;
    let case = NewCase {
        device: record.device.clone(),
        address: record.address,
        kind: record.kind,
        command: record.command,
        sha256: record.sha256,
        boot_time: record.boot_time,
        exported_at: record.exported_at,
        // The working folder of a later run may be another one.
        package: path::absolute(&package.path).unwrap_or_else(|_| package.path.clone()),
    };
    match ledger.open_case(&case) {
        Ok(case) => Ok(Exported { package, case }),
        Err(source) => Err(ExportError::Ledger {
            package: package.into(),
            source: source.into(),
        }),
    }
}

fn record_of(
    request: &PackageRequest<'_>,
    text: Option<&str>,
) -> Result<RequestRecord, PackageError> {
    if text.is_none() && request.kind != RequestKind::LegacyCode {
        return Err(PackageError::NoCode);
    }
    let device = request.device;
    Ok(RequestRecord {
        device: DeviceKey::of(device).ok_or(PackageError::NoIdentity)?,
        model: device.model.as_deref().map(str::to_owned),
        firmware: device
            .firmware
            .as_ref()
            .map(|firmware| firmware.text().to_owned()),
        address: request.address,
        boot_time: device.boot_time,
        kind: request.kind,
        command: request.kind.command(),
        sha256: text.map(|text| Digest::of(text.as_bytes())),
        exported_at: request.exported_at,
    })
}

/// Makes the files of a package, with their names.
fn files(
    text: Option<&str>,
    record: &RequestRecord,
    contact: &Contact,
) -> Result<Vec<(&'static str, Vec<u8>)>, PackageError> {
    let mut files = Vec::new();
    if let Some(text) = text {
        files.push((Package::CODE_FILE, text.as_bytes().to_vec()));
        if record.kind == RequestKind::FileOrKey {
            files.push((Package::QR_FILE, QrImage::new(text)?.to_png()?));
        }
    }
    files.push((Package::FORM_FILE, form::form(record, contact).into_bytes()));
    files.push((Package::RECORD_FILE, record.to_json().into_bytes()));
    Ok(files)
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

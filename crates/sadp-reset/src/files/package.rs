//! A request to the vendor's support as a folder: written whole or not at all,
//! and never over another.

mod form;
mod record;

use std::{
    fs, io,
    net::IpAddr,
    path::{self, Path, PathBuf},
};

use jiff::Timestamp;
use sadp_model::{Device, Serial};

pub use self::record::{RecordError, RequestRecord};
use super::{name::package_name, stale_parts};
use crate::{
    Contact, DeviceKey, Digest, Ledger, LedgerError, NewCase, OpenedCase, QrError, QrImage,
    RequestKind,
    disk::{
        make_folder, make_new_folder, parent, part_of, read_bounded, sync_folder, write_private,
    },
};

/// A request to be put into a package.
#[derive(Clone, Copy, Debug)]
pub struct PackageRequest<'a> {
    /// The device, as it told of itself.
    pub device: &'a Device,
    /// Where it is.
    pub address: Option<IpAddr>,
    /// What it takes.
    pub kind: RequestKind,
    /// Its own code, as it told, without the serial. `None` for a legacy device,
    /// which has none.
    pub code: Option<&'a str>,
    /// When it told the code.
    pub exported_at: Timestamp,
}

impl PackageRequest<'_> {
    /// The text that goes to the vendor, in the file and in the QR code alike.
    /// Where the device takes a key, that is its code directly followed by its
    /// serial number, as both vendor clients write it; else its code alone. A
    /// device without a serial number has nothing to append.
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
    /// Its folder.
    pub path: PathBuf,
    /// What its `request.json` says.
    pub record: RequestRecord,
}

impl Package {
    /// The request, byte for byte: [`PackageRequest::text`].
    pub const CODE_FILE: &str = "DeviceKey.xml";
    /// The same as a QR code, where the device takes a key.
    pub const QR_FILE: &str = "qr.png";
    /// The request for programs.
    pub const RECORD_FILE: &str = "request.json";
    /// The request for people.
    pub const FORM_FILE: &str = "request.txt";

    /// All that a package holds of itself.
    pub(crate) const FILES: [&str; 4] = [
        Self::CODE_FILE,
        Self::QR_FILE,
        Self::RECORD_FILE,
        Self::FORM_FILE,
    ];

    /// Writes a package into `out`, which is made where it is missing. Once this
    /// returns, it is on the disk. Where it fails, there is no package, and
    /// nothing that was there is changed. On Unix only the owner may read it.
    /// What a killed run left of an older one is cleared away, an hour later.
    pub fn write(
        out: &Path,
        request: &PackageRequest<'_>,
        contact: &Contact,
    ) -> Result<Self, PackageError> {
        let text = request.text();
        let record = record_of(request, text.as_deref())?;
        let files = files(text.as_deref(), &record, contact)?;
        let path = out.join(package_name(&record.device, record.exported_at));
        let failed = PackageError::write;
        let is_new = !out.exists();
        make_folder(out).map_err(failed("make the folder", out))?;
        if fs::symlink_metadata(&path).is_ok() {
            return Err(PackageError::Exists { path });
        }
        let part = part_of(&path).map_err(failed("name the package", &path))?;
        make_new_folder(&part).map_err(failed("make the folder", &part))?;
        let written = fill(&part, &files)
            .and_then(|()| fs::rename(&part, &path).map_err(failed("name the package", &path)));
        if let Err(error) = written {
            // What is left of it is hidden, and no package.
            let _ = fs::remove_dir_all(&part);
            return Err(error);
        }
        let above = is_new.then(|| parent(out));
        for folder in above.into_iter().chain([out]) {
            sync_folder(folder).map_err(failed("write to the disk", folder))?;
        }
        stale_parts::clear(&path, &record.device);
        Ok(Self { path, record })
    }

    /// Reads a package's `request.json`.
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(Self::RECORD_FILE);
        let json = read_bounded(&path, MAX_RECORD).map_err(|source| PackageError::Read {
            path: path.clone(),
            source,
        })?;
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
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Why a package could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Nothing names the device: neither a serial nor a MAC of its own.
    #[error("the device told neither a serial nor a MAC of its own")]
    NoIdentity,
    /// The device takes a request file, but told no code.
    #[error("the device told no code")]
    NoCode,
    /// There is one of this name.
    #[error("{} is there already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The code cannot be drawn.
    #[error("cannot draw the QR code of the request")]
    Qr(#[from] QrError),
    /// A file or folder could not be written.
    #[error("cannot {doing} {}", path.display())]
    Write {
        /// What was tried, e.g. `make the folder`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The `request.json` could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The `request.json` cannot be used.
    #[error("cannot use {}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RecordError,
    },
}

impl PackageError {
    fn write<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Write {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// A request that was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its package.
    pub package: Package,
    /// Its case, and the older ones this closed.
    pub case: OpenedCase,
}

/// Why a request could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no package.
    #[error("cannot write the request package")]
    Package(#[from] PackageError),
    /// The package is on the disk and whole, but there is no case of it.
    #[error("{} is written, but no case of it", package.path.display())]
    Ledger {
        /// The package.
        package: Box<Package>,
        /// What became of the ledger.
        source: Box<LedgerError>,
    },
}

/// Writes a package, then its case into the ledger. Once this returns, both are
/// on the disk. A run that ends in between leaves a whole package, which can
/// be answered as one from another machine can.
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
        // A case outlives the folder it was exported from.
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

/// The files of a package, by name.
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

fn fill(folder: &Path, files: &[(&'static str, Vec<u8>)]) -> Result<(), PackageError> {
    for (name, bytes) in files {
        let path = folder.join(name);
        write_private(&path, bytes).map_err(PackageError::write("write", &path))?;
    }
    sync_folder(folder).map_err(PackageError::write("write to the disk", folder))
}

/// A record has a few hundred bytes; a serial of the longest datagram fits.
const MAX_RECORD: u64 = 512 * 1024;

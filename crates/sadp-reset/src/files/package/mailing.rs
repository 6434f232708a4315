//! The requests of several devices in one mailing to the vendor's support: a letter with a
//! table of the devices, an archive with their files, and a draft of an e-mail with both.

use std::{
    collections::HashSet,
    io::{self, Cursor, Write},
    path::Path,
};

use jiff::{Timestamp, tz::TimeZone};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, raw::Raw},
};
use sadp_model::text::clean;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    Package,
    form::{FormText, time},
};
use crate::{Contact, Digest, FileError, NewFile, disk::read_bounded, files::name::device_name};

/// The content of the files of a mailing. It is made from packages.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// The letter.
    pub letter: String,
    /// The archive with the files of all requests, named by serial and MAC, and the letter.
    pub archive: Vec<u8>,
    /// The draft of an e-mail: the letter, with the files attached. Mail programs open it
    /// to be sent.
    pub draft: Vec<u8>,
    /// The number of devices.
    pub devices: usize,
}

impl Mailing {
    /// The letter's name.
    pub const LETTER_FILE: &str = "request-letter.txt";
    /// The archive's name.
    pub const ARCHIVE_FILE: &str = "requests.zip";
    /// The draft's name.
    pub const DRAFT_FILE: &str = "requests.eml";

    /// All files of a mailing.
    pub(crate) const FILES: [&str; 3] = [Self::LETTER_FILE, Self::ARCHIVE_FILE, Self::DRAFT_FILE];

    /// Above this number of devices the draft has the archive attached, not each file.
    pub const MOST_ATTACHED: usize = 20;

    /// Makes a mailing of the requests of these packages. Leaves out a package whose request
    /// is no longer as it was exported. Returns `None` where no package is left.
    pub fn make(
        packages: &[Package],
        contact: &Contact,
        at: Timestamp,
    ) -> io::Result<Option<Self>> {
        let mut requests: Vec<_> = packages.iter().filter_map(MailedRequest::read).collect();
        if requests.is_empty() {
            return Ok(None);
        }
        requests.sort_by(|one, other| one.name.cmp(&other.name));
        distinguish(&mut requests);
        let letter = letter(&requests, contact);
        let archive = archive(&requests, &letter, at).map_err(io::Error::other)?;
        Ok(Some(Self {
            draft: draft(&requests, &letter, &archive, contact)?,
            devices: requests.len(),
            letter,
            archive,
        }))
    }

    /// Writes it into the folder `out`, in place of a former one, each file whole or not at
    /// all. On Unix only the owner may read them.
    pub fn write(&self, out: &Path) -> Result<(), FileError> {
        for (name, bytes) in [
            (Self::LETTER_FILE, self.letter.as_bytes()),
            (Self::ARCHIVE_FILE, &self.archive),
            (Self::DRAFT_FILE, &self.draft),
        ] {
            let path = out.join(name);
            let written = NewFile::begin(&path).and_then(|file| file.replace(bytes));
            written.map_err(FileError::new("write", &path))?;
        }
        Ok(())
    }
}

/// A request with its files.
struct MailedRequest<'a> {
    package: &'a Package,
    /// Serial and MAC; unique in a mailing.
    name: String,
    /// The content of [`Package::CODE_FILE`]. `None` for a legacy device.
    code: Option<Vec<u8>>,
    /// The content of [`Package::QR_FILE`].
    qr: Option<Vec<u8>>,
}

impl<'a> MailedRequest<'a> {
    /// Returns `None` where the request is missing or was changed.
    fn read(package: &'a Package) -> Option<Self> {
        let read = |name| read_bounded(&package.path().join(name), MAX_FILE).ok();
        let code = match package.request.sha256 {
            Some(digest) => Some(read(Package::CODE_FILE).filter(|it| Digest::of(it) == digest)?),
            None => None,
        };
        Some(Self {
            package,
            name: device_name(&package.request.device),
            qr: code.as_ref().and_then(|_| read(Package::QR_FILE)),
            code,
        })
    }

    /// Its files with their types and names.
    fn files(&self) -> impl Iterator<Item = (&'static str, String, &[u8])> {
        let code = self.code.as_deref();
        let code = code.map(|code| ("application/xml", format!("{}.xml", self.name), code));
        let qr = self.qr.as_deref();
        let qr = qr.map(|qr| ("image/png", format!("{}.png", self.name), qr));
        code.into_iter().chain(qr)
    }

    /// Its row of the table.
    fn row(&self, number: usize) -> [String; COLUMNS.len()] {
        let Package {
            request,
            model,
            firmware,
        } = self.package;
        let file = self.code.as_ref().map(|_| format!("{}.xml", self.name));
        [
            Some(number.to_string()),
            model.clone(),
            request.device.serial_text().map(str::to_owned),
            request.device.mac_text(),
            firmware.clone(),
            request.boot_time.map(|at| at.to_string()),
            Some(time(request.valid_until())),
            file,
        ]
        .map(|cell| cell.map_or_else(|| "-".into(), |cell| clean(&cell).into_owned()))
    }
}

/// Codes have some hundred bytes, QR codes some thousand.
const MAX_FILE: u64 = 256 * 1024;

/// Gives devices whose serials and MACs are alike in names a number each.
fn distinguish(requests: &mut [MailedRequest<'_>]) {
    let mut names = HashSet::new();
    for request in requests {
        let plain = request.name.clone();
        let mut number = 2_u32;
        while !names.insert(request.name.clone()) {
            request.name = format!("{plain}-{number}");
            number = number.saturating_add(1);
        }
    }
}

const COLUMNS: [&str; 8] = [
    "No.",
    "Model",
    "Complete serial number",
    "MAC address",
    "Firmware",
    "Device start time",
    "Answer needed until",
    "File",
];

fn title(devices: usize) -> String {
    match devices {
        1 => "Request to reset the password of a device".into(),
        devices => format!("Request to reset the passwords of {devices} devices"),
    }
}

fn letter(requests: &[MailedRequest<'_>], contact: &Contact) -> String {
    let mut form = FormText(title(requests.len()));
    form.0.push_str(
        "\n\nPlease help to reset the administrator password of each device below. Its request is\n\
        the file in its row, or the QR code of the same name. Photos of the labels and a proof\n\
        of ownership: [attach them].\n",
    );
    if requests.iter().any(|request| request.code.is_none()) {
        form.0.push_str(
            "Of a device without a file, the serial number and the start time are the request.\n",
        );
    }
    form.0
        .push_str("Some firmware takes answers for 24 hours only: an early answer helps.\n");
    form.contact(contact);
    form.head("Devices");
    let rows = requests
        .iter()
        .zip(1..)
        .map(|(request, number)| request.row(number));
    let mut rows: Vec<_> = rows.collect();
    rows.insert(0, COLUMNS.map(String::from));
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let width = cells.map(|cell| cell.chars().count()).max();
            format!("{cell:<width$}", width = width.unwrap_or_default())
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        form.0.extend([line.trim_end(), "\n"]);
    }
    form.0
}

fn archive(
    requests: &[MailedRequest<'_>],
    letter: &str,
    at: Timestamp,
) -> zip::result::ZipResult<Vec<u8>> {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    let mut options = SimpleFileOptions::default().unix_permissions(0o600);
    if let Ok(at) = at.try_into() {
        options = options.last_modified_time(at);
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(Mailing::LETTER_FILE, options)?;
    archive.write_all(letter.as_bytes())?;
    for (_, name, bytes) in requests.iter().flat_map(MailedRequest::files) {
        archive.start_file(name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn draft(
    requests: &[MailedRequest<'_>],
    letter: &str,
    archive: &[u8],
    contact: &Contact,
) -> io::Result<Vec<u8>> {
    let mut mail = MessageBuilder::new()
        .subject(title(requests.len()))
        // Mail programs open it as one that is still to be sent.
        .header("X-Unsent", Raw::new("1"))
        .text_body(letter);
    if let Some(email) = contact.email.as_deref().map(clean) {
        let name = contact.name.as_deref().map(clean);
        mail = mail.from(Address::new_address(name, email));
    }
    if let Some(support) = contact.support_email.as_deref() {
        mail = mail.to(clean(support).into_owned());
    }
    if requests.len() > Mailing::MOST_ATTACHED {
        mail = mail.attachment("application/zip", Mailing::ARCHIVE_FILE, archive);
    } else {
        for (kind, name, bytes) in requests.iter().flat_map(MailedRequest::files) {
            mail = mail.attachment(kind, name, bytes);
        }
    }
    mail.write_to_vec()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mailparse::{MailHeaderMap, ParsedMail, parse_mail};
    use sadp_model::{Device, MacAddr, Serial};
    use zip::ZipArchive;

    use super::*;
    use crate::{PackageRequest, RequestKind};

    fn at() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    /// A package in `out`.
    fn package(out: &Path, number: u8, kind: RequestKind) -> Package {
        let device = Device {
            serial: Serial::new(&format!("DS-2CD2320D-I20180919AACHC5260181{number}")),
            mac: Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number])),
            model: Some("DS-2CD2320D-I\r\n\u{1b}[2J".into()),
            ..Device::default()
        };
        let code = format!("code-of-{number}");
        let request = PackageRequest {
            device: &device,
            address: None,
            kind,
            code: Some(&*code).filter(|_| kind != RequestKind::LegacyCode),
            exported_at: at(),
        };
        Package::write(out, &request, &Contact::default()).unwrap()
    }

    fn three(out: &Path) -> Vec<Package> {
        let kinds = [
            RequestKind::FileOrKey,
            RequestKind::File,
            RequestKind::LegacyCode,
        ];
        (1..)
            .zip(kinds)
            .map(|(number, kind)| package(out, number, kind))
            .collect()
    }

    fn contact() -> Contact {
        Contact {
            name: Some("A. B\u{f6}hm\nBcc: c@example.com".into()),
            email: Some("a@example.com".into()),
            support_email: Some("support@example.com".into()),
            ..Contact::default()
        }
    }

    fn names_in(mailing: &Mailing) -> Vec<String> {
        let archive = ZipArchive::new(Cursor::new(&mailing.archive)).unwrap();
        archive
            .file_names()
            .map(|name| name.unwrap().into_owned())
            .collect()
    }

    fn attached(draft: &ParsedMail<'_>) -> Vec<String> {
        let parts = draft.subparts.iter().skip(1);
        parts
            .map(|part| part.get_content_disposition().params["filename"].clone())
            .collect()
    }

    #[test]
    fn every_request_is_in_the_letter_the_archive_and_the_draft() {
        let folder = tempfile::tempdir().unwrap();
        let packages = three(folder.path());
        let mailing = Mailing::make(&packages, &contact(), at());
        let mailing = mailing.unwrap().unwrap();
        assert_eq!(mailing.devices, 3);
        let letter = &mailing.letter;
        insta::assert_snapshot!(letter);
        let stem =
            |number| format!("DS-2CD2320D-I20180919AACHC5260181{number}_4447cc00000{number}");
        let files = [
            format!("{}.xml", stem(1)),
            format!("{}.png", stem(1)),
            format!("{}.xml", stem(2)),
        ];
        let mut inside = vec![Mailing::LETTER_FILE.to_owned()];
        inside.extend(files.clone());
        assert_eq!(names_in(&mailing), inside);
        let draft = parse_mail(&mailing.draft).unwrap();
        let header = |name| draft.headers.get_first_value(name);
        assert_eq!(header("X-Unsent").as_deref(), Some("1"));
        assert_eq!(header("To").as_deref(), Some("<support@example.com>"));
        assert_eq!(header("Bcc"), None);
        let subject = "Request to reset the passwords of 3 devices";
        assert_eq!(header("Subject").as_deref(), Some(subject));
        let text = draft.subparts[0].get_body().unwrap();
        assert_eq!(text.replace('\r', "").trim(), letter.trim());
        assert_eq!(attached(&draft), files);
        let code = draft.subparts[1].get_body_raw().unwrap();
        let written = fs::read(packages[0].path().join(Package::CODE_FILE));
        assert_eq!(code, written.unwrap());
    }

    #[test]
    fn a_request_that_was_changed_is_left_out_and_a_former_mailing_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let packages = three(folder.path());
        let written = || {
            let mailing = Mailing::make(&packages, &contact(), at());
            let mailing = mailing.unwrap().unwrap();
            mailing.write(folder.path()).unwrap();
            for (name, content) in [
                (Mailing::LETTER_FILE, mailing.letter.as_bytes()),
                (Mailing::ARCHIVE_FILE, &mailing.archive),
                (Mailing::DRAFT_FILE, &mailing.draft),
            ] {
                assert_eq!(fs::read(folder.path().join(name)).unwrap(), content);
            }
            mailing
        };
        assert_eq!(written().devices, 3);
        fs::write(packages[0].path().join(Package::CODE_FILE), "other").unwrap();
        fs::remove_file(packages[1].path().join(Package::CODE_FILE)).unwrap();
        let mailing = written();
        assert_eq!(mailing.devices, 1);
        assert_eq!(names_in(&mailing), [Mailing::LETTER_FILE]);
        let none = Mailing::make(&packages[..2], &contact(), at()).unwrap();
        assert!(none.is_none());
    }

    #[test]
    fn many_files_are_attached_as_one_archive() {
        let folder = tempfile::tempdir().unwrap();
        let packages: Vec<_> = (1..=9)
            .map(|it| package(folder.path(), it, RequestKind::File))
            .collect();
        let many: Vec<_> = packages
            .iter()
            .cycle()
            .take(Mailing::MOST_ATTACHED + 1)
            .cloned()
            .collect();
        let mailing = Mailing::make(&many, &contact(), at());
        let mailing = mailing.unwrap().unwrap();
        let mut names = names_in(&mailing);
        names.dedup();
        // No name stands for two.
        assert_eq!(names.len(), Mailing::MOST_ATTACHED + 2, "{names:?}");
        let attached = attached(&parse_mail(&mailing.draft).unwrap());
        assert_eq!(attached, [Mailing::ARCHIVE_FILE]);
    }
}

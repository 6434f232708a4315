//! Finds files that may be answers, and the packages around them.

use std::{
    collections::{HashMap, HashSet},
    fmt, fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use zeroize::Zeroizing;

use super::{Answer, AnswerProblem, NotAnAnswer, Why, archive, kind, mail, mail::Attachment};
use crate::{
    CaseId, Digest, Mailing, Package,
    disk::{listed, name_of, parent, read_bounded, read_start},
    files::guid,
};

/// The result of a search for answers.
#[derive(Debug, Default)]
pub struct Collected {
    /// Files that may be answers.
    pub files: Vec<AnswerFile>,
    /// The packages found.
    pub packages: Vec<Package>,
    /// What cannot be used.
    pub problems: Vec<AnswerProblem>,
}

/// A file that may be an answer.
#[derive(Debug)]
pub struct AnswerFile {
    /// The file, as named or found. An attachment's is that of its e-mail, with its own
    /// name behind it.
    pub path: PathBuf,
    /// When the file was written, where the system tells that.
    pub written_at: Option<SystemTime>,
    /// The request that it is said to answer.
    pub case: Option<CaseId>,
    /// Its content.
    pub answer: Answer,
    /// The digest of all its bytes.
    pub raw: Digest,
    /// Whether a byte order mark before the answer was dropped.
    pub byte_order_mark: bool,
    /// The index of its package in [`Collected::packages`].
    pub package: Option<usize>,
    /// Its own name.
    pub name: String,
    /// The names of the searched folders around it, from the inside outwards; at least
    /// the nearest one. None for a file that is not on the disk.
    pub folders: Vec<String>,
}

/// A file that was received, and is not on the disk.
pub struct ReceivedFile {
    /// Its name, which is its sender's word.
    pub name: String,
    /// Its content.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Without the content.
impl fmt::Debug for ReceivedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedFile").finish_non_exhaustive()
    }
}

/// Searches for answers: in each file, in each folder and its subfolders, among the
/// attachments of e-mails (`.eml`), and in ZIP archives, also attached ones. Changes
/// nothing. Ignores the files of packages and mailings, hidden files, and pictures that
/// are not named: they are photos of labels. Links in a folder are not followed.
pub fn collect(paths: &[PathBuf]) -> Collected {
    let mut search = Search::default();
    for path in paths {
        search.named(path);
    }
    search.found
}

/// As [`collect`], in files that were received. Nothing is read from the disk or written
/// to it: of a path in a name, the last part counts.
pub fn collect_received(files: Vec<ReceivedFile>) -> Collected {
    let mut search = Search::default();
    for file in files {
        search.received(file);
    }
    search.found
}

#[derive(Default)]
struct Search {
    found: Collected,
    /// The real paths that were visited.
    seen: HashSet<PathBuf>,
    /// The folders with a record, by real path, and their packages where the record is
    /// valid.
    packages: HashMap<PathBuf, Option<usize>>,
    entries: usize,
}

/// A folder that is searched.
#[derive(Default)]
struct Folder {
    shown: PathBuf,
    real: PathBuf,
    /// The package that it is, or is part of.
    package: Option<usize>,
    names: Vec<String>,
}

/// What was read of a file or an attachment.
struct Content {
    path: PathBuf,
    name: String,
    bytes: Zeroizing<Vec<u8>>,
    written_at: Option<SystemTime>,
}

/// A kind of files with files in them.
#[derive(Clone, Copy)]
struct Container {
    /// Whether a name is that of such a file.
    is_name: fn(&str) -> bool,
    most_bytes: u64,
    too_large: NotAnAnswer,
    empty: NotAnAnswer,
    files: fn(&[u8]) -> Result<Vec<Attachment>, NotAnAnswer>,
    /// Whether archives in it are opened, too.
    opens_archives: bool,
}

impl Container {
    const MAIL: Self = Self {
        is_name: mail::is_mail,
        most_bytes: mail::MAX_BYTES,
        too_large: NotAnAnswer::TooLong,
        empty: NotAnAnswer::NoAttachment,
        files: mail::attachments,
        opens_archives: true,
    };

    const ARCHIVE: Self = Self {
        is_name: archive::is_archive,
        most_bytes: archive::MAX_BYTES,
        too_large: NotAnAnswer::ArchiveTooLarge,
        empty: NotAnAnswer::ArchiveEmpty,
        files: archive::files,
        opens_archives: false,
    };

    /// What a file is by its name.
    fn of(name: &str) -> Option<Self> {
        let kinds = [Self::MAIL, Self::ARCHIVE];
        kinds.into_iter().find(|kind| (kind.is_name)(name))
    }
}

impl Search {
    /// Searches a path that the user named. Links are followed.
    fn named(&mut self, path: &Path) {
        let looked = fs::metadata(path).and_then(|meta| Ok((meta, fs::canonicalize(path)?)));
        let (meta, real) = match looked {
            Ok(looked) => looked,
            Err(error) => return self.problem(path, Why::Unreadable(error)),
        };
        if meta.is_dir() {
            self.folder(Folder {
                shown: path.to_owned(),
                names: vec![name_of(&real)],
                real,
                package: None,
            });
        } else if meta.is_file() {
            // For a link, its own name and folder count: those the user sees.
            let shown = parent(path).to_owned();
            let folder = match fs::canonicalize(listed(&shown)) {
                Ok(folder) => folder,
                Err(error) => return self.problem(path, Why::Unreadable(error)),
            };
            let folder = Folder {
                package: self.package(&shown, &folder),
                names: vec![name_of(&folder)],
                real: folder,
                shown,
            };
            self.file(&folder, path.to_owned(), &real, true);
        } else {
            self.problem(path, Why::Special);
        }
    }

    fn folder(&mut self, mut folder: Folder) {
        if !self.seen.insert(folder.real.clone()) {
            return;
        }
        folder.package = self.package(&folder.shown, &folder.real).or(folder.package);
        let names = match names_in(&folder.shown, MAX_ENTRIES.saturating_sub(self.entries)) {
            Ok((names, all)) => {
                if !all {
                    self.problem(&folder.shown, Why::TooMany);
                }
                names
            }
            Err(error) => return self.problem(&folder.shown, Why::Unreadable(error)),
        };
        self.entries = self.entries.saturating_add(names.len());
        for name in names {
            self.entry(&folder, &name);
        }
    }

    fn entry(&mut self, folder: &Folder, name: &std::ffi::OsStr) {
        let text = name.to_string_lossy();
        if text.starts_with('.') || LITTER.contains(&&*text) {
            return;
        }
        let (shown, real) = (folder.shown.join(name), folder.real.join(name));
        match fs::symlink_metadata(&shown) {
            Err(error) => self.problem(&shown, Why::Unreadable(error)),
            Ok(meta) if meta.is_symlink() => self.problem(&shown, Why::Link),
            Ok(meta) if meta.is_file() => self.file(folder, shown, &real, false),
            Ok(meta) if meta.is_dir() && folder.names.len() > MAX_DEPTH => {
                self.problem(&shown, Why::TooDeep);
            }
            Ok(meta) if meta.is_dir() => {
                let mut names = vec![text.into_owned()];
                names.extend(folder.names.iter().cloned());
                self.folder(Folder {
                    shown,
                    real,
                    package: folder.package,
                    names,
                });
            }
            Ok(_) => self.problem(&shown, Why::Special),
        }
    }

    fn file(&mut self, folder: &Folder, path: PathBuf, real: &Path, named: bool) {
        if !self.seen.insert(real.to_owned()) {
            return;
        }
        let name = name_of(&path);
        if !named && Mailing::FILES.contains(&&*name) {
            return;
        }
        let own = own_kind(&name);
        let is_package = self.packages.contains_key(&folder.real);
        let record = self.packages.get(&folder.real).copied().flatten();
        let record = record.and_then(|index| self.found.packages.get(index));
        let request = record.and_then(|package| package.request.sha256);
        match own {
            None => {}
            Some(NotAnAnswer::Request) if request.is_some() => {}
            Some(_) if !named && is_package => return,
            Some(own) => return self.problem(&path, own.into()),
        }
        let container = Container::of(&name);
        let bytes = match container {
            Some(container) => read_bounded(&path, container.most_bytes),
            None => read_start(&path, kind::ENOUGH).map(|(bytes, _)| bytes),
        };
        let bytes = match bytes {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let why = container.map_or(NotAnAnswer::TooLong, |it| it.too_large);
                return self.problem(&path, why.into());
            }
            Err(error) => return self.problem(&path, Why::Unreadable(error)),
        };
        let written_at = fs::metadata(&path).and_then(|it| it.modified()).ok();
        let content = Content {
            path,
            name,
            bytes,
            written_at,
        };
        if let Some(container) = container {
            return self.container(folder, &content, container);
        }
        let Content { path, bytes, .. } = &content;
        let raw = Digest::of(bytes);
        if let Some(request) = request.filter(|_| own.is_some()) {
            if request != raw {
                self.problem(path, NotAnAnswer::ChangedRequest.into());
            } else if named {
                self.problem(path, NotAnAnswer::Request.into());
            }
            return;
        }
        self.content(folder, content, named);
    }

    /// A file that is not on the disk.
    fn received(&mut self, ReceivedFile { name, bytes }: ReceivedFile) {
        let nowhere = Folder::default();
        let name = mail::own_name(&name);
        let content = Content {
            path: PathBuf::from(&name),
            name,
            bytes,
            written_at: None,
        };
        let length = u64::try_from(content.bytes.len()).unwrap_or(u64::MAX);
        match (own_kind(&content.name), Container::of(&content.name)) {
            (Some(own), _) => self.problem(&content.path, own.into()),
            (None, Some(container)) if length > container.most_bytes => {
                self.problem(&content.path, container.too_large.into());
            }
            (None, Some(container)) => self.container(&nowhere, &content, container),
            (None, None) => self.content(&nowhere, content, true),
        }
    }

    /// The files in an e-mail or an archive. Their names, and that of what they are in, tell
    /// whose they are. Pictures among them are logos.
    fn container(&mut self, folder: &Folder, outer: &Content, container: Container) {
        let files = match (container.files)(&outer.bytes) {
            Ok(files) => files,
            Err(kind) => return self.problem(&outer.path, kind.into()),
        };
        let before = (self.found.files.len(), self.found.problems.len());
        for Attachment { name, bytes } in files {
            let path = outer.path.join(&name);
            let own = own_kind(name_of(&path).as_str());
            if let Some(own) = own.filter(|own| *own != NotAnAnswer::Image) {
                self.problem(&path, own.into());
                continue;
            }
            // Forwarded e-mails were opened with their own; an archive in an archive is not.
            let opens = container.opens_archives && archive::is_archive(&name);
            let content = Content {
                path,
                name: format!("{} {name}", outer.name),
                bytes,
                written_at: outer.written_at,
            };
            if opens {
                self.container(folder, &content, Container::ARCHIVE);
            } else {
                self.content(folder, content, false);
            }
        }
        if before == (self.found.files.len(), self.found.problems.len()) {
            self.problem(&outer.path, container.empty.into());
        }
    }

    fn content(&mut self, folder: &Folder, content: Content, named: bool) {
        let Content {
            path,
            name,
            bytes,
            written_at,
        } = content;
        let is_guid = name.to_ascii_lowercase().contains("guid") && guid::parse(&bytes).is_ok();
        let answer = if is_guid {
            Err(NotAnAnswer::Guid)
        } else {
            Answer::parse(&bytes)
        };
        match answer {
            Ok(answer) => self.found.files.push(AnswerFile {
                path,
                written_at,
                case: None,
                answer,
                raw: Digest::of(&bytes),
                byte_order_mark: bytes.starts_with(b"\xef\xbb\xbf"),
                package: folder.package,
                name,
                folders: folder.names.clone(),
            }),
            Err(NotAnAnswer::Image) if !named => {}
            Err(kind) => self.problem(&path, kind.into()),
        }
    }

    /// Returns the package that a folder is. Reads it once.
    fn package(&mut self, shown: &Path, real: &Path) -> Option<usize> {
        if let Some(known) = self.packages.get(real) {
            return *known;
        }
        let record = shown.join(Package::RECORD_FILE);
        fs::symlink_metadata(&record).ok()?;
        let package = match Package::read(shown) {
            Ok(package) => {
                self.found.packages.push(package);
                self.found.packages.len().checked_sub(1)
            }
            Err(error) => {
                self.problem(&record, Why::Record(error));
                None
            }
        };
        self.packages.insert(real.to_owned(), package);
        package
    }

    fn problem(&mut self, path: &Path, why: Why) {
        self.found.problems.push(AnswerProblem {
            path: path.to_owned(),
            device: None,
            why,
        });
    }
}

/// Returns the names in a folder in order, at most `most`, and whether these are all.
fn names_in(folder: &Path, most: usize) -> io::Result<(Vec<std::ffi::OsString>, bool)> {
    let mut names = Vec::new();
    for entry in fs::read_dir(listed(folder))? {
        if names.len() >= most {
            return Ok((names, false));
        }
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    Ok((names, true))
}

/// The kind of a package's own file, by its name: no answer, in whatever folder.
fn own_kind(name: &str) -> Option<NotAnAnswer> {
    let kinds = [
        (Package::CODE_FILE, NotAnAnswer::Request),
        (Package::QR_FILE, NotAnAnswer::Image),
        (Package::RECORD_FILE, NotAnAnswer::RequestRecord),
        (Package::FORM_FILE, NotAnAnswer::RequestForm),
        (Mailing::LETTER_FILE, NotAnAnswer::RequestForm),
    ];
    let own = kinds.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    own.map(|(_, kind)| *kind)
}

/// Files of file managers.
const LITTER: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// A folder of packages, its packages, and unpacked archives in them.
const MAX_DEPTH: usize = 4;

const MAX_ENTRIES: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_files_are_read_as_those_on_the_disk() {
        let mail = "From: a@example.com\r\nContent-Type: text/xml; name=S2.xml\r\n\r\nAbC12346";
        let files = [
            ("C:\\answers\\S1.xml", "AbC12345"),
            ("answer.eml", mail),
            ("DeviceKey.xml", "code"),
            ("label.gif", "GIF89a\u{1}"),
            ("answers.zip", "no archive"),
        ];
        let found = collect_received(Vec::from(files.map(|(name, text)| ReceivedFile {
            name: name.into(),
            bytes: Zeroizing::new(text.into()),
        })));
        let answers = found.files.iter().map(|it| (&*it.name, it.answer.expose()));
        let expected = [("S1.xml", "AbC12345"), ("answer.eml S2.xml", "AbC12346")];
        assert_eq!(answers.collect::<Vec<_>>(), expected);
        let problems = found.problems.iter().map(|it| match it.why {
            Why::NotAnAnswer(why) => why,
            _ => panic!("{it:?}"),
        });
        assert_eq!(
            problems.collect::<Vec<_>>(),
            [
                NotAnAnswer::Request,
                NotAnAnswer::Image,
                NotAnAnswer::ArchiveUnreadable
            ]
        );
    }
}

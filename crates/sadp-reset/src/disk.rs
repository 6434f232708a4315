//! Writes files whole or not at all, readable by their owner only, and never over
//! another file. Reads files up to a limit.

#[cfg(unix)]
use std::os::unix::fs::MetadataExt as _;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

/// An operation on a file or folder failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct FileError {
    /// The operation, e.g. `make the folder`.
    pub doing: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

impl FileError {
    /// For use with `map_err`.
    pub(crate) fn new<'a>(
        doing: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

/// Writes a new file: complete, on the disk, and on Unix with mode 0600. Fails with
/// [`io::ErrorKind::AlreadyExists`] where the name is taken. Leaves nothing behind
/// where it fails.
pub fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    NewFile::begin(path)?.finish(bytes)
}

/// A file that gets its name only once it is complete; on Unix with mode 0600. A
/// file that is dropped before that leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
}

impl NewFile {
    /// Creates the file under a temporary name in the same folder. Where this
    /// succeeds, the folder can be written.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let part = part_of(path)?;
        let file = match create_private(&part) {
            // A killed run with the same process number left it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&part)?;
                create_private(&part)?
            }
            file => file?,
        };
        let path = path.to_owned();
        Ok(Self { path, part, file })
    }

    /// The path of the finished file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the content to the disk and gives the file its name. Fails with
    /// [`io::ErrorKind::AlreadyExists`] where the name is taken.
    pub fn finish(mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
        give_name(&self.part, &self.path)?;
        // The temporary name may be a second link now.
        match fs::remove_file(&self.part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_folder(parent(&self.path)),
        }
    }

    /// As [`NewFile::finish`], but replaces a file of the same name.
    pub fn replace(self, bytes: &[u8]) -> io::Result<()> {
        self.replace_with(|out| out.write_all(bytes))
    }

    /// The same with content that is made while it is written.
    pub(crate) fn replace_with(
        mut self,
        write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(&mut self.file);
        write(&mut out)?;
        out.flush()?;
        drop(out);
        self.file.sync_all()?;
        fs::rename(&self.part, &self.path)?;
        sync_folder(parent(&self.path))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_all()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After `finish` the temporary file is already gone.
        let _ = fs::remove_file(&self.part);
    }
}

/// Returns the first `limit` bytes of a file, and whether they are the whole file.
pub(crate) fn read_start(path: &Path, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let more = limit.saturating_add(1);
    // Files with secrets are read here: a buffer that grows leaves a copy behind.
    let mut bytes = Vec::with_capacity(usize::try_from(more).unwrap_or(MAX_ROOM).min(MAX_ROOM));
    let read = File::open(path)?.take(more).read_to_end(&mut bytes)?;
    let whole = u64::try_from(read).is_ok_and(|read| read <= limit);
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, whole))
}

/// The largest buffer allocated before anything is read.
const MAX_ROOM: usize = 128 * 1024;

/// Reads a file of at most `limit` bytes. A longer one fails with
/// [`io::ErrorKind::FileTooLarge`].
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    match read_start(path, limit)? {
        (bytes, true) => Ok(bytes),
        (_, false) => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Returns the bytes without one line break at their end.
pub(crate) fn without_line_break(bytes: &[u8]) -> &[u8] {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    body.strip_suffix(b"\r").unwrap_or(body)
}

/// Creates a folder and its parents; on Unix with mode 0700. Existing folders do not
/// change.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if listed(folder).is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
    }
    match make_new_folder(folder) {
        // Another run made it meanwhile.
        Err(_) if folder.is_dir() => Ok(()),
        made => made,
    }
}

/// Creates a new folder; on Unix with mode 0700.
pub(crate) fn make_new_folder(folder: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    if let Some((user, group)) = owner_to_be(folder)? {
        std::os::unix::fs::lchown(folder, Some(user), Some(group))?;
    }
    Ok(())
}

/// The user and group that own the folder of this path, where root makes something in
/// the folder of another user: what sudo makes can be used without sudo then.
#[cfg(unix)]
fn owner_to_be(path: &Path) -> io::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let folder = fs::metadata(listed(parent(path)))?;
    let (user, group) = (folder.uid(), folder.gid());
    Ok((user != 0).then_some((user, group)))
}

/// Creates a new file with this content on the disk; on Unix with mode 0600. Its
/// name is not on the disk yet: see [`sync_folder`].
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Creates a new file; on Unix with mode 0600.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if let Some((user, group)) = owner_to_be(path)? {
        std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
    }
    Ok(file)
}

/// Writes a folder, and so the names of its new files, to the disk. Some file
/// systems, of memory sticks and network shares, do not support this.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(listed(folder))?.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix")]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns a name beside `path` that no other run uses, hidden on Unix.
pub(crate) fn part_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(part))
}

/// Returns a folder as it can be opened: "" means the current folder.
pub(crate) fn listed(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// Returns the folder of a path.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

/// Returns the last part of a path, for display and comparison.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Gives a written file its name, unless that is taken. The old name may stay.
fn give_name(part: &Path, path: &Path) -> io::Result<()> {
    // Making a hard link fails where the name is taken; renaming does not.
    match fs::hard_link(part, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        // Memory sticks have no hard links.
        Err(_) => fs::rename(part, path),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_new_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qr.png");
        write_new_file(&path, b"one").unwrap();
        let again = write_new_file(&path, b"two").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(count(folder.path()), 1);
        write_new_file(&folder.path().join("gone/qr.png"), b"").unwrap_err();
        write_new_file(Path::new("/"), b"").unwrap_err();
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.csv");
        drop(NewFile::begin(&path).unwrap());
        assert_eq!(count(folder.path()), 0);
        // As a killed run leaves the file.
        fs::write(part_of(&path).unwrap(), b"half").unwrap();
        let begun = NewFile::begin(&path).unwrap();
        assert!(!path.exists());
        begun.finish(b"one").unwrap();
        let taken = NewFile::begin(&path).unwrap().finish(b"two").unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        NewFile::begin(&path).unwrap().replace(b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(count(folder.path()), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        for write in [write_new_file, |path: &Path, bytes: &[u8]| {
            NewFile::begin(path)?.replace(bytes)
        }] {
            write(&path, b"").unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn reading_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_start(&path, 5).unwrap(), (b"12345".to_vec(), true));
        assert_eq!(read_start(&path, 4).unwrap(), (b"1234".to_vec(), false));
        let error = read_bounded(&path, 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}

//! Files that are whole or not there, for their owner alone, and never over
//! another; and reading that ends.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Writes a file that is not there yet: whole, on the disk, and on Unix with
/// mode 0600. Fails with [`io::ErrorKind::AlreadyExists`] where the name is
/// taken, and leaves nothing behind where it fails.
pub fn write_new_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    NewFile::begin(path)?.finish(bytes)
}

/// A file that has its name only once it is whole, and on Unix mode 0600. What
/// was begun and not finished leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
}

impl NewFile {
    /// Begins it under another name beside its own: whether it can be written
    /// there is known from now on.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let part = part_of(path)?;
        let file = match create_private(&part) {
            // A killed run with our process number left it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&part)?;
                create_private(&part)?
            }
            file => file?,
        };
        let path = path.to_owned();
        Ok(Self { path, part, file })
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it to the disk and gives it its name. Fails with
    /// [`io::ErrorKind::AlreadyExists`] where the name is taken.
    pub fn finish(mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
        give_name(&self.part, &self.path)?;
        // Its old name may be a second one now.
        match fs::remove_file(&self.part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_folder(parent(&self.path)),
        }
    }

    /// The same in place of a file that has the name.
    pub fn replace(mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)?;
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
        // Where it has its name there is none left.
        let _ = fs::remove_file(&self.part);
    }
}

/// The first `limit` bytes of a file, and whether that is all of it.
pub(crate) fn read_start(path: &Path, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let more = limit.saturating_add(1);
    // Secrets are read here, too: a buffer that grows leaves a copy behind.
    let mut bytes = Vec::with_capacity(usize::try_from(more).unwrap_or(MAX_ROOM).min(MAX_ROOM));
    let read = File::open(path)?.take(more).read_to_end(&mut bytes)?;
    let whole = u64::try_from(read).is_ok_and(|read| read <= limit);
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, whole))
}

/// The most that is set aside before anything is read.
const MAX_ROOM: usize = 128 * 1024;

/// A file that may be no longer than `limit` bytes. A longer one fails with
/// [`io::ErrorKind::FileTooLarge`].
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    match read_start(path, limit)? {
        (bytes, true) => Ok(bytes),
        (_, false) => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Bytes without one line break at their end.
pub(crate) fn without_line_break(bytes: &[u8]) -> &[u8] {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if body.len() < bytes.len() {
        body.strip_suffix(b"\r").unwrap_or(body)
    } else {
        bytes.strip_suffix(b"\r").unwrap_or(bytes)
    }
}

/// Makes a folder and those above it; on Unix with mode 0700. An existing one is
/// left as it is.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    builder().recursive(true).create(folder)
}

/// Makes a folder that is not there yet; on Unix with mode 0700.
pub(crate) fn make_new_folder(folder: &Path) -> io::Result<()> {
    builder().create(folder)
}

/// Makes a file that is not there yet, with this content on the disk; on Unix
/// with mode 0600. Its name may still be lost: see [`sync_folder`].
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a file that is not there yet; on Unix with mode 0600.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The name of a new file is on the disk only once its folder is. Some file
/// systems, of memory sticks and of other machines, cannot be asked for that.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(listed(folder))?.sync_all() {
        Err(error) if cannot_sync(&error) => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn cannot_sync(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
    )
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix")]
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A name beside `path` that no other run uses, hidden on Unix.
pub(crate) fn part_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(part))
}

/// A folder as it can be opened: "" is the current one for joining only.
pub(crate) fn listed(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// The folder a path lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

/// Gives a written file its name, unless that is taken. The old name may stay.
fn give_name(part: &Path, path: &Path) -> io::Result<()> {
    // A second name is refused where the name is taken; renaming is not.
    match fs::hard_link(part, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        // Memory sticks have no second names.
        Err(_) => fs::rename(part, path),
        Ok(()) => Ok(()),
    }
}

fn builder() -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "the mode is one of Unix"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qr.png");
        write_new_file(&path, b"one").unwrap();
        let again = write_new_file(&path, b"two").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_new_file(&folder.path().join("gone/qr.png"), b"").unwrap_err();
        write_new_file(Path::new("/"), b"").unwrap_err();
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.csv");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        drop(NewFile::begin(&path).unwrap());
        assert_eq!(names(), 0);
        // As a killed run leaves it.
        fs::write(part_of(&path).unwrap(), b"half").unwrap();
        let begun = NewFile::begin(&path).unwrap();
        assert!(!path.exists());
        begun.finish(b"one").unwrap();
        let taken = NewFile::begin(&path).unwrap().finish(b"two").unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        NewFile::begin(&path).unwrap().replace(b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(names(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write_new_file(&path, b"").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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

//! Refuses state that other users can replace, as OpenSSH refuses such keys: what the
//! ledger remembers decides what is sent to devices.

use std::{io, path::Path};

use crate::FileError;

/// Why a state folder, or a file in it, cannot be trusted. Only on Unix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Other users can write it.
    #[error(
        "other users can write it: take that permission away (chmod go-w) or name another folder"
    )]
    Writable,
    /// It belongs to another user, who can replace it.
    #[error("it belongs to another user: name a folder of your own")]
    OwnedByAnother,
    /// It is a symbolic link, which may lead to a file of another program.
    #[error("it is a symbolic link: move the file to this place or name another folder")]
    Link,
}

/// Fails where others can replace what is in the state folder. A link to a folder is
/// followed.
pub(crate) fn check_folder(folder: &Path) -> Result<(), FileError> {
    let checked = std::fs::metadata(folder).and_then(|found| check(&found));
    checked.map_err(FileError::new("use the state folder", folder))
}

/// Fails where others can replace or write this file of the state folder.
pub(crate) fn check_file(path: &Path) -> Result<(), FileError> {
    let checked = path.symlink_metadata().and_then(|found| check(&found));
    checked.map_err(FileError::new("use", path))
}

fn check(found: &std::fs::Metadata) -> io::Result<()> {
    if found.is_symlink() {
        return Err(io::Error::other(Untrusted::Link));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let user = rustix::process::geteuid().as_raw();
        if let Some(why) = judge(found.mode(), found.uid(), user) {
            return Err(io::Error::other(why));
        }
    }
    Ok(())
}

/// Judges by mode, owner and user. Root may use another user's folder, and root's may
/// be used by all who can.
#[cfg(unix)]
const fn judge(mode: u32, owner: u32, user: u32) -> Option<Untrusted> {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const ROOT: u32 = 0;
    if mode & WRITABLE_BY_OTHERS != 0 {
        Some(Untrusted::Writable)
    } else if owner != user && owner != ROOT && user != ROOT {
        Some(Untrusted::OwnedByAnother)
    } else {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn owner_and_mode_decide() {
        for (mode, owner, user, expected) in [
            (0o700, 1000, 1000, None),
            (0o755, 1000, 1000, None),
            (0o775, 1000, 1000, Some(Untrusted::Writable)),
            (0o1777, 0, 1000, Some(Untrusted::Writable)),
            (0o777, 0, 0, Some(Untrusted::Writable)),
            (0o700, 1001, 1000, Some(Untrusted::OwnedByAnother)),
            (0o700, 1000, 0, None),
            (0o755, 0, 1000, None),
        ] {
            assert_eq!(judge(mode, owner, user), expected, "{mode:o} {owner}");
        }
    }
}

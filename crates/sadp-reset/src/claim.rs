//! The claim on a state folder: runs that change devices take turns.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    path::Path,
};

use jiff::Timestamp;

use crate::{
    FileError,
    disk::{create_private, make_folder},
    trust::{check_file, check_folder},
};

/// The claim on a state folder. It is a lock of the system on a file there, so it ends
/// with the process, however that ends.
#[derive(Debug)]
pub struct Claim {
    _locked: File,
}

/// Who has the claim, as the claim's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimHolder {
    /// The process.
    pub process: u32,
    /// Its command, at most [`ClaimHolder::MAX_COMMAND`] characters. A text from a file:
    /// clean it before a terminal shows it.
    pub command: String,
    /// Since when it has the claim.
    pub since: Timestamp,
}

/// An attempt to take the claim.
#[derive(Debug)]
pub enum ClaimAttempt {
    /// It is taken.
    Taken(Claim),
    /// Another run has it. Who, is not known where its file cannot be read, as on
    /// Windows.
    Held(Option<ClaimHolder>),
}

impl Claim {
    /// The name of its file in the state folder.
    pub const FILE_NAME: &str = "claim";

    /// Takes the claim on `folder` for this process, or tells who has it. Creates the
    /// folder and the file where they are missing.
    ///
    /// Fails where they cannot be created or the file system has no locks.
    pub fn try_take(folder: &Path, holder: &ClaimHolder) -> Result<ClaimAttempt, FileError> {
        let path = folder.join(Self::FILE_NAME);
        let failed = |doing| FileError::new(doing, &path);
        make_folder(folder).map_err(FileError::new("make the folder", folder))?;
        check_folder(folder)?;
        match create_private(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(failed("make the claim")(error));
            }
            _ => {}
        }
        check_file(&path)?;
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = opened.map_err(failed("open the claim"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Ok(ClaimAttempt::Held(ClaimHolder::read(&mut file)));
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock the claim")(error)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.text().as_bytes()));
        written.map_err(failed("write the claim"))?;
        Ok(ClaimAttempt::Taken(Self { _locked: file }))
    }
}

impl ClaimHolder {
    /// The longest command that is kept.
    pub const MAX_COMMAND: usize = 200;

    /// This process.
    pub fn this(command: &str, since: Timestamp) -> Self {
        Self {
            process: std::process::id(),
            command: one_line(command),
            since,
        }
    }

    /// The content of the file: a line each.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.process, self.since, self.command)
    }

    fn read(file: &mut File) -> Option<Self> {
        const ENOUGH: u64 = 4096;
        let mut text = String::new();
        file.take(ENOUGH).read_to_string(&mut text).ok()?;
        let mut lines = text.lines();
        Some(Self {
            process: lines.next()?.parse().ok()?,
            since: lines.next()?.parse().ok()?,
            command: one_line(lines.next()?),
        })
    }
}

fn one_line(command: &str) -> String {
    let line = command
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it });
    line.take(ClaimHolder::MAX_COMMAND).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(folder: &Path, command: &str) -> ClaimAttempt {
        let holder = ClaimHolder::this(command, Timestamp::UNIX_EPOCH);
        Claim::try_take(folder, &holder).unwrap()
    }

    #[test]
    fn a_claim_is_held_by_one_and_names_the_holder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        let ClaimAttempt::Taken(claim) = take(&folder, "activate\n--all") else {
            panic!("it is free");
        };
        let ClaimAttempt::Held(holder) = take(&folder, "net set") else {
            panic!("it is held");
        };
        if cfg!(unix) {
            let holder = holder.unwrap();
            assert_eq!(holder.process, std::process::id());
            assert_eq!(holder.command, "activate --all");
        }
        drop(claim);
        assert!(matches!(take(&folder, "net set"), ClaimAttempt::Taken(_)));
    }

    #[test]
    fn a_claim_whose_file_says_nothing_is_held_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let ClaimAttempt::Taken(_claim) = take(folder.path(), "activate") else {
            panic!("it is free");
        };
        for text in ["", "x\ny\nz\n", "7\n"] {
            std::fs::write(folder.path().join(Claim::FILE_NAME), text).unwrap();
            assert!(matches!(take(folder.path(), ""), ClaimAttempt::Held(None)));
        }
    }
}

//! Opens the file, privately and durably, and waits for other runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    Ledger, LedgerError,
    error::Result,
    schema::{self, FileState},
};
use crate::{
    FileError,
    disk::{create_private, make_folder, sync_folder},
    trust::{check_file, check_folder},
};

impl Ledger {
    /// Opens the ledger in `folder` for reading and writing. A missing folder or
    /// file is created; on Unix with modes 0700 and 0600. The modes of existing
    /// ones do not change. A ledger of an older version is migrated.
    ///
    /// Fails where folder or file cannot be created, read or written, where the
    /// file is not a ledger, is damaged or was written by a newer version, and
    /// where another run keeps it busy.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(Self::FILE_NAME);
        let when = LedgerError::when("open", &path);
        let mut connection = {
            let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
            make_folder(folder).map_err(FileError::new("make the folder", folder))?;
            check_folder(folder)?;
            make_file(folder, &path).map_err(FileError::new("make the ledger", &path))?;
            check_file(&path)?;
            connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&when)?
        };
        let found = schema::migrate(&mut connection).map_err(&when)?;
        refuse_other_files(found, &path)?;
        write_ahead(&connection).map_err(&when)?;
        Ok(Self { connection, path })
    }

    /// Opens the ledger in `folder` for reading, or returns `None` where there is
    /// none yet. Creates nothing. Calls that write fail with
    /// [`LedgerError::ReadOnly`]; but a ledger of an older version is migrated, and
    /// then may be written.
    ///
    /// Works in a read-only folder, unless a killed run left writes in a `-wal`
    /// file there without its `-shm`.
    pub fn open_existing(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(Self::FILE_NAME);
        let when = LedgerError::when("open", &path);
        match fs::metadata(&path) {
            // Created, but never filled: the run was killed in between.
            Ok(file) if file.is_file() && file.len() == 0 => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(FileError::new("look at the ledger", &path)(error).into()),
        }
        check_folder(folder)?;
        check_file(&path)?;
        let (connection, found) = look(&path).map_err(&when)?;
        refuse_other_files(found, &path)?;
        match found {
            FileState::Ledger(version) if version < schema::NEWEST => Self::open(folder).map(Some),
            FileState::Ledger(_) => {
                let query_only = connection.pragma_update(None, "query_only", true);
                query_only.map_err(&when)?;
                Ok(Some(Self { connection, path }))
            }
            FileState::Empty | FileState::Foreign => Ok(None),
        }
    }
}

/// Opens a file for reading and determines its content.
fn look(path: &Path) -> rusqlite::Result<(Connection, FileState)> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    // Write access lets SQLite create and remove its files beside this one. Without
    // it SQLite opens the file for reading by itself.
    match connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(with_state) {
        // SQLite may read the file, but not create those beside it.
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
            ) && is_at_rest(path) =>
        {
            connect_at_rest(path).and_then(with_state)
        }
        looked => looked,
    }
}

fn with_state(mut connection: Connection) -> rusqlite::Result<(Connection, FileState)> {
    let state = schema::look(&mut connection)?;
    Ok((connection, state))
}

fn refuse_other_files(found: FileState, path: &Path) -> Result<()> {
    match found {
        FileState::Ledger(found) if found > schema::NEWEST => Err(LedgerError::NewerSchema {
            path: path.to_owned(),
            found,
            known: schema::NEWEST,
        }),
        FileState::Foreign => Err(LedgerError::NotALedger(path.to_owned())),
        FileState::Ledger(_) | FileState::Empty => Ok(()),
    }
}

/// POSIX drops all locks of a process on a file as soon as the process closes any
/// handle of it. So while one thread creates and closes the file, no other thread
/// may open and lock it.
static OPENING: Mutex<()> = Mutex::new(());

/// Creates the file, empty and readable by its owner only, unless it exists. SQLite
/// would make it readable by everyone; the files beside it get its mode.
fn make_file(folder: &Path, path: &Path) -> io::Result<()> {
    match create_private(path) {
        Ok(file) => {
            file.sync_all()?;
            drop(file);
            sync_folder(folder)
        }
        // An existing file is not opened here: see `OPENING`.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Protected, but possibly there: opening it shows.
        Err(_) if path.is_file() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Waits for another run to release the file. Returns whether to try again, for
/// five seconds.
///
/// SQLite's own handler soon tries only ten times a second. A run that writes
/// without a pause could then keep another from writing for longer than that.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite takes no clock, and another process cannot be awaited"
)]
fn wait_for_turn(tries: i32) -> bool {
    const PAUSE: Duration = Duration::from_millis(2);
    const MOST: i32 = 2500;
    if tries < MOST {
        std::thread::sleep(PAUSE);
    }
    tries < MOST
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // A connection is used by one thread at a time: it is not `Sync`.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(wait_for_turn))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Every commit is on the disk before it returns; macOS needs both settings.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(connection)
}

/// Switches to a write-ahead log, so that reading never waits for writing. A file
/// system without support for it works with SQLite's default.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    const ROUNDS: u32 = 100;
    let mut result = Ok(());
    for _ in 0..ROUNDS {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        result = mode.map(|_: String| ());
        match &result {
            // SQLite does not wait for other runs here. Taking the write lock does.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
            }
            _ => break,
        }
    }
    result
}

/// Whether all writes are in the file itself.
fn is_at_rest(path: &Path) -> bool {
    ["-wal", "-journal"].iter().all(|ending| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        match fs::metadata(PathBuf::from(beside)) {
            Ok(file) => file.len() == 0,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    })
}

/// Opens a file that nobody can be writing, without creating or locking anything.
fn connect_at_rest(path: &Path) -> rusqlite::Result<Connection> {
    let uri = immutable_uri(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    connect(Path::new(&uri), flags)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    if path.is_absolute() {
        uri.push_str("//");
        // A drive letter follows the root of a URI: file:///C:/...
        if cfg!(windows) {
            uri.push('/');
        }
    }
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b':' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.extend(["%", &format!("{byte:02X}")]),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::*;

    #[test]
    fn commits_are_synced_and_logged_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let full = 2.into();
        for (name, expected) in [
            ("synchronous", full),
            ("journal_mode", Value::from("wal".to_owned())),
            ("foreign_keys", 1.into()),
        ] {
            let value = ledger
                .connection
                .pragma_query_value(None, name, |row| row.get(0));
            assert_eq!(value, Ok(expected), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn any_path_makes_a_uri() {
        for (path, uri) in [
            ("/a b/?#%", "file:///a%20b/%3F%23%25?immutable=1"),
            ("state/ü", "file:state/%C3%BC?immutable=1"),
            ("//host/x", "file:////host/x?immutable=1"),
        ] {
            assert_eq!(immutable_uri(Path::new(path)), uri);
        }
    }
}

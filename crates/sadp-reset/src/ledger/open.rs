//! From a folder to a connection that waits, lasts and keeps to itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    Ledger, LedgerError,
    schema::{self, Found},
};
use crate::disk::{create_private, make_folder, sync_folder};

pub(super) fn open(folder: &Path) -> Result<Ledger, LedgerError> {
    let path = folder.join(Ledger::FILE_NAME);
    let when = LedgerError::when("open", &path);
    let mut connection = {
        let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        make_folder(folder).map_err(LedgerError::file("make the folder", folder))?;
        make_file(folder, &path).map_err(LedgerError::file("make the ledger", &path))?;
        connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&when)?
    };
    let found = schema::migrate(&mut connection).map_err(&when)?;
    refuse_other_files(found, &path)?;
    write_ahead(&connection).map_err(&when)?;
    Ok(Ledger { connection, path })
}

pub(super) fn open_existing(folder: &Path) -> Result<Option<Ledger>, LedgerError> {
    let path = folder.join(Ledger::FILE_NAME);
    let when = LedgerError::when("open", &path);
    match fs::metadata(&path) {
        // Made, but never filled: the run was killed in between.
        Ok(file) if file.is_file() && file.len() == 0 => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(LedgerError::file("look at the ledger", &path)(error)),
    }
    let (connection, found) = look(&path).map_err(&when)?;
    refuse_other_files(found, &path)?;
    match found {
        Found::Ledger(version) if version < schema::NEWEST => open(folder).map(Some),
        Found::Ledger(_) => {
            let query_only = connection.pragma_update(None, "query_only", true);
            query_only.map_err(&when)?;
            Ok(Some(Ledger { connection, path }))
        }
        Found::Empty | Found::Foreign => Ok(None),
    }
}

/// Opens a file for reading and says what it is.
fn look(path: &Path) -> rusqlite::Result<(Connection, Found)> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let look = |mut connection| schema::look(&mut connection).map(|found| (connection, found));
    // Write access lets SQLite make and remove the files it keeps beside this
    // one. Where there is none, it opens the file for reading by itself.
    match connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(look) {
        Err(error) if cannot_make_files(&error) && is_at_rest(path) => {
            connect_at_rest(path).and_then(look)
        }
        looked => looked,
    }
}

fn refuse_other_files(found: Found, path: &Path) -> Result<(), LedgerError> {
    match found {
        Found::Ledger(found) if found > schema::NEWEST => Err(LedgerError::NewerSchema {
            path: path.to_owned(),
            found,
            known: schema::NEWEST,
        }),
        Found::Foreign => Err(LedgerError::NotALedger {
            path: path.to_owned(),
        }),
        Found::Ledger(_) | Found::Empty => Ok(()),
    }
}

/// POSIX drops all of a process's locks on a file as soon as it closes any
/// handle of it. So while one thread makes the file and closes it, no other may
/// open it and lock it.
static OPENING: Mutex<()> = Mutex::new(());

/// Makes the file, empty and for its owner alone, unless it is there. SQLite
/// would make it for everyone to read; the files beside it take on its mode.
fn make_file(folder: &Path, path: &Path) -> io::Result<()> {
    match create_private(path) {
        Ok(file) => {
            file.sync_all()?;
            drop(file);
            sync_folder(folder)
        }
        // An existing file is not opened here, for the reason told at `OPENING`.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Protected, but possibly there; opening it tells.
        Err(_) if path.is_file() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Waits for another run to let go of the file; says whether to try again,
/// which is so for five seconds.
///
/// SQLite's own waiting soon asks only ten times a second. A run that writes
/// without a pause is then met between two writes so rarely that it can keep
/// another from writing for longer than that.
#[expect(
    clippy::disallowed_methods,
    reason = "SQLite cannot be told the time, and another process cannot be awaited"
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
    // Every commit is on the disk before it returns; macOS needs to be asked twice.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(connection)
}

/// Switches to a write-ahead log, so that reading never waits for writing.
/// Where the file system cannot have one, the file works without.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    const ROUNDS: u32 = 100;
    let mut result = Ok(());
    for _ in 0..ROUNDS {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        result = mode.map(|_: String| ());
        match &result {
            // SQLite does not wait for other runs in this one place. Taking the
            // right to write waits for them.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
            }
            _ => break,
        }
    }
    result
}

/// What SQLite says where it may read the file, but not make those beside it.
fn cannot_make_files(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Whether all that was written stands in the file itself.
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

/// Opens a file that nobody can be writing, without making or locking anything.
fn connect_at_rest(path: &Path) -> rusqlite::Result<Connection> {
    let uri = immutable_uri(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    connect(Path::new(&uri), flags)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    if path.is_absolute() {
        uri.push_str("//");
        // A drive stands behind the root of a URI: file:///C:/...
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
    use super::*;

    #[test]
    fn commits_are_synced_and_logged_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path()).unwrap();
        let pragma = |name| -> rusqlite::types::Value {
            let value = ledger
                .connection
                .pragma_query_value(None, name, |row| row.get(0));
            value.unwrap()
        };
        assert_eq!(pragma("synchronous"), 2.into(), "FULL");
        assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
        assert_eq!(pragma("foreign_keys"), 1.into());
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

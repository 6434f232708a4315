//! The tables, and the migration of older ledgers.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

/// The newest schema version that this build knows.
pub(super) const NEWEST: i64 = 10;

/// The content of a file before any change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileState {
    /// Empty.
    Empty,
    /// A ledger, with its schema version.
    Ledger(i64),
    /// Another program's database.
    Foreign,
}

/// Determines the file's content without a change. A ledger that is incomplete, or
/// whose tables are not those of its version, is an error: pages in a loop, or a
/// view instead of a table, could be read for ever.
pub(super) fn look(connection: &mut Connection) -> rusqlite::Result<FileState> {
    // One transaction, or another run could fill the file between the queries.
    let transaction = connection.transaction()?;
    let found = look_within(&transaction)?;
    if let FileState::Ledger(version) = found
        && let Some(steps) = usize::try_from(version)
            .ok()
            .and_then(|steps| STEPS.get(..steps))
    {
        // No view or trigger of another program runs before this check.
        if objects(&transaction)? != objects(&made_by(steps)?)? {
            return Err(damaged("its tables are not those of a ledger"));
        }
        check_pages(&transaction)?;
    }
    transaction.commit()?;
    Ok(found)
}

/// Migrates the file to the newest schema, all steps or none, and returns its
/// earlier content. A newer ledger and another program's file do not change.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<FileState> {
    let found = look(connection)?;
    if steps_missing(found).is_empty() {
        return Ok(found);
    }
    // Another run may have migrated it meanwhile: look again with the write lock.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = look_within(&transaction)?;
    let missing = steps_missing(found);
    if !missing.is_empty() {
        for step in missing {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", PROGRAM)?;
        transaction.pragma_update(None, "user_version", NEWEST)?;
    }
    transaction.commit()?;
    Ok(found)
}

/// Makes a ledger of these steps in memory.
fn made_by(steps: &[&str]) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for step in steps {
        connection.execute_batch(step)?;
    }
    Ok(connection)
}

/// Returns the tables, indexes and triggers of a file with their SQL.
fn objects(connection: &Connection) -> rusqlite::Result<BTreeSet<[Option<String>; 4]>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
    let mut query = connection.prepare(sql)?;
    let objects = query.query_map([], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    })?;
    objects.collect()
}

/// Checks every page of the file once.
fn check_pages(connection: &Connection) -> rusqlite::Result<()> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    // SQLite's message may hold names and values from the file: leave it out.
    if found == "ok" {
        Ok(())
    } else {
        Err(damaged("its pages do not fit together"))
    }
}

fn damaged(what: &str) -> rusqlite::Error {
    let code = ffi::Error::new(ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(what.into()))
}

fn look_within(transaction: &Transaction<'_>) -> rusqlite::Result<FileState> {
    let sql = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
        FROM pragma_application_id, pragma_user_version";
    let numbers: [i64; 3] =
        transaction.query_row(sql, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    Ok(match numbers {
        [PROGRAM, version, _] if version > 0 => FileState::Ledger(version),
        [0, 0, 0] => FileState::Empty,
        _ => FileState::Foreign,
    })
}

fn steps_missing(found: FileState) -> &'static [&'static str] {
    let done = match found {
        FileState::Empty => 0,
        FileState::Ledger(version) => usize::try_from(version).unwrap_or(usize::MAX),
        FileState::Foreign => usize::MAX,
    };
    STEPS.get(done..).unwrap_or(&[])
}

/// Marks the file as a ledger: "SADP".
const PROGRAM: i64 = 0x5341_4450;

/// The SQL from each schema version to the next; the first creates the file. A
/// released step never changes.
const STEPS: [&str; 10] = [
    // Unknown values are null. Times are seconds since 1970.
    "CREATE TABLE locks (
        mac TEXT, serial TEXT,
        until INTEGER NOT NULL,
        told_at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX lock_of_device ON locks (ifnull(mac, ''), ifnull(serial, ''));

    CREATE TABLE tries (
        mac TEXT, serial TEXT,
        left INTEGER NOT NULL,
        told_at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX tries_of_device ON tries (ifnull(mac, ''), ifnull(serial, ''));

    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mac TEXT, serial TEXT, address TEXT,
        action TEXT NOT NULL,
        begun_at INTEGER NOT NULL,
        result TEXT,
        refusal TEXT CHECK (length(refusal) <= 64),
        number INTEGER, tries_left INTEGER, lock_minutes INTEGER,
        finished_at INTEGER,
        CHECK ((result IS NULL) = (finished_at IS NULL))
    ) STRICT;
    CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
    BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
    CREATE TRIGGER attempts_are_not_replaced BEFORE INSERT ON attempts
    WHEN EXISTS (SELECT 1 FROM attempts WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
    CREATE TRIGGER attempts_begin_without_result BEFORE INSERT ON attempts
    WHEN NEW.result IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'attempts are finished after they are begun'); END;
    CREATE TRIGGER attempts_are_finished_once BEFORE UPDATE ON attempts
    WHEN OLD.result IS NOT NULL OR NEW.result IS NULL
        OR NEW.id IS NOT OLD.id OR NEW.mac IS NOT OLD.mac
        OR NEW.serial IS NOT OLD.serial OR NEW.address IS NOT OLD.address
        OR NEW.action IS NOT OLD.action OR NEW.begun_at IS NOT OLD.begun_at
    BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;",
    // Cases are requests to the vendor's support. A boot time is the device's local
    // time, without a zone.
    "CREATE TABLE cases (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mac TEXT, serial TEXT, address TEXT,
        kind TEXT NOT NULL,
        command TEXT,
        sha256 TEXT CHECK (length(sha256) = 64),
        boot_time TEXT,
        exported_at INTEGER NOT NULL,
        package TEXT NOT NULL,
        package_name TEXT NOT NULL,
        ending TEXT,
        ended_at INTEGER,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL),
        CHECK ((ending IS NULL) = (ended_at IS NULL))
    ) STRICT;
    CREATE TRIGGER cases_stay BEFORE DELETE ON cases
    BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;
    CREATE TRIGGER cases_are_not_replaced BEFORE INSERT ON cases
    WHEN EXISTS (SELECT 1 FROM cases WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;
    CREATE TRIGGER cases_begin_open BEFORE INSERT ON cases
    WHEN NEW.ending IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'cases are closed after they are opened'); END;
    CREATE TRIGGER a_device_has_one_open_case BEFORE INSERT ON cases
    WHEN EXISTS (SELECT 1 FROM cases WHERE ending IS NULL AND (
        (mac = NEW.mac AND ifnull(serial = NEW.serial, 1))
        OR (serial = NEW.serial AND (mac IS NULL OR NEW.mac IS NULL))))
    BEGIN SELECT RAISE(ABORT, 'the device has an open case'); END;
    CREATE TRIGGER cases_are_closed_once BEFORE UPDATE ON cases
    WHEN OLD.ending IS NOT NULL OR NEW.ending IS NULL
        OR NEW.id IS NOT OLD.id OR NEW.mac IS NOT OLD.mac
        OR NEW.serial IS NOT OLD.serial OR NEW.address IS NOT OLD.address
        OR NEW.kind IS NOT OLD.kind OR NEW.command IS NOT OLD.command
        OR NEW.sha256 IS NOT OLD.sha256 OR NEW.boot_time IS NOT OLD.boot_time
        OR NEW.exported_at IS NOT OLD.exported_at OR NEW.package IS NOT OLD.package
        OR NEW.package_name IS NOT OLD.package_name
    BEGIN SELECT RAISE(ABORT, 'cases are append-only'); END;

    CREATE TABLE guids (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mac TEXT, serial TEXT,
        file_name TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        encrypted INTEGER NOT NULL CHECK (encrypted IN (0, 1)),
        exported_at INTEGER NOT NULL,
        void_why TEXT,
        void_at INTEGER,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL),
        CHECK ((void_why IS NULL) = (void_at IS NULL))
    ) STRICT;
    CREATE TRIGGER guids_stay BEFORE DELETE ON guids
    BEGIN SELECT RAISE(ABORT, 'guids are append-only'); END;
    CREATE TRIGGER guids_are_not_replaced BEFORE INSERT ON guids
    WHEN EXISTS (SELECT 1 FROM guids WHERE id = NEW.id OR file_name = NEW.file_name)
    BEGIN SELECT RAISE(ABORT, 'guids are append-only'); END;
    CREATE TRIGGER guids_begin_valid BEFORE INSERT ON guids
    WHEN NEW.void_why IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'guids become void after they are exported'); END;
    CREATE TRIGGER guids_become_void_once BEFORE UPDATE ON guids
    WHEN OLD.void_why IS NOT NULL OR NEW.void_why IS NULL
        OR NEW.id IS NOT OLD.id OR NEW.mac IS NOT OLD.mac
        OR NEW.serial IS NOT OLD.serial OR NEW.file_name IS NOT OLD.file_name
        OR NEW.sha256 IS NOT OLD.sha256 OR NEW.encrypted IS NOT OLD.encrypted
        OR NEW.exported_at IS NOT OLD.exported_at
    BEGIN SELECT RAISE(ABORT, 'guids are append-only'); END;",
    // GUIDs from any file that a device accepted or reported as invalid, by the
    // digest of the GUID itself.
    "CREATE TABLE spent_guids (
        mac TEXT, serial TEXT,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        why TEXT NOT NULL,
        at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE TRIGGER spent_guids_stay BEFORE DELETE ON spent_guids
    BEGIN SELECT RAISE(ABORT, 'spent guids are append-only'); END;
    CREATE TRIGGER spent_guids_are_not_changed BEFORE UPDATE ON spent_guids
    BEGIN SELECT RAISE(ABORT, 'spent guids are append-only'); END;",
    // No new table: attempts have new words, from `set-up-read` to `deactivate`.
    "",
    // Devices with one number have one password. The number is random. And attempts
    // have a new word: `questions-read`, which was `questions-show`.
    "CREATE TABLE passwords (
        mac TEXT, serial TEXT,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX password_of_device ON passwords (ifnull(mac, ''), ifnull(serial, ''));",
    // The account that a device reported when it last accepted a secret, and from which
    // address a device moved without having accepted one since.
    "CREATE TABLE accounts (
        mac TEXT, serial TEXT,
        user_name TEXT NOT NULL CHECK (length(user_name) <= 64),
        salted INTEGER NOT NULL CHECK (salted IN (0, 1)),
        at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX account_of_device ON accounts (ifnull(mac, ''), ifnull(serial, ''));
    CREATE TABLE moves (
        mac TEXT, serial TEXT,
        former TEXT NOT NULL,
        at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX move_of_device ON moves (ifnull(mac, ''), ifnull(serial, ''));",
    // What people call devices.
    "CREATE TABLE site_names (
        mac TEXT PRIMARY KEY,
        name TEXT CHECK (length(name) <= 64),
        place TEXT CHECK (length(place) <= 64),
        at INTEGER NOT NULL,
        CHECK (name IS NOT NULL OR place IS NOT NULL)
    ) STRICT;",
    // The certificate by which a device is known over HTTPS, and when it was seen first.
    "CREATE TABLE certificates (
        mac TEXT, serial TEXT,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        at INTEGER NOT NULL,
        CHECK (mac IS NOT NULL OR serial IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX certificate_of_device ON certificates (ifnull(mac, ''), ifnull(serial, ''));
    CREATE TABLE certificates_at (
        address TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        at INTEGER NOT NULL
    ) STRICT;",
    // Whether attempts whose result was unknown were carried out, as a login showed.
    "CREATE TABLE settled (
        attempt INTEGER PRIMARY KEY REFERENCES attempts (id),
        carried_out INTEGER NOT NULL CHECK (carried_out IN (0, 1)),
        at INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER settled_stay BEFORE DELETE ON settled
    BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
    CREATE TRIGGER settled_do_not_change BEFORE UPDATE ON settled
    BEGIN SELECT RAISE(ABORT, 'attempts are append-only'); END;
    CREATE TRIGGER only_unknown_attempts_are_settled BEFORE INSERT ON settled
    WHEN EXISTS (SELECT 1 FROM settled WHERE attempt = NEW.attempt)
        OR NOT EXISTS (SELECT 1 FROM attempts
            WHERE id = NEW.attempt AND ifnull(result, 'unknown') = 'unknown')
    BEGIN SELECT RAISE(ABORT, 'attempts are settled once, where their result is unknown'); END;",
    // The attempts of one device are found without a look at all others.
    "CREATE INDEX attempts_by_mac ON attempts (mac);
    CREATE INDEX attempts_by_serial ON attempts (serial);",
];

#[cfg(test)]
mod tests;

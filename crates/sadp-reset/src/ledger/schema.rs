//! The tables, and the migration of older ledgers.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};

/// The newest schema version that this build knows.
pub(super) const NEWEST: i64 = 9;

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
const STEPS: [&str; 9] = [
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
    CREATE UNIQUE INDEX certificate_of_device ON certificates (ifnull(mac, ''), ifnull(serial, ''));",
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
];

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Empty);
        let rows = "INSERT INTO attempts (mac, action, begun_at) VALUES ('m', 'locate', 1), ('m', 'locate', 2);
            UPDATE attempts SET result = 'done', finished_at = 3 WHERE id = 1";
        connection.execute_batch(rows).unwrap();
        connection
    }

    fn number(connection: &Connection, query: &str) -> i64 {
        let query = format!("SELECT {query}");
        connection.query_row(&query, [], |row| row.get(0)).unwrap()
    }

    /// A ledger as an older version made it.
    fn of_version(version: usize) -> Connection {
        let connection = made_by(&STEPS[..version]).unwrap();
        let marks = [
            ("application_id", PROGRAM),
            ("user_version", i64::try_from(version).unwrap()),
        ];
        for (name, value) in marks {
            connection.pragma_update(None, name, value).unwrap();
        }
        connection
    }

    #[test]
    fn every_version_has_its_step() {
        assert_eq!(i64::try_from(STEPS.len()), Ok(NEWEST));
    }

    #[test]
    fn attempts_cannot_be_deleted_changed_or_replaced() {
        let connection = filled();
        for change in [
            "DELETE FROM attempts",
            "DELETE FROM attempts WHERE id = 2",
            "UPDATE attempts SET result = 'refused' WHERE id = 1",
            "UPDATE attempts SET result = NULL, finished_at = NULL WHERE id = 1",
            "UPDATE attempts SET refusal = 'locked' WHERE id = 2",
            "UPDATE attempts SET result = 'done' WHERE id = 2",
            "UPDATE attempts SET result = 'done', finished_at = 4, action = 'net-set' WHERE id = 2",
            "UPDATE attempts SET result = 'done', finished_at = 4, id = 9 WHERE id = 2",
            "UPDATE attempts SET result = 'done', finished_at = 4, mac = NULL WHERE id = 2",
            "REPLACE INTO attempts (id, action, begun_at) VALUES (1, 'locate', 9)",
            "INSERT INTO attempts (action, begun_at, result, finished_at) VALUES ('locate', 9, 'done', 9)",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        let sum = "sum(id * 100 + begun_at * 10 + ifnull(finished_at, 0)) FROM attempts";
        assert_eq!(number(&connection, sum), 113 + 220, "nothing changed");
    }

    /// Rows of the second step: an open case, a closed one, a GUID, a void one.
    fn filled_with_cases() -> Connection {
        let connection = filled();
        let rows = "INSERT INTO cases (mac, kind, exported_at, package, package_name)
                VALUES ('m', 'file', 1, '/p', 'p'), ('n', 'file', 2, '/q', 'q');
            UPDATE cases SET ending = 'recovered', ended_at = 3 WHERE id = 1;
            INSERT INTO guids (mac, file_name, sha256, encrypted, exported_at)
                VALUES ('m', 'f', printf('%064d', 0), 0, 1), ('m', 'g', printf('%064d', 0), 1, 2);
            UPDATE guids SET void_why = 'used', void_at = 3 WHERE id = 1";
        connection.execute_batch(rows).unwrap();
        connection
    }

    #[test]
    fn cases_and_guids_cannot_be_deleted_changed_or_replaced() {
        let connection = filled_with_cases();
        for change in [
            "DELETE FROM cases",
            "UPDATE cases SET ending = 'spent' WHERE id = 1",
            "UPDATE cases SET ending = NULL, ended_at = NULL WHERE id = 1",
            "UPDATE cases SET package = '/r' WHERE id = 2",
            "UPDATE cases SET ending = 'spent' WHERE id = 2",
            "UPDATE cases SET ending = 'spent', ended_at = 4, sha256 = NULL, mac = 'o' WHERE id = 2",
            "UPDATE cases SET ending = 'spent', ended_at = 4, boot_time = 'b' WHERE id = 2",
            "REPLACE INTO cases (id, mac, kind, exported_at, package, package_name)
                VALUES (2, 'n', 'file', 9, '/r', 'r')",
            "INSERT INTO cases (kind, exported_at, package, package_name) VALUES ('file', 9, '', '')",
            "INSERT INTO cases (mac, kind, exported_at, package, package_name, ending, ended_at)
                VALUES ('o', 'file', 9, '', '', 'spent', 9)",
            "INSERT INTO cases (mac, kind, exported_at, package, package_name, sha256)
                VALUES ('o', 'file', 9, '', '', 'short')",
            "INSERT INTO cases (mac, kind, exported_at, package, package_name)
                VALUES ('n', 'file', 9, '', '')",
            "DELETE FROM guids",
            "UPDATE guids SET void_why = 'password-changed' WHERE id = 1",
            "UPDATE guids SET void_why = NULL, void_at = NULL WHERE id = 1",
            "UPDATE guids SET file_name = 'h' WHERE id = 2",
            "UPDATE guids SET void_why = 'used', void_at = 4, encrypted = 0 WHERE id = 2",
            "REPLACE INTO guids (mac, file_name, sha256, encrypted, exported_at)
                VALUES ('m', 'g', printf('%064d', 0), 0, 1)",
            "INSERT INTO guids (mac, file_name, sha256, encrypted, exported_at)
                VALUES ('m', 'h', printf('%064d', 0), 2, 1)",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        assert_eq!(
            number(&connection, "count(*) FROM cases WHERE ending IS NULL"),
            1
        );
        assert_eq!(
            number(&connection, "count(*) FROM guids WHERE void_at IS NULL"),
            1
        );
        assert_eq!(number(&connection, "count(*) FROM cases, guids"), 4);
    }

    #[test]
    fn released_steps_are_as_they_were() {
        let digests = STEPS.map(|step| crate::Digest::of(step.as_bytes()).to_string());
        assert_eq!(
            digests[0], "33ac13e42f034ae80f1f38e1852e9d6b7516640c98237f3f678317c64ef3863a",
            "files of version 1 are with users"
        );
    }

    #[test]
    fn a_ledger_of_the_first_version_keeps_its_rows() {
        let mut connection = of_version(1);
        let rows = "INSERT INTO attempts (mac, action, begun_at) VALUES ('m', 'locate', 1);
            INSERT INTO locks VALUES ('m', NULL, 60, 1);
            INSERT INTO tries VALUES ('m', NULL, 3, 1)";
        connection.execute_batch(rows).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(1));
        assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
        let rows = "count(*) FROM attempts, locks, tries WHERE until = 60 AND left = 3";
        assert_eq!(number(&connection, rows), 1);
        assert_eq!(number(&connection, "count(*) FROM cases"), 0);
    }

    #[test]
    fn a_ledger_of_the_second_version_gets_a_place_for_spent_guids() {
        let mut connection = of_version(2);
        let rows = "INSERT INTO guids (mac, file_name, sha256, encrypted, exported_at)
            VALUES ('m', 'g', printf('%064d', 0), 0, 1)";
        connection.execute_batch(rows).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(2));
        assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
        let spent = "INSERT INTO spent_guids VALUES ('m', NULL, printf('%064d', 0), 'used', 2)";
        connection.execute_batch(spent).unwrap();
        for change in [
            "DELETE FROM spent_guids",
            "UPDATE spent_guids SET at = 3",
            "INSERT INTO spent_guids VALUES (NULL, NULL, printf('%064d', 0), 'used', 2)",
            "INSERT INTO spent_guids VALUES ('m', NULL, 'short', 'used', 2)",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        let rows = "count(*) FROM guids JOIN spent_guids USING (mac, sha256) WHERE at = 2";
        assert_eq!(number(&connection, rows), 1);
    }

    #[test]
    fn a_ledger_of_the_fifth_version_gets_a_place_for_accounts_and_moves() {
        let mut connection = of_version(5);
        let rows = "INSERT INTO passwords VALUES ('m', NULL, 7, 1)";
        connection.execute_batch(rows).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(5));
        assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
        let rows = "INSERT INTO accounts VALUES ('m', NULL, 'admin', 1, 2);
            INSERT INTO moves VALUES ('m', NULL, '10.0.0.1', 2)";
        connection.execute_batch(rows).unwrap();
        for change in [
            "INSERT INTO accounts VALUES ('n', NULL, 'admin', 2, 2)",
            "INSERT INTO accounts VALUES ('n', NULL, printf('%065d', 0), 1, 2)",
            "INSERT INTO accounts VALUES ('m', NULL, 'admin', 0, 3)",
            "INSERT INTO accounts VALUES (NULL, NULL, 'admin', 1, 2)",
            "INSERT INTO moves VALUES (NULL, NULL, '10.0.0.1', 2)",
            "INSERT INTO moves VALUES ('m', NULL, '10.0.0.2', 3)",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        let rows = "count(*) FROM passwords, accounts, moves WHERE number = 7";
        assert_eq!(number(&connection, rows), 1);
    }

    #[test]
    fn a_ledger_of_the_seventh_version_gets_a_place_for_certificates() {
        let mut connection = of_version(7);
        let rows = "INSERT INTO site_names VALUES ('m', 'Gate', NULL, 1)";
        connection.execute_batch(rows).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(7));
        assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
        let row = "INSERT INTO certificates VALUES ('m', NULL, printf('%064d', 0), 2)";
        connection.execute_batch(row).unwrap();
        for change in [
            "INSERT INTO certificates VALUES ('n', NULL, 'short', 2)",
            "INSERT INTO certificates VALUES (NULL, NULL, printf('%064d', 0), 2)",
            "INSERT INTO certificates VALUES ('m', NULL, printf('%064d', 1), 3)",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        let rows = "count(*) FROM site_names JOIN certificates USING (mac) WHERE name = 'Gate'";
        assert_eq!(number(&connection, rows), 1);
    }

    #[test]
    fn a_ledger_of_the_seventh_version_settles_its_unknown_attempts() {
        let mut connection = of_version(7);
        let rows = "INSERT INTO attempts (mac, action, begun_at)
                VALUES ('m', 'locate', 1), ('m', 'locate', 2), ('m', 'locate', 3);
            UPDATE attempts SET result = 'done', finished_at = 3 WHERE id = 1;
            UPDATE attempts SET result = 'unknown', finished_at = 3 WHERE id = 2";
        connection.execute_batch(rows).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(7));
        assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
        let rows = "INSERT INTO settled VALUES (2, 1, 4), (3, 0, 4)";
        connection.execute_batch(rows).unwrap();
        for change in [
            "INSERT INTO settled VALUES (1, 1, 5)",
            "INSERT INTO settled VALUES (2, 0, 5)",
            "REPLACE INTO settled VALUES (2, 0, 5)",
            "INSERT INTO settled VALUES (9, 1, 5)",
            "UPDATE settled SET carried_out = 0 WHERE attempt = 2",
            "DELETE FROM settled",
        ] {
            connection.execute_batch(change).expect_err(change);
        }
        let sum = "sum(attempt * 100 + carried_out * 10 + at) FROM settled";
        assert_eq!(number(&connection, sum), 214 + 304, "nothing changed");
    }

    #[test]
    fn a_settled_file_is_not_written() {
        let mut connection = filled();
        connection.pragma_update(None, "query_only", true).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(NEWEST));
    }
}

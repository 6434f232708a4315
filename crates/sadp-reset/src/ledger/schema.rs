//! The tables, and how a ledger of an older version gets them.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The newest schema this build knows: one step each.
pub(super) const NEWEST: i64 = 1;

/// What a file is, before anything is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is in it yet.
    Empty,
    /// A ledger, with its schema version.
    Ledger(i64),
    /// Another program's database.
    Foreign,
}

/// Says what the file is, without changing it.
pub(super) fn look(connection: &mut Connection) -> rusqlite::Result<Found> {
    // One transaction, or another run could fill the file between the questions.
    let transaction = connection.transaction()?;
    let found = look_within(&transaction)?;
    transaction.commit()?;
    Ok(found)
}

/// Brings the file to the newest schema, all steps or none, and says what it
/// was before. A newer ledger and another program's file are not changed.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Found> {
    let found = look(connection)?;
    if steps_missing(found).is_empty() {
        return Ok(found);
    }
    // Another run may have been faster: what counts is what is found once only
    // this one may write.
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

fn look_within(transaction: &Transaction<'_>) -> rusqlite::Result<Found> {
    let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = transaction.query_row(tables, [], |row| row.get(0))?;
    Ok(
        match (number("application_id")?, number("user_version")?, tables) {
            (PROGRAM, version @ 1.., _) => Found::Ledger(version),
            (0, 0, 0) => Found::Empty,
            _ => Found::Foreign,
        },
    )
}

fn steps_missing(found: Found) -> &'static [&'static str] {
    let done = match found {
        Found::Empty => 0,
        Found::Ledger(version) => usize::try_from(version).unwrap_or(usize::MAX),
        Found::Foreign => usize::MAX,
    };
    STEPS.get(done..).unwrap_or(&[])
}

/// Marks the file as ours: "SADP".
const PROGRAM: i64 = 0x5341_4450;

/// What leads from each schema version to the next, the first from nothing. A
/// step that was released is never changed.
const STEPS: [&str; 1] = [
    // What is not known is null. Times are seconds since 1970.
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
];

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), Found::Empty);
        let rows = "INSERT INTO attempts (mac, action, begun_at) VALUES ('m', 'locate', 1), ('m', 'locate', 2);
            UPDATE attempts SET result = 'done', finished_at = 3 WHERE id = 1";
        connection.execute_batch(rows).unwrap();
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
        let sum = "SELECT sum(id * 100 + begun_at * 10 + ifnull(finished_at, 0)) FROM attempts";
        let sum: i64 = connection.query_row(sum, [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 113 + 220, "all is as it was");
    }

    #[test]
    fn a_settled_file_is_not_written() {
        let mut connection = filled();
        connection.pragma_update(None, "query_only", true).unwrap();
        assert_eq!(migrate(&mut connection).unwrap(), Found::Ledger(NEWEST));
    }
}

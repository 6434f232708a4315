//! Ledgers of a stranger's, and those of versions before this one.

use std::fs;

use rusqlite::Connection;
use sadp_reset::{AttemptFilter, CaseEnding, GuidVoid, Ledger, LedgerError};
use tempfile::TempDir;

use crate::{at, attempt, key, ledger, lock_of};

/// A ledger that another program has worked on.
fn tampered(sql: &str) -> TempDir {
    let (ledger, folder) = ledger();
    drop(ledger);
    let connection = Connection::open(folder.path().join(Ledger::FILE_NAME)).unwrap();
    connection.execute_batch(sql).unwrap();
    folder
}

fn is_refused_and_left_alone(folder: &TempDir) {
    let file = folder.path().join(Ledger::FILE_NAME);
    let before = fs::read(&file).unwrap();
    for error in [
        Ledger::open_existing(folder.path()).unwrap_err(),
        Ledger::open(folder.path()).unwrap_err(),
    ] {
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn tables_that_are_not_ours_are_damage() {
    for sql in [
        // Reading it would never end.
        "DROP TABLE attempts;
        CREATE VIEW attempts AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT i AS id, NULL AS mac, NULL AS serial, NULL AS address, 'locate' AS action,
                i AS begun_at, NULL AS result, NULL AS refusal, NULL AS number,
                NULL AS tries_left, NULL AS lock_minutes, NULL AS finished_at FROM n",
        // What is remembered would be gone.
        "CREATE TRIGGER nothing_stays AFTER INSERT ON locks BEGIN DELETE FROM locks; END",
        "DROP TRIGGER attempts_stay",
        "ALTER TABLE locks ADD COLUMN more TEXT",
        "DROP TABLE cases",
        "CREATE TABLE songs (name TEXT)",
        "PRAGMA user_version = 1",
    ] {
        is_refused_and_left_alone(&tampered(sql));
    }
}

/// Of pages that are named twice a small file can be made that has rows without
/// end.
#[test]
fn pages_that_are_read_twice_are_damage() {
    let (mut ledger, folder) = ledger();
    for number in 0..300 {
        ledger.begin(&attempt(number, 0)).unwrap();
    }
    drop(ledger);
    let file = folder.path().join(Ledger::FILE_NAME);
    let number = |sql| {
        let connection = Connection::open(&file).unwrap();
        let number: u16 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        usize::from(number)
    };
    let root = number("SELECT rootpage FROM sqlite_schema WHERE name = 'attempts'");
    let page = (root - 1) * number("PRAGMA page_size");
    let mut bytes = fs::read(&file).unwrap();
    assert_eq!(bytes[page], 5, "a page that names others");
    let cell = |place: usize| {
        let at = page + 12 + 2 * place;
        page + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
    };
    let (first, second) = (cell(0), cell(1));
    bytes.copy_within(first..first + 4, second);
    fs::write(&file, bytes).unwrap();
    is_refused_and_left_alone(&folder);
}

#[test]
fn ledgers_of_every_version_are_read() {
    let files: [&[u8]; 3] = [
        include_bytes!("../../../../fixtures/ledger/version-1.sqlite3"),
        include_bytes!("../../../../fixtures/ledger/version-2.sqlite3"),
        include_bytes!("../../../../fixtures/ledger/version-3.sqlite3"),
    ];
    for (bytes, version) in files.into_iter().zip(1..) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(Ledger::FILE_NAME), bytes).unwrap();
        let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
        let attempts = ledger.attempts(&AttemptFilter::default()).unwrap();
        assert_eq!(attempts.len(), 3);
        let refused = attempts[2].verdict.as_ref().unwrap();
        assert_eq!((refused.number, refused.tries_left), (Some(2024), Some(3)));
        let camera = key(Some(1), Some("S1"));
        assert_eq!(lock_of(&ledger, &camera, at(0)), Some(at(1800)));
        assert_eq!(ledger.tries_left(&camera, at(0)).unwrap(), Some(3));
        let cases = ledger.cases().unwrap();
        let guids = ledger.guids(Some(&camera)).unwrap();
        let connection = Connection::open(folder.path().join(Ledger::FILE_NAME)).unwrap();
        let count = "SELECT count(*) FROM spent_guids WHERE why = 'used'";
        let spent: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(spent, i64::from(version == 3), "{version}");
        if version == 1 {
            assert!(cases.is_empty() && guids.is_empty());
            continue;
        }
        assert_eq!(cases[0].ended.unwrap().how, CaseEnding::Recovered);
        assert!(cases[1].is_open() && cases[1].request.device.is_same(&camera));
        let void = guids.iter().map(|guid| guid.void.map(|(why, _)| why));
        assert_eq!(void.collect::<Vec<_>>(), [None, Some(GuidVoid::Used)]);
    }
}

use std::{error::Error, fs, path::Path};

use proptest::prelude::*;
use rusqlite::Connection;
use sadp_reset::{AttemptFilter, Ledger, LedgerError};

use crate::{at, attempt, key, ledger, lock_of};

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join(Ledger::FILE_NAME)
}

/// Runs SQL on the file as another program would.
pub(crate) fn tamper(folder: &Path, sql: &str) {
    let connection = Connection::open(file(folder)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn folders_and_file_are_made() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/ü b#%/sadpctl");
    let mut ledger = Ledger::open(&folder).unwrap();
    assert!(file(&folder).is_file());
    ledger.begin(&attempt(1, 0)).unwrap();
    drop(ledger);
    let names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, [Ledger::FILE_NAME], "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("state/sadpctl");
    let mut ledger = Ledger::open(&folder).unwrap();
    ledger.begin(&attempt(1, 0)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&root.path().join("state")), 0o700);
    for ending in ["", "-wal", "-shm"] {
        let path = folder.join(format!("{}{ending}", Ledger::FILE_NAME));
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn reading_makes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("sadpctl");
    assert!(Ledger::open_existing(&folder).unwrap().is_none());
    assert!(!folder.exists());
    fs::create_dir(&folder).unwrap();
    assert!(Ledger::open_existing(&folder).unwrap().is_none());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::write(file(&folder), "").unwrap();
    assert!(Ledger::open_existing(&folder).unwrap().is_none());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    Ledger::open(&folder).unwrap();
    assert!(Ledger::open_existing(&folder).unwrap().is_some());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_ledger_opened_for_reading_refuses_writes() {
    let (mut writer, folder) = ledger();
    let mut reader = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let camera = key(Some(1), None);
    for refused in [
        reader.remember_lock(&camera, at(1), at(0)),
        reader.remember_tries(&camera, 1, at(0)),
        reader.forget_lock(&camera),
        reader.begin(&attempt(1, 0)).map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, LedgerError::ReadOnly { .. }), "{refused}");
    }
    writer.remember_lock(&camera, at(60), at(0)).unwrap();
    let seen = lock_of(&reader, &camera, at(0));
    assert_eq!(seen, Some(at(60)), "what others write meanwhile is seen");
}

#[test]
fn a_newer_ledger_is_refused_and_left_alone() {
    let (ledger, folder) = ledger();
    drop(ledger);
    tamper(folder.path(), "PRAGMA user_version = 11");
    let before = fs::read(file(folder.path())).unwrap();
    for error in [
        Ledger::open(folder.path()).unwrap_err(),
        Ledger::open_existing(folder.path()).unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                LedgerError::NewerSchema {
                    found: 11,
                    known: 10,
                    ..
                }
            ),
            "{error}"
        );
        let path = file(folder.path());
        let text = format!(
            "the ledger {} was written by a newer version (schema 11, this one knows up to 10): \
             use that version or name another folder",
            path.display()
        );
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(fs::read(file(folder.path())).unwrap(), before);
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    tamper(folder.path(), "CREATE TABLE songs (name TEXT)");
    let before = fs::read(file(folder.path())).unwrap();
    for error in [
        Ledger::open(folder.path()).unwrap_err(),
        Ledger::open_existing(folder.path()).unwrap_err(),
    ] {
        assert!(matches!(error, LedgerError::NotALedger { .. }), "{error}");
    }
    assert_eq!(fs::read(file(folder.path())).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let noise = "not a database, but longer than the header of one. ".repeat(100);
    fs::write(file(folder.path()), &noise).unwrap();
    for error in [
        Ledger::open(folder.path()).unwrap_err(),
        Ledger::open_existing(folder.path()).unwrap_err(),
    ] {
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains(&*file(folder.path()).to_string_lossy()),
            "{text}"
        );
        assert!(text.contains("move it away"), "{text}");
        assert!(error.source().is_some());
    }
    assert_eq!(fs::read_to_string(file(folder.path())).unwrap(), noise);
}

#[test]
fn a_value_that_we_never_wrote_is_damage() {
    let (mut ledger, folder) = ledger();
    ledger.begin(&attempt(1, 0)).unwrap();
    for (tampering, damaged) in [
        (
            "INSERT INTO attempts (action, begun_at) VALUES ('reboot', 0)",
            "attempts",
        ),
        (
            "INSERT INTO locks VALUES ('no mac', NULL, 9223372036854775807, 0)",
            "locks",
        ),
        ("INSERT INTO tries VALUES (NULL, 'S9', -1, 0)", "tries"),
    ] {
        tamper(folder.path(), tampering);
        let error = match damaged {
            "attempts" => ledger.attempts(&AttemptFilter::default()).map(drop),
            "locks" => ledger.locks(at(0)).map(drop),
            _ => ledger.tries_left(&key(None, Some("S9")), at(0)).map(drop),
        };
        let error = error.unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
    }
}

#[test]
fn what_is_no_folder_or_no_file_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let blocked = root.path().join("file");
    fs::write(&blocked, "").unwrap();
    let error = Ledger::open(&blocked).unwrap_err();
    assert!(matches!(error, LedgerError::File { .. }), "{error}");
    assert!(Ledger::open_existing(&blocked).is_err());
    fs::create_dir(file(root.path())).unwrap();
    Ledger::open(root.path()).unwrap_err();
    Ledger::open_existing(root.path()).unwrap_err();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_is_survived(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 8]>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (mut ledger, folder) = ledger();
        for number in 0..3 {
            let second = number.into();
            ledger.begin(&attempt(number, second)).unwrap();
            ledger.remember_lock(&key(Some(number), None), at(60), at(second)).unwrap();
        }
        drop(ledger);
        let mut bytes = fs::read(file(folder.path())).unwrap();
        for (place, noise) in hits {
            let start = place.index(bytes.len() - noise.len());
            bytes[start..start + noise.len()].copy_from_slice(&noise);
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        fs::write(file(folder.path()), &bytes).unwrap();
        // Whatever happens is an error or an answer, never a panic.
        if let Ok(Some(ledger)) = Ledger::open_existing(folder.path()) {
            let _ = ledger.attempts(&AttemptFilter::default());
            let _ = ledger.locks(at(0));
        }
        if let Ok(mut ledger) = Ledger::open(folder.path()) {
            let _ = ledger.begin(&attempt(9, 9));
            let _ = ledger.remember_lock(&key(Some(9), None), at(60), at(0));
        }
        prop_assert!(file(folder.path()).exists());
    }
}

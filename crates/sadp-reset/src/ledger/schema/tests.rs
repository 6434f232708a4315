use super::*;

fn filled() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    assert_eq!(migrate(&mut connection).unwrap(), FileState::Empty);
    let rows = "INSERT INTO attempts (mac, action, begun_at) VALUES ('m', 'locate', 1), ('m', 'locate', 2);
        UPDATE attempts SET result = 'done', finished_at = 3 WHERE id = 1";
    connection.execute_batch(rows).unwrap();
    connection
}

fn assert_refused(connection: &Connection, changes: &[&str]) {
    for change in changes {
        connection.execute_batch(change).expect_err(change);
    }
}

fn number(connection: &Connection, query: &str) -> i64 {
    let query = format!("SELECT {query}");
    connection.query_row(&query, [], |row| row.get(0)).unwrap()
}

/// A ledger that an older version made and filled with these rows, migrated.
fn migrated(version: i64, rows: &str) -> Connection {
    let steps = usize::try_from(version).unwrap();
    let mut connection = made_by(&STEPS[..steps]).unwrap();
    for (name, value) in [("application_id", PROGRAM), ("user_version", version)] {
        connection.pragma_update(None, name, value).unwrap();
    }
    connection.execute_batch(rows).unwrap();
    let found = migrate(&mut connection).unwrap();
    assert_eq!(found, FileState::Ledger(version));
    assert_eq!(look(&mut connection).unwrap(), FileState::Ledger(NEWEST));
    connection
}

#[test]
fn every_version_has_its_step() {
    assert_eq!(i64::try_from(STEPS.len()), Ok(NEWEST));
}

#[test]
fn attempts_cannot_be_deleted_changed_or_replaced() {
    let connection = filled();
    let changes = [
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
    ];
    assert_refused(&connection, &changes);
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
    let changes = [
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
    ];
    assert_refused(&connection, &changes);
    for valid in ["cases WHERE ending IS NULL", "guids WHERE void_at IS NULL"] {
        assert_eq!(number(&connection, &format!("count(*) FROM {valid}")), 1);
    }
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
    let rows = "INSERT INTO attempts (mac, action, begun_at) VALUES ('m', 'locate', 1);
        INSERT INTO locks VALUES ('m', NULL, 60, 1);
        INSERT INTO tries VALUES ('m', NULL, 3, 1)";
    let connection = migrated(1, rows);
    let rows = "count(*) FROM attempts, locks, tries WHERE until = 60 AND left = 3";
    assert_eq!(number(&connection, rows), 1);
    assert_eq!(number(&connection, "count(*) FROM cases"), 0);
}

#[test]
fn a_ledger_of_the_second_version_gets_a_place_for_spent_guids() {
    let rows = "INSERT INTO guids (mac, file_name, sha256, encrypted, exported_at)
        VALUES ('m', 'g', printf('%064d', 0), 0, 1)";
    let connection = migrated(2, rows);
    let spent = "INSERT INTO spent_guids VALUES ('m', NULL, printf('%064d', 0), 'used', 2)";
    connection.execute_batch(spent).unwrap();
    let changes = [
        "DELETE FROM spent_guids",
        "UPDATE spent_guids SET at = 3",
        "INSERT INTO spent_guids VALUES (NULL, NULL, printf('%064d', 0), 'used', 2)",
        "INSERT INTO spent_guids VALUES ('m', NULL, 'short', 'used', 2)",
    ];
    assert_refused(&connection, &changes);
    let rows = "count(*) FROM guids JOIN spent_guids USING (mac, sha256) WHERE at = 2";
    assert_eq!(number(&connection, rows), 1);
}

#[test]
fn a_ledger_of_the_fifth_version_gets_a_place_for_accounts_and_moves() {
    let rows = "INSERT INTO passwords VALUES ('m', NULL, 7, 1)";
    let connection = migrated(5, rows);
    let rows = "INSERT INTO accounts VALUES ('m', NULL, 'admin', 1, 2);
        INSERT INTO moves VALUES ('m', NULL, '10.0.0.1', 2)";
    connection.execute_batch(rows).unwrap();
    let changes = [
        "INSERT INTO accounts VALUES ('n', NULL, 'admin', 2, 2)",
        "INSERT INTO accounts VALUES ('n', NULL, printf('%065d', 0), 1, 2)",
        "INSERT INTO accounts VALUES ('m', NULL, 'admin', 0, 3)",
        "INSERT INTO accounts VALUES (NULL, NULL, 'admin', 1, 2)",
        "INSERT INTO moves VALUES (NULL, NULL, '10.0.0.1', 2)",
        "INSERT INTO moves VALUES ('m', NULL, '10.0.0.2', 3)",
    ];
    assert_refused(&connection, &changes);
    let rows = "count(*) FROM passwords, accounts, moves WHERE number = 7";
    assert_eq!(number(&connection, rows), 1);
}

#[test]
fn a_ledger_of_the_seventh_version_gets_a_place_for_certificates() {
    let rows = "INSERT INTO site_names VALUES ('m', 'Gate', NULL, 1)";
    let connection = migrated(7, rows);
    let row = "INSERT INTO certificates VALUES ('m', NULL, printf('%064d', 0), 2)";
    connection.execute_batch(row).unwrap();
    let changes = [
        "INSERT INTO certificates VALUES ('n', NULL, 'short', 2)",
        "INSERT INTO certificates VALUES (NULL, NULL, printf('%064d', 0), 2)",
        "INSERT INTO certificates VALUES ('m', NULL, printf('%064d', 1), 3)",
    ];
    assert_refused(&connection, &changes);
    let rows = "count(*) FROM site_names JOIN certificates USING (mac) WHERE name = 'Gate'";
    assert_eq!(number(&connection, rows), 1);
}

#[test]
fn a_ledger_of_the_seventh_version_settles_its_unknown_attempts() {
    let rows = "INSERT INTO attempts (mac, action, begun_at)
            VALUES ('m', 'locate', 1), ('m', 'locate', 2), ('m', 'locate', 3);
        UPDATE attempts SET result = 'done', finished_at = 3 WHERE id = 1;
        UPDATE attempts SET result = 'unknown', finished_at = 3 WHERE id = 2";
    let connection = migrated(7, rows);
    let rows = "INSERT INTO settled VALUES (2, 1, 4), (3, 0, 4)";
    connection.execute_batch(rows).unwrap();
    let changes = [
        "INSERT INTO settled VALUES (1, 1, 5)",
        "INSERT INTO settled VALUES (2, 0, 5)",
        "REPLACE INTO settled VALUES (2, 0, 5)",
        "INSERT INTO settled VALUES (9, 1, 5)",
        "UPDATE settled SET carried_out = 0 WHERE attempt = 2",
        "DELETE FROM settled",
    ];
    assert_refused(&connection, &changes);
    let sum = "sum(attempt * 100 + carried_out * 10 + at) FROM settled";
    assert_eq!(number(&connection, sum), 214 + 304, "nothing changed");
}

#[test]
fn a_ledger_of_the_ninth_version_finds_attempts_by_their_device() {
    let rows = "INSERT INTO attempts (mac, serial, action, begun_at)
            VALUES ('m', NULL, 'locate', 1), ('m', 's', 'locate', 2), ('n', 's', 'locate', 3);
        UPDATE attempts SET result = 'unknown', finished_at = 3 WHERE id = 2;
        INSERT INTO settled VALUES (2, 1, 4)";
    let connection = migrated(9, rows);
    for (device, sum) in [("mac = 'm'", 3), ("serial = 's'", 5)] {
        let attempts = format!("sum(id) FROM attempts WHERE {device}");
        assert_eq!(number(&connection, &attempts), sum);
    }
    let kept = "count(*) FROM attempts JOIN settled ON attempt = id WHERE carried_out";
    assert_eq!(number(&connection, kept), 1);
}

#[test]
fn attempts_of_one_device_are_not_looked_for_among_all() {
    use super::super::row::{same_device, same_memory};

    let connection = filled();
    for condition in [same_device("attempts"), same_memory("attempts")] {
        let query = format!("EXPLAIN QUERY PLAN SELECT * FROM attempts WHERE {condition}");
        let mut query = connection.prepare(&query).unwrap();
        let steps = query.query_map([None::<&str>; 2], |row| row.get(3));
        let steps: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
        let steps = steps.join(", ");
        for index in ["attempts_by_mac", "attempts_by_serial"] {
            assert!(steps.contains(index), "{steps}");
        }
        assert!(!steps.contains("SCAN"), "{steps}");
    }
}

#[test]
fn a_settled_file_is_not_written() {
    let mut connection = filled();
    connection.pragma_update(None, "query_only", true).unwrap();
    assert_eq!(migrate(&mut connection).unwrap(), FileState::Ledger(NEWEST));
}

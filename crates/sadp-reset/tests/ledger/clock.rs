//! Clocks that jump between two runs.

use sadp_reset::{DeviceKey, Ledger};

use crate::{at, key, ledger, lock_of};

const HALF_HOUR: i64 = 1800;
const TEN_YEARS: i64 = 10 * 365 * 86_400;

fn camera() -> DeviceKey {
    key(Some(1), None)
}

/// A ledger with a lock of half an hour and two tries, told at this second.
fn locked(told: i64) -> (Ledger, tempfile::TempDir) {
    let (mut ledger, folder) = ledger();
    ledger.remember_tries(&camera(), 2, at(told)).unwrap();
    ledger
        .remember_lock(&camera(), at(told + HALF_HOUR), at(told))
        .unwrap();
    (ledger, folder)
}

fn lock(ledger: &Ledger, second: i64) -> Option<i64> {
    let until = lock_of(ledger, &camera(), at(second));
    let locks = ledger.locks(at(second)).unwrap();
    let listed = locks.first().map(|lock| lock.until);
    assert_eq!(until, listed, "one lock is told the same everywhere");
    until.map(|until| until.as_second() - at(0).as_second())
}

#[test]
fn a_lock_reported_by_a_clock_far_ahead_lasts_as_long_as_the_device_said() {
    let (mut ledger, _folder) = locked(TEN_YEARS);
    assert!(ledger.is_ahead_of(at(0)).unwrap());
    // It does not end at once,
    assert_eq!(lock(&ledger, 0), Some(HALF_HOUR));
    ledger.follow_clock(at(0)).unwrap();
    assert!(!ledger.is_ahead_of(at(0)).unwrap());
    // and it ends.
    assert_eq!(lock(&ledger, HALF_HOUR - 1), Some(HALF_HOUR));
    assert_eq!(lock(&ledger, HALF_HOUR), None);
    let tries = |second| ledger.tries_left(&camera(), at(second)).unwrap();
    assert_eq!((tries(0), tries(HALF_HOUR)), (Some(2), None));
}

#[test]
fn a_newer_word_counts_though_the_clock_was_set_back() {
    let (mut ledger, _folder) = locked(TEN_YEARS);
    ledger.remember_tries(&camera(), 6, at(0)).unwrap();
    ledger.remember_lock(&camera(), at(60), at(1)).unwrap();
    assert_eq!(ledger.tries_left(&camera(), at(1)).unwrap(), Some(6));
    assert_eq!(lock(&ledger, 1), Some(60));
    assert_eq!(lock(&ledger, 60), None);
}

#[test]
fn a_clock_set_back_a_little_changes_nothing() {
    let (mut ledger, _folder) = locked(0);
    assert!(!ledger.is_ahead_of(at(-300)).unwrap());
    ledger.follow_clock(at(-300)).unwrap();
    assert_eq!(lock(&ledger, -300), Some(HALF_HOUR));
    // An hour, as by a wrong zone, is much.
    assert!(ledger.is_ahead_of(at(-3600)).unwrap());
    assert_eq!(lock(&ledger, -3600), Some(HALF_HOUR - 3600));
}

#[test]
fn a_clock_set_forward_past_its_end_ends_a_lock() {
    let (mut ledger, _folder) = locked(-TEN_YEARS);
    assert_eq!(lock(&ledger, 0), None);
    ledger.follow_clock(at(0)).unwrap();
    assert_eq!(ledger.tries_left(&camera(), at(0)).unwrap(), None);
    assert_eq!(ledger.locks(at(-TEN_YEARS)).unwrap().len(), 1);
}

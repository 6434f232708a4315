use std::thread;

use proptest::prelude::*;
use sadp_model::Serial;
use sadp_reset::{
    Action, Attempt, AttemptFilter, AttemptId, AttemptRecord, AttemptResult, AttemptVerdict,
    DeviceKey, Ledger, LedgerError, RefusalWord,
};

use crate::{at, attempt, key, ledger, mac};

fn all(ledger: &Ledger) -> Vec<AttemptRecord> {
    ledger.attempts(&AttemptFilter::default()).unwrap()
}

fn done(second: i64) -> AttemptVerdict {
    AttemptVerdict::new(AttemptResult::Done, at(second))
}

#[test]
fn an_attempt_and_its_verdict_are_read_back_whole() {
    let (mut ledger, _folder) = ledger();
    let nameless = Attempt {
        device: None,
        address: Some("fe80::1".parse().unwrap()),
        action: Action::Locate,
        at: at(1),
    };
    let refused = AttemptVerdict {
        result: AttemptResult::Refused,
        refusal: Some(RefusalWord::new("PasswordError")),
        number: Some(2024),
        tries_left: Some(u32::MAX),
        lock_minutes: Some(0),
        at: at(3),
    };
    let first = ledger.begin(&attempt(1, 0)).unwrap();
    let second = ledger.begin(&nameless).unwrap();
    ledger.finish(second, &done(2)).unwrap();
    ledger.finish(first, &refused).unwrap();
    let expected = [(second, nameless, done(2)), (first, attempt(1, 0), refused)];
    let expected = expected.map(|(id, attempt, verdict)| AttemptRecord {
        id,
        attempt,
        verdict: Some(verdict),
        carried_out: None,
    });
    assert_eq!(all(&ledger), expected);
}

#[test]
fn an_attempt_never_finished_is_unknown() {
    let (mut ledger, folder) = ledger();
    ledger.begin(&attempt(1, 0)).unwrap();
    drop(ledger);
    let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let [record] = &all(&ledger)[..] else {
        panic!("one attempt was begun")
    };
    assert_eq!(record.verdict, None);
    assert_eq!(record.result(), AttemptResult::Unknown);
}

#[test]
fn an_attempt_is_finished_once_and_only_if_begun() {
    let (mut ledger, _folder) = ledger();
    let id = ledger.begin(&attempt(1, 0)).unwrap();
    ledger.finish(id, &done(1)).unwrap();
    let again = ledger.finish(id, &done(9)).unwrap_err();
    assert!(matches!(again, LedgerError::NotWaiting { id: same, .. } if same == id));
    assert_eq!(all(&ledger)[0].verdict, Some(done(1)));

    let (mut other, _folder) = crate::ledger();
    let strange = other.finish(id, &done(1)).unwrap_err();
    assert!(matches!(strange, LedgerError::NotWaiting { .. }));
}

#[test]
fn an_unknown_attempt_is_settled_once() {
    use AttemptResult::{Done, Refused, Unknown};
    let (mut ledger, _folder) = ledger();
    for (verdict, carried_out, expected) in [
        (None, true, Some(Done)),
        (Some(Unknown), true, Some(Done)),
        (Some(Unknown), false, Some(Refused)),
        (Some(Done), false, None),
        (Some(Refused), true, None),
    ] {
        let id = ledger.begin(&attempt(1, 0)).unwrap();
        if let Some(result) = verdict {
            let verdict = AttemptVerdict::new(result, at(2));
            ledger.finish(id, &verdict).unwrap();
        }
        let settled = ledger.settle(id, carried_out, at(3));
        assert_eq!(settled.is_ok(), expected.is_some(), "{verdict:?}");
        let again = ledger.settle(id, !carried_out, at(4)).unwrap_err();
        assert!(matches!(again, LedgerError::NotWaiting { id: same, .. } if same == id));
        let record = &all(&ledger)[0];
        assert_eq!(record.verdict.as_ref().map(|it| it.result), verdict);
        let expected = expected.or(verdict).unwrap();
        assert_eq!(record.result(), expected, "{verdict:?} {carried_out}");
    }
}

#[test]
fn attempts_are_found_by_device_time_and_number() {
    let (mut ledger, _folder) = ledger();
    for number in 1..=3 {
        ledger.begin(&attempt(number, number.into())).unwrap();
    }
    let numbers = |filter: AttemptFilter| -> Vec<i64> {
        let found = ledger.attempts(&filter).unwrap();
        found.iter().map(|record| record.id.number()).collect()
    };
    let everything = AttemptFilter::default;
    assert_eq!(numbers(everything()), [3, 2, 1]);
    for (device, expected) in [
        (key(None, Some("S2")), vec![2]),
        (key(Some(9), None), vec![]),
    ] {
        let device = Some(device);
        assert_eq!(
            numbers(AttemptFilter {
                device,
                ..everything()
            }),
            expected
        );
    }
    let since = Some(at(2));
    assert_eq!(
        numbers(AttemptFilter {
            since,
            ..everything()
        }),
        [3, 2]
    );
    for (before, expected) in [(1, vec![]), (3, vec![2, 1]), (i64::MAX, vec![3, 2, 1])] {
        let before = Some(before);
        assert_eq!(
            numbers(AttemptFilter {
                before,
                ..everything()
            }),
            expected
        );
    }
    for (limit, expected) in [(0, vec![]), (1, vec![3]), (u32::MAX, vec![3, 2, 1])] {
        let limit = Some(limit);
        assert_eq!(
            numbers(AttemptFilter {
                limit,
                ..everything()
            }),
            expected
        );
    }
}

#[test]
fn attempts_without_a_device_are_found_by_their_address() {
    let (mut ledger, _folder) = ledger();
    let nameless = |last| Attempt {
        device: None,
        address: Some([10, 77, 0, last].into()),
        ..attempt(1, 0)
    };
    let (here, elsewhere) = (nameless(5), nameless(6));
    // Of a device, to the same address.
    ledger.begin(&attempt(1, 0)).unwrap();
    let first = ledger.begin(&here).unwrap();
    ledger.begin(&elsewhere).unwrap();
    let last = ledger.begin(&here).unwrap();
    let found = |filter: AttemptFilter| -> Vec<AttemptId> {
        let found = ledger.attempts(&filter).unwrap();
        found.iter().map(|record| record.id).collect()
    };
    let at_address = AttemptFilter {
        nameless_at: here.address,
        ..AttemptFilter::default()
    };
    assert_eq!(found(at_address.clone()), [last, first]);
    let latest = AttemptFilter {
        limit: Some(1),
        ..at_address.clone()
    };
    assert_eq!(found(latest), [last]);
    let of_device = AttemptFilter {
        device: attempt(1, 0).device,
        ..at_address
    };
    assert_eq!(found(of_device), []);
}

#[test]
fn nothing_is_lost_when_threads_open_and_write_at_once() {
    const THREADS: u16 = 6;
    const EACH: u16 = 40;
    let folder = tempfile::tempdir().unwrap();
    let write = |thread: u16| -> Vec<AttemptId> {
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let one = |number| {
            let id = ledger.begin(&attempt(thread, number)).unwrap();
            ledger.finish(id, &done(number)).unwrap();
            let camera = key(Some(thread * EACH + u16::try_from(number).unwrap()), None);
            ledger.remember_lock(&camera, at(1000), at(number)).unwrap();
            id
        };
        (0..i64::from(EACH)).map(one).collect()
    };
    let mut reported: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || write(thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    reported.sort_unstable_by(|a, b| b.cmp(a));
    let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let found = all(&ledger);
    assert!(
        found
            .iter()
            .all(|record| record.result() == AttemptResult::Done)
    );
    let found: Vec<_> = found.iter().map(|record| record.id).collect();
    assert_eq!(found, reported);
    assert_eq!(
        ledger.locks(at(0)).unwrap().len(),
        usize::from(THREADS * EACH)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_device_and_any_word_are_read_back(
        serial in ".{0,2000}",
        word in "\\PC{0,80}",
        counters in any::<[Option<u32>; 3]>(),
        action in prop::sample::select(Action::ALL.to_vec()),
        result in prop::sample::select(AttemptResult::ALL.to_vec()),
    ) {
        let (mut ledger, _folder) = ledger();
        let device = DeviceKey::new(Some(mac(1)), Serial::new(&serial));
        let begun = Attempt { device, address: None, action, at: at(0) };
        let [number, tries_left, lock_minutes] = counters;
        let refusal = Some(RefusalWord::new(&word));
        let verdict = AttemptVerdict { result, refusal, number, tries_left, lock_minutes, at: at(1) };
        let id = ledger.begin(&begun).unwrap();
        ledger.finish(id, &verdict).unwrap();
        let expected = AttemptRecord { id, attempt: begun, verdict: Some(verdict), carried_out: None };
        prop_assert_eq!(all(&ledger), vec![expected]);
    }
}

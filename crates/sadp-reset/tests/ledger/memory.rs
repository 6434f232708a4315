use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use sadp_model::{DeviceRecord, MacAddr, Protocol, Registry, Serial, Sighting, State, Via};
use sadp_reset::{DeviceKey, Ledger};

use crate::{at, device, key, ledger, lock_of};

#[test]
fn a_lock_is_known_until_it_ends() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), Some("S1"));
    assert_eq!(lock_of(&ledger, &camera, at(0)), None);
    ledger.remember_lock(&camera, at(1800), at(0)).unwrap();
    assert_eq!(lock_of(&ledger, &camera, at(1799)), Some(at(1800)));
    assert_eq!(lock_of(&ledger, &camera, at(1800)), None);
    assert_eq!(ledger.locks(at(0)).unwrap().len(), 1);
    assert_eq!(ledger.locks(at(1800)).unwrap(), []);
}

#[test]
fn a_lock_outlives_its_run() {
    let (mut ledger, folder) = ledger();
    let camera = key(Some(1), None);
    ledger.remember_lock(&camera, at(1800), at(0)).unwrap();
    drop(ledger);
    let ledger = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let [lock] = &ledger.locks(at(1)).unwrap()[..] else {
        panic!("one lock was remembered")
    };
    assert_eq!((&lock.device, lock.until), (&camera, at(1800)));
}

#[test]
fn a_fraction_of_a_second_never_ends_a_lock_early() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), None);
    let until = at(10) + 1.millisecond();
    ledger.remember_lock(&camera, until, at(0)).unwrap();
    assert_eq!(lock_of(&ledger, &camera, at(10)), Some(at(11)));
}

#[test]
fn the_latest_word_counts_in_whatever_order_it_comes() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), None);
    ledger.remember_lock(&camera, at(900), at(100)).unwrap();
    ledger.remember_lock(&camera, at(1800), at(50)).unwrap();
    assert_eq!(lock_of(&ledger, &camera, at(100)), Some(at(900)));
    ledger.remember_tries(&camera, 3, at(100)).unwrap();
    ledger.remember_tries(&camera, 4, at(50)).unwrap();
    assert_eq!(ledger.tries_left(&camera, at(100)).unwrap(), Some(3));
}

#[test]
fn a_device_is_known_again_by_mac_or_by_serial() {
    let (mut ledger, _folder) = ledger();
    ledger
        .remember_lock(&key(None, Some("S1")), at(60), at(0))
        .unwrap();
    ledger
        .remember_lock(&key(Some(2), None), at(70), at(0))
        .unwrap();
    let lock = |mac, serial| lock_of(&ledger, &key(mac, serial), at(0));
    assert_eq!(lock(Some(1), Some("S1")), Some(at(60)));
    assert_eq!(lock(Some(2), Some("S2")), Some(at(70)));
    assert_eq!(lock(Some(2), Some("S1")), Some(at(70)), "both can be it");
    assert_eq!(lock(Some(3), Some("S2")), None);
}

#[test]
fn a_device_that_reports_another_serial_has_the_same_memory() {
    let (mut ledger, _folder) = ledger();
    for (serial, until, left) in [("DS-2CD", 60, 2), ("ds-2cd", 90, 5), ("S", 30, 7)] {
        let camera = key(Some(1), Some(serial));
        ledger.remember_lock(&camera, at(until), at(0)).unwrap();
        ledger.remember_tries(&camera, left, at(0)).unwrap();
    }
    let mut entries = entries(&[Some(State::Active)]);
    entries[0].device.mac = key(Some(1), None).mac();
    ledger.apply_locks(&mut entries, at(0)).unwrap();
    let locked = State::Locked { until: at(90) };
    assert_eq!(entries[0].device.state, Some(locked));
    for serial in ["DS-2CD", "ds-2cd", "S", "another"] {
        let camera = key(Some(1), Some(serial));
        let lock = lock_of(&ledger, &camera, at(0));
        let left = ledger.tries_left(&camera, at(0)).unwrap();
        assert_eq!((lock, left), (Some(at(90)), Some(2)), "the stricter counts");
    }
    let other = key(Some(2), Some("S"));
    assert_eq!(lock_of(&ledger, &other, at(0)), None);
    ledger.forget_lock(&other).unwrap();
    assert_eq!(ledger.locks(at(0)).unwrap().len(), 3);
    ledger.forget_lock(&key(Some(1), Some("another"))).unwrap();
    assert_eq!(ledger.locks(at(0)).unwrap().len(), 0);
}

#[test]
fn an_accepted_password_clears_lock_and_counter() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), Some("S1"));
    ledger
        .remember_lock(&key(None, Some("S1")), at(60), at(0))
        .unwrap();
    ledger
        .remember_tries(&key(Some(1), None), 2, at(0))
        .unwrap();
    ledger
        .remember_tries(&key(Some(9), None), 5, at(0))
        .unwrap();
    ledger.forget_lock(&camera).unwrap();
    assert_eq!(lock_of(&ledger, &camera, at(0)), None);
    assert_eq!(ledger.tries_left(&camera, at(0)).unwrap(), None);
    let other = ledger.tries_left(&key(Some(9), None), at(0)).unwrap();
    assert_eq!(other, Some(5));
}

#[test]
fn a_lock_that_is_over_clears_what_was_reported_before_its_end() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), Some("S1"));
    ledger
        .remember_tries(&key(Some(1), None), 0, at(0))
        .unwrap();
    ledger.remember_lock(&camera, at(60), at(0)).unwrap();
    assert_eq!(ledger.tries_left(&camera, at(59)).unwrap(), Some(0));
    assert_eq!(ledger.tries_left(&camera, at(60)).unwrap(), None);
    // Any later write prunes the lock, and must take the counter with it.
    ledger
        .remember_tries(&key(Some(9), None), 5, at(70))
        .unwrap();
    assert_eq!(ledger.tries_left(&camera, at(71)).unwrap(), None);
    ledger.remember_tries(&camera, 6, at(72)).unwrap();
    assert_eq!(ledger.tries_left(&camera, at(73)).unwrap(), Some(6));
}

#[test]
fn of_the_counters_of_a_device_the_least_counts() {
    let (mut ledger, _folder) = ledger();
    let camera = key(Some(1), Some("S1"));
    ledger
        .remember_tries(&key(Some(1), None), 3, at(0))
        .unwrap();
    ledger
        .remember_tries(&key(None, Some("S1")), 4, at(0))
        .unwrap();
    assert_eq!(ledger.tries_left(&camera, at(0)).unwrap(), Some(3));
    ledger.remember_tries(&camera, 6, at(1)).unwrap();
    assert_eq!(ledger.tries_left(&camera, at(1)).unwrap(), Some(3));
}

fn entries(states: &[Option<State>]) -> Vec<DeviceRecord> {
    let mut registry = Registry::new();
    for (number, state) in (1..).zip(states) {
        let mut device = device(number);
        device.state = *state;
        let sighting = Sighting {
            interface: "lan0".into(),
            from: [10, 0, 0, 2].into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: at(0),
        };
        registry.record(device, sighting);
    }
    registry.into_entries()
}

#[test]
fn a_scan_shows_locked_devices_and_no_others() {
    let (mut ledger, _folder) = ledger();
    let active = Some(State::Active);
    let mut entries = entries(&[active, active, None, Some(State::Unactivated), active]);
    for (number, until) in [(2, 60), (3, 70), (4, 80), (5, 10)] {
        let locked = DeviceKey::of(&device(number)).unwrap();
        ledger.remember_lock(&locked, at(until), at(0)).unwrap();
    }
    ledger.apply_locks(&mut entries, at(20)).unwrap();
    let states: Vec<_> = entries.iter().map(|entry| entry.device.state).collect();
    let expected = [
        active,
        Some(State::Locked { until: at(60) }),
        Some(State::Locked { until: at(70) }),
        Some(State::Unactivated),
        active,
    ];
    assert_eq!(states, expected);
}

/// A serial as no vendor would write it, a long one among them.
fn serials() -> impl Strategy<Value = Option<Serial>> {
    prop_oneof![
        ".{0,40}".prop_map(|text| Serial::new(&text)),
        "[\\x00-\\u{10ffff}]{1,5}".prop_map(|text| Serial::new(&text.repeat(20_000))),
        Just(Serial::new("x'; DROP TABLE locks; --")),
        Just(Serial::new("S1")),
        Just(Serial::new("S2")),
        Just(None),
    ]
}

fn keys() -> impl Strategy<Value = DeviceKey> {
    let macs = prop_oneof![
        Just(None),
        (0..3u8).prop_map(|last| Some(MacAddr::new([2, 0, 0, 0, 0, last]))),
        any::<[u8; 6]>().prop_map(|bytes| Some(MacAddr::new(bytes))),
    ];
    (macs, serials()).prop_filter_map("nothing names it", |(mac, serial)| {
        DeviceKey::new(mac, serial)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_device_is_remembered_and_matched_as_its_key_says(
        remembered in prop::collection::vec(keys(), 1..6),
        asked in keys(),
    ) {
        let (mut ledger, _folder) = ledger();
        for key in &remembered {
            ledger.remember_lock(key, at(60), at(0)).unwrap();
            ledger.remember_tries(key, 4, at(0)).unwrap();
            prop_assert_eq!(lock_of(&ledger, key, at(0)), Some(at(60)));
        }
        let same = |key: &DeviceKey| match (key.mac(), asked.mac()) {
            (Some(mac), Some(other)) => mac == other,
            _ => key.is_same(&asked),
        };
        let known = remembered.iter().any(same);
        prop_assert_eq!(lock_of(&ledger, &asked, at(0)).is_some(), known);
        prop_assert_eq!(ledger.tries_left(&asked, at(0)).unwrap().is_some(), known);
        ledger.forget_lock(&asked).unwrap();
        let left = ledger.locks(at(0)).unwrap();
        prop_assert!(left.iter().all(|lock| !same(&lock.device)));
        prop_assert!(left.iter().all(|lock| remembered.contains(&lock.device)));
    }

    #[test]
    fn any_time_is_kept_to_the_second(second in -377_705_023_201..=253_402_207_200_i64, nanos in 0..1_000_000_000_i32) {
        let until = Timestamp::new(second, nanos).unwrap_or(Timestamp::MAX);
        let (mut ledger, _folder) = ledger();
        let camera = key(Some(1), None);
        ledger.remember_lock(&camera, until, Timestamp::MIN).unwrap();
        let kept = lock_of(&ledger, &camera, Timestamp::MIN);
        let late = kept.map(|kept| kept.as_second() - until.as_second());
        // The very first second is over as soon as it begins.
        let first = until.as_second() <= Timestamp::MIN.as_second();
        prop_assert!(late.is_some_and(|late| (0..=1).contains(&late)) || first, "{late:?}");
    }
}

/// Devices given one password share a number; that one of them accepts another
/// number's password makes it theirs, too.
#[test]
fn devices_with_one_password_are_known_by_it() {
    let (mut ledger, _folder) = ledger();
    let [a, b, c] = [1, 2, 3].map(|number| key(Some(number), None));
    let given = ledger.draw_password_number().unwrap();
    for device in [&a, &b] {
        ledger.record_new_password(device, given, at(0)).unwrap();
    }
    assert_eq!(ledger.password_of(&a).unwrap(), Some(given));
    assert_eq!(ledger.password_of(&c).unwrap(), None);
    let other = ledger.draw_password_number().unwrap();
    assert_ne!(other, given);
    let stays = ledger.record_accepted_password(&c, other, at(1)).unwrap();
    assert_eq!(stays, other, "nothing was known of it");
    let stays = ledger.record_accepted_password(&b, other, at(2)).unwrap();
    for device in [&a, &b, &c] {
        assert_eq!(ledger.password_of(device).unwrap(), Some(stays));
    }
    ledger.forget_password(&b).unwrap();
    assert_eq!(ledger.password_of(&b).unwrap(), None);
    assert_eq!(ledger.password_of(&a).unwrap(), Some(stays));
}

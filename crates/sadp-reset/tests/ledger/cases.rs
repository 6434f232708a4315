use proptest::prelude::*;
use sadp_model::Serial;
use sadp_reset::{
    CaseEnded, CaseEnding, CaseId, DeviceKey, Digest, Ledger, LedgerError, NewCase, RequestCommand,
    RequestFacts, RequestKind,
};

use crate::{at, device, key, ledger};

fn request(number: u16, second: i64) -> NewCase {
    NewCase {
        device: DeviceKey::of(&device(number)).unwrap(),
        address: Some([10, 77, 0, 5].into()),
        kind: RequestKind::FileOrKey,
        command: Some(RequestCommand::GetEncryptString),
        sha256: Some(Digest::of(&second.to_be_bytes())),
        boot_time: Some("2026-09-18T09:21:28".parse().unwrap()),
        exported_at: at(second),
        package: format!("/out/S{number}_{second}").into(),
    }
}

fn open(ledger: &Ledger) -> Vec<i64> {
    let cases = ledger.cases().unwrap();
    let open = cases.iter().filter(|case| case.is_open());
    open.map(|case| case.id.number()).collect()
}

#[test]
fn a_case_is_read_back_whole_and_closed_once() {
    let (mut ledger, _folder) = ledger();
    let bare = NewCase {
        device: key(None, Some("S9")),
        address: None,
        kind: RequestKind::LegacyCode,
        command: None,
        sha256: None,
        boot_time: None,
        ..request(9, 1)
    };
    let first = ledger.open_case(&request(1, 0)).unwrap().id;
    let second = ledger.open_case(&bare).unwrap().id;
    let all = ledger.cases().unwrap();
    let read: Vec<_> = all.iter().map(|case| (case.id, &case.request)).collect();
    assert_eq!(read, [(second, &bare), (first, &request(1, 0))]);
    assert!(all.iter().all(sadp_reset::Case::is_open));

    for how in [
        CaseEnding::Recovered,
        CaseEnding::Spent,
        CaseEnding::Superseded,
        CaseEnding::Forgotten,
    ] {
        let id = ledger.open_case(&request(2, 5)).unwrap().id;
        assert!(ledger.close_case(id, how, at(7)).unwrap());
        assert!(!ledger.close_case(id, CaseEnding::Spent, at(8)).unwrap());
        let case = ledger.case(id).unwrap().unwrap();
        assert_eq!((case.id, case.request), (id, request(2, 5)));
        assert_eq!(case.ended, Some(CaseEnded { how, at: at(7) }));
    }
    assert_eq!(open(&ledger), [2, 1]);
    let strange: CaseId = "99".parse().unwrap();
    assert_eq!(ledger.case(strange).unwrap(), None);
    let closed = ledger.close_case(strange, CaseEnding::Spent, at(8));
    assert!(!closed.unwrap());
}

#[test]
fn exporting_again_closes_the_older_case_of_the_same_device_only() {
    let (mut ledger, _folder) = ledger();
    let by_mac = |second| NewCase {
        device: key(Some(1), None),
        ..request(1, second)
    };
    let first = ledger.open_case(&request(1, 0)).unwrap();
    ledger.open_case(&request(2, 1)).unwrap();
    assert_eq!(first.superseded, []);
    let second = ledger.open_case(&by_mac(2)).unwrap();
    assert_eq!(second.superseded, [first.id]);
    assert_eq!(open(&ledger), [3, 2]);
    let third = ledger.open_case(&request(1, 3)).unwrap();
    assert_eq!(third.superseded, [second.id]);
    let all = ledger.cases().unwrap();
    let ended = |at| {
        let how = CaseEnding::Superseded;
        Some(CaseEnded { how, at })
    };
    let ends: Vec<_> = all.iter().map(|case| case.ended).collect();
    assert_eq!(ends, [None, ended(at(3)), None, ended(at(2))]);
    assert_eq!(
        RequestFacts::of(&all[3], &all).newer_export,
        Some(at(3)),
        "the latest counts"
    );
    assert_eq!(RequestFacts::of(&all[2], &all).newer_export, None);
}

#[test]
fn a_ledger_that_is_only_read_opens_no_case() {
    let (_writer, folder) = ledger();
    let mut reader = Ledger::open_existing(folder.path()).unwrap().unwrap();
    let refused = reader.open_case(&request(1, 0)).unwrap_err();
    assert!(matches!(refused, LedgerError::ReadOnly { .. }), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_device_and_any_folder_are_read_back(serial in ".{1,300}", package in "/\\PC{0,300}") {
        let (mut ledger, _folder) = ledger();
        let Some(serial) = Serial::new(&serial) else { return Ok(()) };
        let case = NewCase {
            device: DeviceKey::new(None, Some(serial)).unwrap(),
            package: package.into(),
            ..request(1, 0)
        };
        ledger.open_case(&case).unwrap();
        let again = ledger.open_case(&case).unwrap();
        prop_assert_eq!(again.superseded.len(), 1);
        let read = ledger.cases().unwrap();
        prop_assert!(read.len() == 2 && read.iter().all(|read| read.request == case));
    }
}

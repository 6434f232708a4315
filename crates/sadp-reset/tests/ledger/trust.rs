//! State that other users can replace.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use sadp_reset::{Claim, ClaimHolder, Ledger, LedgerError, Untrusted};

fn assert_refused(folder: &Path, why: Untrusted) {
    let claimed = Claim::try_take(folder, &ClaimHolder::this("test", jiff::Timestamp::MIN));
    let errors = [
        Ledger::open(folder).map(drop),
        Ledger::open_existing(folder).map(drop),
        claimed.map(drop).map_err(LedgerError::from),
    ];
    for error in errors {
        let Err(LedgerError::File(error)) = error else {
            panic!("{why}: {error:?}");
        };
        let source = error.source.get_ref();
        let source = source.and_then(|it| it.downcast_ref());
        assert_eq!(source, Some(&why), "{error}");
    }
}

#[test]
fn what_others_can_write_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(Ledger::open(folder).unwrap());
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    assert_refused(folder, Untrusted::Writable);
    fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    drop(Ledger::open(folder).unwrap());
}

#[test]
fn a_link_in_place_of_ledger_or_claim_is_not_used() {
    let root = tempfile::tempdir().unwrap();
    let [folder, other] = ["state", "other"].map(|name| root.path().join(name));
    drop(Ledger::open(&other).unwrap());
    fs::create_dir(&folder).unwrap();
    for name in [Ledger::FILE_NAME, Claim::FILE_NAME] {
        symlink(other.join(Ledger::FILE_NAME), folder.join(name)).unwrap();
    }
    let before = fs::read(other.join(Ledger::FILE_NAME)).unwrap();
    assert_refused(&folder, Untrusted::Link);
    let after = fs::read(other.join(Ledger::FILE_NAME)).unwrap();
    assert_eq!(before, after);
}

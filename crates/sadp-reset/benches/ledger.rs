//! What the ledger costs a command: each write is on the disk before it
//! returns, so this measures the disk as much as the code. Run with `TMPDIR` on
//! the disk in question.

use divan::Bencher;
use jiff::Timestamp;
use sadp_model::MacAddr;
use sadp_reset::{Action, Attempt, AttemptResult, AttemptVerdict, DeviceKey, Ledger};

fn main() {
    divan::main();
}

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn camera() -> Option<DeviceKey> {
    DeviceKey::new(Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, 1])), None)
}

/// One command: an attempt begun and finished.
#[divan::bench(sample_count = 500, sample_size = 1)]
fn begin_and_finish(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ledger = Ledger::open(folder.path()).expect("a new ledger");
    let attempt = Attempt {
        device: camera(),
        address: Some([10, 77, 0, 5].into()),
        action: Action::Activate,
        at: AT,
    };
    let verdict = AttemptVerdict::new(AttemptResult::Done, AT);
    bencher.bench_local(|| {
        let id = ledger.begin(&attempt)?;
        ledger.finish(id, &verdict)
    });
}

/// What a scan pays where there is a ledger.
#[divan::bench]
fn open_existing_and_read_locks(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Ledger::open(folder.path()).expect("a new ledger");
    bencher.bench_local(|| {
        let ledger = Ledger::open_existing(folder.path())?;
        ledger.map(|ledger| ledger.locks(AT)).transpose()
    });
}

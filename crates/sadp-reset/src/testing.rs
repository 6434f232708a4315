//! What the tests of several modules need.

use jiff::Timestamp;
use sadp_model::{MacAddr, Serial};

use crate::{DeviceKey, Ledger};

/// The key of a device, by the last byte of its MAC and its serial. An empty serial is none.
pub(crate) fn key(mac: impl Into<Option<u8>>, serial: &str) -> DeviceKey {
    let mac = mac.into();
    let mac = mac.map(|last| MacAddr::new([0x44, 0x47, 0xcc, 0x1d, 0x6d, last]));
    DeviceKey::new(mac, Serial::new(serial)).unwrap()
}

/// A time, in seconds since 1970.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A new ledger. Its folder is deleted with the first value.
pub(crate) fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path()).unwrap();
    (folder, ledger)
}

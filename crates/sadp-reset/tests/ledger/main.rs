//! The ledger and the files beside it from outside: what is remembered and
//! written, what the files are like, and what becomes of them when several runs
//! write, one is killed, or the disk is full.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

mod answers;
mod audit;
mod cases;
mod clock;
mod files;
mod hostile;
mod killed;
mod memory;
mod packages;
mod processes;
mod spent;
#[cfg(unix)]
mod trust;
mod vault;

use jiff::Timestamp;
use sadp_model::{Device, DeviceRecord, MacAddr, Serial, State};
use sadp_reset::{Action, Attempt, DeviceKey, Ledger};
use tempfile::TempDir;

/// A new ledger and the folder that vanishes with it.
fn ledger() -> (Ledger, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Ledger::open(folder.path()).unwrap(), folder)
}

/// So many seconds into the tests' own time.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn mac(number: u16) -> MacAddr {
    let [high, low] = number.to_be_bytes();
    MacAddr::new([0x44, 0x47, 0xcc, 0, high, low])
}

fn key(mac_number: Option<u16>, serial: Option<&str>) -> DeviceKey {
    DeviceKey::new(mac_number.map(mac), serial.and_then(Serial::new)).unwrap()
}

fn device(number: u16) -> Device {
    let mut device = Device::unknown();
    device.mac = Some(mac(number));
    device.serial = Serial::new(&format!("S{number}"));
    device
}

/// When the lock of a device ends, as a scan shows it.
fn lock_of(ledger: &Ledger, key: &DeviceKey, now: Timestamp) -> Option<Timestamp> {
    let mut device = Device::unknown();
    device.mac = key.mac();
    device.serial = key.serial().cloned();
    let mut entries = [DeviceRecord::unseen(device)];
    ledger.apply_locks(&mut entries, now).unwrap();
    match entries[0].device.state {
        Some(State::Locked { until }) => Some(until),
        _ => None,
    }
}

fn attempt(number: u16, second: i64) -> Attempt {
    Attempt {
        device: DeviceKey::of(&device(number)),
        address: Some([10, 77, 0, 5].into()),
        action: Action::Activate,
        at: at(second),
    }
}

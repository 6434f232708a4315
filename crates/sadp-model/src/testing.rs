//! What the tests of several modules need.

use jiff::Timestamp;

use crate::{Device, DeviceRecord, Protocol, Registry, Sighting, Via};

/// The records of devices that were received on `lan0`.
pub(crate) fn recorded(devices: impl IntoIterator<Item = Device>) -> Vec<DeviceRecord> {
    let mut registry = Registry::new();
    for device in devices {
        let sighting = Sighting {
            interface: "lan0".into(),
            from: [10, 0, 0, 2].into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
        };
        registry.record(device, sighting);
    }
    registry.into_entries()
}

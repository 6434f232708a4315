//! Devices to try with.

use jiff::Timestamp;
use sadp_model::{Device, Protocol, Registry, Sighting, Via};
use sadp_ops::DiscoveredDevice;

/// A device of which nothing is known but its MAC.
pub(crate) fn named(mac: &str) -> DiscoveredDevice {
    let mut device = Device::unknown();
    device.mac = mac.parse().ok();
    let sighting = Sighting {
        interface: "".into(),
        from: [192, 168, 1, 5].into(),
        protocol: Protocol::Sadp,
        via: Via::Unicast,
        at: Timestamp::UNIX_EPOCH,
    };
    let mut registry = Registry::new();
    registry.record(device, sighting);
    DiscoveredDevice::assess_all(registry.into_entries(), &[]).remove(0)
}

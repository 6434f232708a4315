//! Devices to try with.

use jiff::Timestamp;
use sadp_model::{Device, Protocol, Registry, Sighting, Via};
use sadp_ops::DiscoveredDevice;

/// The devices as if each had replied from its address.
pub(crate) fn discovered(devices: impl IntoIterator<Item = Device>) -> Vec<DiscoveredDevice> {
    let mut registry = Registry::new();
    for device in devices {
        let address = device.ipv4.address;
        let sighting = Sighting {
            interface: "lan0".into(),
            from: address.map_or_else(|| [192, 168, 1, 1].into(), Into::into),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
        };
        registry.record(device, sighting);
    }
    DiscoveredDevice::assess_all(registry.into_entries(), &[])
}

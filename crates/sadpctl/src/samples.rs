//! Devices to try with.

use sadp_ops::DiscoveredDevice;

/// Makes devices for tests.
pub(crate) trait Samples {
    /// A device of which nothing is known but its MAC.
    fn named(mac: &str) -> Self;
}

impl Samples for DiscoveredDevice {
    fn named(mac: &str) -> Self {
        use sadp_model::{Device, Protocol, Registry, Sighting, Via};
        let mut device = Device::unknown();
        device.mac = mac.parse().ok();
        let sighting = Sighting {
            interface: "".into(),
            from: [192, 168, 1, 5].into(),
            protocol: Protocol::Sadp,
            via: Via::Unicast,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut registry = Registry::new();
        registry.record(device, sighting);
        Self::assess_all(registry.into_entries(), &[]).remove(0)
    }
}

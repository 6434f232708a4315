//! Devices to try with.

use sadp_ops::DiscoveredDevice;

/// Makes devices for tests.
pub(crate) trait Samples {
    /// A device of which nothing is known but its MAC.
    fn named(mac: &str) -> Self;

    /// A device heard from these senders in turn, a second apart, each with the
    /// address it said the device has.
    fn heard(accounts: &[([u8; 4], [u8; 4])]) -> Self;
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

    fn heard(accounts: &[([u8; 4], [u8; 4])]) -> Self {
        use sadp_model::{Device, Protocol, Registry, Sighting, Via};
        let mut registry = Registry::new();
        for (second, (from, told)) in (0..).zip(accounts) {
            let mut device = Device::unknown();
            device.mac = "44:47:cc:00:00:05".parse().ok();
            device.ipv4.address = Some((*told).into());
            let sighting = Sighting {
                interface: "lan0".into(),
                from: (*from).into(),
                protocol: Protocol::Sadp,
                via: Via::Multicast,
                at: jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(second),
            };
            registry.record(device, sighting);
        }
        Self::assess_all(registry.into_entries(), &[]).remove(0)
    }
}

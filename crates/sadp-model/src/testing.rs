//! Devices for tests: of this crate and, by the feature `testing`, of those above.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::{Device, DeviceRecord, MacAddr, Protocol, Registry, Sighting, Via};

/// The records of devices that replied by multicast on `lan0`, each from its own address.
pub fn recorded(devices: impl IntoIterator<Item = Device>) -> Vec<DeviceRecord> {
    let mut registry = Registry::new();
    for device in devices {
        let sighting = Sighting {
            interface: "lan0".into(),
            from: device.ipv4.address.unwrap_or(Ipv4Addr::LOCALHOST).into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
        };
        registry.record(device, sighting);
    }
    registry.into_entries()
}

/// The same of devices with MACs of their own and these addresses, in networks of 24 bits.
pub fn recorded_at(addresses: &[[u8; 4]]) -> Vec<DeviceRecord> {
    recorded((0u8..).zip(addresses).map(|(number, address)| {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0xc4, 0x2f, 0x90, 0, 0, number]));
        device.ipv4.address = Some((*address).into());
        device.ipv4.mask = Some([255, 255, 255, 0].into());
        device
    }))
}

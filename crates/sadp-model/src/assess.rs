use std::collections::HashMap;

use ipnet::Ipv4Net;

use crate::{DeviceRecord, FACTORY_ADDRESSES};

/// What is noteworthy about one device, as seen from this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Whether this computer can reach the device's address: it is in a local
    /// network, or the device replied from it.
    pub reachable: bool,
    /// What needs attention, in the order of [`Warning`].
    pub warnings: Vec<Warning>,
}

/// Assesses all devices of a site for a computer in the networks `local`. Returns
/// one assessment for each record, in order.
pub fn assess(entries: &[DeviceRecord], local: &[Ipv4Net]) -> Vec<Assessment> {
    let addresses = count(entries, |entry| entry.device.ipv4.address);
    let macs = count(entries, |entry| entry.device.identity());
    let assessments = entries.iter().map(|entry| {
        let address = entry.device.ipv4.address.and_then(|it| addresses.get(&it));
        let mac = entry.device.identity().and_then(|it| macs.get(&it));
        let shared = Shared {
            address: address.is_some_and(|&times| times > 1),
            mac: mac.is_some_and(|&times| times > 1),
        };
        assess_one(entry, shared, local)
    });
    assessments.collect()
}

/// What a device shares with another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The IPv4 address.
    pub address: bool,
    /// The MAC.
    pub mac: bool,
}

/// Assesses one device, given what it shares with others.
pub fn assess_one(entry: &DeviceRecord, shared: Shared, local: &[Ipv4Net]) -> Assessment {
    let device = &entry.device;
    let address = device.ipv4.address;
    let near = address.is_some_and(|address| local.iter().any(|net| net.contains(&address)));
    let reachable = near || entry.answered_directly;
    let found = [
        (Warning::OffSubnet, address.is_some() && !reachable),
        (Warning::DuplicateIp, shared.address),
        (Warning::DuplicateMac, entry.contradictory || shared.mac),
        (Warning::TwoSenders, entry.has_concurrent_sender()),
        (
            Warning::FactoryAddress,
            address.is_some_and(|ip| FACTORY_ADDRESSES.contains(&ip)),
        ),
        (
            Warning::ClockUnset,
            device.boot_time.is_some_and(|boot| boot.year() <= 1970),
        ),
        (Warning::MalformedReply, entry.malformed),
        (
            Warning::ReplayablePassword,
            device.replayable_password == Some(true),
        ),
        (Warning::FragmentOnly, device.fragment_only),
    ];
    Assessment {
        reachable,
        warnings: found
            .into_iter()
            .filter_map(|(warning, holds)| holds.then_some(warning))
            .collect(),
    }
}

fn count<K: std::hash::Hash + Eq>(
    entries: &[DeviceRecord],
    key: impl Fn(&DeviceRecord) -> Option<K>,
) -> HashMap<K, usize> {
    let mut times = HashMap::with_capacity(entries.len());
    for key in entries.iter().filter_map(key) {
        *times.entry(key).or_default() += 1;
    }
    times
}

/// Something about a device that needs attention.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::Display,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Warning {
    /// Its address is in none of this computer's networks.
    OffSubnet,
    /// Another device has the same IPv4 address.
    DuplicateIp,
    /// Another device has the same MAC.
    DuplicateMac,
    /// Two senders at different addresses reply for it: one of them is not the
    /// device.
    TwoSenders,
    /// It has a factory default address.
    FactoryAddress,
    /// Its clock has never been set.
    ClockUnset,
    /// One of its replies could not be read to the end.
    MalformedReply,
    /// It takes no encrypted password for network changes: a recorded one can be
    /// replayed.
    ReplayablePassword,
    /// Only the first IP fragment of its reply was received; the rest is unknown.
    FragmentOnly,
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};

    use super::*;
    use crate::{Device, MacAddr, Protocol, Registry, Serial, Sighting, Via};

    fn site(devices: impl IntoIterator<Item = Device>) -> Vec<DeviceRecord> {
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

    fn device(number: u8, address: [u8; 4]) -> Device {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number]));
        device.serial = Serial::new(&format!("S{number}"));
        device.ipv4.address = Some(address.into());
        device
    }

    fn warnings(entries: &[DeviceRecord]) -> Vec<Vec<Warning>> {
        let local = ["10.0.0.1/24".parse().unwrap()];
        let all = assess(entries, &local);
        all.into_iter()
            .map(|assessment| assessment.warnings)
            .collect()
    }

    #[test]
    fn a_device_in_a_local_network_is_reachable_and_unremarkable() {
        let entries = site([device(1, [10, 0, 0, 5])]);
        let local = ["10.0.0.1/24".parse().unwrap()];
        let expected = Assessment {
            reachable: true,
            warnings: vec![],
        };
        assert_eq!(assess(&entries, &local), [expected]);
    }

    #[test]
    fn a_device_elsewhere_is_off_subnet_unless_it_answered_directly() {
        let mut entries = site([device(1, [10, 9, 0, 5])]);
        assert_eq!(warnings(&entries), [[Warning::OffSubnet]]);
        entries[0].answered_directly = true;
        assert_eq!(warnings(&entries), [[]; 1]);
    }

    #[test]
    fn shared_addresses_and_macs_are_told_on_every_sharer() {
        let mut twin = device(1, [10, 0, 0, 7]);
        twin.serial = Serial::new("other");
        let entries = site([device(1, [10, 0, 0, 5]), twin, device(3, [10, 0, 0, 5])]);
        assert_eq!(
            warnings(&entries),
            [
                vec![Warning::DuplicateIp, Warning::DuplicateMac],
                vec![Warning::DuplicateMac],
                vec![Warning::DuplicateIp],
            ]
        );
    }

    #[test]
    fn factory_address_unset_clock_torn_reply_and_plain_digest_are_told() {
        let mut device = device(1, [192, 168, 1, 64]);
        device.boot_time = Some(date(1970, 1, 1).at(0, 0, 9, 0));
        device.complete = false;
        device.replayable_password = Some(true);
        let mut fragment = device.clone();
        fragment.fragment_only = true;
        let expected = [
            Warning::OffSubnet,
            Warning::FactoryAddress,
            Warning::ClockUnset,
            Warning::MalformedReply,
            Warning::ReplayablePassword,
        ];
        assert_eq!(warnings(&site([device])), [expected]);
        let expected = [
            Warning::OffSubnet,
            Warning::FactoryAddress,
            Warning::ClockUnset,
            Warning::ReplayablePassword,
            Warning::FragmentOnly,
        ];
        assert_eq!(warnings(&site([fragment])), [expected]);
    }
}

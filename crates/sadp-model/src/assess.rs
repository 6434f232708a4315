use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc};

use enumset::{EnumSet, EnumSetType};
use ipnet::Ipv4Net;
use strum::{Display, IntoStaticStr, VariantNames};

use crate::{DeviceRecord, FACTORY_ADDRESSES};

/// What is noteworthy about one device, as seen from this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Whether this computer can reach the device's address: it is in a local
    /// network on an interface that it was received on, or the device replied from it.
    pub reachable: bool,
    /// What needs attention.
    pub warnings: EnumSet<Warning>,
}

/// A network that this computer is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalNetwork {
    /// The interface that leads there, where known.
    pub interface: Option<Arc<str>>,
    /// This computer's address and its network.
    pub network: Ipv4Net,
}

impl From<Ipv4Net> for LocalNetwork {
    fn from(network: Ipv4Net) -> Self {
        let interface = None;
        Self { interface, network }
    }
}

/// Assesses all devices of a site for a computer in the networks `local`. Returns
/// one assessment for each record, in order.
pub fn assess(entries: &[DeviceRecord], local: &[LocalNetwork]) -> Vec<Assessment> {
    let devices = entries.iter().map(|entry| &entry.device);
    let addresses = repeated(devices.clone().filter_map(|it| it.ipv4.address));
    let macs = repeated(devices.clone().filter_map(|it| it.identity()));
    let salts = repeated(devices.filter_map(|it| it.raw.told("Salt")));
    let twins = entries.iter().filter(|entry| {
        let mac = entry.device.identity();
        mac.is_some_and(|it| macs.contains(&it))
    });
    let senders = repeated(twins.flat_map(DeviceRecord::home_reports));
    let assessments = entries.iter().map(|entry| {
        let device = &entry.device;
        let (address, mac) = (device.ipv4.address, device.identity());
        let shared = Shared {
            address: address.is_some_and(|it| addresses.contains(&it)),
            mac: mac.is_some_and(|it| macs.contains(&it)),
            salt: device.raw.told("Salt").is_some_and(|it| salts.contains(it)),
            sender: !senders.is_empty() && !entry.home_reports().is_disjoint(&senders),
        };
        assess_one(entry, shared, local)
    });
    assessments.collect()
}

/// What a device shares with another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Shared {
    /// The IPv4 address.
    pub address: bool,
    /// The MAC.
    pub mac: bool,
    /// The salt of its password.
    pub salt: bool,
    /// The MAC, and the address that it replied from: it reported two serials.
    pub sender: bool,
}

/// Assesses one device, given what it shares with others.
pub fn assess_one(entry: &DeviceRecord, shared: Shared, local: &[LocalNetwork]) -> Assessment {
    let device = &entry.device;
    let address = device.ipv4.address;
    let near = address.map_or_else(Vec::new, |address| nearest(address, local));
    let here = near.iter().any(|net| leads_to(net, entry));
    let reachable = here || entry.answered_directly;
    let far = address.is_some() && !reachable;
    let found = [
        (Warning::OffSubnet, far && near.is_empty()),
        (Warning::OtherInterface, far && !near.is_empty()),
        (Warning::DuplicateIp, shared.address),
        (Warning::DuplicateMac, entry.contradictory || shared.mac),
        (Warning::TwoSenders, entry.has_concurrent_sender()),
        (
            Warning::ContradictsItself,
            shared.sender || !entry.contradictions.is_empty(),
        ),
        (Warning::SharedSalt, shared.salt),
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

/// The networks by which this computer sends to an address.
fn nearest(address: Ipv4Addr, local: &[LocalNetwork]) -> Vec<&LocalNetwork> {
    let mut near: Vec<_> = local
        .iter()
        .filter(|it| it.network.contains(&address))
        .collect();
    let longest = near.iter().map(|it| it.network.prefix_len()).max();
    near.retain(|it| Some(it.network.prefix_len()) == longest);
    near
}

/// Whether the device was received on the interface of a network, as far as is known.
fn leads_to(local: &LocalNetwork, entry: &DeviceRecord) -> bool {
    // Additional addresses have a label, as in `eth0:1`.
    fn card(name: &str) -> &str {
        name.split(':').next().unwrap_or_default()
    }
    let Some(interface) = &local.interface else {
        return true;
    };
    let mut seen = entry.seen.iter();
    seen.any(|seen| seen.interface.is_empty() || card(&seen.interface) == card(interface))
}

/// What occurs more than once.
fn repeated<K: Copy + Ord>(keys: impl Iterator<Item = K>) -> BTreeSet<K> {
    let mut seen = BTreeSet::new();
    keys.filter(|key| !seen.insert(*key)).collect()
}

/// Something about a device that needs attention.
#[derive(EnumSetType, Debug, PartialOrd, Ord, Hash, IntoStaticStr, VariantNames, Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Warning {
    /// Its address is in none of this computer's networks.
    OffSubnet,
    /// Its address is in a network of this computer, but on another interface than it
    /// was received on: what is sent there does not reach it.
    OtherInterface,
    /// Another device has the same IPv4 address.
    DuplicateIp,
    /// Another device has the same MAC.
    DuplicateMac,
    /// Two senders at different addresses reply for it: one of them is not the
    /// device.
    TwoSenders,
    /// It reported one thing in two ways within one look.
    ContradictsItself,
    /// Another device reports the same salt: one of the two may be a copy that is to be
    /// sent the password of the other.
    SharedSalt,
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
    use jiff::civil::date;

    use super::*;
    use crate::{Device, MacAddr, Serial, testing::recorded};

    fn device(number: u8, address: [u8; 4]) -> Device {
        let mut device = Device::unknown();
        device.mac = Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, number]));
        device.serial = Serial::new(&format!("S{number}"));
        device.ipv4.address = Some(address.into());
        device
    }

    fn local(network: &str, interface: Option<&str>) -> LocalNetwork {
        let network = network.parse().unwrap();
        let interface = interface.map(Into::into);
        LocalNetwork { interface, network }
    }

    #[test]
    fn a_device_in_the_network_of_another_interface_is_not_reachable() {
        let entries = recorded([device(1, [172, 17, 0, 5])]);
        let docker = local("172.17.0.1/16", Some("docker0"));
        let [found] = &assess(&entries, std::slice::from_ref(&docker))[..] else {
            panic!("one device");
        };
        assert!(!found.reachable);
        assert_eq!(found.warnings, Warning::OtherInterface);
        // The longer prefix is the way.
        let narrow = local("172.17.0.250/24", Some("lan0:1"));
        assert!(assess(&entries, &[docker, narrow])[0].reachable);
    }

    fn warnings(entries: &[DeviceRecord]) -> Vec<Vec<Warning>> {
        let local = [local("10.0.0.1/24", None)];
        let all = assess(entries, &local).into_iter();
        all.map(|assessment| assessment.warnings.iter().collect())
            .collect()
    }

    #[test]
    fn a_device_in_a_local_network_is_reachable_and_unremarkable() {
        let entries = recorded([device(1, [10, 0, 0, 5])]);
        let local = [local("10.0.0.1/24", Some("lan0"))];
        let expected = Assessment {
            reachable: true,
            warnings: EnumSet::empty(),
        };
        assert_eq!(assess(&entries, &local), [expected]);
    }

    #[test]
    fn a_device_elsewhere_is_off_subnet_unless_it_answered_directly() {
        let mut entries = recorded([device(1, [10, 9, 0, 5])]);
        assert_eq!(warnings(&entries), [[Warning::OffSubnet]]);
        entries[0].answered_directly = true;
        assert!(warnings(&entries)[0].is_empty());
    }

    #[test]
    fn shared_addresses_and_macs_are_reported_on_every_sharer() {
        let mut twin = device(1, [10, 0, 0, 7]);
        twin.serial = Serial::new("other");
        let entries = recorded([device(1, [10, 0, 0, 5]), twin, device(3, [10, 0, 0, 5])]);
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
    fn a_salt_of_two_devices_and_a_second_serial_are_reported() {
        let salted = |number, address, salt| {
            let mut device = device(number, address);
            device.raw.push("Salt", salt);
            device
        };
        let own = [10, 0, 0, 2];
        let mut second = device(3, own);
        second.serial = Serial::new("other");
        let entries = recorded([
            salted(1, [10, 0, 0, 5], "00"),
            salted(2, [10, 0, 0, 6], "00"),
            device(3, own),
            second,
            salted(4, [10, 0, 0, 7], ""),
            salted(5, [10, 0, 0, 8], ""),
        ]);
        let twice = vec![
            Warning::DuplicateIp,
            Warning::DuplicateMac,
            Warning::ContradictsItself,
        ];
        let expected = [
            vec![Warning::SharedSalt],
            vec![Warning::SharedSalt],
            twice.clone(),
            twice,
            vec![],
            vec![],
        ];
        assert_eq!(warnings(&entries), expected);
    }

    #[test]
    fn factory_address_unset_clock_torn_reply_and_plain_digest_are_reported() {
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
        assert_eq!(warnings(&recorded([device])), [expected]);
        let expected = [
            Warning::OffSubnet,
            Warning::FactoryAddress,
            Warning::ClockUnset,
            Warning::ReplayablePassword,
            Warning::FragmentOnly,
        ];
        assert_eq!(warnings(&recorded([fragment])), [expected]);
    }
}

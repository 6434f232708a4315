//! Makes devices with unique identities.

use std::{collections::HashSet, iter::Chain, net::Ipv4Addr, ops::RangeInclusive, sync::Arc};

use ipnet::{Ipv4AddrRange, Ipv4Net};
use jiff::civil::{Date, DateTime, date};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use sadp_model::MacAddr;

use crate::{
    Access, Behavior, CloudSettings, Device, DeviceSettings, DeviceState, HttpSettings, Identity,
    Profile, RecoverySettings,
};

/// Makes devices for one network. The same seed makes the same devices.
#[derive(Debug)]
pub(crate) struct Factory {
    pub(crate) rng: Xoshiro256PlusPlus,
    network: Ipv4Net,
    macs: HashSet<MacAddr>,
    serials: HashSet<Box<str>>,
    /// Addresses that are not assigned any more.
    taken: HashSet<Ipv4Addr>,
    /// Addresses to try next.
    untried: Chain<Ipv4AddrRange, Ipv4AddrRange>,
}

/// Prefixes of the vendor's hardware addresses.
const PREFIXES: [[u8; 3]; 8] = [
    [0x44, 0x47, 0xcc],
    [0xc4, 0x2f, 0x90],
    [0x68, 0x6d, 0xbc],
    [0xc0, 0x56, 0xe3],
    [0x18, 0x68, 0xcb],
    [0xac, 0xcb, 0x51],
    [0x4c, 0xbd, 0x8f],
    [0x28, 0x57, 0xbe],
];

/// The day at whose beginning the fleet starts.
pub(crate) const TODAY: Date = date(2026, 11, 1);

/// The time of a clock that was never set.
pub(crate) const NO_CLOCK: DateTime = date(1970, 1, 1).at(0, 0, 9, 0);

impl Factory {
    /// Makes a factory for devices in `network`, whose own address is this computer's and
    /// never assigned.
    pub(crate) fn new(seed: u64, network: Ipv4Net) -> Self {
        let (lowest, highest) = (network.network(), network.broadcast());
        let first = u32::from(lowest).saturating_add(first_place(network.prefix_len()));
        let first = Ipv4Addr::from(first).min(highest);
        Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            network,
            macs: HashSet::new(),
            serials: HashSet::new(),
            taken: HashSet::from([lowest, highest, gateway(network), network.addr()]),
            untried: Ipv4AddrRange::new(first, highest).chain(Ipv4AddrRange::new(lowest, first)),
        }
    }

    /// Makes a device with an address of the network. `None` when there is no
    /// address left.
    pub(crate) fn make(&mut self, profile: &Arc<Profile>, behavior: Behavior) -> Option<Device> {
        let address = self.next_address()?;
        Some(self.make_at(profile, None, address, behavior))
    }

    /// Makes a device with this address, of one of the profile's models unless a
    /// model is given.
    pub(crate) fn make_at(
        &mut self,
        profile: &Arc<Profile>,
        model: Option<&str>,
        address: Ipv4Addr,
        behavior: Behavior,
    ) -> Device {
        let model = model.map_or_else(|| self.model(profile), Into::into);
        let settings = DeviceSettings {
            address,
            mask: self.network.netmask(),
            gateway: gateway(self.network),
            dhcp: self.rng.random_bool(0.25),
            ..DeviceSettings::FACTORY
        };
        Device {
            identity: Identity {
                serial: self.serial(profile, &model),
                model,
                mac: self.mac(),
                salt: self.rng.random(),
            },
            state: DeviceState {
                activated: true,
                boot: self.boot(),
                lamp: false,
            },
            access: Access::new(profile.soft_rules),
            recovery: RecoverySettings::default(),
            cloud: CloudSettings::default(),
            http: HttpSettings::new(profile.http.clone()),
            settings,
            behavior,
            profile: Arc::clone(profile),
            quirks: Arc::default(),
        }
    }

    /// Excludes configured values from assignment to other devices.
    pub(crate) fn reserve(
        &mut self,
        mac: Option<MacAddr>,
        serial: Option<&str>,
        address: Option<Ipv4Addr>,
    ) {
        self.macs.extend(mac);
        self.serials.extend(serial.map(Into::into));
        self.taken.extend(address);
    }

    /// The next free address of the network.
    pub(crate) fn next_address(&mut self) -> Option<Ipv4Addr> {
        let Self { untried, taken, .. } = self;
        untried.find(|address| {
            // In a large network .0 and .255 are valid, but some firmware refuses them.
            let avoided = matches!(address.octets()[3], 0 | 255);
            !avoided && taken.insert(*address)
        })
    }

    fn model(&mut self, profile: &Profile) -> Box<str> {
        let models = &profile.models;
        let count = u32::try_from(models.len()).unwrap_or(u32::MAX);
        let index = if count > 1 {
            self.rng.random_range(0..count)
        } else {
            0
        };
        models.get(index as usize).cloned().unwrap_or_default()
    }

    fn mac(&mut self) -> MacAddr {
        loop {
            let index: u8 = self.rng.random();
            let mut octets: [u8; 6] = self.rng.random();
            octets[..3].copy_from_slice(&PREFIXES[usize::from(index) % PREFIXES.len()]);
            let mac = MacAddr::new(octets);
            if self.macs.insert(mac) {
                return mac;
            }
        }
    }

    fn serial(&mut self, profile: &Profile, model: &str) -> Box<str> {
        loop {
            let (first, last) = profile.made;
            let made = self.day(first..=last).strftime("%Y%m%d").to_string();
            let scheme = profile
                .serial
                .replace("{model}", model)
                .replace("{date}", &made);
            let mut serial = String::with_capacity(scheme.len());
            for place in scheme.chars() {
                serial.push(match place {
                    '#' => char::from(b'0' + self.rng.random_range(0..10u8)),
                    other => other,
                });
            }
            let serial = serial.into_boxed_str();
            // A scheme with few digits runs out: then the next date is used.
            if self.serials.insert(serial.clone()) {
                return serial;
            }
        }
    }

    fn day(&mut self, years: RangeInclusive<i16>) -> Date {
        let year = self.rng.random_range(years);
        let month = self.rng.random_range(1..=12);
        let day = self.rng.random_range(1..=28);
        Date::new(year, month, day).unwrap_or(TODAY)
    }

    /// Chooses a time in the half year before today.
    fn boot(&mut self) -> DateTime {
        let minutes = self.rng.random_range(0..180 * 24 * 60i64);
        let seconds = self.rng.random_range(0..60i64);
        let before = jiff::SignedDuration::from_secs(minutes * 60 + seconds);
        let today = TODAY.at(0, 0, 0, 0);
        today.checked_sub(before).unwrap_or(today)
    }
}

/// The network's first address, where routers live.
fn gateway(network: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(network.network()).saturating_add(1))
}

/// The first place for devices in a network with this prefix: after routers, servers and
/// workstations, where there is room.
const fn first_place(prefix: u8) -> u32 {
    match prefix {
        ..=22 => 257,
        23..=24 => 101,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(network: &str) -> Vec<String> {
        let mut factory = Factory::new(1, network.parse().unwrap());
        let profile = &Profile::all()[0];
        std::iter::from_fn(|| factory.make(profile, Behavior::default()))
            .take(70_000)
            .map(|device| device.settings.address.to_string())
            .collect()
    }

    #[test]
    fn a_small_network_is_used_up_without_its_special_addresses() {
        assert_eq!(
            addresses("10.0.0.5/29"),
            ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.6"]
        );
        assert!(addresses("10.0.0.1/32").is_empty());
        assert!(addresses("10.0.0.1/31").is_empty());
    }

    #[test]
    fn devices_begin_where_there_is_room_and_wrap_round() {
        let all = addresses("10.0.0.7/24");
        assert_eq!(all.first().map(String::as_str), Some("10.0.0.101"));
        assert_eq!(all.last().map(String::as_str), Some("10.0.0.100"));
        assert_eq!(all.len(), 254 - 2);
        let all = addresses("10.77.0.1/16");
        assert_eq!(all.first().map(String::as_str), Some("10.77.1.1"));
        assert!(all.len() > 60_000);
    }
}

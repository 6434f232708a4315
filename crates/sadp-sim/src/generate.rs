//! Generates a site of any size.

use std::{net::Ipv4Addr, sync::Arc};

use ipnet::Ipv4Net;
use rand::RngExt;

use crate::{
    Behavior, Device, DeviceSettings, Profile, Questions, RecoverySettings,
    device::{
        Support,
        factory::{Factory, NO_CLOCK},
    },
};

/// The parameters of a generated site.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// The number of devices.
    pub count: u32,
    /// The same seed makes the same devices.
    pub seed: u64,
    /// Their network. Its address part is this computer's and never assigned.
    pub network: Ipv4Net,
    /// Their network behavior.
    pub behavior: Behavior,
}

impl Population {
    /// The maximum number of devices on the factory address, which they share.
    const MAX_ON_FACTORY_ADDRESS: u32 = 5;

    /// Generates the devices: one in five unactivated, some of those on the factory
    /// address, one recorder in eight, and some with an unset clock or an address of
    /// another subnet. Of active devices with support for it, one in three has security
    /// questions set and one in four a recovery e-mail address.
    pub fn generate(self) -> Result<Vec<Device>, GenerateError> {
        let mut factory = Factory::new(self.seed, self.network);
        let mut on_factory_address = 0;
        let mut devices = Vec::new();
        // Their numbers decide, so that any ten devices have some of each trait.
        for number in 0..self.count {
            let activated = number % 5 != 3;
            let recorder = number % 8 == 1;
            let profile = choose_profile(recorder, activated, &mut factory);
            let profile = profile.ok_or(GenerateError::NoProfile)?;
            let device = factory.make(profile, self.behavior);
            let mut device = device.ok_or_else(|| GenerateError::Full {
                count: self.count,
                network: self.network.trunc(),
            })?;
            device.state.activated = activated;
            if !activated && on_factory_address < self.max_on_factory_address() {
                on_factory_address += 1;
                device.settings = DeviceSettings::FACTORY;
            }
            if number % 50 == 6 {
                move_to_other_subnet(&mut device, self.network, &mut factory);
            }
            if activated {
                prepare(&mut device, number);
            }
            if number % 40 == 5 {
                device.state.boot = NO_CLOCK;
            }
            devices.push(device);
        }
        Ok(devices)
    }

    /// One in ten devices of a small site, so that most differ.
    fn max_on_factory_address(self) -> u32 {
        self.count.div_ceil(10).min(Self::MAX_ON_FACTORY_ADDRESS)
    }
}

/// Why a site cannot be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The network has fewer addresses.
    #[error("{network} has no room for {count} devices")]
    Full {
        /// The requested number.
        count: u32,
        /// The network.
        network: Ipv4Net,
    },
    /// No profile fits.
    #[error("no device profile fits")]
    NoProfile,
}

/// Sets up recovery methods that the device supports.
fn prepare(device: &mut Device, number: u32) {
    if number.is_multiple_of(3) && device.supports("SupportSecurityQuestion") == Support::Yes {
        device.recovery.questions = Questions::of_generated_devices();
    }
    if number % 4 == 1 && device.supports("SupportMailBox") == Support::Yes {
        device.recovery.mailbox = Some(RecoverySettings::MAILBOX.into());
    }
}

/// Chooses a fitting profile by weight.
fn choose_profile(
    recorder: bool,
    activated: bool,
    factory: &mut Factory,
) -> Option<&'static Arc<Profile>> {
    let mut fitting: Vec<_> = Profile::all().iter().collect();
    fitting.retain(|profile| {
        profile.is_recorder() == recorder && (profile.knows_activation() || activated)
    });
    let all: u32 = fitting.iter().map(|profile| profile.weight).sum();
    if all == 0 {
        return None;
    }
    let mut rest = factory.rng.random_range(0..all);
    fitting.into_iter().find(|profile| {
        let is_chosen = rest < profile.weight;
        rest = rest.saturating_sub(profile.weight);
        is_chosen
    })
}

/// Sets an address of another site: the device was moved without new settings.
fn move_to_other_subnet(device: &mut Device, network: Ipv4Net, factory: &mut Factory) {
    let subnets = [[192, 168, 0], [172, 16, 4], [10, 0, 0]];
    let mut others = subnets.into_iter();
    let Some([a, b, c]) = others.find(|&[a, b, c]| !network.contains(&Ipv4Addr::new(a, b, c, 1)))
    else {
        return;
    };
    let host = factory.rng.random_range(20..250);
    device.settings.address = Ipv4Addr::new(a, b, c, host);
    device.settings.mask = Ipv4Addr::new(255, 255, 255, 0);
    device.settings.gateway = Ipv4Addr::new(a, b, c, 1);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sadp_model::FACTORY_ADDRESSES;

    use super::*;

    fn population(count: u32, seed: u64) -> Population {
        Population {
            count,
            seed,
            network: "10.77.0.1/16".parse().unwrap(),
            behavior: Behavior::default(),
        }
    }

    #[test]
    fn identities_are_unique_and_like_the_vendors() {
        let devices = population(10_000, 1).generate().unwrap();
        let identities = devices.iter().map(|device| &device.identity);
        let macs: HashSet<_> = identities.clone().map(|it| it.mac).collect();
        let serials: HashSet<_> = identities.clone().map(|it| &it.serial).collect();
        assert_eq!((macs.len(), serials.len()), (10_000, 10_000));
        let like_the_vendors = identities.filter(|it| {
            let serial = sadp_model::Serial::new(&it.serial).unwrap();
            serial.parts(Some(&it.model)).is_some()
        });
        let like_the_vendors = like_the_vendors.count();
        assert!(like_the_vendors > 9_000, "{like_the_vendors}");
    }

    type Trait = fn(&Device, Ipv4Net) -> bool;

    #[test]
    fn a_site_has_something_of_everything() {
        for (count, seed) in [(10, 1), (200, 2), (10_000, 3)] {
            let devices = population(count, seed).generate().unwrap();
            let network: Ipv4Net = "10.77.0.0/16".parse().unwrap();
            let traits: [(Trait, _); 5] = [
                (|it, _| !it.state.activated, 0.15..=0.25),
                (|it, _| it.profile.is_recorder(), 0.101..=1.0),
                (|it, _| it.state.boot.year() == 1970, 0.011..=1.0),
                (
                    |it, _| it.recovery.mailbox.is_some() || !it.recovery.questions.is_empty(),
                    0.101..=1.0,
                ),
                (|it, net| !net.contains(&it.settings.address), 0.015..=0.25),
            ];
            for (index, (has_trait, expected)) in traits.into_iter().enumerate() {
                let with = devices.iter().filter(|device| has_trait(device, network));
                let share = f64::from(u32::try_from(with.count()).unwrap()) / f64::from(count);
                assert!(expected.contains(&share), "{index}: {share}");
            }
        }
    }

    #[test]
    fn addresses_are_unique_but_for_a_few_on_the_factorys() {
        let mut inside = population(10_000, 4).generate().unwrap();
        let mut made = inside.clone();
        made.retain(|device| device.settings.address == FACTORY_ADDRESSES[0]);
        assert_eq!(made.len(), Population::MAX_ON_FACTORY_ADDRESS as usize);
        assert!(made.iter().all(|device| !device.state.activated));
        inside.retain(|device| device.settings.address.octets()[0] == 10);
        let distinct: HashSet<_> = inside.iter().map(|it| it.settings.address).collect();
        assert_eq!(distinct.len(), inside.len());
        assert!(!distinct.contains(&Ipv4Addr::new(10, 77, 0, 1)));
    }

    #[test]
    fn only_the_seed_decides_the_site() {
        let [first, same, other] =
            [5, 5, 6].map(|seed| format!("{:?}", population(300, seed).generate().unwrap()));
        assert_eq!(first, same);
        assert_ne!(first, other);
    }

    #[test]
    fn a_site_too_large_for_its_network_is_refused() {
        let network = "10.0.0.1/28".parse().unwrap();
        let crowded = Population {
            network,
            ..population(20, 1)
        };
        let expected = GenerateError::Full {
            count: 20,
            network: "10.0.0.0/28".parse().unwrap(),
        };
        assert_eq!(crowded.generate().unwrap_err(), expected);
    }
}

//! A site of any size, made up.

use std::{net::Ipv4Addr, sync::Arc};

use ipnet::Ipv4Net;
use rand::RngExt;
use sadp_model::Kind;

use crate::{
    Catalogue, Conduct, Device, Profile, Questions, Recovery, Settings,
    device::Support,
    factory::{Factory, NO_CLOCK},
};

/// What a made-up site is like.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    /// How many devices.
    pub count: u32,
    /// The same seed makes the same devices.
    pub seed: u64,
    /// Their network. Its address part is this machine's and given to none.
    pub network: Ipv4Net,
    /// How they behave on the wire.
    pub conduct: Conduct,
}

impl Population {
    /// The most devices that keep the factory address, which they then share.
    const MAX_ON_FACTORY_ADDRESS: u32 = 5;

    /// Makes the devices: one in five unactivated, some of those still on the
    /// factory address, a recorder among eight, and now and then a clock never
    /// set or an address of another subnet. Of active devices that support it,
    /// one in three has security questions set and one in four a reserved e-mail
    /// address.
    pub fn generate(self) -> Result<Vec<Device>, GenerateError> {
        let lots = Lots::new(Catalogue::built_in().profiles());
        let mut factory = Factory::new(self.seed, self.network);
        let mut on_factory_address = 0;
        let full = || GenerateError::Full {
            count: self.count,
            network: self.network.trunc(),
        };
        (0..self.count)
            .map(|number| {
                let role = Role::of(number);
                let profile = lots
                    .draw(role, &mut factory)
                    .ok_or(GenerateError::NoProfile)?;
                let mut device = factory.make(profile, self.conduct).ok_or_else(full)?;
                device.state.activated = !role.unactivated;
                if role.unactivated && on_factory_address < self.max_on_factory_address() {
                    on_factory_address += 1;
                    device.settings = Settings::FACTORY;
                }
                if role.off_subnet {
                    settle_elsewhere(&mut device, self.network, &mut factory);
                }
                if device.state.activated {
                    role.prepare(&mut device);
                }
                if role.clockless {
                    device.state.boot = NO_CLOCK;
                }
                Ok(device)
            })
            .collect()
    }

    /// In a small site only one in ten devices, so that most differ.
    fn max_on_factory_address(self) -> u32 {
        self.count.div_ceil(10).min(Self::MAX_ON_FACTORY_ADDRESS)
    }
}

/// Why a site cannot be made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The network has fewer addresses.
    #[error("{network} has no room for {count} devices")]
    Full {
        /// How many were asked for.
        count: u32,
        /// Where.
        network: Ipv4Net,
    },
    /// No profile fits.
    #[error("no device profile fits")]
    NoProfile,
}

/// What makes a device of a site remarkable: told by its number, so that any
/// ten devices have something of everything.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for itself: a device may be all of it"
)]
struct Role {
    unactivated: bool,
    recorder: bool,
    clockless: bool,
    off_subnet: bool,
    with_questions: bool,
    with_mailbox: bool,
}

impl Role {
    const fn of(number: u32) -> Self {
        Self {
            unactivated: number % 5 == 3,
            recorder: number % 8 == 1,
            clockless: number % 40 == 5,
            off_subnet: number % 50 == 6,
            with_questions: number.is_multiple_of(3),
            with_mailbox: number % 4 == 1,
        }
    }

    /// Lets the owner have prepared what the device supports.
    fn prepare(self, device: &mut Device) {
        let has = |device: &Device, element| device.supports(element) == Support::Yes;
        if self.with_questions && has(device, "SupportSecurityQuestion") {
            device.recovery.questions = Questions::of_made_up_devices();
        }
        if self.with_mailbox && has(device, "SupportMailBox") {
            device.recovery.mailbox = Some(Recovery::MAILBOX.into());
        }
    }
}

/// Profiles to draw from, by weight.
struct Lots<'a> {
    profiles: &'a [Arc<Profile>],
}

impl<'a> Lots<'a> {
    const fn new(profiles: &'a [Arc<Profile>]) -> Self {
        Self { profiles }
    }

    fn draw(&self, role: Role, factory: &mut Factory) -> Option<&'a Arc<Profile>> {
        let fits = |profile: &&Arc<Profile>| {
            let recorder = matches!(profile.kind(), Kind::Nvr | Kind::Dvr);
            recorder == role.recorder && (profile.knows_activation() || !role.unactivated)
        };
        let fitting = || self.profiles.iter().filter(fits);
        let all: u32 = fitting().map(|profile| profile.weight).sum();
        if all == 0 {
            return None;
        }
        let mut lot = factory.rng.random_range(0..all);
        fitting().find(|profile| match lot.checked_sub(profile.weight) {
            Some(rest) => {
                lot = rest;
                false
            }
            None => true,
        })
    }
}

/// Settings of another site: the device was moved and never set anew.
fn settle_elsewhere(device: &mut Device, network: Ipv4Net, factory: &mut Factory) {
    let subnets = [[192, 168, 0], [172, 16, 4], [10, 0, 0]];
    let elsewhere = |&[a, b, c]: &[u8; 3]| !network.contains(&Ipv4Addr::new(a, b, c, 1));
    let Some([a, b, c]) = subnets.into_iter().find(elsewhere) else {
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
            conduct: Conduct::default(),
        }
    }

    #[test]
    fn identities_are_unique_and_like_the_vendors() {
        let devices = population(10_000, 1).generate().unwrap();
        let macs: HashSet<_> = devices.iter().map(|device| device.identity.mac).collect();
        let serials: HashSet<_> = devices
            .iter()
            .map(|device| &device.identity.serial)
            .collect();
        assert_eq!((macs.len(), serials.len()), (10_000, 10_000));
        let like_the_vendors = devices
            .iter()
            .filter(|device| {
                let serial = sadp_model::Serial::new(&device.identity.serial).unwrap();
                serial.parts(Some(&device.identity.model)).is_some()
            })
            .count();
        assert!(like_the_vendors > 9_000, "{like_the_vendors}");
    }

    #[test]
    fn a_site_has_something_of_everything() {
        for (count, seed) in [(10, 1), (200, 2), (10_000, 3)] {
            let devices = population(count, seed).generate().unwrap();
            let share = |holds: &dyn Fn(&Device) -> bool| {
                f64::from(
                    u32::try_from(devices.iter().filter(|device| holds(device)).count()).unwrap(),
                ) / f64::from(count)
            };
            let unactivated = share(&|device| !device.state.activated);
            assert!((0.15..=0.25).contains(&unactivated), "{unactivated}");
            assert!(share(&|device| matches!(device.profile.kind(), Kind::Nvr | Kind::Dvr)) > 0.1);
            assert!(share(&|device| device.state.boot.year() == 1970) > 0.01);
            let prepared = |device: &Device| {
                device.recovery.mailbox.is_some() || !device.recovery.questions.is_empty()
            };
            assert!(share(&prepared) > 0.1, "{}", share(&prepared));
            let network: Ipv4Net = "10.77.0.0/16".parse().unwrap();
            let outside = share(&|device| !network.contains(&device.settings.address));
            assert!((0.015..=0.25).contains(&outside), "{outside}");
        }
    }

    #[test]
    fn addresses_are_unique_but_for_a_few_on_the_factorys() {
        let devices = population(10_000, 4).generate().unwrap();
        let made: Vec<_> = devices
            .iter()
            .filter(|device| device.settings.address == FACTORY_ADDRESSES[0])
            .collect();
        assert_eq!(made.len(), Population::MAX_ON_FACTORY_ADDRESS as usize);
        assert!(made.iter().all(|device| !device.state.activated));
        let inside: Vec<_> = devices
            .iter()
            .filter(|device| device.settings.address.octets()[0] == 10)
            .collect();
        let distinct: HashSet<_> = inside
            .iter()
            .map(|device| device.settings.address)
            .collect();
        assert_eq!(distinct.len(), inside.len());
        assert!(!distinct.contains(&Ipv4Addr::new(10, 77, 0, 1)));
    }

    #[test]
    fn the_seed_alone_tells_the_site() {
        let texts = |seed| format!("{:?}", population(300, seed).generate().unwrap());
        assert_eq!(texts(5), texts(5));
        assert_ne!(texts(5), texts(6));
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

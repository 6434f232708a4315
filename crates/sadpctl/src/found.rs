//! A device found, with all that was concluded about it.

use ipnet::Ipv4Net;
use sadp_model::{Assessment, Entry, Warning, assess, assess_one};
use sadp_proto::Account;
use sadp_reset::DeviceKey;

/// A device found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) entry: Entry,
    /// Whether this machine can talk to its address, where that is known.
    pub(crate) reachable: Option<bool>,
    pub(crate) warnings: Vec<Warning>,
}

impl Found {
    /// By what it is known again.
    pub(crate) fn key(&self) -> Option<DeviceKey> {
        DeviceKey::of(&self.entry.device)
    }

    /// Whether it is the device of this key.
    pub(crate) fn is(&self, key: &DeviceKey) -> bool {
        self.key().is_some_and(|own| own.is_same(key))
    }

    /// Devices heard by this machine, which stands in the networks `local`.
    pub(crate) fn here(entries: Vec<Entry>, local: &[Ipv4Net]) -> Vec<Self> {
        let assessments = assess(&entries, local);
        entries
            .into_iter()
            .zip(assessments)
            .map(|(entry, assessment)| Self {
                entry,
                reachable: Some(assessment.reachable),
                warnings: assessment.warnings,
            })
            .collect()
    }

    /// A device as a watch knows it, on this machine in the networks `local`.
    pub(crate) fn watched(account: &Account, local: &[Ipv4Net]) -> Self {
        let Assessment {
            reachable,
            warnings,
        } = assess_one(&account.entry, account.shared, local);
        Self {
            entry: account.entry.clone(),
            reachable: Some(reachable),
            warnings,
        }
    }

    /// Devices read from a file: it is not known from where they can be
    /// reached.
    pub(crate) fn elsewhere(entries: Vec<Entry>) -> Vec<Self> {
        let mut all = Self::here(entries, &[]);
        for found in &mut all {
            found.reachable = None;
            found
                .warnings
                .retain(|&warning| warning != Warning::OffSubnet);
        }
        all
    }
}

#[cfg(test)]
impl Found {
    /// A device of which nothing is known but its MAC.
    pub(crate) fn named(mac: &str) -> Self {
        use sadp_model::{Device, Registry, Sighting, Via};
        let mut device = Device::unknown();
        device.mac = mac.parse().ok();
        let sighting = Sighting {
            interface: "".into(),
            from: [192, 168, 1, 5].into(),
            via: Via::Unicast,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut registry = Registry::new();
        registry.record(device, sighting);
        Self::here(registry.into_entries(), &[]).remove(0)
    }

    /// A device heard from these senders in turn, a second apart, each with the
    /// address it said the device has.
    pub(crate) fn heard(accounts: &[([u8; 4], [u8; 4])]) -> Self {
        use sadp_model::{Device, Registry, Sighting, Via};
        let mut registry = Registry::new();
        for (second, (from, told)) in (0..).zip(accounts) {
            let mut device = Device::unknown();
            device.mac = "44:47:cc:00:00:05".parse().ok();
            device.ipv4.address = Some((*told).into());
            let sighting = Sighting {
                interface: "lan0".into(),
                from: (*from).into(),
                via: Via::Multicast,
                at: jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(second),
            };
            registry.record(device, sighting);
        }
        Self::here(registry.into_entries(), &[]).remove(0)
    }
}

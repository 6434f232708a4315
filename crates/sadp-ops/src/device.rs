use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use enumset::EnumSet;
use sadp_model::{
    Assessment, Device, DeviceRecord, LocalNetwork, MacAddr, Serial, Warning, assess, assess_one,
};
use sadp_proto::DeviceSnapshot;
use sadp_reset::{AttemptFilter, DeviceKey, KnownDevice, SiteName};

/// A device that was found, with what follows from the others and from this
/// computer's networks.
#[derive(Clone, Debug)]
pub struct DiscoveredDevice {
    /// What was received of it.
    pub entry: DeviceRecord,
    /// Whether this computer can talk to its address. `None` where that cannot be
    /// told, as for devices read from a file.
    pub reachable: Option<bool>,
    /// What a person should look at.
    pub warnings: EnumSet<Warning>,
    /// What people call it, where they named it.
    pub site_name: Option<Box<SiteName>>,
    /// Whether another device has its address on the interface on which it was heard. Two
    /// interfaces may lead to a device with one address each.
    pub(crate) address_shared: bool,
    /// The port of its HTTPS, where a URL names it: it is then asked over HTTPS alone.
    pub(crate) https_port: Option<u16>,
}

impl DiscoveredDevice {
    /// Assesses devices received by a computer in the networks `local`.
    pub fn assess_all(entries: Vec<DeviceRecord>, local: &[LocalNetwork]) -> Vec<Self> {
        let assessments = assess(&entries, local);
        let pairs = entries.into_iter().zip(assessments);
        let mut devices: Vec<_> = pairs.map(|(entry, it)| Self::new(entry, it)).collect();
        let mut places = HashMap::<_, u32>::new();
        for device in &devices {
            *places.entry(device.place()).or_default() += 1;
        }
        for device in &mut devices {
            device.address_shared &= places.get(&device.place()).is_some_and(|&it| it > 1);
        }
        devices
    }

    /// Assesses a device of a watch, on a computer in the networks `local`.
    pub fn from_watch(account: &DeviceSnapshot, local: &[LocalNetwork]) -> Self {
        let assessment = assess_one(&account.entry, account.shared, local);
        Self::new(account.entry.clone(), assessment)
    }

    /// Assesses devices read from a file: it is unknown from where they can be
    /// reached.
    pub fn from_file(entries: Vec<DeviceRecord>) -> Vec<Self> {
        let mut all = Self::assess_all(entries, &[]);
        for device in &mut all {
            device.reachable = None;
            device.warnings.remove(Warning::OffSubnet);
        }
        all
    }

    /// A device that was not found, at an address that somebody named. What the ledger
    /// remembers of the device that had the address before counts for it.
    pub(crate) fn at_address(address: Ipv4Addr, known: Option<&DeviceKey>) -> Self {
        let mut device = Device::unknown();
        device.ipv4.address = Some(address);
        device.mac = known.and_then(DeviceKey::mac);
        device.serial = known.and_then(DeviceKey::serial).cloned();
        Self {
            entry: DeviceRecord::unseen(device),
            reachable: None,
            warnings: EnumSet::empty(),
            site_name: None,
            address_shared: false,
            https_port: None,
        }
    }

    /// Its address, and the interface on which it was heard.
    fn place(&self) -> (Option<Ipv4Addr>, Option<Arc<str>>) {
        let heard = self.entry.reply_address().map(|it| it.interface);
        (self.entry.device.ipv4.address, heard)
    }

    fn new(entry: DeviceRecord, assessment: Assessment) -> Self {
        Self {
            entry,
            reachable: Some(assessment.reachable),
            address_shared: assessment.warnings.contains(Warning::DuplicateIp),
            warnings: assessment.warnings,
            site_name: None,
            https_port: None,
        }
    }

    /// The key by which the ledger knows it. `None` where it has neither MAC nor
    /// serial.
    pub fn key(&self) -> Option<DeviceKey> {
        DeviceKey::of(&self.entry.device)
    }

    /// Which attempts of the ledger are its own. Of a device of which only the address is
    /// known, those that were sent there. `None` where not even that is known.
    pub(crate) fn attempts(&self) -> Option<AttemptFilter> {
        let key = self.key();
        let address = self.entry.device.ipv4.address.filter(|_| key.is_none());
        (key.is_some() || address.is_some()).then(|| AttemptFilter {
            device: key.as_ref().map(DeviceKey::by_mac),
            nameless_at: address.map(IpAddr::V4),
            ..AttemptFilter::default()
        })
    }

    /// Whether it is the device of this key.
    pub fn is(&self, key: &DeviceKey) -> bool {
        self.key().is_some_and(|own| own.is_same(key))
    }
}

/// For what takes devices and what holds them alike.
impl AsRef<Self> for DiscoveredDevice {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[cfg(test)]
impl DiscoveredDevice {
    /// A device received from these senders in turn, a second apart, each with the
    /// address that it reported.
    pub(crate) fn received_from(reports: &[[[u8; 4]; 2]]) -> Self {
        let reports = reports.iter().map(|[from, reported]| {
            let mut device = Device::unknown();
            device.mac = "44:47:cc:00:00:05".parse().ok();
            device.ipv4.address = Some((*reported).into());
            (*from, device)
        });
        Self::received(reports).remove(0)
    }

    /// The devices of these reports, each from its sender, a second apart.
    pub(crate) fn received(reports: impl Iterator<Item = ([u8; 4], Device)>) -> Vec<Self> {
        use jiff::{SignedDuration, Timestamp};
        use sadp_model::{Protocol, Registry, Sighting, Via};

        let mut registry = Registry::new();
        for (second, (from, device)) in (0..).zip(reports) {
            let sighting = Sighting {
                interface: "lan0".into(),
                from: from.into(),
                protocol: Protocol::Sadp,
                via: Via::Multicast,
                at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second),
            };
            registry.record(device, sighting);
        }
        Self::assess_all(registry.into_entries(), &[])
    }
}

/// The names of the device that an outcome is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceRef {
    /// Its serial.
    pub serial: Option<Serial>,
    /// Its MAC.
    pub mac: Option<MacAddr>,
    /// Its address when it was found.
    pub address: Option<Ipv4Addr>,
    /// Its model.
    pub model: Option<Box<str>>,
    /// What people call it.
    pub called: Option<Box<str>>,
}

impl From<&DiscoveredDevice> for DeviceRef {
    fn from(found: &DiscoveredDevice) -> Self {
        let device = &found.entry.device;
        Self {
            serial: device.serial.clone(),
            mac: device.mac,
            address: device.ipv4.address,
            model: device.model.clone(),
            called: found.called().map(Into::into),
        }
    }
}

impl From<&KnownDevice> for DeviceRef {
    fn from(known: &KnownDevice) -> Self {
        let address = known.address.and_then(|it| match it {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        Self {
            address,
            ..Self::from(&known.device)
        }
    }
}

impl From<&DeviceKey> for DeviceRef {
    fn from(key: &DeviceKey) -> Self {
        Self {
            serial: key.serial().cloned(),
            mac: key.mac(),
            ..Self::default()
        }
    }
}

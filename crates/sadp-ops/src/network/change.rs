//! From what a device has to what it is to have.

use std::net::Ipv4Addr;

use sadp_model::{AddressError, Device, HostSettings};
use sadp_proto::{NetworkSettings, UpdateError};

use super::SettingsChange;
use crate::{DiscoveredDevice, Seen};

/// The settings wanted of a device. `None` stays as it is; the gateway `0.0.0.0`
/// is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedSettings {
    /// The address.
    pub address: Option<Ipv4Addr>,
    /// The subnet mask.
    pub mask: Option<Ipv4Addr>,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Whether the address comes from a DHCP server.
    pub dhcp: Option<bool>,
    /// The port of the web page.
    pub http: Option<u16>,
    /// The port of the vendor's SDK.
    pub sdk: Option<u16>,
}

impl SettingsChange {
    /// The change of a device that was found. Fails as [`SettingsChange::new`] does.
    pub(super) fn of(found: &DiscoveredDevice, wanted: &WantedSettings) -> Result<Self, BadChange> {
        let mixed = found.entry.mixed_settings;
        Self::new(&found.entry.device, wanted).map(|change| Self { mixed, ..change })
    }

    /// The change from what the device tells to what is wanted. Fails where no
    /// device can have the settings, or where one that is always sent is unknown.
    pub fn new(device: &Device, wanted: &WantedSettings) -> Result<Self, BadChange> {
        let before = NetworkSettings::of(device);
        let mut after = before.clone();
        let ipv4 = &mut after.ipv4;
        ipv4.address = wanted.address.or(ipv4.address);
        ipv4.mask = wanted.mask.or(ipv4.mask);
        ipv4.gateway = wanted
            .gateway
            .or(ipv4.gateway)
            .filter(|gateway| !gateway.is_unspecified());
        ipv4.dhcp = wanted.dhcp.or(ipv4.dhcp);
        after.ports.http = wanted.http.or(after.ports.http);
        after.ports.sdk = wanted.sdk.or(after.ports.sdk);
        let served = after.ipv4.dhcp == Some(true);
        // What the device did not tell may be given: it is always sent.
        let unknown_mask = before.missing(device) == Some(UpdateError::UnknownMask);
        let mask = wanted.mask.filter(|_| !unknown_mask);
        let addressed = wanted.address.or(mask).or(wanted.gateway).is_some();
        if served && addressed {
            return Err(BadChange::Served);
        }
        if before != after {
            match after.missing(device) {
                Some(UpdateError::UnknownAddress) => return Err(BadChange::NoAddress),
                Some(UpdateError::UnknownMask) => return Err(BadChange::NoMask),
                Some(UpdateError::UnknownSdkPort) => return Err(BadChange::NoSdkPort),
                Some(_) | None => {}
            }
        }
        // What is not touched may be as odd as it is.
        if !served && before.ipv4 != after.ipv4 {
            let address = after.ipv4.address.ok_or(BadChange::NoAddress)?;
            let mask = after.ipv4.mask.ok_or(BadChange::NoMask)?;
            HostSettings::new(address, mask, after.ipv4.gateway)?;
        }
        Ok(Self {
            before,
            after,
            mixed: false,
        })
    }

    /// Whether the device has the settings already.
    pub fn is_none(&self) -> bool {
        self.before == self.after
    }

    /// What a look shows of the change. `None` is a device that was not seen.
    pub(super) fn seen_in(&self, now: Option<&Device>) -> Seen {
        Seen::of(now.map(|device| self.is_seen_in(device)))
    }

    /// Whether a device that tells this took the change. Only settings that were
    /// changed count; with DHCP it may have any address.
    fn is_seen_in(&self, now: &Device) -> bool {
        fn took<T: PartialEq>(before: &T, after: &T, now: &T) -> bool {
            before == after || after == now
        }
        let Self { before, after, .. } = self;
        let (old, new) = (&before.ipv4, &after.ipv4);
        let served = new.dhcp == Some(true);
        let addressed = took(&old.address, &new.address, &now.ipv4.address)
            && took(&old.mask, &new.mask, &now.ipv4.mask)
            && took(&old.gateway, &new.gateway, &now.ipv4.gateway);
        (served || addressed)
            && took(&old.dhcp, &new.dhcp, &now.ipv4.dhcp)
            && took(&before.ports.http, &after.ports.http, &now.ports.http)
            && took(&before.ports.sdk, &after.ports.sdk, &now.ports.sdk)
    }
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChange {
    /// A fixed address, mask or gateway is wanted together with DHCP.
    #[error("with DHCP on, address, mask and gateway cannot be set")]
    Served,
    /// The device tells no address, and none is given.
    #[error("the device reported no address")]
    NoAddress,
    /// The device tells no mask, and none is given.
    #[error("the device reported no subnet mask")]
    NoMask,
    /// The device tells no port of the SDK, and none is given.
    #[error("the device reported no SDK port")]
    NoSdkPort,
    /// No device can have the address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(dhcp: bool) -> Device {
        let mut device = Device::unknown();
        device.ipv4.address = Some(Ipv4Addr::new(192, 168, 1, 64));
        device.ipv4.mask = Some(Ipv4Addr::new(255, 255, 255, 0));
        device.ipv4.gateway = Some(Ipv4Addr::new(192, 168, 1, 1));
        device.ipv4.dhcp = Some(dhcp);
        device.ipv6.prefix = Some(64);
        device.ports.http = Some(80);
        device.ports.sdk = Some(8000);
        device
    }

    #[test]
    fn what_always_goes_out_has_to_be_known() {
        let change = |device: &Device, wanted: &WantedSettings| {
            SettingsChange::new(device, wanted).unwrap_err()
        };
        let new = address("192.168.1.101");
        let mut maskless = device(false);
        maskless.ipv4.mask = None;
        assert_eq!(change(&maskless, &new), BadChange::NoMask);
        let dhcp = served();
        assert_eq!(change(&maskless, &dhcp), BadChange::NoMask);
        let mask = Some(Ipv4Addr::new(255, 255, 255, 0));
        assert!(SettingsChange::new(&maskless, &WantedSettings { mask, ..dhcp }).is_ok());
        assert!(SettingsChange::new(&maskless, &WantedSettings { mask, ..new }).is_ok());
        let mut portless = device(false);
        portless.ports = sadp_model::Ports::default();
        assert_eq!(change(&portless, &new), BadChange::NoSdkPort);
        let sdk = Some(8000);
        let given = SettingsChange::new(&portless, &WantedSettings { sdk, ..new }).unwrap();
        assert_eq!(given.after.ports.http, None, "left as it is");
        let same = SettingsChange::new(&portless, &address("192.168.1.64")).unwrap();
        assert!(same.is_none(), "nothing is sent");
    }

    fn served() -> WantedSettings {
        WantedSettings {
            dhcp: Some(true),
            ..WantedSettings::default()
        }
    }

    fn address(text: &str) -> WantedSettings {
        WantedSettings {
            address: text.parse().ok(),
            ..WantedSettings::default()
        }
    }

    #[test]
    fn what_is_not_given_stays() {
        let change = SettingsChange::new(&device(false), &address("192.168.1.101")).unwrap();
        let ipv4 = &change.after.ipv4;
        assert_eq!(ipv4.address, Some(Ipv4Addr::new(192, 168, 1, 101)));
        assert_eq!(ipv4.mask, change.before.ipv4.mask);
        assert_eq!(ipv4.gateway, change.before.ipv4.gateway);
        assert_eq!(change.after.ipv6, change.before.ipv6);
        assert_eq!(change.after.ports, change.before.ports);
        let same = SettingsChange::new(&device(false), &address("192.168.1.64")).unwrap();
        assert!(same.is_none());
    }

    #[test]
    fn another_network_needs_its_gateway() {
        let error = SettingsChange::new(&device(false), &address("10.0.0.9")).unwrap_err();
        assert!(matches!(
            error,
            BadChange::Address(AddressError::Gateway { .. })
        ));
        let none = WantedSettings {
            gateway: Some(Ipv4Addr::UNSPECIFIED),
            ..address("10.0.0.9")
        };
        let change = SettingsChange::new(&device(false), &none).unwrap();
        assert_eq!(change.after.ipv4.gateway, None);
    }

    #[test]
    fn an_address_and_dhcp_exclude_each_other() {
        let error = SettingsChange::new(&device(true), &address("192.168.1.9")).unwrap_err();
        assert_eq!(error, BadChange::Served);
        let fixed = WantedSettings {
            dhcp: Some(false),
            ..address("192.168.1.9")
        };
        assert!(SettingsChange::new(&device(true), &fixed).is_ok());
    }

    #[test]
    fn a_change_is_seen_by_what_was_changed() {
        let change = SettingsChange::new(&device(false), &address("192.168.1.101")).unwrap();
        let mut now = device(false);
        assert!(!change.is_seen_in(&now));
        now.ipv4.address = Some(Ipv4Addr::new(192, 168, 1, 101));
        now.ports.http = Some(81);
        assert!(change.is_seen_in(&now));
        let change = SettingsChange::new(&device(false), &served()).unwrap();
        now.ipv4.dhcp = Some(true);
        assert!(change.is_seen_in(&now));
    }

    #[test]
    fn odd_settings_that_are_not_touched_do_not_hinder() {
        let mut odd = device(false);
        odd.ipv4.gateway = Some(Ipv4Addr::new(10, 0, 0, 1));
        let port = WantedSettings {
            http: Some(81),
            ..WantedSettings::default()
        };
        assert!(SettingsChange::new(&odd, &port).is_ok());
    }
}

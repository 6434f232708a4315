//! From what a device has to what it is to have.

use std::net::Ipv4Addr;

use sadp_model::{AddressError, Device, HostSettings};
use sadp_proto::{NetworkSettings, UpdateError};
use serde_json::{Value, json};

/// The settings wanted of a device. `None` stays as it is; the gateway `0.0.0.0`
/// is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) address: Option<Ipv4Addr>,
    pub(super) mask: Option<Ipv4Addr>,
    pub(super) gateway: Option<Ipv4Addr>,
    pub(super) dhcp: Option<bool>,
    pub(super) http: Option<u16>,
    pub(super) sdk: Option<u16>,
}

/// The network settings of a device before and after.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) before: NetworkSettings,
    pub(super) after: NetworkSettings,
}

impl Change {
    /// What becomes of the device, refused where no device can be so.
    pub(super) fn new(device: &Device, wanted: &Wanted) -> Result<Self, BadChange> {
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
        // What the device did not tell may be given: it always goes out.
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
        Ok(Self { before, after })
    }

    /// Whether the device has it all already.
    pub(super) fn is_none(&self) -> bool {
        self.before == self.after
    }

    /// Whether a device that says this of itself took the change. Only what was
    /// changed counts; with DHCP it may have any address.
    pub(super) fn is_seen_in(&self, now: &Device) -> bool {
        let now = NetworkSettings::of(now);
        let served = self.after.ipv4.dhcp == Some(true);
        let rows = |settings| Self::texts(settings);
        let (before, after, now) = (rows(&self.before), rows(&self.after), rows(&now));
        before
            .into_iter()
            .zip(after)
            .zip(now)
            .filter(|((before, after), _)| before != after)
            .filter(|((before, _), _)| !served || !ADDRESSING.contains(&before.0))
            .all(|((_, after), now)| after == now)
    }

    /// What changes: its name, before and after.
    pub(super) fn differences(&self) -> Vec<(&'static str, String, String)> {
        let pairs = Self::texts(&self.before)
            .into_iter()
            .zip(Self::texts(&self.after));
        pairs
            .filter(|(before, after)| before != after)
            .map(|((name, before), (_, after))| (name, before, after))
            .collect()
    }

    /// The change in a line: `ip 192.168.1.64 -> 192.168.1.101`.
    pub(super) fn line(&self) -> String {
        let parts: Vec<_> = self
            .differences()
            .into_iter()
            .map(|(name, before, after)| format!("{name} {before} -> {after}"))
            .collect();
        parts.join(", ")
    }

    fn texts(settings: &NetworkSettings) -> [(&'static str, String); 6] {
        fn text(value: Option<impl ToString>) -> String {
            value.map_or_else(|| "none".into(), |value| value.to_string())
        }
        let NetworkSettings { ipv4, ports, .. } = settings;
        let dhcp = ipv4.dhcp.map(|on| if on { "on" } else { "off" });
        [
            ("ip", text(ipv4.address)),
            ("mask", text(ipv4.mask)),
            ("gateway", text(ipv4.gateway)),
            ("dhcp", text(dhcp)),
            ("http-port", text(ports.http)),
            ("sdk-port", text(ports.sdk)),
        ]
    }
}

const ADDRESSING: [&str; 3] = ["ip", "mask", "gateway"];

/// Settings as scripts see them in `data`.
pub(super) fn shown(settings: &NetworkSettings) -> Value {
    let NetworkSettings { ipv4, ipv6, ports } = settings;
    let text = |value: Option<std::net::IpAddr>| value.map(|value| value.to_string());
    json!({
        "ipv4": {
            "address": text(ipv4.address.map(Into::into)),
            "mask": text(ipv4.mask.map(Into::into)),
            "gateway": text(ipv4.gateway.map(Into::into)),
            "dhcp": ipv4.dhcp,
        },
        "ipv6": {
            "address": text(ipv6.address.map(Into::into)),
            "prefix": ipv6.prefix,
            "gateway": text(ipv6.gateway.map(Into::into)),
        },
        "ports": {"sdk": ports.sdk, "http": ports.http, "sdk_tls": ports.sdk_tls},
    })
}

/// Why a change cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadChange {
    /// The address is to come from DHCP and from us.
    Served,
    /// The device said no address, and none was given.
    NoAddress,
    /// The device said no mask, and none was given.
    NoMask,
    /// The device said no port of the SDK, and none was given.
    NoSdkPort,
    /// No device can have it.
    Address(AddressError),
}

impl From<AddressError> for BadChange {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

impl BadChange {
    /// What is wrong, and what to do.
    pub(super) fn words(self) -> (String, &'static str) {
        match self {
            Self::Served => (
                "with DHCP on the address, mask and gateway are the server's".into(),
                "turn DHCP off for fixed ones (--dhcp off; in a plan dhcp=off)",
            ),
            Self::NoAddress => (
                "the device told no address of its own".into(),
                "give the address, too",
            ),
            Self::NoMask => (
                "the device told no subnet mask of its own".into(),
                "give the subnet mask, too (--mask; in a plan mask)",
            ),
            Self::NoSdkPort => (
                "the device told no SDK port of its own".into(),
                "give the SDK port, too (--sdk-port; in a plan sdk_port): it is sent with every change",
            ),
            Self::Address(error) => (
                error.to_string(),
                match error {
                    AddressError::Gateway { .. } | AddressError::OwnGateway { .. } => {
                        "give the gateway of the new network, too, or none"
                    }
                    AddressError::Mask { .. } => "write it as 255.255.255.0",
                    AddressError::NoHost { .. } | AddressError::Edge { .. } => {
                        "choose another address, or give the mask of the network"
                    }
                },
            ),
        }
    }
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
        let change = |device: &Device, wanted: &Wanted| Change::new(device, wanted).unwrap_err();
        let new = address("192.168.1.101");
        let mut maskless = device(false);
        maskless.ipv4.mask = None;
        assert_eq!(change(&maskless, &new), BadChange::NoMask);
        let dhcp = Wanted {
            dhcp: Some(true),
            ..Wanted::default()
        };
        assert_eq!(change(&maskless, &dhcp), BadChange::NoMask);
        let mask = Some(Ipv4Addr::new(255, 255, 255, 0));
        assert!(Change::new(&maskless, &Wanted { mask, ..dhcp }).is_ok());
        assert!(Change::new(&maskless, &Wanted { mask, ..new }).is_ok());
        let mut portless = device(false);
        portless.ports = sadp_model::Ports::default();
        assert_eq!(change(&portless, &new), BadChange::NoSdkPort);
        let sdk = Some(8000);
        let given = Change::new(&portless, &Wanted { sdk, ..new }).unwrap();
        assert_eq!(given.after.ports.http, None, "left as it is");
        let same = Change::new(&portless, &address("192.168.1.64")).unwrap();
        assert!(same.is_none(), "nothing is sent");
    }

    fn address(text: &str) -> Wanted {
        Wanted {
            address: text.parse().ok(),
            ..Wanted::default()
        }
    }

    #[test]
    fn what_is_not_given_stays() {
        let change = Change::new(&device(false), &address("192.168.1.101")).unwrap();
        assert_eq!(change.line(), "ip 192.168.1.64 -> 192.168.1.101");
        assert_eq!(change.after.ipv6, change.before.ipv6);
        assert_eq!(change.after.ports, change.before.ports);
        let same = Change::new(&device(false), &address("192.168.1.64")).unwrap();
        assert!(same.is_none());
    }

    #[test]
    fn another_network_needs_its_gateway() {
        let error = Change::new(&device(false), &address("10.0.0.9")).unwrap_err();
        assert!(matches!(
            error,
            BadChange::Address(AddressError::Gateway { .. })
        ));
        let none = Wanted {
            gateway: Some(Ipv4Addr::UNSPECIFIED),
            ..address("10.0.0.9")
        };
        let change = Change::new(&device(false), &none).unwrap();
        assert_eq!(
            change.line(),
            "ip 192.168.1.64 -> 10.0.0.9, gateway 192.168.1.1 -> none"
        );
    }

    #[test]
    fn an_address_and_dhcp_exclude_each_other() {
        let error = Change::new(&device(true), &address("192.168.1.9")).unwrap_err();
        assert_eq!(error, BadChange::Served);
        let fixed = Wanted {
            dhcp: Some(false),
            ..address("192.168.1.9")
        };
        assert!(Change::new(&device(true), &fixed).is_ok());
    }

    #[test]
    fn a_change_is_seen_by_what_was_changed() {
        let change = Change::new(&device(false), &address("192.168.1.101")).unwrap();
        let mut now = device(false);
        assert!(!change.is_seen_in(&now));
        now.ipv4.address = Some(Ipv4Addr::new(192, 168, 1, 101));
        now.ports.http = Some(81);
        assert!(change.is_seen_in(&now));
        let served = Wanted {
            dhcp: Some(true),
            ..Wanted::default()
        };
        let change = Change::new(&device(false), &served).unwrap();
        now.ipv4.dhcp = Some(true);
        assert!(change.is_seen_in(&now));
    }

    #[test]
    fn odd_settings_that_are_not_touched_do_not_hinder() {
        let mut odd = device(false);
        odd.ipv4.gateway = Some(Ipv4Addr::new(10, 0, 0, 1));
        let port = Wanted {
            http: Some(81),
            ..Wanted::default()
        };
        assert!(Change::new(&odd, &port).is_ok());
    }
}

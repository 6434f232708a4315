//! Any account that a device gives of itself is read back.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::{prelude::*, sample::select};
use sadp_model::{Ipv4Settings, Serial};

use super::*;

/// Text with every character that XML gives a meaning, and others than ASCII.
const TEXT: &str = "([!-~\u{e4}\u{6444}][ -~\u{e4}\u{6444}]{0,30})?[!-~]";

/// Settings as a command leaves them: until then a profile fixes some of them.
fn any_settings() -> impl Strategy<Value = DeviceSettings> {
    let extras = (any::<[Ipv6Addr; 2]>(), 0..=128u8, any::<Option<u16>>());
    let extras = extras.prop_map(|(addresses, ipv6_prefix, sdk_tls_port)| Extras {
        ipv6_address: addresses[0],
        ipv6_prefix,
        ipv6_gateway: addresses[1],
        sdk_tls_port,
    });
    let addresses = any::<[Ipv4Addr; 3]>();
    let ports = any::<[u16; 2]>();
    (addresses, ports, any::<bool>(), extras).prop_map(|(addresses, ports, dhcp, extras)| {
        let [address, mask, gateway] = addresses;
        let [sdk_port, http_port] = ports;
        DeviceSettings {
            address,
            mask,
            gateway,
            dhcp,
            sdk_port,
            http_port,
            extras: Some(extras),
        }
    })
}

/// A device of any profile, with a model that no rule takes for a description.
fn any_device() -> impl Strategy<Value = Device> {
    let names = Profile::all().iter();
    let names: Vec<_> = names.map(|profile| profile.name().to_owned()).collect();
    let identity = (any::<[u8; 6]>(), TEXT, TEXT, any::<[u8; 32]>());
    (select(names), any_settings(), identity, any::<bool>()).prop_map(
        |(name, settings, (mac, model, serial, salt), activated)| {
            let mut device = device(&name);
            device.settings = settings;
            device.identity = Identity {
                model: format!("DS-2CD{model}").into(),
                serial: serial.into(),
                mac: MacAddr::new(mac),
                salt,
            };
            device.state.activated = activated;
            device
        },
    )
}

/// What is said where an element is there: nothing else can be read.
fn said<T>(raw: &sadp_model::RawFields, name: &str, value: Option<T>) -> Option<T> {
    raw.first(name).and(value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_device_is_read_back(device in any_device()) {
        let DeviceReport { device: read, .. } = told(&device);
        let Device { identity, settings, profile, .. } = &device;
        let raw = &read.raw;
        prop_assert!(read.complete);
        prop_assert_eq!(read.mac, Some(identity.mac));
        prop_assert_eq!(&read.serial, &Serial::new(&identity.serial));
        prop_assert_eq!(read.model.as_deref(), Some(&*identity.model));
        prop_assert_eq!(&read.firmware, &Firmware::new(&profile.firmware));
        let told = |name, address: Ipv4Addr| said(raw, name, Some(address).filter(|it| !it.is_unspecified()));
        prop_assert_eq!(&read.ipv4, &Ipv4Settings {
            address: told("IPv4Address", settings.address),
            mask: told("IPv4SubnetMask", settings.mask),
            gateway: told("IPv4Gateway", settings.gateway),
            dhcp: said(raw, "DHCP", Some(settings.dhcp)),
        });
        let port = |name, port: u16| said(raw, name, Some(port).filter(|&it| it != 0));
        prop_assert_eq!(read.ports.sdk, port("CommandPort", settings.sdk_port));
        prop_assert_eq!(read.ports.http, port("HttpPort", settings.http_port));
        if let Some(extras) = settings.extras {
            let address = |name, it: Ipv6Addr| said(raw, name, Some(it).filter(|it| !it.is_unspecified()));
            prop_assert_eq!(read.ipv6.address, address("IPv6Address", extras.ipv6_address));
            prop_assert_eq!(read.ipv6.gateway, address("IPv6Gateway", extras.ipv6_gateway));
            prop_assert_eq!(read.ipv6.prefix, said(raw, "IPv6MaskLen", Some(extras.ipv6_prefix)));
            if let Some(tls) = extras.sdk_tls_port {
                prop_assert_eq!(read.ports.sdk_tls, port("SDKOverTLSPort", tls));
            }
        }
        let is_active = device.state.activated || !profile.knows_activation();
        prop_assert_eq!(read.state == Some(State::Active), is_active);
        prop_assert_eq!(read.state == Some(State::Unactivated), !is_active);
        prop_assert_eq!(read.boot_time, said(raw, "BootTime", Some(device.state.boot)));
    }

    /// Elements of any text, also those with a text of their own in the profile.
    #[test]
    fn any_text_is_read_back(
        oem in TEXT,
        novel in TEXT,
        user in TEXT,
    ) {
        let mut device = device("ipc-v5.5.6");
        let fields = [("OEMInfo", &oem), ("Novel", &novel), ("UserName", &user)];
        device.quirks = Arc::new(Quirks {
            fields: fields.map(|(name, text)| (name.into(), text.as_str().into())).into(),
            ..Quirks::default()
        });
        let raw = told(&device).device.raw;
        for (name, text) in fields {
            prop_assert_eq!(raw.first(name), Some(&**text));
        }
    }
}

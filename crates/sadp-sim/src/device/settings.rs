//! A device's network settings, and their change by `update`.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use sadp_model::{FACTORY_ADDRESSES, HostSettings, RawFields};
use sadp_proto::boolean;

/// A device's network settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceSettings {
    /// The device's address.
    pub address: Ipv4Addr,
    /// The subnet mask.
    pub mask: Ipv4Addr,
    /// The default gateway.
    pub gateway: Ipv4Addr,
    /// Whether the address comes from DHCP.
    pub dhcp: bool,
    /// The port of the vendor's SDK protocol.
    pub sdk_port: u16,
    /// The port of its web page.
    pub http_port: u16,
    /// Settings that only a command makes. Until then those of the profile apply.
    pub extras: Option<Extras>,
}

/// Settings that a profile has until a command changes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extras {
    /// The device's IPv6 address.
    pub ipv6_address: Ipv6Addr,
    /// The length of its network's prefix.
    pub ipv6_prefix: u8,
    /// The default IPv6 gateway.
    pub ipv6_gateway: Ipv6Addr,
    /// The port of the vendor's SDK protocol over TLS, where it was set.
    pub sdk_tls_port: Option<u16>,
}

impl DeviceSettings {
    /// The factory settings.
    pub(crate) const FACTORY: Self = Self {
        address: FACTORY_ADDRESSES[0],
        mask: Ipv4Addr::new(255, 255, 255, 0),
        gateway: Ipv4Addr::new(192, 168, 1, 1),
        dhcp: false,
        sdk_port: 8000,
        http_port: 80,
        extras: None,
    };

    /// Returns the settings after an `update` with these elements, in any order. An absent
    /// port of HTTP or of the SDK over TLS does not change. A device that is to use DHCP
    /// finds no server here and keeps its IPv4 settings. `None` where no device can have
    /// such settings.
    pub(crate) fn updated(&self, fields: &RawFields) -> Option<Self> {
        let dhcp = read_flag(fields.first("DHCP"))?;
        let sdk_port: u16 = read(fields, "CommandPort")?;
        let http_port = match fields.first("HttpPort") {
            Some(_) => read(fields, "HttpPort")?,
            None => self.http_port,
        };
        let [address, mask, gateway] =
            ["IPv4Address", "IPv4SubnetMask", "IPv4Gateway"].map(|name| read(fields, name));
        let (address, mask, gateway) = (address?, mask?, gateway?);
        let ipv6_prefix = read(fields, "IPv6MaskLen")?;
        let sdk_tls_port = match fields.first("SDKOverTLSPort") {
            Some(_) => Some(read(fields, "SDKOverTLSPort")?),
            None => self.extras.and_then(|extras| extras.sdk_tls_port),
        };
        let updated = Self {
            dhcp,
            sdk_port,
            http_port,
            extras: Some(Extras {
                ipv6_address: read(fields, "IPv6Address")?,
                ipv6_prefix,
                ipv6_gateway: read(fields, "IPv6Gateway")?,
                sdk_tls_port,
            }),
            ..*self
        };
        if updated.sdk_port == 0 || updated.http_port == 0 || ipv6_prefix > 128 {
            return None;
        }
        if dhcp {
            return Some(updated);
        }
        let valid = HostSettings::new(address, mask, None).is_ok() && !gateway.is_multicast();
        valid.then_some(Self {
            address,
            mask,
            gateway,
            ..updated
        })
    }

    /// The text of an element that a command has set, instead of the profile's.
    pub(super) fn changed(&self, name: &str) -> Option<String> {
        let extras = self.extras?;
        match name {
            "IPv4Gateway" => Some(self.gateway.to_string()),
            "IPv6Address" => Some(extras.ipv6_address.to_string()),
            "IPv6Gateway" => Some(extras.ipv6_gateway.to_string()),
            "IPv6MaskLen" => Some(extras.ipv6_prefix.to_string()),
            "SDKOverTLSPort" => Some(extras.sdk_tls_port?.to_string()),
            _ => None,
        }
    }
}

fn read<T: FromStr>(fields: &RawFields, name: &str) -> Option<T> {
    fields.first(name)?.trim().parse().ok()
}

/// Reads a flag in all forms that devices use.
pub(crate) fn read_flag(text: Option<&str>) -> Option<bool> {
    boolean(text?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: [(&str, &str); 10] = [
        ("IPv4Address", "10.0.0.9"),
        ("CommandPort", "8001"),
        ("HttpPort", "81"),
        ("IPv4SubnetMask", "255.255.255.0"),
        ("IPv4Gateway", "0.0.0.0"),
        ("IPv6Address", "fd00::9"),
        ("IPv6Gateway", "::"),
        ("IPv6MaskLen", "48"),
        ("DHCP", "false"),
        ("SDKOverTLSPort", "8444"),
    ];

    fn updated(changes: &[(&str, &str)]) -> Option<DeviceSettings> {
        let mut fields = SENT.to_vec();
        for (name, text) in &mut fields {
            let change = changes.iter().find(|(changed, _)| changed == name);
            *text = change.map_or(*text, |(_, text)| text);
        }
        fields.retain(|(_, text)| *text != "-");
        DeviceSettings::FACTORY.updated(&fields.into_iter().collect())
    }

    #[test]
    fn all_that_is_sent_is_set() {
        let settings = updated(&[]).unwrap();
        assert_eq!(settings.address, Ipv4Addr::new(10, 0, 0, 9));
        assert_eq!(settings.gateway, Ipv4Addr::UNSPECIFIED);
        assert_eq!((settings.sdk_port, settings.http_port), (8001, 81));
        let extras = settings.extras.unwrap();
        assert_eq!(extras.ipv6_address, "fd00::9".parse::<Ipv6Addr>().unwrap());
        assert_eq!((extras.ipv6_prefix, extras.sdk_tls_port), (48, Some(8444)));
    }

    #[test]
    fn a_port_that_is_absent_stays() {
        let settings = updated(&[("HttpPort", "-"), ("SDKOverTLSPort", "-")]).unwrap();
        assert_eq!((settings.sdk_port, settings.http_port), (8001, 80));
        assert_eq!(settings.extras.unwrap().sdk_tls_port, None);
        assert_eq!(updated(&[("CommandPort", "-")]), None);
    }

    #[test]
    fn with_dhcp_the_address_stays() {
        let settings = updated(&[("DHCP", "true")]).unwrap();
        assert!(settings.dhcp);
        assert_eq!(settings.address, DeviceSettings::FACTORY.address);
    }

    #[test]
    fn what_no_device_can_have_is_refused() {
        for (name, text) in [
            ("IPv4Address", "10.0.0.0"),
            ("IPv4Address", "10.0.0.255"),
            ("IPv4Address", "224.0.0.1"),
            ("IPv4Address", "0.0.0.0"),
            ("IPv4Address", "ten"),
            ("IPv4Address", "-"),
            ("IPv4SubnetMask", "255.0.255.0"),
            ("HttpPort", "0"),
            ("HttpPort", "65536"),
            ("IPv6MaskLen", "129"),
            ("DHCP", "maybe"),
            ("SDKOverTLSPort", ""),
        ] {
            assert_eq!(updated(&[(name, text)]), None, "{name} {text}");
        }
    }
}

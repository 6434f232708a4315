//! `update`: new network settings, by a digest of the password.

use sadp_model::{Device, Ipv4Settings, Ipv6Settings, Ports};
use uuid::Uuid;

use super::fields::Fields;
use crate::seal::{Password, SealError, UpdateDigest};

/// New network settings and the right to set them.
#[derive(Debug)]
pub struct Update {
    settings: NetworkSettings,
    digest: UpdateDigest,
    bound: bool,
}

/// The settings `update` carries: all of them, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSettings {
    /// IPv4 settings. Address, mask and gateway are sent even with DHCP.
    pub ipv4: Ipv4Settings,
    /// IPv6 settings.
    pub ipv6: Ipv6Settings,
    /// Ports.
    pub ports: Ports,
}

impl NetworkSettings {
    /// What a device has now.
    pub fn of(device: &Device) -> Self {
        Self {
            ipv4: device.ipv4.clone(),
            ipv6: device.ipv6.clone(),
            ports: device.ports.clone(),
        }
    }
}

impl Update {
    /// Settings for this device, by the current password of its account.
    /// Whether the password is salted and bound to the request follows from
    /// what the device says of itself.
    pub fn new(
        device: &Device,
        settings: NetworkSettings,
        password: &Password,
    ) -> Result<Self, SealError> {
        let said = |name| device.raw.first(name).filter(|text| !text.is_empty());
        let user = said("UserName").unwrap_or(UpdateDigest::DEFAULT_USER);
        Ok(Self {
            settings,
            digest: UpdateDigest::new(user, said("Salt"), password)?,
            bound: device.replayable_password == Some(false),
        })
    }

    /// Whether a device that is given these settings may answer from `from`.
    pub(super) fn moves_to(&self, from: std::net::IpAddr) -> bool {
        let address = self.settings.ipv4.address;
        address.is_some_and(|address| from == address)
    }

    /// The settings to be set.
    pub fn settings(&self) -> &NetworkSettings {
        &self.settings
    }

    pub(super) fn write(&self, uuid: Uuid, mac: &str, fields: &mut Fields) {
        let NetworkSettings { ipv4, ipv6, ports } = &self.settings;
        let sealed = if self.bound {
            self.digest.bound_to(uuid)
        } else {
            self.digest.plain()
        };
        fields.put_uuid(uuid);
        fields.put("Types", "update");
        fields.put("PWErrorParse", "true");
        fields.put("MAC", mac);
        if self.digest.is_salted() {
            fields.put("Password@bSalt", "true");
        }
        fields.put("Password", sealed.as_str());
        fields.put_or("IPv4Address", ipv4.address, "0.0.0.0");
        fields.put_or("CommandPort", ports.sdk, "8000");
        fields.put_or("HttpPort", ports.http, "80");
        fields.put_or("IPv4SubnetMask", ipv4.mask, "0.0.0.0");
        fields.put_or("IPv4Gateway", ipv4.gateway, "0.0.0.0");
        fields.put_or("IPv6Address", ipv6.address, "::");
        fields.put_or("IPv6Gateway", ipv6.gateway, "::");
        fields.put_or("IPv6MaskLen", ipv6.prefix, "0");
        fields.put(
            "DHCP",
            if ipv4.dhcp == Some(true) {
                "true"
            } else {
                "false"
            },
        );
        if let Some(port) = ports.sdk_tls {
            fields.put("SDKOverTLSPort", &port.to_string());
        }
    }
}

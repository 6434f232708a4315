//! `update`: new network settings, by a digest of the password.

use sadp_model::{Device, Ipv4Settings, Ipv6Settings, Ports};
use uuid::Uuid;

use super::CommandFields;
use crate::seal::{Password, Salts, SealError, UpdateDigest};

/// New network settings and the right to set them.
#[derive(Debug)]
pub struct Update {
    settings: NetworkSettings,
    digest: UpdateDigest,
    bound: bool,
}

/// The settings `update` carries: all of them, always, but for the ports of HTTP
/// and of the SDK over TLS. Those are left out where they are `None`, and stay
/// as they are.
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

    /// What has to go out with every update, and neither the device told nor
    /// the user gave. An address or mask of zeros that the device tells is its
    /// own word.
    pub fn missing(&self, device: &Device) -> Option<UpdateError> {
        let address = self.ipv4.address.is_some() || told(device, "IPv4Address").is_some();
        let mask = self.ipv4.mask.is_some() || told(device, "IPv4SubnetMask").is_some();
        match (address, mask, self.ports.sdk) {
            (false, _, _) => Some(UpdateError::UnknownAddress),
            (_, false, _) => Some(UpdateError::UnknownMask),
            (_, _, None) => Some(UpdateError::UnknownSdkPort),
            _ => None,
        }
    }
}

/// What proves the right to change a device.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The current password.
    pub password: &'a Password,
    /// The account it belongs to, as the user named it. A name that the device
    /// tells counts before it.
    pub account: Option<&'a str>,
}

impl Update {
    /// Settings for this device, by the current password of its account.
    /// Whether the password is salted and bound to the request follows from
    /// what the device says of itself. Refused as [`Update::check`] says, and
    /// where a setting that always goes out is not known.
    pub fn new(
        device: &Device,
        settings: NetworkSettings,
        credentials: Credentials<'_>,
    ) -> Result<Self, UpdateError> {
        let account = account(device, credentials.account)?;
        if let Some(missing) = settings.missing(device) {
            return Err(missing);
        }
        Ok(Self {
            settings,
            digest: UpdateDigest::new(account, salts(device), credentials.password)?,
            bound: device.replayable_password == Some(false),
        })
    }

    /// Tells whether this device can be sent an update with a password of the
    /// account that the user named, `None` where he named none. Refused are a
    /// device whose account is unknown, and salts of another length than
    /// devices have.
    pub fn check(device: &Device, account: Option<&str>) -> Result<(), UpdateError> {
        Ok(salts(device).check(self::account(device, account)?)?)
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

    pub(super) fn write(&self, uuid: Uuid, mac: &str, fields: &mut CommandFields) {
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
        fields.put_some("CommandPort", ports.sdk);
        // Absent is "as it is".
        fields.put_some("HttpPort", ports.http);
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
        fields.put_some("SDKOverTLSPort", ports.sdk_tls);
    }
}

/// What a device says in an element that is not empty.
fn told<'a>(device: &'a Device, name: &str) -> Option<&'a str> {
    device.raw.first(name).filter(|text| !text.is_empty())
}

fn salts(device: &Device) -> Salts<'_> {
    Salts {
        first: told(device, "Salt"),
        second: told(device, "Salt2"),
    }
}

/// The account whose password goes into the digest: the one the device tells,
/// else the one the user named, else `admin`. Outside the standard security mode
/// it can be another than `admin`, so that it must be known.
fn account<'a>(device: &'a Device, named: Option<&'a str>) -> Result<&'a str, UpdateError> {
    if let Some(account) = told(device, "UserName").or(named) {
        return Ok(account);
    }
    match told(device, "SecurityMode").map(str::trim) {
        Some(mode) if !mode.is_empty() && !mode.eq_ignore_ascii_case("standard") => {
            Err(UpdateError::UnknownAccount)
        }
        _ => Ok(UpdateDigest::DEFAULT_USER),
    }
}

/// Why new settings are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The device is outside its standard security mode and tells no account:
    /// the number of it is 2037 in the vendor's SDK.
    #[error("its security mode is not standard and it does not tell its account (2037)")]
    UnknownAccount,
    /// The device tells no IPv4 address and none is given.
    #[error("its IPv4 address is unknown")]
    UnknownAddress,
    /// The device tells no subnet mask and none is given.
    #[error("its subnet mask is unknown")]
    UnknownMask,
    /// The device tells no port of the SDK (`CommandPort`) and none is given.
    #[error("its SDK port is unknown")]
    UnknownSdkPort,
    /// The password cannot be digested.
    #[error(transparent)]
    Seal(#[from] SealError),
}

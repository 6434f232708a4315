//! `update`: new network settings, authorised by a digest of the password.

use sadp_model::{Device, Ipv4Settings, Ipv6Settings, Ports};
use uuid::Uuid;

use super::CommandFields;
use crate::seal::{Password, Salts, SealError, UpdateDigest};

/// New network settings and the digest of the password.
#[derive(Debug)]
pub struct Update {
    settings: NetworkSettings,
    digest: UpdateDigest,
    bound: bool,
}

/// The settings of `update`. All are always sent, except the ports of HTTP and of
/// the SDK over TLS: `None` leaves those unchanged.
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
    /// The current settings of a device.
    pub fn of(device: &Device) -> Self {
        Self {
            ipv4: device.ipv4.clone(),
            ipv6: device.ipv6.clone(),
            ports: device.ports.clone(),
        }
    }

    /// The first required setting that neither the device reported nor the user
    /// gave. Zeros that the device reports as address or mask count as reported.
    pub fn missing(&self, device: &Device) -> Option<UpdateError> {
        let address = self.ipv4.address.is_some() || device.raw.told("IPv4Address").is_some();
        let mask = self.ipv4.mask.is_some() || device.raw.told("IPv4SubnetMask").is_some();
        match (address, mask, self.ports.sdk) {
            (false, _, _) => Some(UpdateError::UnknownAddress),
            (_, false, _) => Some(UpdateError::UnknownMask),
            (_, _, None) => Some(UpdateError::UnknownSdkPort),
            _ => None,
        }
    }
}

/// The password and its account.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The current password.
    pub password: &'a Password,
    /// Its account, if the user named one. A name that the device reports takes
    /// precedence.
    pub account: Option<&'a str>,
}

impl Update {
    /// New settings for this device, with the current password. The reply of the
    /// device decides whether the password is salted and bound to the request.
    /// Fails as [`Update::check`] does, and if a required setting is unknown.
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

    /// Checks whether an update can be sent to this device with a password of this
    /// account, `None` if the user named none. Fails if the account is unknown, or
    /// if the salts have another length than usual.
    pub fn check(device: &Device, account: Option<&str>) -> Result<(), UpdateError> {
        Ok(salts(device).check(self::account(device, account)?)?)
    }

    /// Whether a device with these settings may reply from `from`.
    pub(super) fn moves_to(&self, from: std::net::IpAddr) -> bool {
        let address = self.settings.ipv4.address;
        address.is_some_and(|address| from == address)
    }

    /// The new settings.
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
        // Missing means unchanged.
        fields.put_some("HttpPort", ports.http);
        fields.put_or("IPv4SubnetMask", ipv4.mask, "0.0.0.0");
        fields.put_or("IPv4Gateway", ipv4.gateway, "0.0.0.0");
        fields.put_or("IPv6Address", ipv6.address, "::");
        fields.put_or("IPv6Gateway", ipv6.gateway, "::");
        fields.put_or("IPv6MaskLen", ipv6.prefix, "0");
        fields.put("DHCP", &(ipv4.dhcp == Some(true)).to_string());
        fields.put_some("SDKOverTLSPort", ports.sdk_tls);
    }
}

fn salts(device: &Device) -> Salts<'_> {
    Salts {
        first: device.raw.told("Salt"),
        second: device.raw.told("Salt2"),
    }
}

/// The account whose password is digested: the one the device reports, else the one
/// the user named, else `admin`. Outside the standard security mode it may be
/// another one, so it must be known.
fn account<'a>(device: &'a Device, named: Option<&'a str>) -> Result<&'a str, UpdateError> {
    if let Some(account) = device.raw.told("UserName").or(named) {
        return Ok(account);
    }
    match device.raw.told("SecurityMode").map(str::trim) {
        Some(mode) if !mode.is_empty() && !mode.eq_ignore_ascii_case("standard") => {
            Err(UpdateError::UnknownAccount)
        }
        _ => Ok(UpdateDigest::DEFAULT_USER),
    }
}

/// Why an update cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The device is outside its standard security mode and does not report its
    /// account (2037 in the vendor's SDK).
    #[error("its security mode is not standard and it does not report its account (2037)")]
    UnknownAccount,
    /// The IPv4 address is neither reported nor given.
    #[error("its IPv4 address is unknown")]
    UnknownAddress,
    /// The subnet mask is neither reported nor given.
    #[error("its subnet mask is unknown")]
    UnknownMask,
    /// The SDK port (`CommandPort`) is neither reported nor given.
    #[error("its SDK port is unknown")]
    UnknownSdkPort,
    /// The password cannot be digested.
    #[error(transparent)]
    Seal(#[from] SealError),
}

//! What a device reports in two ways.

use enumset::{EnumSet, EnumSetType};

use super::Protocol;
use crate::Device;

/// What a device reported in two ways within one look. One of the two replies may be
/// somebody else's.
#[derive(EnumSetType, Debug, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Contradiction {
    /// The serial number, from its own address: two records have one MAC then.
    Serial,
    /// A salt of its password.
    Salt,
    /// The account that its password belongs to, or whether it can be another than
    /// `admin`.
    UserName,
    /// Whether it takes an encrypted password for network changes, or encrypted codes.
    Encrypt,
    /// The default gateway.
    Gateway,
    /// Whether its address comes from DHCP.
    Dhcp,
}

impl Contradiction {
    /// Whether a password is sealed or digested by it.
    pub const fn is_of_password(self) -> bool {
        matches!(self, Self::Salt | Self::UserName | Self::Encrypt)
    }

    /// What differs between two reports of one device by the same protocol. What one
    /// of them omits does not differ.
    pub fn between(before: &Device, later: &Device, protocol: Protocol) -> EnumSet<Self> {
        let element = |name| {
            let told = before.raw.told(name);
            told.is_some_and(|told| later.raw.told(name).is_some_and(|it| it != told))
        };
        // Frames may have supplied what XML replies omit.
        let is_frame = protocol == Protocol::SadpFrame;
        let reported = |name| is_frame || before.raw.told(name).is_some();
        let (old, new) = (&before.ipv4, &later.ipv4);
        let encryption = differ(before.replayable_password, later.replayable_password);
        [
            (Self::Salt, element("Salt") || element("Salt2")),
            (
                Self::UserName,
                element("UserName") || element("SecurityMode"),
            ),
            (
                Self::Encrypt,
                (encryption && element("Encrypt")) || element("codeEncrypt"),
            ),
            (
                Self::Gateway,
                differ(old.gateway, new.gateway) && reported("IPv4Gateway"),
            ),
            (Self::Dhcp, differ(old.dhcp, new.dhcp) && reported("DHCP")),
        ]
        .into_iter()
        .filter_map(|(contradiction, holds)| holds.then_some(contradiction))
        .collect()
    }
}

fn differ<T: PartialEq>(before: Option<T>, later: Option<T>) -> bool {
    matches!((before, later), (Some(before), Some(later)) if before != later)
}

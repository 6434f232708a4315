//! What is asked of one device, and how each is written.

use sadp_model::{Device, Ipv4Settings, Ipv6Settings, Ports, RawFields};
use uuid::Uuid;

use crate::{
    Document, Layout,
    seal::{Password, SealError, SessionKey, UpdateDigest},
};

/// A command to one device. Those that carry a secret hold it until dropped,
/// and are sent once.
#[derive(Debug)]
pub enum Command {
    /// Gives an unactivated device its first password.
    Activate {
        /// The password to set.
        password: Password,
    },
    /// Changes network settings.
    Update(Box<Update>),
    /// Switches the lamp by which a device is found in a rack.
    Lamp {
        /// Whether it is to shine.
        on: bool,
    },
}

impl Command {
    /// The `Types` element.
    pub const fn types(&self) -> &'static str {
        match self {
            Self::Activate { .. } => "activate",
            Self::Update(_) => "update",
            Self::Lamp { .. } => "lamp",
        }
    }

    /// Whether a key exchange comes first.
    pub const fn is_sealed(&self) -> bool {
        matches!(self, Self::Activate { .. })
    }

    /// Whether sending it twice does what sending it once does, and costs no
    /// try. All others are sent once.
    pub const fn is_repeatable(&self) -> bool {
        matches!(self, Self::Lamp { .. })
    }

    /// Whether the device may answer from this address besides the one it had:
    /// it has just been given it.
    pub(crate) fn may_answer_from(&self, from: std::net::IpAddr) -> bool {
        match self {
            Self::Update(update) => update
                .settings
                .ipv4
                .address
                .is_some_and(|address| from == address),
            _ => false,
        }
    }

    /// The datagram. `key` is there when [`Command::is_sealed`].
    pub(crate) fn encode(
        &self,
        uuid: Uuid,
        mac: &str,
        key: Option<&SessionKey>,
    ) -> Result<Vec<u8>, SealError> {
        let mut fields = Fields::default();
        match self {
            Self::Activate { password } => {
                fields.head(uuid, mac, self.types());
                let key = key.ok_or(SealError::BadExchange)?;
                fields.put("Password", key.seal_password(password).as_str());
            }
            Self::Update(update) => update.write(uuid, mac, &mut fields),
            Self::Lamp { on } => {
                fields.put_uuid(uuid);
                fields.put("Types", self.types());
                fields.put("MAC", mac);
                fields.put("Action", if *on { "open" } else { "close" });
            }
        }
        Ok(fields.encode())
    }
}

/// The question that begins an exchange.
pub(crate) fn exchange_code(uuid: Uuid, mac: &str, code: &str) -> Vec<u8> {
    let mut fields = Fields::default();
    fields.head(uuid, mac, EXCHANGE);
    fields.put("Code", code);
    fields.encode()
}

/// The `Types` of a key exchange.
pub(crate) const EXCHANGE: &str = "exchangecode";

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

    /// The settings to be set.
    pub fn settings(&self) -> &NetworkSettings {
        &self.settings
    }

    fn write(&self, uuid: Uuid, mac: &str, fields: &mut Fields) {
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

#[derive(Default)]
struct Fields(RawFields);

impl Fields {
    /// The beginning of most commands.
    fn head(&mut self, uuid: Uuid, mac: &str, types: &str) {
        self.put_uuid(uuid);
        self.put("MAC", mac);
        self.put("Types", types);
    }

    fn put_uuid(&mut self, uuid: Uuid) {
        let mut buffer = Uuid::encode_buffer();
        self.put("Uuid", uuid.hyphenated().encode_upper(&mut buffer));
    }

    fn put(&mut self, name: &str, text: &str) {
        self.0.push(name, text);
    }

    fn put_or(&mut self, name: &str, value: Option<impl ToString>, unset: &str) {
        let text = value.map_or_else(|| unset.to_owned(), |value| value.to_string());
        self.put(name, &text);
    }

    fn encode(&self) -> Vec<u8> {
        Document::encode("Probe", &self.0, Layout::Request)
    }
}

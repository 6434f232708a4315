//! The data of an inquiry reply, and the extension after it in version 2.

use std::net::{Ipv4Addr, Ipv6Addr};

use sadp_model::RawFields;

use super::{
    FrameError, Identities,
    bytes::{Bytes, padded, write_checksum},
};

/// The data of an inquiry reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InquiryReply {
    /// The full serial number.
    pub serial: Box<str>,
    /// A number without a known meaning.
    pub device_type: u32,
    /// The SDK's TCP port.
    pub sdk_port: u32,
    /// Video encoders; the XML protocol calls them analogue channels.
    pub encoders: u32,
    /// Disks built in.
    pub disks: u32,
    /// The firmware's version.
    pub firmware: Box<str>,
    /// The signal processor's version.
    pub dsp: Box<str>,
    /// When the device started, by its own clock.
    pub boot_time: Box<str>,
}

const TEXT: usize = 48;

impl InquiryReply {
    /// Its length in bytes.
    pub const LENGTH: usize = 4 * TEXT + 16;

    /// The most bytes of a text.
    pub const MAX_TEXT: usize = TEXT;

    /// Parses as much as there is.
    pub(super) fn parse(data: &[u8]) -> Self {
        let mut reply = Self::default();
        // It ends where the data ends.
        let _short = reply.read(data);
        reply
    }

    fn read(&mut self, data: &[u8]) -> Result<(), FrameError> {
        let mut bytes = Bytes::new(data);
        self.serial = bytes.text::<TEXT>("serial number")?;
        self.device_type = bytes.u32("device type")?;
        self.sdk_port = bytes.u32("SDK port")?;
        self.encoders = bytes.u32("encoders")?;
        self.disks = bytes.u32("disks")?;
        self.firmware = bytes.text::<TEXT>("software version")?;
        self.dsp = bytes.text::<TEXT>("DSP version")?;
        self.boot_time = bytes.text::<TEXT>("start time")?;
        Ok(())
    }

    pub(super) fn emit(&self) -> Vec<u8> {
        let mut data = padded(&self.serial, TEXT);
        for number in [self.device_type, self.sdk_port, self.encoders, self.disks] {
            data.extend(number.to_be_bytes());
        }
        for text in [&self.firmware, &self.dsp, &self.boot_time] {
            data.extend(padded(text, TEXT));
        }
        data
    }

    /// Replaces the serial in the data.
    pub(super) fn rewrite(data: &mut [u8], others: &mut impl Identities) {
        let end = data.len().min(TEXT);
        let Some(place) = data.get_mut(..end) else {
            return;
        };
        let text = place.split(|&byte| byte == 0).next().unwrap_or_default();
        let other = others.serial(&String::from_utf8_lossy(text));
        let other = padded(&other, place.len());
        place.copy_from_slice(&other);
    }

    /// Adds the fields. A serial that fills its field may be truncated, so it does
    /// not identify a device.
    pub(super) fn add_to(&self, fields: &mut RawFields) {
        let serial = if self.serial.len() >= TEXT {
            "DeviceSNBeginning"
        } else {
            "DeviceSN"
        };
        fields.push(serial, &self.serial);
        fields.push("DeviceType", &self.device_type.to_string());
        fields.push("CommandPort", &self.sdk_port.to_string());
        fields.push("AnalogChannelNum", &self.encoders.to_string());
        fields.push("DiskNumber", &self.disks.to_string());
        fields.push("SoftwareVersion", &self.firmware);
        fields.push("DSPVersion", &self.dsp);
        fields.push("BootTime", &self.boot_time);
    }
}

/// The extension after the data in version 2. Its length differs between firmware:
/// fields beyond its end are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// The IPv6 address.
    pub ipv6: Option<Ipv6Addr>,
    /// The IPv6 gateway.
    pub ipv6_gateway: Option<Ipv6Addr>,
    /// The IPv6 prefix length.
    pub ipv6_prefix: Option<u8>,
    /// Capability bits: see the constants.
    pub support: Option<u8>,
    /// Whether DHCP is on.
    pub dhcp: Option<bool>,
    /// The HTTP port.
    pub http_port: Option<u16>,
    /// Network channels.
    pub digital_channels: Option<u16>,
    /// The number of the brand.
    pub oem_code: Option<u8>,
    /// The model name.
    pub description: Option<Box<str>>,
    /// The brand's text.
    pub oem: Option<Box<str>>,
}

const EXTENSION_VERSION: u8 = 2;
const EXTENSION_LENGTH: u8 = 0x9c;
const EXTENSION_HEADER: usize = 4;
/// The offset of the extension's checksum.
const CHECKSUM_AT: usize = 2;
/// The management server's address, which is skipped.
const CMS: usize = 28;
/// The offset of that: after header, addresses, prefix length, support bits, DHCP
/// and a reserved byte.
const CMS_AT: usize = 44;
const OEM_RESERVED: usize = 31;
const NAME: usize = 24;

impl Extension {
    /// A bit of [`Extension::support`]: IPv6.
    pub const IPV6: u8 = 1;
    /// A bit of [`Extension::support`]: the IPv6 address can be changed.
    pub const IPV6_MODIFIABLE: u8 = 2;
    /// A bit of [`Extension::support`]: DHCP.
    pub const DHCP: u8 = 4;

    /// The most bytes of a text.
    pub const MAX_TEXT: usize = NAME;

    /// The extension at the start of `behind`, as far as it is there; empty if
    /// there is none.
    pub(super) fn cut(behind: &[u8]) -> &[u8] {
        match behind {
            &[EXTENSION_VERSION, length, ..] if usize::from(length) >= EXTENSION_HEADER => {
                behind.get(..length.into()).unwrap_or(behind)
            }
            _ => &[],
        }
    }

    /// Parses what [`Extension::cut`] returned. `None` if there is none.
    pub(super) fn parse(extension: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(extension);
        let _header = bytes.array::<EXTENSION_HEADER>("header").ok()?;
        let mut parsed = Self::default();
        // It ends where the bytes end.
        let _short = parsed.read(&mut bytes);
        Some(parsed)
    }

    fn read(&mut self, bytes: &mut Bytes<'_>) -> Result<(), FrameError> {
        self.gateway = Some(bytes.ipv4("IPv4 gateway")?);
        self.ipv6 = Some(bytes.ipv6("IPv6 address")?);
        self.ipv6_gateway = Some(bytes.ipv6("IPv6 gateway")?);
        self.ipv6_prefix = Some(bytes.u8("prefix")?);
        self.support = Some(bytes.u8("support bits")?);
        self.dhcp = Some(bytes.u8("DHCP")? != 0);
        let _reserved = bytes.u8("reserved")?;
        let _cms = bytes.array::<CMS>("management server")?;
        self.http_port = Some(bytes.u16("HTTP port")?);
        self.digital_channels = Some(bytes.u16("digital channels")?);
        self.oem_code = Some(bytes.u8("OEM code")?);
        let _reserved = bytes.array::<OEM_RESERVED>("reserved")?;
        self.description = Some(bytes.text::<NAME>("description")?);
        self.oem = Some(bytes.text::<NAME>("OEM information")?);
        Ok(())
    }

    /// Emits all fields; `None` becomes zero.
    pub(super) fn emit(&self) -> Vec<u8> {
        let unset = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
        let mut bytes = vec![EXTENSION_VERSION, EXTENSION_LENGTH, 0, 0];
        bytes.extend(self.gateway.unwrap_or(unset.0).octets());
        bytes.extend(self.ipv6.unwrap_or(unset.1).octets());
        bytes.extend(self.ipv6_gateway.unwrap_or(unset.1).octets());
        let dhcp = u8::from(self.dhcp.unwrap_or_default());
        let (prefix, support) = (self.ipv6_prefix, self.support);
        bytes.extend([
            prefix.unwrap_or_default(),
            support.unwrap_or_default(),
            dhcp,
            0,
        ]);
        bytes.extend([0; CMS]);
        bytes.extend(self.http_port.unwrap_or_default().to_be_bytes());
        bytes.extend(self.digital_channels.unwrap_or_default().to_be_bytes());
        bytes.push(self.oem_code.unwrap_or_default());
        bytes.extend([0; OEM_RESERVED]);
        for text in [&self.description, &self.oem] {
            bytes.extend(padded(text.as_deref().unwrap_or_default(), NAME));
        }
        write_checksum(&mut bytes, CHECKSUM_AT);
        bytes
    }

    /// Replaces the addresses, and clears the management server's.
    pub(super) fn rewrite(extension: &mut [u8], others: &mut impl Identities) {
        let behind = extension.get_mut(EXTENSION_HEADER..).unwrap_or_default();
        if let Some(gateway) = behind.first_chunk_mut::<4>() {
            *gateway = others.ipv4(Ipv4Addr::from(*gateway)).octets();
        }
        let addresses = behind.get_mut(4..).unwrap_or_default();
        for bytes in addresses.chunks_exact_mut(16).take(2) {
            if let Some(address) = bytes.first_chunk_mut::<16>() {
                *address = others.ipv6(Ipv6Addr::from(*address)).octets();
            }
        }
        let server = extension.iter_mut().skip(CMS_AT).take(CMS);
        server.for_each(|byte| *byte = 0);
        write_checksum(extension, CHECKSUM_AT);
    }

    /// Adds the fields.
    pub(super) fn add_to(&self, fields: &mut RawFields) {
        let can = [Self::IPV6, Self::IPV6_MODIFIABLE, Self::DHCP]
            .map(|bit| text(self.support.map(|support| support & bit != 0)));
        let [can_ipv6, can_modify_ipv6, can_dhcp] = can;
        for (name, value) in [
            ("IPv4Gateway", text(self.gateway)),
            ("IPv6Address", text(self.ipv6)),
            ("IPv6Gateway", text(self.ipv6_gateway)),
            ("IPv6MaskLen", text(self.ipv6_prefix)),
            ("supportIPv6", can_ipv6),
            ("supportModifyIPv6", can_modify_ipv6),
            ("DHCPAbility", can_dhcp),
            ("DHCP", text(self.dhcp)),
            ("HttpPort", text(self.http_port)),
            ("DigitalChannelNum", text(self.digital_channels)),
            ("OEMCode", text(self.oem_code)),
            ("DeviceDescription", text(self.description.as_ref())),
            ("OEMInfo", text(self.oem.as_ref())),
        ] {
            if let Some(value) = value {
                fields.push(name, &value);
            }
        }
    }
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

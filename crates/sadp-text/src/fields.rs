//! The one table of device fields. It serves JSON, CSV, XML, the wide table, the
//! details, `--where` and `--sort`. Texts of a value are as the device sent them: what
//! prints them makes them harmless.

use std::{
    fmt::{self, Display},
    net::IpAddr,
};

use jiff::{Timestamp, civil::DateTime};
use sadp_model::{
    Device, Firmware, MacAddr, Recovery, RequestWay, Serial, Sighting, State, Vendor, Version, Via,
    Warning, text::local_minute,
};
use sadp_ops::DiscoveredDevice;
use sadp_proto::boolean;
use sadp_reset::SiteText;
use serde::{Serialize, Serializer};
use strum::VariantArray;

use crate::words;

/// A field of a device.
#[derive(Debug)]
pub struct Field {
    /// Its key in the JSON form, dotted, e.g. `ipv4.address`. Empty where it is a
    /// column only.
    pub key: &'static str,
    /// Reads it of a device.
    pub value: fn(&DiscoveredDevice) -> Value,
    /// Its column in CSV and XML.
    pub column: Option<Column>,
    /// Its line in the details.
    pub line: Option<Line>,
}

/// A column of CSV and XML.
#[derive(Debug)]
pub struct Column {
    /// Its place, which is a contract: the vendor tool's 23 columns, then ours.
    pub place: u8,
    /// Its title, as the vendor tool has it where that has the column.
    pub title: &'static str,
    /// Whether the wide table has it.
    pub wide: bool,
}

/// A line of the details.
#[derive(Debug)]
pub struct Line {
    /// Where it stands.
    pub section: Section,
    /// Its place in the section.
    pub place: u8,
    /// What stands before the value.
    pub label: &'static str,
    /// The value for people, where it is not the value itself.
    pub words: Option<fn(&DiscoveredDevice) -> Value>,
}

/// A section of the details, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum Section {
    /// What it is.
    Device,
    /// What its serial number says.
    Serial,
    /// Its address and ports.
    Network,
    /// Which ways of recovery it offers.
    Recovery,
    /// The vendor's cloud.
    Cloud,
    /// Where its replies were received.
    Seen,
    /// Its warnings, and what to do.
    Warnings,
    /// Its reply, element by element.
    Raw,
}

const fn field(key: &'static str, value: fn(&DiscoveredDevice) -> Value) -> Field {
    Field {
        key,
        value,
        column: None,
        line: None,
    }
}

impl Field {
    /// How many columns are the vendor tool's: those of the first places.
    pub const VENDOR_COLUMNS: u8 = 23;

    const fn column(mut self, place: u8, title: &'static str) -> Self {
        let wide = place <= Self::VENDOR_COLUMNS;
        self.column = Some(Column { place, title, wide });
        self
    }

    /// One of our columns that the wide table has, too.
    const fn wide_column(mut self, place: u8, title: &'static str) -> Self {
        let wide = true;
        self.column = Some(Column { place, title, wide });
        self
    }

    const fn line(mut self, section: Section, place: u8, label: &'static str) -> Self {
        self.line = Some(Line {
            section,
            place,
            label,
            words: None,
        });
        self
    }

    /// The line's value for people.
    const fn words(mut self, words: fn(&DiscoveredDevice) -> Value) -> Self {
        if let Some(line) = &mut self.line {
            line.words = Some(words);
        }
        self
    }
}

use Section::{Cloud as Service, Device as Identity, Network as Addresses, Recovery as Ways};

/// Every field in the order of the JSON form, which is a contract. Fields without
/// a key stand last.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    field("serial", |f| text(f.entry.device.serial.as_ref())).column(9, "Device Serial No.").line(Identity, 2, "serial"),
    field("label", |f| text(f.entry.device.serial.as_ref().and_then(Serial::label))).wide_column(24, "Label Number").line(Identity, 3, "label number"),
    field("model", |f| text(f.entry.device.model.as_deref())),
    field("kind", |f| f.entry.device.kind.name().into()).column(25, "Kind").line(Identity, 1, "kind"),
    field("mac", |f| f.entry.device.mac.into()).column(11, "MAC Address").line(Identity, 4, "MAC"),
    field("ipv4.address", |f| f.entry.device.ipv4.address.into()).column(3, "IPv4 Address").line(Addresses, 1, "address"),
    field("ipv4.mask", |f| f.entry.device.ipv4.mask.into()).column(10, "Subnet Mask").line(Addresses, 2, "mask"),
    field("ipv4.gateway", |f| f.entry.device.ipv4.gateway.into()).column(7, "IPv4 Gateway").line(Addresses, 3, "gateway"),
    field("ipv4.dhcp", |f| switch(f.entry.device.ipv4.dhcp)).column(21, "IPv4 DHCP Status").line(Addresses, 4, "DHCP"),
    field("ipv6.address", |f| f.entry.device.ipv6.address.into()).column(15, "IPv6 Address").line(Addresses, 5, "IPv6 address"),
    field("ipv6.prefix", |f| f.entry.device.ipv6.prefix.into()).column(17, "IPv6 Prefix Length").line(Addresses, 6, "IPv6 prefix"),
    field("ipv6.gateway", |f| f.entry.device.ipv6.gateway.into()).column(16, "IPv6 Gateway").line(Addresses, 7, "IPv6 gateway"),
    field("ports.sdk", |f| f.entry.device.ports.sdk.into()).column(4, "Port").line(Addresses, 9, "SDK port"),
    field("ports.http", |f| f.entry.device.ports.http.into()).column(8, "HTTP Port").line(Addresses, 8, "HTTP port"),
    field("ports.sdk_tls", |f| f.entry.device.ports.sdk_tls.into()).column(5, "Enhanced SDK Service Port").line(Addresses, 10, "SDK port, TLS"),
    field("firmware.text", |f| text(f.entry.device.firmware.as_ref())).column(6, "Software Version").line(Identity, 5, "firmware"),
    field("firmware.version", |f| f.entry.device.firmware.as_ref().and_then(Firmware::version).into()).column(30, "Firmware"),
    field("firmware.build", |f| text(f.entry.device.firmware.as_ref().and_then(|it| it.build()))),
    field("dsp", |f| text(f.entry.device.dsp.as_deref())).column(13, "DSP Version").line(Identity, 6, "DSP"),
    field("boot_time", |f| f.entry.device.boot_time.into()).column(14, "Start Time").line(Identity, 7, "started").words(boot_time),
    field("state", |f| f.entry.device.state.map(State::name).into()).column(26, "State"),
    field("locked_until", locked_until).column(27, "Locked Until").line(Identity, 0, "locked until"),
    field("channels.analog", |f| f.entry.device.channels.analog.into()).column(31, "Analog Channels").line(Identity, 10, "analog channels"),
    field("channels.digital", |f| f.entry.device.channels.digital.into()).column(32, "Digital Channels").line(Identity, 11, "digital channels"),
    field("disks", |f| f.entry.device.disks.into()).column(33, "Disks").line(Identity, 12, "disks"),
    field("vendor", |f| f.entry.device.vendor.map(Vendor::name).into()).column(34, "Vendor").line(Identity, 8, "brand"),
    field("oem", |f| text(f.entry.device.oem.as_deref())).column(35, "OEM").line(Identity, 9, "OEM"),
    field("recovery.request", |f| recovery(f).request.map(RequestWay::name).into()).column(36, "Recovery Request").line(Ways, 1, "request to vendor")
        .words(|f| recovery(f).request.map(words::request).into()),
    field("recovery.guid", |f| recovery(f).guid.into()).column(37, "Recovery GUID").line(Ways, 2, "GUID file")
        .words(|f| prepared(recovery(f).guid, recovery(f).set_up.guid)),
    field("recovery.questions", |f| recovery(f).questions.into()).column(38, "Recovery Questions").line(Ways, 3, "security questions")
        .words(|f| prepared(recovery(f).questions, recovery(f).set_up.questions)),
    field("recovery.mailbox", |f| recovery(f).mailbox.into()).column(39, "Recovery Mailbox").line(Ways, 4, "reserved e-mail")
        .words(|f| prepared(recovery(f).mailbox, recovery(f).set_up.mailbox)),
    field("recovery.sync_camera_passwords", |f| recovery(f).sync_camera_passwords.into()).line(Ways, 5, "camera passwords"),
    field("recovery.set_up.questions", |f| recovery(f).set_up.questions.into()),
    field("recovery.set_up.guid", |f| recovery(f).set_up.guid.into()),
    field("recovery.set_up.mailbox", |f| recovery(f).set_up.mailbox.into()),
    field("recovery.set_up.verification_code", |f| recovery(f).set_up.verification_code.into()).line(Service, 4, "verification code")
        .words(|f| recovery(f).set_up.verification_code.map(|set| if set { "set" } else { "not set" }).into()),
    field("cloud.supported", |f| f.entry.device.cloud.supported.into()).column(22, "Support Hik-Connect").line(Service, 1, "supported"),
    field("cloud.enabled", |f| switch(f.entry.device.cloud.enabled)).column(23, "Hik-Connect Status").line(Service, 2, "switched"),
    field("cloud.bound", |f| f.entry.device.cloud.bound.into()).wide_column(42, "Hik-Connect Bound").line(Service, 3, "bound"),
    field("access_verification", |f| f.entry.device.access_verification.into()).wide_column(43, "Access Verification").line(Identity, 13, "access check"),
    field("reachable", |f| f.reachable.into()).column(29, "Reachable").line(Addresses, 11, "reachable").words(reachable),
    field("seen.interface", |f| sightings(f, |it| if it.interface.is_empty() { Value::Unknown } else { text(Some(&it.interface)) })).column(40, "Seen On"),
    field("seen.from", |f| sightings(f, |it| Value::Address(it.from))).column(41, "Seen From"),
    field("seen.via", |f| sightings(f, |it| Via::name(it.via).into())),
    field("seen.at", |f| sightings(f, |it| heard_at(it).into())),
    field("warnings", |f| Value::List(f.warnings.iter().map(|it| Warning::name(it).into()).collect())).column(28, "Warnings"),
    field("name", |f| text(f.site_name.as_ref().and_then(|it| it.name.as_ref()).map(SiteText::as_str))).wide_column(44, "Name").line(Identity, 0, "name"),
    field("place", |f| text(f.site_name.as_ref().and_then(|it| it.place.as_ref()).map(SiteText::as_str))).wide_column(45, "Place").line(Identity, 0, "place"),
    // The vendor tool's columns that are no field of ours.
    field("", |f| text(f.entry.device.model.as_deref().or_else(|| f.entry.device.raw.first("DeviceType")))).column(1, "Device Type"),
    field("", |f| f.entry.device.state.map(status).into()).column(2, "Status"),
    field("", channels).column(12, "Encoding Channel(s)"),
    field("", |f| told(&f.entry.device, "supportIPv6").into()).column(18, "Support IPv6"),
    field("", |f| told(&f.entry.device, "supportModifyIPv6").into()).column(19, "IPv6 Modifiable"),
    field("", |f| dhcp_supported(&f.entry.device).into()).column(20, "Support DHCP"),
];

/// The fields that are columns, in the order of their places.
pub fn columns() -> Vec<(&'static Field, &'static Column)> {
    let columns = FIELDS.iter();
    let columns = columns.filter_map(|field| Some((field, field.column.as_ref()?)));
    let mut columns: Vec<_> = columns.collect();
    columns.sort_by_key(|(_, column)| column.place);
    columns
}

/// The value of a field. The order is for values of one field, and texts compare by bytes: to
/// sort as people expect, use [`by_key`](super::select::by_key).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// The device did not report it.
    Unknown,
    /// Yes or no.
    Bool(bool),
    /// On or off.
    Switch(bool),
    /// A number.
    Number(u32),
    /// An IP address.
    Address(IpAddr),
    /// A MAC.
    Mac(MacAddr),
    /// A firmware version, which compares by its numbers.
    Version(Version),
    /// A time by the device's own clock.
    ClockTime(DateTime),
    /// A time by this computer's clock.
    Time(Timestamp),
    /// Text, as the device sent it.
    Text(String),
    /// One value for each reply, or each warning.
    List(Vec<Self>),
}

/// The value as it stands in JSON.
impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("null"),
            Self::Bool(value) | Self::Switch(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Address(value) => value.fmt(f),
            Self::Mac(value) => value.fmt(f),
            Self::Version(value) => value.fmt(f),
            Self::ClockTime(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&joined(values, Self::to_string)),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown => serializer.serialize_none(),
            Self::Bool(value) | Self::Switch(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_u32(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => values.serialize(serializer),
            value => serializer.collect_str(value),
        }
    }
}

impl Value {
    /// The value in a column; empty where it is unknown.
    pub fn cell(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Bool(value) => if *value { "Yes" } else { "No" }.into(),
            Self::Switch(value) => if *value { "ON" } else { "OFF" }.into(),
            Self::ClockTime(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            Self::List(values) => joined(values, Self::cell),
            value => value.to_string(),
        }
    }

    /// The value in the details.
    pub fn detail(&self) -> String {
        match self {
            Self::Unknown => "-".into(),
            Self::Bool(_) | Self::Switch(_) => self.cell().to_lowercase(),
            Self::Time(at) => local_minute(*at),
            value => value.cell(),
        }
    }

    /// The elements of a list, or the value itself.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            value => std::slice::from_ref(value),
        }
    }
}

/// Elements that repeat the one before are left out.
fn joined(values: &[Value], text: fn(&Value) -> String) -> String {
    let mut words: Vec<_> = values.iter().map(text).collect();
    words.dedup();
    words.join(" ")
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Into::into)
    }
}

macro_rules! value_from {
    ($($variant:ident($($type:ty),+);)+) => {$($(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )+)+};
}

value_from! {
    Bool(bool);
    Number(u8, u16, u32);
    Address(std::net::Ipv4Addr, std::net::Ipv6Addr);
    Mac(MacAddr);
    Version(Version);
    ClockTime(DateTime);
    Time(Timestamp);
    Text(&str, String);
}

fn text(value: Option<impl ToString>) -> Value {
    value.map(|value| value.to_string()).into()
}

fn switch(value: Option<bool>) -> Value {
    value.map_or(Value::Unknown, Value::Switch)
}

fn recovery(found: &DiscoveredDevice) -> &Recovery {
    &found.entry.device.recovery
}

fn boot_time(found: &DiscoveredDevice) -> Value {
    let at = found.entry.device.boot_time;
    text(at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S by its own clock")))
}

fn locked_until(found: &DiscoveredDevice) -> Value {
    match found.entry.device.state {
        Some(State::Locked { until }) => Value::Time(whole_seconds(until)),
        _ => Value::Unknown,
    }
}

fn reachable(found: &DiscoveredDevice) -> Value {
    let other_card = found.warnings.contains(Warning::OtherInterface);
    match (found.reachable, other_card) {
        (None, _) => Value::Unknown,
        (Some(true), _) => "yes".into(),
        (_, true) => "no: this computer sends to its address through another card".into(),
        (_, false) => "no: its address is in none of this computer's networks".into(),
    }
}

/// That a device has a way does not mean that it was set up.
fn prepared(offered: Option<bool>, set_up: Option<bool>) -> Value {
    match (offered, set_up) {
        (None, _) => Value::Unknown,
        (Some(false), _) => "no".into(),
        (Some(true), None) => "yes, if it was set up".into(),
        (Some(true), Some(true)) => "yes, it is set up".into(),
        (Some(true), Some(false)) => "yes, but it is not set up".into(),
    }
}

fn sightings(found: &DiscoveredDevice, read: fn(&Sighting) -> Value) -> Value {
    Value::List(found.entry.seen.iter().map(read).collect())
}

/// When it was received. Captures need not say, which reads as 1970.
pub(crate) fn heard_at(sighting: &Sighting) -> Option<Timestamp> {
    (sighting.at != Timestamp::UNIX_EPOCH).then(|| whole_seconds(sighting.at))
}

/// A time without its fraction of a second.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The vendor tool knows two states.
const fn status(state: State) -> &'static str {
    match state {
        State::Unactivated => "Inactive",
        State::Active | State::Locked { .. } => "Active",
    }
}

fn channels(found: &DiscoveredDevice) -> Value {
    let channels = &found.entry.device.channels;
    let known = [channels.analog, channels.digital].into_iter().flatten();
    known.reduce(u32::saturating_add).into()
}

/// A yes or no that only the received elements hold.
fn told(device: &Device, name: &str) -> Option<bool> {
    device.raw.first(name).and_then(boolean)
}

/// A device with DHCP on has it, whether it says so or not.
fn dhcp_supported(device: &Device) -> Option<bool> {
    let on = device.ipv4.dhcp == Some(true);
    told(device, "DHCPAbility").or_else(|| on.then_some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_taken_once() {
        let places: Vec<_> = columns().iter().map(|(_, column)| column.place).collect();
        let all: Vec<_> = (1..).take(places.len()).collect();
        assert_eq!(places, all);
    }
}

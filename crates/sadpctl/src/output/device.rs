//! A device as scripts see it. The names and their order are a contract.

use std::{collections::HashMap, fmt::Display, net::IpAddr};

use jiff::{Timestamp, civil::DateTime};
use sadp_model::{
    Channels, Cloud, Ipv4Settings, Ipv6Settings, Kind, MacAddr, Ports, RawFields, RequestWay,
    Serial, SetUp, Sighting, State, Vendor, Via, Warning,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use sadp_ops::DiscoveredDevice;

/// A device. What is not known is null; nothing is left out.
#[derive(Serialize)]
pub(super) struct Device<'a> {
    serial: Option<Shown<&'a Serial>>,
    label: Option<&'a str>,
    model: Option<&'a str>,
    kind: &'static str,
    mac: Option<Shown<MacAddr>>,
    ipv4: Ipv4,
    ipv6: Ipv6,
    ports: PortNumbers,
    firmware: Firmware<'a>,
    dsp: Option<&'a str>,
    boot_time: Option<Shown<DateTime>>,
    state: Option<&'static str>,
    locked_until: Option<Shown<Timestamp>>,
    channels: ChannelCounts,
    disks: Option<u32>,
    vendor: Option<&'static str>,
    oem: Option<&'a str>,
    recovery: Recovery,
    cloud: CloudState,
    access_verification: Option<bool>,
    reachable: Option<bool>,
    seen: Vec<Seen<'a>>,
    warnings: Vec<&'static str>,
    raw: Raw<'a>,
}

#[derive(Serialize)]
struct Ipv4 {
    address: Option<Shown<std::net::Ipv4Addr>>,
    mask: Option<Shown<std::net::Ipv4Addr>>,
    gateway: Option<Shown<std::net::Ipv4Addr>>,
    dhcp: Option<bool>,
}

#[derive(Serialize)]
struct Ipv6 {
    address: Option<Shown<std::net::Ipv6Addr>>,
    prefix: Option<u8>,
    gateway: Option<Shown<std::net::Ipv6Addr>>,
}

#[derive(Serialize)]
struct PortNumbers {
    sdk: Option<u16>,
    http: Option<u16>,
    sdk_tls: Option<u16>,
}

#[derive(Default, Serialize)]
struct Firmware<'a> {
    text: Option<&'a str>,
    version: Option<String>,
    build: Option<&'a str>,
}

#[derive(Serialize)]
struct ChannelCounts {
    analog: Option<u32>,
    digital: Option<u32>,
}

#[derive(Serialize)]
struct Recovery {
    request: Option<&'static str>,
    guid: Option<bool>,
    questions: Option<bool>,
    mailbox: Option<bool>,
    sync_camera_passwords: Option<bool>,
    set_up: SetUpWays,
}

#[derive(Serialize)]
struct SetUpWays {
    questions: Option<bool>,
    guid: Option<bool>,
    mailbox: Option<bool>,
    verification_code: Option<bool>,
}

#[derive(Serialize)]
struct CloudState {
    supported: Option<bool>,
    enabled: Option<bool>,
    bound: Option<bool>,
}

#[derive(Serialize)]
struct Seen<'a> {
    interface: Option<&'a str>,
    from: Shown<IpAddr>,
    via: &'static str,
    at: Option<Shown<Timestamp>>,
}

impl<'a> Device<'a> {
    pub(super) fn new(found: &'a DiscoveredDevice) -> Self {
        let mut device = Self::from_model(&found.entry.device);
        device.reachable = found.reachable;
        device.seen = found.entry.seen.iter().map(Seen::new).collect();
        device.warnings = found.warnings.iter().copied().map(Warning::name).collect();
        device
    }

    fn from_model(device: &'a sadp_model::Device) -> Self {
        let locked_until = match device.state {
            Some(State::Locked { until }) => Some(whole_seconds(until)),
            _ => None,
        };
        Self {
            serial: device.serial.as_ref().map(Shown),
            label: device.serial.as_ref().and_then(Serial::label),
            model: device.model.as_deref(),
            kind: Kind::name(device.kind),
            mac: device.mac.map(Shown),
            ipv4: Ipv4::new(&device.ipv4),
            ipv6: Ipv6::new(&device.ipv6),
            ports: PortNumbers::new(&device.ports),
            firmware: device
                .firmware
                .as_ref()
                .map(Firmware::new)
                .unwrap_or_default(),
            dsp: device.dsp.as_deref(),
            boot_time: device.boot_time.map(Shown),
            state: device.state.map(State::name),
            locked_until: locked_until.map(Shown),
            channels: ChannelCounts::new(&device.channels),
            disks: device.disks,
            vendor: device.vendor.map(Vendor::name),
            oem: device.oem.as_deref(),
            recovery: Recovery::new(&device.recovery),
            cloud: CloudState::new(&device.cloud),
            access_verification: device.access_verification,
            reachable: None,
            seen: Vec::new(),
            warnings: Vec::new(),
            raw: Raw(&device.raw),
        }
    }
}

impl Device<'static> {
    /// A device of which nothing is known, seen once.
    pub(super) fn sample() -> impl Serialize {
        let unknown = sadp_model::Device::unknown();
        let mut value = serde_json::to_value(Device::from_model(&unknown)).unwrap_or_default();
        let seen = Seen {
            interface: None,
            from: Shown(IpAddr::from([0, 0, 0, 0])),
            via: "",
            at: None,
        };
        value["seen"] = serde_json::to_value([seen]).unwrap_or_default();
        value
    }
}

impl Ipv4 {
    fn new(settings: &Ipv4Settings) -> Self {
        Self {
            address: settings.address.map(Shown),
            mask: settings.mask.map(Shown),
            gateway: settings.gateway.map(Shown),
            dhcp: settings.dhcp,
        }
    }
}

impl Ipv6 {
    fn new(settings: &Ipv6Settings) -> Self {
        Self {
            address: settings.address.map(Shown),
            prefix: settings.prefix,
            gateway: settings.gateway.map(Shown),
        }
    }
}

impl PortNumbers {
    fn new(ports: &Ports) -> Self {
        Self {
            sdk: ports.sdk,
            http: ports.http,
            sdk_tls: ports.sdk_tls,
        }
    }
}

impl<'a> Firmware<'a> {
    fn new(firmware: &'a sadp_model::Firmware) -> Self {
        Self {
            text: Some(firmware.text()),
            version: firmware.version().map(|version| version.to_string()),
            build: firmware.build(),
        }
    }
}

impl ChannelCounts {
    fn new(channels: &Channels) -> Self {
        Self {
            analog: channels.analog,
            digital: channels.digital,
        }
    }
}

impl Recovery {
    fn new(recovery: &sadp_model::Recovery) -> Self {
        Self {
            request: recovery.request.map(RequestWay::name),
            guid: recovery.guid,
            questions: recovery.questions,
            mailbox: recovery.mailbox,
            sync_camera_passwords: recovery.sync_camera_passwords,
            set_up: SetUpWays::new(recovery.set_up),
        }
    }
}

impl SetUpWays {
    fn new(set_up: SetUp) -> Self {
        Self {
            questions: set_up.questions,
            guid: set_up.guid,
            mailbox: set_up.mailbox,
            verification_code: set_up.verification_code,
        }
    }
}

impl CloudState {
    fn new(cloud: &Cloud) -> Self {
        Self {
            supported: cloud.supported,
            enabled: cloud.enabled,
            bound: cloud.bound,
        }
    }
}

impl<'a> Seen<'a> {
    fn new(sighting: &'a Sighting) -> Self {
        Self {
            interface: (!sighting.interface.is_empty()).then_some(&*sighting.interface),
            from: Shown(sighting.from),
            via: Via::name(sighting.via),
            at: heard_at(sighting).map(Shown),
        }
    }
}

/// Elements by name. One that stands twice is a list.
pub(crate) struct Raw<'a>(pub(crate) &'a RawFields);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut order: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places = HashMap::new();
        for (name, text) in self.0.iter() {
            let place = *places.entry(name).or_insert_with(|| {
                order.push((name, Vec::with_capacity(1)));
                order.len() - 1
            });
            if let Some((_, texts)) = order.get_mut(place) {
                texts.push(text);
            }
        }
        let mut map = serializer.serialize_map(Some(order.len()))?;
        for (name, texts) in &order {
            match &**texts {
                [text] => map.serialize_entry(name, text)?,
                texts => map.serialize_entry(name, texts)?,
            }
        }
        map.end()
    }
}

/// When it was heard. Captures need not say, which reads as 1970.
pub(super) fn heard_at(sighting: &Sighting) -> Option<Timestamp> {
    (sighting.at != Timestamp::UNIX_EPOCH).then(|| whole_seconds(sighting.at))
}

/// A time without its fraction of a second.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// A value written as it is displayed.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

//! The columns of CSV, XML and the wide table: the vendor tool's, in its order,
//! then our own.

use std::fmt::Display;

use sadp_model::{State, Warning};
use sadp_proto::boolean;

use sadp_ops::DiscoveredDevice;

/// A column: its title, and what stands in it for a device.
pub(super) struct Column {
    pub(super) title: &'static str,
    read: fn(&DiscoveredDevice) -> Option<String>,
}

impl Column {
    /// What stands in it; empty where it is not known.
    pub(super) fn cell(&self, found: &DiscoveredDevice) -> String {
        (self.read)(found).unwrap_or_default()
    }
}

/// The title of the first column: the number of the device in the list.
pub(super) const ID: &str = "ID";

const fn column(title: &'static str, read: fn(&DiscoveredDevice) -> Option<String>) -> Column {
    Column { title, read }
}

/// The vendor tool's columns behind the number.
#[rustfmt::skip]
pub(super) static VENDOR: [Column; 23] = [
    column("Device Type", |f| some(f.entry.device.model.as_deref()).or_else(|| raw(f, "DeviceType"))),
    column("Status", |f| f.entry.device.state.map(|state| status(state).into())),
    column("IPv4 Address", |f| some(f.entry.device.ipv4.address)),
    column("Port", |f| some(f.entry.device.ports.sdk)),
    column("Enhanced SDK Service Port", |f| some(f.entry.device.ports.sdk_tls)),
    column("Software Version", |f| some(f.entry.device.firmware.as_ref())),
    column("IPv4 Gateway", |f| some(f.entry.device.ipv4.gateway)),
    column("HTTP Port", |f| some(f.entry.device.ports.http)),
    column("Device Serial No.", |f| some(f.entry.device.serial.as_ref())),
    column("Subnet Mask", |f| some(f.entry.device.ipv4.mask)),
    column("MAC Address", |f| some(f.entry.device.mac)),
    column("Encoding Channel(s)", channels),
    column("DSP Version", |f| some(f.entry.device.dsp.as_deref())),
    column("Start Time", |f| f.entry.device.boot_time.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())),
    column("IPv6 Address", |f| some(f.entry.device.ipv6.address)),
    column("IPv6 Gateway", |f| some(f.entry.device.ipv6.gateway)),
    column("IPv6 Prefix Length", |f| some(f.entry.device.ipv6.prefix)),
    column("Support IPv6", |f| told(f, "supportIPv6").map(yes)),
    column("IPv6 Modifiable", |f| told(f, "supportModifyIPv6").map(yes)),
    column("Support DHCP", |f| dhcp_supported(f).map(yes)),
    column("IPv4 DHCP Status", |f| f.entry.device.ipv4.dhcp.map(on)),
    column("Support Hik-Connect", |f| f.entry.device.cloud.supported.map(yes)),
    column("Hik-Connect Status", |f| f.entry.device.cloud.enabled.map(on)),
];

/// What the sticker shows of the serial, and people read out.
pub(super) const LABEL: Column = column("Label Number", |f| {
    some(f.entry.device.serial.as_ref()?.label())
});

/// Whether it is bound to a Hik-Connect account.
pub(super) const BOUND: Column =
    column("Hik-Connect Bound", |f| f.entry.device.cloud.bound.map(yes));

/// Whether it verifies that somebody stands beside it.
pub(super) const ACCESS_VERIFICATION: Column = column("Access Verification", |f| {
    f.entry.device.access_verification.map(yes)
});

/// Our own columns.
#[rustfmt::skip]
pub(super) static OWN: [Column; 20] = [
    LABEL,
    column("Kind", |f| Some(f.entry.device.kind.name().into())),
    column("State", |f| f.entry.device.state.map(|state| state.name().into())),
    column("Locked Until", locked_until),
    column("Warnings", |f| Some(joined(f.warnings.iter().copied().map(Warning::name)))),
    column("Reachable", |f| f.reachable.map(yes)),
    column("Firmware", |f| some(f.entry.device.firmware.as_ref()?.version())),
    column("Analog Channels", |f| some(f.entry.device.channels.analog)),
    column("Digital Channels", |f| some(f.entry.device.channels.digital)),
    column("Disks", |f| some(f.entry.device.disks)),
    column("Vendor", |f| f.entry.device.vendor.map(|vendor| vendor.name().into())),
    column("OEM", |f| some(f.entry.device.oem.as_deref())),
    column("Recovery Request", |f| f.entry.device.recovery.request.map(|way| way.name().into())),
    column("Recovery GUID", |f| f.entry.device.recovery.guid.map(yes)),
    column("Recovery Questions", |f| f.entry.device.recovery.questions.map(yes)),
    column("Recovery Mailbox", |f| f.entry.device.recovery.mailbox.map(yes)),
    column("Seen On", |f| Some(seen(f, |seen| seen.interface.to_string()))),
    column("Seen From", |f| Some(seen(f, |seen| seen.from.to_string()))),
    BOUND,
    ACCESS_VERIFICATION,
];

/// The vendor tool knows two states.
const fn status(state: State) -> &'static str {
    match state {
        State::Unactivated => "Inactive",
        State::Active | State::Locked { .. } => "Active",
    }
}

fn some(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn raw(found: &DiscoveredDevice, name: &str) -> Option<String> {
    some(found.entry.device.raw.first(name))
}

/// A yes or no that only the received elements hold.
fn told(found: &DiscoveredDevice, name: &str) -> Option<bool> {
    found.entry.device.raw.first(name).and_then(boolean)
}

/// A device with DHCP on has it, whether it says so or not.
fn dhcp_supported(found: &DiscoveredDevice) -> Option<bool> {
    let on = found.entry.device.ipv4.dhcp == Some(true);
    told(found, "DHCPAbility").or_else(|| on.then_some(true))
}

fn channels(found: &DiscoveredDevice) -> Option<String> {
    let channels = &found.entry.device.channels;
    let known = [channels.analog, channels.digital].into_iter().flatten();
    some(known.reduce(u32::saturating_add))
}

fn locked_until(found: &DiscoveredDevice) -> Option<String> {
    match found.entry.device.state? {
        State::Locked { until } => Some(super::device::whole_seconds(until).to_string()),
        _ => None,
    }
}

fn seen(found: &DiscoveredDevice, read: impl Fn(&sadp_model::Sighting) -> String) -> String {
    let mut all: Vec<String> = found.entry.seen.iter().map(read).collect();
    all.dedup();
    joined(all.iter().map(String::as_str))
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn yes(value: bool) -> String {
    if value { "Yes" } else { "No" }.into()
}

fn on(value: bool) -> String {
    if value { "ON" } else { "OFF" }.into()
}

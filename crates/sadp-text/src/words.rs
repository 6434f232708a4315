//! Plain words for what the model knows.

use std::borrow::Cow;

use sadp_model::{Device, Firmware, RequestWay, Serial, State, Warning, text::clean};
use sadp_ops::{DiscoveredDevice, Guard};

/// What an installer wants to know of a device first: state, model, address, MAC, firmware
/// and label number; `-` where it is not known. Made harmless for a terminal.
pub fn short_cells(found: &DiscoveredDevice) -> [String; 6] {
    let device = &found.entry.device;
    let firmware = device.firmware.as_ref();
    let version = firmware.and_then(Firmware::version);
    let version = version.map(|version| version.to_string());
    let cells = [
        Some(state(device).into()),
        device.model.as_deref().map(Into::into),
        device.ipv4.address.map(|address| address.to_string()),
        device.mac.map(|mac| mac.to_string()),
        version.or_else(|| Some(firmware?.text().into())),
        device.serial.as_ref().map(Serial::short),
    ];
    cells.map(|cell| cell.map_or_else(|| "-".into(), made_harmless))
}

fn made_harmless(text: String) -> String {
    let changed = match clean(&text) {
        Cow::Borrowed(_) => None,
        Cow::Owned(changed) => Some(changed),
    };
    changed.unwrap_or(text)
}

/// What a person should look at, in few words.
pub fn notes(found: &DiscoveredDevice) -> String {
    let mut notes: Vec<_> = found.warnings.iter().map(short).collect();
    if found.entry.device.ipv4.dhcp == Some(true) {
        notes.push("DHCP");
    }
    notes.join(", ")
}

/// The state in a word.
pub fn state(device: &Device) -> &'static str {
    device.state.map_or("unknown", State::name)
}

/// A warning in a word, which does not wrap.
pub const fn short(warning: Warning) -> &'static str {
    match warning {
        Warning::OffSubnet => "off-subnet",
        Warning::OtherInterface => "other-card",
        Warning::DuplicateIp => "same-IP",
        Warning::DuplicateMac => "same-MAC",
        Warning::TwoSenders => "two-senders",
        Warning::ContradictsItself => "contradicts",
        Warning::SharedSalt => "shared-salt",
        Warning::FactoryAddress => "factory-IP",
        Warning::ClockUnset => "no-clock",
        Warning::MalformedReply => "bad-reply",
        Warning::ReplayablePassword => "replayable",
        Warning::FragmentOnly => "fragment",
    }
}

/// What a guard found.
pub const fn guarded_against(guard: Guard) -> &'static str {
    match guard {
        Guard::WeakPassword => "newer devices refuse this password",
        Guard::WayNotOffered => "the device does not report that it offers this",
        Guard::AddressInUse => "another device has the new address",
        Guard::FewTries => "the device locks soon",
        Guard::Locked => "the device is locked",
        Guard::RefusedBefore => "the device refused a secret of this kind",
        Guard::MayHaveWorked => "it was sent before, and no reply came",
        Guard::StaleRequest => "the request is no longer valid",
        Guard::TwoSenders => "two computers reply as this device, or it moved",
        Guard::ContradictsItself => "its replies contradict each other",
        Guard::SharedSalt => "two devices report one salt",
        Guard::AccountChanged => "its account is not the one remembered",
    }
}

/// What a warning means and what to do.
#[rustfmt::skip]
pub const fn meaning(warning: Warning) -> &'static str {
    match warning {
        Warning::OffSubnet => "in none of this computer's networks: add an address there, or move the device",
        Warning::OtherInterface => "this computer sends to its address through another card than it was received on: take that card's cable off, or change one of the two networks",
        Warning::DuplicateIp => "another device has the same address: give it its own by net set or net plan, which send by MAC",
        Warning::DuplicateMac => "another device has the same MAC: compare labels, one may be faulty or cloned",
        Warning::TwoSenders => "seen from two addresses: another device may pretend to be it",
        Warning::ContradictsItself => "reported two values for one field: one reply may be another device's",
        Warning::SharedSalt => "another device has the same salt: one may be a copy made to get its password",
        Warning::FactoryAddress => "still the address from the factory: give it its own by net set or net plan",
        Warning::ClockUnset => "its clock was never set: set time or NTP, or recordings carry wrong times",
        Warning::MalformedReply => "a reply could not be read to its end: fields may be missing, so scan again",
        Warning::ReplayablePassword => "sends passwords for network changes in a form that can be recorded and replayed",
        Warning::FragmentOnly => "only the first part of its reply arrived: add an address in its network, scan again",
    }
}

/// What a request to the vendor's support takes.
#[rustfmt::skip]
pub const fn request(way: RequestWay) -> &'static str {
    match way {
        RequestWay::None => "not needed: it has no password yet",
        RequestWay::LegacyCode => "start time and serial go out, a dated code comes back",
        RequestWay::File => "a request file goes out, an encrypted file comes back",
        RequestWay::FileOrKey => "a request file or QR goes out, an encrypted file or a key comes back",
    }
}

//! The question who is there, and the reading of its answer.

use jiff::civil::DateTime;
use sadp_model::{Device, Firmware, Kind, RawFields, RequestWay, Serial, State, Vendor};
use uuid::Uuid;

use crate::{Document, XmlLayout, seal::open_display_text};

/// The question who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Repeated by the answers. New for every inquiry.
    pub uuid: Uuid,
}

impl Inquiry {
    /// The datagram.
    pub fn encode(self) -> Vec<u8> {
        let mut buffer = Uuid::encode_buffer();
        let uuid = &*self.uuid.hyphenated().encode_upper(&mut buffer);
        let fields = [("Uuid", uuid), ("Types", "inquiry")].into_iter().collect();
        Document::encode("Probe", &fields, XmlLayout::RequestMessage)
    }
}

/// Reads what a device says of itself. Each element is read for itself: one
/// that cannot be read is as good as absent, and stays in the raw elements.
pub(crate) fn read_device(document: Document) -> Device {
    let mut device = Device::unknown();
    device.complete = document.complete;
    let said = Said::read(&document.fields, &mut device);
    said.settle(&mut device);
    device.raw = document.fields;
    device
}

/// Reads what a device says in a bare Ethernet frame. It has no words for
/// activation and recovery, so nothing is concluded from their absence.
pub(crate) fn read_frame(fields: RawFields) -> Device {
    let mut device = Device::unknown();
    Said::read(&fields, &mut device).settle_names(&mut device);
    if device.ipv6.address.is_none() {
        device.ipv6.prefix = None;
    }
    device.raw = fields;
    device
}

/// Elements that mean something only together or by their absence.
#[derive(Default)]
struct Said<'a> {
    activated: Option<&'a str>,
    by_file: Option<bool>,
    by_file_or_key: Option<bool>,
    ezviz: Option<bool>,
    encrypt: Option<bool>,
    oem: Option<&'a str>,
    sealed_firmware: Option<&'a str>,
    sealed_dsp: Option<&'a str>,
    sealed_oem: Option<&'a str>,
    description: Option<&'a str>,
    device_type: Option<&'a str>,
}

/// The names that [`Said::read_element`] knows, for those firmware writes in
/// another case.
const ELEMENTS: [&str; 40] = [
    "DeviceType",
    "DeviceDescription",
    "DeviceSN",
    "MAC",
    "IPv4Address",
    "IPv4SubnetMask",
    "IPv4Gateway",
    "DHCP",
    "IPv6Address",
    "IPv6Gateway",
    "IPv6MaskLen",
    "CommandPort",
    "HttpPort",
    "SDKOverTLSPort",
    "SoftwareVersion",
    "DSPVersion",
    "BootTime",
    "AnalogChannelNum",
    "DigitalChannelNum",
    "DiskNumber",
    "SupportGUID",
    "SupportSecurityQuestion",
    "SupportMailBox",
    "SyncIPCPassword",
    "SupportHCPlatform",
    "HCPlatformEnable",
    "Activated",
    "PasswordResetAbility",
    "PasswordResetModeSecond",
    "EZVIZCode",
    "Encrypt",
    "OEMInfo",
    "SoftwareVersionEncrypt",
    "DSPVersionEncrypt",
    "OEMInfoEncrypt",
    "EZVIZBindStatus",
    "supportEzvizUnbind",
    "SupportRestoreInactive",
    "SupportPasswordResetType",
    "physicalAccessVerification",
];

impl<'a> Said<'a> {
    /// Reads the elements that stand for themselves into `device`, and keeps
    /// the others. Where one stands twice, the first wins. A name in another
    /// case counts where no element has exactly this name.
    fn read(fields: &'a RawFields, device: &mut Device) -> Self {
        let mut said = Self::default();
        let mut in_another_case = false;
        for (name, text) in fields.iter() {
            let known = said.read_element(name, text, device);
            in_another_case |= !known && exact_name(name).is_some();
        }
        if in_another_case {
            for (name, text) in fields.iter() {
                said.read_element(exact_name(name).unwrap_or_default(), text, device);
            }
        }
        said
    }

    /// Returns whether it knows the name.
    #[rustfmt::skip]
    fn read_element(&mut self, name: &str, text: &'a str, device: &mut Device) -> bool {
        match name {
            "DeviceType" => first(&mut self.device_type, || words(text)),
            "DeviceDescription" => first(&mut self.description, || words(text)),
            "DeviceSN" => first(&mut device.serial, || Serial::new(text)),
            "MAC" => first(&mut device.mac, || text.parse().ok()),
            "IPv4Address" => first(&mut device.ipv4.address, || address(text, std::net::Ipv4Addr::is_unspecified)),
            "IPv4SubnetMask" => first(&mut device.ipv4.mask, || address(text, std::net::Ipv4Addr::is_unspecified)),
            "IPv4Gateway" => first(&mut device.ipv4.gateway, || address(text, std::net::Ipv4Addr::is_unspecified)),
            "DHCP" => first(&mut device.ipv4.dhcp, || boolean(text)),
            "IPv6Address" => first(&mut device.ipv6.address, || address(text, std::net::Ipv6Addr::is_unspecified)),
            "IPv6Gateway" => first(&mut device.ipv6.gateway, || address(text, std::net::Ipv6Addr::is_unspecified)),
            "IPv6MaskLen" => first(&mut device.ipv6.prefix, || text.parse().ok().filter(|&length| length <= 128)),
            "CommandPort" => first(&mut device.ports.sdk, || port(text)),
            "HttpPort" => first(&mut device.ports.http, || port(text)),
            "SDKOverTLSPort" => first(&mut device.ports.sdk_tls, || port(text)),
            "SoftwareVersion" => first(&mut device.firmware, || Firmware::new(text)),
            "DSPVersion" => first(&mut device.dsp, || words(text).map(Into::into)),
            "BootTime" => first(&mut device.boot_time, || boot_time(text)),
            "AnalogChannelNum" => first(&mut device.channels.analog, || text.parse().ok()),
            "DigitalChannelNum" => first(&mut device.channels.digital, || text.parse().ok()),
            "DiskNumber" => first(&mut device.disks, || text.parse().ok()),
            "SupportGUID" => first(&mut device.recovery.guid, || boolean(text)),
            "SupportSecurityQuestion" => first(&mut device.recovery.questions, || boolean(text)),
            "SupportMailBox" => first(&mut device.recovery.mailbox, || boolean(text)),
            "SyncIPCPassword" => first(&mut device.recovery.sync_camera_passwords, || boolean(text)),
            "SupportHCPlatform" => first(&mut device.cloud.supported, || boolean(text)),
            "HCPlatformEnable" => first(&mut device.cloud.enabled, || boolean(text)),
            "EZVIZBindStatus" => first(&mut device.cloud.bound, || bound(text)),
            "supportEzvizUnbind" => first(&mut device.cloud.can_unbind, || boolean(text)),
            "SupportRestoreInactive" => first(&mut device.can_deactivate, || boolean(text)),
            "SupportPasswordResetType" => first(&mut device.recovery.reports_set_up, || boolean(text)),
            "physicalAccessVerification" => first(&mut device.access_verification, || boolean(text)),
            "Activated" => first(&mut self.activated, || Some(text)),
            "PasswordResetAbility" => first(&mut self.by_file, || boolean(text)),
            "PasswordResetModeSecond" => first(&mut self.by_file_or_key, || boolean(text)),
            "EZVIZCode" => first(&mut self.ezviz, || boolean(text)),
            "Encrypt" => first(&mut self.encrypt, || boolean(text)),
            "OEMInfo" => first(&mut self.oem, || words(text)),
            "SoftwareVersionEncrypt" => first(&mut self.sealed_firmware, || words(text)),
            "DSPVersionEncrypt" => first(&mut self.sealed_dsp, || words(text)),
            "OEMInfoEncrypt" => first(&mut self.sealed_oem, || words(text)),
            // Read elsewhere, or not at all: named here so that they are not taken
            // for names in another case, which takes longer.
            "Uuid" | "Types" | "ResetAbility" | "DetailOEMCode" | "OEMCode" | "Salt" | "DeviceLock"
            | "SDKServerStatus" | "SDKOverTLSServerStatus" | "SupportBind" | "MaxBindNum"
            | "supportwifiRegion" | "currentwifiRegion" | "supportWifiEnhancement"
            | "enableWifiEnhancement" | "IsModifyVerificationCode" | "SupportChannelDefaultPassword"
            | "SpecificDeviceType" | "DHCPAbility" | "SecurityMode" | "supportIPv6" | "supportModifyIPv6" => {}
            _ => return false,
        }
        true
    }

    /// Concludes what only all elements together tell.
    fn settle(self, device: &mut Device) {
        self.settle_names(device);
        device.state = self.state(device.complete);
        self.settle_absences(device);
    }

    /// Concludes firmware, brand, model and kind.
    fn settle_names(&self, device: &mut Device) {
        let open = |sealed: Option<&str>| sealed.and_then(open_display_text);
        if device.firmware.is_none() {
            device.firmware = open(self.sealed_firmware).and_then(|text| Firmware::new(&text));
        }
        if device.dsp.is_none() {
            device.dsp = open(self.sealed_dsp).map(Into::into);
        }
        let oem = self
            .oem
            .map(str::to_owned)
            .or_else(|| open(self.sealed_oem));
        device.oem = oem.and_then(|text| words(&text).map(Into::into));
        let model = self.model(device.serial.as_ref());
        let serial = device.serial.as_ref();
        device.kind = Kind::of_model(model.unwrap_or_default());
        if device.kind == Kind::Unknown {
            device.kind = Kind::of_model(model_in(serial).unwrap_or_default());
        }
        if device.kind == Kind::Unknown {
            device.kind = Kind::of_description(self.description.unwrap_or_default());
        }
        device.vendor = Vendor::tell(model, device.oem.as_deref(), self.ezviz == Some(true));
        device.model = model.map(Into::into);
    }

    /// The model: the first of description, type (EZVIZ) and front of the serial
    /// that has the form of one known; else the description, unless it is only
    /// English words, e.g. `IPCamera`, and the serial tells more.
    fn model<'b>(&'b self, serial: Option<&'b Serial>) -> Option<&'b str> {
        let described = self.description;
        described
            .filter(is_known_model)
            .or_else(|| self.device_type.filter(is_known_model))
            .or_else(|| described.filter(is_name))
            .or_else(|| model_in(serial))
            .or(described)
    }

    /// Firmware that does not know of activation is active.
    fn state(&self, complete: bool) -> Option<State> {
        match self.activated.map(boolean) {
            Some(Some(true)) => Some(State::Active),
            Some(Some(false)) => Some(State::Unactivated),
            None if complete => Some(State::Active),
            Some(None) | None => None,
        }
    }

    /// A capability that a whole reply does not name is not there. A torn reply
    /// leaves it open.
    fn settle_absences(&self, device: &mut Device) {
        if !device.complete {
            return;
        }
        let recovery = &mut device.recovery;
        for capability in [
            &mut recovery.guid,
            &mut recovery.questions,
            &mut recovery.mailbox,
            &mut recovery.sync_camera_passwords,
            &mut recovery.reports_set_up,
            &mut device.cloud.supported,
            &mut device.cloud.can_unbind,
            &mut device.can_deactivate,
        ] {
            capability.get_or_insert(false);
        }
        if device.cloud.supported == Some(false) {
            device.cloud.enabled.get_or_insert(false);
        }
        recovery.request = Some(match (device.state, self.by_file_or_key, self.by_file) {
            (Some(State::Unactivated), _, _) => RequestWay::None,
            (_, Some(true), _) => RequestWay::FileOrKey,
            (_, _, Some(true)) => RequestWay::File,
            _ => RequestWay::LegacyCode,
        });
        device.replayable_password = Some(self.encrypt != Some(true));
    }
}

/// Whether it has the form of a model of a brand known.
fn is_known_model(text: &&str) -> bool {
    Kind::of_model(text) != Kind::Unknown || Vendor::tell(Some(text), None, false).is_some()
}

/// Whether it is more than English words: a model, or a name in another script.
fn is_name(text: &&str) -> bool {
    text.contains(|c: char| c.is_ascii_digit() || !c.is_ascii())
}

/// The model that a serial begins with.
fn model_in(serial: Option<&Serial>) -> Option<&str> {
    Some(serial?.parts(None)?.model)
}

/// The known name that this one is in another case.
fn exact_name(name: &str) -> Option<&'static str> {
    let known = ELEMENTS.iter().find(|it| it.eq_ignore_ascii_case(name));
    known.copied().filter(|&known| known != name)
}

fn first<T>(slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = value();
    }
}

/// The text, unless it says nothing.
fn words(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("n/a")).then_some(text)
}

/// A yes or no in one of its spellings. Firmware writes `flase` for false in some
/// elements.
pub fn boolean(text: &str) -> Option<bool> {
    let is = |names: [&str; 3]| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    if is(["true", "1", "yes"]) {
        Some(true)
    } else if is(["false", "0", "no"]) || text.eq_ignore_ascii_case("flase") {
        Some(false)
    } else {
        None
    }
}

/// Reads `EZVIZBindStatus`: 0 unknown, 1 bound, 2 not bound.
fn bound(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "2" => Some(false),
        _ => None,
    }
}

fn address<A: std::str::FromStr>(text: &str, unset: impl FnOnce(&A) -> bool) -> Option<A> {
    text.parse().ok().filter(|address| !unset(address))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&port| port != 0)
}

/// Reads `2024-09-18 09:21:28`, and the unpadded `2021-3-7 4:5:09`.
fn boot_time(text: &str) -> Option<DateTime> {
    let mut numbers = text
        .split(['-', ' ', ':', 'T', '/'])
        .filter(|part| !part.is_empty());
    let year = numbers.next()?.parse().ok()?;
    let mut next = || numbers.next()?.parse::<i8>().ok();
    let (month, day) = (next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    mod names;

    use std::net::Ipv4Addr;

    use jiff::civil::date;

    use super::*;

    fn device(fields: &[(&str, &str)]) -> Device {
        let fields = fields.iter().copied().collect();
        let bytes = Document::encode("ProbeMatch", &fields, XmlLayout::RootSharesLine);
        read_device(Document::decode(&bytes).unwrap())
    }

    #[test]
    fn the_inquiry_is_the_vendors() {
        let uuid = Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);
        assert_eq!(
            String::from_utf8(Inquiry { uuid }.encode()).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Probe><Uuid>6BA7B810-9DAD-11D1-80B4-00C04FD430C8</Uuid>\
             <Types>inquiry</Types></Probe>"
        );
    }

    #[test]
    fn booleans_come_in_many_spellings() {
        for text in ["true", "TRUE", "1", "yes"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "flase", "Flase", "0", "no"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        assert_eq!(boolean("maybe"), None);
    }

    #[test]
    fn old_firmware_that_does_not_know_activation_is_active() {
        assert_eq!(device(&[]).state, Some(State::Active));
        assert_eq!(
            device(&[("Activated", "false")]).state,
            Some(State::Unactivated)
        );
        assert_eq!(device(&[("Activated", "maybe")]).state, None);
    }

    #[test]
    fn a_torn_reply_concludes_nothing_from_absence() {
        let torn = Document::decode(b"<ProbeMatch><MAC>44-47-cc-1d-6d-13</MAC><Activ").unwrap();
        let device = read_device(torn);
        assert!(!device.complete);
        assert_eq!(device.state, None);
        assert_eq!(device.recovery, sadp_model::Recovery::default());
        assert_eq!(device.replayable_password, None);
    }

    #[test]
    fn unset_addresses_and_ports_are_not_said() {
        let device = device(&[
            ("IPv4Address", "0.0.0.0"),
            ("IPv4Gateway", ""),
            ("IPv6Address", "::"),
            ("IPv6MaskLen", ""),
            ("HttpPort", "0"),
            ("CommandPort", "99999"),
        ]);
        assert_eq!(device.ipv4, sadp_model::Ipv4Settings::default());
        assert_eq!(device.ipv6, sadp_model::Ipv6Settings::default());
        assert_eq!(device.ports, sadp_model::Ports::default());
        assert_eq!(device.raw.len(), 6);
    }

    #[test]
    fn boot_times_come_padded_or_not() {
        assert_eq!(
            boot_time("2024-09-18 09:21:28"),
            Some(date(2024, 9, 18).at(9, 21, 28, 0))
        );
        assert_eq!(
            boot_time("2021-3-7 4:5:09"),
            Some(date(2021, 3, 7).at(4, 5, 9, 0))
        );
        for text in ["", "2024-09-18", "2024-13-01 00:00:00", "yesterday"] {
            assert_eq!(boot_time(text), None, "{text}");
        }
    }

    #[test]
    fn the_cloud_binding_is_a_number() {
        for (text, bound) in [
            ("1", Some(true)),
            ("2", Some(false)),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(
                device(&[("EZVIZBindStatus", text)]).cloud.bound,
                bound,
                "{text}"
            );
        }
        let none = device(&[]);
        assert_eq!(none.cloud.bound, None);
        assert_eq!(none.access_verification, None);
        assert_eq!(none.cloud.can_unbind, Some(false));
        let yes = device(&[
            ("physicalAccessVerification", "true"),
            ("SupportRestoreInactive", "true"),
        ]);
        assert_eq!(
            (yes.access_verification, yes.can_deactivate),
            (Some(true), Some(true))
        );
    }

    #[test]
    fn the_request_way_follows_the_two_abilities() {
        let way = |fields: &[(&str, &str)]| device(fields).recovery.request;
        assert_eq!(way(&[]), Some(RequestWay::LegacyCode));
        assert_eq!(
            way(&[("PasswordResetAbility", "true")]),
            Some(RequestWay::File)
        );
        let both = [
            ("PasswordResetAbility", "true"),
            ("PasswordResetModeSecond", "true"),
        ];
        assert_eq!(way(&both), Some(RequestWay::FileOrKey));
        assert_eq!(
            way(&[("Activated", "false"), ("PasswordResetAbility", "true")]),
            Some(RequestWay::None)
        );
    }

    #[test]
    fn the_first_of_two_elements_wins() {
        let device = device(&[("IPv4Address", "10.0.0.1"), ("IPv4Address", "10.0.0.2")]);
        assert_eq!(device.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(device.raw.len(), 2);
    }

    #[test]
    fn sealed_display_texts_stand_in_for_missing_ones() {
        let sealed = (
            "SoftwareVersionEncrypt",
            "Mwq3Ogi55n+jOYb87QgXMMoNlLGRqioIBAmCsJMnM5U=",
        );
        assert_eq!(
            device(&[sealed]).firmware.unwrap().text(),
            "V5.5.0 build 170101"
        );
        let plain = ("SoftwareVersion", "V5.4.0");
        assert_eq!(device(&[sealed, plain]).firmware.unwrap().text(), "V5.4.0");
    }
}

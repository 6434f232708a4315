//! The probe for devices, and the decoding of replies to it.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::civil::DateTime;
use sadp_model::{Device, Firmware, Kind, RawFields, RequestWay, Serial, State, Vendor};
use uuid::Uuid;

use crate::{Document, XmlLayout, seal::open_display_text};

/// The probe for devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Replies repeat it. Fresh for every probe.
    pub uuid: Uuid,
}

impl Inquiry {
    /// Encodes the datagram.
    pub fn encode(self) -> Vec<u8> {
        let mut buffer = Uuid::encode_buffer();
        let uuid = &*self.uuid.hyphenated().encode_upper(&mut buffer);
        let fields = [("Uuid", uuid), ("Types", "inquiry")].into_iter().collect();
        Document::encode("Probe", &fields, XmlLayout::Request)
    }
}

/// Decodes what a device reports. Each element is independent: one that cannot be
/// parsed counts as missing, and stays in the raw elements.
pub(crate) fn read_device(document: Document) -> Device {
    let mut device = Device::unknown();
    device.complete = document.complete;
    let elements = Elements::read(&document.fields, &mut device);
    elements.derive(&mut device);
    device.raw = document.fields;
    device
}

/// Decodes what a device reports in an Ethernet frame. Frames have no fields for
/// activation and recovery, so nothing follows from their absence.
pub(crate) fn read_frame(fields: RawFields) -> Device {
    let mut device = Device::unknown();
    Elements::read(&fields, &mut device).derive_names(&mut device);
    if device.ipv6.address.is_none() {
        device.ipv6.prefix = None;
    }
    device.raw = fields;
    device
}

/// Elements that depend on each other, or whose absence has a meaning.
#[derive(Default)]
struct Elements<'a> {
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

impl<'a> Elements<'a> {
    /// Reads independent elements into `device` and keeps the others. The first of
    /// duplicates counts. A name in another case counts if no element has exactly
    /// this name.
    fn read(fields: &'a RawFields, device: &mut Device) -> Self {
        let mut elements = Self::default();
        let mut in_another_case = false;
        for (name, text) in fields.iter() {
            let known = read_element(&mut elements, name, text, device);
            in_another_case |= !known && exact_name(name).is_some();
        }
        if in_another_case {
            for (name, text) in fields.iter() {
                let name = exact_name(name).unwrap_or_default();
                read_element(&mut elements, name, text, device);
            }
        }
        elements
    }

    /// Derives what depends on several elements.
    fn derive(self, device: &mut Device) {
        self.derive_names(device);
        device.state = self.state(device.complete);
        self.derive_absences(device);
    }

    /// Derives firmware, brand, model and kind.
    fn derive_names(&self, device: &mut Device) {
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
        device.vendor = Vendor::detect(model, device.oem.as_deref(), self.ezviz == Some(true));
        device.model = model.map(Into::into);
    }

    /// The model: the first of description, type (EZVIZ) and start of the serial
    /// that is a known form of model; else the description, unless it has only
    /// English words, e.g. `IPCamera`, and the serial contains a model.
    fn model<'b>(&'b self, serial: Option<&'b Serial>) -> Option<&'b str> {
        let described = self.description;
        described
            .filter(is_known_model)
            .or_else(|| self.device_type.filter(is_known_model))
            .or_else(|| described.filter(is_name))
            .or_else(|| model_in(serial))
            .or(described)
    }

    /// Firmware without activation counts as active.
    fn state(&self, complete: bool) -> Option<State> {
        match self.activated.map(boolean) {
            Some(Some(true)) => Some(State::Active),
            Some(Some(false)) => Some(State::Unactivated),
            None if complete => Some(State::Active),
            Some(None) | None => None,
        }
    }

    /// A capability that a complete reply does not contain is missing. In an
    /// incomplete reply it is unknown.
    fn derive_absences(&self, device: &mut Device) {
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

/// Makes [`ELEMENTS`] and [`read_element`] from one list of name, field and parser.
macro_rules! elements {
    (($elements:ident, $device:ident, $text:ident) $($name:literal => $slot:expr, $value:expr;)+) => {
        /// The names that are read, to match names in another case.
        const ELEMENTS: &[&str] = &[$($name),+];

        /// Reads an element unless its field is set. Returns whether the name is
        /// known.
        fn read_element<'a>(
            $elements: &mut Elements<'a>,
            name: &str,
            $text: &'a str,
            $device: &mut Device,
        ) -> bool {
            match name {
                $($name => if $slot.is_none() { $slot = $value; },)+
                _ => return IGNORED.contains(&name),
            }
            true
        }
    };
}

#[rustfmt::skip]
elements! { (elements, device, text)
    "DeviceType" => elements.device_type, words(text);
    "DeviceDescription" => elements.description, words(text);
    "DeviceSN" => device.serial, Serial::new(text);
    "MAC" => device.mac, text.parse().ok();
    "IPv4Address" => device.ipv4.address, address(text, Ipv4Addr::is_unspecified);
    "IPv4SubnetMask" => device.ipv4.mask, address(text, Ipv4Addr::is_unspecified);
    "IPv4Gateway" => device.ipv4.gateway, address(text, Ipv4Addr::is_unspecified);
    "DHCP" => device.ipv4.dhcp, boolean(text);
    "IPv6Address" => device.ipv6.address, address(text, Ipv6Addr::is_unspecified);
    "IPv6Gateway" => device.ipv6.gateway, address(text, Ipv6Addr::is_unspecified);
    "IPv6MaskLen" => device.ipv6.prefix, text.parse().ok().filter(|&length| length <= 128);
    "CommandPort" => device.ports.sdk, port(text);
    "HttpPort" => device.ports.http, port(text);
    "SDKOverTLSPort" => device.ports.sdk_tls, port(text);
    "SoftwareVersion" => device.firmware, Firmware::new(text);
    "DSPVersion" => device.dsp, words(text).map(Into::into);
    "BootTime" => device.boot_time, boot_time(text);
    "AnalogChannelNum" => device.channels.analog, text.parse().ok();
    "DigitalChannelNum" => device.channels.digital, text.parse().ok();
    "DiskNumber" => device.disks, text.parse().ok();
    "SupportGUID" => device.recovery.guid, boolean(text);
    "SupportSecurityQuestion" => device.recovery.questions, boolean(text);
    "SupportMailBox" => device.recovery.mailbox, boolean(text);
    "SyncIPCPassword" => device.recovery.sync_camera_passwords, boolean(text);
    "SupportHCPlatform" => device.cloud.supported, boolean(text);
    "HCPlatformEnable" => device.cloud.enabled, boolean(text);
    "EZVIZBindStatus" => device.cloud.bound, bound(text);
    "supportEzvizUnbind" => device.cloud.can_unbind, boolean(text);
    "SupportRestoreInactive" => device.can_deactivate, boolean(text);
    "SupportPasswordResetType" => device.recovery.reports_set_up, boolean(text);
    "physicalAccessVerification" => device.access_verification, boolean(text);
    "Activated" => elements.activated, Some(text);
    "PasswordResetAbility" => elements.by_file, boolean(text);
    "PasswordResetModeSecond" => elements.by_file_or_key, boolean(text);
    "EZVIZCode" => elements.ezviz, boolean(text);
    "Encrypt" => elements.encrypt, boolean(text);
    "OEMInfo" => elements.oem, words(text);
    "SoftwareVersionEncrypt" => elements.sealed_firmware, words(text);
    "DSPVersionEncrypt" => elements.sealed_dsp, words(text);
    "OEMInfoEncrypt" => elements.sealed_oem, words(text);
}

/// Known elements that are not read here. Listed so that the slower comparison in
/// any case is skipped for them.
#[rustfmt::skip]
const IGNORED: [&str; 22] = [
    "Uuid", "Types", "ResetAbility", "DetailOEMCode", "OEMCode", "Salt", "DeviceLock",
    "SDKServerStatus", "SDKOverTLSServerStatus", "SupportBind", "MaxBindNum", "supportwifiRegion",
    "currentwifiRegion", "supportWifiEnhancement", "enableWifiEnhancement", "IsModifyVerificationCode",
    "SupportChannelDefaultPassword", "SpecificDeviceType", "DHCPAbility", "SecurityMode", "supportIPv6",
    "supportModifyIPv6",
];

/// Whether a text is a known form of model.
fn is_known_model(text: &&str) -> bool {
    Kind::of_model(text) != Kind::Unknown || Vendor::detect(Some(text), None, false).is_some()
}

/// Whether a text has more than English words: it is a model, or in another script.
fn is_name(text: &&str) -> bool {
    text.contains(|c: char| c.is_ascii_digit() || !c.is_ascii())
}

/// The model at the start of a serial.
fn model_in(serial: Option<&Serial>) -> Option<&str> {
    Some(serial?.parts(None)?.model)
}

/// The known name that differs from this one only in case.
fn exact_name(name: &str) -> Option<&'static str> {
    let known = ELEMENTS.iter().find(|it| it.eq_ignore_ascii_case(name));
    known.copied().filter(|&known| known != name)
}

fn open(sealed: Option<&str>) -> Option<String> {
    sealed.and_then(open_display_text)
}

/// The text, unless it is empty or `N/A`.
fn words(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("n/a")).then_some(text)
}

/// Parses a boolean in all its spellings. Some firmware writes `flase`.
pub fn boolean(text: &str) -> Option<bool> {
    let spellings = [
        ("true", true),
        ("1", true),
        ("yes", true),
        ("false", false),
        ("flase", false),
        ("0", false),
        ("no", false),
    ];
    let mut spellings = spellings.into_iter();
    let found = spellings.find(|(name, _)| text.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
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
    let mut parts = [0; 5];
    for part in &mut parts {
        *part = numbers.next()?.parse().ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
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
    fn values_come_in_many_spellings() {
        for text in ["true", "TRUE", "1", "yes"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "flase", "Flase", "0", "no"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        assert_eq!(boolean("maybe"), None);
        for (text, bound) in [
            ("1", Some(true)),
            ("2", Some(false)),
            ("0", None),
            ("x", None),
        ] {
            assert_eq!(self::bound(text), bound, "{text}");
        }
        let padded = date(2024, 9, 18).at(9, 21, 28, 0);
        assert_eq!(boot_time("2024-09-18 09:21:28"), Some(padded));
        let unpadded = date(2021, 3, 7).at(4, 5, 9, 0);
        assert_eq!(boot_time("2021-3-7 4:5:09"), Some(unpadded));
        for text in ["", "2024-09-18", "2024-13-01 00:00:00", "yesterday"] {
            assert_eq!(boot_time(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_whole_reply_does_not_say_is_missing_or_unknown() {
        let none = device(&[]);
        assert_eq!(
            none.state,
            Some(State::Active),
            "firmware without activation"
        );
        assert_eq!(none.cloud.bound, None);
        assert_eq!(none.access_verification, None);
        assert_eq!(none.cloud.can_unbind, Some(false));
        let told = device(&[
            ("EZVIZBindStatus", "1"),
            ("physicalAccessVerification", "true"),
            ("SupportRestoreInactive", "true"),
        ]);
        assert_eq!(told.cloud.bound, Some(true));
        assert_eq!(told.access_verification, Some(true));
        assert_eq!(told.can_deactivate, Some(true));
        assert_eq!(device(&[("Activated", "maybe")]).state, None);
    }

    #[test]
    fn the_request_way_follows_the_two_abilities() {
        let by_file = ("PasswordResetAbility", "true");
        let by_key = ("PasswordResetModeSecond", "true");
        for (fields, way) in [
            (&[][..], RequestWay::LegacyCode),
            (&[by_file], RequestWay::File),
            (&[by_file, by_key], RequestWay::FileOrKey),
        ] {
            assert_eq!(device(fields).recovery.request, Some(way), "{fields:?}");
        }
        let unactivated = device(&[("Activated", "false"), by_file]);
        assert_eq!(unactivated.state, Some(State::Unactivated));
        assert_eq!(unactivated.recovery.request, Some(RequestWay::None));
    }

    #[test]
    fn the_first_of_two_elements_wins() {
        let device = device(&[("IPv4Address", "10.0.0.1"), ("IPv4Address", "10.0.0.2")]);
        assert_eq!(device.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(device.raw.len(), 2);
    }

    #[test]
    fn sealed_display_texts_stand_in_for_missing_ones() {
        let text = "Mwq3Ogi55n+jOYb87QgXMMoNlLGRqioIBAmCsJMnM5U=";
        let sealed = ("SoftwareVersionEncrypt", text);
        let plain = ("SoftwareVersion", "V5.4.0");
        for (fields, expected) in [
            (&[sealed][..], "V5.5.0 build 170101"),
            (&[sealed, plain], "V5.4.0"),
        ] {
            assert_eq!(device(fields).firmware.unwrap().text(), expected);
        }
    }

    #[test]
    #[rustfmt::skip]
    fn model_kind_and_brand_are_those_of_the_element_that_tells_them() {
        const fn described(text: &str) -> (&str, &str) {
            ("DeviceDescription", text)
        }
        let serial = ("DeviceSN", "DS-7608NI-K20820190101CCWR123456789WCVU");
        let camera = ("DeviceSN", "DS-2CD2142FWD-I20190101AAWR123456789");
        let unknown = ("DeviceSN", "X1");
        let (ezviz, number) = (("DeviceType", "CS-BC2"), ("DeviceType", "142378"));
        let recorder = (Some("DS-7608NI-K2"), Kind::Nvr, Some(Vendor::Hikvision));
        for (fields, expected) in [
            (&[serial][..], recorder),
            (&[described("IPCamera"), serial], recorder),
            (&[described("NVR"), serial], recorder),
            (&[described("Embedded Net DVR"), serial], recorder),
            (&[described("NC324-XB"), camera], (Some("NC324-XB"), Kind::IpCamera, None)),
            (&[described("IPCamera"), unknown], (Some("IPCamera"), Kind::IpCamera, None)),
            (&[ezviz, described("EZVIZ Outdoor Camera")], (Some("CS-BC2"), Kind::IpCamera, Some(Vendor::Ezviz))),
            (&[ezviz], (Some("CS-BC2"), Kind::IpCamera, Some(Vendor::Ezviz))),
            (&[number], (None, Kind::Unknown, None)),
        ] {
            let device = device(fields);
            assert_eq!((device.model.as_deref(), device.kind, device.vendor), expected, "{fields:?}");
        }
    }

    #[test]
    fn names_in_any_case_are_read_and_the_exact_one_is_preferred() {
        let device = device(&[
            ("ipv4address", "10.0.0.1"),
            ("mac", "44-47-cc-1d-6d-13"),
            ("ACTIVATED", "false"),
            ("IPv4Address", "10.0.0.2"),
            ("MAC", ""),
            ("Httpport", "81"),
            ("httpPort", "82"),
        ]);
        assert_eq!(device.ipv4.address, Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert!(device.mac.is_some());
        assert_eq!(device.state, Some(State::Unactivated));
        assert_eq!(device.ports.http, Some(81));
        assert_eq!(device.raw.iter().next(), Some(("ipv4address", "10.0.0.1")));
    }

    #[test]
    fn every_element_is_read_in_any_case() {
        let mut unknown = Device::unknown();
        for name in ELEMENTS {
            let known = read_element(&mut Elements::default(), name, "", &mut unknown);
            assert!(known, "{name}");
        }
        for text in [
            include_str!("../../../fixtures/replies/camera-v5.5.xml"),
            include_str!("../../../fixtures/replies/recorder-v4.30.xml"),
            include_str!("../../../fixtures/replies/sealed-texts.xml"),
        ] {
            let as_written = Document::decode(text.as_bytes()).unwrap();
            let mut in_capitals = as_written.clone();
            let pairs = as_written.fields.iter();
            in_capitals.fields = RawFields::default();
            for (name, text) in pairs {
                in_capitals.fields.push(&name.to_ascii_uppercase(), text);
            }
            let expected = read_device(as_written);
            let mut device = read_device(in_capitals);
            device.raw = expected.raw.clone();
            assert_eq!(device, expected);
        }
    }
}

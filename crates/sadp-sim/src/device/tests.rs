mod properties;

use std::collections::HashSet;

use jiff::civil::date;
use sadp_model::{Firmware, Kind, State, Vendor};
use sadp_proto::{DeviceReport, Message, Types, XmlLayout};

use super::*;
use crate::device::factory::Factory;

const UUID: &str = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8";

fn device(profile: &str) -> Device {
    let profile = Profile::find(profile).unwrap();
    let mut factory = Factory::new(7, "10.77.0.1/16".parse().unwrap());
    factory.make(profile, Behavior::default()).unwrap()
}

fn report(datagram: &[u8]) -> DeviceReport {
    match Message::decode(datagram).unwrap() {
        Message::Report(report) => *report,
        other => panic!("not a report: {other:?}"),
    }
}

fn told(device: &Device) -> DeviceReport {
    report(&device.report(SelfReport::of_inquiry(UUID)))
}

/// A device of each profile.
fn each() -> impl Iterator<Item = Device> {
    Profile::all().iter().map(|profile| device(profile.name()))
}

/// What the properties do not check: model, kind, header, and announcements.
#[test]
fn every_profile_decodes_to_the_device_it_means() {
    for mut device in each() {
        let name = device.profile.name().to_owned();
        let datagram = device.report(SelfReport::of_inquiry(UUID));
        assert!(datagram.ends_with(b"\n"), "{name}");
        assert!((300..2500).contains(&datagram.len()), "{name}");
        let reply = report(&datagram);
        let (read, model) = (reply.device, &*device.identity.model);
        assert!(read.complete && !reply.hello, "{name}");
        assert_eq!(read.model.as_deref(), Some(model), "{name}");
        assert_eq!(read.kind, device.profile.kind(), "{name}");
        assert_eq!(read.ipv4.address, Some(device.settings.address), "{name}");
        assert_eq!(read.state, Some(State::Active), "{name}");
        if device.profile.layout != XmlLayout::Bare {
            assert_eq!(reply.header.uuid, UUID.parse().ok(), "{name}");
            assert_eq!(reply.header.types, Types::Inquiry, "{name}");
            assert_eq!(read.ipv4.mask, Some(device.settings.mask), "{name}");
        }
        device.state.activated = false;
        let hello = report(&device.report(SelfReport::HELLO));
        assert!(hello.hello && hello.header.uuid.is_none(), "{name}");
        assert_eq!(hello.device.mac, Some(device.identity.mac), "{name}");
        let expected = if device.profile.knows_activation() {
            State::Unactivated
        } else {
            State::Active
        };
        assert_eq!(hello.device.state, Some(expected), "{name}");
    }
}

#[test]
fn the_newest_reply_is_larger_than_a_frame() {
    let reply = device("ipc-v5.8.10").report(SelfReport::of_inquiry(UUID));
    assert!((1500..1800).contains(&reply.len()), "{}", reply.len());
}

#[test]
fn the_kinds_and_vendors_of_the_field_are_there() {
    let devices: Vec<_> = each().map(|device| told(&device).device).collect();
    let kinds: HashSet<_> = devices.iter().map(|device| device.kind).collect();
    for kind in [
        Kind::IpCamera,
        Kind::Ptz,
        Kind::Nvr,
        Kind::Dvr,
        Kind::Intercom,
        Kind::AccessControl,
        Kind::Traffic,
        Kind::Switch,
    ] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let vendors: HashSet<_> = devices.iter().filter_map(|device| device.vendor).collect();
    let expected = [Vendor::Hikvision, Vendor::Ezviz, Vendor::Oem];
    assert_eq!(vendors, HashSet::from(expected));
}

#[test]
fn the_quirks_of_the_captures_are_kept() {
    fn raw(profile: &str) -> sadp_model::RawFields {
        told(&device(profile)).device.raw
    }
    let traffic = raw("traffic-v2.0.1");
    let twice = traffic.iter().filter(|(name, _)| *name == "DeviceType");
    assert_eq!(twice.count(), 2);
    assert_eq!(raw("ipc-v5.5.6").first("HCPlatformEnable"), Some("flase"));
    assert_eq!(raw("ipc-v5.5.6").first("Salt").map(str::len), Some(64));
    assert_eq!(raw("ipc-v5.5.0-sealed").first("SoftwareVersion"), None);
    assert!(device("access-v1.1.0").identity.serial.contains('/'));
    assert!(device("oem-v5.5.53").identity.serial.contains(' '));
    let mut traffic = device("traffic-v2.0.1");
    traffic.state.boot = date(2021, 3, 7).at(4, 5, 9, 0);
    let raw = told(&traffic).device.raw;
    assert_eq!(raw.first("BootTime"), Some("2021-3-7 4:5:09"));
}

#[test]
fn the_ipv6_address_is_made_of_the_mac() {
    let mut device = device("ipc-v5.5.6");
    device.identity.mac = MacAddr::new([0xc4, 0x2f, 0x90, 0x5a, 0x10, 0x07]);
    let expected = "2001:db8:77:12:c62f:90ff:fe5a:1007";
    assert_eq!(device.ipv6().to_string(), expected);
}

#[test]
fn elements_are_replaced_added_and_left_out() {
    let mut device = device("ipc-v5.5.6");
    device.quirks = Arc::new(Quirks {
        fields: [("DHCP", "maybe"), ("Novel", "1")]
            .map(|(name, text)| (name.into(), text.into()))
            .into(),
        omit: ["Salt".into()].into(),
        ..Quirks::default()
    });
    let raw = told(&device).device.raw;
    assert_eq!(raw.first("DHCP"), Some("maybe"));
    assert_eq!(raw.iter().last(), Some(("Novel", "1")));
    assert_eq!(raw.first("Salt"), None);
}

#[test]
fn a_dressed_reply_still_shows_the_device() {
    let mut device = device("oem-v5.5.53");
    let model = "\u{6444}\u{50cf}\u{673a}";
    device.quirks = Arc::new(Quirks {
        fields: [("DeviceDescription".into(), model.into())].into(),
        before: "\u{0}\u{17}".into(),
        after: "\u{0}\u{0}".into(),
        gb18030: true,
        bare_ampersand: true,
        ..Quirks::default()
    });
    let reply = device.report(SelfReport::of_inquiry(UUID));
    assert!(reply.windows(3).any(|bytes| bytes == b" & "));
    assert!(std::str::from_utf8(&reply).is_err());
    let read = report(&reply).device;
    assert!(read.complete);
    assert_eq!(read.model.as_deref(), Some(model));
    assert_eq!(read.mac, Some(device.identity.mac));
}

//! Models, serials and element names in the spellings that devices use.

use std::net::Ipv4Addr;

use super::*;

#[test]
fn the_serial_tells_the_model_where_the_description_does_not() {
    let serial = ("DeviceSN", "DS-7608NI-K20820190101CCWR123456789WCVU");
    for description in [
        None,
        Some("IPCamera"),
        Some("NVR"),
        Some("Embedded Net DVR"),
    ] {
        let described = description.map(|text| ("DeviceDescription", text));
        let fields: Vec<_> = described.into_iter().chain([serial]).collect();
        let device = device(&fields);
        assert_eq!(device.model.as_deref(), Some("DS-7608NI-K2"));
        assert_eq!(device.kind, Kind::Nvr);
        assert_eq!(device.vendor, Some(Vendor::Hikvision));
    }
}

#[test]
fn a_description_that_names_a_model_is_kept() {
    let device = device(&[
        ("DeviceDescription", "NC324-XB"),
        ("DeviceSN", "DS-2CD2142FWD-I20190101AAWR123456789"),
    ]);
    assert_eq!(device.model.as_deref(), Some("NC324-XB"));
    assert_eq!(device.kind, Kind::IpCamera);
    assert_eq!(device.vendor, None);
}

#[test]
fn a_description_of_words_tells_the_kind_where_nothing_else_does() {
    let device = device(&[("DeviceDescription", "IPCamera"), ("DeviceSN", "X1")]);
    assert_eq!(device.model.as_deref(), Some("IPCamera"));
    assert_eq!(device.kind, Kind::IpCamera);
}

#[test]
fn the_type_may_hold_the_model() {
    let text = ("DeviceType", "CS-BC2");
    let described = ("DeviceDescription", "EZVIZ Outdoor Camera");
    for fields in [&[text, described][..], &[text]] {
        let device = device(fields);
        assert_eq!(device.model.as_deref(), Some("CS-BC2"));
        assert_eq!(device.kind, Kind::IpCamera);
        assert_eq!(device.vendor, Some(Vendor::Ezviz));
    }
    assert_eq!(device(&[("DeviceType", "142378")]).model, None);
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
        assert!(
            Said::default().read_element(name, "", &mut unknown),
            "{name}"
        );
    }
    for (file, text) in [
        (
            "camera",
            include_str!("../../../../../fixtures/replies/camera-v5.5.xml"),
        ),
        (
            "recorder",
            include_str!("../../../../../fixtures/replies/recorder-v4.30.xml"),
        ),
        (
            "sealed",
            include_str!("../../../../../fixtures/replies/sealed-texts.xml"),
        ),
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
        assert_eq!(device, expected, "{file}");
    }
}

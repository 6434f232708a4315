use proptest::prelude::*;
use sadp_model::{Kind, State};

use super::*;

/// A captured request.
const CAPTURED: &str = include_str!("../../../../fixtures/captures/link-inquiry-request.hex");

fn asker() -> FrameAsker {
    FrameAsker {
        party: Party {
            mac: "00155de6aa0b".parse().unwrap(),
            ipv4: Ipv4Addr::new(169, 254, 80, 80),
        },
        ipv6: "fe80::647e:5db0:9e93:cd07".parse().unwrap(),
    }
}

fn extension() -> Extension {
    Extension {
        gateway: Some(Ipv4Addr::new(192, 168, 1, 1)),
        ipv6: Some("2001:db8::64".parse().unwrap()),
        ipv6_gateway: Some("2001:db8::1".parse().unwrap()),
        ipv6_prefix: Some(64),
        support: Some(Extension::IPV6 | Extension::DHCP),
        dhcp: Some(true),
        http_port: Some(80),
        digital_channels: Some(1),
        oem_code: Some(1),
        description: Some("DS-2CD2032-I".into()),
        oem: Some("N/A".into()),
    }
}

fn answer(extension: Option<Extension>) -> FrameAnswer {
    FrameAnswer {
        device: Party {
            mac: "44-47-cc-1d-6d-13".parse().unwrap(),
            ipv4: Ipv4Addr::new(192, 168, 1, 64),
        },
        mask: Ipv4Addr::new(255, 255, 255, 0),
        reply: InquiryReply {
            serial: "DS-2CD2032-I20140919AACH481601815".into(),
            device_type: 38,
            sdk_port: 8000,
            encoders: 1,
            disks: 0,
            firmware: "V5.1.6build 140412".into(),
            dsp: "V4.0, build 140311".into(),
            boot_time: "2024-09-18 09:21:28".into(),
        },
        extension,
    }
}

fn reply(extension: Option<Extension>) -> Frame {
    Frame::inquiry(&asker(), 7).answered_by(&answer(extension))
}

#[test]
fn the_captured_inquiry_is_read_and_written_byte_for_byte() {
    let captured = hex::decode(CAPTURED.trim()).unwrap();
    let frame = Frame::parse(&captured).unwrap();
    assert_eq!(frame, Frame::inquiry(&asker(), 0x2403));
    assert_eq!(frame.emit(), captured);
    assert!(frame.intact);
    assert_eq!(frame.operation, Operation::INQUIRY);
    assert!(frame.device().is_none());
}

#[test]
fn an_answer_has_the_lengths_of_the_field() {
    let (short, long) = (reply(None).emit(), reply(Some(extension())).emit());
    assert_eq!((short.len(), short[17]), (14 + 0xf6, 0xf6));
    assert_eq!((long.len(), long[14 + 0xf6 + 1]), (14 + 0xf6 + 0x9c, 0x9c));
    assert!(long.len() <= MAX_FRAME);
    assert_eq!((short[15], long[15]), (1, 2));
}

#[test]
fn an_answer_names_the_device() {
    let device = reply(Some(extension())).device().unwrap();
    assert_eq!(device.model.as_deref(), Some("DS-2CD2032-I"));
    assert_eq!(device.kind, Kind::IpCamera);
    assert_eq!(device.mac, Some("4447cc1d6d13".parse().unwrap()));
    assert_eq!(device.ipv4.address, Some(Ipv4Addr::new(192, 168, 1, 64)));
    assert_eq!(device.ipv4.gateway, Some(Ipv4Addr::new(192, 168, 1, 1)));
    assert_eq!(device.ipv4.dhcp, Some(true));
    assert_eq!(device.ports.sdk, Some(8000));
    assert_eq!(device.ports.http, Some(80));
    assert_eq!(device.firmware.unwrap().text(), "V5.1.6build 140412");
    assert_eq!(device.ipv6.prefix, Some(64));
    assert_eq!(device.raw.first("MAC"), Some("44-47-cc-1d-6d-13"));
    assert!(device.complete);
}

#[test]
fn what_frames_have_no_words_for_stays_open() {
    let device = reply(None).device().unwrap();
    assert_eq!(device.state, None::<State>);
    assert_eq!(device.recovery, sadp_model::Recovery::default());
    assert_eq!(device.replayable_password, None);
    assert_eq!(device.ports.http, None);
    // From the serial.
    assert_eq!(device.model.as_deref(), Some("DS-2CD2032-I"));
}

#[test]
fn an_extension_is_read_as_far_as_it_fits() {
    let whole = reply(Some(extension())).emit();
    for length in 14 + 0xf6..whole.len() {
        let frame = Frame::parse(&whole[..length]).unwrap();
        assert!(frame.intact, "the first part is whole");
        let device = frame.device().unwrap();
        let dhcp = length >= 14 + 0xf6 + 4 + 4 + 32 + 3;
        assert_eq!(device.ipv4.dhcp, dhcp.then_some(true), "{length}");
    }
}

#[test]
fn a_torn_or_changed_answer_is_reported_as_such() {
    let whole = reply(None).emit();
    let torn = Frame::parse(&whole[..150]).unwrap().device().unwrap();
    assert!(!torn.complete);
    let serial = answer(None).reply.serial;
    assert_eq!(torn.serial.unwrap().as_str(), &*serial);
    let mut changed = whole;
    changed[200] ^= 1;
    assert!(!Frame::parse(&changed).unwrap().intact);
}

#[test]
fn a_serial_that_fills_its_field_names_no_device() {
    let mut answer = answer(None);
    answer.reply.serial = "S".repeat(InquiryReply::MAX_TEXT).into();
    let bytes = Frame::inquiry(&asker(), 7).answered_by(&answer).emit();
    let device = Frame::parse(&bytes).unwrap().device().unwrap();
    assert_eq!(device.serial, None);
    assert!(device.raw.first("DeviceSNBeginning").is_some());
}

#[test]
fn an_unknown_operation_keeps_its_number_and_bytes() {
    let mut bytes = Frame::inquiry(&asker(), 7).emit();
    bytes[14 + 10] = 0x77;
    let frame = Frame::parse(&bytes).unwrap();
    assert_eq!(frame.operation, Operation(0x77));
    assert_eq!(frame.data().len(), INQUIRY_DATA);
    assert!(frame.fields().first("Data").unwrap().starts_with("fe80"));
    assert_eq!(frame.types().to_string(), "operation-0x77");
}

#[test]
fn an_announcement_shows_addresses() {
    let mut bytes = reply(None).emit();
    bytes[14 + 10] = 1;
    let device = Frame::parse(&bytes).unwrap().device().unwrap();
    assert_eq!(device.ipv4.address, Some(Ipv4Addr::new(192, 168, 1, 64)));
    assert_eq!(device.serial, None);
}

#[test]
fn a_vlan_tag_is_passed_over() {
    let bytes = Frame::inquiry(&asker(), 7).emit();
    let mut tagged = bytes[..12].to_vec();
    tagged.extend([0x81, 0, 0, 5]);
    tagged.extend(&bytes[12..]);
    assert_eq!(Frame::parse(&tagged), Frame::parse(&bytes));
}

#[test]
fn other_frames_are_refused_and_distinguished() {
    let bytes = Frame::inquiry(&asker(), 7).emit();
    for (length, missing) in [(13, "Ethernet type"), (51, "subnet mask")] {
        let refused = Frame::parse(&bytes[..length]);
        assert_eq!(refused, Err(FrameError::Short(missing)));
    }
    for (at, byte, error) in [
        (12, 8, FrameError::EtherType(0x0833)),
        (14, 0x20, FrameError::Identifier(0x20)),
        (22, 8, FrameError::AddressLength),
    ] {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        assert_eq!(Frame::parse(&bytes), Err(error));
    }
}

/// Replaces everything by values that are easy to find.
struct Others;

impl Identities for Others {
    fn mac(&mut self, _: MacAddr) -> MacAddr {
        MacAddr::new([2, 0, 0, 0, 0, 0xee])
    }
    fn ipv4(&mut self, _: Ipv4Addr) -> Ipv4Addr {
        Ipv4Addr::new(10, 9, 9, 9)
    }
    fn ipv6(&mut self, _: Ipv6Addr) -> Ipv6Addr {
        Ipv6Addr::LOCALHOST
    }
    fn serial(&mut self, serial: &str) -> String {
        "X".repeat(serial.len())
    }
}

#[test]
fn a_rewritten_frame_names_nobody_and_keeps_the_rest() {
    let frame = reply(Some(extension()));
    let before = frame.device().unwrap();
    let bytes = frame.rewritten(&mut Others).emit();
    let frame = Frame::parse(&bytes).unwrap();
    assert!(frame.intact);
    let after = frame.device().unwrap();
    assert_eq!(after.serial.unwrap().as_str(), "X".repeat(33));
    assert_eq!(after.ipv4.address, Some(Ipv4Addr::new(10, 9, 9, 9)));
    assert_eq!(after.ipv4.gateway, Some(Ipv4Addr::new(10, 9, 9, 9)));
    assert_eq!(after.ipv6.address, Some(Ipv6Addr::LOCALHOST));
    assert_eq!(after.ipv6.gateway, Some(Ipv6Addr::LOCALHOST));
    assert_eq!(after.firmware, before.firmware);
    assert_eq!(after.ports, before.ports);
    assert_eq!(after.model, before.model);
    let mac = MacAddr::new([2, 0, 0, 0, 0, 0xee]);
    assert_eq!((frame.source, frame.destination), (mac, mac));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(frame) = Frame::parse(&bytes) {
            let _ = (frame.device(), frame.fields(), frame.emit());
            let _ = frame.rewritten(&mut Others);
        }
    }

    /// Random bytes rarely pass the first checks: these do.
    #[test]
    fn any_bytes_behind_the_headers_are_survived(
        version in any::<u8>(), length in any::<u8>(), operation in 0..6u8,
        rest in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        let mut bytes = Frame::inquiry(&asker(), 7).emit();
        (bytes[15], bytes[17], bytes[24]) = (version, length, operation);
        bytes.truncate(52);
        bytes.extend(rest);
        let frame = Frame::parse(&bytes).unwrap();
        let _ = frame.device();
        // The parsed fields are the same after emitting and parsing.
        let again = Frame::parse(&frame.emit()).unwrap();
        prop_assert_eq!(again.fields(), frame.fields());
        let _ = frame.rewritten(&mut Others);
    }

    #[test]
    fn what_is_written_is_read(
        serial in "[A-Z0-9/-]{0,47}", firmware in "[V0-9.a-z]{0,48}", sequence in any::<u32>(),
        numbers in any::<[u32; 4]>(), v2 in any::<bool>(), port in any::<u16>(), address in any::<u32>(),
    ) {
        let mut answer = answer(v2.then(extension));
        answer.device.ipv4 = address.into();
        let reply = &mut answer.reply;
        (reply.serial, reply.firmware) = (serial.into(), firmware.into());
        [reply.device_type, reply.sdk_port, reply.encoders, reply.disks] = numbers;
        if let Some(extension) = &mut answer.extension {
            extension.http_port = Some(port);
        }
        let inquiry = Frame::inquiry(&asker(), sequence);
        prop_assert_eq!(&Frame::parse(&inquiry.emit()).unwrap(), &inquiry);
        let frame = inquiry.answered_by(&answer);
        let read = Frame::parse(&frame.emit()).unwrap();
        prop_assert_eq!(&read, &frame);
        prop_assert_eq!(InquiryReply::parse(read.data()), answer.reply);
        prop_assert_eq!(Extension::parse(read.extension()), answer.extension);
    }
}

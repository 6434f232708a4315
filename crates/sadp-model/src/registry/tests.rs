use enumset::EnumSet;
use jiff::Timestamp;

use super::*;

fn device(mac: &str, serial: &str, last: u8) -> Device {
    let mut device = Device::unknown();
    device.mac = mac.parse().ok();
    device.serial = Serial::new(serial);
    device.ipv4.address = (last > 0).then(|| Ipv4Addr::new(10, 0, 0, last));
    device
}

fn sighting(last: u8) -> Sighting {
    Sighting {
        interface: "lan0".into(),
        from: IpAddr::from([10, 0, 0, last]),
        protocol: Protocol::Sadp,
        via: Via::Multicast,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn by_frame() -> Sighting {
    Sighting {
        protocol: Protocol::SadpFrame,
        via: Via::LinkLayer,
        ..sighting(1)
    }
}

/// Records reports in turn: MAC, serial, last byte of the address, the sender's.
fn assert_recorded(reports: &[(&str, &str, u8, u8, Recorded)]) -> Registry {
    let mut registry = Registry::new();
    for &(mac, serial, last, sender, expected) in reports {
        let recorded = registry.record(device(mac, serial, last), sighting(sender));
        assert_eq!(recorded, expected, "{mac} {serial} {last}");
    }
    registry
}

/// A device with its own MAC and a text of this many bytes.
fn with_text(number: u32, bytes: usize) -> Device {
    let [a, b, c, d] = number.to_be_bytes();
    let mut device = device("", "", 1);
    device.mac = Some(MacAddr::new([0x44, 0x47, a, b, c, d]));
    device.raw.push("Text", &"x".repeat(bytes));
    device
}

const A: &str = "44:47:cc:00:00:01";
const B: &str = "44:47:cc:00:00:02";

#[test]
fn one_device_received_twice_is_one_entry_with_both_sightings() {
    let mut registry = assert_recorded(&[(A, "S1", 1, 1, Recorded::New(0))]);
    for via in [Via::Unicast, Via::Multicast] {
        let sighting = Sighting { via, ..sighting(1) };
        let recorded = registry.record(device(A, "S1", 1), sighting);
        assert_eq!(recorded, Recorded::Known(0));
    }
    assert_eq!(registry.entries()[0].seen.len(), 2);
}

#[test]
fn the_beginning_of_a_reply_counts_until_a_whole_one_comes() {
    let mut beginning = device(A, "S1", 1);
    (beginning.complete, beginning.fragment_only) = (false, true);
    let mut whole = device(A, "S1", 1);
    whole.disks = Some(2);
    for frame_first in [true, false] {
        let mut registry = Registry::new();
        if frame_first {
            registry.record(device(A, "S1", 1), by_frame());
        }
        registry.record(beginning.clone(), sighting(1));
        let entry = &registry.entries()[0];
        assert!(entry.device.fragment_only && !entry.is_frames_only());
        assert!(!entry.malformed);
        registry.record(whole.clone(), sighting(1));
        registry.record(beginning.clone(), sighting(1));
        let entry = &registry.entries()[0];
        assert!(entry.device.complete && !entry.device.fragment_only);
        assert_eq!(entry.device.disks, Some(2));
    }
}

#[test]
fn a_frame_supplements_the_xml_form_whichever_comes_first() {
    let mut frame = device(A, "S1", 9);
    frame.disks = Some(4);
    frame.raw.push("Sequence", "7");
    let mut xml = device(A, "S1", 1);
    xml.raw.push("Salt", "00");
    for frame_first in [true, false] {
        let mut registry = Registry::new();
        if frame_first {
            registry.record(frame.clone(), by_frame());
            assert!(registry.entries()[0].is_frames_only());
        }
        registry.record(xml.clone(), sighting(1));
        registry.record(frame.clone(), by_frame());
        let again = registry.record(frame.clone(), by_frame());
        assert_eq!(again, Recorded::Known(0));
        let entry = &registry.entries()[0];
        assert!(!entry.is_frames_only());
        assert_eq!(entry.device.disks, Some(4));
        assert_eq!(entry.device.ipv4.address, xml.ipv4.address);
        assert_eq!(entry.device.raw, xml.raw, "commands are made of it");
        assert!(!entry.contradictory);
        assert_eq!(entry.seen.len(), 2);
    }
}

#[test]
fn a_shared_mac_with_two_serials_is_two_devices() {
    assert_recorded(&[
        (A, "S1", 1, 1, Recorded::New(0)),
        (A, "S2", 2, 2, Recorded::New(1)),
        (A, "S1", 1, 1, Recorded::Known(0)),
    ]);
}

#[test]
fn devices_without_a_mac_are_kept_apart_by_serial_then_by_address() {
    assert_recorded(&[
        ("", "S1", 1, 1, Recorded::New(0)),
        ("", "S2", 1, 1, Recorded::New(1)),
        ("", "", 3, 3, Recorded::New(2)),
        ("", "", 4, 4, Recorded::New(3)),
        ("", "", 0, 4, Recorded::Known(3)),
        ("00:00:00:00:00:00", "S9", 5, 5, Recorded::New(4)),
        ("00:00:00:00:00:00", "S8", 6, 6, Recorded::New(5)),
    ]);
}

#[test]
fn a_device_first_received_without_its_mac_is_recognised_when_it_shows_it() {
    assert_recorded(&[
        ("", "S1", 1, 1, Recorded::New(0)),
        (A, "S1", 1, 1, Recorded::Changed(0)),
        (A, "", 1, 1, Recorded::Known(0)),
        (B, "S1", 1, 1, Recorded::New(1)),
    ]);
}

#[test]
fn a_device_that_returns_to_an_address_it_left_is_contradictory() {
    let moved = [
        (A, "S1", 1, 1, Recorded::New(0)),
        (A, "S1", 2, 2, Recorded::Changed(0)),
    ];
    let mut registry = assert_recorded(&moved);
    assert!(
        !registry.entries()[0].contradictory,
        "moving once is allowed"
    );
    registry.record(device(A, "S1", 1), sighting(1));
    assert!(registry.entries()[0].contradictory);
}

#[test]
fn what_is_forgotten_is_found_no_more_and_what_is_kept_still_is() {
    let mut registry = Registry::new();
    for (mac, serial, last) in [(A, "S1", 1), (B, "S2", 2), ("", "", 3)] {
        registry.record(device(mac, serial, last), sighting(last));
    }
    registry.retain(|entry| entry.device.serial != Serial::new("S1"));
    assert_eq!(registry.len(), 2);
    for (mac, serial, last, place) in [
        (A, "S1", 1, None),
        (B, "S2", 2, Some(0)),
        ("", "", 3, Some(1)),
    ] {
        let from = IpAddr::from([10, 0, 0, last]);
        assert_eq!(registry.position(&device(mac, serial, last), from), place);
    }
}

#[test]
fn a_device_that_never_stops_moving_costs_no_more_and_more() {
    let mut registry = Registry::new();
    for step in 0..10_000u16 {
        let [high, low] = step.to_be_bytes();
        let mut device = device(A, "S1", 1);
        device.ipv4.address = Some(Ipv4Addr::new(10, 1, high, low));
        let mut sighting = sighting(1);
        sighting.from = IpAddr::from([10, 1, high, low]);
        sighting.at = Timestamp::from_second(step.into()).unwrap();
        registry.record(device, sighting);
    }
    assert!(registry.names() < 1100, "{}", registry.names());
    let seen = &registry.entries()[0].seen;
    assert_eq!(seen.len(), DeviceRecord::MAX_SIGHTINGS);
    assert!(seen.iter().any(|seen| seen.at.as_second() == 9999));
}

#[test]
fn endless_devices_behind_one_mac_are_refused() {
    let mut registry = Registry::new();
    for number in 0..Registry::MAX_ALIKE {
        let sender = if number % 2 == 0 { 1 } else { 2 };
        registry.record(device(A, &format!("S{number}"), 1), sighting(sender));
    }
    let more = registry.record(device(A, "one more", 1), sighting(3));
    assert_eq!(more, Recorded::Refused);
    let other = registry.record(device(B, "S", 2), sighting(2));
    assert_eq!(other, Recorded::New(Registry::MAX_ALIKE));
}

#[test]
fn one_sender_cannot_take_all_places_of_a_mac() {
    let mut registry = Registry::new();
    for number in 0..1000 {
        registry.record(device(A, &format!("S{number}"), 66), sighting(66));
    }
    let kept = registry.len();
    assert!(kept < Registry::MAX_ALIKE, "{kept}");
    let real = registry.record(device(A, "the real one", 1), sighting(1));
    assert_eq!(real, Recorded::New(kept));
}

#[test]
fn any_number_of_devices_may_stand_at_the_factory_address() {
    let mut registry = Registry::new();
    for number in 0..600u16 {
        let [high, low] = number.to_be_bytes();
        let mut device = device("", &format!("S{number}"), 64);
        device.mac = Some(MacAddr::new([0x44, 0x47, 0xcc, 0, high, low]));
        let recorded = registry.record(device, sighting(64));
        assert_eq!(recorded, Recorded::New(number.into()));
    }
}

#[test]
fn a_flood_from_one_sender_leaves_room_for_all_others() {
    let mut registry = Registry::new();
    let refused = (0..4000).find(|&number| {
        let recorded = registry.record(with_text(number, 60_000), sighting(66));
        recorded == Recorded::Refused
    });
    assert!(refused.is_some(), "{} bytes", registry.bytes());
    assert!(registry.bytes() <= Registry::MAX_BYTES / 2);
    for number in 0..5000u32 {
        let [.., c, d] = number.to_be_bytes();
        let mut device = with_text(10_000 + number, 1500);
        device.serial = Serial::new(&format!("S{number}"));
        device.ipv4.address = None;
        let mut sighting = sighting(0);
        sighting.from = IpAddr::from([10, 1, c, d]);
        let recorded = registry.record(device, sighting);
        assert!(matches!(recorded, Recorded::New(_)), "{number}");
    }
    let more = registry.record(with_text(4000, 60_000), sighting(66));
    assert_eq!(more, Recorded::Refused);
    assert!(registry.bytes() <= Registry::MAX_BYTES);
}

#[test]
fn accounts_that_grow_are_bounded_as_well() {
    let mut registry = Registry::new();
    for number in 0..4000 {
        registry.record(with_text(number, 100), sighting(1));
    }
    for number in 0..4000 {
        registry.record(with_text(number, 60_000), sighting(66));
    }
    assert!(registry.bytes() <= Registry::MAX_BYTES / 2);
    assert_eq!(registry.len(), 4000);
    // The freed memory can be used again.
    let small = registry.bytes();
    for number in 0..4000 {
        let mut changed = with_text(number, 100);
        changed.disks = Some(1);
        registry.record(changed, sighting(66));
    }
    assert!(registry.bytes() < small / 4, "{} bytes", registry.bytes());
}

#[test]
fn what_is_forgotten_makes_room() {
    let mut registry = Registry::new();
    for (mac, last) in [(A, 1), (B, 2)] {
        registry.record(device(mac, "", last), sighting(last));
    }
    let both = registry.bytes();
    registry.retain(|entry| entry.device.mac == A.parse().ok());
    assert_eq!(registry.bytes(), both / 2);
    registry.retain(|_| false);
    assert_eq!(registry.bytes(), 0);
}

/// An XML report of one camera with these elements of its own.
fn report(elements: &[(&str, &str)]) -> Device {
    let mut device = device(A, "S1", 1);
    device.raw = elements.iter().copied().collect();
    device.ipv4.gateway = device.raw.told("IPv4Gateway").map(|it| it.parse().unwrap());
    device.ipv4.dhcp = device.raw.told("DHCP").map(|it| it == "true");
    device.replayable_password = Some(device.raw.told("Encrypt") != Some("true"));
    device
}

#[test]
fn what_a_device_reports_in_two_ways_is_noted_and_what_it_omits_is_not() {
    use Contradiction::{Dhcp, Encrypt, Gateway, Salt, UserName};
    let usual = [
        ("Salt", "00"),
        ("UserName", "admin"),
        ("Encrypt", "true"),
        ("Salt2", "00"),
        ("SecurityMode", "custom"),
        ("codeEncrypt", "true"),
        ("IPv4Gateway", "10.0.0.1"),
        ("DHCP", "false"),
    ];
    for (place, value, expected) in [
        (0, "01", Salt),
        (1, "installer", UserName),
        (2, "false", Encrypt),
        (3, "01", Salt),
        (4, "standard", UserName),
        (5, "false", Encrypt),
        (6, "10.0.0.2", Gateway),
        (7, "true", Dhcp),
    ] {
        let mut other = usual;
        other[place].1 = value;
        for reports in [[usual, other], [other, usual]] {
            let mut registry = Registry::new();
            for elements in reports.iter().chain(&reports) {
                registry.record(report(elements), sighting(1));
            }
            assert_eq!(registry.entries()[0].contradictions, expected);
            registry.entries_mut()[0].forget_moves();
            assert_eq!(registry.entries()[0].contradictions, EnumSet::empty());
        }
        // Omitted, or empty, is not different, and changes nothing by which a password
        // is sealed.
        for omitted in [Some(""), None] {
            let mut fewer = usual.to_vec();
            match omitted {
                Some(empty) => fewer[place].1 = empty,
                None => drop(fewer.remove(place)),
            }
            let mut registry = Registry::new();
            for elements in [&usual[..], &fewer, &usual[..], &fewer] {
                registry.record(report(elements), sighting(1));
            }
            let entry = &registry.entries()[0];
            assert_eq!(entry.contradictions, EnumSet::empty());
            for (name, text) in &usual[..6] {
                assert_eq!(entry.device.raw.told(name), Some(*text), "{fewer:?}");
            }
            assert_eq!(entry.device.replayable_password, Some(false));
        }
    }
}

#[test]
fn replies_of_two_protocols_do_not_contradict_each_other() {
    let mut frame = device(A, "S1", 1);
    frame.ipv4.gateway = Some([10, 0, 0, 9].into());
    frame.ipv4.dhcp = Some(true);
    let usual = report(&[("IPv4Gateway", "10.0.0.1"), ("DHCP", "false")]);
    for omits in [false, true] {
        let mut registry = Registry::new();
        let first = if omits { report(&[]) } else { usual.clone() };
        for (device, sighting) in [
            (frame.clone(), by_frame()),
            (first, sighting(1)),
            (frame.clone(), by_frame()),
            (usual.clone(), sighting(1)),
        ] {
            registry.record(device, sighting);
        }
        let entry = &registry.entries()[0];
        assert_eq!(entry.contradictions, EnumSet::empty());
        assert_eq!(entry.mixed_settings, omits);
    }
    let mut registry = Registry::new();
    registry.record(frame.clone(), by_frame());
    frame.ipv4.dhcp = Some(false);
    registry.record(frame, by_frame());
    assert_eq!(registry.entries()[0].contradictions, Contradiction::Dhcp);
}

use std::{collections::HashSet, net::IpAddr};

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        &include_bytes!(concat!("../../../../fixtures/captures/", $name))[..]
    };
}

fn read(file: &[u8]) -> (Vec<CapturedDatagram>, Option<CaptureError>, CaptureTally) {
    let mut capture = Capture::open(file).unwrap();
    let mut datagrams = Vec::new();
    let mut error = None;
    for datagram in &mut capture {
        match datagram {
            Ok(datagram) => datagrams.push(datagram),
            Err(found) => error = Some(found),
        }
    }
    let tally = capture.tally();
    (datagrams, error, tally)
}

#[test]
fn both_formats_give_the_same_datagrams() {
    let (pcap, none, tally) = read(fixture!("site.pcap"));
    assert!(none.is_none());
    assert_eq!((tally.packets, tally.datagrams), (9, 7));
    let (pcapng, none, tally) = read(fixture!("site.pcapng"));
    assert!(none.is_none());
    // Its last packet is a simple one, without a time.
    assert_eq!((tally.packets, tally.datagrams), (10, 8));
    for (a, b) in pcap.iter().zip(&pcapng) {
        assert_eq!(
            (a.packet, a.at, a.from, a.to),
            (b.packet, b.at, b.from, b.to)
        );
        assert_eq!(a.payload, b.payload);
        assert_eq!(
            (a.interface.as_deref(), b.interface.as_deref()),
            (None, Some("lan0"))
        );
    }
    assert_eq!(pcapng.last().unwrap().at, None);
}

#[test]
fn times_addresses_and_ports_are_reported() {
    let (datagrams, ..) = read(fixture!("site.pcap"));
    let answer = &datagrams[1];
    assert_eq!(answer.at.unwrap().to_string(), "2026-11-22T20:41:07.1Z");
    assert_eq!(answer.from.to_string(), "192.168.1.101:37020");
    assert_eq!(answer.to.to_string(), "239.255.255.250:37020");
    let nanoseconds = read(fixture!("site-big-endian-nanoseconds.pcap")).0;
    assert_eq!(nanoseconds[1].at, answer.at);
}

#[test]
fn vlan_tags_fragments_and_relayed_ports_are_read() {
    let (datagrams, ..) = read(fixture!("site.pcap"));
    let from: Vec<_> = datagrams
        .iter()
        .map(|datagram| (datagram.packet.unwrap(), datagram.from.ip()))
        .collect();
    let at = |last| IpAddr::from([192, 168, 1, last]);
    // Tagged, completed by its second fragment, unreadable, from odd ports.
    for expected in [(5, at(64)), (7, at(10)), (8, at(77)), (9, at(9))] {
        assert!(from.contains(&expected), "{expected:?} in {from:?}");
    }
}

#[test]
fn other_links_carry_the_same_datagrams() {
    let ethernet: HashSet<_> = read(fixture!("site.pcap"))
        .0
        .into_iter()
        .map(|found| found.payload)
        .collect();
    for file in [
        fixture!("linux-cooked.pcap"),
        fixture!("linux-cooked-2.pcap"),
        fixture!("raw-ip.pcap"),
        fixture!("loopback.pcap"),
    ] {
        let (datagrams, ..) = read(file);
        assert_eq!(datagrams.len(), 3);
        assert!(
            datagrams
                .iter()
                .all(|found| ethernet.contains(&found.payload))
        );
    }
    let (none, _, tally) = read(fixture!("wifi-link.pcap"));
    assert_eq!((none.len(), tally.unknown_link), (0, Some(127)));
}

#[test]
fn a_torn_file_is_read_as_far_as_it_goes() {
    for (file, packet) in [
        (fixture!("site-truncated.pcap"), 4),
        (fixture!("site-truncated.pcapng"), 5),
    ] {
        let (datagrams, error, _) = read(file);
        assert_eq!(datagrams.len(), 3);
        assert!(
            matches!(error, Some(CaptureError::Truncated { packet: at, .. }) if at == packet),
            "{error:?}"
        );
    }
}

#[test]
fn what_is_no_capture_is_refused() {
    for file in [&b""[..], b"<?xml", b"\xa1\xb2", b"\x1f\x8b\x08\x00"] {
        assert!(matches!(
            Capture::open(file),
            Err(CaptureError::NotACapture)
        ));
    }
    let torn = Capture::open(fixture!("header-only.pcap"));
    assert!(matches!(torn, Err(CaptureError::Truncated { .. })));
}

#[test]
fn every_beginning_of_a_file_is_survived() {
    for file in [fixture!("site.pcap"), fixture!("site.pcapng")] {
        for length in 0..file.len() {
            if let Ok(capture) = Capture::open(&file[..length]) {
                let _ = capture.count();
            }
        }
    }
}

#[test]
fn a_datagram_whose_rest_is_missing_is_given_as_far_as_it_came() {
    let file = fixture!("site.pcap");
    let (whole, ..) = read(file);
    let joined = whole.iter().find(|it| it.packet == Some(7)).unwrap();
    // The second fragment stands first in the file: without it.
    let second = 24 + record_lengths(file).take(5).sum::<usize>();
    let length = record_lengths(file).nth(5).unwrap();
    let without = [&file[..second], &file[second + length..]].concat();
    let (datagrams, error, tally) = read(&without);
    assert!(error.is_none());
    assert_eq!(tally.incomplete, 1);
    let beginning = datagrams.iter().find(|it| it.is_beginning).unwrap();
    assert_eq!(beginning.packet, Some(6));
    assert_eq!((beginning.from, beginning.at), (joined.from, joined.at));
    assert!(joined.payload.starts_with(&beginning.payload));
    assert!(joined.payload.len() > beginning.payload.len());
}

/// The lengths of a pcap file's records, headers included.
fn record_lengths(file: &[u8]) -> impl Iterator<Item = usize> {
    let mut rest = &file[24..];
    std::iter::from_fn(move || {
        let length = u32::from_le_bytes(*rest.get(8..)?.first_chunk()?);
        let length = 16 + usize::try_from(length).unwrap();
        rest = &rest[length..];
        Some(length)
    })
}

/// Files with a few bytes changed. The library's readers must not panic.
#[test]
fn changed_bytes_are_survived() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for file in [fixture!("site.pcap"), fixture!("site.pcapng")] {
        for _ in 0..500 {
            let mut changed = file.to_vec();
            for _ in 0..=next(4) {
                // Headers are near the beginning and matter most.
                let end = if next(2) == 0 { 120 } else { changed.len() };
                let at = next(end);
                changed[at] = u8::try_from(next(256)).unwrap();
            }
            if let Ok(capture) = Capture::open(&changed[..]) {
                let _ = capture.count();
            }
        }
    }
}

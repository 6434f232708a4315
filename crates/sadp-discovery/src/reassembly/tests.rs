use std::{collections::HashMap, net::Ipv4Addr};

use proptest::prelude::*;

use super::*;

const S: Duration = Duration::from_secs(1);

fn id(last: u8, number: u32) -> DatagramId {
    DatagramId {
        card: 0,
        station: Some(MacAddr::new([0x44, 0x47, 0xcc, 0, 0, last])),
        from: Ipv4Addr::new(192, 168, 1, 64).into(),
        to: Ipv4Addr::new(239, 255, 255, 250).into(),
        number,
    }
}

/// A UDP datagram from and to port 37020.
fn datagram(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    [&[0x90, 0x9c, 0x90, 0x9c], &length[..], &[0, 0], payload].concat()
}

/// A datagram in fragments of this size.
fn fragments(id: DatagramId, payload: &[u8], size: usize) -> Vec<Fragment> {
    let bytes = datagram(payload);
    let count = bytes.len().div_ceil(size);
    let pieces = bytes.chunks(size).enumerate();
    let fragment = |(index, piece): (usize, &[u8])| Fragment {
        id,
        offset: index * size,
        more: index + 1 < count,
        payload: piece.to_vec(),
    };
    pieces.map(fragment).collect()
}

fn reply(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| b'a' + u8::try_from(at % 26).unwrap())
        .collect()
}

/// The payload, if these complete one.
fn join(reassembly: &mut Reassembly<()>, all: Vec<Fragment>) -> Option<Vec<u8>> {
    let joined = all.into_iter().filter_map(|it| reassembly.add(S, it, ()));
    joined.last().map(|it| it.payload)
}

fn beginnings(reassembly: &mut Reassembly<()>) -> Vec<Vec<u8>> {
    let all = reassembly.finish().into_iter();
    all.map(|it| it.datagram.payload).collect()
}

#[test]
fn fragments_are_joined_in_whatever_order_and_however_often_they_come() {
    let payload = reply(1592);
    let two = fragments(id(1, 7), &payload, 1480);
    assert_eq!(two.len(), 2);
    let mut reversed = two.clone();
    reversed.reverse();
    let doubled = [two[0].clone(), two[0].clone(), two[1].clone()].to_vec();
    for order in [two, reversed, doubled, fragments(id(1, 7), &payload, 400)] {
        let mut reassembly = Reassembly::default();
        assert_eq!(join(&mut reassembly, order).as_ref(), Some(&payload));
        assert_eq!((reassembly.bytes, reassembly.refused()), (0, 0));
        assert!(reassembly.finish().is_empty());
    }
}

#[test]
fn cameras_with_one_address_are_distinguished_by_their_station() {
    let (one, other) = (reply(1592), vec![b'x'; 1592]);
    let (a, b) = (
        fragments(id(1, 7), &one, 1480),
        fragments(id(2, 7), &other, 1480),
    );
    let mut reassembly = Reassembly::default();
    let mixed = [&a[0], &b[0], &a[1], &b[1]].map(Clone::clone);
    let joined: Vec<_> = mixed
        .into_iter()
        .filter_map(|it| reassembly.add(S, it, ()))
        .map(|it| it.payload)
        .collect();
    assert_eq!(joined, [one, other]);
}

#[test]
fn of_a_datagram_that_stays_incomplete_the_beginning_is_kept() {
    let payload = reply(3000);
    let mut three = fragments(id(1, 7), &payload, 1200);
    three.remove(1);
    let mut reassembly = Reassembly::default();
    for fragment in three {
        assert_eq!(reassembly.add(S, fragment, "first"), None);
    }
    assert!(reassembly.take_beginnings(S * 3 / 2).is_empty());
    let all = reassembly.take_beginnings(S * 2);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].tag, all[0].datagram.from.port()), ("first", 37020));
    assert_eq!(all[0].datagram.payload, &payload[..1192]);
    assert_eq!(reassembly.bytes, 0);
}

#[test]
fn what_overlaps_is_never_joined() {
    let payload = reply(1592);
    let [first, last] = <[Fragment; 2]>::try_from(fragments(id(1, 7), &payload, 1480)).unwrap();
    let overlapping = Fragment {
        offset: last.offset - 8,
        ..last.clone()
    };
    let also_first = Fragment {
        id: first.id,
        offset: 0,
        more: true,
        payload: vec![b'x'; 16],
    };
    let also_last = Fragment {
        payload: last.payload[..8].to_vec(),
        ..last.clone()
    };
    for order in [
        [&first, &overlapping, &last],
        [&overlapping, &last, &first],
        [&first, &also_first, &last],
        [&also_last, &last, &first],
    ] {
        let mut reassembly = Reassembly::default();
        assert_eq!(
            join(&mut reassembly, order.map(Clone::clone).to_vec()),
            None
        );
        assert_eq!(reassembly.refused(), 1);
        assert_eq!(beginnings(&mut reassembly), [&payload[..1472]], "{order:?}");
    }
}

#[test]
fn what_has_no_place_in_a_datagram_is_refused() {
    let fragment = |offset, more, length| Fragment {
        id: id(1, 7),
        offset,
        more,
        payload: vec![0; length],
    };
    let mut reassembly = Reassembly::default();
    for fragment in [
        fragment(0, true, 7),
        fragment(0, true, 0),
        fragment(65_528, false, 16),
    ] {
        assert_eq!(reassembly.add(S, fragment, ()), None);
    }
    assert_eq!((reassembly.refused(), reassembly.open.len()), (3, 0));
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut reassembly = Reassembly::default();
    for number in 0..6_000_u32 {
        let last = u8::try_from(number % 200).unwrap();
        let mut fragment = fragments(id(last, number), &reply(1592), 1480).remove(0);
        fragment.offset = [0, 1480, 64_000][usize::try_from(number % 3).unwrap()];
        reassembly.add(S, fragment, ());
        let most = Reassembly::<()>::MAX_BEGUN + Reassembly::<()>::MAX_HEADLESS;
        assert!(reassembly.open.len() <= most);
        assert!(reassembly.bytes <= Reassembly::<()>::MAX_BYTES);
        if number % 64 == 0 {
            reassembly.take_beginnings(S);
        }
    }
    // One that never ends: it has too many fragments.
    let mut endless = Reassembly::default();
    for fragment in fragments(id(1, 7), &reply(60_000), 8) {
        endless.add(S, fragment, ());
    }
    assert_eq!((endless.refused(), endless.open.len()), (1, 1));
    assert!(endless.bytes < 1000);
}

#[test]
fn later_fragments_of_others_push_out_no_beginning() {
    let mut reassembly = Reassembly::default();
    let payload = reply(1592);
    let [first, second] = <[Fragment; 2]>::try_from(fragments(id(1, 7), &payload, 1480)).unwrap();
    reassembly.add(S, first, ());
    for number in 0..1_000_u32 {
        let last = u8::try_from(2 + number % 200).unwrap();
        let later = fragments(id(last, number), &payload, 1480).remove(1);
        reassembly.add(S, later, ());
    }
    let joined = reassembly.add(S, second, ()).unwrap();
    assert_eq!(joined.payload, payload);
}

proptest! {
    #[test]
    fn any_order_joins_and_any_loss_leaves_a_beginning(
        lengths in prop::collection::vec(0_usize..5_000, 1..6),
        size in (1_usize..200).prop_map(|eighths| eighths * 8),
        order in any::<prop::sample::Index>(),
        lost in prop::collection::vec(any::<bool>(), 1..40),
    ) {
        let mut reassembly = Reassembly::default();
        let (mut sent, mut all) = (HashMap::new(), Vec::new());
        for (number, &length) in (0..).zip(&lengths) {
            let payload = reply(length);
            let pieces = fragments(id(1, number), &payload, size);
            if pieces.len() > 1 && pieces.len() <= 64 {
                sent.insert(number, (payload, pieces.len()));
                all.extend(pieces);
            }
        }
        let middle = order.index(all.len() + 1);
        let middle = middle.min(all.len());
        all.rotate_left(middle);
        let mut heard = HashMap::<u32, usize>::new();
        let mut joined = 0;
        for (fragment, lost) in all.into_iter().zip(lost.iter().cycle()) {
            if *lost {
                continue;
            }
            *heard.entry(fragment.id.number).or_default() += 1;
            let number = fragment.id.number;
            if let Some(whole) = reassembly.add(S, fragment, ()) {
                joined += 1;
                prop_assert_eq!(&whole.payload, &sent[&number].0);
            }
        }
        let complete = heard.iter().filter(|(number, heard)| sent[number].1 == **heard);
        prop_assert_eq!(joined, complete.count());
        for beginning in reassembly.finish() {
            let is_prefix = |(payload, _): &(Vec<u8>, usize)| payload.starts_with(&beginning.datagram.payload);
            prop_assert!(sent.values().any(is_prefix));
        }
        prop_assert_eq!(reassembly.bytes, 0);
    }

    #[test]
    fn any_fragments_are_survived(
        all in prop::collection::vec((0_u8..3, 0_u32..4, 0_usize..9_000, any::<bool>(), 0_usize..70), 0..200),
    ) {
        let mut reassembly = Reassembly::default();
        for (last, number, eighths, more, length) in all {
            let fragment = Fragment {
                id: id(last, number),
                offset: eighths * 8,
                more,
                payload: vec![last; length],
            };
            reassembly.add(S, fragment, ());
            prop_assert!(reassembly.open.len() <= 12);
        }
        reassembly.finish();
        prop_assert_eq!(reassembly.bytes, 0);
    }
}

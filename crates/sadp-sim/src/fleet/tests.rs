use std::net::Ipv6Addr;

use sadp_model::MacAddr;
use sadp_proto::frame::{Frame, FrameAsker, Operation, Party};

use super::*;
use crate::{Behavior, LinkAnswer, Population, Probability};

const MS: Duration = Duration::from_millis(1);

fn behavior() -> Behavior {
    Behavior {
        hello: false,
        ..Behavior::default()
    }
}

fn config() -> FleetConfig {
    let address = Ipv4Addr::new(10, 77, 0, 1);
    FleetConfig::new(address, vec!["10.77.0.1/16".parse().unwrap()])
}

fn fleet(count: u32, behavior: Behavior) -> Fleet {
    let population = Population {
        count,
        seed: 1,
        network: config().networks[0],
        behavior,
    };
    Fleet::new(population.generate().unwrap(), config())
}

const ASKER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 9), 50_000);

fn datagram(payload: &[u8]) -> InboundDatagram<'_> {
    InboundDatagram {
        from: ASKER,
        destination: Some(GROUP),
        payload,
    }
}

fn receive(fleet: &mut Fleet, payload: &[u8]) -> Handled {
    fleet.handle_datagram(MS, &datagram(payload))
}

fn inquire(fleet: &mut Fleet, now: Duration, destination: Ipv4Addr) -> Handled {
    inquire_from(fleet, now, ASKER, destination)
}

fn inquire_from(fleet: &mut Fleet, now: Duration, from: SocketAddrV4, to: Ipv4Addr) -> Handled {
    let uuid = uuid::Uuid::from_u128(7);
    let inquiry = InboundDatagram {
        from,
        destination: Some(to),
        payload: &sadp_proto::Inquiry { uuid }.encode(),
    };
    fleet.handle_datagram(now, &inquiry)
}

/// An inquiry that so many devices answer.
fn answered(devices: u32) -> Handled {
    Handled::Inquiry { devices }
}

/// Everything due until a time, with the time it was sent.
fn sent(fleet: &mut Fleet, until: Duration) -> Vec<(Duration, FleetTransmit)> {
    let mut sent = Vec::new();
    while let Some(now) = fleet.poll_timeout().filter(|&now| now <= until) {
        while let Some(transmit) = fleet.poll_transmit(now) {
            sent.push((now, transmit));
        }
    }
    sent
}

#[test]
fn each_device_answers_an_inquiry_to_the_group_once() {
    let mut fleet = fleet(50, behavior());
    assert_eq!(inquire(&mut fleet, MS, GROUP), answered(50));
    let sent = sent(&mut fleet, 10 * MS);
    let who: std::collections::HashSet<_> =
        sent.iter().map(|(_, transmit)| transmit.device).collect();
    assert_eq!((sent.len(), who.len()), (50, 50));
    let mut destinations = sent.iter().map(|(_, transmit)| transmit.destination);
    assert!(destinations.all(|it| it == FleetDestination::Udp(config().group)));
    assert_eq!(fleet.poll_timeout(), None);
    assert_eq!(fleet.stats().replies, 50);
}

#[test]
fn an_inquiry_to_one_address_reaches_who_has_it() {
    let mut fleet = fleet(50, behavior());
    let address = fleet.devices()[7].settings.address;
    assert_eq!(inquire(&mut fleet, MS, address), answered(1));
    assert_eq!(sent(&mut fleet, 10 * MS)[0].1.device, 7);
    for (address, expected) in [
        ([10, 77, 0, 1], answered(50)),
        ([10, 77, 255, 255], answered(50)),
        ([10, 77, 200, 1], Handled::NobodyThere),
    ] {
        assert_eq!(inquire(&mut fleet, MS, address.into()), expected);
    }
}

#[test]
fn the_way_of_answering_is_the_devices() {
    for (reply, group, direct) in [
        (Reply::Multicast, 3, 0),
        (Reply::Unicast, 0, 3),
        (Reply::Both, 3, 3),
    ] {
        let behavior = Behavior {
            reply,
            ..behavior()
        };
        let mut fleet = fleet(3, behavior);
        inquire(&mut fleet, MS, GROUP);
        let sent = sent(&mut fleet, 10 * MS);
        for (address, expected) in [(config().group, group), (ASKER, direct)] {
            let to = sent
                .iter()
                .filter(|(_, it)| it.destination == FleetDestination::Udp(address));
            assert_eq!(to.count(), expected, "{reply:?}");
        }
    }
}

#[test]
fn strangers_are_not_answered_unless_asked_for() {
    let stranger = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 1), 37020);
    let mut fleet = fleet(3, behavior());
    let heard = inquire_from(&mut fleet, MS, stranger, GROUP);
    assert_eq!(heard, Handled::Foreign);
    assert_eq!(fleet.poll_timeout(), None);
    fleet.config.answer_anyone = true;
    let heard = inquire_from(&mut fleet, MS, stranger, GROUP);
    assert_eq!(heard, answered(3));
}

#[test]
fn the_uuid_is_repeated_as_it_was_spelt() {
    let mut fleet = fleet(1, behavior());
    let asked = "<Probe><Uuid>aBc-&lt;1</Uuid><Types>inquiry</Types></Probe>";
    receive(&mut fleet, asked.as_bytes());
    let (_, transmit) = &sent(&mut fleet, MS)[0];
    let document = sadp_proto::Document::decode(&transmit.payload).unwrap();
    assert_eq!(document.fields.first("Uuid"), Some("aBc-<1"));
    let long = asked.replace("aBc-&lt;1", &"x".repeat(65));
    assert_eq!(receive(&mut fleet, long.as_bytes()), Handled::Unsupported);
}

#[test]
fn other_datagrams_are_ignored() {
    let mut fleet = fleet(2, behavior());
    inquire(&mut fleet, MS, GROUP);
    let (_, own) = sent(&mut fleet, MS).remove(0);
    for payload in [&own.payload[..], b""] {
        assert_eq!(receive(&mut fleet, payload), Handled::NoRequest);
    }
    let unknown = b"<Probe><Types>reboot</Types></Probe>";
    assert_eq!(receive(&mut fleet, unknown), Handled::Unsupported);
}

#[test]
fn a_burst_is_paced_and_complete() {
    let mut fleet = fleet(10_000, behavior());
    for round in 0..3 {
        let heard = inquire(&mut fleet, MS * 500 * round, GROUP);
        assert_eq!(heard, answered(10_000));
    }
    let sent = sent(&mut fleet, 10_000 * MS);
    assert_eq!(sent.len(), 30_000);
    let at_once = sent.iter().filter(|(at, _)| at.is_zero());
    assert_eq!(at_once.count(), 5_000);
    let later = sent
        .iter()
        .filter(|(at, _)| (20 * MS..30 * MS).contains(at));
    assert!(later.count() <= 501);
}

#[test]
fn what_does_not_fit_is_refused_in_whole() {
    let behavior = Behavior {
        delay: "3600s".parse().unwrap(),
        ..behavior()
    };
    let mut fleet = fleet(10_000, behavior);
    let mut accepted = 0;
    for round in 0..150 {
        match inquire(&mut fleet, 200 * MS * round, GROUP) {
            Handled::Inquiry { .. } => accepted += 1,
            heard => assert_eq!(heard, Handled::Full),
        }
    }
    assert!(accepted > 95, "{accepted}");
    assert_eq!(fleet.waiting(), accepted * 10_000);
}

#[test]
fn twenty_questions_at_once_get_five_replies_a_device() {
    for devices in [2, 1] {
        let mut fleet = fleet(2, behavior());
        let single = fleet.devices()[0].settings.address;
        let destination = if devices == 2 { GROUP } else { single };
        let heard = [(); 20].map(|()| inquire(&mut fleet, MS, destination));
        assert_eq!(heard[..5], [answered(devices); 5]);
        assert_eq!(heard[5..], [Handled::TooOften; 15]);
        assert_eq!(fleet.stats().too_often, 15);
        assert_eq!(sent(&mut fleet, 10 * MS).len(), 5 * devices as usize);
        let later = inquire(&mut fleet, 1001 * MS, destination);
        assert_eq!(later, answered(devices));
    }
}

#[test]
fn each_device_says_hello_at_its_start_spread_out() {
    let mut fleet = fleet(100, Behavior::default());
    let sent = sent(&mut fleet, 10_000 * MS);
    assert_eq!(sent.len(), 100);
    assert!(sent.windows(2).all(|pair| pair[1].0 >= pair[0].0 + 19 * MS));
    for (_, transmit) in &sent {
        assert!(transmit.payload.windows(7).any(|bytes| bytes == b"<Hello>"));
    }
    assert_eq!((fleet.stats().hellos, fleet.stats().replies), (100, 0));
}

#[test]
fn faults_happen_as_often_as_asked() {
    let half: Probability = "50%".parse().unwrap();
    let lossy = replies_with(Faults {
        loss: half,
        ..Faults::default()
    });
    // A quarter passes both ways.
    assert!((200..300).contains(&lossy.len()), "{}", lossy.len());
    let doubled = replies_with(Faults {
        duplicate: half,
        ..Faults::default()
    });
    assert!((1430..1570).contains(&doubled.len()), "{}", doubled.len());
    let held_up = replies_with(Faults {
        reorder: half,
        ..Faults::default()
    });
    let late = held_up.iter().filter(|(at, _)| *at > MS).count();
    assert!((430..570).contains(&late), "{late}");
    let mut times = held_up.iter().map(|(at, _)| *at);
    assert!(times.all(|at| at <= MS + Faults::REORDER_DELAY));
    let torn = replies_with(Faults {
        truncate: Probability::ONE,
        ..Faults::default()
    });
    let mut payloads = torn.iter().map(|(_, transmit)| &transmit.payload);
    assert!(payloads.all(|payload| !payload.ends_with(b"Match>\n")));
}

#[test]
fn the_same_seed_plays_the_same() {
    let faults = Faults {
        loss: "0.2".parse().unwrap(),
        corrupt: "0.2".parse().unwrap(),
        reorder: "0.2".parse().unwrap(),
        ..Faults::default()
    };
    let behavior = Behavior {
        faults,
        delay: "0..50ms".parse().unwrap(),
        ..behavior()
    };
    assert_eq!(replies_of(behavior), replies_of(behavior));
}

/// The replies of a thousand devices to one inquiry.
fn replies_with(faults: Faults) -> Vec<(Duration, FleetTransmit)> {
    replies_of(Behavior {
        faults,
        ..behavior()
    })
}

fn replies_of(behavior: Behavior) -> Vec<(Duration, FleetTransmit)> {
    let mut fleet = fleet(1000, behavior);
    inquire(&mut fleet, MS, GROUP);
    sent(&mut fleet, 1000 * MS)
}

fn linked(link: LinkAnswer) -> Fleet {
    let behavior = Behavior { link, ..behavior() };
    fleet(100, behavior)
}

fn inquiry_by_frame() -> Frame {
    let asker = FrameAsker {
        party: Party {
            mac: MacAddr::new([2, 0, 0, 0, 0, 9]),
            ipv4: Ipv4Addr::new(169, 254, 1, 1),
        },
        ipv6: Ipv6Addr::UNSPECIFIED,
    };
    Frame::inquiry(&asker, 7)
}

#[test]
fn each_device_answers_an_inquiry_by_frame_as_itself() {
    let mut fleet = linked(LinkAnswer::Only);
    let inquiry = inquiry_by_frame();
    assert_eq!(fleet.handle_frame(MS, &inquiry.emit()), answered(100));
    let answers = sent(&mut fleet, MS);
    assert_eq!(answers.len(), 100);
    for (_, answer) in answers {
        let frame = Frame::parse(&answer.payload).unwrap();
        let told = frame.device().unwrap();
        let device = &fleet.devices()[answer.device];
        assert_eq!((frame.destination, frame.sequence), (inquiry.source, 7));
        assert_eq!(frame.source, device.identity.mac);
        assert_eq!(told.mac, Some(device.identity.mac));
        assert_eq!(told.serial.unwrap().as_str(), &*device.identity.serial);
        assert_eq!(told.ipv4.address, Some(device.settings.address));
        assert!(told.complete);
        let extended = device.profile.knows_activation();
        assert_eq!(frame.version, if extended { 2 } else { 1 });
    }
}

#[test]
fn devices_with_frames_only_ignore_datagrams_and_others_ignore_frames() {
    for (link, frames, datagrams) in [
        (LinkAnswer::Only, 100, 0),
        (LinkAnswer::Too, 100, 100),
        (LinkAnswer::Never, 0, 100),
    ] {
        let mut fleet = linked(link);
        fleet.handle_frame(MS, &inquiry_by_frame().emit());
        inquire(&mut fleet, MS, GROUP);
        let all = sent(&mut fleet, MS);
        let by_frame = all
            .iter()
            .filter(|(_, it)| it.destination == FleetDestination::Link);
        let by_frame = by_frame.count();
        assert_eq!(by_frame, frames, "{link:?}");
        assert_eq!(all.len() - by_frame, datagrams, "{link:?}");
    }
}

#[test]
fn other_frames_are_ignored() {
    let mut fleet = linked(LinkAnswer::Too);
    assert_eq!(fleet.handle_frame(MS, b"noise"), Handled::NoRequest);
    let mut update = inquiry_by_frame();
    update.operation = Operation::UPDATE;
    assert_eq!(fleet.handle_frame(MS, &update.emit()), Handled::Unsupported);
    assert_eq!(fleet.poll_timeout(), None);
}

proptest::proptest! {
    #[test]
    fn any_datagram_is_handled(payload: Vec<u8>) {
        let mut fleet = fleet(1, behavior());
        fleet.handle_datagram(MS, &InboundDatagram { destination: None, ..datagram(&payload) });
    }

    #[test]
    fn corrupt_replies_do_not_panic(seed: u64) {
        let faults = Faults { corrupt: Probability::ONE, truncate: "0.5".parse().unwrap(), ..Faults::default() };
        let mut fleet = fleet(3, Behavior { faults, ..behavior() });
        fleet.rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        inquire(&mut fleet, MS, GROUP);
        for (_, transmit) in sent(&mut fleet, 1000 * MS) {
            let _ = Message::decode(&transmit.payload);
        }
    }
}

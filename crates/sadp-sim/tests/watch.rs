//! What a watch tells of simulated devices, in virtual time.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

#[path = "watch/world.rs"]
mod world;

use std::{net::Ipv4Addr, time::Duration};

use jiff::civil::date;
use sadp_model::Protocol;
use sadp_proto::{
    Footprint, OfflineReason, Watch, WatchEvent,
    WatchEventKind::{Duplicate, Forgotten, Offline, Online, Rebooted, Updated},
};
use sadp_sim::{Behavior, Device, Faults};
use world::{Crowd, SECOND, World, devices, devices_of, happened};

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn devices_that_appear_are_reported_once_each() {
    let mut world = World::usual();
    world.plug_in(devices(50, 1));
    let events = world.run_for(10 * SECOND);
    assert_eq!(happened(&events), [Online; 50]);
    assert!(events.iter().all(|(_, event)| event.before.is_none()));
    assert_eq!(happened(&world.run_for(10 * MINUTE)), []);
    world.plug_in(devices(3, 2).split_off(2));
    let events = world.run_for(61 * SECOND);
    assert!(!events.is_empty(), "a Hello, else the next cycle, tells it");
}

#[test]
fn a_changed_address_is_reported_with_both() {
    let mut world = World::usual();
    let mut site = devices(5, 1);
    world.plug_in(site.clone());
    world.run_for(MINUTE);
    site[2].settings.address = Ipv4Addr::new(10, 77, 9, 9);
    world.replace(site.clone());
    let events = world.run_for(2 * MINUTE);
    assert_eq!(happened(&events), [Updated]);
    let (_, event) = &events[0];
    let before = event.before.as_ref().unwrap();
    assert_ne!(
        before.entry.device.ipv4.address,
        event.after.entry.device.ipv4.address
    );
    assert_eq!(
        event.after.entry.device.ipv4.address,
        Some(Ipv4Addr::new(10, 77, 9, 9))
    );
    assert_eq!(before.number, event.after.number);
}

#[test]
fn a_new_start_is_reported_with_a_clock_and_without() {
    for (before, after) in [
        (
            date(2026, 11, 1).at(8, 0, 0, 0),
            date(2026, 11, 2).at(8, 0, 0, 0),
        ),
        (
            date(1970, 1, 1).at(0, 0, 9, 0),
            date(1970, 1, 1).at(0, 0, 41, 0),
        ),
        // Only its Hello shows it.
        (
            date(1970, 1, 1).at(0, 0, 9, 0),
            date(1970, 1, 1).at(0, 0, 9, 0),
        ),
        // Its battery is empty.
        (
            date(2026, 11, 1).at(8, 0, 0, 0),
            date(1970, 1, 1).at(0, 0, 9, 0),
        ),
    ] {
        let mut world = World::usual();
        let mut site = devices(1, 1);
        site[0].state.boot = before;
        world.plug_in(site.clone());
        world.run_for(MINUTE);
        site[0].state.boot = after;
        world.replace(site);
        let told = happened(&world.run_for(5 * MINUTE));
        assert_eq!(told, [Rebooted], "{before} to {after}");
    }
}

#[test]
fn a_clock_that_is_set_is_no_new_start() {
    for (before, after) in [
        (
            date(1970, 1, 1).at(0, 0, 9, 0),
            date(2026, 11, 2).at(8, 0, 0, 0),
        ),
        (
            date(2026, 11, 2).at(8, 0, 0, 0),
            date(2026, 11, 2).at(7, 0, 0, 0),
        ),
    ] {
        let mut world = World::usual();
        let mut site = devices(1, 1);
        site[0].behavior.hello = false;
        site[0].state.boot = before;
        world.plug_in(site.clone());
        world.run_for(MINUTE);
        site[0].state.boot = after;
        world.replace(site);
        assert_eq!(
            happened(&world.run_for(5 * MINUTE)),
            [Updated],
            "{before} to {after}"
        );
    }
}

#[test]
fn silence_is_reported_when_its_time_is_up_and_the_return_as_well() {
    let mut world = World::usual();
    let site = devices(20, 1);
    world.plug_in(site.clone());
    world.run_for(90 * SECOND);
    world.pull_the_plug();
    // Last heard within a second or two of the cycle at 60 s.
    let events = world.run_for(10 * MINUTE);
    assert_eq!(happened(&events), [Offline(OfflineReason::Silence); 20]);
    for (at, _) in &events {
        assert!((180 * SECOND..186 * SECOND).contains(at), "{at:?}");
    }
    world.plug_in(site);
    assert_eq!(happened(&world.run_for(70 * SECOND)), [Online; 20]);
}

#[test]
fn where_it_is_asked_more_rarely_than_devices_may_be_silent_none_is_taken_for_gone() {
    let mut world = World::new(10 * MINUTE, 30 * SECOND);
    world.plug_in(devices(20, 1));
    assert_eq!(happened(&world.run_for(30 * MINUTE)), [Online; 20]);
    world.pull_the_plug();
    let events = world.run_for(MINUTE);
    assert_eq!(happened(&events), [Offline(OfflineReason::Silence); 20]);
}

#[test]
fn a_goodbye_is_believed_at_once_and_a_hello_too() {
    let mut world = World::usual();
    let goodbye =
        b"<?xml version=\"1.0\"?><Bye><Types>bye</Types><MAC>44-47-cc-00-00-01</MAC></Bye>";
    let hello = b"<?xml version=\"1.0\"?><Hello><Types>hello</Types><MAC>44-47-cc-00-00-01</MAC>\
        <IPv4Address>10.77.0.50</IPv4Address></Hello>";
    world.run_for(MINUTE);
    let told = |world: &mut World, payload: &[u8]| -> Vec<_> {
        world.say(payload).iter().map(|event| event.kind).collect()
    };
    assert_eq!(told(&mut world, goodbye), [], "of one not known");
    assert_eq!(told(&mut world, hello), [Online]);
    assert_eq!(told(&mut world, goodbye), [Offline(OfflineReason::Goodbye)]);
    assert_eq!(told(&mut world, goodbye), []);
    assert_eq!(told(&mut world, hello), [Online]);
}

#[test]
fn a_shared_address_is_reported_and_that_it_is_no_more() {
    let mut world = World::usual();
    let first = devices(1, 1);
    let mut second = devices(1, 2);
    second[0].settings.address = first[0].settings.address;
    world.plug_in(first.clone());
    world.run_for(10 * SECOND);
    world.plug_in(second);
    let events = world.run_for(2 * MINUTE);
    assert_eq!(happened(&events), [Online, Duplicate]);
    assert!(events.iter().all(|(_, event)| event.after.shared.address));
    assert_ne!(events[0].1.after.number, events[1].1.after.number);
    world.replace(first);
    let events = world.run_for(5 * MINUTE);
    assert_eq!(
        happened(&events),
        [Offline(OfflineReason::Silence), Updated]
    );
    assert!(!events[1].1.after.shared.address);
}

/// Two devices of one MAC and one serial look like one that never rests.
#[test]
fn two_devices_in_one_are_reported_once() {
    let mut world = World::usual();
    let mut site = devices(1, 1);
    site.push(site[0].clone());
    site[1].settings.address = Ipv4Addr::new(10, 77, 9, 9);
    world.plug_in(site.clone());
    let told = happened(&world.run_for(30 * MINUTE));
    assert_eq!(told, [Online, Updated, Duplicate]);
    site.truncate(1);
    world.replace(site);
    let events = world.run_for(30 * MINUTE);
    // That another spoke for it is remembered for some minutes longer.
    assert_eq!(happened(&events), [Updated, Updated]);
    let rivals = events
        .iter()
        .map(|(_, event)| event.after.entry.has_concurrent_sender());
    assert_eq!(rivals.collect::<Vec<_>>(), [true, false]);
}

fn lossy(count: u32, percent: &str) -> Vec<Device> {
    let faults = Faults {
        loss: percent.parse().unwrap(),
        ..Faults::default()
    };
    let behavior = Behavior {
        faults,
        ..Behavior::default()
    };
    devices_of(count, u64::from(count), behavior)
}

#[test]
fn where_a_fifth_is_lost_each_way_no_device_flaps() {
    for count in [1, 2, 7, 100] {
        let mut world = World::usual();
        world.plug_in(lossy(count, "20%"));
        let told = happened(&world.run_for(200 * MINUTE));
        assert_eq!(told, vec![Online; count as usize]);
        let a_cycle = world.asked / 200;
        assert!(a_cycle <= 12, "{a_cycle} rounds a cycle");
    }
}

#[test]
fn a_thousand_devices_cost_no_more_after_two_hundred_cycles() {
    let mut crowd = Crowd::new(1000);
    assert_eq!(crowd.run_until(10 * MINUTE), 1000);
    let early = crowd.watch.footprint();
    assert_eq!(crowd.run_until(200 * MINUTE), 0);
    let late = crowd.watch.footprint();
    let expected = Footprint {
        devices: 1000,
        online: 1000,
        sightings: 1000,
        names: early.names,
        waiting: 0,
        questions: late.questions,
    };
    assert_eq!(late, expected);
    assert!(early.questions < 50 && late.questions < 50, "{late:?}");
    assert!(late.names <= 6000, "{late:?}");
}

#[test]
fn of_devices_that_come_and_go_for_ever_few_are_remembered() {
    let mut world = World::new(10 * SECOND, 20 * SECOND);
    let mut forgotten = 0;
    for seed in 0..12 {
        world.replace(devices(600, seed));
        let told = happened(&world.run_for(40 * SECOND));
        forgotten += told.iter().filter(|&&it| it == Forgotten).count();
        let footprint = world.watch.footprint();
        assert!(
            footprint.devices <= Watch::MAX_OFFLINE + 1200,
            "{footprint:?}"
        );
        assert!(footprint.names <= 8 * footprint.devices, "{footprint:?}");
        assert_eq!(footprint.online, 600);
    }
    assert_eq!(world.watch.footprint().devices + forgotten, 7200);
}

#[test]
fn without_a_link_silence_is_reported_and_with_one_again_the_devices_are() {
    let mut world = World::usual();
    world.plug_in(devices(5, 1));
    assert_eq!(happened(&world.run_for(MINUTE)), [Online; 5]);
    world.watch.handle_links(MINUTE, Vec::new(), Vec::new());
    assert_eq!(
        happened(&world.run_for(5 * MINUTE)),
        [Offline(OfflineReason::Silence); 5]
    );
    let asked = world.asked;
    world
        .watch
        .handle_links(6 * MINUTE, vec![Protocol::Sadp], Vec::new());
    assert_eq!(happened(&world.run_for(SECOND)), [Online; 5]);
    assert!(world.asked > asked);
}

#[test]
fn an_empty_network_is_asked_gently() {
    let mut world = World::usual();
    assert_eq!(happened(&world.run_for(10 * MINUTE)), []);
    assert!(world.asked <= 110, "{}", world.asked);
}

/// A report of one device, with more elements.
fn report(mac: &str, more: &str) -> Vec<u8> {
    format!(
        "<ProbeMatch><Uuid>AAAAAAAA-0000-0000-0000-000000000001</Uuid><MAC>44-47-cc-00-00-{mac}</MAC>\
         <DeviceSN>S{mac}</DeviceSN><IPv4Address>10.77.0.{mac}</IPv4Address>{more}</ProbeMatch>"
    )
    .into_bytes()
}

#[test]
fn one_salt_of_two_devices_is_reported_of_both() {
    let mut world = World::usual();
    world.say(&report("11", "<Salt>ab</Salt>"));
    let events = world.say(&report("12", "<Salt>ab</Salt>"));
    let told: Vec<_> = events
        .iter()
        .map(|it| (it.kind, it.after.shared.salt))
        .collect();
    assert_eq!(told, [(Online, true), (Updated, true)]);
    let events = world.say(&report("12", "<Salt>cd</Salt>"));
    assert!(events.iter().all(|it| !it.after.shared.salt), "{events:?}");
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn what_a_device_reports_in_two_ways_counts_within_one_look_only() {
    let contradicts = |events: &[WatchEvent]| {
        let events = events.iter();
        let found = events.map(|it| !it.after.entry.contradictions.is_empty());
        found.collect::<Vec<_>>()
    };
    let mut world = World::usual();
    world.say(&report("11", "<Salt>ab</Salt>"));
    let events = world.say(&report("11", "<Salt>cd</Salt>"));
    assert_eq!(contradicts(&events), [true]);
    let events: Vec<_> = world
        .run_for(4 * MINUTE)
        .into_iter()
        .map(|it| it.1)
        .collect();
    assert!(!contradicts(&events)[0], "it is forgotten: {events:?}");
    // Now between two looks.
    world.say(&report("12", "<Salt>ab</Salt>"));
    world.run_for(30 * SECOND);
    let events = world.say(&report("12", "<Salt>cd</Salt>"));
    assert!(!contradicts(&events).contains(&true), "{events:?}");
}

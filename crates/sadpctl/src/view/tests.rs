use std::net::Ipv4Addr;

use insta::assert_snapshot;
use jiff::Timestamp;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};
use sadp_model::{
    Device, DeviceRecord, Firmware, Protocol, Registry, Serial, Sighting, State, Via,
};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{DeviceSnapshot, OfflineReason, WatchEvent, WatchEventKind};

use super::*;
use crate::output::Told;

fn device(number: u8, state: State) -> Device {
    let mut device = Device::unknown();
    device.model = Some("DS-2CD2143G0-I".into());
    device.mac = format!("44:47:cc:00:00:{number:02x}").parse().ok();
    device.serial = Serial::new(&format!("DS-2CD2143G0-I20190101AAWRC000000{number:02}"));
    device.ipv4.address = Some(Ipv4Addr::new(10, 0, 0, number));
    device.firmware = Firmware::new("V5.5.82 build 190101");
    device.state = Some(state);
    device
}

fn entry(device: Device) -> DeviceRecord {
    let mut registry = Registry::new();
    let sighting = Sighting {
        interface: "lan0".into(),
        from: device.ipv4.address.unwrap_or(Ipv4Addr::LOCALHOST).into(),
        protocol: Protocol::Sadp,
        via: Via::Multicast,
        at: at(0),
    };
    registry.record(device, sighting);
    registry.into_entries().remove(0)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

fn told(number: u64, happened: WatchEventKind, before: Option<Device>, after: Device) -> Told {
    let account = |device, online| {
        Box::new(DeviceSnapshot {
            number,
            entry: entry(device),
            shared: sadp_model::Shared::default(),
            online,
        })
    };
    let event = WatchEvent {
        kind: happened,
        before: before.map(|device| account(device, true)),
        after: account(after, !matches!(happened, WatchEventKind::Offline(_))),
    };
    let local = ["10.0.0.1/24".parse().unwrap()];
    let seconds = i64::try_from(number).unwrap();
    Told::new(&event, at(seconds), |account| {
        DiscoveredDevice::from_watch(account, &local)
    })
}

/// A few devices in different states, one gone, one moved, one hostile.
fn site() -> View {
    let mut view = View::new(None, Palette::Plain);
    view.set_place("on lan0 (10.0.0.1/24)".into());
    for number in 1..=4 {
        view.take(told(
            number,
            WatchEventKind::Online,
            None,
            device(u8::try_from(number).unwrap(), State::Active),
        ));
    }
    view.take(told(
        5,
        WatchEventKind::Online,
        None,
        device(5, State::Unactivated),
    ));
    let gone = device(2, State::Active);
    let silent = WatchEventKind::Offline(OfflineReason::Silence);
    view.take(told(2, silent, Some(gone.clone()), gone));
    let mut moved = device(3, State::Active);
    moved.ipv4.address = Some(Ipv4Addr::new(10, 0, 9, 30));
    view.take(told(
        3,
        WatchEventKind::Updated,
        Some(device(3, State::Active)),
        moved,
    ));
    let mut hostile = device(6, State::Active);
    hostile.model = Some("\u{1b}[2J\u{202e}evil".into());
    view.take(told(6, WatchEventKind::Online, None, hostile));
    view
}

fn screen(view: &mut View, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| view.draw(frame.area(), frame.buffer_mut()))
        .unwrap();
    terminal.backend().to_string()
}

fn press(view: &mut View, keys: &[KeyCode]) {
    for &code in keys {
        let next = view.handle_key(KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(next, Next::GoOn);
    }
}

fn write(view: &mut View, text: &str) {
    press(view, &text.chars().map(KeyCode::Char).collect::<Vec<_>>());
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];

#[test]
fn a_site_at_several_sizes() {
    for (width, height) in SIZES {
        assert_snapshot!(
            format!("site-{width}x{height}"),
            screen(&mut site(), width, height)
        );
    }
}

#[test]
fn nothing_received_at_several_sizes() {
    for (width, height) in SIZES {
        let mut view = View::new(None, Palette::Plain);
        assert_snapshot!(
            format!("empty-{width}x{height}"),
            screen(&mut view, width, height)
        );
    }
}

#[test]
fn a_thousand_devices_are_scrolled_through() {
    let mut view = View::new(None, Palette::Plain);
    for number in 1..=1000u16 {
        let mut device = device(1, State::Active);
        let [high, low] = number.to_be_bytes();
        device.mac = format!("44:47:cc:00:{high:02x}:{low:02x}").parse().ok();
        device.ipv4.address = Some(Ipv4Addr::new(10, 0, high, low));
        view.take(told(number.into(), WatchEventKind::Online, None, device));
    }
    screen(&mut view, 80, 24);
    press(
        &mut view,
        &[KeyCode::PageDown, KeyCode::PageDown, KeyCode::Up],
    );
    assert_snapshot!("thousand-two-pages-down", screen(&mut view, 80, 24));
    press(&mut view, &[KeyCode::End]);
    assert_snapshot!("thousand-end", screen(&mut view, 80, 24));
    for (width, height) in SIZES {
        assert!(screen(&mut view, width, height).contains("10.0.3.232"));
    }
    press(&mut view, &[KeyCode::Home]);
    assert!(screen(&mut view, 40, 10).contains("10.0.0.1 "));
}

#[test]
fn a_screen_of_no_size_is_survived() {
    for (width, height) in [(0, 0), (1, 1), (3, 2), (500, 1), (1, 200)] {
        for keys in [&[][..], &[KeyCode::Enter], &[KeyCode::Char('/')]] {
            let mut view = site();
            press(&mut view, keys);
            let area = ratatui::layout::Rect::new(0, 0, width, height);
            view.draw(area, &mut ratatui::buffer::Buffer::empty(area));
        }
    }
}

#[test]
fn details_of_one_device_scroll() {
    let mut view = site();
    press(&mut view, &[KeyCode::End, KeyCode::Up, KeyCode::Enter]);
    assert_snapshot!("details", screen(&mut view, 80, 24));
    press(&mut view, &[KeyCode::End]);
    assert_snapshot!("details-end", screen(&mut view, 80, 24));
    press(&mut view, &[KeyCode::Esc]);
    assert!(screen(&mut view, 80, 24).contains("ADDRESS"));
}

#[test]
fn a_filter_narrows_as_it_is_written() {
    let mut view = site();
    press(&mut view, &[KeyCode::Char('/')]);
    write(&mut view, "UNACT");
    assert_snapshot!("filter-text", screen(&mut view, 80, 24));
    press(&mut view, &[KeyCode::Esc, KeyCode::Char('/')]);
    write(&mut view, "ipv4.address~10.0.9");
    assert_eq!(view.shown, [3]);
    write(&mut view, ",stat=x");
    assert_snapshot!("filter-not-understood", screen(&mut view, 80, 24));
    press(&mut view, &[KeyCode::Backspace; 7]);
    press(&mut view, &[KeyCode::Enter]);
    assert_eq!(view.shown, [3]);
    press(&mut view, &[KeyCode::Esc]);
    assert_eq!(view.shown.len(), 6);
    press(&mut view, &[KeyCode::Char('/')]);
    write(&mut view, "nothing like it");
    assert!(screen(&mut view, 80, 24).contains("No device fits the filter"));
}

#[test]
fn rows_are_sorted_by_each_column_and_back() {
    let mut view = site();
    assert_eq!(view.shown, [5, 1, 4, 6, 3, 2], "{view:?}");
    let mut orders = Vec::new();
    for _ in SortColumn::iter() {
        press(&mut view, &[KeyCode::Char('s')]);
        assert_eq!(view.shown.last(), Some(&2), "those gone come last");
        orders.push((view.sort, view.shown.clone()));
    }
    assert_eq!(view.sort, SortColumn::State, "round and round");
    let by = |column| {
        orders
            .iter()
            .find(|(it, _)| *it == column)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(by(SortColumn::Address), [1, 4, 5, 6, 3, 2]);
    assert_eq!(by(SortColumn::Mac), [1, 3, 4, 5, 6, 2]);
    assert_eq!(by(SortColumn::Changed), [6, 5, 4, 3, 1, 2]);
    press(&mut view, &[KeyCode::Char('r')]);
    assert_eq!(view.shown, [3, 6, 4, 1, 5, 2]);
}

#[test]
fn the_chosen_device_stays_chosen_when_others_come_and_go() {
    let mut view = site();
    press(&mut view, &[KeyCode::Down]);
    assert_eq!(view.selected, Some(4));
    view.take(told(
        9,
        WatchEventKind::Online,
        None,
        device(0, State::Unactivated),
    ));
    assert_eq!(view.selected, Some(4));
    let gone = device(4, State::Active);
    view.take(told(4, WatchEventKind::Forgotten, None, gone));
    assert_eq!(view.selected, Some(6), "the one in its place");
    assert_eq!(view.rows.len(), 6);
}

#[test]
fn leaving_is_always_possible() {
    let quit = |view: &mut View, code, modifiers| view.handle_key(KeyEvent::new(code, modifiers));
    for keys in [&[][..], &[KeyCode::Enter], &[KeyCode::Char('/')]] {
        let mut view = site();
        press(&mut view, keys);
        let next = quit(&mut view, KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(next, Next::Quit);
    }
    assert_eq!(
        quit(&mut site(), KeyCode::Char('q'), KeyModifiers::NONE),
        Next::Quit
    );
}

#[test]
fn what_is_no_news_leaves_time_and_word() {
    let mut view = site();
    view.take(told(
        1,
        WatchEventKind::Heard,
        None,
        device(1, State::Active),
    ));
    let row = &view.rows[&1];
    assert_eq!((row.word, row.told.at), ("online", at(1)));
}

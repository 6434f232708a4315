mod actions;

use std::net::Ipv4Addr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;
use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend};
use sadp_model::{Device, DeviceRecord, Firmware, Serial, State, testing::recorded};
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
    let mut entry = recorded([device]).remove(0);
    entry.seen[0].at = at(0);
    entry
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

fn told(number: u16, happened: WatchEventKind, before: Option<Device>, after: Device) -> Told {
    let account = |device, online| {
        Box::new(DeviceSnapshot {
            number: number.into(),
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
    let local = ["10.0.0.1/24".parse::<ipnet::Ipv4Net>().unwrap().into()];
    Told::new(&event, at(number.into()), |account| {
        DiscoveredDevice::from_watch(account, &local)
    })
}

fn online(number: u16, device: Device) -> Told {
    told(number, WatchEventKind::Online, None, device)
}

/// A few devices in different states, one gone, one moved, one hostile.
fn site() -> View {
    let mut view = View::new(None, Palette::Plain, TimeZone::UTC);
    view.set_place("on lan0 (10.0.0.1/24)".into());
    for number in 1..=4 {
        view.take(online(number.into(), device(number, State::Active)));
    }
    view.take(online(5, device(5, State::Unactivated)));
    let gone = device(2, State::Active);
    let silent = WatchEventKind::Offline(OfflineReason::Silence);
    view.take(told(2, silent, Some(gone.clone()), gone));
    let before = device(3, State::Active);
    let mut moved = before.clone();
    moved.ipv4.address = Some(Ipv4Addr::new(10, 0, 9, 30));
    view.take(told(3, WatchEventKind::Updated, Some(before), moved));
    let mut hostile = device(6, State::Active);
    hostile.model = Some("\u{1b}[2J\u{202e}evil".into());
    view.take(online(6, hostile));
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
        assert!(next.is_none(), "{next:?}");
    }
}

fn write(view: &mut View, text: &str) {
    press(view, &text.chars().map(KeyCode::Char).collect::<Vec<_>>());
}

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (40, 10)];

#[test]
fn a_site_and_nothing_at_several_sizes() {
    let empty = || View::new(None, Palette::Plain, TimeZone::UTC);
    for (name, made) in [("site", site as fn() -> View), ("empty", empty)] {
        for (width, height) in SIZES {
            let screen = screen(&mut made(), width, height);
            assert_snapshot!(format!("{name}-{width}x{height}"), screen);
        }
    }
}

#[test]
fn a_thousand_devices_are_scrolled_through() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let mut view = View::new(None, Palette::Plain, zone);
    for number in 1..=1000u16 {
        let mut device = device(1, State::Active);
        let [high, low] = number.to_be_bytes();
        device.mac = format!("44:47:cc:00:{high:02x}:{low:02x}").parse().ok();
        device.ipv4.address = Some(Ipv4Addr::new(10, 0, high, low));
        view.take(online(number, device));
    }
    screen(&mut view, 80, 24);
    press(&mut view, &[KeyCode::PageDown; 2]);
    press(&mut view, &[KeyCode::Up]);
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
            let area = Rect::new(0, 0, width, height);
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
        let order = orders.iter().find(|(it, _)| *it == column);
        order.unwrap().1.clone()
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
    press(&mut view, &[KeyCode::Down, KeyCode::Down]);
    assert_eq!(view.selected, Some(4));
    view.take(online(9, device(0, State::Unactivated)));
    assert_eq!(view.selected, Some(4));
    let gone = device(4, State::Active);
    view.take(told(4, WatchEventKind::Forgotten, None, gone));
    assert_eq!(view.selected, Some(6), "the one in its place");
    assert_eq!(view.rows.len(), 6);
}

#[test]
fn until_it_is_moved_the_cursor_stays_on_the_first_row() {
    let mut view = site();
    view.take(online(9, device(0, State::Unactivated)));
    assert_eq!(view.selected, Some(9));
    assert!(screen(&mut view, 60, 15).contains("row 1 of 7"));
}

#[test]
fn marks_stay_through_filtering_and_sorting() {
    let mut view = site();
    write(&mut view, "  ");
    assert_eq!(view.selected, Some(4), "it goes on to the next");
    write(&mut view, "/10.0.9");
    press(&mut view, &[KeyCode::Enter]);
    write(&mut view, "*s");
    press(&mut view, &[KeyCode::Esc]);
    assert_snapshot!("marked", screen(&mut view, 60, 15));
    assert_eq!(view.marked.len(), 3);
    write(&mut view, "*");
    assert_eq!(view.marked.len(), 6);
    write(&mut view, "*");
    assert_eq!(view.marked.len(), 0, "the second time takes them away");
}

#[test]
fn keys_for_the_selected_device_are_commands() {
    let mut view = site();
    let mut command = |key| view.handle_key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE));
    for (key, expected) in [
        ('y', r#"Some(Copy("44:47:cc:00:00:05"))"#),
        ('Y', r#"Some(Copy("10.0.0.5"))"#),
        ('o', "Some(Open(10.0.0.5:80))"),
        ('w', "Some(Ways(5))"),
        ('R', "Some(AskNow)"),
    ] {
        assert_eq!(format!("{:?}", command(key)), expected);
    }
    let mut nameless = Device::unknown();
    nameless.serial = Serial::new("S1");
    let mut view = View::new(None, Palette::Plain, TimeZone::UTC);
    view.take(online(1, nameless));
    for key in ["y", "Y", "o", " "] {
        write(&mut view, key);
        assert!(view.message.is_some(), "{key}");
    }
}

#[test]
fn the_mouse_selects_and_scrolls() {
    let mut view = site();
    screen(&mut view, 80, 24);
    let mouse = |kind, row| MouseEvent {
        kind,
        column: 5,
        row,
        modifiers: KeyModifiers::NONE,
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    assert!(view.handle_mouse(mouse(click, 4)));
    assert_eq!(view.selected, Some(4));
    assert!(!view.handle_mouse(mouse(click, 0)), "the heading");
    assert!(!view.handle_mouse(mouse(MouseEventKind::Moved, 4)));
    view.handle_mouse(mouse(MouseEventKind::ScrollDown, 4));
    assert_eq!(view.selected, Some(2));
    write(&mut view, "?");
    screen(&mut view, 40, 10);
    view.handle_mouse(mouse(MouseEventKind::ScrollDown, 4));
    assert!(!screen(&mut view, 40, 10).contains("Up Down"));
}

#[test]
fn help_shows_all_keys_at_60_columns() {
    let mut view = site();
    write(&mut view, "?");
    assert_snapshot!("help", screen(&mut view, 60, 30));
    press(&mut view, &[KeyCode::Esc]);
    assert!(screen(&mut view, 60, 15).contains("row 1 of 6"));
}

#[test]
fn both_of_two_that_share_an_address_are_marked_as_such() {
    let mut view = View::new(None, Palette::Plain, TimeZone::UTC);
    for number in [1, 2] {
        let twin = device(number, State::Active);
        let mut told = told(number.into(), WatchEventKind::Duplicate, None, twin);
        told.found.warnings |= sadp_model::Warning::DuplicateIp;
        view.take(told);
    }
    let screen = screen(&mut view, 60, 15);
    assert_eq!(screen.matches(" !updated").count(), 2, "{screen}");
    assert!(screen.contains("same-IP"), "{screen}");
}

#[test]
fn leaving_is_always_possible() {
    let quit = |view: &mut View, code, modifiers| view.handle_key(KeyEvent::new(code, modifiers));
    for keys in [&[][..], &[KeyCode::Enter], &[KeyCode::Char('/')]] {
        let mut view = site();
        press(&mut view, keys);
        let next = quit(&mut view, KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(matches!(next, Some(Command::Quit)));
    }
    let next = quit(&mut site(), KeyCode::Char('q'), KeyModifiers::NONE);
    assert!(matches!(next, Some(Command::Quit)));
}

#[test]
fn what_is_no_news_leaves_time_and_word() {
    let mut view = site();
    let heard = device(1, State::Active);
    view.take(told(1, WatchEventKind::Heard, None, heard));
    let row = &view.rows[&1];
    assert_eq!((row.word, row.told.at), ("online", at(1)));
}

/// A van full of cameras, some of them activated at this moment.
fn van() -> View {
    let mut view = View::new(None, Palette::Plain, TimeZone::UTC);
    view.set_place("on lan0 (10.0.0.1/24)".into());
    for number in 1..=8 {
        let state = match number {
            1..=5 => State::Unactivated,
            _ => State::Active,
        };
        let mut device = device(number, state);
        if number < 3 {
            device.ipv4.address = Some(Ipv4Addr::new(192, 168, 1, 64));
        }
        let mut told = online(number.into(), device);
        if number < 3 {
            told.found.warnings |= sadp_model::Warning::DuplicateIp;
        }
        view.take(told);
    }
    let gone = device(8, State::Active);
    let silent = WatchEventKind::Offline(OfflineReason::Silence);
    view.take(told(8, silent, Some(gone.clone()), gone));
    write(&mut view, "    k");
    view.set_busy(Some("activating 1 of 4".into()));
    view
}

#[test]
fn the_picture_in_the_readme_is_what_is_drawn() {
    let drawn = screen(&mut van(), 80, 14);
    let lines = drawn.lines().map(|line| line.trim_matches('"').trim_end());
    let drawn = lines.collect::<Vec<_>>().join("\n");
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap().replace('\r', "");
    assert!(readme.contains(&drawn), "README.md should hold:\n{drawn}");
}

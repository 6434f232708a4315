//! Devices that start anew: after new settings, after a loss of power, and after
//! somebody held the reset button.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, civil::DateTime};
use rand::RngExt;

use super::{
    Content, Fleet,
    queue::{Entry, Event, Occasion, Way},
};
use crate::{
    Device, Recovery, Settings,
    factory::{NO_CLOCK, TODAY},
};

/// How long a device is away that was not told how long.
const AWAY: Duration = Duration::from_secs(10);

impl Fleet {
    /// What will befall the devices.
    pub(super) fn schedule_events(&mut self) {
        for number in 0..self.count() {
            let Some(conduct) = self.device(number).map(|device| device.conduct) else {
                continue;
            };
            for (at, event) in [
                (conduct.restart, Event::PowerLost),
                (conduct.button, Event::ButtonHeld),
            ] {
                if let Some(at) = at {
                    self.schedule(at, number, event);
                }
            }
        }
    }

    /// Something befalls a device.
    pub(super) fn befall(&mut self, number: u32, event: Event, now: Duration) {
        match event {
            Event::Started => self.start(number, now),
            Event::PowerLost => self.fall_asleep(number, now),
            Event::ButtonHeld => self.reset_by_button(number, now),
        }
    }

    /// Whether a device starts anew just now and hears nothing.
    pub(super) fn is_asleep(&self, device: u32, now: Duration) -> bool {
        let asleep = self.memories.get(&device).and_then(|it| it.asleep.as_ref());
        asleep.is_some_and(|asleep| asleep.contains(&now))
    }

    /// Lets a device start anew, from this time on.
    pub(super) fn fall_asleep(&mut self, number: u32, from: Duration) {
        let Some(reboot) = self.device(number).map(|device| device.conduct.reboot) else {
            return;
        };
        let away = reboot.map_or(AWAY, |reboot| reboot.draw(&mut self.rng));
        let until = from.saturating_add(away);
        self.memories.entry(number).or_default().asleep = Some(from..until);
        self.schedule(until, number, Event::Started);
    }

    /// A device has started anew.
    fn start(&mut self, number: u32, now: Duration) {
        let second = self.rng.random_range(10..60);
        self.memories.entry(number).or_default().forget_by_start();
        let Some(device) = self.devices.get_mut(number as usize) else {
            return;
        };
        device.state.boot = next_boot(device.state.boot, now, second);
        if device.conduct.hello {
            self.send(now, number, Way::Group, &Content::Hello);
        }
    }

    /// Brings a device back to what it was as it left the factory.
    fn reset_by_button(&mut self, number: u32, now: Duration) {
        let Some(device) = self.devices.get_mut(number as usize) else {
            return;
        };
        let before = device.settings.address;
        let after = Settings::FACTORY.address;
        restore_factory(device);
        self.memories
            .entry(number)
            .or_default()
            .forget_by_password();
        self.move_address(number, before, after);
        self.fall_asleep(number, now);
    }

    fn schedule(&mut self, due: Duration, device: u32, event: Event) {
        self.queue.push(Entry {
            due,
            device,
            way: Way::Group,
            content: Content::Of(Arc::new(Occasion::Event(event))),
        });
    }
}

fn restore_factory(device: &mut Device) {
    device.settings = Settings::FACTORY;
    forget_owner(device);
}

/// Forgets the password and what its owner prepared. A device from before
/// activation is active at once, by its factory's password.
pub(super) fn forget_owner(device: &mut Device) {
    device.state.activated = !device.profile.knows_activation();
    device.access.reset();
    let Recovery {
        questions,
        mailbox,
        tries,
        ..
    } = &mut device.recovery;
    *questions = crate::Questions::default();
    *mailbox = None;
    tries.forgive();
}

/// When a device started that did so before at `before`. The fleet's first
/// day begins with it; a device without a clock begins at 1970 each time, and
/// tells it after some seconds.
fn next_boot(before: DateTime, now: Duration, second: i8) -> DateTime {
    if before.year() == NO_CLOCK.year() {
        let other = if before.second() == second { 9 } else { second };
        return NO_CLOCK.with().second(other).build().unwrap_or(NO_CLOCK);
    }
    let began = before.max(TODAY.at(0, 0, 0, 0));
    let elapsed = SignedDuration::try_from(now).unwrap_or_default();
    began.checked_add(elapsed).unwrap_or(began)
}

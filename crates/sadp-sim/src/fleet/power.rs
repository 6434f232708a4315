//! Devices that restart: after new settings, a loss of power, or a press of the reset
//! button.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, civil::DateTime};
use rand::RngExt;

use super::{
    Fleet,
    queue::{Delivery, Entry, Incident, Payload},
};
use crate::{
    Device, DeviceSettings, Questions,
    device::factory::{NO_CLOCK, TODAY},
};

/// How long a device is offline where nothing else is configured.
const OFFLINE_FOR: Duration = Duration::from_secs(10);

impl Fleet {
    /// Schedules what happens to the devices.
    pub(super) fn schedule_incidents(&mut self) {
        for number in 0..self.count() {
            let Some(behavior) = self.device(number).map(|device| device.behavior) else {
                continue;
            };
            for (at, incident) in [
                (behavior.restart, Incident::PowerLost),
                (behavior.button, Incident::ButtonHeld),
            ] {
                if let Some(at) = at {
                    self.schedule(at, number, incident);
                }
            }
        }
    }

    /// Carries out an incident.
    pub(super) fn happen(&mut self, number: u32, incident: Incident, now: Duration) {
        match incident {
            Incident::Restarted => self.restart(number, now),
            Incident::PowerLost => self.go_offline(number, now),
            Incident::ButtonHeld => self.reset_by_button(number, now),
        }
    }

    /// Whether a device restarts now and receives nothing.
    pub(super) fn is_offline(&self, device: u32, now: Duration) -> bool {
        let offline = self.memories.get(&device);
        let offline = offline.and_then(|memory| memory.offline.as_ref());
        offline.is_some_and(|offline| offline.contains(&now))
    }

    /// Takes a device offline from this time on, until it has restarted.
    pub(super) fn go_offline(&mut self, number: u32, from: Duration) {
        let Some(reboot) = self.device(number).map(|device| device.behavior.reboot) else {
            return;
        };
        let away = reboot.map_or(OFFLINE_FOR, |reboot| reboot.draw(&mut self.rng));
        let until = from.saturating_add(away);
        self.memories.entry(number).or_default().offline = Some(from..until);
        self.schedule(until, number, Incident::Restarted);
    }

    /// Completes a restart.
    fn restart(&mut self, number: u32, now: Duration) {
        let second = self.rng.random_range(10..60);
        let Some(device) = self.devices.get_mut(number as usize) else {
            return;
        };
        let memory = self.memories.entry(number).or_default();
        memory.forget_by_restart();
        memory
            .http
            .restart(now.saturating_add(device.http.boot_time));
        device.state.boot = next_boot(device.state.boot, now, second);
        if device.says_hello() {
            let hello = Arc::new(Payload::Hello);
            self.send(now, number, Delivery::Group, &hello);
        }
    }

    /// Restores a device to factory settings.
    fn reset_by_button(&mut self, number: u32, now: Duration) {
        let Some(device) = self.devices.get_mut(number as usize) else {
            return;
        };
        let before = device.settings.address;
        let after = DeviceSettings::FACTORY.address;
        device.settings = DeviceSettings::FACTORY;
        device.http.discoverable = true;
        device.http.discoverable_by_frames = true;
        forget_owner(device);
        let memory = self.memories.entry(number).or_default();
        memory.forget_by_password();
        memory.http.forget_owner();
        self.move_address(number, before, after);
        self.go_offline(number, now);
    }

    fn schedule(&mut self, due: Duration, device: u32, incident: Incident) {
        let entry = Entry {
            device,
            delivery: Delivery::Group,
            payload: Arc::new(Payload::Incident(incident)),
        };
        self.queue.push(due, entry);
    }
}

/// Forgets the password and the owner's recovery settings. A device from before
/// activation becomes active at once, with its factory password.
pub(super) fn forget_owner(device: &mut Device) {
    device.state.activated = !device.profile.knows_activation();
    device.access.reset();
    device.recovery.questions = Questions::default();
    device.recovery.mailbox = None;
    device.recovery.tries.forgive();
}

/// Returns the next boot time after `before`. The fleet starts at the beginning of its
/// first day; a device without a clock counts from 1970 at every start, and reports the
/// time after some seconds.
fn next_boot(before: DateTime, now: Duration, second: i8) -> DateTime {
    if before.year() == NO_CLOCK.year() {
        let other = if before.second() == second { 9 } else { second };
        return NO_CLOCK.with().second(other).build().unwrap_or(NO_CLOCK);
    }
    let began = before.max(TODAY.at(0, 0, 0, 0));
    let elapsed = SignedDuration::try_from(now).unwrap_or_default();
    began.checked_add(elapsed).unwrap_or(began)
}

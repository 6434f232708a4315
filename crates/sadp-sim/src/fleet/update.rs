//! How new network settings are answered, and the start after them.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, civil::DateTime};
use rand::RngExt;
use sadp_proto::seal::{
    SealError, UpdateDigest,
    device::{UpdateForm, verify_update},
};

use super::{
    Content, Fleet,
    command::{Answer, Order},
    queue::{Entry, Occasion, Way},
};
use crate::{
    Delay, Device,
    device::read_flag,
    factory::{NO_CLOCK, TODAY},
};

/// Takes new settings from who knows the password. A wrong one costs a try;
/// what cannot be read as one does not.
pub(super) fn answer(device: &mut Device, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let refused = |word, denied| {
        let answer = Answer::refused(word);
        // A client that does not say it reads them gets no counters: a guess.
        match order.fields.first("PWErrorParse") {
            Some("true") => answer.with_counters(order.types, denied),
            _ => answer,
        }
    };
    if let Some(locked) = device.access.locked(order.now) {
        return refused("locked", locked);
    }
    match proves_password(device, order) {
        Proof::Right => device.access.forgive(),
        Proof::Wrong => {
            let denied = device.access.denied(order.now);
            let locked = denied.lock_minutes > 0;
            return refused(if locked { "locked" } else { "PasswordError" }, denied);
        }
        Proof::Unreadable => return Answer::refused("failed"),
    }
    match device.settings.updated(order.fields) {
        Ok(settings) => {
            device.settings = settings;
            Answer::success().with_account()
        }
        Err(_) => Answer::refused("failed"),
    }
}

enum Proof {
    Right,
    /// Another password, or a form this device does not take: it only compares.
    Wrong,
    Unreadable,
}

fn proves_password(device: &Device, order: Order<'_>) -> Proof {
    let salt = device.says("Salt").filter(|salt| !salt.is_empty());
    let salted = order.fields.first("Password@bSalt") == Some("true");
    if salted != salt.is_some() {
        return Proof::Wrong;
    }
    let Ok(digest) = digest(device, salt.as_deref()) else {
        return Proof::Unreadable;
    };
    let encrypts = read_flag(device.says("Encrypt").as_deref()) == Some(true);
    let sealed = order.fields.first("Password").unwrap_or_default();
    match verify_update(sealed, &digest, order.uuid) {
        Ok(Some(UpdateForm::Plain)) if !encrypts => Proof::Right,
        Ok(Some(UpdateForm::Bound | UpdateForm::Unbound)) if encrypts => Proof::Right,
        Ok(_) => Proof::Wrong,
        Err(_) => Proof::Unreadable,
    }
}

fn digest(device: &Device, salt: Option<&str>) -> Result<UpdateDigest, SealError> {
    UpdateDigest::new(&device.user(), salt, &device.access.password.sealable()?)
}

impl Fleet {
    /// Whether a device starts anew just now and hears nothing.
    pub(super) fn is_asleep(&self, device: u32, now: Duration) -> bool {
        let asleep = self.memories.get(&device).and_then(|it| it.asleep.as_ref());
        asleep.is_some_and(|asleep| asleep.contains(&now))
    }

    /// Lets a device start anew once it has answered.
    pub(super) fn fall_asleep(&mut self, device: u32, answered: Duration, reboot: Delay) {
        let until = answered.saturating_add(reboot.draw(&mut self.rng));
        if let Some(memory) = self.memories.get_mut(&device) {
            memory.asleep = Some(answered..until);
            memory.forget_exchange();
        }
        self.queue.push(Entry {
            due: until,
            device,
            way: Way::Group,
            content: Content::Of(Arc::new(Occasion::Restart)),
        });
    }

    /// A device has started anew.
    pub(super) fn restart(&mut self, number: u32, now: Duration) {
        let second = self.rng.random_range(10..60);
        let Some(device) = self.devices.get_mut(number as usize) else {
            return;
        };
        device.state.boot = next_boot(device.state.boot, now, second);
        if device.conduct.hello {
            self.send(now, number, Way::Group, &Content::Hello);
        }
    }
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

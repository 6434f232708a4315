//! What is common to all commands: whom they are for, that one that arrives
//! twice is obeyed once, and how they are answered.

use std::{net::SocketAddrV4, sync::Arc, time::Duration};

use sadp_model::RawFields;
use sadp_proto::{RequestMessage, Types};

use super::{
    Content, Fleet, Heard, Recipients, cameras, inquiry::MAX_UUID, kind::Kind, queue::Occasion,
};
use crate::{
    Device, LinkAnswer,
    device::{Denied, Telling},
};

/// A command as it arrived.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) now: Duration,
    pub(super) asker: SocketAddrV4,
    pub(super) uuid: &'a str,
    pub(super) types: &'a str,
    pub(super) fields: &'a RawFields,
}

/// What a device answers to a command.
pub(super) struct Answer {
    done: bool,
    /// Whether its whole account of itself comes before.
    account: bool,
    elements: Vec<(&'static str, String)>,
}

impl Answer {
    pub(super) fn success() -> Self {
        Self {
            done: true,
            account: false,
            elements: vec![("Result", "success".into())],
        }
    }

    pub(super) fn refused(word: &str) -> Self {
        Self {
            done: false,
            account: false,
            elements: vec![("Result", word.into())],
        }
    }

    /// Adds an element.
    pub(super) fn with(mut self, name: &'static str, text: String) -> Self {
        self.elements.push((name, text));
        self
    }

    pub(super) fn with_account(mut self) -> Self {
        self.account = true;
        self
    }

    /// Tells the tries left under the name this command has for them.
    pub(super) fn with_tries(mut self, types: &str, tries: Option<u32>) -> Self {
        let name = match types {
            "update" | "ezvizUnbind" => "RetryModifyTime",
            _ => "RetryTimes",
        };
        self.elements
            .extend(tries.map(|tries| (name, tries.to_string())));
        self
    }

    pub(super) fn with_lock(mut self, minutes: Option<u32>) -> Self {
        let told = minutes.map(|minutes| ("SurplusLockTime", minutes.to_string()));
        self.elements.extend(told);
        self
    }

    pub(super) fn with_counters(self, types: &str, denied: Denied) -> Self {
        // This command has no counters.
        if types == "restoreInactive" {
            return self;
        }
        self.with_tries(types, Some(denied.tries_left))
            .with_lock(Some(denied.lock_minutes))
    }
}

impl Fleet {
    /// Lets the devices of the MAC obey.
    pub(super) fn answer_command(
        &mut self,
        now: Duration,
        request: &RequestMessage,
        asker: SocketAddrV4,
        recipients: Recipients,
    ) -> Heard {
        let uuid = request.fields.first("Uuid").unwrap_or_default();
        let Types::Other(types) = &request.header.types else {
            return Heard::Unsupported;
        };
        if uuid.is_empty() || uuid.len() > MAX_UUID || types.len() > MAX_UUID {
            return Heard::Unsupported;
        }
        let order = Order {
            now,
            asker,
            uuid,
            types,
            fields: &request.fields,
        };
        let addressed: Vec<u32> = recipients
            .numbers(self.count())
            .filter(|&number| {
                self.device(number).is_some_and(|device| {
                    device.conduct.link != LinkAnswer::Only
                        && Some(device.identity.mac) == request.header.mac
                })
            })
            .collect();
        if addressed.is_empty() {
            return Heard::NobodyThere;
        }
        let knowing: Vec<u32> = addressed
            .into_iter()
            .filter(|&number| self.device(number).is_some_and(|it| knows(it, types)))
            .collect();
        // At worst the command arrives twice, and is answered both ways, twice each.
        if self.queue.room() < knowing.len().saturating_mul(8) {
            return Heard::Full;
        }
        for &number in &knowing {
            self.deliver(number, order);
        }
        match u32::try_from(knowing.len()) {
            Ok(0) => Heard::Unsupported,
            Ok(devices) => Heard::Command { devices },
            Err(_) => Heard::Full,
        }
    }

    /// Brings a command to a device, subject to the faults on its way.
    fn deliver(&mut self, number: u32, order: Order<'_>) {
        let Some(faults) = self.device(number).map(|device| device.conduct.faults) else {
            return;
        };
        let copies = faults.copies(&mut self.rng);
        self.stats.lost += u64::from(copies == 0);
        for _ in 0..copies {
            if !self.is_asleep(number, order.now) {
                self.receive(number, order);
            }
        }
    }

    fn receive(&mut self, number: u32, order: Order<'_>) {
        let remembered = self
            .memories
            .get_mut(&number)
            .and_then(|memory| memory.recall(order.uuid, order.types));
        let again = remembered.is_some();
        let before = self.device(number).map(|device| device.settings);
        let Some(reply) = remembered.or_else(|| self.obey(number, order)) else {
            return;
        };
        let Some(device) = self.devices.get(number as usize) else {
            return;
        };
        let (conduct, settings) = (device.conduct, device.settings);
        let delay = device.delay_of(order.types);
        let due = order.now.saturating_add(delay.draw(&mut self.rng));
        self.send_answer(due, number, order.asker, &Content::Of(reply));
        if again {
            self.stats.executions.repeated += 1;
            return;
        }
        let Some(before) = before.filter(|before| *before != settings) else {
            return;
        };
        self.move_address(number, before.address, settings.address);
        if conduct.reboot.is_some() {
            self.fall_asleep(number, due);
        }
    }

    /// Lets a device do what a command says. Returns its answer, `None` where
    /// it has none.
    fn obey(&mut self, number: u32, order: Order<'_>) -> Option<Arc<Occasion>> {
        let device = self.devices.get_mut(number as usize)?;
        let memory = self.memories.entry(number).or_default();
        let kind = Kind::of(order.types).filter(|kind| kind.is_known_to(device));
        let former = cameras::former_password(device, order);
        let answer = if let Some(refuse) = device.refusal(order.types) {
            Answer::refused(&refuse.word)
                .with_tries(order.types, refuse.retry_times)
                .with_lock(refuse.lock_minutes)
        } else {
            kind?.answer(device, memory, order, &mut self.rng)
        };
        for executions in [&mut memory.executions, &mut self.stats.executions] {
            match kind.filter(|_| answer.done) {
                Some(kind) => *kind.counter(executions) += 1,
                None => executions.refused += 1,
            }
        }
        let telling = Telling::Reply {
            uuid: order.uuid,
            types: order.types,
            account: answer.account,
        };
        let reply = device.reply(telling, &answer.elements);
        let reply = Arc::new(Occasion::Answered(reply));
        memory.keep_answer(order.uuid, order.types, Arc::clone(&reply));
        if answer.done
            && kind.is_some_and(Kind::replaces_password)
            && let Some(former) = former
        {
            self.pass_password_on(number, &former, order);
        }
        Some(reply)
    }
}

fn knows(device: &Device, types: &str) -> bool {
    device.refusal(types).is_some() || Kind::of(types).is_some_and(|kind| kind.is_known_to(device))
}

//! Commands: delivery to the devices they address, one execution for a command that
//! arrives twice, and the response.

use std::{net::SocketAddrV4, sync::Arc, time::Duration};

use sadp_model::RawFields;
use sadp_proto::{RequestMessage, Types};

use super::{
    Fleet, Handled, Recipients, cameras, execution::Execution, inquiry::MAX_UUID,
    kind::CommandKind, queue::Payload,
};
use crate::{
    Device,
    device::{Denied, SelfReport},
};

/// A received command.
#[derive(Clone, Copy)]
pub(super) struct CommandRequest<'a> {
    pub(super) now: Duration,
    pub(super) asker: SocketAddrV4,
    pub(super) uuid: &'a str,
    pub(super) types: &'a str,
    pub(super) fields: &'a RawFields,
}

/// A device's response to a command.
pub(super) struct Response {
    done: bool,
    /// Whether the device's full report comes first.
    with_report: bool,
    elements: Vec<(&'static str, String)>,
}

impl Response {
    pub(super) fn success() -> Self {
        Self {
            done: true,
            ..Self::refused("success")
        }
    }

    pub(super) fn failed() -> Self {
        Self::refused("failed")
    }

    pub(super) fn refused(word: &str) -> Self {
        Self {
            done: false,
            with_report: false,
            elements: vec![("Result", word.into())],
        }
    }

    /// Adds an element.
    pub(super) fn with(mut self, name: &'static str, text: String) -> Self {
        self.elements.push((name, text));
        self
    }

    pub(super) fn with_report(mut self) -> Self {
        self.with_report = true;
        self
    }

    /// Adds the tries left, under this command's name for them.
    fn with_tries(mut self, types: &str, tries: Option<u32>) -> Self {
        let name = match types {
            "update" | "ezvizUnbind" => "RetryModifyTime",
            _ => "RetryTimes",
        };
        self.elements
            .extend(tries.map(|tries| (name, tries.to_string())));
        self
    }

    fn with_lock(mut self, minutes: Option<u32>) -> Self {
        self.elements
            .extend(minutes.map(|minutes| ("SurplusLockTime", minutes.to_string())));
        self
    }

    pub(super) fn with_counters(self, request: CommandRequest<'_>, denied: Denied) -> Self {
        let has_counters = match request.types {
            "restoreInactive" => false,
            // A client that does not report that it reads counters gets none: a guess.
            "update" => request.fields.first("PWErrorParse") == Some("true"),
            _ => true,
        };
        if !has_counters {
            return self;
        }
        self.with_tries(request.types, Some(denied.tries_left))
            .with_lock(Some(denied.lock_minutes))
    }
}

impl Fleet {
    /// Delivers a command to the devices with its MAC.
    pub(super) fn answer_command(
        &mut self,
        now: Duration,
        request: &RequestMessage,
        asker: SocketAddrV4,
        recipients: Recipients,
    ) -> Handled {
        let uuid = request.fields.first("Uuid").unwrap_or_default();
        let Types::Other(types) = &request.header.types else {
            return Handled::Unsupported;
        };
        if uuid.is_empty() || uuid.len() > MAX_UUID || types.len() > MAX_UUID {
            return Handled::Unsupported;
        }
        let command = CommandRequest {
            now,
            asker,
            uuid,
            types,
            fields: &request.fields,
        };
        let mut numbers: Vec<u32> = recipients
            .numbers(self.count())
            .filter(|&number| {
                self.device(number).is_some_and(|device| {
                    device.speaks_udp() && Some(device.identity.mac) == request.header.mac
                })
            })
            .collect();
        if numbers.is_empty() {
            return Handled::NobodyThere;
        }
        numbers.retain(|&number| self.device(number).is_some_and(|it| knows(it, types)));
        // At worst the command arrives twice, and is answered both ways, twice each.
        if self.queue.room() < numbers.len().saturating_mul(8) {
            return Handled::Full;
        }
        for &number in &numbers {
            self.deliver(number, command);
        }
        match u32::try_from(numbers.len()) {
            Ok(0) => Handled::Unsupported,
            Ok(devices) => Handled::Command { devices },
            Err(_) => Handled::Full,
        }
    }

    /// Delivers a command to a device, subject to network faults.
    fn deliver(&mut self, number: u32, request: CommandRequest<'_>) {
        let Some(faults) = self.device(number).map(|device| device.behavior.faults) else {
            return;
        };
        for _ in 0..faults.copies(&mut self.rng) {
            if !self.is_offline(number, request.now) {
                self.receive(number, request);
            }
        }
    }

    fn receive(&mut self, number: u32, request: CommandRequest<'_>) {
        let obeys_copies = self
            .device(number)
            .is_some_and(|it| it.quirks.obeys_copies.contains(request.types));
        let remembered = self
            .memories
            .get_mut(&number)
            .filter(|_| !obeys_copies)
            .and_then(|memory| memory.recall(request.uuid, request.types));
        let again = remembered.is_some();
        let before = self.device(number).map(|device| device.settings);
        let Some(reply) = remembered.or_else(|| self.execute(number, request)) else {
            return;
        };
        let Some(device) = self.devices.get(number as usize) else {
            return;
        };
        let (behavior, settings) = (device.behavior, device.settings);
        let delay = device.delay_of(request.types);
        let due = request.now.saturating_add(delay.draw(&mut self.rng));
        self.send_answer(due, number, request.asker, &reply);
        if again {
            self.stats.executions.repeated += 1;
            return;
        }
        let Some(before) = before.filter(|before| *before != settings) else {
            return;
        };
        self.move_address(number, before.address, settings.address);
        if behavior.reboot.is_some() {
            self.go_offline(number, due);
        }
    }

    /// Lets a device carry out a command. Returns its reply, `None` where it has none.
    fn execute(&mut self, number: u32, request: CommandRequest<'_>) -> Option<Arc<Payload>> {
        let device = self.devices.get_mut(number as usize)?;
        let memory = self.memories.entry(number).or_default();
        let kind = CommandKind::of(request.types).filter(|kind| kind.is_known_to(device));
        let former = cameras::former_password(device, request);
        let response = if let Some(refuse) = device.quirks.refusals.get(request.types) {
            Response::refused(&refuse.word)
                .with_tries(request.types, refuse.retry_times)
                .with_lock(refuse.lock_minutes)
        } else {
            kind?.run(&mut Execution {
                device: &mut *device,
                memory: &mut *memory,
                request,
                rng: &mut self.rng,
            })
        };
        for executions in [&mut memory.executions, &mut self.stats.executions] {
            match kind.filter(|_| response.done) {
                Some(kind) => *(kind.counter)(executions) += 1,
                None => executions.refused += 1,
            }
        }
        let report = SelfReport {
            uuid: Some(request.uuid),
            types: request.types,
            full: response.with_report,
        };
        let reply = device.reply(report, &response.elements);
        let reply = Arc::new(Payload::Reply(reply));
        memory.keep_answer(request.uuid, request.types, Arc::clone(&reply));
        if response.done
            && kind.is_some_and(|kind| kind.replaces_password)
            && let Some(former) = former
        {
            self.pass_password_on(number, &former, request);
        }
        Some(reply)
    }
}

fn knows(device: &Device, types: &str) -> bool {
    device.quirks.refusals.contains_key(types)
        || CommandKind::of(types).is_some_and(|kind| kind.is_known_to(device))
}

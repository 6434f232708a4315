//! One command to one device, and how long its silence lasts.

use std::{ops::RangeInclusive, time::Duration};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::Exchange;

use super::Job;
use crate::DeviceRoute;

/// The limits of how long a device is waited for before it is looked at: four times its
/// response time.
const LOOK_AFTER: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(2);

/// The longest time until a look, for a device that was sent its command several times
/// and is known to reply sooner.
const LONGEST_PATIENCE: Duration = Duration::from_secs(1);

/// How long after its command a conversation counts as running, unless the device is
/// looked at sooner.
const RUNNING_FOR: Duration = Duration::from_secs(1);

/// How long a device is silent until the network may be gone.
const SILENT_FOR: Duration = Duration::from_secs(3);

/// One command on its way to one device.
pub(super) struct Conversation {
    pub(super) number: usize,
    pub(super) exchange: Exchange<UnwrapErr<SysRng>>,
    pub(super) route: DeviceRoute,
    pub(super) proves: usize,
    began: Duration,
    /// When its command was sent last. `None` until then, and after a restart.
    pub(super) sent: Option<Duration>,
    pub(super) sends: u32,
    /// How long it is silent before the device is looked at.
    pub(super) patience: Duration,
    /// Whether the protocol repeats its command by itself.
    pub(super) repeatable: bool,
    /// Whether a look may settle it.
    looked_at: bool,
    pub(super) carried_out: bool,
    /// When its result was known, where a look is still to confirm it.
    pub(super) unconfirmed: Option<Duration>,
}

impl Conversation {
    /// `looks` is whether looks settle what became of a command.
    pub(super) fn new(number: usize, job: Job, now: Duration, looks: bool) -> Self {
        let repeatable = job.command.spec().repeatable;
        let response_time = job.target.response_time.unwrap_or(*LOOK_AFTER.end());
        let patience = response_time.saturating_mul(4);
        Self {
            number,
            repeatable,
            looked_at: looks && !repeatable,
            exchange: Exchange::new(job.target, job.command, UnwrapErr(SysRng)),
            route: job.route,
            proves: job.proves,
            began: now,
            sent: None,
            sends: 0,
            patience: patience.clamp(*LOOK_AFTER.start(), *LOOK_AFTER.end()),
            carried_out: false,
            unconfirmed: None,
        }
    }

    /// From when on a report settles it.
    pub(super) fn look_at(&self) -> Option<Duration> {
        let waits = self.looked_at && !self.exchange.is_settling();
        Some(self.sent.filter(|_| waits)?.saturating_add(self.patience))
    }

    /// Until when it keeps others from beginning. `None` before its command is sent.
    pub(super) fn runs_until(&self) -> Option<Duration> {
        let running = Some(self.patience).filter(|_| self.looked_at);
        let running = running.map_or(RUNNING_FOR, |it| it.min(RUNNING_FOR));
        Some(self.sent?.saturating_add(running))
    }

    /// Sends its command again, and is more patient then: a slow device may carry out
    /// the first one yet.
    pub(super) fn restart(&mut self) {
        self.exchange.restart();
        self.sent = None;
        let longer = self.patience.saturating_mul(2).min(LONGEST_PATIENCE);
        self.patience = self.patience.max(longer);
    }

    /// Whether the device gave no sign of life for long.
    pub(super) fn is_silent(&self, now: Duration, last_received: Duration) -> bool {
        let since = self.sent.unwrap_or(self.began);
        last_received <= since && now >= since.saturating_add(SILENT_FOR)
    }
}

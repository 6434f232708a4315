//! When a question is asked again, and what a late answer to it says.
//!
//! Each question has a UUID of its own, and a key exchange a key of its own: a
//! device that hears the same one twice may answer it twice with different
//! keys, which is what a forger looks like. Where the device makes something
//! new for each question, only the answer to the latest counts: the device
//! forgets what it made before. A command sealed with the key of an earlier
//! exchange would be refused, and might cost a try; an earlier request to the
//! vendor is void. Whether the latest question reached the device cannot be
//! told, so an answer to an earlier one is not taken in its place.
//!
//! It tells another thing: that the device is there, and slow. From then on
//! nothing is asked before it had its time. So the first waits can be short, for
//! a datagram that was lost, and no device is asked over and over for what it
//! is about to answer.

use std::time::Duration;

use uuid::Uuid;

/// How long an answer is waited for before asking again.
pub(super) const WAIT: Duration = Duration::from_millis(1_200);

/// How often it is asked: with one datagram in ten lost each way, all but one
/// in 20,000 arrive.
pub(super) const TRIES: u32 = 6;

/// How long a device has for its answer, as with the vendor's client: from the
/// first question where nothing is heard, and from every late answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often at least a device is asked that is known to be slow: some hear
/// nothing while they make an answer.
const TRIES_WHEN_SLOW: u32 = 2;

/// A question that may be asked again.
#[derive(Debug)]
pub(super) struct Asking {
    began: Duration,
    left: u32,
    slow: bool,
    /// Asked before the latest, and not answered so far.
    earlier: Vec<Uuid>,
}

impl Asking {
    /// A question that is to be asked now for the first time.
    pub(super) const fn new(now: Duration) -> Self {
        Self {
            began: now,
            left: TRIES,
            slow: false,
            earlier: Vec::new(),
        }
    }

    /// Counts that it is asked now. Returns until when its answer is waited for.
    pub(super) fn ask(&mut self, now: Duration) -> Duration {
        self.left = self.left.saturating_sub(1);
        let soon = now.saturating_add(WAIT);
        if self.slow {
            now.saturating_add(PATIENCE)
        } else if self.left > 0 {
            soon
        } else {
            soon.max(self.began.saturating_add(PATIENCE))
        }
    }

    /// Gives up waiting for the answer to the latest question, and tells whether
    /// it may be asked again.
    pub(super) fn pass(&mut self, latest: Uuid) -> bool {
        self.earlier.push(latest);
        self.left > 0
    }

    /// Whether this was asked before the latest and not answered so far.
    pub(super) fn is_earlier(&self, uuid: Uuid) -> bool {
        self.earlier.contains(&uuid)
    }

    /// Takes in that an earlier question was answered: the device is slow. Each
    /// counts once. Returns until when the latest is waited for now.
    pub(super) fn hear_late(&mut self, uuid: Uuid, now: Duration) -> Option<Duration> {
        let place = self.earlier.iter().position(|earlier| *earlier == uuid)?;
        self.earlier.swap_remove(place);
        if !self.slow {
            self.slow = true;
            self.left = self.left.max(TRIES_WHEN_SLOW);
        }
        Some(now.saturating_add(PATIENCE))
    }
}

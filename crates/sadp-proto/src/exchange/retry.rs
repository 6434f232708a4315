//! Decides when a request is repeated, and what a late reply to it means.
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

/// How long an answer is waited for before retry again.
pub(super) const WAIT: Duration = Duration::from_millis(1_200);

/// The most requests: with one datagram in ten lost each way, all but one in
/// 20,000 get a reply.
pub(super) const TRIES: u32 = 6;

/// How long a device has for its reply, as with the vendor's client: from the
/// first request where no reply comes, and from every late reply.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The least number of requests to a device that is known to be slow: some
/// receive nothing while they prepare a reply.
const TRIES_WHEN_SLOW: u32 = 2;

/// Times the repetition of a request.
#[derive(Debug)]
pub(super) struct RetryTimer {
    began: Duration,
    left: u32,
    slow: bool,
    /// Sent before the latest, and not answered so far.
    earlier: Vec<Uuid>,
}

impl RetryTimer {
    /// A request that is sent now for the first time.
    pub(super) const fn new(now: Duration) -> Self {
        Self {
            began: now,
            left: TRIES,
            slow: false,
            earlier: Vec::new(),
        }
    }

    /// Counts a request sent now. Returns until when its reply is awaited.
    pub(super) fn ask(&mut self, now: Duration) -> Duration {
        self.left = self.left.saturating_sub(1);
        let soon = now.saturating_add(WAIT);
        if self.slow {
            now.saturating_add(RESPONSE_TIMEOUT)
        } else if self.left > 0 {
            soon
        } else {
            soon.max(self.began.saturating_add(RESPONSE_TIMEOUT))
        }
    }

    /// Ends the wait for the reply to the latest request. Returns whether it may be
    /// repeated.
    pub(super) fn pass(&mut self, latest: Uuid) -> bool {
        self.earlier.push(latest);
        self.left > 0
    }

    /// Whether this request was sent before the latest and not answered so far.
    pub(super) fn is_earlier(&self, uuid: Uuid) -> bool {
        self.earlier.contains(&uuid)
    }

    /// Records a reply to an earlier request: the device is slow. Each counts once.
    /// Returns until when the reply to the latest is awaited now.
    pub(super) fn hear_late(&mut self, uuid: Uuid, now: Duration) -> Option<Duration> {
        let place = self.earlier.iter().position(|earlier| *earlier == uuid)?;
        self.earlier.swap_remove(place);
        if !self.slow {
            self.slow = true;
            self.left = self.left.max(TRIES_WHEN_SLOW);
        }
        Some(now.saturating_add(RESPONSE_TIMEOUT))
    }
}

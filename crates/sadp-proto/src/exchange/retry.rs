//! Decides when to repeat a request, and what a late reply to it means.
//!
//! Each request has its own UUID, and each key exchange its own key: a device that
//! receives one request twice may answer with two keys, which looks like a forgery.
//! If the device makes something new for each request, only the reply to the latest
//! one counts, because the device forgets the earlier ones: a command sealed with
//! an earlier key would be refused and might cost a try, and an earlier request to
//! the vendor is void. It is unknown whether the latest request arrived, so the
//! reply to an earlier one never replaces it.
//!
//! A late reply shows that the device is online and slow. From then on it gets the
//! full timeout. So the first timeouts can be short, for lost datagrams, and a slow
//! device does not get more and more requests.

use std::{ops::RangeInclusive, time::Duration};

use uuid::Uuid;

/// The limits of the first timeout: four times the device's own response time, and
/// the longest where that is unknown. Every second timeout is twice as long as the one
/// before, up to the longest.
const WAIT: RangeInclusive<Duration> = Duration::from_millis(300)..=Duration::from_millis(1_200);

/// The most requests, as many as the longest timeouts allow: with a fifth of the
/// datagrams lost each way, all but one in 3,500 get a reply.
pub(super) const TRIES: u32 = 8;

/// The same where the first timeouts are short: all but one in 27,000.
const TRIES_WHEN_FAST: u32 = 10;

/// The timeout of the vendor's client: from the first request without a reply, and
/// from every late reply.
pub(super) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The fewest requests to a slow device: some receive nothing while they prepare a
/// reply.
const TRIES_WHEN_SLOW: u32 = 2;

/// Times the repetition of a request.
#[derive(Debug)]
pub(super) struct RetryTimer {
    began: Duration,
    /// The timeout of the next request.
    wait: Duration,
    left: u32,
    slow: bool,
    /// Requests before the latest without a reply.
    earlier: Vec<Uuid>,
}

impl RetryTimer {
    /// Starts with a first request that is sent now, to a device with this response
    /// time.
    pub(super) fn new(now: Duration, response_time: Option<Duration>) -> Self {
        let wait = response_time.map_or(*WAIT.end(), |it| it.saturating_mul(4));
        let is_fast = wait <= *WAIT.start();
        Self {
            began: now,
            wait: wait.clamp(*WAIT.start(), *WAIT.end()),
            left: if is_fast { TRIES_WHEN_FAST } else { TRIES },
            slow: false,
            earlier: Vec::new(),
        }
    }

    /// Counts a request sent now. Returns when its timeout ends.
    pub(super) fn count_sent(&mut self, now: Duration) -> Duration {
        self.left = self.left.saturating_sub(1);
        let soon = now.saturating_add(self.wait);
        let sent = TRIES_WHEN_FAST.saturating_sub(self.left);
        if sent.is_multiple_of(2) {
            self.wait = self.wait.saturating_mul(2).min(*WAIT.end());
        }
        if self.slow {
            now.saturating_add(RESPONSE_TIMEOUT)
        } else if self.left > 0 {
            soon
        } else {
            soon.max(self.began.saturating_add(RESPONSE_TIMEOUT))
        }
    }

    /// Ends the timeout of the latest request. Returns whether it may be repeated.
    pub(super) fn end_wait(&mut self, latest: Uuid) -> bool {
        self.earlier.push(latest);
        self.left > 0
    }

    /// Records a reply to an earlier request: the device is slow. Each counts once.
    /// Returns when the timeout of the latest request ends now.
    pub(super) fn record_late(&mut self, uuid: Uuid, now: Duration) -> Option<Duration> {
        let place = self.earlier.iter().position(|earlier| *earlier == uuid)?;
        self.earlier.swap_remove(place);
        if !self.slow {
            self.slow = true;
            self.left = self.left.max(TRIES_WHEN_SLOW);
        }
        Some(now.saturating_add(RESPONSE_TIMEOUT))
    }
}

//! When devices that do not reply to their command are looked at.

use std::time::Duration;

use sadp_proto::Inquiry;
use uuid::Uuid;

/// The least time between two inquiries.
const EVERY: Duration = Duration::from_millis(300);

/// The least time between two inquiries for each device that replied to the first, so
/// that a large site sends no more than 2,000 replies a second.
const TIME_PER_DEVICE: Duration = Duration::from_micros(500);

/// How long the report to an inquiry still counts.
const MEMORY: Duration = Duration::from_secs(5);

/// So many inquiries without any reply, in so long a time: the network is gone.
const UNANSWERED: (u32, Duration) = (4, Duration::from_secs(2));

/// The inquiries of a batch, and what was received at all.
#[derive(Debug, Default)]
pub(super) struct Looks {
    sent: Vec<(Uuid, Duration)>,
    /// Reports since the latest inquiry.
    reports: u32,
    /// Inquiries since anything was received.
    unanswered: u32,
    /// When anything was received last.
    pub(super) last_received: Duration,
}

impl Looks {
    /// When the next inquiry may be sent.
    pub(super) fn next(&self) -> Duration {
        let every = EVERY.max(TIME_PER_DEVICE.saturating_mul(self.reports));
        let latest = self.sent.last();
        latest.map_or(Duration::ZERO, |(_, at)| at.saturating_add(every))
    }

    /// The next inquiry, which is sent now.
    pub(super) fn inquire(&mut self, now: Duration) -> Vec<u8> {
        let uuid = Uuid::new_v4();
        self.sent.retain(|(_, at)| at.saturating_add(MEMORY) > now);
        self.sent.push((uuid, now));
        self.reports = 0;
        self.unanswered = self.unanswered.saturating_add(1);
        Inquiry { uuid }.encode()
    }

    /// Counts anything that a device sent.
    pub(super) fn note_received(&mut self, now: Duration) {
        self.unanswered = 0;
        self.last_received = now;
    }

    /// Counts a report. Returns when the inquiry that it answers was sent.
    pub(super) fn note_report(&mut self, uuid: Option<Uuid>) -> Option<Duration> {
        let (_, at) = self.sent.iter().find(|(sent, _)| Some(*sent) == uuid)?;
        self.reports = self.reports.saturating_add(1);
        Some(*at)
    }

    /// Whether inquiries have no reply at all.
    pub(super) fn is_network_gone(&self, now: Duration) -> bool {
        let (inquiries, time) = UNANSWERED;
        self.unanswered >= inquiries && now >= self.last_received.saturating_add(time)
    }
}

//! Replies to inquiries.

use std::{net::SocketAddrV4, sync::Arc, time::Duration};

use sadp_proto::RequestMessage;

use super::{Fleet, Handled, Recipients, queue::Payload};
use crate::Device;

/// The longest UUID text that devices repeat. A valid one has 36 characters; devices
/// repeat other texts as well, but thousands of them must not make a flood of a long
/// one.
pub(super) const MAX_UUID: usize = 64;

impl Fleet {
    /// Schedules the replies of all devices that receive the inquiry. The replies are
    /// made when they are sent: waiting entries are small.
    pub(super) fn answer_inquiry(
        &mut self,
        now: Duration,
        request: &RequestMessage,
        asker: SocketAddrV4,
        recipients: Recipients,
    ) -> Handled {
        let uuid = request.fields.first("Uuid").unwrap_or_default();
        if uuid.len() > MAX_UUID {
            return Handled::Unsupported;
        }
        let numbers = recipients.numbers(self.count());
        // At worst each device answers both ways, twice each.
        if self.queue.room() < numbers.len().saturating_mul(4) {
            return Handled::Full;
        }
        let devices = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let inquiry = Arc::new(Payload::Inquiry(uuid.into()));
        for number in numbers {
            if self.device(number).is_some_and(Device::speaks_udp)
                && let Some(due) = self.answer_due(number, now)
            {
                self.send_answer(due, number, asker, &inquiry);
            }
        }
        Handled::Inquiry { devices }
    }

    /// When a device answers an inquiry that arrives now. `None` where it does not receive
    /// it.
    pub(super) fn answer_due(&mut self, number: u32, now: Duration) -> Option<Duration> {
        let behavior = self.device(number)?.behavior;
        if self.is_offline(number, now) || behavior.faults.loss.draw(&mut self.rng) {
            return None;
        }
        Some(now.saturating_add(behavior.delay.draw(&mut self.rng)))
    }
}

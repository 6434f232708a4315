//! How an inquiry is answered.

use std::{net::SocketAddrV4, sync::Arc, time::Duration};

use sadp_proto::RequestMessage;

use super::{Content, Fleet, Heard, Recipients, queue::Occasion};
use crate::LinkAnswer;

/// The longest UUID text that is repeated. A proper one has 36 characters;
/// devices repeat other texts as well, but thousands of devices must not make
/// a flood of a long one.
pub(super) const MAX_UUID: usize = 64;

/// What one inquiry's answers have in common.
#[derive(Debug)]
pub(super) struct Inquired {
    /// As the asker spelt it.
    pub(super) uuid: Box<str>,
}

impl Fleet {
    /// Lets every device that hears the inquiry answer in its own time. The
    /// answers are made when they are sent: what waits is small.
    pub(super) fn answer_inquiry(
        &mut self,
        now: Duration,
        request: &RequestMessage,
        asker: SocketAddrV4,
        recipients: Recipients,
    ) -> Heard {
        let uuid = request.fields.first("Uuid").unwrap_or_default();
        if uuid.len() > MAX_UUID {
            return Heard::Unsupported;
        }
        let numbers = recipients.numbers(self.count());
        // At worst each device answers both ways, twice each.
        if self.queue.room() < numbers.len().saturating_mul(4) {
            return Heard::Full;
        }
        let devices = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let inquired = Arc::new(Occasion::Inquired(Inquired { uuid: uuid.into() }));
        for number in numbers {
            self.answer_inquiry_as(number, now, asker, &inquired);
        }
        Heard::Inquiry { devices }
    }

    fn answer_inquiry_as(
        &mut self,
        number: u32,
        now: Duration,
        asker: SocketAddrV4,
        inquired: &Arc<Occasion>,
    ) {
        let Some(conduct) = self.device(number).map(|device| device.conduct) else {
            return;
        };
        if conduct.link == LinkAnswer::Only || self.is_asleep(number, now) {
            return;
        }
        if conduct.faults.loss.draw(&mut self.rng) {
            self.stats.lost += 1;
            return;
        }
        let due = now.saturating_add(conduct.delay.draw(&mut self.rng));
        let content = Content::Of(Arc::clone(inquired));
        self.send_answer(due, number, asker, &content);
    }
}

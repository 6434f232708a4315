//! Inquiries by raw Ethernet frames.

use std::{sync::Arc, time::Duration};

use sadp_proto::frame::{Frame, Operation};

use super::{
    Fleet, Handled,
    limits::RequestScope,
    queue::{Delivery, Payload},
};
use crate::Device;

impl Fleet {
    /// Handles an Ethernet frame. Returns what was done with it.
    pub fn handle_frame(&mut self, now: Duration, frame: &[u8]) -> Handled {
        let heard = self.receive_frame(now, frame);
        self.stats.count(heard);
        heard
    }

    fn receive_frame(&mut self, now: Duration, frame: &[u8]) -> Handled {
        let inquiry = match Frame::parse(frame) {
            Ok(frame) if frame.operation == Operation::INQUIRY => frame,
            Ok(frame) if frame.device().is_none() => return Handled::Unsupported,
            Ok(_) | Err(_) => return Handled::NoRequest,
        };
        if !self
            .askers
            .admit(now, inquiry.sender.ipv4, RequestScope::Frames)
        {
            return Handled::TooOften;
        }
        let mut numbers: Vec<u32> = (0..self.count()).collect();
        numbers.retain(|&number| self.device(number).is_some_and(Device::speaks_frames));
        // At worst each device answers twice.
        if self.queue.room() < numbers.len().saturating_mul(2) {
            return Handled::Full;
        }
        let payload = Arc::new(Payload::FrameInquiry(inquiry));
        for &number in &numbers {
            if let Some(due) = self.answer_due(number, now) {
                self.send(due, number, Delivery::Frame, &payload);
            }
        }
        let devices = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        Handled::Inquiry { devices }
    }
}

//! The queue of what to send, earliest first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    net::SocketAddrV4,
    sync::Arc,
    time::Duration,
};

use sadp_proto::frame::Frame;

/// Something that a device will send. Small, because hundreds of thousands may wait:
/// its bytes are made when it is sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) due: Duration,
    /// The device's index in the fleet.
    pub(super) device: u32,
    pub(super) delivery: Delivery,
    /// Shared by all devices that send it.
    pub(super) payload: Arc<Payload>,
}

/// The destination of a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delivery {
    Group,
    Direct(SocketAddrV4),
}

/// The reason for a datagram, and what it is made from.
#[derive(Debug)]
pub(super) enum Payload {
    /// An announcement.
    Hello,
    /// The UUID of an inquiry, as the sender wrote it.
    Inquiry(Box<str>),
    /// An inquiry by a raw frame.
    FrameInquiry(Frame),
    /// The reply to a command, made when it was executed.
    Reply(Vec<u8>),
    /// Nothing is sent: something happens to the device.
    Incident(Incident),
}

/// Something that happens to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incident {
    /// It has restarted.
    Restarted,
    /// It loses power for a while.
    PowerLost,
    /// Somebody holds its reset button.
    ButtonHeld,
}

/// Entries by due time; entries with the same time in order of insertion.
#[derive(Debug)]
pub(super) struct Queue {
    entries: BinaryHeap<Reverse<Numbered>>,
    pushed: u64,
    limit: usize,
}

impl Queue {
    /// Makes a queue with room for `limit` entries.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: BinaryHeap::new(),
            pushed: 0,
            limit,
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        let number = self.pushed;
        self.pushed += 1;
        self.entries.push(Reverse(Numbered { number, entry }));
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.entries.peek().map(|Reverse(next)| next.entry.due)
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.entries.pop().map(|Reverse(next)| next.entry)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of entries that still fit.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.entries.len())
    }
}

#[derive(Debug)]
struct Numbered {
    number: u64,
    entry: Entry,
}

impl Numbered {
    const fn key(&self) -> (Duration, u64) {
        (self.entry.due, self.number)
    }
}

impl PartialEq for Numbered {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Numbered {}

impl PartialOrd for Numbered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Numbered {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_then_in_order() {
        let mut queue = Queue::new(10);
        for (due, device) in [(5, 0), (1, 1), (5, 2), (1, 3), (0, 4)] {
            let due = Duration::from_millis(due);
            queue.push(Entry {
                due,
                device,
                delivery: Delivery::Group,
                payload: Arc::new(Payload::Hello),
            });
        }
        assert_eq!(queue.room(), 5);
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop())
            .map(|entry| entry.device)
            .collect();
        assert_eq!(order, [4, 1, 3, 0, 2]);
    }

    #[test]
    fn what_waits_is_small() {
        assert!(size_of::<Numbered>() <= 48, "{}", size_of::<Numbered>());
    }
}

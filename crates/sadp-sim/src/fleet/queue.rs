//! What waits to be sent, earliest first.

use std::{collections::BTreeMap, net::SocketAddrV4, sync::Arc, time::Duration};

use sadp_proto::frame::Frame;

/// Something that a device will send. Small, because hundreds of thousands may wait:
/// its bytes are made when it is sent.
#[derive(Debug)]
pub(super) struct Entry {
    /// The device's index in the fleet.
    pub(super) device: u32,
    pub(super) delivery: Delivery,
    /// Shared by all devices that send it.
    pub(super) payload: Arc<Payload>,
}

/// How a device sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delivery {
    Group,
    Direct(SocketAddrV4),
    /// By a raw frame.
    Frame,
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
pub(crate) struct Queue<T> {
    entries: BTreeMap<(Duration, u64), T>,
    pushed: u64,
    limit: usize,
}

impl<T> Queue<T> {
    /// Makes a queue with room for `limit` entries.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            pushed: 0,
            limit,
        }
    }

    pub(crate) fn push(&mut self, due: Duration, entry: T) {
        self.entries.insert((due, self.pushed), entry);
        self.pushed += 1;
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.entries.keys().next().map(|&(due, _)| due)
    }

    /// Takes the first entry, with its time.
    pub(crate) fn pop(&mut self) -> Option<(Duration, T)> {
        let ((due, _), entry) = self.entries.pop_first()?;
        Some((due, entry))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of entries that still fit.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_by_time_then_in_order() {
        let mut queue = Queue::new(10);
        for (due, entry) in [(5, 0), (1, 1), (5, 2), (1, 3), (0, 4)] {
            queue.push(Duration::from_millis(due), entry);
        }
        assert_eq!(queue.room(), 5);
        let order = std::iter::from_fn(|| queue.pop()).map(|(_, entry)| entry);
        assert_eq!(order.collect::<Vec<u32>>(), [4, 1, 3, 0, 2]);
    }

    #[test]
    fn what_waits_is_small() {
        let size = size_of::<((Duration, u64), Entry)>();
        assert!(size <= 48, "{size}");
    }
}

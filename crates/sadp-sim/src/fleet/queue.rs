//! What waits to be sent, earliest first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    net::SocketAddrV4,
    sync::Arc,
    time::Duration,
};

use sadp_proto::frame::Frame;

use super::inquiry::Inquired;

/// Something a device will send. Small, because hundreds of thousands may
/// wait: its bytes are made when it is sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) due: Duration,
    /// The device's place in the fleet.
    pub(super) device: u32,
    pub(super) way: Way,
    pub(super) content: Content,
}

/// Where a datagram goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Group,
    Direct(SocketAddrV4),
}

/// What a datagram says.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Hello,
    /// Shared by those who say it.
    Of(Arc<Occasion>),
}

/// What a datagram is sent for.
#[derive(Debug)]
pub(super) enum Occasion {
    Inquired(Inquired),
    /// An inquiry by a bare frame.
    Framed(Frame),
    /// The answer to a command, made when it was obeyed.
    Answered(Vec<u8>),
    /// Nothing is sent: something befalls the device.
    Event(Event),
}

/// What befalls a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It has started anew.
    Started,
    /// It loses power for a while.
    PowerLost,
    /// Somebody holds its reset button.
    ButtonHeld,
}

/// Entries in the order they are due; those due together in the order they
/// came.
#[derive(Debug)]
pub(super) struct Queue {
    entries: BinaryHeap<Reverse<Numbered>>,
    pushed: u64,
    most: usize,
}

impl Queue {
    /// A queue with room for `most` entries.
    pub(super) fn new(most: usize) -> Self {
        Self {
            entries: BinaryHeap::new(),
            pushed: 0,
            most,
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

    /// How many entries more there is room for.
    pub(super) fn room(&self) -> usize {
        self.most.saturating_sub(self.entries.len())
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
                way: Way::Group,
                content: Content::Hello,
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

//! Whose replies came only in part.

use std::{collections::HashSet, net::SocketAddr};

/// Who sent replies whose last IP fragments did not come, and whose replies came
/// whole all the same. Which of both is heard first is not sure.
#[derive(Debug, Default)]
pub(super) struct FragmentSenders {
    begun: HashSet<SocketAddr>,
    whole: HashSet<SocketAddr>,
}

impl FragmentSenders {
    /// The most senders that are remembered of either kind.
    const MOST: usize = 1 << 14;

    /// Only the beginning of a reply was heard.
    pub(super) fn note_beginning(&mut self, from: SocketAddr) {
        if self.begun.len() < Self::MOST && !self.whole.contains(&from) {
            self.begun.insert(from);
        }
    }

    /// A whole reply was heard.
    pub(super) fn note_whole(&mut self, from: SocketAddr) {
        self.begun.remove(&from);
        if self.whole.len() < Self::MOST {
            self.whole.insert(from);
        }
    }

    /// From how many senders none came whole.
    pub(super) fn lost(&self) -> u64 {
        self.begun.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_whole_is_not_lost_in_whatever_order() {
        let from = |last| SocketAddr::from(([10, 0, 0, last], 37020));
        let mut senders = FragmentSenders::default();
        senders.note_beginning(from(1));
        senders.note_beginning(from(2));
        senders.note_whole(from(1));
        senders.note_whole(from(3));
        senders.note_beginning(from(3));
        assert_eq!(senders.lost(), 1);
    }
}

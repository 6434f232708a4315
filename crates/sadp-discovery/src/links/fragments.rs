//! Answers in fragments that the kernel did not hand over whole.

use std::{collections::HashSet, net::SocketAddr};

/// Who sent answers in fragments, and whose came by a UDP socket all the same.
/// Which of both is heard first is not sure.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    begun: HashSet<SocketAddr>,
    whole: HashSet<SocketAddr>,
}

impl Fragments {
    /// The most senders that are remembered of either kind.
    const MOST: usize = 1 << 14;

    /// The packet socket heard how one began.
    pub(super) fn note_begun(&mut self, from: SocketAddr) {
        if self.begun.len() < Self::MOST && !self.whole.contains(&from) {
            self.begun.insert(from);
        }
    }

    /// A UDP socket heard a whole datagram.
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
        let mut fragments = Fragments::default();
        fragments.note_begun(from(1));
        fragments.note_begun(from(2));
        fragments.note_whole(from(1));
        fragments.note_whole(from(3));
        fragments.note_begun(from(3));
        assert_eq!(fragments.lost(), 1);
    }
}

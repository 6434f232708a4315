//! How much is kept in all, and of whom.
//!
//! Whoever is on the network can invent devices without end, each with 64 kB of
//! text. While there is plenty of room nobody is stinted: one address may play
//! a site of tens of thousands. When more than half is taken, senders that have
//! more than their share get no more, so that what is left is for those who
//! sent little: real devices, which speak for themselves alone.

use std::{collections::HashMap, net::IpAddr};

use super::Registry;

/// What is kept of all senders and of each.
#[derive(Debug, Default)]
pub(super) struct Quota {
    all: Amount,
    of: HashMap<IpAddr, Amount>,
}

/// So many devices, and the memory they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) devices: usize,
    pub(super) bytes: usize,
}

impl Quota {
    /// What may be kept in all.
    const MOST: Amount = Amount {
        devices: Registry::MAX_DEVICES,
        bytes: Registry::MAX_BYTES,
    };

    /// What one sender may hold when more than half of that is taken.
    const SHARE: Amount = Amount {
        devices: Registry::MAX_DEVICES / 1024,
        bytes: Registry::MAX_BYTES / 1024,
    };

    /// Whether so much more may be kept of a sender.
    pub(super) fn admits(&self, sender: IpAddr, more: Amount) -> bool {
        let all = self.all.plus(more);
        if !all.is_within(Self::MOST) {
            return false;
        }
        let held = self.of.get(&sender).copied().unwrap_or_default();
        all.is_within(Self::MOST.half()) || held.plus(more).is_within(Self::SHARE)
    }

    pub(super) fn take(&mut self, sender: IpAddr, more: Amount) {
        self.all = self.all.plus(more);
        let held = self.of.entry(sender).or_default();
        *held = held.plus(more);
    }

    pub(super) fn give_back(&mut self, sender: IpAddr, less: Amount) {
        self.all = self.all.minus(less);
        if let Some(held) = self.of.get_mut(&sender) {
            *held = held.minus(less);
            if *held == Amount::default() {
                self.of.remove(&sender);
            }
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.all.bytes
    }
}

impl Amount {
    pub(super) const fn device(bytes: usize) -> Self {
        Self { devices: 1, bytes }
    }

    pub(super) const fn bytes(bytes: usize) -> Self {
        Self { devices: 0, bytes }
    }

    const fn plus(self, more: Self) -> Self {
        Self {
            devices: self.devices.saturating_add(more.devices),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }

    const fn minus(self, less: Self) -> Self {
        Self {
            devices: self.devices.saturating_sub(less.devices),
            bytes: self.bytes.saturating_sub(less.bytes),
        }
    }

    const fn half(self) -> Self {
        Self {
            devices: self.devices / 2,
            bytes: self.bytes / 2,
        }
    }

    const fn is_within(self, most: Self) -> bool {
        self.devices <= most.devices && self.bytes <= most.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn one_sender_may_fill_half_and_leaves_the_rest_to_others() {
        for bytes in [100, 3_000, 60_000] {
            let mut holdings = Quota::default();
            let one = Amount::device(bytes);
            while holdings.admits(sender(1), one) {
                holdings.take(sender(1), one);
            }
            let half = Quota::MOST.half();
            assert!(holdings.all.is_within(half), "{bytes}");
            assert!(!holdings.all.plus(one).is_within(half), "{bytes}");
            assert!(holdings.admits(sender(2), Amount::device(60_000)));
        }
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut holdings = Quota::default();
        let much = Amount {
            devices: 1,
            bytes: Registry::MAX_BYTES,
        };
        holdings.take(sender(1), much);
        assert!(!holdings.admits(sender(2), Amount::device(1)));
        holdings.give_back(sender(1), much);
        assert!(holdings.admits(sender(2), Amount::device(1)));
        assert!(holdings.of.is_empty());
    }
}

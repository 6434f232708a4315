//! How much is kept in all, and from each sender.
//!
//! Anyone on the network can forge any number of devices, each with 64 kB of text.
//! Per-sender limits apply only once half of the budget is used: until then one
//! address may simulate a site of tens of thousands. The other half is left for
//! senders that sent little: real devices, which report only themselves.

use std::{collections::HashMap, net::IpAddr};

use super::Registry;

/// What is kept in all and from each sender.
#[derive(Debug, Default)]
pub(super) struct Quota {
    all: Amount,
    of: HashMap<IpAddr, Amount>,
}

/// A number of devices, and the memory they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) devices: usize,
    pub(super) bytes: usize,
}

impl Quota {
    /// The most that is kept in all.
    const MOST: Amount = Amount {
        devices: Registry::MAX_DEVICES,
        bytes: Registry::MAX_BYTES,
    };

    /// The most that one sender may use once half of that is used.
    const SHARE: Amount = Amount {
        devices: Registry::MAX_DEVICES / 1024,
        bytes: Registry::MAX_BYTES / 1024,
    };

    /// Whether this much more may be kept from a sender.
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

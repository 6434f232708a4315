//! Probes addresses one by one, at a bounded rate, and repeats those without a
//! reply.

use std::{
    collections::HashSet, iter::Flatten, net::Ipv4Addr, ops::RangeInclusive, str::FromStr,
    time::Duration, vec,
};

use ipnet::{Ipv4AddrRange, Ipv4Net};

use super::scheduler::response_timeout;

/// Addresses to probe one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// In order, and without overlaps.
    ranges: Vec<HostRange>,
    /// Time between two datagrams.
    interval: Duration,
}

impl Sweep {
    /// Datagrams per second by default.
    pub const DEFAULT_RATE: u32 = 1_000;

    /// The most addresses of a sweep: a /12. At the default rate that takes 17
    /// minutes.
    pub const MAX_ADDRESSES: u64 = 1 << 20;

    /// A sweep of all these hosts, each once, at `rate` datagrams per second.
    pub fn new(hosts: &[HostRange], rate: u32) -> Result<Self, SweepError> {
        let interval = Duration::from_secs(1)
            .checked_div(rate)
            .ok_or(SweepError::NoRate)?;
        let sweep = Self {
            ranges: HostRange::merge(hosts),
            interval,
        };
        let addresses = sweep.addresses();
        if addresses > Self::MAX_ADDRESSES {
            return Err(SweepError::TooLarge(addresses));
        }
        Ok(sweep)
    }

    /// The same sweep, and this host.
    #[must_use]
    pub fn with(mut self, host: Ipv4Addr) -> Self {
        self.ranges.push(host.into());
        self.ranges = HostRange::merge(&self.ranges);
        self
    }

    fn addresses(&self) -> u64 {
        let counts = self.ranges.iter().map(|range| range.count());
        counts.fold(0, u64::saturating_add)
    }
}

/// No host, at the default rate.
impl Default for Sweep {
    fn default() -> Self {
        const INTERVAL: Option<Duration> = Duration::from_secs(1).checked_div(Sweep::DEFAULT_RATE);
        Self {
            ranges: Vec::new(),
            interval: INTERVAL.unwrap_or_default(),
        }
    }
}

/// Host addresses in a row: of one host, of a network without its own and its broadcast
/// address, or from one address to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl HostRange {
    /// The address, if it is only one.
    pub fn single(self) -> Option<Ipv4Addr> {
        (self.first == self.last).then_some(self.first)
    }

    fn hosts(self) -> Ipv4AddrRange {
        Ipv4AddrRange::new(self.first, self.last)
    }

    fn count(self) -> u64 {
        let (first, last) = (u32::from(self.first), u32::from(self.last));
        u64::from(last.saturating_sub(first)).saturating_add(1)
    }

    /// Sorts ranges and joins those that overlap.
    fn merge(ranges: &[Self]) -> Vec<Self> {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable();
        let mut merged: Vec<Self> = Vec::new();
        for range in sorted {
            match merged.last_mut().filter(|last| range.first <= last.last) {
                Some(last) => last.last = last.last.max(range.last),
                None => merged.push(range),
            }
        }
        merged
    }
}

impl From<Ipv4Addr> for HostRange {
    fn from(host: Ipv4Addr) -> Self {
        Self {
            first: host,
            last: host,
        }
    }
}

impl From<Ipv4Net> for HostRange {
    fn from(network: Ipv4Net) -> Self {
        let edge = u32::from(network.prefix_len() < 31);
        let first = u32::from(network.network()).saturating_add(edge);
        let last = u32::from(network.broadcast()).saturating_sub(edge);
        Self {
            first: first.into(),
            last: last.into(),
        }
    }
}

/// A text that is no address, network or range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an IPv4 address, a network or a range, e.g. 192.168.1.64, 192.168.1.0/24 or 192.168.1.1-50"
)]
pub struct BadHostRange;

/// `192.168.1.64`, `192.168.1.0/24`, `192.168.1.1-192.168.2.50`, and `192.168.1.1-50` with
/// only the last number of the last address.
impl FromStr for HostRange {
    type Err = BadHostRange;

    fn from_str(text: &str) -> Result<Self, BadHostRange> {
        if let Some((first, last)) = text.split_once('-') {
            let first: Ipv4Addr = first.parse().map_err(|_| BadHostRange)?;
            let [a, b, c, _] = first.octets();
            let in_network = last.parse().map(|d| Ipv4Addr::new(a, b, c, d));
            let last = in_network.or_else(|_| last.parse());
            let last = last.ok().filter(|last| *last >= first);
            return Ok(Self {
                first,
                last: last.ok_or(BadHostRange)?,
            });
        }
        if let Ok(host) = text.parse::<Ipv4Addr>() {
            return Ok(host.into());
        }
        let network = text.parse::<Ipv4Net>();
        network.map(Self::from).map_err(|_| BadHostRange)
    }
}

/// Why a sweep is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// So many are more than [`Sweep::MAX_ADDRESSES`].
    #[error(
        "{0} addresses are more than the {max} that a sweep probes",
        max = Sweep::MAX_ADDRESSES
    )]
    TooLarge(u64),
    /// A rate of zero datagrams per second.
    #[error("a rate of 0 datagrams a second never ends")]
    NoRate,
}

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepProgress {
    /// The pass, from 1. Addresses that do not answer are probed at least twice.
    pub pass: u32,
    /// Addresses probed in this pass.
    pub probed: u64,
    /// All addresses.
    pub addresses: u64,
    /// How long it takes from now, by its rate, where no repeat has a reply.
    pub left: Duration,
    /// Whether all were probed as often as is useful.
    pub is_over: bool,
}

/// The least and most time to wait for replies after the last probe of a pass.
const SETTLE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(5);

/// The fewest and most probes to an address that does not answer.
const PASSES: (u32, u32) = (2, 6);

/// A running sweep.
#[derive(Default)]
pub(super) struct SweepState {
    sweep: Sweep,
    /// Finished passes.
    passes: u32,
    running: bool,
    /// The addresses left in this pass.
    hosts: Flatten<vec::IntoIter<Ipv4AddrRange>>,
    /// Addresses that answered. They get no further probes.
    answered: HashSet<Ipv4Addr>,
    /// Whether the current or latest pass had a reply.
    fruitful: bool,
    /// Addresses processed in this pass.
    passed: u64,
    /// When the next probe may be sent.
    due: Duration,
    last_sent: Duration,
    slowest: Duration,
}

impl SweepState {
    pub(super) fn new(sweep: Sweep) -> Self {
        Self {
            sweep,
            ..Self::default()
        }
    }

    /// Returns the next address to probe, if one is due.
    pub(super) fn step(&mut self, now: Duration) -> Option<Ipv4Addr> {
        if now < self.due || self.is_over() {
            return None;
        }
        if !self.running {
            self.begin_pass();
        }
        loop {
            let Some(host) = self.hosts.next() else {
                self.end_pass();
                return None;
            };
            self.passed = self.passed.saturating_add(1);
            if !self.answered.contains(&host) {
                // A late call catches up, but not in one burst.
                let earliest = now.saturating_sub(MAX_CATCH_UP);
                self.due = self.due.max(earliest).saturating_add(self.sweep.interval);
                self.last_sent = now;
                return Some(host);
            }
        }
    }

    /// Records that an address answered.
    pub(super) fn answered(&mut self, address: Ipv4Addr, latency: Duration) {
        self.fruitful |= self.answered.insert(address);
        self.slowest = self.slowest.max(latency);
    }

    /// When to call [`SweepState::step`] next.
    pub(super) fn next_due(&self) -> Option<Duration> {
        (!self.is_over()).then_some(self.due)
    }

    /// When the replies to all probes so far should have arrived.
    pub(super) fn settled_at(&self) -> Duration {
        self.last_sent.saturating_add(self.settle())
    }

    pub(super) fn is_first_pass_over(&self) -> bool {
        self.passes > 0
    }

    /// Whether no address needs further probes: the latest repeat had no reply.
    pub(super) fn is_over(&self) -> bool {
        let limit = if self.fruitful { PASSES.1 } else { PASSES.0 };
        self.sweep.ranges.is_empty() || (!self.running && self.passes >= limit)
    }

    pub(super) fn progress(&self) -> SweepProgress {
        let addresses = self.sweep.addresses();
        let is_over = self.is_over();
        let passes = PASSES.0.saturating_sub(self.passes).max(1);
        let probes = addresses.saturating_mul(passes.into());
        let done = if self.running { self.passed } else { 0 };
        let probes = probes.saturating_sub(done);
        let probes = u32::try_from(probes).unwrap_or(u32::MAX);
        SweepProgress {
            pass: self.passes.saturating_add(u32::from(self.running)),
            probed: if is_over { addresses } else { self.passed },
            addresses,
            left: if is_over {
                Duration::ZERO
            } else {
                self.sweep.interval.saturating_mul(probes)
            },
            is_over,
        }
    }

    fn settle(&self) -> Duration {
        response_timeout(self.slowest, &SETTLE)
    }

    fn begin_pass(&mut self) {
        self.running = true;
        self.fruitful = false;
        let ranges = self.sweep.ranges.iter();
        let hosts: Vec<_> = ranges.map(|range| range.hosts()).collect();
        self.hosts = hosts.into_iter().flatten();
        self.passed = 0;
    }

    /// Ends a pass. The next one begins after the time for replies.
    fn end_pass(&mut self) {
        self.running = false;
        self.passes = self.passes.saturating_add(1);
        self.due = self.settled_at();
    }
}

/// How far behind its rate a sweep may catch up at once.
const MAX_CATCH_UP: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn networks(texts: &str) -> Vec<HostRange> {
        texts.split(' ').map(|text| text.parse().unwrap()).collect()
    }

    /// Steps every millisecond until the sweep is over. Returns the probes. An address is
    /// asked whether it answers in a pass, from 0.
    fn walked(
        walk: &mut SweepState,
        answering: impl Fn(Ipv4Addr, u32) -> bool,
    ) -> Vec<(Duration, Ipv4Addr)> {
        let mut asked = Vec::new();
        let mut now = Duration::ZERO;
        while !walk.is_over() && now < Duration::from_mins(10) {
            while let Some(host) = walk.step(now) {
                asked.push((now, host));
                if answering(host, walk.passes) {
                    walk.answered(host, MS);
                }
            }
            now += MS;
        }
        asked
    }

    #[test]
    fn every_host_is_asked_once_and_no_broadcast_address_of_a_network() {
        for (texts, expected) in [
            (
                "10.0.0.0/30 10.0.0.1/32 10.0.1.7/32 10.0.1.7",
                &[1, 2, 7][..],
            ),
            (
                "10.0.0.0 10.0.0.1 10.0.0.2-3 10.0.0.3-10.0.0.4",
                &[0, 1, 2, 3, 4],
            ),
        ] {
            let sweep = Sweep::new(&networks(texts), 1000).unwrap();
            let asked = walked(&mut SweepState::new(sweep), |_, _| true);
            let hosts: Vec<_> = asked.iter().map(|(_, host)| host.octets()[3]).collect();
            assert_eq!(hosts, expected);
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let bad = " 10.0.0 10.0.0.0/33 10.0.0.9-8 10.0.0.1-256 10.0.0.1- ::1 a-b";
        for bad in bad.split(' ') {
            assert_eq!(bad.parse::<HostRange>(), Err(BadHostRange), "{bad}");
        }
        let range: HostRange = "10.0.0.5/24".parse().unwrap();
        assert_eq!(range, "10.0.0.1-254".parse().unwrap());
    }

    #[test]
    fn silent_addresses_are_asked_twice_and_more_often_where_a_repeat_has_a_reply() {
        let sweep = Sweep::new(&networks("10.0.0.0/28"), 1000).unwrap();
        let asked = walked(&mut SweepState::new(sweep.clone()), |host, _| {
            host.octets()[3] == 1
        });
        assert_eq!(asked.len(), 14 + 13);
        // One more address answers in each pass.
        let asked = walked(&mut SweepState::new(sweep), |host, pass| {
            u32::from(host.octets()[3]) == pass + 1
        });
        assert_eq!(asked.len(), 14 + 13 + 12 + 11 + 10 + 9, "within a limit");
    }

    #[test]
    fn the_rate_is_kept() {
        let sweep = Sweep::new(&networks("10.0.0.0/24"), 100).unwrap();
        let asked = walked(&mut SweepState::new(sweep), |_, _| true);
        assert_eq!(asked.len(), 254);
        let (first, last) = (asked[0].0, asked[253].0);
        assert!(last >= first + 2500 * MS, "{first:?} {last:?}");
    }

    #[test]
    fn the_time_left_counts_both_passes() {
        let sweep = Sweep::new(&networks("10.0.0.0/24"), 100).unwrap();
        let mut walk = SweepState::new(sweep);
        assert_eq!(walk.progress().left, 2 * 254 * 10 * MS);
        while walk.step(Duration::ZERO).is_some() {}
        let begun = walk.progress();
        assert_eq!(
            (begun.pass, begun.addresses, begun.is_over),
            (1, 254, false)
        );
        assert_eq!(begun.left, (2 * 254 - 1) * 10 * MS);
        walked(&mut walk, |_, _| false);
        let over = walk.progress();
        assert_eq!((over.pass, over.probed, over.is_over), (2, 254, true));
        assert_eq!(over.left, Duration::ZERO);
    }

    #[test]
    fn what_would_never_end_is_refused() {
        for (network, addresses) in [("10.0.0.0/8", 16_777_214), ("0.0.0.0/0", 4_294_967_294)] {
            let refused = Sweep::new(&networks(network), 1000);
            assert_eq!(refused, Err(SweepError::TooLarge(addresses)));
            let without_rate = Sweep::new(&networks(network), 0);
            assert_eq!(without_rate, Err(SweepError::NoRate));
        }
    }
}

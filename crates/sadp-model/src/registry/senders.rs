//! Which addresses a device replies from, and whether the sender is the device.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::record::Sighting;

/// How long a silent sender is remembered, counted to the latest report: ten cycles
/// of a watch.
const MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// How long a device must have replied from its new address, and nobody from the
/// former one, until it counts as moved. A scan sends further probes in this time,
/// and a device that did not move answers.
const SETTLED: SignedDuration = SignedDuration::from_secs(2);

/// The most senders that are kept for a device.
const MAX: usize = 16;

/// The address that a device replies from. Replies to a command count only from
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyAddress {
    /// The interface its replies arrive on.
    pub interface: Arc<str>,
    /// The address it replies from.
    pub from: IpAddr,
    /// Why the sender may not be the device.
    pub conflict: Option<SenderConflict>,
}

/// Why the sender of a report may not be the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderConflict {
    /// Another sender at this address replies for the device, too. Only a person
    /// can tell which one is the device.
    Concurrent(IpAddr),
    /// It replied from this address until a moment ago, and reports a new one. A
    /// device that did not move answers the next probe from there.
    RecentMove(IpAddr),
}

/// The senders of a device's UDP replies, oldest first. Frames contain an address,
/// but not the one that UDP replies come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Senders(Vec<SenderRecord>);

#[derive(Clone, Debug)]
struct SenderRecord {
    interface: Arc<str>,
    from: IpAddr,
    /// The device's address, as this sender reported it.
    told: Option<Ipv4Addr>,
    first: Timestamp,
    last: Timestamp,
}

impl Senders {
    /// Records a UDP report with this address of the device.
    pub(super) fn note(&mut self, sighting: &Sighting, told: Option<Ipv4Addr>) {
        // A file may not contain the sender.
        if sighting.from.is_unspecified() {
            return;
        }
        let at = sighting.at;
        self.0.retain(|it| at.duration_since(it.last) <= MEMORY);
        let is_it =
            |it: &&mut SenderRecord| it.from == sighting.from && it.interface == sighting.interface;
        if let Some(known) = self.0.iter_mut().find(is_it) {
            known.last = known.last.max(at);
            known.told = told.or(known.told);
            return;
        }
        if self.0.len() >= MAX {
            let oldest = (0..).zip(&self.0).min_by_key(|(_, it)| it.last);
            if let Some((place, _)) = oldest {
                self.0.remove(place);
            }
        }
        // Nearly always the only one.
        self.0.reserve_exact(1);
        self.0.push(SenderRecord {
            interface: Arc::clone(&sighting.interface),
            from: sighting.from,
            told,
            first: at,
            last: at,
        });
    }

    /// Forgets all but the latest.
    pub(super) fn forget_former(&mut self) {
        if let Some(latest) = self.0.iter().map(|it| it.last).max() {
            self.0.retain(|it| it.last == latest);
            self.0.truncate(1);
        }
    }

    /// The address to send commands to, and whether the sender is the device.
    ///
    /// Prefers a sender at the address it reports, else the first one, and never
    /// one that another sender at a new address followed. A device behind a router
    /// or in a simulator replies from another address than it reports; that alone
    /// is no conflict. Neither are replies on several interfaces.
    pub(super) fn reply_address(&self) -> Option<ReplyAddress> {
        let current = self.0.iter().filter(|it| !self.is_left(it));
        let from = current.min_by_key(|it| (!it.is_at_home(), it.first))?.from;
        let latest = self.at(from).max_by_key(|it| it.last)?;
        let others = self.0.iter().filter(|it| it.from != from);
        let conflicts = others.filter_map(|it| self.conflict_with(from, it));
        // A concurrent sender outweighs a move.
        let conflict = conflicts.min_by_key(|it| matches!(it, SenderConflict::RecentMove(_)));
        Some(ReplyAddress {
            interface: Arc::clone(&latest.interface),
            from,
            conflict,
        })
    }

    /// The records of one address: one for each interface.
    fn at(&self, from: IpAddr) -> impl Iterator<Item = &SenderRecord> {
        self.0.iter().filter(move |it| it.from == from)
    }

    /// Whether another sender took its place: it was silent since, and the other
    /// one replies from the address it reports.
    fn is_left(&self, sender: &SenderRecord) -> bool {
        let mut others = self.0.iter().filter(|it| it.from != sender.from);
        others.any(|it| it.is_at_home() && sender.last < it.first)
    }

    /// The conflict between another sender and the one at this address.
    fn conflict_with(&self, from: IpAddr, other: &SenderRecord) -> Option<SenderConflict> {
        let first = self.at(from).map(|it| it.first).min()?;
        let last = self.at(from).map(|it| it.last).max()?;
        let at_home = self.at(from).any(SenderRecord::is_at_home);
        let on_one_wire = self.at(from).any(|it| it.interface == other.interface);
        if at_home && !on_one_wire && !other.is_at_home() {
            // Forwarded into another network: it does not claim that address.
            return None;
        }
        if at_home && other.last < first {
            let settled = last.duration_since(first) >= SETTLED;
            return (!settled).then_some(SenderConflict::RecentMove(other.from));
        }
        Some(SenderConflict::Concurrent(other.from))
    }
}

impl SenderRecord {
    /// Whether it replies from the address it reports.
    fn is_at_home(&self) -> bool {
        self.told.is_some_and(|told| IpAddr::V4(told) == self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, Via};

    /// The device's own address, and two others.
    const D: u8 = 64;
    const E: u8 = 65;
    const X: u8 = 66;

    fn address(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 168, 1, last)
    }

    /// Reports: time in milliseconds, interface, sender, and the address reported,
    /// 0 for none.
    type Account = (i64, u8, u8, u8);

    /// The interface of a command, and who may answer it.
    type Aim = (u8, u8);

    fn senders(accounts: &[Account]) -> Senders {
        let mut senders = Senders::default();
        for &(at, card, from, told) in accounts {
            let sighting = Sighting {
                interface: format!("lan{card}").into(),
                from: address(from).into(),
                protocol: Protocol::Sadp,
                via: Via::Multicast,
                at: Timestamp::from_millisecond(at).unwrap(),
            };
            senders.note(&sighting, (told > 0).then(|| address(told)));
        }
        senders
    }

    fn reply_address(accounts: &[Account]) -> (Aim, Option<SenderConflict>) {
        let found = senders(accounts).reply_address().unwrap();
        let IpAddr::V4(from) = found.from else {
            panic!("all senders are IPv4");
        };
        let card = found.interface.trim_start_matches("lan").parse().unwrap();
        ((card, from.octets()[3]), found.conflict)
    }

    fn rival(last: u8) -> SenderConflict {
        SenderConflict::Concurrent(address(last).into())
    }

    fn just_moved(last: u8) -> SenderConflict {
        SenderConflict::RecentMove(address(last).into())
    }

    #[test]
    fn honest_devices_are_not_doubted() {
        #[rustfmt::skip]
        let cases: [(&str, &[Account], Aim); 9] = [
            ("once", &[(0, 0, D, D)], (0, D)),
            ("no address told", &[(0, 0, D, 0), (500, 0, D, 0)], (0, D)),
            ("simulated or behind a router", &[(0, 0, X, D), (500, 0, X, D)], (0, X)),
            ("two cards", &[(0, 0, D, D), (1, 1, D, D), (500, 0, D, D)], (0, D)),
            ("two cards, cable moved", &[(0, 0, D, D), (9_000, 1, D, D)], (1, D)),
            ("passed on into another network", &[(0, 1, X, D), (1, 0, D, D), (2, 1, X, D)], (0, D)),
            ("moved, and heard for long", &[(0, 0, D, D), (500, 0, E, E), (2_500, 0, E, E)], (0, E)),
            ("moved on", &[(0, 0, D, D), (1, 0, E, E), (2, 0, X, X), (9_000, 0, X, X)], (0, X)),
            ("moved long ago", &[(0, 0, X, D), (700_000, 0, E, D)], (0, E)),
        ];
        for (name, accounts, aim) in cases {
            assert_eq!(reply_address(accounts), (aim, None), "{name}");
        }
    }

    #[test]
    fn who_speaks_for_a_device_beside_another_is_reported() {
        #[rustfmt::skip]
        let cases: [(&str, &[Account], Aim, SenderConflict); 11] = [
            ("echo after", &[(0, 0, D, D), (1, 0, X, D)], (0, D), rival(X)),
            ("echo before", &[(0, 0, X, D), (1, 0, D, D), (500, 0, X, D)], (0, D), rival(X)),
            ("echo of a simulated device", &[(0, 0, E, D), (1, 0, X, D)], (0, E), rival(X)),
            ("echo of it, first", &[(0, 0, X, D), (1, 0, E, D)], (0, X), rival(E)),
            ("its address told changed", &[(0, 0, D, D), (1, 0, X, X), (2, 0, D, D)], (0, D), rival(X)),
            ("no address told", &[(0, 0, D, 0), (1, 0, X, 0)], (0, D), rival(X)),
            ("on the second card alone", &[(0, 0, D, D), (1, 1, D, D), (2, 1, X, D)], (1, D), rival(X)),
            ("claims it on another card", &[(0, 0, D, D), (1, 1, X, X), (2, 0, D, D)], (0, D), rival(X)),
            ("none at home, two cards", &[(0, 0, E, D), (1, 1, X, D)], (0, E), rival(X)),
            ("moved a moment ago", &[(0, 0, D, D), (1, 0, X, X), (1_999, 0, X, X)], (0, X), just_moved(D)),
            ("a rival outweighs a move", &[(0, 0, E, E), (1, 0, D, D), (2, 0, X, D)], (0, D), rival(X)),
        ];
        for (name, accounts, aim, doubt) in cases {
            assert_eq!(reply_address(accounts), (aim, Some(doubt)), "{name}");
        }
    }

    #[test]
    fn at_one_moment_nobody_moved() {
        let (aim, doubt) = reply_address(&[(0, 0, D, D), (0, 0, X, X)]);
        assert_eq!((aim, doubt), ((0, D), Some(rival(X))));
    }

    #[test]
    fn a_crowd_of_senders_costs_no_more_and_is_doubted() {
        let crowd = (0..200u8).map(|last| (i64::from(last), 0, last + 1, D));
        let crowd: Vec<_> = crowd.chain([(300, 0, D, D)]).collect();
        let senders = senders(&crowd);
        assert_eq!(senders.0.len(), MAX);
        assert!(senders.reply_address().unwrap().conflict.is_some());
    }

    #[test]
    fn only_the_latest_is_left_of_what_is_forgotten() {
        let mut senders = senders(&[(0, 0, D, D), (1, 0, X, D), (1, 1, E, D)]);
        senders.forget_former();
        let found = senders.reply_address().unwrap();
        assert_eq!((found.from, found.conflict), (address(X).into(), None));
        assert_eq!(senders.0.len(), 1);
        assert_eq!(Senders::default().reply_address(), None);
    }
}

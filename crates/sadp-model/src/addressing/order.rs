//! The order in which devices take addresses that other devices still have.

use std::{
    collections::{BTreeSet, HashMap},
    net::Ipv4Addr,
};

use ipnet::Ipv4Net;

use super::is_host;

/// A device and the address it is to take. The addresses are equal if it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its address now.
    pub from: Option<Ipv4Addr>,
    /// Its new address. No two moves have the same.
    pub to: Ipv4Addr,
    /// The network of `to`.
    pub network: Ipv4Net,
}

/// One address change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressStep {
    /// The index of the move.
    pub number: usize,
    /// The address to take.
    pub to: Ipv4Addr,
    /// Whether it takes a spare address for a while, so that others can move first.
    pub temporary: bool,
    /// The changes of a wave are independent of each other: each needs only those
    /// of earlier waves. Never decreases from step to step.
    pub wave: usize,
}

/// Orders moves so that no device takes an address that another one still has. A
/// chain begins at its end. In a cycle, one device takes a spare address first,
/// which is not in `taken`.
pub fn order(moves: &[Move], taken: &BTreeSet<Ipv4Addr>) -> Result<Vec<AddressStep>, NoSpare> {
    let mut site = Occupancy::new(moves, taken);
    let mut pending: BTreeSet<usize> = (0..moves.len()).collect();
    let mut steps = Vec::with_capacity(moves.len());
    let mut wave = 0;
    while !pending.is_empty() {
        // All of these addresses are free before the first change is sent.
        let ready: Vec<_> = pending
            .iter()
            .copied()
            .filter(|&number| site.blocker(number).is_none())
            .collect();
        if ready.is_empty() {
            let number = site.in_circle(&pending);
            let to = site.spare(number)?;
            steps.push(site.step(number, to, true, wave));
        }
        for number in ready {
            pending.remove(&number);
            let to = site
                .moves
                .get(number)
                .map_or(Ipv4Addr::UNSPECIFIED, |it| it.to);
            steps.push(site.step(number, to, false, wave));
        }
        wave += 1;
    }
    Ok(steps)
}

/// Devices in a cycle cannot move: their network has no spare address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("devices swap addresses, and {network} has no spare address for that")]
pub struct NoSpare {
    /// The network.
    pub network: Ipv4Net,
}

struct Occupancy<'a> {
    moves: &'a [Move],
    /// The address of each device now.
    at: Vec<Option<Ipv4Addr>>,
    /// The devices at an address. Several can share a factory address.
    holders: HashMap<Ipv4Addr, BTreeSet<usize>>,
    /// Addresses that are not spare.
    occupied: BTreeSet<Ipv4Addr>,
}

impl<'a> Occupancy<'a> {
    fn new(moves: &'a [Move], taken: &BTreeSet<Ipv4Addr>) -> Self {
        let mut holders: HashMap<_, BTreeSet<usize>> = HashMap::new();
        let mut occupied = taken.clone();
        for (number, it) in moves.iter().enumerate() {
            occupied.insert(it.to);
            if let Some(from) = it.from {
                occupied.insert(from);
                holders.entry(from).or_default().insert(number);
            }
        }
        Self {
            moves,
            at: moves.iter().map(|it| it.from).collect(),
            holders,
            occupied,
        }
    }

    /// Another device that has the address this one is to take. A device that stays
    /// waits for none.
    fn blocker(&self, number: usize) -> Option<usize> {
        let to = self.moves.get(number)?.to;
        if self.at.get(number) == Some(&Some(to)) {
            return None;
        }
        self.holders.get(&to)?.iter().copied().next()
    }

    /// A device of a cycle. One exists if all devices wait.
    fn in_circle(&self, pending: &BTreeSet<usize>) -> usize {
        let mut passed = BTreeSet::new();
        let mut number = pending.first().copied().unwrap_or_default();
        while passed.insert(number) {
            match self.blocker(number) {
                Some(next) => number = next,
                None => break,
            }
        }
        number
    }

    /// The last address of the network that no device has or is to take.
    fn spare(&mut self, number: usize) -> Result<Ipv4Addr, NoSpare> {
        let network = self
            .moves
            .get(number)
            .map_or_else(Ipv4Net::default, |it| it.network);
        let spare = network
            .hosts()
            .rev()
            .find(|address| is_host(*address, network) && !self.occupied.contains(address))
            .ok_or(NoSpare { network })?;
        self.occupied.insert(spare);
        Ok(spare)
    }

    fn step(&mut self, number: usize, to: Ipv4Addr, temporary: bool, wave: usize) -> AddressStep {
        if let Some(at) = self.at.get_mut(number) {
            if let Some(from) = at.replace(to)
                && let Some(holders) = self.holders.get_mut(&from)
            {
                holders.remove(&number);
            }
            self.holders.entry(to).or_default().insert(number);
        }
        AddressStep {
            number,
            to,
            temporary,
            wave,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 168, 1, last)
    }

    fn moves(list: &[(u8, u8)]) -> Vec<Move> {
        list.iter()
            .map(|&(from, to)| Move {
                from: Some(ip(from)),
                to: ip(to),
                network: "192.168.1.0/24".parse().unwrap(),
            })
            .collect()
    }

    fn told(list: &[(u8, u8)]) -> Vec<(usize, u8, bool, usize)> {
        let steps = order(&moves(list), &BTreeSet::new()).unwrap();
        let tell =
            |step: &AddressStep| (step.number, step.to.octets()[3], step.temporary, step.wave);
        steps.iter().map(tell).collect()
    }

    #[test]
    fn chains_begin_at_their_end() {
        assert_eq!(
            told(&[(1, 2), (2, 3), (3, 4)]),
            [(2, 4, false, 0), (1, 3, false, 1), (0, 2, false, 2)]
        );
        // Independent moves: one wave, in order.
        assert_eq!(
            told(&[(64, 101), (64, 102), (64, 103)]),
            [(0, 101, false, 0), (1, 102, false, 0), (2, 103, false, 0)]
        );
    }

    #[test]
    fn circles_are_opened_by_a_spare_address() {
        assert_eq!(
            told(&[(1, 2), (2, 1)]),
            [(0, 254, true, 0), (1, 1, false, 1), (0, 2, false, 2)]
        );
        let taken = BTreeSet::from([ip(254)]);
        let steps = order(&moves(&[(1, 2), (2, 1)]), &taken).unwrap();
        assert_eq!(steps[0].to, ip(253));
    }

    #[test]
    fn a_full_network_has_no_spare_address() {
        let network = "192.168.1.0/30".parse().unwrap();
        let full: Vec<_> = moves(&[(1, 2), (2, 1)])
            .into_iter()
            .map(|it| Move { network, ..it })
            .collect();
        assert_eq!(order(&full, &BTreeSet::new()), Err(NoSpare { network }));
    }

    #[test]
    fn who_stays_waits_for_nobody() {
        // Three devices with a factory address; one of them keeps it.
        assert_eq!(
            told(&[(64, 64), (64, 65), (64, 66)]),
            [(0, 64, false, 0), (1, 65, false, 0), (2, 66, false, 0)]
        );
    }

    proptest! {
        /// Devices at any address, several at one, move to different ones.
        #[test]
        fn no_address_is_given_while_another_device_holds_it(
            from in prop::collection::vec(prop::option::of(1u8..30), 1..24),
            to in Just((1u8..30).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let network = "192.168.1.0/24".parse().unwrap();
            let moves: Vec<_> = from
                .iter()
                .zip(&to)
                .map(|(from, &to)| Move { from: from.map(ip), to: ip(to), network })
                .collect();
            let taken = (200..=254).map(ip).collect();
            let steps = order(&moves, &taken).unwrap();
            let mut at: Vec<_> = moves.iter().map(|it| it.from).collect();
            let mut wave = 0;
            for step in &steps {
                prop_assert!(step.wave >= wave);
                wave = step.wave;
                let stays = at[step.number] == Some(step.to);
                prop_assert!(stays || !at.contains(&Some(step.to)));
                prop_assert!(!taken.contains(&step.to));
                at[step.number] = Some(step.to);
            }
            let planned: Vec<_> = moves.iter().map(|it| Some(it.to)).collect();
            prop_assert_eq!(at, planned);
            prop_assert!(steps.len() < moves.len() * 2);
        }

        /// Steps of one wave may be carried out in any order.
        #[test]
        fn a_wave_needs_nothing_of_itself(
            to in Just((1u8..20).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let list: Vec<_> = (1u8..20).zip(to).collect();
            let steps = order(&moves(&list), &BTreeSet::new()).unwrap();
            let mut at: Vec<_> = list.iter().map(|&(from, _)| ip(from)).collect();
            for wave in 0..=steps.last().map_or(0, |step| step.wave) {
                let now: Vec<_> = steps.iter().filter(|step| step.wave == wave).collect();
                for step in &now {
                    prop_assert!(!at.contains(&step.to) || at[step.number] == step.to);
                }
                for step in now {
                    at[step.number] = step.to;
                }
            }
        }
    }
}

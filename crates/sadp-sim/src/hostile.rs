//! A simulated attacker, without the network: datagrams and the time go in,
//! datagrams come out.
//!
//! It does what anyone on a LAN can do to a program that speaks SADP, so that
//! such programs can be tried. It pretends to be no real device: it forges for
//! the MACs of the simulated devices beside it alone. It keeps quiet until
//! somebody asks, and again when nobody has asked for a while, sends at a
//! bounded rate, and stops for good after a number of datagrams. What it learns
//! it counts and forgets.
//!
//! Drive it as a [`Fleet`](crate::Fleet): each datagram heard goes to
//! [`Hostile::handle_datagram`]; then, and whenever [`Hostile::poll_timeout`] is
//! reached, [`Hostile::poll_transmit`] until `None`.
//!
//! An attack is one module below this one.

mod account;
mod attack;
mod echoed;
mod endless;
mod entities;
mod exchange;
mod garbage;
mod huge;
mod stolen;
mod texts;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    num::NonZeroU32,
    time::Duration,
};

use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use sadp_proto::{Message, RequestMessage};

pub use self::attack::Attack;
use crate::{
    Datagram, Device, FleetConfig,
    fleet::{Bucket, is_request},
};

/// What an attacker does, and its limits.
#[derive(Clone, Debug)]
pub struct HostileConfig {
    /// What it does.
    pub attacks: Vec<Attack>,
    /// The most datagrams it sends a second.
    pub rate: NonZeroU32,
    /// The most datagrams it sends at all.
    pub count: u64,
}

impl HostileConfig {
    /// Datagrams a second, unless told otherwise.
    pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(500).unwrap();

    /// The most datagrams a second it can be told.
    pub const MAX_RATE: u32 = 50_000;

    /// Datagrams in all, unless told otherwise.
    pub const DEFAULT_COUNT: u64 = 50_000;

    /// The most datagrams in all it can be told.
    pub const MAX_COUNT: u64 = 10_000_000;

    /// These attacks, within the usual limits.
    pub fn new(attacks: Vec<Attack>) -> Self {
        Self {
            attacks,
            rate: Self::DEFAULT_RATE,
            count: Self::DEFAULT_COUNT,
        }
    }
}

/// An attacker beside simulated devices.
#[derive(Debug)]
pub struct Hostile {
    left: u64,
    place: FleetConfig,
    tricks: Vec<Box<dyn Trick>>,
    /// Whose turn it is to send unasked.
    turn: usize,
    rng: Xoshiro256PlusPlus,
    pace: Bucket,
    /// Until when it sends unasked.
    lively_until: Duration,
    /// Answers, by when they are due.
    waiting: BTreeMap<(Duration, u64), Volley>,
    numbered: u64,
    stats: HostileStats,
}

impl Hostile {
    /// How long it goes on when nobody asks any more.
    pub const LIVELY: Duration = Duration::from_secs(5);

    /// How many answers wait to be sent at most.
    const MAX_WAITING: usize = 4096;

    /// How much of a second's datagrams it may send in one burst.
    const BURST: Duration = Duration::from_millis(20);

    /// An attacker at an address, which is best not that of the devices. `place`
    /// tells where they are and to whom they answer.
    pub fn new(
        config: &HostileConfig,
        address: Ipv4Addr,
        devices: &[Device],
        place: FleetConfig,
    ) -> Self {
        let rate = config.rate.get().min(HostileConfig::MAX_RATE);
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        Self {
            left: config.count.min(HostileConfig::MAX_COUNT),
            tricks: config
                .attacks
                .iter()
                .map(|attack| attack.trick(address, devices))
                .collect(),
            turn: 0,
            rng: Xoshiro256PlusPlus::seed_from_u64(!place.seed),
            pace: Bucket::new(rate, Self::BURST),
            lively_until: Duration::ZERO,
            waiting: BTreeMap::new(),
            numbered: 0,
            stats: HostileStats::default(),
            place,
        }
    }

    /// Takes in a datagram: only questions and commands matter.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) {
        if !self.place.is_home(*datagram.from.ip()) || !is_request(datagram.payload) {
            return;
        }
        let Ok(Message::Request(request)) = Message::decode(datagram.payload) else {
            return;
        };
        self.lively_until = now.saturating_add(Self::LIVELY);
        let mut answers = Vec::new();
        for trick in &mut self.tricks {
            let asked = Asked {
                request: &request,
                asker: datagram.from,
            };
            self.stats.secrets += trick.hear(&asked, &mut self.rng, &mut answers);
        }
        for answer in answers {
            if self.waiting.len() < Self::MAX_WAITING {
                self.numbered += 1;
                let due = now.saturating_add(answer.after);
                self.waiting.insert((due, self.numbered), answer);
            }
        }
    }

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<HostileTransmit> {
        if self.left == 0 || now < self.pace.ready_at() {
            return None;
        }
        let transmit = self.answer(now).or_else(|| self.flood(now))?;
        self.pace.take(now);
        self.left -= 1;
        self.stats.sent += 1;
        Some(transmit)
    }

    /// When [`Hostile::poll_transmit`] has something next, as far as is known
    /// at this time.
    pub fn poll_timeout(&self, now: Duration) -> Option<Duration> {
        if self.left == 0 {
            return None;
        }
        let answer = self.waiting.keys().next().map(|&(due, _)| due);
        let flood = (self.floods() && now < self.lively_until).then_some(now);
        let due = answer.into_iter().chain(flood).min()?;
        Some(due.max(self.pace.ready_at()))
    }

    /// What it did and learned so far.
    pub fn stats(&self) -> HostileStats {
        self.stats
    }

    fn answer(&mut self, now: Duration) -> Option<HostileTransmit> {
        let first = self.waiting.first_entry()?;
        let (due, _) = *first.key();
        (due <= now).then(|| {
            let answer = first.remove();
            HostileTransmit {
                speaker: answer.speaker,
                destination: answer.destination,
                payload: answer.payload,
            }
        })
    }

    fn floods(&self) -> bool {
        self.tricks.iter().any(|trick| trick.floods())
    }

    /// The attacks that send unasked take turns.
    fn flood(&mut self, now: Duration) -> Option<HostileTransmit> {
        if now >= self.lively_until {
            return None;
        }
        for _ in 0..self.tricks.len() {
            self.turn = (self.turn + 1) % self.tricks.len();
            let trick = self.tricks.get_mut(self.turn)?;
            if let Some(payload) = trick.flood(&mut self.rng) {
                return Some(HostileTransmit {
                    speaker: Speaker::Attacker,
                    destination: self.place.group,
                    payload,
                });
            }
        }
        None
    }
}

/// What an attack makes of what it hears, and what it sends unasked.
trait Trick: std::fmt::Debug + Send {
    /// Hears a question or command. Returns how many secrets it brought.
    fn hear(
        &mut self,
        _asked: &Asked<'_>,
        _rng: &mut Xoshiro256PlusPlus,
        _answers: &mut Vec<Volley>,
    ) -> u64 {
        0
    }

    /// Whether it sends unasked.
    fn floods(&self) -> bool {
        false
    }

    /// The next datagram to send unasked.
    fn flood(&mut self, _rng: &mut Xoshiro256PlusPlus) -> Option<Vec<u8>> {
        None
    }
}

/// A question or command heard.
struct Asked<'a> {
    request: &'a RequestMessage,
    asker: SocketAddrV4,
}

/// An answer of an attack.
#[derive(Debug)]
struct Volley {
    after: Duration,
    speaker: Speaker,
    destination: SocketAddrV4,
    payload: Vec<u8>,
}

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostileTransmit {
    /// From whose address.
    pub speaker: Speaker,
    /// Where to.
    pub destination: SocketAddrV4,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// From whose address the attacker speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Its own.
    Attacker,
    /// That of the simulated devices.
    Devices,
}

/// What an attacker did and learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostileStats {
    /// Datagrams sent.
    pub sent: u64,
    /// Secrets that were sealed for it and that it could open.
    pub secrets: u64,
}

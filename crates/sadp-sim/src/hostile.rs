//! A simulated attacker, without the network: datagrams and the time are inputs,
//! datagrams are outputs.
//!
//! It does what anyone on a LAN can do to a program that uses SADP, so that such
//! programs can be tested. It imitates no real device: it forges only the MACs of the
//! simulated devices beside it. It is silent until a request arrives, and again when none
//! has arrived for a while. It sends at a limited rate, and stops after a number of
//! datagrams. It counts the secrets that it learns and forgets them.
//!
//! Use it like a [`Fleet`](crate::Fleet): pass each received datagram to
//! [`Hostile::handle_datagram`]; then, and whenever [`Hostile::poll_timeout`] is reached,
//! call [`Hostile::poll_transmit`] until it returns `None`.

mod account;
mod attack;
mod floods;
mod forgeries;

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    num::NonZeroU32,
    time::Duration,
};

use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use sadp_proto::{Message, RequestMessage};

pub use self::attack::Attack;
use self::floods::Flood;
use crate::{
    Device, FleetConfig, InboundDatagram,
    fleet::{Bucket, Queue, is_request},
};

/// The attacks of an attacker, and its limits.
#[derive(Clone, Debug)]
pub struct HostileConfig {
    /// The attacks.
    pub attacks: Vec<Attack>,
    /// The maximum number of datagrams per second.
    pub rate: NonZeroU32,
    /// The maximum number of datagrams in all.
    pub count: u64,
}

impl HostileConfig {
    /// The default rate.
    pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(500).unwrap();

    /// The highest rate that can be configured.
    pub const MAX_RATE: u32 = 50_000;

    /// The default number of datagrams.
    pub const DEFAULT_COUNT: u64 = 50_000;

    /// The highest number of datagrams that can be configured.
    pub const MAX_COUNT: u64 = 10_000_000;

    /// These attacks, with the default limits.
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
    floods: Vec<Flood>,
    /// The flood that sent last.
    turn: usize,
    rng: Xoshiro256PlusPlus,
    pace: Bucket,
    /// Until when it sends without being asked.
    active_until: Duration,
    waiting: Queue<HostileTransmit>,
    stats: HostileStats,
}

impl Hostile {
    /// How long it continues after the last request.
    pub const ACTIVE_FOR: Duration = Duration::from_secs(5);

    /// The maximum number of waiting replies.
    const MAX_WAITING: usize = 4096;

    /// The length of a burst.
    const BURST: Duration = Duration::from_millis(20);

    /// Makes an attacker at an address, best not that of the devices. `place` is the
    /// configuration of their fleet.
    pub fn new(
        config: &HostileConfig,
        address: Ipv4Addr,
        devices: &[Device],
        place: FleetConfig,
    ) -> Self {
        let rate = config.rate.get().min(HostileConfig::MAX_RATE);
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        let attacks = config.attacks.iter();
        let tricks = attacks.clone().filter_map(|it| it.trick(address, devices));
        Self {
            left: config.count.min(HostileConfig::MAX_COUNT),
            tricks: tricks.collect(),
            floods: attacks.filter_map(|it| it.flood(address)).collect(),
            turn: 0,
            rng: Xoshiro256PlusPlus::seed_from_u64(!place.seed),
            pace: Bucket::new(rate, Self::BURST),
            active_until: Duration::ZERO,
            waiting: Queue::new(Self::MAX_WAITING),
            stats: HostileStats::default(),
            place,
        }
    }

    /// Handles a datagram: only inquiries and commands matter.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &InboundDatagram<'_>) {
        if !self.place.is_home(*datagram.from.ip()) || !is_request(datagram.payload) {
            return;
        }
        let Ok(Message::Request(request)) = Message::decode(datagram.payload) else {
            return;
        };
        self.active_until = now.saturating_add(Self::ACTIVE_FOR);
        let mut asked = ObservedRequest {
            request: &request,
            asker: datagram.from,
            now,
            rng: &mut self.rng,
            replies: &mut self.waiting,
        };
        for trick in &mut self.tricks {
            self.stats.secrets += trick.observe(&mut asked);
        }
    }

    /// Returns the next datagram to send, if one is due.
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

    /// Returns when [`Hostile::poll_transmit`] has something next, as far as known now.
    pub fn poll_timeout(&self, now: Duration) -> Option<Duration> {
        if self.left == 0 {
            return None;
        }
        let flood = (!self.floods.is_empty() && now < self.active_until).then_some(now);
        let due = self.waiting.next_due().into_iter().chain(flood).min()?;
        Some(due.max(self.pace.ready_at()))
    }

    /// The counters so far.
    pub fn stats(&self) -> HostileStats {
        self.stats
    }

    fn answer(&mut self, now: Duration) -> Option<HostileTransmit> {
        if self.waiting.next_due()? > now {
            return None;
        }
        self.waiting.pop().map(|(_, reply)| reply)
    }

    /// Sends without being asked. The floods take turns.
    fn flood(&mut self, now: Duration) -> Option<HostileTransmit> {
        if now >= self.active_until {
            return None;
        }
        self.turn = (self.turn + 1).checked_rem(self.floods.len())?;
        let flood = self.floods.get_mut(self.turn)?;
        Some(HostileTransmit {
            speaker: Speaker::Attacker,
            destination: self.place.group,
            payload: flood.next_datagram(&mut self.rng),
        })
    }
}

/// An attack that replies to requests.
trait Trick: std::fmt::Debug + Send {
    /// Handles an inquiry or command. Returns the number of secrets in it.
    fn observe(&mut self, asked: &mut ObservedRequest<'_>) -> u64;
}

/// A received inquiry or command, and where the replies of the attacks to it wait.
struct ObservedRequest<'a> {
    request: &'a RequestMessage,
    asker: SocketAddrV4,
    now: Duration,
    rng: &'a mut Xoshiro256PlusPlus,
    replies: &'a mut Queue<HostileTransmit>,
}

impl<'a> ObservedRequest<'a> {
    /// The text of an element, "" where it is absent.
    fn field(&self, name: &str) -> &'a str {
        self.request.fields.first(name).unwrap_or_default()
    }

    /// Replies after this time, where there is room for another reply.
    fn reply(&mut self, after: Duration, speaker: Speaker, payload: Vec<u8>) {
        if self.replies.room() > 0 {
            let reply = HostileTransmit {
                speaker,
                destination: self.asker,
                payload,
            };
            self.replies.push(self.now.saturating_add(after), reply);
        }
    }
}

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostileTransmit {
    /// The sender's address.
    pub speaker: Speaker,
    /// The destination.
    pub destination: SocketAddrV4,
    /// The content.
    pub payload: Vec<u8>,
}

/// The address that the attacker sends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Its own.
    Attacker,
    /// That of the simulated devices.
    Devices,
}

/// Counters of an attacker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostileStats {
    /// Sent datagrams.
    pub sent: u64,
    /// Secrets that were sealed for the attacker and could be opened.
    pub secrets: u64,
}

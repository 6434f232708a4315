//! Devices on one network, without the network: datagrams and the time go in,
//! datagrams come out.
//!
//! Drive it so: each datagram heard goes to [`Fleet::handle_datagram`]; then,
//! and whenever [`Fleet::poll_timeout`] is reached, [`Fleet::poll_transmit`]
//! until `None`. Times are counted from the fleet's start.
//!
//! A kind of request is answered by one module below this one.

mod activate;
mod cameras;
mod cloud;
mod command;
mod exchange;
mod frames;
mod guid;
mod inquiry;
mod kind;
mod lamp;
mod limits;
mod mail;
mod memory;
mod power;
mod questions;
mod queue;
mod request;
mod reset;
mod secret;
mod set_up;
mod stats;
mod update;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    num::NonZeroU32,
    time::Duration,
};

use ipnet::Ipv4Net;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use sadp_proto::{GROUP, Message, PORT, RequestMessage, Types};

pub use self::frames::FrameTransmit;
pub use self::stats::{Executions, Heard, Stats};
pub(crate) use self::{exchange::Chance, limits::Bucket};
use self::{
    limits::{Asked, Askers},
    memory::Memory,
    queue::{Content, Entry, Occasion, Queue, Way},
};
use crate::{Device, Faults, LinkAnswer, Reply, device::Telling};

/// What a fleet is told of its surroundings, and its limits.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The address of the machine that plays the devices. An inquiry sent to it
    /// is answered by all.
    pub address: Ipv4Addr,
    /// The networks its interface is in. Who is in none of them is not
    /// answered.
    pub networks: Vec<Ipv4Net>,
    /// Whether to answer who is in none of the networks, too.
    pub answer_anyone: bool,
    /// The group and port devices listen on.
    pub group: SocketAddrV4,
    /// What chance is drawn from.
    pub seed: u64,
    /// The most datagrams sent a second, but for a burst of
    /// [`FleetConfig::BURST`].
    pub rate: NonZeroU32,
}

impl FleetConfig {
    /// Datagrams sent a second, unless told otherwise.
    pub const DEFAULT_RATE: NonZeroU32 = NonZeroU32::new(50_000).unwrap();

    /// How much of a second's datagrams may be sent in one burst: a tenth.
    pub const BURST: Duration = Duration::from_millis(100);

    /// How many inquiries of one asker to all devices are answered in any second,
    /// and how many to each single device. What exceeds it is not answered.
    pub const INQUIRIES_A_SECOND: usize = 5;

    /// How many inquiries to single devices, and commands, one asker may send a
    /// second, and in one burst: as many as a fast sweep does.
    const SINGLE_REQUESTS: (u32, u32) = (10_000, 10_000);

    /// The most replies that wait to be sent, where the fleet is not so large
    /// that two inquiries need more. An inquiry that does not fit in whole is
    /// not answered.
    const MAX_WAITING: usize = 1 << 20;

    /// A fleet at an address, on the group and port real devices use.
    pub fn new(address: Ipv4Addr, networks: Vec<Ipv4Net>) -> Self {
        Self {
            address,
            networks,
            answer_anyone: false,
            group: SocketAddrV4::new(GROUP, PORT),
            seed: 0,
            rate: Self::DEFAULT_RATE,
        }
    }

    /// Whether whoever asks from there is answered.
    pub(crate) fn is_home(&self, address: Ipv4Addr) -> bool {
        self.answer_anyone
            || self
                .networks
                .iter()
                .any(|network| network.contains(&address))
    }
}

/// Simulated devices on one network.
#[derive(Debug)]
pub struct Fleet {
    config: FleetConfig,
    devices: Vec<Device>,
    /// The first device of each address.
    by_address: HashMap<Ipv4Addr, u32>,
    /// What devices remember that were sent commands.
    memories: HashMap<u32, Memory>,
    rng: Xoshiro256PlusPlus,
    queue: Queue,
    /// Answers by bare frames that wait.
    frames: Queue,
    pace: Bucket,
    askers: Askers,
    stats: Stats,
}

impl Fleet {
    /// The devices, about to start: their Hello is due within the first
    /// seconds.
    pub fn new(devices: Vec<Device>, config: FleetConfig) -> Self {
        let room = devices
            .len()
            .saturating_mul(4)
            .max(FleetConfig::MAX_WAITING);
        let mut fleet = Self {
            by_address: HashMap::new(),
            memories: HashMap::new(),
            rng: Xoshiro256PlusPlus::seed_from_u64(config.seed),
            queue: Queue::new(room),
            frames: Queue::new(room),
            pace: Bucket::new(config.rate, FleetConfig::BURST),
            askers: Askers::default(),
            stats: Stats::default(),
            devices,
            config,
        };
        fleet.index_addresses();
        fleet.schedule_hellos();
        fleet.schedule_events();
        fleet
    }

    /// Takes in a datagram. Tells what became of it.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &Datagram<'_>) -> Heard {
        self.stats.datagrams += 1;
        let heard = self.hear(now, datagram);
        self.stats.count(heard);
        heard
    }

    /// The next datagram to send, if one is due.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<Transmit> {
        loop {
            if self.queue.next_due()? > now || !self.pace.take(now) {
                return None;
            }
            let entry = self.queue.pop()?;
            if let Some(transmit) = self.render(&entry) {
                match entry.content {
                    Content::Hello => self.stats.hellos += 1,
                    Content::Of(_) => self.stats.replies += 1,
                }
                return Some(transmit);
            }
        }
    }

    /// When [`Fleet::poll_transmit`] or [`Fleet::poll_frame`] has something
    /// next. `None` when nothing waits.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let due = [self.queue.next_due(), self.frames.next_due()];
        let next = due.into_iter().flatten().min()?;
        Some(next.max(self.pace.ready_at()))
    }

    /// The devices.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What a device made of commands, by its place in [`Fleet::devices`].
    pub fn executions(&self, device: usize) -> Executions {
        let memory = u32::try_from(device)
            .ok()
            .and_then(|it| self.memories.get(&it));
        memory.map_or_else(Executions::default, |memory| memory.executions)
    }

    /// How many replies and Hellos wait to be sent.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// What was heard and said so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn hear(&mut self, now: Duration, datagram: &Datagram<'_>) -> Heard {
        if !is_request(datagram.payload) {
            return Heard::NoRequest;
        }
        let Ok(Message::Request(request)) = Message::decode(datagram.payload) else {
            return Heard::NoRequest;
        };
        if !self.config.is_home(*datagram.from.ip()) {
            return Heard::Foreign;
        }
        let recipients = self.recipients(datagram.destination);
        if recipients.is_empty() {
            return Heard::NobodyThere;
        }
        // A command is for one device, wherever it is sent.
        let asked = match (&request.header.types, recipients) {
            (Types::Inquiry, Recipients::All) => Asked::All,
            (Types::Inquiry, Recipients::One(number)) => Asked::One(number),
            _ => Asked::Command,
        };
        if !self.askers.admit(now, *datagram.from.ip(), asked) {
            return Heard::TooOften;
        }
        self.answer(now, &request, datagram.from, recipients)
    }

    /// Each kind of request has its module.
    fn answer(
        &mut self,
        now: Duration,
        request: &RequestMessage,
        asker: SocketAddrV4,
        recipients: Recipients,
    ) -> Heard {
        match request.header.types {
            Types::Inquiry => self.answer_inquiry(now, request, asker, recipients),
            Types::Other(_) => self.answer_command(now, request, asker, recipients),
            Types::Hello | Types::Bye => Heard::Unsupported,
        }
    }

    /// Which devices a datagram sent to this address reaches.
    fn recipients(&self, destination: Option<Ipv4Addr>) -> Recipients {
        // Where the system does not tell the destination, it was most likely the group.
        let Some(address) = destination else {
            return Recipients::All;
        };
        let is_broadcast = address.is_broadcast()
            || self
                .config
                .networks
                .iter()
                .any(|network| network.broadcast() == address);
        if address.is_multicast() || is_broadcast || address == self.config.address {
            return Recipients::All;
        }
        self.by_address
            .get(&address)
            .map_or(Recipients::Nobody, |&device| Recipients::One(device))
    }

    fn index_addresses(&mut self) {
        for (number, device) in (0..).zip(&self.devices) {
            self.by_address
                .entry(device.settings.address)
                .or_insert(number);
        }
    }

    /// Lets the address of a device lead to it after a change.
    fn move_address(&mut self, number: u32, from: Ipv4Addr, to: Ipv4Addr) {
        if from == to {
            return;
        }
        if self.by_address.get(&from) == Some(&number) {
            self.by_address.remove(&from);
            let mut others = (0..).zip(&self.devices);
            if let Some((other, _)) = others.find(|(_, other)| other.settings.address == from) {
                self.by_address.insert(from, other);
            }
        }
        let first = self.by_address.entry(to).or_insert(number);
        *first = number.min(*first);
    }

    /// Devices of a site do not start in one instant.
    fn schedule_hellos(&mut self) {
        let slot = HELLO_SPREAD
            .checked_div(self.count())
            .unwrap_or_default()
            .min(HELLO_SLOT);
        for number in 0..self.count() {
            if self.device(number).is_some_and(|device| {
                device.conduct.hello && device.conduct.link != LinkAnswer::Only
            }) {
                self.send(
                    slot.saturating_mul(number),
                    number,
                    Way::Group,
                    &Content::Hello,
                );
            }
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.devices.len()).unwrap_or(u32::MAX)
    }

    fn device(&self, number: u32) -> Option<&Device> {
        self.devices.get(number as usize)
    }

    /// Lets a device send at this time, subject to the faults on its way.
    fn send(&mut self, due: Duration, device: u32, way: Way, content: &Content) {
        let Some(faults) = self.device(device).map(|device| device.conduct.faults) else {
            return;
        };
        let copies = faults.copies(&mut self.rng);
        self.stats.lost += u64::from(copies == 0);
        for _ in 0..copies {
            let held_up = if faults.reorder.draw(&mut self.rng) {
                self.rng.random_range(0..=Faults::HOLD_UP.subsec_micros())
            } else {
                0
            };
            let due = due.saturating_add(Duration::from_micros(held_up.into()));
            self.queue.push(Entry {
                due,
                device,
                way,
                content: content.clone(),
            });
        }
    }

    /// Lets a device answer an asker its own way.
    fn send_answer(&mut self, due: Duration, device: u32, asker: SocketAddrV4, content: &Content) {
        let Some(reply) = self.device(device).map(|device| device.conduct.reply) else {
            return;
        };
        if matches!(reply, Reply::Multicast | Reply::Both) {
            self.send(due, device, Way::Group, content);
        }
        if matches!(reply, Reply::Unicast | Reply::Both) {
            self.send(due, device, Way::Direct(asker), content);
        }
    }

    /// Makes the datagram of an entry, spoilt as the faults will have it.
    fn render(&mut self, entry: &Entry) -> Option<Transmit> {
        let occasion = match &entry.content {
            Content::Hello => None,
            Content::Of(occasion) => Some(&**occasion),
        };
        if let Some(Occasion::Event(event)) = occasion {
            self.befall(entry.device, *event, entry.due);
            return None;
        }
        let asleep = self.is_asleep(entry.device, entry.due);
        let device = self.devices.get(entry.device as usize)?;
        let mut payload = match occasion {
            None => device.tell(Telling::Hello),
            Some(Occasion::Answered(reply)) => reply.clone(),
            Some(Occasion::Inquired(inquired)) if !asleep => device.tell(Telling::Inquiry {
                uuid: &inquired.uuid,
            }),
            Some(Occasion::Inquired(_) | Occasion::Framed(_) | Occasion::Event(_)) => return None,
        };
        spoil(&mut payload, device.conduct.faults, &mut self.rng);
        let destination = match entry.way {
            Way::Group => self.config.group,
            Way::Direct(asker) => asker,
        };
        Some(Transmit {
            device: entry.device as usize,
            destination,
            payload,
        })
    }
}

/// Hellos of a small site follow each other in this time, those of a large one
/// as fast as they must to be over in [`HELLO_SPREAD`].
const HELLO_SLOT: Duration = Duration::from_millis(20);
const HELLO_SPREAD: Duration = Duration::from_secs(2);

/// Whether a datagram may be a request, told without reading it: a fleet hears
/// each of its own multicast replies, thousands of them.
pub(crate) fn is_request(payload: &[u8]) -> bool {
    const START: &[u8] = b"<Probe>";
    const LOOK_AT: usize = 256;
    let head = payload.get(..LOOK_AT).unwrap_or(payload);
    head.windows(START.len()).any(|window| window == START)
}

/// Changes some bytes, or cuts the end off.
fn spoil(payload: &mut Vec<u8>, faults: Faults, rng: &mut Xoshiro256PlusPlus) {
    if payload.is_empty() {
        return;
    }
    if faults.corrupt.draw(rng) {
        for _ in 0..rng.random_range(1..=8u32) {
            let place = rng.random_range(0..payload.len());
            if let Some(byte) = payload.get_mut(place) {
                *byte ^= rng.random_range(1..=255u8);
            }
        }
    }
    if faults.truncate.draw(rng) {
        payload.truncate(rng.random_range(0..payload.len()));
    }
}

/// Which devices a request reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipients {
    All,
    One(u32),
    Nobody,
}

impl Recipients {
    fn is_empty(self) -> bool {
        self == Self::Nobody
    }

    /// The numbers of the devices, of `count` in all.
    fn numbers(self, count: u32) -> std::ops::Range<u32> {
        match self {
            Self::All => 0..count,
            Self::One(number) => number..number.saturating_add(1),
            Self::Nobody => 0..0,
        }
    }
}

/// A datagram heard, and what the socket knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Who sent it.
    pub from: SocketAddrV4,
    /// Where it was sent to: the group, a broadcast address, this machine's or a
    /// device's. `None` where the system does not tell.
    pub destination: Option<Ipv4Addr>,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// A datagram to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The device that sends it: its place in [`Fleet::devices`].
    pub device: usize,
    /// Where to.
    pub destination: SocketAddrV4,
    /// Its bytes.
    pub payload: Vec<u8>,
}

#[cfg(test)]
mod tests;

//! Devices on one network, without the network: datagrams and the time are inputs,
//! datagrams are outputs.
//!
//! Pass each received datagram to [`Fleet::handle_datagram`]; then, and whenever
//! [`Fleet::poll_timeout`] is reached, call [`Fleet::poll_transmit`] until it returns
//! `None`. Times are measured from the fleet's start.
//!
//! Each kind of request has its module.

mod activation;
mod cameras;
mod cloud;
mod command;
mod execution;
mod frames;
mod guid;
mod http;
mod inquiry;
mod kind;
mod limits;
mod mail;
mod memory;
mod power;
mod questions;
mod queue;
mod stats;
mod update;
mod vendor_request;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use ipnet::Ipv4Net;
use jiff::{Timestamp, tz::TimeZone};
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use sadp_proto::{GROUP, Message, PORT, Types};

pub use self::stats::{Executions, Handled, Stats};
pub(crate) use self::{limits::Bucket, queue::Queue};
use self::{
    limits::{Askers, RequestScope},
    memory::CommandMemory,
    queue::{Delivery, Entry, Payload},
};
use crate::{
    Device, Faults, Reply,
    device::{SelfReport, factory::TODAY},
};

/// The surroundings of a fleet, and its limits.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// The address of the computer that simulates the devices. All of them answer an
    /// inquiry to it.
    pub address: Ipv4Addr,
    /// The networks of its interface. Requests from other networks are ignored.
    pub networks: Vec<Ipv4Net>,
    /// Whether to answer requests from other networks, too.
    pub answer_anyone: bool,
    /// The group and port that devices listen on.
    pub group: SocketAddrV4,
    /// The seed of all random decisions.
    pub seed: u64,
    /// The time at the fleet's start, by which devices with a right clock tell the time
    /// over HTTP.
    pub clock: Timestamp,
}

impl FleetConfig {
    /// The maximum number of datagrams per second, with bursts of [`FleetConfig::BURST`].
    const RATE: NonZeroU32 = NonZeroU32::new(50_000).unwrap();

    /// The length of a burst: a tenth of a second's datagrams.
    const BURST: Duration = Duration::from_millis(100);

    /// How many inquiries of one sender to all devices are answered in any second, and
    /// how many to each single device. More are ignored.
    pub const INQUIRIES_A_SECOND: usize = 5;

    /// How many inquiries to single devices, and commands, one sender may send per second
    /// and in one burst: as many as a fast sweep sends.
    const SINGLE_REQUESTS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

    /// The maximum number of waiting replies, unless two inquiries to the fleet need
    /// more. An inquiry whose replies do not all fit is ignored.
    const MAX_WAITING: usize = 1 << 20;

    /// A fleet at an address, on the group and port of real devices.
    pub fn new(address: Ipv4Addr, networks: Vec<Ipv4Net>) -> Self {
        Self {
            address,
            networks,
            answer_anyone: false,
            group: SocketAddrV4::new(GROUP, PORT),
            seed: 0,
            clock: TimeZone::UTC
                .to_timestamp(TODAY.at(0, 0, 0, 0))
                .unwrap_or_default(),
        }
    }

    /// Whether requests from this address are answered.
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
    /// The state of devices that received commands.
    memories: HashMap<u32, CommandMemory>,
    rng: Xoshiro256PlusPlus,
    queue: Queue<Entry>,
    pace: Bucket,
    askers: Askers,
    stats: Stats,
}

impl Fleet {
    /// Makes a fleet of devices that are about to start: their Hello is due within the
    /// first seconds.
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
            pace: Bucket::new(FleetConfig::RATE, FleetConfig::BURST),
            askers: Askers::default(),
            stats: Stats::default(),
            devices,
            config,
        };
        fleet.index_addresses();
        fleet.schedule_hellos();
        fleet.schedule_incidents();
        fleet
    }

    /// Handles a datagram. Returns what was done with it.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &InboundDatagram<'_>) -> Handled {
        let heard = self.receive_datagram(now, datagram);
        self.stats.count(heard);
        heard
    }

    /// Returns the next datagram or frame to send, if one is due.
    pub fn poll_transmit(&mut self, now: Duration) -> Option<FleetTransmit> {
        loop {
            if self.queue.next_due()? > now || !self.pace.take(now) {
                return None;
            }
            let (due, entry) = self.queue.pop()?;
            if let Some(transmit) = self.render(&entry, due) {
                match *entry.payload {
                    Payload::Hello => self.stats.hellos += 1,
                    _ => self.stats.replies += 1,
                }
                return Some(transmit);
            }
        }
    }

    /// Returns when [`Fleet::poll_transmit`] has something next. `None` when nothing is
    /// waiting.
    pub fn poll_timeout(&self) -> Option<Duration> {
        Some(self.queue.next_due()?.max(self.pace.ready_at()))
    }

    /// The devices.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The command counters of a device, by its index in [`Fleet::devices`].
    pub fn executions(&self, device: usize) -> Executions {
        let memory = self.memory(device);
        memory.map_or_else(Executions::default, |memory| memory.executions)
    }

    fn memory(&self, device: usize) -> Option<&CommandMemory> {
        self.memories.get(&u32::try_from(device).ok()?)
    }

    /// Sets the port on which a device answers HTTP.
    pub(crate) fn set_http_port(&mut self, device: usize, port: u16) {
        if let Some(device) = self.devices.get_mut(device) {
            device.settings.http_port = port;
        }
    }

    /// The number of waiting replies and Hellos.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The counters so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn receive_datagram(&mut self, now: Duration, datagram: &InboundDatagram<'_>) -> Handled {
        if !is_request(datagram.payload) {
            return Handled::NoRequest;
        }
        let Ok(Message::Request(request)) = Message::decode(datagram.payload) else {
            return Handled::NoRequest;
        };
        if !self.config.is_home(*datagram.from.ip()) {
            return Handled::Foreign;
        }
        let Some(recipients) = self.recipients(datagram.destination) else {
            return Handled::NobodyThere;
        };
        // A command is for one device, wherever it is sent.
        let scope = match (&request.header.types, recipients) {
            (Types::Inquiry, Recipients::All) => RequestScope::All,
            (Types::Inquiry, Recipients::One(number)) => RequestScope::One(number),
            _ => RequestScope::Command,
        };
        if !self.askers.admit(now, *datagram.from.ip(), scope) {
            return Handled::TooOften;
        }
        match request.header.types {
            Types::Inquiry => self.answer_inquiry(now, &request, datagram.from, recipients),
            Types::Other(_) => self.answer_command(now, &request, datagram.from, recipients),
            Types::Hello | Types::Bye => Handled::Unsupported,
        }
    }

    /// Returns the devices that a datagram to this address reaches, if any.
    fn recipients(&self, destination: Option<Ipv4Addr>) -> Option<Recipients> {
        // An unknown destination was most likely the group.
        let Some(address) = destination else {
            return Some(Recipients::All);
        };
        let is_broadcast = address.is_broadcast()
            || self
                .config
                .networks
                .iter()
                .any(|network| network.broadcast() == address);
        if address.is_multicast() || is_broadcast || address == self.config.address {
            return Some(Recipients::All);
        }
        let device = self.by_address.get(&address)?;
        Some(Recipients::One(*device))
    }

    fn index_addresses(&mut self) {
        for (number, device) in (0..).zip(&self.devices) {
            self.by_address
                .entry(device.settings.address)
                .or_insert(number);
        }
    }

    /// Updates the index of addresses after a change.
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

    /// Spreads the Hellos: the devices of a site do not start at the same instant.
    fn schedule_hellos(&mut self) {
        let slot = HELLO_SPREAD
            .checked_div(self.count())
            .unwrap_or_default()
            .min(HELLO_SLOT);
        let hello = Arc::new(Payload::Hello);
        for number in 0..self.count() {
            if self.device(number).is_some_and(Device::says_hello) {
                let due = slot.saturating_mul(number);
                self.send(due, number, Delivery::Group, &hello);
            }
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.devices.len()).unwrap_or(u32::MAX)
    }

    fn device(&self, number: u32) -> Option<&Device> {
        self.devices.get(number as usize)
    }

    /// Schedules a datagram of a device, subject to network faults.
    fn send(&mut self, due: Duration, device: u32, delivery: Delivery, payload: &Arc<Payload>) {
        let Some(faults) = self.device(device).map(|device| device.behavior.faults) else {
            return;
        };
        for _ in 0..faults.copies(&mut self.rng) {
            let delayed = if faults.reorder.draw(&mut self.rng) {
                self.rng
                    .random_range(0..=Faults::REORDER_DELAY.subsec_micros())
            } else {
                0
            };
            let due = due.saturating_add(Duration::from_micros(delayed.into()));
            let entry = Entry {
                device,
                delivery,
                payload: Arc::clone(payload),
            };
            self.queue.push(due, entry);
        }
    }

    /// Schedules a reply by the device's configured transport.
    fn send_answer(&mut self, due: Duration, device: u32, to: SocketAddrV4, reply: &Arc<Payload>) {
        let Some(transport) = self.device(device).map(|device| device.behavior.reply) else {
            return;
        };
        if matches!(transport, Reply::Multicast | Reply::Both) {
            self.send(due, device, Delivery::Group, reply);
        }
        if matches!(transport, Reply::Unicast | Reply::Both) {
            self.send(due, device, Delivery::Direct(to), reply);
        }
    }

    /// Makes the datagram or frame of an entry, with its faults.
    fn render(&mut self, entry: &Entry, due: Duration) -> Option<FleetTransmit> {
        if let Payload::Incident(incident) = *entry.payload {
            self.happen(entry.device, incident, due);
            return None;
        }
        let offline = self.is_offline(entry.device, due);
        let device = self.devices.get(entry.device as usize)?;
        let mut payload = match &*entry.payload {
            Payload::Hello => device.report(SelfReport::HELLO),
            Payload::Reply(reply) => reply.clone(),
            Payload::Inquiry(uuid) if !offline => device.report(SelfReport::of_inquiry(uuid)),
            Payload::FrameInquiry(inquiry) if !offline => {
                inquiry.answered_by(&device.frame_answer()?).emit()
            }
            _ => return None,
        };
        let (destination, header) = match entry.delivery {
            Delivery::Group => (FleetDestination::Udp(self.config.group), 0),
            Delivery::Direct(asker) => (FleetDestination::Udp(asker), 0),
            // No network carries a frame with a corrupt header.
            Delivery::Frame => (FleetDestination::Link, ETHERNET_HEADER),
        };
        corrupt(&mut payload, header, device.behavior.faults, &mut self.rng);
        Some(FleetTransmit {
            device: entry.device as usize,
            destination,
            payload,
        })
    }
}

/// The time between two Hellos of a small site. Those of a large site follow each other
/// fast enough to end within [`HELLO_SPREAD`].
const HELLO_SLOT: Duration = Duration::from_millis(20);
const HELLO_SPREAD: Duration = Duration::from_secs(2);

const ETHERNET_HEADER: usize = 14;

/// Whether a datagram may be a request, without parsing it: a fleet receives each of its
/// own multicast replies, thousands of them.
pub(crate) fn is_request(payload: &[u8]) -> bool {
    const START: &[u8] = b"<Probe>";
    const HEAD: usize = 256;
    let head = payload.get(..HEAD).unwrap_or(payload);
    head.windows(START.len()).any(|window| window == START)
}

/// Changes some bytes behind the header, or cuts the end off.
fn corrupt(payload: &mut Vec<u8>, header: usize, faults: Faults, rng: &mut Xoshiro256PlusPlus) {
    if payload.len() <= header {
        return;
    }
    if faults.corrupt.draw(rng) {
        for _ in 0..rng.random_range(1..=8u32) {
            let place = rng.random_range(header..payload.len());
            if let Some(byte) = payload.get_mut(place) {
                *byte ^= rng.random_range(1..=255u8);
            }
        }
    }
    if faults.truncate.draw(rng) {
        payload.truncate(rng.random_range(header..payload.len()));
    }
}

/// The devices that a request reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipients {
    All,
    One(u32),
}

impl Recipients {
    /// The numbers of the devices, of `count` in all.
    fn numbers(self, count: u32) -> std::ops::Range<u32> {
        match self {
            Self::All => 0..count,
            Self::One(number) => number..number.saturating_add(1),
        }
    }
}

/// A received datagram.
#[derive(Clone, Copy, Debug)]
pub struct InboundDatagram<'a> {
    /// The sender.
    pub from: SocketAddrV4,
    /// The destination: the group, a broadcast address, this computer's or a device's.
    /// `None` where the system does not report it.
    pub destination: Option<Ipv4Addr>,
    /// The content.
    pub payload: &'a [u8],
}

/// A datagram or a frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTransmit {
    /// The index of the sender in [`Fleet::devices`].
    pub device: usize,
    /// The destination.
    pub destination: FleetDestination,
    /// The content of the datagram, or the whole frame.
    pub payload: Vec<u8>,
}

/// The destination of what a fleet sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetDestination {
    /// A datagram to the group or to a client.
    Udp(SocketAddrV4),
    /// An Ethernet frame, which names its receiver.
    Link,
}

#[cfg(test)]
mod tests;

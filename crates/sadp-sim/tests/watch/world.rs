//! A LAN in virtual time: one watch, and sites that come and go.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sadp_model::{Protocol, Via};
use sadp_proto::{Destination, GROUP, PORT, Watch, WatchConfig, WatchEvent, WatchEventKind};
use sadp_sim::{Behavior, Device, Fleet, FleetConfig, InboundDatagram, Population};
use uuid::Uuid;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

const INSTALLER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 9), 50_000);

pub(crate) struct World {
    pub(crate) watch: Watch,
    /// Each with when it started.
    fleets: Vec<(Duration, Fleet)>,
    now: Duration,
    interface: Arc<str>,
    /// Inquiries to the group so far.
    pub(crate) asked: u64,
}

impl World {
    pub(crate) fn new(every: Duration, offline_after: Duration) -> Self {
        let config = WatchConfig {
            broadcast: false,
            sweep: None,
            every,
            offline_after,
        };
        let mut next = 0;
        let uuids = move || {
            next += 1;
            Uuid::from_u128(next)
        };
        let mut watch = Watch::new(config, uuids);
        watch.handle_links(Duration::ZERO, vec![Protocol::Sadp], Vec::new());
        Self {
            watch,
            fleets: Vec::new(),
            now: Duration::ZERO,
            interface: "lan0".into(),
            asked: 0,
        }
    }

    /// With the usual times.
    pub(crate) fn usual() -> Self {
        Self::new(60 * SECOND, 120 * SECOND)
    }

    /// Devices are switched on.
    pub(crate) fn plug_in(&mut self, devices: Vec<Device>) {
        let networks = vec!["10.77.0.1/16".parse().unwrap()];
        let config = FleetConfig {
            seed: 7,
            ..FleetConfig::new(Ipv4Addr::new(10, 77, 0, 1), networks)
        };
        self.fleets.push((self.now, Fleet::new(devices, config)));
    }

    /// All devices lose power.
    pub(crate) fn pull_the_plug(&mut self) {
        self.fleets.clear();
    }

    /// All devices lose power, and come back otherwise.
    pub(crate) fn replace(&mut self, devices: Vec<Device>) {
        self.pull_the_plug();
        self.plug_in(devices);
    }

    /// Somebody says something to the group.
    pub(crate) fn say(&mut self, payload: &[u8]) -> Vec<WatchEvent> {
        self.hear(Ipv4Addr::new(10, 77, 0, 50), payload);
        std::iter::from_fn(|| self.watch.poll_event()).collect()
    }

    /// Lets time pass. Returns what was told meanwhile, and when.
    pub(crate) fn run_for(&mut self, time: Duration) -> Vec<(Duration, WatchEvent)> {
        let end = self.now + time;
        let mut events = Vec::new();
        while self.now < end {
            self.step();
            let now = self.now;
            events.extend(std::iter::from_fn(|| self.watch.poll_event()).map(|event| (now, event)));
            let of_fleets = self.fleets.iter().filter_map(|(started, fleet)| {
                let at = fleet.poll_timeout()?;
                Some(*started + at)
            });
            let next = of_fleets.chain([self.watch.poll_timeout()]).min().unwrap();
            // A driver that sleeps cannot wake at the very moment.
            self.now = next.max(now + Duration::from_micros(1)).min(end);
        }
        events
    }

    fn step(&mut self) {
        self.watch.handle_timeout(self.now);
        while let Some(transmit) = self.watch.poll_transmit() {
            assert_eq!(transmit.destination, Destination::Group(0));
            self.asked += 1;
            for (started, fleet) in &mut self.fleets {
                let datagram = InboundDatagram {
                    from: INSTALLER,
                    destination: Some(GROUP),
                    payload: &transmit.payload,
                };
                fleet.handle_datagram(self.now.saturating_sub(*started), &datagram);
            }
        }
        for place in 0..self.fleets.len() {
            loop {
                let (started, fleet) = &mut self.fleets[place];
                let Some(transmit) = fleet.poll_transmit(self.now.saturating_sub(*started)) else {
                    break;
                };
                let from = fleet.devices()[transmit.device].settings.address;
                self.hear(from, &transmit.payload);
            }
        }
    }

    fn hear(&mut self, from: Ipv4Addr, payload: &[u8]) {
        let at = Timestamp::from_nanosecond(self.now.as_nanos().try_into().unwrap()).unwrap();
        let datagram = sadp_proto::Datagram {
            interface: &self.interface,
            from: SocketAddrV4::new(from, PORT).into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at,
            payload,
            is_beginning: false,
        };
        self.watch.handle_datagram(self.now, &datagram);
    }
}

pub(crate) fn devices(count: u32, seed: u64) -> Vec<Device> {
    devices_of(count, seed, Behavior::default())
}

pub(crate) fn devices_of(count: u32, seed: u64, behavior: Behavior) -> Vec<Device> {
    let network = "10.77.0.1/16".parse().unwrap();
    let population = Population {
        count,
        seed,
        network,
        behavior,
    };
    let mut devices = population.generate().unwrap();
    for (number, device) in (256u32..).zip(&mut devices) {
        // No two alike by accident.
        device.settings.address = Ipv4Addr::from(0x0a4d_0000 + number);
    }
    devices
}

/// What happened, without when and to whom.
pub(crate) fn happened(events: &[(Duration, WatchEvent)]) -> Vec<WatchEventKind> {
    let told = events.iter().map(|(_, event)| event.kind);
    told.filter(|&happened| happened != WatchEventKind::Heard)
        .collect()
}

/// Devices that say little, for where there are many for long.
pub(crate) struct Crowd {
    pub(crate) watch: Watch,
    count: u32,
    now: Duration,
}

impl Crowd {
    pub(crate) fn new(count: u32) -> Self {
        let watch = World::usual().watch;
        let now = Duration::ZERO;
        Self { watch, count, now }
    }

    /// Returns how many events there were.
    pub(crate) fn run_until(&mut self, end: Duration) -> usize {
        let mut events = 0;
        while self.now < end {
            self.watch.handle_timeout(self.now);
            while let Some(transmit) = self.watch.poll_transmit() {
                let text = String::from_utf8(transmit.payload).unwrap();
                let uuid = text.split(['<', '>']).nth(6).unwrap();
                (0..self.count).for_each(|number| self.answer(number, uuid));
            }
            events += std::iter::from_fn(|| self.watch.poll_event()).count();
            let next = self.watch.poll_timeout();
            self.now = next.max(self.now + Duration::from_micros(1));
        }
        events
    }

    fn answer(&mut self, number: u32, uuid: &str) {
        let address = Ipv4Addr::from(0x0a4d_0100 + number);
        let reply = format!(
            "<ProbeMatch><Uuid>{uuid}</Uuid><MAC>44-47-cc-00-{:02x}-{:02x}</MAC>\
            <DeviceSN>S{number}</DeviceSN><IPv4Address>{address}</IPv4Address></ProbeMatch>",
            number / 256,
            number % 256
        );
        let interface = "lan0".into();
        let datagram = sadp_proto::Datagram {
            interface: &interface,
            from: SocketAddrV4::new(address, PORT).into(),
            protocol: Protocol::Sadp,
            via: Via::Multicast,
            at: Timestamp::UNIX_EPOCH,
            payload: reply.as_bytes(),
            is_beginning: false,
        };
        self.watch.handle_datagram(self.now, &datagram);
    }
}

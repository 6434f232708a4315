//! A LAN in virtual time: one survey, one fleet, and the datagrams between them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use sadp_model::{MacAddr, Protocol, Via};
use sadp_proto::{Destination, GROUP, PORT, StopCondition, Survey, SurveyConfig, Sweep};
use sadp_sim::{
    Behavior, Device, Fleet, FleetConfig, FleetDestination, Hostile, HostileConfig, HostileStats,
    InboundDatagram, Population, Speaker,
};
use uuid::Uuid;

pub(crate) const MS: Duration = Duration::from_millis(1);

/// What every datagram takes.
const WIRE: Duration = Duration::from_micros(200);

/// The most a survey may take before it counts as endless.
const ENDLESS: Duration = Duration::from_mins(5);

/// Where an attacker stands.
pub(crate) const ATTACKER: Ipv4Addr = Ipv4Addr::new(10, 77, 66, 66);

const INSTALLER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 9), 50_000);

pub(crate) struct Lan {
    survey: Survey,
    fleet: Fleet,
    hostile: Hostile,
    wire: BinaryHeap<Reverse<InFlight>>,
    sent: u64,
    now: Duration,
    interface: Arc<str>,
}

/// Ordered by arrival, then by when it was sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct InFlight {
    at: Duration,
    number: u64,
    to: To,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Devices(Ipv4Addr),
    Installer { from: Ipv4Addr, multicast: bool },
}

/// What came of a survey.
pub(crate) struct Outcome {
    pub(crate) survey: Survey,
    pub(crate) fleet: Fleet,
    /// When it ended.
    pub(crate) took: Duration,
}

impl Outcome {
    pub(crate) fn found(&self) -> usize {
        self.survey.registry().len()
    }

    /// How many of these devices were found, whatever else was.
    pub(crate) fn found_among(&self, devices: &[Device]) -> usize {
        let found: HashSet<MacAddr> = self
            .survey
            .registry()
            .entries()
            .iter()
            .filter_map(|entry| entry.device.mac)
            .collect();
        devices
            .iter()
            .filter(|device| found.contains(&device.identity.mac))
            .count()
    }
}

pub(crate) fn devices(count: u32, seed: u64, behavior: Behavior) -> Vec<Device> {
    let network = "10.77.0.1/16".parse().unwrap();
    Population {
        count,
        seed,
        network,
        behavior,
    }
    .generate()
    .unwrap()
}

/// Plays a survey of these devices to its end.
pub(crate) fn play(devices: Vec<Device>, seed: u64, stop: StopCondition) -> Outcome {
    let config = SurveyConfig {
        links: vec![Protocol::Sadp],
        broadcast: false,
        sweep: None,
        stop,
    };
    play_with(devices, seed, config)
}

/// Plays a sweep of single addresses to its end.
pub(crate) fn sweep(devices: Vec<Device>, seed: u64, network: &str) -> Outcome {
    let sweep = Sweep::new(&[network.parse().unwrap()], Sweep::DEFAULT_RATE).unwrap();
    let config = SurveyConfig {
        links: Vec::new(),
        broadcast: false,
        sweep: Some(sweep),
        stop: StopCondition::Auto,
    };
    play_with(devices, seed, config)
}

pub(crate) fn play_with(devices: Vec<Device>, seed: u64, config: SurveyConfig) -> Outcome {
    let none = HostileConfig::new(Vec::new());
    play_against(devices, seed, config, &none).0
}

/// Plays a survey beside an attacker. Tells what it did, too.
pub(crate) fn play_against(
    devices: Vec<Device>,
    seed: u64,
    config: SurveyConfig,
    hostile: &HostileConfig,
) -> (Outcome, HostileStats) {
    let networks = vec!["10.77.0.1/16".parse().unwrap()];
    let address = Ipv4Addr::new(10, 77, 0, 1);
    let place = FleetConfig {
        seed,
        ..FleetConfig::new(address, networks)
    };
    let hostile = Hostile::new(hostile, ATTACKER, &devices, place.clone());
    let fleet = Fleet::new(devices, place);
    let mut next = u128::from(seed) << 64;
    let uuids = move || {
        next += 1;
        Uuid::from_u128(next)
    };
    let lan = Lan {
        survey: Survey::new(config, uuids),
        fleet,
        hostile,
        wire: BinaryHeap::new(),
        sent: 0,
        now: Duration::ZERO,
        interface: "lan0".into(),
    };
    lan.run()
}

impl Lan {
    fn run(mut self) -> (Outcome, HostileStats) {
        loop {
            assert!(self.now < ENDLESS, "endless: {:?}", self.survey);
            self.step();
            if self.survey.is_finished() {
                break;
            }
            let next = [
                self.survey.poll_timeout(),
                self.fleet.poll_timeout(),
                self.hostile.poll_timeout(self.now),
                self.wire.peek().map(|Reverse(next)| next.at),
            ];
            let next = next.into_iter().flatten().min().unwrap_or(self.now);
            // A driver that sleeps cannot wake at the very moment.
            self.now = next.max(self.now + Duration::from_micros(1));
        }
        let outcome = Outcome {
            took: self.now,
            survey: self.survey,
            fleet: self.fleet,
        };
        (outcome, self.hostile.stats())
    }

    /// Everything that happens at one moment.
    fn step(&mut self) {
        while self
            .wire
            .peek()
            .is_some_and(|Reverse(next)| next.at <= self.now)
        {
            if let Some(Reverse(datagram)) = self.wire.pop() {
                self.arrive(&datagram);
            }
        }
        self.survey.handle_timeout(self.now);
        while let Some(transmit) = self.survey.poll_transmit() {
            let to = match transmit.destination {
                Destination::Group(_) => GROUP,
                Destination::Broadcast(_) => Ipv4Addr::new(10, 77, 255, 255),
                Destination::Unicast(address) => address,
                Destination::Card(_) => continue,
            };
            if to == GROUP {
                // Our own question comes back to us.
                let from = *INSTALLER.ip();
                self.launch(
                    To::Installer {
                        from,
                        multicast: true,
                    },
                    transmit.payload.clone(),
                );
            }
            self.launch(To::Devices(to), transmit.payload);
        }
        while let Some(transmit) = self.fleet.poll_transmit(self.now) {
            let from = self.fleet.devices()[transmit.device].settings.address;
            let FleetDestination::Udp(to) = transmit.destination else {
                panic!("nobody sent a frame");
            };
            let multicast = to == SocketAddrV4::new(GROUP, PORT);
            assert!(multicast || to == INSTALLER);
            self.launch(To::Installer { from, multicast }, transmit.payload);
        }
        while let Some(transmit) = self.hostile.poll_transmit(self.now) {
            assert_eq!(transmit.speaker, Speaker::Attacker);
            let multicast = transmit.destination != INSTALLER;
            let from = ATTACKER;
            self.launch(To::Installer { from, multicast }, transmit.payload);
        }
    }

    fn launch(&mut self, to: To, payload: Vec<u8>) {
        let number = self.sent;
        self.sent += 1;
        self.wire.push(Reverse(InFlight {
            at: self.now + WIRE,
            number,
            to,
            payload,
        }));
    }

    fn arrive(&mut self, datagram: &InFlight) {
        let payload = &datagram.payload;
        match datagram.to {
            To::Devices(destination) => {
                let destination = Some(destination);
                let datagram = InboundDatagram {
                    from: INSTALLER,
                    destination,
                    payload,
                };
                self.hostile.handle_datagram(self.now, &datagram);
                self.fleet.handle_datagram(self.now, &datagram);
            }
            To::Installer { from, multicast } => {
                let datagram = sadp_proto::Datagram {
                    interface: &self.interface,
                    from: SocketAddrV4::new(from, PORT).into(),
                    protocol: Protocol::Sadp,
                    via: if multicast {
                        Via::Multicast
                    } else {
                        Via::Unicast
                    },
                    at: Timestamp::UNIX_EPOCH,
                    payload,
                    is_beginning: false,
                };
                self.survey.handle_datagram(self.now, &datagram);
            }
        }
    }
}

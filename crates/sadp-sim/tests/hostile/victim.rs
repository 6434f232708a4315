//! One device that is activated beside an attacker.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_proto::{
    Command, CommandOutcome, Exchange, ExchangeStep, GROUP, Message, Target, seal::Password,
};
use sadp_sim::{
    Attack, Behavior, Device, Fleet, FleetConfig, Hostile, HostileConfig, InboundDatagram,
    Population, Speaker,
};

use crate::lan::{ATTACKER, MS};

const INSTALLER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 9), 50_000);

pub(crate) struct Victim {
    pub(crate) devices: Vec<Device>,
    /// The longest time it took to reply to a probe.
    pub(crate) response_time: Duration,
    pub(crate) place: FleetConfig,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Activation {
    outcome: CommandOutcome,
    /// Whether the exchange says that somebody else answered it.
    pub(crate) warned: bool,
    /// What the attacker could open.
    pub(crate) secrets: u64,
    /// What the device was activated with.
    pub(crate) activations: u64,
}

impl Activation {
    pub(crate) fn is_impostor(&self) -> bool {
        matches!(self.outcome, CommandOutcome::Impostor)
    }
}

impl Victim {
    /// A device that answers this late.
    pub(crate) fn new(delay: Duration) -> Self {
        let network = "10.77.0.1/16".parse().unwrap();
        let population = Population {
            count: 30,
            seed: 1,
            network,
            behavior: Behavior {
                delay: sadp_sim::Delay::between(delay, delay).unwrap(),
                hello: false,
                ..Behavior::default()
            },
        };
        let mut devices = population.generate().unwrap();
        devices.retain(|device| !device.state.activated);
        devices.truncate(1);
        Self {
            devices,
            response_time: delay,
            place: FleetConfig::new(Ipv4Addr::new(10, 77, 0, 1), vec![network]),
        }
    }

    pub(crate) fn activate(self, attacks: &[Attack]) -> Activation {
        let config = HostileConfig::new(attacks.to_vec());
        let device = &self.devices[0];
        let (mac, address) = (device.identity.mac, device.settings.address);
        let target = Target {
            mac,
            mac_text: mac.to_string().into(),
            from: address.into(),
            response_time: Some(self.response_time),
            seals_code: false,
        };
        let password = Password::new("Garden72!".into()).unwrap();
        let mut exchange = Exchange::new(target, Command::Activate { password }, UnwrapErr(SysRng));
        let mut hostile = Hostile::new(&config, ATTACKER, &self.devices, self.place.clone());
        let mut fleet = Fleet::new(self.devices, self.place);
        let mut now = MS;
        let mut outcome = None;
        // Further replies are reported after the outcome, too.
        while outcome.is_none() || exchange.poll_timeout().is_some() {
            exchange.handle_timeout(now);
            if let Some(ExchangeStep::Key(payload) | ExchangeStep::Command(payload)) =
                exchange.poll_transmit()
            {
                let datagram = InboundDatagram {
                    from: INSTALLER,
                    destination: Some(GROUP),
                    payload: &payload,
                };
                hostile.handle_datagram(now, &datagram);
                fleet.handle_datagram(now, &datagram);
            }
            let mut heard = Vec::new();
            while let Some(transmit) = hostile.poll_transmit(now) {
                let from = match transmit.speaker {
                    Speaker::Attacker => ATTACKER,
                    Speaker::Devices => address,
                };
                heard.push((from, transmit.payload));
            }
            while let Some(transmit) = fleet.poll_transmit(now) {
                heard.push((address, transmit.payload));
            }
            for (from, payload) in heard {
                if let Ok(Message::CommandReply(reply)) = Message::decode(&payload) {
                    exchange.handle_reply(now, from.into(), &reply);
                }
            }
            outcome = outcome.or_else(|| exchange.poll_outcome());
            let next = [
                exchange.poll_timeout(),
                fleet.poll_timeout(),
                hostile.poll_timeout(now),
            ];
            now = next
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(now)
                .max(now + MS / 1000);
        }
        Activation {
            outcome: outcome.unwrap(),
            warned: exchange.was_forged(),
            secrets: hostile.stats().secrets,
            activations: fleet.executions(0).activations,
        }
    }
}

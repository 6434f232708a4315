//! An installer's van in virtual time: exchanges, one fleet, and no wire in
//! between but the faults of the fleet.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_model::{MacAddr, RawFields};
use sadp_proto::{
    Code, Command, CommandOutcome, CommandReply, Credentials, Exchange, ExchangeStep, GROUP,
    Inquiry, Message, NetworkSettings, Refusal, RefusalReply, Target, Update, seal::Password,
};
use sadp_sim::{Fleet, FleetConfig, Handled, InboundDatagram, Site};
use uuid::Uuid;

pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) const INSTALLER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 168, 1, 9), 50_000);

/// The profiles whose devices say `codeEncrypt`.
const SEALING: [&str; 1] = ["ipc-v5.8.10"];

pub(crate) struct Van {
    pub(crate) fleet: Fleet,
    pub(crate) now: Duration,
    /// Commands that left, key exchanges not counted.
    pub(crate) sent: usize,
    /// Everything the devices said: when, which, what.
    pub(crate) heard: Vec<(Duration, usize, RawFields)>,
    asked: u128,
}

impl Van {
    pub(crate) fn new(site: &str) -> Self {
        let network = "192.168.1.5/16".parse().unwrap();
        let site = Site::parse(site).unwrap();
        let config = FleetConfig {
            seed: site.seed(),
            ..FleetConfig::new(Ipv4Addr::new(192, 168, 1, 5), vec![network])
        };
        let mut van = Self {
            fleet: Fleet::new(site.build(network).unwrap(), config),
            now: MS,
            sent: 0,
            heard: Vec::new(),
            asked: 0,
        };
        van.settle();
        van
    }

    /// One device of this profile, with more keys.
    pub(crate) fn one(profile: &str, keys: &str) -> Self {
        Self::new(&format!(
            "[[device]]\nprofile = \"{profile}\"\nhello = false\n{keys}"
        ))
    }

    /// Plays commands to devices, side by side, to their ends.
    pub(crate) fn command(&mut self, commands: Vec<(usize, Command)>) -> Vec<CommandOutcome> {
        let mut running: Vec<_> = commands
            .into_iter()
            .map(|(device, command)| {
                let exchange = Exchange::new(self.target(device), command, UnwrapErr(SysRng));
                (exchange, None)
            })
            .collect();
        loop {
            for (exchange, outcome) in &mut running {
                exchange.handle_timeout(self.now);
                if let Some(step) = exchange.poll_transmit() {
                    self.sent += usize::from(matches!(step, ExchangeStep::Command(_)));
                    let (ExchangeStep::Key(payload) | ExchangeStep::Command(payload)) = step;
                    self.say(GROUP, &payload);
                }
                *outcome = outcome.take().or_else(|| exchange.poll_outcome());
            }
            for (from, reply) in self.replies() {
                for (exchange, outcome) in &mut running {
                    exchange.handle_reply(self.now, from.into(), &reply);
                    *outcome = outcome.take().or_else(|| exchange.poll_outcome());
                }
            }
            if running.iter().all(|(_, outcome)| outcome.is_some()) {
                break;
            }
            let due = running
                .iter()
                .filter_map(|(exchange, _)| exchange.poll_timeout())
                .min()
                .unwrap();
            let due = self
                .fleet
                .poll_timeout()
                .map_or(due, |fleet| due.min(fleet));
            self.now = due.max(self.now + MS / 1000);
        }
        let outcomes = running.into_iter().map(|(_, outcome)| outcome);
        outcomes.map(Option::unwrap).collect()
    }

    pub(crate) fn activate(&mut self, device: usize, password: &str) -> CommandOutcome {
        self.command(vec![(device, activation(password))]).remove(0)
    }

    /// Sets the address by this password.
    pub(crate) fn update(
        &mut self,
        device: usize,
        address: &str,
        password: &str,
    ) -> CommandOutcome {
        let command = self.updating(device, address, password);
        self.command(vec![(device, command)]).remove(0)
    }

    pub(crate) fn updating(&mut self, device: usize, address: &str, password: &str) -> Command {
        let seen = self.look(device).expect("the device answers inquiries");
        let mut settings = NetworkSettings::of(&seen);
        settings.ipv4.address = Some(address.parse().unwrap());
        settings.ipv4.dhcp = Some(false);
        settings.ports.http = Some(8080);
        // Some profiles tell neither; an update always carries both.
        let mask = Ipv4Addr::new(255, 255, 255, 0);
        settings.ipv4.mask.get_or_insert(mask);
        settings.ports.sdk.get_or_insert(8000);
        let password = Password::new(password.into()).unwrap();
        let credentials = Credentials {
            password: &password,
            account: None,
        };
        Command::Update(Box::new(Update::new(&seen, settings, credentials).unwrap()))
    }

    pub(crate) fn lamp(&mut self, device: usize, on: bool) -> CommandOutcome {
        self.command(vec![(device, Command::Lamp { on })]).remove(0)
    }

    /// Plays one command to one device.
    pub(crate) fn order(&mut self, device: usize, command: Command) -> CommandOutcome {
        self.command(vec![(device, command)]).remove(0)
    }

    /// Whether this is the device's password, told by new settings. Costs a try
    /// where it is not.
    pub(crate) fn has_password(&mut self, device: usize, password: &str) -> bool {
        let address = self.fleet.devices()[device].settings.address.to_string();
        is_done(&self.update(device, &address, password))
    }

    /// Says a command without anything sealed, and returns what the device says
    /// to it first.
    pub(crate) fn say_plainly(&mut self, device: usize, types: &str, body: &str) -> RawFields {
        self.asked += 1;
        let (asked, mac) = (self.asked, self.mac(device));
        let payload = format!(
            "<Probe><Uuid>plain-{asked}</Uuid><MAC>{mac}</MAC><Types>{types}</Types>{body}</Probe>"
        );
        let from = self.heard.len();
        self.say(GROUP, payload.as_bytes());
        self.wait(MS);
        self.heard[from].2.clone()
    }

    /// What the device says of itself now, asked a few times.
    pub(crate) fn look(&mut self, device: usize) -> Option<sadp_model::Device> {
        for _ in 0..20 {
            self.asked += 1;
            let uuid = Uuid::from_u128(self.asked);
            self.say(GROUP, &Inquiry { uuid }.encode());
            let mac = self.fleet.devices()[device].identity.mac;
            let from = self.heard.len();
            self.wait(500 * MS);
            for (_, number, fields) in &self.heard[from..] {
                if *number == device && fields.first("Result").is_none() {
                    let bytes = sadp_proto::Document::encode(
                        "ProbeMatch",
                        fields,
                        sadp_proto::XmlLayout::OneLine,
                    );
                    if let Ok(Message::Report(report)) = Message::decode(&bytes) {
                        assert_eq!(report.device.mac, Some(mac));
                        return Some(report.device);
                    }
                }
            }
        }
        None
    }

    pub(crate) fn say(&mut self, destination: Ipv4Addr, payload: &[u8]) -> Handled {
        let datagram = InboundDatagram {
            from: INSTALLER,
            destination: Some(destination),
            payload,
        };
        self.fleet.handle_datagram(self.now, &datagram)
    }

    /// Lets time pass and hears what is said.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.wait_until(self.now + time);
    }

    pub(crate) fn wait_until(&mut self, until: Duration) {
        while let Some(due) = self.fleet.poll_timeout().filter(|&due| due <= until) {
            self.now = due.max(self.now);
            self.replies();
        }
        self.now = until;
    }

    pub(crate) fn mac(&self, device: usize) -> MacAddr {
        self.fleet.devices()[device].identity.mac
    }

    fn settle(&mut self) {
        self.wait(3000 * MS);
    }

    /// The command replies said now.
    fn replies(&mut self) -> Vec<(Ipv4Addr, CommandReply)> {
        let mut replies = Vec::new();
        while let Some(transmit) = self.fleet.poll_transmit(self.now) {
            let document = sadp_proto::Document::decode(&transmit.payload);
            if let Ok(document) = document {
                self.heard
                    .push((self.now, transmit.device, document.fields));
            }
            let from = self.fleet.devices()[transmit.device].settings.address;
            if let Ok(Message::CommandReply(reply)) = Message::decode(&transmit.payload) {
                replies.push((from, reply));
            }
        }
        replies
    }

    fn target(&self, device: usize) -> Target {
        let device = &self.fleet.devices()[device];
        Target {
            mac: device.identity.mac,
            mac_text: device.identity.mac.to_string().replace(':', "-").into(),
            from: device.settings.address.into(),
            response_time: Some(Duration::ZERO),
            seals_code: SEALING.contains(&device.profile.name()),
        }
    }
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.into()).unwrap()
}

pub(crate) fn code(text: &str) -> Code {
    Code::new(text.as_bytes()).unwrap()
}

pub(crate) fn done(outcome: CommandOutcome) -> CommandReply {
    match outcome {
        CommandOutcome::Done(reply) => *reply,
        other => panic!("not done: {other:?}"),
    }
}

/// Asserts a refusal that cost a try.
pub(crate) fn assert_try(outcome: CommandOutcome, refusal: &Refusal, left: u32) {
    let verdict = refused(outcome);
    assert_eq!(
        (&verdict.refusal, verdict.tries_left),
        (refusal, Some(left))
    );
}

/// Asserts a refusal that cost no try.
pub(crate) fn assert_refused(outcome: CommandOutcome, refusal: &Refusal) {
    let verdict = refused(outcome);
    assert_eq!((&verdict.refusal, verdict.tries_left), (refusal, None));
}

pub(crate) fn activation(password: &str) -> Command {
    let password = Password::new(password.into()).unwrap();
    Command::Activate { password }
}

pub(crate) fn is_done(outcome: &CommandOutcome) -> bool {
    matches!(outcome, CommandOutcome::Done(_))
}

pub(crate) fn refused(outcome: CommandOutcome) -> RefusalReply {
    match outcome {
        CommandOutcome::Refused(verdict) => verdict,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn word(outcome: CommandOutcome) -> Refusal {
    refused(outcome).refusal
}

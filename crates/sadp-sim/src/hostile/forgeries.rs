//! Attacks that pretend to be the simulated devices.

use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
    time::Duration,
};

use sadp_model::{MacAddr, RawFields};
use sadp_proto::{
    Document, Types,
    seal::device::{DeviceSession, answer_exchange},
};

use super::{ObservedRequest, Speaker, Trick, account};
use crate::{Device, device::SelfReport, random::SimulatedRng};

/// Answers key exchanges of devices with a key of its own, and tries that key on the next
/// command.
#[derive(Debug)]
pub(super) struct ForgedExchange {
    victims: HashSet<MacAddr>,
    speaker: Speaker,
    after: Duration,
    sessions: HashMap<MacAddr, DeviceSession>,
}

impl ForgedExchange {
    /// Sends from this address, with this delay.
    pub(super) fn new(devices: &[Device], speaker: Speaker, after: Duration) -> Self {
        Self {
            victims: devices.iter().map(|device| device.identity.mac).collect(),
            speaker,
            after,
            sessions: HashMap::new(),
        }
    }

    fn forge(&mut self, asked: &mut ObservedRequest<'_>, victim: MacAddr) {
        let public_code = asked.field("Code");
        let mut rng = SimulatedRng(asked.rng);
        let random = rng.hexadecimal();
        let made = answer_exchange(public_code, random.as_bytes(), &mut rng);
        let code = made.map_or_else(
            |_| "no key".into(),
            |(code, session)| {
                self.sessions.insert(victim, session);
                code
            },
        );
        let fields: RawFields = [
            ("Uuid", asked.field("Uuid")),
            ("Types", asked.field("Types")),
            ("MAC", asked.field("MAC")),
            ("Result", "success"),
            ("Code", &*code),
        ]
        .into_iter()
        .collect();
        asked.reply(self.after, self.speaker, account::reply(&fields));
    }

    /// Returns how many elements of a command open with the forged key.
    fn open(&self, fields: &RawFields, victim: MacAddr) -> u64 {
        let Some(session) = self.sessions.get(&victim) else {
            return 0;
        };
        let opened = fields
            .iter()
            .filter(|(_, text)| session.open_password(text).is_ok());
        opened.count() as u64
    }
}

impl Trick for ForgedExchange {
    fn observe(&mut self, asked: &mut ObservedRequest<'_>) -> u64 {
        let header = &asked.request.header;
        let Some(victim) = header.mac.filter(|mac| self.victims.contains(mac)) else {
            return 0;
        };
        if header.types.as_str().eq_ignore_ascii_case("exchangecode") {
            self.forge(asked, victim);
            return 0;
        }
        self.open(&asked.request.fields, victim)
    }
}

/// How many devices are imitated in replies to an inquiry.
const VICTIMS: usize = 64;

/// Sends the devices' own reports, faster than most of them, so that it looks like a
/// second transport. A client that then requests a key seals for the attacker.
#[derive(Debug)]
pub(super) struct EchoedAccounts {
    victims: Vec<Device>,
    exchange: ForgedExchange,
}

impl EchoedAccounts {
    pub(super) fn new(devices: &[Device]) -> Self {
        let victims: Vec<_> = devices.iter().take(VICTIMS).cloned().collect();
        Self {
            exchange: ForgedExchange::new(&victims, Speaker::Attacker, Duration::ZERO),
            victims,
        }
    }
}

impl Trick for EchoedAccounts {
    fn observe(&mut self, asked: &mut ObservedRequest<'_>) -> u64 {
        if asked.request.header.types != Types::Inquiry {
            return self.exchange.observe(asked);
        }
        let uuid = asked.field("Uuid");
        for device in &self.victims {
            let report = device.report(SelfReport::of_inquiry(uuid));
            asked.reply(Duration::ZERO, Speaker::Attacker, report);
        }
        0
    }
}

/// Uses the devices' MACs at its own address: for half of them with another serial, for
/// the others with the full report.
#[derive(Debug)]
pub(super) struct StolenMacs {
    accounts: Vec<RawFields>,
}

impl StolenMacs {
    pub(super) fn new(address: Ipv4Addr, devices: &[Device]) -> Self {
        let address = address.to_string();
        let mut accounts = Vec::new();
        for (number, device) in devices.iter().take(VICTIMS).enumerate() {
            let Ok(document) = Document::decode(&device.report(SelfReport::HELLO)) else {
                continue;
            };
            let changes = [("Types", "inquiry"), ("IPv4Address", &*address)];
            let mut account = account::with(&document.fields, &changes);
            if number % 2 == 0 {
                account = account::with(&account, &[("DeviceSN", &format!("TWIN{number}"))]);
            }
            accounts.push(account);
        }
        Self { accounts }
    }
}

impl Trick for StolenMacs {
    fn observe(&mut self, asked: &mut ObservedRequest<'_>) -> u64 {
        if asked.request.header.types != Types::Inquiry {
            return 0;
        }
        let uuid = asked.field("Uuid");
        for account in &self.accounts {
            let report = account::reply(&account::with(account, &[("Uuid", uuid)]));
            asked.reply(Duration::ZERO, Speaker::Attacker, report);
        }
        0
    }
}

//! Answers to key exchanges that were meant for a device.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use rand::rngs::Xoshiro256PlusPlus;
use sadp_model::{MacAddr, RawFields};
use sadp_proto::seal::device::{DeviceSession, answer_exchange};

use super::{Asked, Speaker, Trick, Volley, account};
use crate::{Device, fleet::Chance};

/// Chooses the key itself, and tries it on the command that follows.
#[derive(Debug)]
pub(super) struct ForgedExchange {
    victims: HashSet<MacAddr>,
    speaker: Speaker,
    after: Duration,
    sessions: HashMap<MacAddr, DeviceSession>,
}

impl ForgedExchange {
    /// Speaks from this address, so long after the question.
    pub(super) fn new(devices: &[Device], speaker: Speaker, after: Duration) -> Self {
        Self {
            victims: devices.iter().map(|device| device.identity.mac).collect(),
            speaker,
            after,
            sessions: HashMap::new(),
        }
    }

    fn forge(&mut self, asked: &Asked<'_>, victim: MacAddr, chance: &mut Chance<'_>) -> Volley {
        let text = |name| asked.request.fields.first(name).unwrap_or_default();
        let random = chance.hexadecimal();
        let made = answer_exchange(text("Code"), random.as_bytes(), chance);
        let code = made.map_or_else(
            |_| "no key".into(),
            |(code, session)| {
                self.sessions.insert(victim, session);
                code
            },
        );
        let fields: RawFields = [
            ("Uuid", text("Uuid")),
            ("Types", text("Types")),
            ("MAC", text("MAC")),
            ("Result", "success"),
            ("Code", &*code),
        ]
        .into_iter()
        .collect();
        Volley {
            after: self.after,
            speaker: self.speaker,
            destination: asked.asker,
            payload: account::reply(&fields),
        }
    }

    /// How much of a command opens with the key it chose.
    fn open(&self, fields: &RawFields, victim: MacAddr) -> u64 {
        let Some(session) = self.sessions.get(&victim) else {
            return 0;
        };
        let opens = |(_, text): &(&str, &str)| session.open_password(text).is_ok();
        fields.iter().filter(opens).count() as u64
    }
}

impl Trick for ForgedExchange {
    fn hear(
        &mut self,
        asked: &Asked<'_>,
        rng: &mut Xoshiro256PlusPlus,
        answers: &mut Vec<Volley>,
    ) -> u64 {
        let header = &asked.request.header;
        let Some(victim) = header.mac.filter(|mac| self.victims.contains(mac)) else {
            return 0;
        };
        if header
            .types
            .to_string()
            .eq_ignore_ascii_case("exchangecode")
        {
            answers.push(self.forge(asked, victim, &mut Chance(rng)));
            return 0;
        }
        self.open(&asked.request.fields, victim)
    }
}

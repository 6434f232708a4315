//! What a site file says of the ways to bring a device's password back, and of
//! what befalls it.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::{Questions, Recovery};

/// What an owner prepared, as far as it is said.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) questions: Option<Questions>,
    pub(super) mailbox: Option<Box<str>>,
    pub(super) valid: Option<Duration>,
    pub(super) cameras: Option<Box<[Ipv4Addr]>>,
}

impl Prepared {
    pub(super) fn set(&self, recovery: &mut Recovery) {
        if let Some(questions) = &self.questions {
            recovery.questions = questions.clone();
        }
        recovery.mailbox.clone_from(&self.mailbox);
        recovery.valid = self.valid.unwrap_or(recovery.valid);
        recovery.cameras.clone_from(&self.cameras);
    }
}

/// Reads `{ 1 = "..", 4 = "..", 9 = ".." }`.
pub(super) fn questions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Questions>, D::Error> {
    let answers: BTreeMap<Box<str>, Box<str>> = BTreeMap::deserialize(deserializer)?;
    // What is no number is none that a question has.
    let answers = answers
        .iter()
        .map(|(id, answer)| (id.parse().unwrap_or_default(), (&**answer).into()));
    Questions::new(answers.collect())
        .map(Some)
        .map_err(de::Error::custom)
}

/// Reads an address as `SetMailBox` would take it.
pub(super) fn mailbox<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<str>>, D::Error> {
    let address = Box::<str>::deserialize(deserializer)?;
    if !address.contains('@') {
        return Err(de::Error::custom("an e-mail address has an @"));
    }
    match sadp_proto::Mailbox::new(&address) {
        Ok(_) => Ok(Some(address)),
        Err(error) => Err(de::Error::custom(error)),
    }
}

/// Reads a time such as `20s`, `90m` or `48h`.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Box::<str>::deserialize(deserializer)?;
    let time = humantime::parse_duration(&text).ok();
    time.filter(|time| *time <= LONGEST)
        .map(Some)
        .ok_or_else(|| de::Error::custom("not a time such as 20s, 90m or 48h, up to a year"))
}

/// The longest time anything takes.
const LONGEST: Duration = Duration::from_hours(24 * 366);

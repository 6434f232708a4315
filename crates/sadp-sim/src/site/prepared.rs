//! Settings of a site file about recovery methods and incidents.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::{Questions, RecoverySettings};

/// The configured recovery methods.
#[derive(Clone, Debug)]
pub(super) struct RecoveryPreparation {
    pub(super) questions: Option<Questions>,
    pub(super) mailbox: Option<Box<str>>,
    pub(super) valid: Option<Duration>,
    pub(super) cameras: Option<Box<[Ipv4Addr]>>,
}

impl RecoveryPreparation {
    pub(super) fn set(&self, recovery: &mut RecoverySettings) {
        if let Some(questions) = &self.questions {
            recovery.questions = questions.clone();
        }
        recovery.mailbox.clone_from(&self.mailbox);
        recovery.valid = self.valid.unwrap_or(recovery.valid);
        recovery.cameras.clone_from(&self.cameras);
    }
}

/// Deserializes `{ 1 = "..", 4 = "..", 9 = ".." }`.
pub(super) fn questions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Questions>, D::Error> {
    let answers: BTreeMap<Box<str>, Box<str>> = BTreeMap::deserialize(deserializer)?;
    // A key that is not a number becomes 0, which no question has.
    let answers = answers
        .iter()
        .map(|(id, answer)| (id.parse().unwrap_or_default(), (&**answer).into()));
    Questions::new(answers.collect())
        .map(Some)
        .map_err(de::Error::custom)
}

/// Deserializes an address that `SetMailBox` would accept.
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

/// Deserializes a time such as `20s`, `90m` or `48h`.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Box::<str>::deserialize(deserializer)?;
    let time = humantime::parse_duration(&text).ok();
    time.filter(|time| *time <= LONGEST)
        .map(Some)
        .ok_or_else(|| de::Error::custom("not a time such as 20s, 90m or 48h, up to a year"))
}

/// The maximum time.
const LONGEST: Duration = Duration::from_hours(24 * 366);

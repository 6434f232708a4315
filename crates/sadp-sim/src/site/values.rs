//! Values of a site file.

use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::{Profile, Questions, Refuse};

/// Deserializes the name of a profile.
pub(super) fn profile<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<Profile>, D::Error> {
    let name = String::deserialize(deserializer)?;
    Profile::find(&name).cloned().ok_or_else(|| {
        let known = Profile::all().iter().map(|profile| profile.name());
        de::Error::custom(format_args!(
            "no profile is called `{name}`; there are {}",
            known.collect::<Vec<_>>().join(", ")
        ))
    })
}

/// Deserializes a value from its text.
pub(super) fn text<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: std::fmt::Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
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

/// The refusal of a command: a word, or a word with the reported tries.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a word, or { word, retry_times, lock_minutes }")]
pub(super) enum Refusing {
    Word(Box<str>),
    Counted(Refuse),
}

impl From<Refusing> for Refuse {
    fn from(refusing: Refusing) -> Self {
        match refusing {
            Refusing::Word(word) => Self {
                word,
                retry_times: None,
                lock_minutes: None,
            },
            Refusing::Counted(refuse) => refuse,
        }
    }
}

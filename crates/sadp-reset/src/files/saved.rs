//! Values that files of the state folder hold as text. A text that is not valid is read as
//! `None`: nothing that changes a device is decided by it.

use std::{fmt::Display, str::FromStr};

use sadp_model::Serial;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a value as its text.
#[expect(clippy::ref_option, reason = "serde passes the field")]
pub(super) fn as_text<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(T::to_string).serialize(serializer)
}

/// Reads a value from its text.
pub(super) fn from_text<'de, T: FromStr, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(text.and_then(|it| it.parse().ok()))
}

/// Reads a serial.
pub(super) fn serial<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Serial>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(Serial::new))
}

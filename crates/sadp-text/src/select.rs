//! Which devices to list, and in which order. Keys are those of the JSON form.

mod filter;
mod key;

use sadp_model::State;
use sadp_ops::DiscoveredDevice;

pub use self::{filter::Filter, key::Key};
use crate::fields::Value;

/// Sorts as an installer works: what waits for its first password first, then
/// by address.
pub fn by_urgency(devices: &mut [impl AsRef<DiscoveredDevice>]) {
    fn rank(found: &DiscoveredDevice) -> impl Ord + '_ {
        let device = &found.entry.device;
        let address = device.ipv4.address;
        (
            urgency(device.state),
            address.is_none(),
            address,
            device.mac,
            device.serial.as_ref(),
        )
    }
    devices.sort_unstable_by(|one, other| rank(one.as_ref()).cmp(&rank(other.as_ref())));
}

/// The rank of a state: what waits for its first password comes first.
pub const fn urgency(state: Option<State>) -> u8 {
    match state {
        Some(State::Unactivated) => 0,
        Some(State::Locked { .. }) => 1,
        None => 2,
        Some(State::Active) => 3,
    }
}

/// Sorts by one key. What does not have it comes last; what is alike in it
/// stays in order.
pub fn by_key(devices: &mut [impl AsRef<DiscoveredDevice>], key: &Key) {
    devices.sort_by_cached_key(|found| {
        let value = key.value(found.as_ref());
        let parts: Vec<_> = value.elements().iter().map(Part::of).collect();
        (parts.iter().all(|part| *part == Part::Unknown), parts)
    });
}

/// A value in comparable form. Text is in its runs, and as it is: a total order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Known(Value),
    Text(Vec<TextRun>, String),
    Unknown,
}

impl Part {
    fn of(value: &Value) -> Self {
        match value {
            Value::Text(text) => match text.parse() {
                Ok(address) => Self::Known(Value::Address(address)),
                Err(_) => Self::Text(TextRun::all(&text.to_lowercase()), text.to_lowercase()),
            },
            Value::Unknown | Value::List(_) => Self::Unknown,
            value => Self::Known(value.clone()),
        }
    }
}

/// A run of digits, or of what is none: `5.5.82` stands before `5.5.820`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TextRun {
    Number(u64),
    Other(String),
}

impl TextRun {
    fn all(text: &str) -> Vec<Self> {
        let mut runs = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let other = |c: char| c.is_ascii_digit() != first.is_ascii_digit();
            let (run, after) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
            let number = run.parse().map(Self::Number);
            runs.push(number.unwrap_or_else(|_| Self::Other(run.into())));
            rest = after;
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::Firmware;

    use super::*;

    fn version(text: &str) -> Value {
        Firmware::new(text).and_then(|it| it.version()).into()
    }

    #[test]
    fn numbers_addresses_and_versions_sort_as_such() {
        let address = |last| Value::from(std::net::Ipv4Addr::new(10, 0, 0, last));
        for expected in [
            [9u32, 80, 8000].map(Value::from),
            [9, 10, 100].map(address),
            ["10.0.0.9", "10.0.0.10", "10.0.0.100"].map(Value::from),
            ["5.5.82", "5.5.820", "5.10.1"].map(version),
            ["5.5.82", "5.5.820", "5.10.1"].map(Value::from),
            ["cam 2".into(), "Cam 10".into(), Value::Unknown],
        ] {
            let mut values = expected.clone();
            values.reverse();
            values.sort_by_cached_key(Part::of);
            assert_eq!(values, expected);
        }
    }
}

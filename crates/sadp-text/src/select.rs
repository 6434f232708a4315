//! Which devices to list, and in which order. Keys are those of the JSON form.

mod filter;
mod key;

use std::cmp::Ordering;

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

/// A value in comparable form.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Known(Value),
    Text(Natural),
    Unknown,
}

impl Part {
    fn of(value: &Value) -> Self {
        match value {
            Value::Text(text) => match text.parse() {
                Ok(address) => Self::Known(Value::Address(address)),
                Err(_) => Self::Text(Natural(text.to_lowercase())),
            },
            Value::Unknown | Value::List(_) => Self::Unknown,
            value => Self::Known(value.clone()),
        }
    }
}

/// Text in which runs of digits compare as numbers: `5.5.82` before `5.5.820`.
#[derive(Debug, PartialEq, Eq)]
struct Natural(String);

impl Natural {
    /// The next run of digits or of other characters.
    fn run(text: &str) -> (&str, &str) {
        let digit = text.starts_with(|c: char| c.is_ascii_digit());
        let end = text.find(|c: char| c.is_ascii_digit() != digit);
        text.split_at(end.unwrap_or(text.len()))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (&*self.0, &*other.0);
        while !a.is_empty() && !b.is_empty() {
            let ((x, rest_a), (y, rest_b)) = (Self::run(a), Self::run(b));
            let order = match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                _ => x.cmp(y),
            };
            if order.is_ne() {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        }
        // Equal but for leading zeros: still a total order.
        a.len().cmp(&b.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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

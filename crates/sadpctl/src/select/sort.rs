use std::{cmp::Ordering, net::IpAddr};

use sadp_model::State;
use sadp_ops::DiscoveredDevice;
use serde_json::Value;

use super::Key;
use crate::output;

/// Sorts as an installer works: what waits for its first password first, then
/// by address.
pub(crate) fn by_urgency(devices: &mut [DiscoveredDevice]) {
    devices.sort_by_cached_key(|found| {
        let device = &found.entry.device;
        let rank = match device.state {
            Some(State::Unactivated) => 0u8,
            Some(State::Locked { .. }) => 1,
            None => 2,
            Some(State::Active) => 3,
        };
        let address = device.ipv4.address;
        (
            rank,
            address.is_none(),
            address,
            device.mac,
            device.serial.clone(),
        )
    });
}

/// Sorts by one key. What does not have it comes last; what is alike in it
/// stays in order.
pub(crate) fn by_key(devices: &mut [DiscoveredDevice], key: &Key) {
    devices.sort_by_cached_key(|found| {
        let device = output::value(found);
        let values = key.values(&device);
        let parts: Vec<_> = values.into_iter().map(Part::of).collect();
        (parts.iter().all(|part| *part == Part::Null), parts)
    });
}

/// A value in comparable form.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Boolean(bool),
    Number(u64),
    Address(IpAddr),
    Text(Natural),
    Null,
}

impl Part {
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(value) => Self::Boolean(*value),
            Value::Number(value) => value.as_u64().map_or(Self::Null, Self::Number),
            Value::String(text) => text
                .parse()
                .map_or_else(|_| Self::Text(Natural(text.to_lowercase())), Self::Address),
            _ => Self::Null,
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
    use serde_json::json;

    use super::*;

    fn sorted<const N: usize>(values: [Value; N]) -> Vec<Value> {
        let mut values = Vec::from(values);
        values.sort_by_cached_key(Part::of);
        values
    }

    #[test]
    fn numbers_addresses_and_versions_sort_as_such() {
        for expected in [
            [json!(9), json!(80), json!(8000)],
            [json!("10.0.0.9"), json!("10.0.0.10"), json!("10.0.0.100")],
            [json!("5.5.82"), json!("5.5.820"), json!("5.10.1")],
            [json!("cam 2"), json!("Cam 10"), json!(null)],
        ] {
            let mut values = expected.clone();
            values.reverse();
            assert_eq!(sorted(values), expected);
        }
    }
}

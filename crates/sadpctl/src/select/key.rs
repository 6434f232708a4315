use std::{str::FromStr, sync::LazyLock};

use serde_json::Value;

use crate::output::sample;

/// A key of a device's JSON form, dotted, e.g. `ipv4.address`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// All that stands under the key: one value, or one an element of a list.
    /// Nothing where a list is empty.
    pub(crate) fn values<'a>(&self, device: &'a Value) -> Vec<&'a Value> {
        let mut values = vec![device];
        for name in self.path() {
            values = values
                .into_iter()
                .flat_map(elements)
                .map(|value| value.get(name).unwrap_or(&Value::Null))
                .collect();
        }
        values.into_iter().flat_map(elements).collect()
    }

    /// Names of received elements are not split: they may hold anything.
    fn path(&self) -> impl Iterator<Item = &str> {
        let raw = self.0.strip_prefix(RAW);
        let first = raw.map(|_| "raw");
        let rest = match raw {
            Some(element) => vec![element],
            None => self.0.split('.').collect(),
        };
        first.into_iter().chain(rest)
    }
}

const RAW: &str = "raw.";

fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        value => std::slice::from_ref(value),
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let known = KNOWN.iter().any(|key| key == text);
        if known || text.strip_prefix(RAW).is_some_and(|name| !name.is_empty()) {
            return Ok(Self(text.into()));
        }
        Err(format!("there is no key {text:?}; {}", advice(text)))
    }
}

/// Every key there is, besides the received elements.
static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    collect("", &sample(), &mut keys);
    keys
});

fn collect(path: &str, value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                collect(&format!("{path}{dot}{name}"), value, keys);
            }
        }
        Value::Array(elements) if elements.first().is_some_and(Value::is_object) => {
            collect(path, &elements[0], keys);
        }
        _ => keys.push(path.into()),
    }
}

/// The keys that were probably meant.
fn advice(text: &str) -> String {
    let wanted = text.to_ascii_lowercase();
    let likeness = |key: &String| {
        let last = key.rsplit('.').next().unwrap_or_default();
        let whole = strsim::jaro_winkler(&wanted, key);
        let part = strsim::jaro_winkler(&wanted, last);
        let begins = key.starts_with(&format!("{wanted}."));
        if begins { 1.0 } else { whole.max(part) }
    };
    let mut ranked: Vec<_> = KNOWN.iter().map(|key| (likeness(key), key)).collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let near: Vec<_> = ranked
        .into_iter()
        .filter(|&(likeness, _)| likeness > 0.75)
        .map(|(_, key)| key.as_str())
        .take(4)
        .collect();
    if near.is_empty() {
        format!("keys are {}, and raw.ELEMENT", KNOWN.join(", "))
    } else {
        format!("did you mean {}?", near.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn every_key_of_the_contract_is_known() {
        for text in [
            "serial",
            "kind",
            "ipv4.dhcp",
            "ports.sdk_tls",
            "firmware.version",
            "locked_until",
            "channels.digital",
            "recovery.sync_camera_passwords",
            "cloud.enabled",
            "reachable",
            "seen.via",
            "warnings",
            "raw.DeviceType",
        ] {
            assert_eq!(key(text).as_str(), text);
        }
    }

    #[test]
    fn an_unknown_key_brings_the_nearest() {
        let advice = |text: &str| text.parse::<Key>().unwrap_err();
        assert!(
            advice("stat").contains("did you mean state"),
            "{}",
            advice("stat")
        );
        assert!(advice("adress").contains("ipv4.address"));
        assert!(advice("ipv4").contains("ipv4.address"));
        assert!(advice("zzz").contains("keys are"));
        assert!(advice("raw.").contains("there is no key"));
    }

    #[test]
    fn values_are_found_through_lists() {
        let device = json!({"seen": [{"via": "multicast"}, {"via": "unicast"}], "warnings": [], "mac": null});
        assert_eq!(
            key("seen.via").values(&device),
            [&json!("multicast"), &json!("unicast")]
        );
        assert_eq!(key("warnings").values(&device), [&Value::Null; 0]);
        assert_eq!(key("mac").values(&device), [&Value::Null]);
        assert_eq!(key("raw.x.y").values(&device), [&Value::Null]);
    }
}

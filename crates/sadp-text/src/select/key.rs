use std::str::FromStr;

use sadp_model::{Kind, RequestWay, State, Vendor, Via, Warning};
use sadp_ops::DiscoveredDevice;
use strum::VariantNames;

use crate::fields::{FIELDS, Field, Value};

/// A key of a device's JSON form, dotted, e.g. `ipv4.address`.
#[derive(Clone, Debug)]
pub enum Key {
    /// A field of the table.
    Field(&'static Field),
    /// An element as received, by its name.
    Raw(String),
}

/// Short forms of keys.
const SHORT: [(&str, &str); 4] = [
    ("ip", "ipv4.address"),
    ("sn", "serial"),
    ("fw", "firmware.version"),
    ("dhcp", "ipv4.dhcp"),
];

impl Key {
    /// The names of all keys but `raw`, short ones first.
    pub fn all() -> impl Iterator<Item = &'static str> {
        let short = SHORT.iter().map(|(short, _)| *short);
        let long = FIELDS.iter().map(|field| field.key);
        short.chain(long.filter(|key| !key.is_empty()))
    }

    /// The key as the JSON form has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Field(field) => field.key,
            Self::Raw(name) => name,
        }
    }

    /// All values there are, where they are a closed set.
    pub fn choices(&self) -> Option<&'static [&'static str]> {
        Some(match self.name() {
            "state" => State::VARIANTS,
            "kind" => Kind::VARIANTS,
            "vendor" => Vendor::VARIANTS,
            "recovery.request" => RequestWay::VARIANTS,
            "seen.via" => Via::VARIANTS,
            "warnings" => Warning::VARIANTS,
            _ => return None,
        })
    }

    /// A value as it was written, in the JSON form's words: the vendor says inactive, and
    /// people say recorder.
    pub fn values_of(&self, text: &str) -> Vec<String> {
        let text = text.trim();
        let words = match (self.name(), &*text.to_ascii_lowercase()) {
            ("state", "inactive") => &["unactivated"][..],
            ("kind", "recorder") => &["nvr", "dvr"],
            ("kind", "camera") => &["ip-camera", "ptz"],
            _ => &[text],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// What stands under the key: a list where there may be several values, or none.
    pub(super) fn value(&self, found: &DiscoveredDevice) -> Value {
        match self {
            Self::Field(field) => (field.value)(found),
            Self::Raw(name) => {
                let elements = found.entry.device.raw.iter();
                let elements = elements.filter(|(element, _)| *element == name);
                Value::List(elements.map(|(_, text)| text.into()).collect())
            }
        }
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let raw = text.strip_prefix("raw.").filter(|name| !name.is_empty());
        if let Some(name) = raw {
            return Ok(Self::Raw(name.into()));
        }
        let short = SHORT.iter().find(|(short, _)| *short == text);
        let text = short.map_or(text, |(_, key)| key);
        if let Some(field) = keyed().find(|field| field.key == text) {
            return Ok(Self::Field(field));
        }
        Err(format!("there is no key {text:?}; {}", advice(text)))
    }
}

/// Every field that has a key.
fn keyed() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| !field.key.is_empty())
}

/// The keys that were probably meant.
fn advice(text: &str) -> String {
    let wanted = text.to_ascii_lowercase();
    let likeness = |key: &str| {
        let last = key.rsplit('.').next().unwrap_or(key);
        let [whole, last] = [key, last].map(|it| strsim::jaro_winkler(&wanted, it));
        let begins = key.starts_with(&format!("{wanted}."));
        if begins { 1.0 } else { whole.max(last) }
    };
    let keys: Vec<_> = keyed().map(|field| field.key).collect();
    let mut near = keys.clone();
    near.retain(|key| likeness(key) > 0.75);
    near.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    near.truncate(4);
    match &near[..] {
        [] => format!("keys are {}, and raw.ELEMENT", keys.join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_contract_is_known() {
        let keys = "serial kind ipv4.dhcp ports.sdk_tls firmware.version locked_until \
                    channels.digital recovery.sync_camera_passwords cloud.enabled reachable \
                    seen.via warnings";
        for text in keys.split(' ') {
            let Key::Field(field) = text.parse().unwrap() else {
                panic!("{text}");
            };
            assert_eq!(field.key, text);
        }
        assert!(matches!("raw.DeviceType".parse(), Ok(Key::Raw(name)) if name == "DeviceType"));
    }

    #[test]
    fn an_unknown_key_suggests_the_nearest() {
        let advice = |text: &str| text.parse::<Key>().unwrap_err();
        assert!(advice("stat").contains("did you mean state"));
        assert!(advice("adress").contains("ipv4.address"));
        assert!(advice("ipv4").contains("ipv4.address"));
        assert!(advice("zzz").contains("keys are"));
        assert!(advice("raw.").contains("there is no key"));
    }
}

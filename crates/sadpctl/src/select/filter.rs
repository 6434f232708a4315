use std::{net::IpAddr, str::FromStr};

use sadp_model::{Firmware, MacAddr};
use serde_json::Value;

use super::Key;

/// What must hold of a device: `--where`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    clauses: Vec<Clause>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    key: Key,
    relation: Relation,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equals,
    Differs,
    Holds,
}

impl Filter {
    /// Whether all clauses hold of a device in its JSON form.
    pub(crate) fn holds(&self, device: &Value) -> bool {
        self.clauses.iter().all(|clause| clause.holds(device))
    }

    /// The filter as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let clauses: Result<_, _> = text.split(',').map(str::parse).collect();
        Ok(Self {
            clauses: clauses?,
            text: text.into(),
        })
    }
}

impl FromStr for Clause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['=', '~', '!']);
        let (key, rest) = text.split_at(at.unwrap_or(text.len()));
        let (relation, value) = if let Some(value) = rest.strip_prefix("!=") {
            (Relation::Differs, value)
        } else if let Some(value) = rest.strip_prefix('=') {
            (Relation::Equals, value.strip_prefix('=').unwrap_or(value))
        } else if let Some(value) = rest.strip_prefix('~') {
            (Relation::Holds, value)
        } else {
            return Err(format!(
                "{text:?} is no condition: write key=value, key!=value or key~part, e.g. state=unactivated"
            ));
        };
        Ok(Self {
            key: key.parse()?,
            relation,
            value: value.trim().into(),
        })
    }
}

impl Clause {
    fn holds(&self, device: &Value) -> bool {
        let values = self.key.values(device);
        let null = [&Value::Null];
        // An empty list holds nothing, which is what `null` asks for.
        let values = if values.is_empty() {
            &null[..]
        } else {
            &values
        };
        match self.relation {
            Relation::Equals => values.iter().any(|value| self.is_met_by(value)),
            Relation::Differs => !values.iter().any(|value| self.is_met_by(value)),
            Relation::Holds => values.iter().any(|value| self.is_held_by(value)),
        }
    }

    fn is_met_by(&self, value: &Value) -> bool {
        equals(value, &self.value)
            || (self.key.as_str() == "firmware.version"
                && text(value).is_some_and(|text| is_same_version(&text, &self.value)))
    }

    fn is_held_by(&self, value: &Value) -> bool {
        let (Some(text), wanted) = (text(value), self.value.to_lowercase()) else {
            return false;
        };
        let text = text.to_lowercase();
        if self.key.as_str() == "mac" {
            return digits(&text).contains(&digits(&wanted));
        }
        text.contains(&wanted)
    }
}

fn equals(value: &Value, wanted: &str) -> bool {
    let Some(text) = text(value) else {
        return wanted == "null";
    };
    text.to_lowercase() == wanted.to_lowercase()
        || same::<IpAddr>(&text, wanted)
        || (text.contains(':') && same::<MacAddr>(&text, wanted))
}

/// Whether both are one version: recorders pad their parts with zeros.
fn is_same_version(a: &str, b: &str) -> bool {
    let version = |text: &str| Firmware::new(text)?.version();
    version(a).is_some_and(|a| version(b) == Some(a))
}

fn same<T: FromStr + PartialEq>(a: &str, b: &str) -> bool {
    matches!((a.parse::<T>(), b.parse::<T>()), (Ok(a), Ok(b)) if a == b)
}

/// A MAC, or part of one, without what parts its digits.
fn digits(mac: &str) -> String {
    mac.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A value as it is compared; `None` for null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(filter: &str) -> bool {
        let device = json!({
            "mac": "44:47:cc:1d:6d:13", "state": "active", "model": null, "disks": 2,
            "ipv4": {"address": "192.168.1.112", "dhcp": true},
            "ipv6": {"address": "2001:db8::1"}, "firmware": {"version": "5.03.020"},
            "warnings": ["off-subnet", "factory-address"], "seen": [],
            "raw": {"DeviceType": ["1", "2"]},
        });
        filter.parse::<Filter>().unwrap().holds(&device)
    }

    #[test]
    fn clauses_compare_as_people_write() {
        for filter in [
            "state=active",
            "state=ACTIVE",
            "state==active",
            "state!=locked",
            "model=null",
            "mac=4447.cc1d.6d13",
            "mac=44-47-CC-1D-6D-13",
            "mac~44-47",
            "mac~1D6D",
            "ipv4.address=192.168.1.112",
            "ipv6.address=2001:db8:0::1",
            "ipv4.dhcp=true",
            "disks=2",
            "warnings=off-subnet",
            "warnings~factory",
            "seen.via=null",
            "raw.DeviceType=2",
            "state=active, disks=2",
            "disks!=null",
            "firmware.version=5.03.020",
            "firmware.version=5.3.20",
            "firmware.version!=5.3.2",
        ] {
            assert!(holds(filter), "{filter}");
        }
        for filter in [
            "state=locked",
            "state!=active",
            "model~DS",
            "mac~ff",
            "warnings!=off-subnet",
            "disks=20",
            "state=active,disks=3",
            "raw.Other=1",
            "ipv4.address=192.168.1.11",
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_no_condition_is_told() {
        for bad in [
            "",
            "state",
            "state!locked",
            "=x",
            "state=active,",
            "colour=red",
        ] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }
}

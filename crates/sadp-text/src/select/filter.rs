use std::{cmp::Ordering, net::IpAddr, str::FromStr};

use sadp_model::{Firmware, MacAddr};
use sadp_ops::DiscoveredDevice;

use super::Key;
use crate::fields::Value;

/// What must hold of a device: `--where`.
#[derive(Clone, Debug)]
pub struct Filter {
    clauses: Vec<Clause>,
    text: String,
}

#[derive(Clone, Debug)]
struct Clause {
    key: Key,
    relation: Relation,
    /// Whether the relation must not hold.
    negated: bool,
    /// Alternatives, at least one.
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equals,
    Contains,
    Less,
    Greater,
}

impl Filter {
    /// Whether all clauses hold of a device.
    pub fn holds(&self, found: &DiscoveredDevice) -> bool {
        self.clauses.iter().all(|clause| clause.holds(found))
    }

    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
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
        let at = text.find(['=', '~', '!', '<', '>']);
        let (key, rest) = text.split_at(at.unwrap_or(text.len()));
        let mut relations = RELATIONS.iter();
        let relation = relations.find_map(|(sign, relation, negated)| {
            Some((*relation, *negated, rest.strip_prefix(sign)?))
        });
        let Some((relation, negated, value)) = relation else {
            return Err(format!(
                "{text:?} is not a valid condition: write key=value, key=one|other, key!=value, key~part, key!~part, key<value or key>value, e.g. state=unactivated"
            ));
        };
        let key: Key = key.parse()?;
        let values = match relation {
            Relation::Less | Relation::Greater => vec![value.trim().into()],
            _ => value.split('|').flat_map(|it| key.values_of(it)).collect(),
        };
        let clause = Self {
            key,
            relation,
            negated,
            values,
        };
        clause.check().map(|()| clause)
    }
}

/// Signs, and whether they negate the relation. The longer ones first.
const RELATIONS: [(&str, Relation, bool); 7] = [
    ("!=", Relation::Equals, true),
    ("!~", Relation::Contains, true),
    ("==", Relation::Equals, false),
    ("=", Relation::Equals, false),
    ("~", Relation::Contains, false),
    ("<", Relation::Less, false),
    (">", Relation::Greater, false),
];

impl Clause {
    /// Fails for a value that the key never has.
    fn check(&self) -> Result<(), String> {
        for value in &self.values {
            match (self.relation, self.key.choices()) {
                (Relation::Equals, Some(choices)) => {
                    let mut known = choices.iter().chain(&["null"]);
                    if !known.any(|it| value.eq_ignore_ascii_case(it)) {
                        let (key, choices) = (self.key.name(), choices.join(", "));
                        return Err(format!(
                            "{value:?} is not a value of {key}: there are {choices}, null"
                        ));
                    }
                }
                (Relation::Less | Relation::Greater, _) if order(value).is_none() => {
                    return Err(format!("{value:?} is neither a number nor a version"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn holds(&self, found: &DiscoveredDevice) -> bool {
        let value = self.key.value(found);
        // An empty list holds nothing, which is what `null` asks for.
        let values = match value.elements() {
            [] => &[Value::Unknown],
            values => values,
        };
        let fits: fn(&Value, &str) -> bool = match self.relation {
            Relation::Equals => equals,
            Relation::Contains => contains,
            Relation::Less => |value, wanted| compared(value, wanted).is_some_and(Ordering::is_lt),
            Relation::Greater => {
                |value, wanted| compared(value, wanted).is_some_and(Ordering::is_gt)
            }
        };
        let mut wanted = self.values.iter();
        let fits = wanted.any(|wanted| values.iter().any(|value| fits(value, wanted)));
        fits != self.negated
    }
}

/// How a number or a version compares to the one that was written.
fn compared(value: &Value, wanted: &str) -> Option<Ordering> {
    match value {
        Value::Number(_) | Value::Version(_) => {
            Some(order(&value.to_string())?.cmp(&order(wanted)?))
        }
        _ => None,
    }
}

/// The parts of a number or a version.
fn order(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_prefix(['V', 'v']).unwrap_or(text);
    let parts: Option<Vec<_>> = text.split('.').map(|it| it.parse().ok()).collect();
    let mut parts = parts?;
    // 5.5 is 5.5.0.
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

/// Whether a value is the one that was written, in any of its notations.
fn equals(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Address(address) => is(address, wanted),
        Value::Mac(mac) => is(mac, wanted),
        // Recorders pad the parts of versions with zeros.
        Value::Version(version) => {
            Firmware::new(wanted).and_then(|it| it.version()) == Some(*version)
        }
        Value::Text(text) => {
            text.to_lowercase() == wanted.to_lowercase()
                || text.parse().is_ok_and(|it: IpAddr| is(&it, wanted))
                || (text.contains(':') && text.parse().is_ok_and(|it: MacAddr| is(&it, wanted)))
        }
        other => other.to_string().eq_ignore_ascii_case(wanted),
    }
}

fn is<T: FromStr + PartialEq>(value: &T, wanted: &str) -> bool {
    wanted.parse::<T>().is_ok_and(|wanted| wanted == *value)
}

fn contains(value: &Value, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    match value {
        Value::Unknown => false,
        Value::Mac(mac) => {
            MacAddr::digits_of(&mac.to_string()).contains(&MacAddr::digits_of(&wanted))
        }
        other => other.to_string().to_lowercase().contains(&wanted),
    }
}

#[cfg(test)]
mod tests {
    use sadp_model::{Device, RawFields, State, Warning, testing::recorded};

    use super::*;

    fn holds(filter: &str) -> bool {
        let mut device = Device::unknown();
        device.mac = "44:47:cc:1d:6d:13".parse().ok();
        device.state = Some(State::Active);
        device.disks = Some(2);
        device.ipv4.address = Some([192, 168, 1, 112].into());
        device.ipv4.dhcp = Some(true);
        device.ipv6.address = "2001:db8::1".parse().ok();
        device.firmware = Firmware::new("V5.03.020");
        device.raw = RawFields::default();
        device.raw.push("DeviceType", "1");
        device.raw.push("DeviceType", "2");
        let mut found = DiscoveredDevice::assess_all(recorded([device]), &[]).remove(0);
        found.warnings = Warning::OffSubnet | Warning::FactoryAddress;
        found.entry.seen.clear();
        filter.parse::<Filter>().unwrap().holds(&found)
    }

    #[test]
    fn clauses_compare_as_people_write() {
        for filters in [
            "state=active; state=ACTIVE; state==active; state!=locked; state=inactive|active",
            "mac=4447.cc1d.6d13; mac=44-47-CC-1D-6D-13; mac~44-47; mac~1D6D; mac!~ffff",
            "ip=192.168.1.112; ipv4.address=192.168.1.112; ipv6.address=2001:db8:0::1",
            "firmware.version=5.03.020; firmware.version=5.3.20; firmware.version!=5.3.2",
            "fw=5.3.20; fw<5.10; fw>V5.3; disks=2; disks>1; disks<10; disks!=null",
            "warnings=off-subnet; warnings~factory; warnings=off-subnet|duplicate-ip",
            "model=null; kind!=nvr; ipv4.dhcp=true; dhcp=true; seen.via=null; raw.DeviceType=2",
            "state=active, disks=2",
        ] {
            for filter in filters.split("; ") {
                assert!(holds(filter), "{filter}");
            }
        }
        for filters in [
            "state=locked; state!=active; state=inactive; state=active,disks=3",
            "mac~ff; mac!~1d6d; ipv4.address=192.168.1.11; fw>5.3.20",
            "disks=20; disks>2; channels.digital>0; warnings!=off-subnet; model~DS; raw.Other=1",
        ] {
            for filter in filters.split("; ") {
                assert!(!holds(filter), "{filter}");
            }
        }
    }

    #[test]
    fn what_is_no_condition_is_reported() {
        for bad in [
            "",
            "state",
            "state!locked",
            "=x",
            "state=active,",
            "colour=red",
            "state=open",
            "kind=lamp|nvr",
            "warnings!=loud",
            "disks>many",
            "fw<",
        ] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }
}

//! What `nft -j list ruleset` prints (libnftables-json(5), schema 1).

use std::ops::RangeInclusive;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::rules::{Action, Base, Hook, Rule, Ruleset, Test, What};

/// Reads the rules for IPv4, without the tables named. `None` where it is not
/// such a document.
pub(super) fn parse(json: &str, without: &[&str]) -> Option<Ruleset> {
    let document: Value = serde_json::from_str(json).ok()?;
    let mut ruleset = Ruleset::default();
    for entry in document.get("nftables")?.as_array()? {
        if let Some(chain) = entry.get("chain").filter(|chain| is_ours(chain, without)) {
            read_chain(chain, &mut ruleset);
        } else if let Some(rule) = entry.get("rule").filter(|rule| is_ours(rule, without)) {
            read_rule(rule, &mut ruleset);
        }
    }
    Some(ruleset)
}

fn is_ours(object: &Value, without: &[&str]) -> bool {
    match text(object, "family") {
        Some("inet") => true,
        Some("ip") => !text(object, "table").is_some_and(|table| without.contains(&table)),
        _ => false,
    }
}

fn read_chain(chain: &Value, ruleset: &mut Ruleset) {
    let Some(key) = key(chain, text(chain, "name")) else {
        return;
    };
    let filters = text(chain, "type") == Some("filter");
    let hook = match text(chain, "hook") {
        Some("input" | "prerouting") if filters => Some(Hook::Input),
        Some("output" | "postrouting") if filters => Some(Hook::Output),
        _ => None,
    };
    if let Some(hook) = hook {
        // All of one hook come before all of the next.
        let later = matches!(text(chain, "hook"), Some("input" | "postrouting"));
        let priority = chain.get("prio").and_then(Value::as_i64).unwrap_or(0);
        ruleset.bases.push(Base {
            hook,
            chain: key.clone(),
            priority: priority.saturating_add(if later { 1 << 40 } else { 0 }),
            drops: text(chain, "policy") == Some("drop"),
        });
    }
    ruleset.chains.entry(key).or_default();
}

fn read_rule(rule: &Value, ruleset: &mut Ruleset) {
    let (Some(chain), Some(statements)) = (
        key(rule, text(rule, "chain")),
        rule.get("expr").and_then(Value::as_array),
    ) else {
        return;
    };
    let target = |name: &str| key(rule, Some(name)).unwrap_or_default();
    let rules = ruleset.chains.entry(chain).or_default();
    let mut tests = Vec::new();
    let mut action = Action::Nothing;
    for statement in statements {
        if let Some(map) = statement.get("vmap") {
            match verdict_map(map, &target) {
                Some(some) => rules.extend(some),
                None => action = Action::Unknown,
            }
            continue;
        }
        if let Some(decided) = verdict(statement, &target) {
            action = decided;
        } else if let Some(test) = statement_test(statement) {
            tests.push(test);
        }
    }
    rules.push(Rule { tests, action });
}

/// Chains are known by family, table and name.
fn key(object: &Value, name: Option<&str>) -> Option<String> {
    let (family, table) = (text(object, "family")?, text(object, "table")?);
    Some(format!("{family} {table} {}", name?))
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// The verdict a statement is, if it is one.
fn verdict(statement: &Value, target: &impl Fn(&str) -> String) -> Option<Action> {
    let (name, value) = statement.as_object()?.iter().next()?;
    let to = || value.get("target").and_then(Value::as_str).map(target);
    Some(match name.as_str() {
        "accept" => Action::Accept,
        "drop" | "reject" => Action::Drop,
        "return" => Action::Return,
        "continue" => Action::Nothing,
        "jump" => to().map_or(Action::Unknown, Action::Jump),
        "goto" => to().map_or(Action::Unknown, Action::Goto),
        "queue" => Action::Unknown,
        "xt" if text(value, "type") == Some("target") => match text(value, "name") {
            Some("REJECT" | "DROP") => Action::Drop,
            Some("ACCEPT") => Action::Accept,
            Some("LOG" | "NFLOG" | "MARK" | "CONNMARK") => Action::Nothing,
            _ => Action::Unknown,
        },
        _ => return None,
    })
}

/// The condition a statement is. `None` where it only counts, logs or marks.
fn statement_test(statement: &Value) -> Option<Test> {
    let (name, value) = statement.as_object()?.iter().next()?;
    match name.as_str() {
        "match" => Some(match_test(value)),
        "counter" | "log" | "comment" | "mangle" | "notrack" | "set" | "flow" | "dup"
        | "ct helper" | "ct timeout" => None,
        _ => Some(What::Unknown.holds()),
    }
}

fn match_test(expression: &Value) -> Test {
    let (Some(left), Some(right)) = (expression.get("left"), expression.get("right")) else {
        return What::Unknown.holds();
    };
    let negated = match text(expression, "op") {
        Some("==" | "in") => false,
        Some("!=") => true,
        _ => return What::Unknown.holds(),
    };
    Test {
        what: condition(left, right),
        negated,
    }
}

/// What a left side asks of the values at the right.
fn condition(left: &Value, right: &Value) -> What {
    let values = values(right);
    if let Some(key) = left.get("meta").and_then(|meta| text(meta, "key")) {
        return meta_condition(key, values);
    }
    if left.get("ct").and_then(|ct| text(ct, "key")) == Some("state") {
        return words(values).map_or(What::Unknown, What::State);
    }
    if let Some(fib) = left.get("fib") {
        let of_destination = fib
            .get("flags")
            .is_some_and(|flags| values_of(flags).contains(&&Value::from("daddr")));
        if text(fib, "result") == Some("type") && of_destination {
            return words(values).map_or(What::Unknown, What::Kind);
        }
        return What::Unknown;
    }
    let Some(payload) = left.get("payload") else {
        return What::Unknown;
    };
    payload_condition(
        text(payload, "protocol").unwrap_or_default(),
        text(payload, "field").unwrap_or_default(),
        values,
    )
}

fn meta_condition(key: &str, values: Option<Vec<&Value>>) -> What {
    match key {
        "iifname" | "iif" => words(values).map_or(What::Unknown, What::CardIn),
        "oifname" | "oif" => words(values).map_or(What::Unknown, What::CardOut),
        "l4proto" => words(values).map_or(What::Unknown, What::Protocol),
        "pkttype" => words(values).map_or(What::Unknown, What::Kind),
        "nfproto" | "protocol" => match words(values) {
            Some(names) if names.iter().any(|name| name == "ipv4" || name == "ip") => What::Always,
            Some(_) => What::Never,
            None => What::Unknown,
        },
        _ => What::Unknown,
    }
}

/// A field of a header implies that the packet has that header.
fn payload_condition(protocol: &str, field: &str, values: Option<Vec<&Value>>) -> What {
    match (protocol, field) {
        ("udp" | "th", "sport") => ports(values).map_or(What::Unknown, What::SourcePort),
        ("udp" | "th", "dport") => ports(values).map_or(What::Unknown, What::DestinationPort),
        ("ip", "saddr") => networks(values).map_or(What::Unknown, What::Source),
        ("ip", "daddr") => networks(values).map_or(What::Unknown, What::Destination),
        ("ip", "protocol") => words(values).map_or(What::Unknown, What::Protocol),
        ("ip" | "udp" | "th" | "igmp", _) => What::Unknown,
        _ => What::Never,
    }
}

/// The values at a right side. `None` where they stand elsewhere, in a set.
fn values(right: &Value) -> Option<Vec<&Value>> {
    let all = values_of(right);
    let elsewhere = |value: &&Value| value.as_str().is_some_and(|text| text.starts_with('@'));
    (!all.iter().any(elsewhere)).then_some(all)
}

fn values_of(right: &Value) -> Vec<&Value> {
    let many = right.get("set").unwrap_or(right).as_array();
    let all = many.map_or_else(|| vec![right], |many| many.iter().collect());
    let bare = |value| -> &Value {
        let elem = Value::get(value, "elem").and_then(|elem| elem.get("val"));
        elem.unwrap_or(value)
    };
    all.into_iter().map(bare).collect()
}

fn words(values: Option<Vec<&Value>>) -> Option<Vec<String>> {
    values?
        .into_iter()
        .map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect()
}

fn ports(values: Option<Vec<&Value>>) -> Option<Vec<RangeInclusive<u16>>> {
    let port = |value: &Value| u16::try_from(value.as_u64()?).ok();
    values?
        .into_iter()
        .map(|value| {
            if let Some(port) = port(value) {
                return Some(port..=port);
            }
            let range = value.get("range")?;
            Some(port(range.get(0)?)?..=port(range.get(1)?)?)
        })
        .collect()
}

fn networks(values: Option<Vec<&Value>>) -> Option<Vec<Ipv4Net>> {
    values?
        .into_iter()
        .map(|value| {
            if let Some(address) = value.as_str() {
                return address
                    .parse::<std::net::Ipv4Addr>()
                    .map(Ipv4Net::from)
                    .ok();
            }
            let prefix = value.get("prefix")?;
            let length = u8::try_from(prefix.get("len")?.as_u64()?).ok()?;
            Ipv4Net::new(text(prefix, "addr")?.parse().ok()?, length).ok()
        })
        .collect()
}

/// A verdict map as one rule an element. `None` where it stands elsewhere.
fn verdict_map(map: &Value, target: &impl Fn(&str) -> String) -> Option<Vec<Rule>> {
    let key = map.get("key")?;
    let pairs = map.get("data")?.get("set")?.as_array()?;
    pairs
        .iter()
        .map(|pair| {
            let (value, decided) = (pair.get(0)?, pair.get(1)?);
            Some(Rule {
                tests: vec![condition(key, value).holds()],
                action: verdict(decided, target)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;

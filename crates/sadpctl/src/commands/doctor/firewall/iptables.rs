//! What `iptables-save` prints.

use std::ops::RangeInclusive;

use ipnet::Ipv4Net;

use super::rules::{Action, Base, Hook, Rule, Ruleset, Test, What};

/// The rules, and the tables they stand in.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) rules: Ruleset,
    pub(super) tables: Vec<String>,
    /// Whether the kernel keeps them as nftables.
    pub(super) is_nft: bool,
}

/// Reads what was saved. Lines that are no rules are passed over.
pub(super) fn parse(saved: &str) -> Saved {
    let mut read = Saved::default();
    let mut table = "";
    for line in saved.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name.trim();
            read.tables.push(table.into());
        } else if let Some(chain) = line.strip_prefix(':') {
            read_chain(table, chain, &mut read.rules);
        } else if let Some(rule) = line.strip_prefix("-A ") {
            read_rule(table, rule, &mut read.rules);
        } else if line.starts_with("# Generated") {
            read.is_nft |= line.contains("nf_tables");
        }
    }
    read
}

/// The order in which the kernel asks the tables.
fn priority(table: &str) -> i64 {
    match table {
        "raw" => -300,
        "mangle" => -150,
        "security" => 50,
        _ => 0,
    }
}

fn read_chain(table: &str, line: &str, ruleset: &mut Ruleset) {
    let mut words = line.split_whitespace();
    let (Some(name), policy) = (words.next(), words.next()) else {
        return;
    };
    let key = format!("{table} {name}");
    // Address translation decides nothing here.
    let hook = match name {
        _ if table == "nat" => None,
        "PREROUTING" => Some((Hook::Input, 0)),
        "INPUT" => Some((Hook::Input, 1 << 40)),
        "OUTPUT" => Some((Hook::Output, 0)),
        "POSTROUTING" => Some((Hook::Output, 1 << 40)),
        _ => None,
    };
    if let Some((hook, later)) = hook {
        ruleset.bases.push(Base {
            hook,
            chain: key.clone(),
            priority: priority(table) + later,
            drops: policy == Some("DROP"),
        });
    }
    ruleset.chains.entry(key).or_default();
}

fn read_rule(table: &str, line: &str, ruleset: &mut Ruleset) {
    let words = words(line);
    let mut words = words.iter().map(String::as_str).peekable();
    let Some(chain) = words.next() else {
        return;
    };
    let mut tests = Vec::new();
    let mut action = Action::Nothing;
    let mut negated = false;
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        // An option's values go on until the next option.
        let mut values = Vec::new();
        while let Some(value) = words.next_if(|next| !next.starts_with("--") && !is_option(next)) {
            values.push(value);
        }
        match word {
            "-j" | "--jump" => action = verdict(table, values.first().copied()),
            "-g" | "--goto" => {
                let chain = values.first().copied().unwrap_or_default();
                action = Action::Goto(format!("{table} {chain}"));
            }
            // A module's name and a verdict's details are no conditions.
            _ if is_detail(word) => {}
            _ => tests.push(Test {
                what: condition(word, values.first().copied().unwrap_or_default()),
                negated,
            }),
        }
        negated = false;
    }
    let rules = ruleset.chains.entry(format!("{table} {chain}"));
    rules.or_default().push(Rule { tests, action });
}

fn is_option(word: &str) -> bool {
    word == "!" || (word.len() == 2 && word.starts_with('-'))
}

fn is_detail(option: &str) -> bool {
    matches!(option, "-m" | "--match" | "--comment" | "--reject-with")
        || option.starts_with("--log-")
        || option.starts_with("--nflog-")
}

fn verdict(table: &str, target: Option<&str>) -> Action {
    match target {
        Some("ACCEPT") => Action::Accept,
        Some("DROP" | "REJECT") => Action::Drop,
        Some("RETURN") => Action::Return,
        Some("LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "AUDIT" | "TRACE" | "CT" | "TEE") => {
            Action::Nothing
        }
        Some("NFQUEUE" | "QUEUE") | None => Action::Unknown,
        Some(chain) => Action::Jump(format!("{table} {chain}")),
    }
}

fn condition(option: &str, value: &str) -> What {
    let list = || value.split(',').map(str::to_lowercase).collect::<Vec<_>>();
    match option {
        "-i" | "--in-interface" => What::CardIn(vec![value.into()]),
        "-o" | "--out-interface" => What::CardOut(vec![value.into()]),
        "-p" | "--protocol" => What::Protocol(list()),
        "-s" | "--source" => networks(value).map_or(What::Unknown, What::Source),
        "-d" | "--destination" => networks(value).map_or(What::Unknown, What::Destination),
        "--sport" | "--sports" => ports(value).map_or(What::Unknown, What::SourcePort),
        "--dport" | "--dports" => ports(value).map_or(What::Unknown, What::DestinationPort),
        "--ctstate" | "--state" => What::State(list()),
        "--dst-type" | "--pkt-type" => What::Kind(list()),
        _ => What::Unknown,
    }
}

fn networks(value: &str) -> Option<Vec<Ipv4Net>> {
    let network = |text: &str| text.parse().ok();
    let address = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(Ipv4Net::from);
    value
        .split(',')
        .map(|text| network(text).or_else(|| address(text)))
        .collect()
}

fn ports(value: &str) -> Option<Vec<RangeInclusive<u16>>> {
    value
        .split(',')
        .map(|text| {
            let (from, to) = text.split_once(':').unwrap_or((text, text));
            let from = if from.is_empty() { "0" } else { from };
            let to = if to.is_empty() { "65535" } else { to };
            Some(from.parse().ok()?..=to.parse().ok()?)
        })
        .collect()
}

/// The words of a line; comments and prefixes stand in quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let word = words.last_mut();
        match (character, word) {
            ('"', _) => quoted = !quoted,
            ('\\', Some(word)) if quoted => word.extend(characters.next()),
            (' ', _) if !quoted => words.push(String::new()),
            (other, Some(word)) => word.push(other),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;

use super::*;
use crate::commands::doctor::firewall::rules::{Fate, Packet};

/// A document with one base chain, as nftables 1.0.6 prints it.
fn ruleset(policy: &str, rules: &[&str]) -> String {
    let head = r#"{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, {"table": {"family": "inet", "name": "f", "handle": 1}}"#;
    let chain = format!(
        r#"{{"chain": {{"family": "inet", "table": "f", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "{policy}"}}}}, {{"chain": {{"family": "inet", "table": "f", "name": "lan", "handle": 9}}}}"#
    );
    let rules = rules.iter().map(|expr| {
        let chain = if expr.starts_with("lan ") { "lan" } else { "input" };
        let expr = expr.trim_start_matches("lan ");
        format!(r#", {{"rule": {{"family": "inet", "table": "f", "chain": "{chain}", "handle": 2, "expr": [{expr}]}}}}"#)
    });
    format!(
        r#"{{"nftables": [{head}, {chain}{}]}}"#,
        rules.collect::<String>()
    )
}

fn fate(policy: &str, rules: &[&str]) -> Fate {
    let document = ruleset(policy, rules);
    parse(&document, &[]).unwrap().fate(&Packet::sample()).0
}

/// One statement that matches.
fn equal(left: &str, right: &str) -> String {
    format!(r#"{{"match": {{"op": "==", "left": {left}, "right": {right}}}}}"#)
}

const ACCEPT: &str = r#"{"accept": null}"#;
const DPORT: &str = r#"{"payload": {"protocol": "udp", "field": "dport"}}"#;

#[test]
fn conditions_are_read() {
    let meta = |key: &str| format!(r#"{{"meta": {{"key": "{key}"}}}}"#);
    let payload = |protocol: &str, field: &str| {
        format!(r#"{{"payload": {{"protocol": "{protocol}", "field": "{field}"}}}}"#)
    };
    let kind = r#"{"fib": {"result": "type", "flags": "daddr"}}"#.to_owned();
    let state = r#"{"ct": {"key": "state"}}"#.to_owned();
    for (left, right, expected) in [
        (DPORT.to_owned(), "37020", Fate::PASSES),
        (DPORT.to_owned(), "5353", Fate::DROPPED),
        (
            DPORT.to_owned(),
            r#"{"set": [22, {"range": [37000, 37100]}]}"#,
            Fate::PASSES,
        ),
        (
            DPORT.to_owned(),
            r#"{"set": [{"elem": {"val": 37020, "comment": "SADP"}}]}"#,
            Fate::PASSES,
        ),
        (DPORT.to_owned(), r#""@ports""#, Fate::UNKNOWN),
        (payload("th", "dport"), "37020", Fate::PASSES),
        (payload("tcp", "dport"), "37020", Fate::DROPPED),
        (
            payload("ip", "daddr"),
            r#"{"prefix": {"addr": "224.0.0.0", "len": 4}}"#,
            Fate::PASSES,
        ),
        (payload("ip", "daddr"), r#""239.255.255.250""#, Fate::PASSES),
        (payload("ip", "saddr"), r#""192.168.1.64""#, Fate::UNKNOWN),
        (payload("ip6", "saddr"), r#""fe80::1""#, Fate::DROPPED),
        (payload("ip", "dscp"), "1", Fate::UNKNOWN),
        (meta("iifname"), r#""lan0""#, Fate::PASSES),
        (meta("iifname"), r#""lan*""#, Fate::PASSES),
        (
            meta("iifname"),
            r#"{"set": ["lo", "docker0"]}"#,
            Fate::DROPPED,
        ),
        (meta("l4proto"), r#"{"set": ["tcp", "udp"]}"#, Fate::PASSES),
        (meta("l4proto"), "17", Fate::PASSES),
        (meta("nfproto"), r#""ipv6""#, Fate::DROPPED),
        (meta("pkttype"), r#""multicast""#, Fate::PASSES),
        (meta("mark"), "1", Fate::UNKNOWN),
        (kind, r#""multicast""#, Fate::PASSES),
        (
            state.clone(),
            r#"["established", "related"]"#,
            Fate::DROPPED,
        ),
        (state, r#"["established", "new"]"#, Fate::PASSES),
    ] {
        let test = equal(&left, right);
        let rule = format!("{test}, {ACCEPT}");
        assert_eq!(fate("drop", &[&rule]), expected, "{rule}");
    }
}

#[test]
fn verdicts_are_read() {
    let port = equal(DPORT, "37020");
    let not = port.replace("\"==\"", "\"!=\"");
    let less = port.replace("\"==\"", "\"<\"");
    for (policy, rules, expected) in [
        ("accept", vec![], Fate::PASSES),
        ("accept", vec![format!(r#"{port}, {{"counter": {{"packets": 1, "bytes": 9}}}}, {{"drop": null}}"#)], Fate::DROPPED),
        ("accept", vec![format!(r#"{port}, {{"reject": {{"type": "icmp"}}}}"#)], Fate::DROPPED),
        ("accept", vec![format!(r#"{not}, {{"drop": null}}"#)], Fate::PASSES),
        ("accept", vec![format!(r#"{less}, {{"drop": null}}"#)], Fate::UNKNOWN),
        ("accept", vec![format!(r#"{port}, {{"limit": {{"rate": 5}}}}, {{"drop": null}}"#)], Fate::UNKNOWN),
        ("drop", vec![format!(r#"{port}, {{"log": null}}"#)], Fate::DROPPED),
        ("drop", vec![format!(r#"{port}, {{"jump": {{"target": "lan"}}}}"#), format!("lan {ACCEPT}")], Fate::PASSES),
        ("drop", vec![format!(r#"{port}, {{"goto": {{"target": "lan"}}}}"#), ACCEPT.into()], Fate::DROPPED),
        ("drop", vec![r#"{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["lo", {"accept": null}], ["lan0", {"jump": {"target": "lan"}}]]}}}"#.into(), format!("lan {ACCEPT}")], Fate::PASSES),
        ("drop", vec![r#"{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@cards"}}"#.into()], Fate::UNKNOWN),
        ("drop", vec![format!(r#"{{"xt": {{"type": "match", "name": "pkttype"}}}}, {ACCEPT}"#)], Fate::UNKNOWN),
        ("accept", vec![r#"{"xt": {"type": "target", "name": "REJECT"}}"#.into()], Fate::DROPPED),
        ("accept", vec![r#"{"queue": {"num": 0}}"#.into()], Fate::UNKNOWN),
    ] {
        let rules: Vec<_> = rules.iter().map(String::as_str).collect();
        assert_eq!(fate(policy, &rules), expected, "{policy} {rules:?}");
    }
}

#[test]
fn tables_read_elsewhere_and_of_other_families_are_left_out() {
    let document = ruleset("drop", &[]);
    for (document, without, bases) in [
        (document.clone(), &[][..], 1),
        (document.replace("inet", "ip"), &[][..], 1),
        (document.replace("inet", "ip"), &["f"][..], 0),
        (document.clone(), &["f"][..], 1),
        (document.replace("inet", "ip6"), &[][..], 0),
        (document.replace("\"filter\"", "\"nat\""), &[][..], 0),
    ] {
        let rules = parse(&document, without).unwrap();
        assert_eq!(rules.bases.len(), bases, "{document}");
    }
}

#[test]
fn what_is_no_such_document_is_no_ruleset() {
    for bad in ["", "{}", "[]", "table inet f {}", r#"{"nftables": 1}"#] {
        assert!(parse(bad, &[]).is_none(), "{bad}");
    }
    let odd = r#"{"nftables": [1, {"chain": {}}, {"rule": {"expr": []}}, {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [1, {}, {"match": {}}, {"jump": {}}]}}]}"#;
    assert!(parse(odd, &[]).unwrap().bases.is_empty());
}

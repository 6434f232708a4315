//! Which firewall is active, and whether it plainly lets UDP to the devices' port
//! in.
//!
//! The front end that owns the rules is asked: firewalld, else ufw, else what
//! nftables and iptables print. Rule sets are not evaluated: only the default of
//! a chain and rules for all UDP or for the port are read. The rest counts as
//! not judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Check, Finding, Subject, Verdict,
    system::{self, Output},
};

/// The programs that may own a firewall on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Firewall {
    /// firewalld.
    Firewalld,
    /// ufw, the Uncomplicated Firewall.
    Ufw,
    /// Rules of nftables that no front end owns.
    Nftables,
    /// Rules of iptables that no front end owns.
    Iptables,
}

/// What a firewall does with UDP to the devices' port. A location is the zone of
/// firewalld, or family, table and chain of nftables, and empty for the others.
/// The greater, the worse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FirewallState {
    /// A rule opens it, or the default accepts and no plain rule drops it.
    Open,
    /// It could not be judged: its rules cannot be read without root.
    NotPermitted,
    /// It could not be judged: its rules continue in chains that are not read here.
    TooComplex,
    /// A plain rule drops it there.
    DroppedByRule(String),
    /// The default drops it there, and no plain rule opens it.
    DroppedByDefault(String),
}

/// The most interfaces whose zones are asked for.
const MAX_INTERFACES: usize = 16;

/// The active firewalls.
pub(crate) type Active = BTreeMap<Firewall, FirewallState>;

/// Asks the firewalls of this computer.
pub(crate) async fn gather(interfaces: &[&str], port: u16) -> Active {
    if let Some(state) = ask_firewalld(interfaces, port).await {
        return [(Firewall::Firewalld, state)].into();
    }
    if let Some(state) = ask_ufw(port).await {
        return [(Firewall::Ufw, state)].into();
    }
    let nft = system::run("nft", &["list", "ruleset"]).await;
    // Unlike `iptables -S`, it loads no kernel module.
    let iptables = system::run("iptables-save", &[]).await;
    judge_kernel_rules(&nft, &iptables, port)
}

/// One check for each active firewall, or one that there is none. `received`:
/// something came in from other devices, or came back on the port.
pub(crate) fn judge(active: Active, port: u16, received: bool) -> Vec<Check> {
    if active.is_empty() {
        let finding = Finding::NoFirewall;
        return vec![Check::new(Subject::Computer, Verdict::Ok, finding)];
    }
    let checks = active.into_iter().map(|(firewall, state)| {
        let verdict = state.verdict(received);
        let finding = Finding::Firewall { port, state };
        Check::new(Subject::Firewall(firewall), verdict, finding)
    });
    checks.collect()
}

impl FirewallState {
    /// What came in anyway outweighs what was read.
    fn verdict(&self, received: bool) -> Verdict {
        match self {
            Self::Open => Verdict::Ok,
            Self::NotPermitted | Self::TooComplex if received => Verdict::Ok,
            Self::DroppedByRule(_) | Self::DroppedByDefault(_) if !received => Verdict::Problem,
            _ => Verdict::Warning,
        }
    }
}

// --- firewalld ------------------------------------------------------------------

/// `None` where firewalld does not run. The zones of these interfaces count.
async fn ask_firewalld(interfaces: &[&str], port: u16) -> Option<FirewallState> {
    let default = system::run("firewall-cmd", &["--get-default-zone"]).await;
    let default = default.text()?.trim();
    let mut zones = BTreeSet::new();
    for interface in interfaces.iter().take(MAX_INTERFACES) {
        let option = format!("--get-zone-of-interface={interface}");
        let zone = system::run("firewall-cmd", &[&option]).await;
        zones.insert(zone.text().map_or(default, str::trim).to_owned());
    }
    for zone in zones {
        let option = format!("--zone={zone}");
        let listing = system::run("firewall-cmd", &[&option, "--list-all"]).await;
        let Some(listing) = listing.text() else {
            return Some(FirewallState::NotPermitted);
        };
        if !zone_opens(listing, port) {
            return Some(FirewallState::DroppedByDefault(zone));
        }
    }
    Some(FirewallState::Open)
}

/// Reads what `firewall-cmd --list-all` prints of a zone.
fn zone_opens(listing: &str, port: u16) -> bool {
    let mut settings = listing.lines().filter_map(|line| line.split_once(':'));
    settings.any(|(key, values)| {
        let mut values = values.split_whitespace();
        match key.trim() {
            "target" => values.any(|target| target == "ACCEPT"),
            "protocols" => values.any(|protocol| protocol == "udp"),
            "ports" => values
                .filter_map(|value| value.strip_suffix("/udp"))
                .any(|range| covers(range, port)),
            _ => false,
        }
    })
}

/// Whether `37020`, `37000-37100` or `37000:37100` covers a port.
fn covers(range: &str, port: u16) -> bool {
    let (from, to) = range.split_once(['-', ':']).unwrap_or((range, range));
    matches!((from.parse(), to.parse()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
}

// --- ufw ------------------------------------------------------------------------

/// `None` where ufw is not active.
async fn ask_ufw(port: u16) -> Option<FirewallState> {
    // This file says so without root, and `ufw status` takes a second.
    let settings = system::read("/etc/ufw/ufw.conf")?;
    let mut settings = settings.lines();
    settings.find(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes"))?;
    let status = system::run("ufw", &["status", "verbose"]).await;
    let Some(status) = status.text() else {
        return Some(FirewallState::NotPermitted);
    };
    judge_ufw(status, port)
}

/// Reads what `ufw status verbose` prints. `None` where it is not active. The
/// first rule for the port decides; one for some senders only is not plain.
fn judge_ufw(status: &str, port: u16) -> Option<FirewallState> {
    status
        .lines()
        .find(|line| line.trim() == "Status: active")?;
    for line in status.lines() {
        let mut words = line.split_whitespace();
        let target = words.next().unwrap_or_default();
        if !covers(target.strip_suffix("/udp").unwrap_or(target), port) {
            continue;
        }
        let rest: Vec<_> = words.collect();
        match rest[..] {
            ["ALLOW", "IN", "Anywhere", ..] => return Some(FirewallState::Open),
            ["DENY" | "REJECT", "IN", "Anywhere", ..] => {
                return Some(FirewallState::DroppedByRule(String::new()));
            }
            _ => {}
        }
    }
    Some(if status.contains("allow (incoming)") {
        FirewallState::Open
    } else {
        FirewallState::DroppedByDefault(String::new())
    })
}

// --- nftables and iptables --------------------------------------------------------

/// A chain that incoming packets pass.
#[derive(Debug, Default)]
struct Chain {
    location: String,
    drops_by_default: bool,
    rules: Vec<Effect>,
}

/// What a rule does with UDP to the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Accept,
    Drop,
    /// Another chain or program decides.
    Jump,
    /// Nothing, or something only for some senders or interfaces.
    None,
}

impl Chain {
    /// The first plain rule decides, else the default.
    fn judge(&self) -> FirewallState {
        let jumps = self.rules.contains(&Effect::Jump);
        let mut plain = self.rules.iter();
        let plain = plain.find(|effect| matches!(effect, Effect::Accept | Effect::Drop));
        match plain {
            Some(Effect::Accept) => FirewallState::Open,
            _ if jumps => FirewallState::TooComplex,
            Some(_) => FirewallState::DroppedByRule(self.location.clone()),
            None if self.drops_by_default => FirewallState::DroppedByDefault(self.location.clone()),
            None => FirewallState::Open,
        }
    }
}

fn judge_kernel_rules(nft: &Output, iptables: &Output, port: u16) -> Active {
    let refused = FirewallState::NotPermitted;
    let saved = iptables.text().unwrap_or_default();
    let by_nft = match nft {
        Output::Text(rules) => judge_nft(rules, saved.contains("nf_tables"), port),
        Output::Refused => Some(refused.clone()),
        Output::Absent => None,
    };
    let by_iptables = match iptables {
        Output::Refused if by_nft.is_none() => Some(refused),
        _ => judge_iptables(saved, port),
    };
    let by_nft = by_nft.map(|state| (Firewall::Nftables, state));
    let by_iptables = by_iptables.map(|state| (Firewall::Iptables, state));
    by_nft.into_iter().chain(by_iptables).collect()
}

/// Judges what `nft list ruleset` prints: a packet passes every chain at the input
/// hook. `None` where there is none. `with_iptables`: the tables of iptables are
/// printed too, and judged elsewhere.
fn judge_nft(rules: &str, with_iptables: bool, port: u16) -> Option<FirewallState> {
    let chains = input_chains(rules, with_iptables, port);
    chains.iter().map(Chain::judge).max()
}

fn input_chains(rules: &str, with_iptables: bool, port: u16) -> Vec<Chain> {
    const OF_IPTABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];
    let mut chains = Vec::new();
    let mut table = None;
    let (mut chain, mut is_input) = (Chain::default(), false);
    for line in rules.lines().map(str::trim) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["table", family, name, "{"] => {
                let elsewhere = with_iptables && family == "ip" && OF_IPTABLES.contains(&name);
                let is_ipv4 = matches!(family, "ip" | "inet") && !elsewhere;
                table = is_ipv4.then(|| format!("{family} {name}"));
            }
            ["chain", name, "{"] => {
                let table = table.as_deref().unwrap_or_default();
                chain.location = format!("{table} {name}");
            }
            ["type", _, "hook", hook, ..] => {
                chain.drops_by_default = line.contains("policy drop;");
                is_input = hook == "input" && table.is_some();
            }
            // Chains without a hook are reached by jumps only.
            ["}"] => {
                let ended = std::mem::take(&mut chain);
                chains.extend(std::mem::take(&mut is_input).then_some(ended));
            }
            _ => chain.rules.push(nft_effect(line, port)),
        }
    }
    chains
}

/// Reads a rule of nftables. Ports are printed as numbers, or by name where they
/// have one; that of SADP has none.
fn nft_effect(rule: &str, port: u16) -> Effect {
    let words: Vec<_> = rule.split_whitespace().collect();
    if ["jump", "goto", "queue"]
        .iter()
        .any(|jump| words.contains(jump))
    {
        return Effect::Jump;
    }
    let verdicts = ["accept", "drop", "reject"];
    let Some(verdict) = words.iter().position(|word| verdicts.contains(word)) else {
        return Effect::None;
    };
    let (conditions, effect) = words.split_at(verdict);
    // A counter stands before the verdict: `counter packets 1 bytes 90`.
    let conditions = conditions.split(|word| *word == "counter").next();
    let plain = match conditions.unwrap_or_default() {
        [] | ["meta", "l4proto", "udp"] | ["ip", "protocol", "udp"] => true,
        ["udp", "dport", ports @ ..] => {
            let mut ranges = ports.iter().map(|range| range.trim_end_matches(','));
            let is_plain = !ports.contains(&"!=") && !ports.contains(&"vmap");
            is_plain && ranges.any(|range| covers(range, port))
        }
        _ => false,
    };
    match effect {
        _ if !plain => Effect::None,
        ["accept", ..] => Effect::Accept,
        _ => Effect::Drop,
    }
}

/// Judges the chain `INPUT` of what `iptables-save` prints. `None` where it lets
/// everything in without a rule.
fn judge_iptables(saved: &str, port: u16) -> Option<FirewallState> {
    let (_, filter) = saved.split_once("*filter")?;
    let (filter, _) = filter.split_once("COMMIT")?;
    let rules = filter
        .lines()
        .filter_map(|line| line.strip_prefix("-A INPUT"));
    let chain = Chain {
        location: String::new(),
        drops_by_default: filter.contains("\n:INPUT DROP"),
        rules: rules.map(|rule| iptables_effect(rule, port)).collect(),
    };
    (chain.drops_by_default || !chain.rules.is_empty()).then(|| chain.judge())
}

fn iptables_effect(rule: &str, port: u16) -> Effect {
    let target = rule
        .rsplit_once(" -j ")
        .or_else(|| rule.rsplit_once(" -g "));
    let Some((conditions, target)) = target else {
        return Effect::None;
    };
    let effect = match target.split_whitespace().next() {
        Some("ACCEPT") => Effect::Accept,
        Some("DROP" | "REJECT") => Effect::Drop,
        Some("LOG" | "NFLOG" | "MARK" | "CONNMARK" | "RETURN") | None => return Effect::None,
        Some(_) => return Effect::Jump,
    };
    // A comment is most often the last condition.
    let conditions = match conditions.split_once(" -m comment --comment ") {
        Some((before, after)) if !after.contains(" -m ") => before,
        _ => conditions,
    };
    let conditions: Vec<_> = conditions.split_whitespace().collect();
    let plain = match conditions[..] {
        [] | ["-p", "udp"] => true,
        ["-p", "udp", "-m", _, "--dport" | "--dports", ports] => {
            ports.split(',').any(|range| covers(range, port))
        }
        _ => false,
    };
    if plain { effect } else { Effect::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: FirewallState = FirewallState::Open;
    const COMPLEX: FirewallState = FirewallState::TooComplex;

    fn rule(location: &str) -> FirewallState {
        FirewallState::DroppedByRule(location.into())
    }

    fn default(location: &str) -> FirewallState {
        FirewallState::DroppedByDefault(location.into())
    }

    #[test]
    fn a_zone_of_firewalld_opens_the_port_by_number_range_protocol_or_target() {
        for (setting, opens) in [
            ("ports: 80/tcp 37020/udp", true),
            ("ports: 37000-37100/udp", true),
            ("ports: 37020/tcp", false),
            ("ports: ", false),
            ("source-ports: 37020/udp", false),
            ("protocols: udp", true),
            ("target: ACCEPT", true),
        ] {
            let zone =
                format!("public (active)\n  target: default\n  services: ssh\n  {setting}\n");
            assert_eq!(zone_opens(&zone, 37020), opens, "{setting}");
        }
    }

    #[test]
    fn ufw_is_judged_by_its_rule_for_the_port_else_by_its_default() {
        for (policy, rules, expected) in [
            ("deny", "37020/udp   ALLOW IN   Anywhere", OPEN),
            ("deny", "37000:37100/udp ALLOW IN Anywhere", OPEN),
            ("deny", "37020       ALLOW IN   Anywhere", OPEN),
            ("deny", "37020/tcp   ALLOW IN   Anywhere", default("")),
            ("deny", "37020/udp   ALLOW IN   10.0.0.0/8", default("")),
            ("deny", "37020/udp   ALLOW OUT  Anywhere", default("")),
            ("reject", "", default("")),
            ("allow", "", OPEN),
            ("allow", "37020/udp  DENY IN    Anywhere", rule("")),
        ] {
            let status = format!(
                "Status: active\nDefault: {policy} (incoming), allow (outgoing)\n\nTo  Action  From\n22/tcp  ALLOW IN  Anywhere\n{rules}\n"
            );
            assert_eq!(judge_ufw(&status, 37020), Some(expected), "{status}");
        }
        assert_eq!(judge_ufw("Status: inactive\n", 37020), None);
    }

    fn ruleset(policy: &str, rules: &str) -> String {
        format!(
            "table inet f {{\n\tset s {{\n\t\ttype ipv4_addr\n\t}}\n\n\tchain in {{\n\t\ttype filter hook input priority filter; policy {policy};\n{rules}\n\t}}\n}}\n"
        )
    }

    #[test]
    #[rustfmt::skip]
    fn plain_rules_of_nftables_and_defaults_decide() {
        for (policy, rules, expected) in [
            ("accept", "", OPEN),
            ("drop", "", default("inet f in")),
            ("drop", "udp dport 37020 counter packets 1 bytes 9 accept", OPEN),
            ("drop", "udp dport 37020 accept comment \"SADP drop\"", OPEN),
            ("drop", "udp dport { 22, 37000-37100 } accept", OPEN),
            ("drop", "udp dport 5353 accept", default("inet f in")),
            ("drop", "meta l4proto udp accept", OPEN),
            ("drop", "iifname \"lan0\" udp dport 37020 accept", default("inet f in")),
            ("drop", "ct state vmap { invalid : drop }", default("inet f in")),
            ("accept", "udp dport 37020 drop", rule("inet f in")),
            ("accept", "udp dport 37020 accept\nreject", OPEN),
            ("accept", "udp dport != 37020 drop", OPEN),
            ("accept", "udp dport vmap { 37020 : accept, 22 : drop }", OPEN),
            ("accept", "}\nchain lan {\ndrop", OPEN),
            ("accept", "counter packets 1 bytes 9 reject with icmpx 1", rule("inet f in")),
            ("drop", "jump lan", COMPLEX),
            ("accept", "iifname vmap { \"lan0\" : jump lan }\ndrop", COMPLEX),
            ("drop", "jump lan\nudp dport 37020 accept", OPEN),
        ] {
            let rules = ruleset(policy, rules);
            assert_eq!(judge_nft(&rules, false, 37020), Some(expected), "{rules}");
        }
    }

    #[test]
    fn tables_of_iptables_and_other_chains_are_left_out() {
        let rules = ruleset("drop", "");
        let of_iptables = rules.replace("inet f", "ip filter");
        for (rules, with_iptables, is_judged) in [
            (&of_iptables, true, false),
            (&of_iptables, false, true),
            (&rules, true, true),
            (&rules.replace("inet", "ip6"), false, false),
            (&rules.replace("hook input", "hook output"), false, false),
            (&String::new(), false, false),
            (&"table {\n}\nchain\n}\n".into(), false, false),
        ] {
            let state = judge_nft(rules, with_iptables, 37020);
            assert_eq!(state.is_some(), is_judged, "{rules}");
        }
        let both = ruleset("accept", "") + &rules;
        assert_ne!(judge_nft(&both, false, 37020), Some(OPEN));
    }

    #[test]
    #[rustfmt::skip]
    fn plain_rules_of_iptables_and_the_policy_decide() {
        let list = "-p udp -m multiport --dports 80,37000:37100 -m comment --comment \"x -j DROP\" -j ACCEPT";
        for (policy, rules, expected) in [
            ("ACCEPT", "", None),
            ("DROP", "", Some(default(""))),
            ("DROP", "-i lo -j ACCEPT", Some(default(""))),
            ("DROP", "-p udp -m udp --dport 37020 -j ACCEPT", Some(OPEN)),
            ("DROP", list, Some(OPEN)),
            ("DROP", "-p tcp -m tcp --dport 37020 -j ACCEPT", Some(default(""))),
            ("DROP", "-s 10.0.0.0/8 -j ACCEPT", Some(default(""))),
            ("DROP", "-j LOG --log-prefix \"in \"", Some(default(""))),
            ("ACCEPT", "-j REJECT --reject-with icmp-port-unreachable", Some(rule(""))),
            ("ACCEPT", "! -p udp -j DROP", Some(OPEN)),
            ("ACCEPT", "-j LIBVIRT_INP", Some(COMPLEX)),
            ("ACCEPT", "-g lan", Some(COMPLEX)),
        ] {
            let rules = format!("-A INPUT {rules}\n");
            let rules = rules.strip_prefix("-A INPUT \n").unwrap_or(&rules);
            let saved = format!("*filter\n:INPUT {policy} [0:0]\n{rules}COMMIT\n");
            assert_eq!(judge_iptables(&saved, 37020), expected, "{saved}");
        }
        assert_eq!(judge_iptables("*filter\n", 37020), None);
    }

    #[test]
    fn rules_that_cannot_be_read_are_reported_once() {
        let empty = || Output::Text(String::new());
        for (nft, iptables, expected) in [
            (Output::Absent, Output::Absent, vec![]),
            (empty(), empty(), vec![]),
            (Output::Refused, Output::Refused, vec![Firewall::Nftables]),
            (Output::Absent, Output::Refused, vec![Firewall::Iptables]),
        ] {
            let active = judge_kernel_rules(&nft, &iptables, 37020);
            let firewalls: Vec<_> = active.into_keys().collect();
            assert_eq!(firewalls, expected);
        }
    }

    #[test]
    fn what_came_in_all_the_same_outweighs_what_was_read() {
        use Verdict::{Ok, Problem, Warning};
        for (state, silent, received) in [
            (OPEN, Ok, Ok),
            (default(""), Problem, Warning),
            (COMPLEX, Warning, Ok),
        ] {
            assert_eq!(
                (state.verdict(false), state.verdict(true)),
                (silent, received)
            );
        }
    }
}

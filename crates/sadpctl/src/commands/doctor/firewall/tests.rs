use super::*;

fn site(heard: bool) -> Site {
    Site {
        cards: vec![
            ("lan0".into(), [10, 0, 0, 1].into()),
            ("wlan0".into(), [192, 168, 7, 1].into()),
        ],
        group: [239, 255, 255, 250].into(),
        port: 37020,
        heard,
    }
}

fn iptables(policy: &str, rules: &str) -> Told {
    Told::Text(format!(
        "*filter\n:INPUT {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n{rules}COMMIT\n"
    ))
}

const SADP_ALLOWED: &str = "-A INPUT -p igmp -j ACCEPT\n-A INPUT -p udp -m udp --dport 37020 -j ACCEPT\n-A INPUT -p udp -m udp --sport 37020 -j ACCEPT\n";

#[test]
fn rules_become_one_line() {
    use Verdict::{Ok, Problem, Warning};
    let answers = "-A INPUT -i wlan0 -p udp -m udp --dport 37020 -j DROP\n";
    let question = "-A OUTPUT -p udp -m udp --dport 37020 -j DROP\n";
    for (policy, rules, heard, verdict, said, remedy) in [
        ("ACCEPT", "", false, Ok, "lets SADP through", ""),
        ("DROP", SADP_ALLOWED, false, Ok, "lets SADP through", ""),
        (
            "DROP",
            "",
            false,
            Problem,
            "answers by multicast on lan0, wlan0; answers by unicast on lan0, wlan0",
            "iptables -t filter -I INPUT -p udp --dport 37020 -j ACCEPT && sudo iptables -t filter -I INPUT -p udp --sport 37020",
        ),
        (
            "DROP",
            "",
            true,
            Warning,
            "drops answers by multicast",
            "iptables -t filter -I INPUT",
        ),
        (
            "ACCEPT",
            answers,
            false,
            Problem,
            "drops answers by multicast on wlan0",
            "iptables -t filter -I INPUT",
        ),
        (
            "ACCEPT",
            question,
            false,
            Problem,
            "drops the question itself on lan0, wlan0",
            "iptables -t filter -I OUTPUT -p udp --dport",
        ),
        (
            "ACCEPT",
            "-A INPUT -p igmp -j DROP\n",
            false,
            Warning,
            "(IGMP) on lan0, wlan0",
            "iptables -t filter -I INPUT",
        ),
        (
            "ACCEPT",
            "-A INPUT -m recent --rcheck -j DROP\n",
            false,
            Warning,
            "may drop",
            "iptables -t filter -I INPUT",
        ),
    ] {
        let facts = Facts {
            iptables: iptables(policy, rules),
            ..Facts::default()
        };
        let checks = judge(&facts, &site(heard));
        let [check] = &checks[..] else {
            panic!("{checks:?}");
        };
        assert_eq!(check.verdict, verdict, "{check:?}");
        assert!(check.message.contains(said), "{check:?}");
        let told = check.remedy.as_deref().unwrap_or_default();
        assert!(told.contains(remedy), "{told}");
        assert_eq!(told.is_empty(), remedy.is_empty(), "{told}");
    }
}

#[test]
fn the_remedy_speaks_to_whoever_writes_the_rules() {
    let dropping = || Facts {
        iptables: iptables("DROP", ""),
        ..Facts::default()
    };
    let nft = Told::Text(r#"{"nftables": [{"chain": {"family": "inet", "table": "f", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}"#.into());
    let zones = "public\n  target: default\n  interfaces: lan0\n";
    for (facts, tool, said) in [
        (dropping(), "iptables", "sudo iptables -t filter -I INPUT"),
        (
            Facts {
                ufw: Some(Ufw { keeps_out: true }),
                ..dropping()
            },
            "iptables",
            "sudo ufw allow 37020/udp",
        ),
        (
            Facts {
                zones: Told::Text(zones.into()),
                ..dropping()
            },
            "iptables",
            "sudo firewall-cmd --add-port=37020/udp",
        ),
        (
            Facts {
                zones: Told::Text(zones.into()),
                ..Facts::default()
            },
            "firewalld",
            "--zone=public --add-port=37020/udp",
        ),
        (
            Facts {
                nft,
                ..Facts::default()
            },
            "nftables",
            "sudo nft insert rule inet f in udp dport 37020 accept",
        ),
    ] {
        let checks = judge(&facts, &site(false));
        let check = checks.iter().find(|check| check.subject == tool).unwrap();
        assert_eq!(check.verdict, Verdict::Problem, "{check:?}");
        assert!(check.remedy.as_ref().unwrap().contains(said), "{check:?}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    use Verdict::{Ok, Warning};
    let unreadable = || Facts {
        nft: Told::Refused,
        iptables: Told::Refused,
        ..Facts::default()
    };
    for (facts, heard, expected) in [
        (Facts::default(), false, &[("this machine", Ok)][..]),
        (
            unreadable(),
            false,
            &[("nftables", Warning), ("iptables", Warning)],
        ),
        (unreadable(), true, &[("nftables", Ok), ("iptables", Ok)]),
        (
            Facts {
                nft: Told::Text("not JSON".into()),
                ..Facts::default()
            },
            false,
            &[("nftables", Warning)],
        ),
        (
            Facts {
                ufw: Some(Ufw { keeps_out: true }),
                ..Facts::default()
            },
            false,
            &[("ufw", Warning)],
        ),
        (
            Facts {
                ufw: Some(Ufw { keeps_out: false }),
                ..Facts::default()
            },
            false,
            &[("ufw", Ok)],
        ),
    ] {
        let checks = judge(&facts, &site(heard));
        let told: Vec<_> = checks
            .iter()
            .map(|check| (&*check.subject, check.verdict))
            .collect();
        assert_eq!(told, expected);
    }
}

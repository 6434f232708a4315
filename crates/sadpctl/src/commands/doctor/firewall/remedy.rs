//! The commands that let SADP through a firewall. None of them is run here.

use super::Traffic;

/// Whose commands let something through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Writer<'a> {
    /// With the chain that drops it, by family, table and name.
    Nft(&'a str),
    /// With the chain that drops it, by table and name.
    Iptables(&'a str),
    Ufw,
    /// With the zone; none is the default one.
    Firewalld(&'a str),
}

/// What to do so that this gets through.
pub(super) fn remedy(writer: Writer<'_>, traffic: Traffic, port: u16) -> String {
    let what = match traffic {
        Traffic::Queries => "let IGMP in",
        Traffic::Questions => "let questions out",
        Traffic::MulticastAnswers | Traffic::UnicastAnswers => "let answers in",
    };
    let lasts = if matches!(writer, Writer::Ufw) {
        ""
    } else {
        " until the next start"
    };
    let commands = match traffic {
        Traffic::Queries => vec![for_igmp(writer)],
        Traffic::Questions => vec![for_port(writer, "out", port)],
        Traffic::MulticastAnswers | Traffic::UnicastAnswers => {
            vec![for_port(writer, "to", port), for_port(writer, "from", port)]
        }
    };
    format!("{what}{lasts}: {}", commands.join(" && "))
}

/// The command that lets UDP to a port in or out, or from a port in.
fn for_port(writer: Writer<'_>, way: &str, port: u16) -> String {
    let side = if way == "from" { "sport" } else { "dport" };
    match writer {
        Writer::Nft(chain) => format!("sudo nft insert rule {chain} udp {side} {port} accept"),
        Writer::Iptables(chain) => {
            let (table, chain) = chain.split_once(' ').unwrap_or(("filter", chain));
            format!("sudo iptables -t {table} -I {chain} -p udp --{side} {port} -j ACCEPT")
        }
        Writer::Ufw => match way {
            "from" => format!("sudo ufw allow proto udp from any port {port}"),
            "out" => format!("sudo ufw allow out {port}/udp"),
            _ => format!("sudo ufw allow {port}/udp"),
        },
        Writer::Firewalld(zone) => {
            let zone = in_zone(zone);
            match way {
                "from" => format!("sudo firewall-cmd {zone}--add-source-port={port}/udp"),
                _ => format!("sudo firewall-cmd {zone}--add-port={port}/udp"),
            }
        }
    }
}

fn for_igmp(writer: Writer<'_>) -> String {
    match writer {
        Writer::Nft(chain) => format!("sudo nft insert rule {chain} meta l4proto igmp accept"),
        Writer::Iptables(chain) => {
            let (table, chain) = chain.split_once(' ').unwrap_or(("filter", chain));
            format!("sudo iptables -t {table} -I {chain} -p igmp -j ACCEPT")
        }
        Writer::Ufw => "sudo ufw allow proto igmp from any".into(),
        Writer::Firewalld(zone) => {
            format!("sudo firewall-cmd {}--add-protocol=igmp", in_zone(zone))
        }
    }
}

fn in_zone(zone: &str) -> String {
    if zone.is_empty() {
        String::new()
    } else {
        format!("--zone={zone} ")
    }
}

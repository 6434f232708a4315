//! What `firewall-cmd --list-all-zones` prints.

use super::rules::Fate;

/// A zone's settings, as far as they matter here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) name: String,
    target: String,
    interfaces: Vec<String>,
    ports: Vec<String>,
    source_ports: Vec<String>,
    protocols: Vec<String>,
    services: Vec<String>,
}

/// Reads all zones.
pub(super) fn parse(listing: &str) -> Vec<Zone> {
    let mut zones: Vec<Zone> = Vec::new();
    for line in listing.lines() {
        if !line.starts_with([' ', '\t']) {
            if let Some(name) = line.split_whitespace().next() {
                zones.push(Zone {
                    name: name.into(),
                    ..Zone::default()
                });
            }
            continue;
        }
        let (Some(zone), Some((key, values))) = (zones.last_mut(), line.trim().split_once(':'))
        else {
            continue;
        };
        let values = || {
            values
                .split_whitespace()
                .map(Into::into)
                .collect::<Vec<String>>()
        };
        match key {
            "target" => zone.target = values().into_iter().next().unwrap_or_default(),
            "interfaces" => zone.interfaces = values(),
            "ports" => zone.ports = values(),
            "source-ports" => zone.source_ports = values(),
            "protocols" => zone.protocols = values(),
            "services" => zone.services = values(),
            _ => {}
        }
    }
    zones
}

/// The zone of a card, else the default one.
pub(super) fn zone_of<'a>(zones: &'a [Zone], card: &str, default: &str) -> Option<&'a Zone> {
    let own = |zone: &&Zone| zone.interfaces.iter().any(|interface| interface == card);
    let by_default = |zone: &&Zone| zone.name == default;
    zones
        .iter()
        .find(own)
        .or_else(|| zones.iter().find(by_default))
}

impl Zone {
    /// What becomes of answers that are sent to the port.
    pub(super) fn to_port(&self, port: u16) -> Fate {
        self.fate(names_port(&self.ports, port))
    }

    /// What becomes of answers that come from the port.
    pub(super) fn off_port(&self, port: u16) -> Fate {
        self.fate(names_port(&self.source_ports, port))
    }

    /// Services of the user's own and rich rules may let in what is not named.
    fn fate(&self, named: bool) -> Fate {
        let udp = self.protocols.iter().any(|protocol| protocol == "udp");
        let own = self
            .services
            .iter()
            .any(|service| service.to_lowercase().contains("sadp"));
        if named || udp || self.target == "ACCEPT" {
            Fate::PASSES
        } else if own {
            Fate::UNKNOWN
        } else {
            Fate::DROPPED
        }
    }
}

fn names_port(list: &[String], port: u16) -> bool {
    list.iter().any(|entry| {
        let Some((ports, "udp")) = entry.split_once('/') else {
            return false;
        };
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let (from, to) = (from.parse(), to.parse());
        matches!((from, to), (Ok(from), Ok(to)) if (from..=to).contains(&port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
drop
  target: DROP
  interfaces: 
  services: 

public (active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0 wlan0
  sources: 
  services: dhcpv6-client ssh
  ports: 37000-37100/udp 80/tcp
  protocols: 
  source-ports: 

trusted (active)
  target: ACCEPT
  interfaces: lan0
";

    #[test]
    fn zones_are_read() {
        let zones = parse(LISTING);
        let names: Vec<_> = zones.iter().map(|zone| &*zone.name).collect();
        assert_eq!(names, ["drop", "public", "trusted"]);
        for (card, default, to_port, from_port) in [
            ("wlan0", "drop", Fate::PASSES, Fate::DROPPED),
            ("lan0", "drop", Fate::PASSES, Fate::PASSES),
            ("lan1", "drop", Fate::DROPPED, Fate::DROPPED),
            ("lan1", "public", Fate::PASSES, Fate::DROPPED),
        ] {
            let zone = zone_of(&zones, card, default).unwrap();
            let fates = (zone.to_port(37020), zone.off_port(37020));
            assert_eq!(fates, (to_port, from_port), "{card}");
        }
        assert!(zone_of(&zones, "lan1", "gone").is_none());
        assert!(parse("").is_empty() && parse("  ports: 1/udp").is_empty());
    }
}

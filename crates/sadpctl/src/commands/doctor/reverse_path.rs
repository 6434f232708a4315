//! Whether the kernel's reverse-path filter keeps answers from other subnets
//! out: devices are heard wherever their address is, but only where it lets
//! them.

use std::{net::Ipv4Addr, sync::Arc};

use ipnet::Ipv4Net;
use sadp_model::FACTORY_ADDRESSES;

use super::{
    route::{self, Route},
    system,
};
use crate::{
    advice::Platform,
    check::{Check, Verdict},
    text::count,
};

const CHECK: &str = "reverse-path";

/// The filter on one card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) card: String,
    /// `net.ipv4.conf.all.rp_filter`.
    pub(super) all: u8,
    /// The card's own.
    pub(super) own: u8,
}

impl Filter {
    /// The larger of both counts (ip-sysctl of the kernel's documentation).
    fn mode(&self) -> Mode {
        match self.all.max(self.own) {
            0 => Mode::Off,
            1 => Mode::Strict,
            _ => Mode::Loose,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Off,
    /// The route back has to leave by the same card.
    Strict,
    /// There has to be a route back. Numerically above strict, and milder.
    Loose,
}

/// The filter on a card. `None` where it cannot be read here.
pub(super) fn gather(card: &str) -> Option<Filter> {
    // Slashes would lead elsewhere; the kernel allows none in names.
    let own = |card: &str| system::number(format!("/proc/sys/net/ipv4/conf/{card}/rp_filter"));
    Some(Filter {
        card: card.into(),
        all: own("all")?,
        own: own(card)?,
    })
}

/// What was observed beside the settings.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) routes: Option<&'a [Route]>,
    /// The cards on which a packet socket heard what the filter drops.
    pub(super) frames_on: &'a [Arc<str>],
    /// This machine's networks.
    pub(super) local: &'a [Ipv4Net],
    /// What the filter dropped while the scan ran.
    pub(super) dropped: Option<u64>,
}

/// One line a card.
pub(super) fn judge(filter: &Filter, site: &Site<'_>) -> Check {
    let mode = filter.mode();
    let check = |verdict, message: String| {
        Check::new(CHECK, &filter.card, verdict, message)
            .data("all", filter.all)
            .data("own", filter.own)
            .data("dropped", site.dropped)
    };
    let word = match mode {
        Mode::Off => {
            return check(
                Verdict::Ok,
                "off: devices of other subnets are heard".into(),
            );
        }
        Mode::Strict => "strict",
        Mode::Loose => "loose",
    };
    let foreign = foreign_address(site.local);
    let back = site
        .routes
        .and_then(|routes| route::towards(routes, foreign));
    let lets_in = match mode {
        Mode::Strict => back.is_some_and(|route| route.card == filter.card),
        _ => back.is_some(),
    };
    if lets_in {
        let message = format!("{word}, and the routes let devices of other subnets be heard");
        return check(Verdict::Ok, message);
    }
    let why = match back {
        _ if site.routes.is_none() => "routes cannot be read here".into(),
        Some(route) => format!("the route back leaves by {}", route.card),
        None => "there is no route back".into(),
    };
    let by_packet_socket = site.frames_on.iter().any(|card| **card == *filter.card);
    let (verdict, seen) = match site.dropped {
        _ if by_packet_socket => (
            Verdict::Warning,
            "; this scan heard them by a packet socket all the same".into(),
        ),
        Some(0) | None => (Verdict::Warning, String::new()),
        Some(dropped) => {
            let packets = count(dropped, "packet", "packets");
            (
                Verdict::Problem,
                format!("; while the scan ran, the kernel dropped {packets} this way"),
            )
        }
    };
    let message = format!(
        "{word}, and {why}: answers of devices in other subnets, e.g. {foreign}, are dropped{seen}"
    );
    check(verdict, message).remedy(remedy(filter, back.is_some(), foreign))
}

/// An address of a device in none of this machine's networks.
fn foreign_address(local: &[Ipv4Net]) -> Ipv4Addr {
    let foreign = |address: &Ipv4Addr| !local.iter().any(|net| net.contains(address));
    let mut known = FACTORY_ADDRESSES.into_iter();
    known.find(foreign).unwrap_or(Ipv4Addr::new(192, 0, 2, 64))
}

fn remedy(filter: &Filter, has_route: bool, foreign: Ipv4Addr) -> String {
    let card = &filter.card;
    // A dot within a name is written as a slash.
    let key = card.replace('.', "/");
    let settings = if has_route && filter.mode() == Mode::Strict {
        format!("net.ipv4.conf.{key}.rp_filter=2")
    } else {
        let all = (filter.all != 0).then(|| "net.ipv4.conf.all.rp_filter=0".to_owned());
        let own = (filter.own != 0).then(|| format!("net.ipv4.conf.{key}.rp_filter=0"));
        let both: Vec<_> = all.into_iter().chain(own).collect();
        both.join(" ")
    };
    let [first, second, third, _] = foreign.octets();
    let own = Ipv4Net::new_assert([first, second, third, 250].into(), 24);
    let add = Platform::Linux.add_address(card, own);
    format!(
        "add an address in their subnet ({add}), or relax the filter until the next start: sudo sysctl {settings}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::route::sample;

    #[test]
    fn the_filter_is_judged_by_the_route_back() {
        let near = || sample("lan0", "10.0.0.0/24", None);
        let default = |card| sample(card, "0.0.0.0/0", Some([10, 0, 0, 254]));
        let local = ["10.0.0.1/24".parse().unwrap()];
        for (all, own, routes, dropped, verdict, remedy) in [
            (0, 0, vec![near()], 9, Verdict::Ok, ""),
            (1, 0, vec![near(), default("lan0")], 0, Verdict::Ok, ""),
            (
                1,
                0,
                vec![near(), default("wlan0")],
                0,
                Verdict::Warning,
                "sysctl net.ipv4.conf.lan0.rp_filter=2",
            ),
            (
                1,
                0,
                vec![near(), default("wlan0")],
                3,
                Verdict::Problem,
                "lan0.rp_filter=2",
            ),
            (
                1,
                0,
                vec![near()],
                3,
                Verdict::Problem,
                "sysctl net.ipv4.conf.all.rp_filter=0",
            ),
            (
                1,
                1,
                vec![near()],
                0,
                Verdict::Warning,
                "all.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0",
            ),
            (
                0,
                2,
                vec![near()],
                0,
                Verdict::Warning,
                "sysctl net.ipv4.conf.lan0.rp_filter=0",
            ),
            // The larger number counts, not the stricter setting.
            (1, 2, vec![near(), default("wlan0")], 5, Verdict::Ok, ""),
            (2, 0, vec![near(), default("wlan0")], 0, Verdict::Ok, ""),
        ] {
            let filter = Filter {
                card: "lan0".into(),
                all,
                own,
            };
            let site = Site {
                routes: Some(&routes),
                frames_on: &[],
                local: &local,
                dropped: Some(dropped),
            };
            let check = judge(&filter, &site);
            assert_eq!(check.verdict, verdict, "{check:?}");
            let told = check.remedy.as_deref().unwrap_or_default();
            assert!(told.ends_with(remedy), "{told}");
            assert_eq!(told.is_empty(), remedy.is_empty(), "{told}");
        }
    }

    #[test]
    fn a_vlan_is_named_as_sysctl_wants_it() {
        let filter = Filter {
            card: "eth0.10".into(),
            all: 0,
            own: 1,
        };
        let site = Site {
            routes: Some(&[]),
            frames_on: &[],
            local: &["192.168.1.5/24".parse().unwrap()],
            dropped: None,
        };
        let check = judge(&filter, &site);
        assert!(check.message.contains("192.0.0.64"), "{check:?}");
        let remedy = check.remedy.unwrap();
        assert!(
            remedy.contains("ip addr add 192.0.0.250/24 dev eth0.10"),
            "{remedy}"
        );
        assert!(
            remedy.ends_with("sysctl net.ipv4.conf.eth0/10.rp_filter=0"),
            "{remedy}"
        );
    }
}

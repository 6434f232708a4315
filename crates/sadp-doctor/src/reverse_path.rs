//! Whether the kernel's reverse path filter drops replies from other subnets.
//! Devices are found whatever their address is, but only where the filter lets
//! their replies in.

use std::{net::Ipv4Addr, sync::Arc};

use ipnet::Ipv4Net;
use sadp_model::FACTORY_ADDRESSES;

use crate::{
    Check, Finding, RouteLookup, Subject, Verdict,
    routes::Routes,
    system::{self, Counters},
};

/// The filter on one interface, and what it does with replies from other subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversePath {
    /// `net.ipv4.conf.all.rp_filter`.
    pub all: u8,
    /// The interface's own `rp_filter`.
    pub own: u8,
    /// What both require together.
    pub mode: FilterMode,
    /// The address that was judged: one of a device in another subnet.
    pub example: Ipv4Addr,
    /// Where datagrams to that address go.
    pub route_back: RouteLookup,
    /// Whether replies from that address are let in.
    pub passes: bool,
    /// How many packets of all interfaces the filter dropped while the scan ran.
    pub dropped: Option<u64>,
    /// Whether a packet socket received on this interface what the filter drops.
    pub bypassed: bool,
}

/// What the filter requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterMode {
    /// Nothing.
    Off,
    /// A route back by the same interface.
    Strict,
    /// Any route back. Its number is higher than that of strict, though it is milder.
    Loose,
}

impl FilterMode {
    /// The larger of both counts (`ip-sysctl` of the kernel's documentation).
    fn of(all: u8, own: u8) -> Self {
        match all.max(own) {
            0 => Self::Off,
            1 => Self::Strict,
            _ => Self::Loose,
        }
    }
}

/// The settings on one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    interface: String,
    all: u8,
    own: u8,
}

/// What was observed beside the settings.
#[derive(Debug)]
pub(crate) struct Observed<'a> {
    pub(crate) routes: &'a Routes,
    /// The interfaces on which a packet socket received.
    pub(crate) frames_on: &'a [Arc<str>],
    /// The networks of this computer.
    pub(crate) local: &'a [Ipv4Net],
    /// What Linux dropped while the scan ran.
    pub(crate) dropped: Counters,
}

impl Filter {
    /// `None` where the settings cannot be read here.
    pub(crate) fn gather(interface: &str) -> Option<Self> {
        Some(Self {
            interface: interface.into(),
            all: setting("all")?,
            own: setting(interface)?,
        })
    }

    pub(crate) fn judge(self, observed: &Observed<'_>) -> Check {
        let (interface, all, own) = (self.interface, self.all, self.own);
        let mode = FilterMode::of(all, own);
        let example = foreign_address(observed.local);
        let route_back = observed.routes.lookup(example);
        let passes = match (mode, &route_back) {
            (FilterMode::Strict, RouteLookup::Route(route)) => route.interface == interface,
            (FilterMode::Off, _) | (FilterMode::Loose, RouteLookup::Route(_)) => true,
            _ => false,
        };
        let dropped = observed.dropped.reverse_path;
        let bypassed = observed.frames_on.iter().any(|name| **name == *interface);
        let verdict = if passes {
            Verdict::Ok
        } else if !bypassed && dropped > Some(0) {
            Verdict::Problem
        } else {
            Verdict::Warning
        };
        let filter = ReversePath {
            all,
            own,
            mode,
            example,
            route_back,
            passes,
            dropped,
            bypassed,
        };
        let subject = Subject::Interface(interface);
        Check::new(subject, verdict, Finding::ReversePath(filter))
    }
}

/// Slashes would lead elsewhere; the kernel allows none in names.
fn setting(interface: &str) -> Option<u8> {
    system::number(format!("/proc/sys/net/ipv4/conf/{interface}/rp_filter"))
}

/// An address of a device in none of the networks of this computer.
fn foreign_address(local: &[Ipv4Net]) -> Ipv4Addr {
    FACTORY_ADDRESSES
        .into_iter()
        .find(|address| !local.iter().any(|net| net.contains(address)))
        .unwrap_or(Ipv4Addr::new(192, 0, 2, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_judged_by_the_route_back() {
        use Verdict::{Ok, Problem, Warning};
        let near = &["10.0.0.0/24 lan0"][..];
        let default = &["10.0.0.0/24 lan0", "0.0.0.0/0 lan0"];
        let other = &["10.0.0.0/24 lan0", "0.0.0.0/0 wlan0"];
        for (all, own, routes, dropped, verdict) in [
            (0, 0, near, 9, Ok),
            (1, 0, default, 0, Ok),
            (1, 0, other, 0, Warning),
            (1, 0, other, 3, Problem),
            (1, 0, near, 3, Problem),
            (1, 1, near, 0, Warning),
            (0, 2, near, 0, Warning),
            (1, 0, &[], 3, Problem),
            // The larger number counts, not the stricter setting.
            (1, 2, other, 5, Ok),
            (2, 0, other, 0, Ok),
        ] {
            for (frames_on, verdict) in
                [(&[][..], verdict), (&["lan0".into()], verdict.min(Warning))]
            {
                let interface = "lan0".into();
                let filter = Filter {
                    interface,
                    all,
                    own,
                };
                let check = filter.judge(&Observed {
                    routes: &Routes::sample(routes),
                    frames_on,
                    local: &["10.0.0.1/24".parse().unwrap()],
                    dropped: Counters {
                        reverse_path: Some(dropped),
                        buffer: None,
                    },
                });
                assert_eq!(check.verdict, verdict, "{check:?}");
            }
        }
    }

    #[test]
    fn the_example_is_in_no_network_of_this_computer() {
        let local = ["192.168.1.5/24".parse().unwrap()];
        assert_eq!(foreign_address(&local), Ipv4Addr::new(192, 0, 0, 64));
        let all = ["0.0.0.0/0".parse().unwrap()];
        assert_eq!(foreign_address(&all), Ipv4Addr::new(192, 0, 2, 64));
    }
}

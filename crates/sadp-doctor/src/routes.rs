//! The routes of this computer, as far as Linux lists them in `/proc/net/route`.

use std::{cmp::Reverse, net::Ipv4Addr};

use ipnet::Ipv4Net;
use procfs_core::{FromRead, net::RouteEntries};

use crate::system;

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The interface that datagrams leave by.
    pub interface: String,
    /// The destinations.
    pub to: Ipv4Net,
    /// The router they go to, where there is one.
    pub gateway: Option<Ipv4Addr>,
    metric: u32,
}

/// Where datagrams to an address go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteLookup {
    /// Routes cannot be read here.
    Unknown,
    /// No route leads there.
    None,
    /// They take this route.
    Route(Route),
}

/// The routing table. `None` where it cannot be read here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes(Option<Vec<Route>>);

impl Routes {
    pub(crate) fn read() -> Self {
        Self(system::read("/proc/net/route").and_then(|table| parse(&table)))
    }

    /// The most specific route, and of equals the one with the lowest metric.
    pub(crate) fn lookup(&self, address: Ipv4Addr) -> RouteLookup {
        let Some(routes) = &self.0 else {
            return RouteLookup::Unknown;
        };
        let fits = routes.iter().filter(|route| route.to.contains(&address));
        let best = fits.max_by_key(|route| (route.to.prefix_len(), Reverse(route.metric)));
        best.cloned().map_or(RouteLookup::None, RouteLookup::Route)
    }
}

fn parse(table: &str) -> Option<Vec<Route>> {
    const UP: u16 = 0x1;
    const REJECT: u16 = 0x200;
    let entries = RouteEntries::from_read(table.as_bytes()).ok()?;
    let usable = entries
        .0
        .into_iter()
        .filter(|entry| entry.flags & UP != 0 && entry.flags & REJECT == 0);
    let routes = usable.filter_map(|entry| {
        Some(Route {
            to: Ipv4Net::with_netmask(entry.destination, entry.mask).ok()?,
            gateway: (!entry.gateway.is_unspecified()).then_some(entry.gateway),
            metric: entry.metrics,
            interface: entry.iface,
        })
    });
    Some(routes.collect())
}

#[cfg(test)]
impl Routes {
    /// Routes `10.0.0.0/24 lan0` without a gateway, or `0.0.0.0/0 wlan0` with one.
    pub(crate) fn sample(routes: &[&str]) -> Self {
        let route = |route: &&str| {
            let (to, interface) = route.split_once(' ').unwrap();
            let to: Ipv4Net = to.parse().unwrap();
            Route {
                interface: interface.into(),
                to,
                gateway: (to.prefix_len() == 0).then_some([172, 16, 0, 1].into()),
                metric: 0,
            }
        };
        Self(Some(routes.iter().map(route).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_most_specific_and_cheapest_route_is_taken() {
        let table = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0
eth0\t00000AAC\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0
";
        let routes = Routes(parse(table));
        assert_eq!(routes.0.as_ref().unwrap().len(), 3);
        for (address, gateway) in [
            ([10, 0, 3, 4], None),
            ([172, 10, 0, 1], Some([10, 0, 0, 1].into())),
        ] {
            let RouteLookup::Route(route) = routes.lookup(address.into()) else {
                panic!("{address:?}");
            };
            assert_eq!((&*route.interface, route.gateway), ("eth0", gateway));
        }
        assert_eq!(parse("").unwrap(), []);
        assert!(parse("Iface\nnonsense\n").is_none());
    }
}

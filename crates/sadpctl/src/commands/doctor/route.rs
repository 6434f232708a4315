//! The machine's routes, as far as Linux lists them in `/proc/net/route`.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use procfs_core::{FromRead, net::RouteEntries};

use super::system;

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) card: String,
    pub(super) to: Ipv4Net,
    pub(super) gateway: Option<Ipv4Addr>,
    metric: u32,
}

/// The routes. `None` where they cannot be read here.
pub(super) fn gather() -> Option<Vec<Route>> {
    parse(&system::read("/proc/net/route")?)
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
            card: entry.iface,
        })
    });
    Some(routes.collect())
}

/// The route that the system takes to an address.
pub(super) fn towards(routes: &[Route], address: Ipv4Addr) -> Option<&Route> {
    let fits = routes.iter().filter(|route| route.to.contains(&address));
    fits.max_by_key(|route| (route.to.prefix_len(), std::cmp::Reverse(route.metric)))
}

/// A route by its card, without a gateway where none is given.
#[cfg(test)]
pub(super) fn sample(card: &str, to: &str, gateway: Option<[u8; 4]>) -> Route {
    Route {
        card: card.into(),
        to: to.parse().unwrap(),
        gateway: gateway.map(Ipv4Addr::from),
        metric: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_most_exact_and_cheapest_route_is_taken() {
        let table = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0
eth0\t00000AAC\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0
";
        let routes = parse(table).unwrap();
        assert_eq!(routes.len(), 3);
        let by = |address: [u8; 4]| towards(&routes, address.into()).unwrap();
        assert_eq!(by([10, 0, 3, 4]).gateway, None);
        assert_eq!(by([172, 10, 0, 1]).gateway, Some([10, 0, 0, 1].into()));
        assert_eq!(by([172, 10, 0, 1]).card, "eth0");
        assert_eq!(parse("").unwrap(), []);
        assert!(parse("Iface\nnonsense\n").is_none());
    }
}

//! The kernel's reverse path filter, which drops replies of devices in other subnets
//! before any UDP socket receives them.

use std::fs;

/// Whether UDP from addresses without a route by this interface is dropped there.
/// `false` where unknown.
pub fn drops_other_subnets(interface: &str) -> bool {
    // The stricter of the two applies.
    let mode = setting("all").max(setting(interface)).unwrap_or(OFF);
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    drops(mode, &routes)
}

fn setting(name: &str) -> Option<u8> {
    let text = fs::read_to_string(format!("/proc/sys/net/ipv4/conf/{name}/rp_filter")).ok()?;
    text.trim().parse().ok()
}

const OFF: u8 = 0;
const STRICT: u8 = 1;

fn drops(mode: u8, routes: &str) -> bool {
    match mode {
        OFF => false,
        STRICT => true,
        // The loose mode requires any route back: a default route is enough.
        _ => !has_default_route(routes),
    }
}

/// Reads `/proc/net/route`: destination and mask are its second and eighth column.
fn has_default_route(routes: &str) -> bool {
    routes.lines().skip(1).any(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        matches!(
            (columns.get(1), columns.get(7)),
            (Some(&"00000000"), Some(&"00000000"))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    const DEFAULT: &str = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
    const SUBNET: &str = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

    #[test]
    fn the_strict_mode_drops_and_the_loose_one_without_a_default_route() {
        let with = format!("{HEADER}{SUBNET}{DEFAULT}");
        let without = format!("{HEADER}{SUBNET}");
        for (mode, routes, dropped) in [
            (0, &without, false),
            (1, &with, true),
            (1, &without, true),
            (2, &with, false),
            (2, &without, true),
        ] {
            assert_eq!(drops(mode, routes), dropped, "{mode} {routes}");
        }
    }
}

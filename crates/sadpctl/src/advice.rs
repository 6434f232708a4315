//! What to do next, from what a scan brought.

mod address;

use std::time::Duration;

use sadp_discovery::{LinkInfo, ScanReport, interface, reverse_path};
use sadp_model::{DeviceCounts, FACTORY_ADDRESSES, KnownAddresses, Warning};
use sadp_ops::DiscoveredDevice;

pub(crate) use sadp_text::{Remedy, permission};

pub(crate) use self::address::{Platform, reach};
use crate::{
    failure::{Exit, Failure},
    text::count,
};

/// The line below the list: how many devices, in which states.
pub(crate) fn summary(devices: &[DiscoveredDevice]) -> String {
    counted(&DeviceCounts::of(
        devices.iter().map(|found| &found.entry.device),
    ))
}

/// How many devices, in which states.
pub(crate) fn counted(devices: &DeviceCounts) -> String {
    // In the order of the list.
    let states = [
        (devices.unactivated, "unactivated"),
        (devices.locked, "locked"),
        (devices.active, "active"),
        (devices.unknown, "in an unknown state"),
    ];
    let states = states.into_iter().filter(|(number, _)| *number > 0);
    let states: Vec<_> = states
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    let devices = count(devices.total() as u64, "device", "devices");
    if states.is_empty() {
        devices
    } else {
        format!("{devices}: {}", states.join(", "))
    }
}

/// `1.6 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// What to do about the devices found.
/// `site` is all that is known of the site's addresses, listed or not.
pub(crate) fn hints(
    devices: &[DiscoveredDevice],
    site: &KnownAddresses,
    platform: Platform,
) -> Vec<String> {
    let mut hints = Vec::new();
    let with = |warning| {
        devices
            .iter()
            .filter(move |found| found.warnings.contains(&warning))
    };
    let (twins, clones, doubted) = (
        with(Warning::DuplicateIp).count(),
        with(Warning::DuplicateMac).count(),
        with(Warning::TwoSenders).count(),
    );
    if twins > 0 {
        hints.push(format!(
            "{twins} devices share an address with another: change one at a time, with the others unplugged"
        ));
    }
    if clones > 0 {
        hints.push(format!(
            "{clones} devices share a MAC with another: compare their labels before you change anything"
        ));
    }
    if doubted > 0 {
        let devices = count(doubted as u64, "device is", "devices are");
        hints.push(format!(
            "{devices} heard from two addresses: somebody may pretend to be them; sadpctl show DEVICE tells which, give no password before you know who it is"
        ));
    }
    hints.extend(address::hints(devices, site, platform));
    hints
}

/// That answers of other subnets are dropped unheard on some interface.
pub(crate) fn filtered(report: &ScanReport) -> Option<String> {
    let unheard = |link: &&LinkInfo| {
        !link.network.addr().is_loopback() && !report.frames_on.contains(&link.interface)
    };
    let link = report
        .links
        .iter()
        .filter(unheard)
        .find(|link| reverse_path::drops_other_subnets(&link.interface))?;
    Some(drops_outside(link))
}

/// What the reverse-path filter of a link hides, and how to hear it.
fn drops_outside(link: &LinkInfo) -> String {
    let name = &link.interface;
    let network = link.network.trunc();
    let hidden: Vec<_> = FACTORY_ADDRESSES
        .into_iter()
        .filter(|address| !network.contains(address))
        .map(|address| address.to_string())
        .collect();
    let among = if hidden.is_empty() {
        String::new()
    } else {
        format!(", the factory address {} included", hidden.join(" or "))
    };
    let permission = permission();
    format!(
        "this machine drops answers from outside {network} on {name} (reverse-path filter){among}: bare Ethernet frames \
         get around it ({permission}), or until the next start: \
         sudo sysctl net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.{name}.rp_filter=0"
    )
}

/// Nothing was found: why that may be.
pub(crate) fn nothing_found(report: &ScanReport, targeted: bool) -> Failure {
    let mut links: Vec<_> = report
        .links
        .iter()
        .map(|link| format!("{} ({})", link.interface, link.network))
        .collect();
    if links.is_empty() {
        links.push("no interface".into());
    }
    let message = format!(
        "no device answered within {} on {}",
        seconds(report.progress.elapsed),
        links.join(", ")
    );
    let mut failure = Failure::words(Exit::NotFound, message).hint(
        "check that the devices have power and that this machine is on their switch and VLAN",
    );
    if let Some(virtual_link) = report
        .links
        .iter()
        .find(|link| interface::is_virtual(&link.interface))
    {
        failure = failure.hint(format!(
            "{} looks like a VPN or container network: name the one the cameras are on, e.g. -i eth0",
            virtual_link.interface
        ));
    }
    failure = failure.hint(
        "let UDP port 37020 in through this machine's firewall, or try with the firewall off",
    );
    if let Some(hint) = filtered(report) {
        failure = failure.hint(hint);
    }
    if !targeted {
        failure = failure.hint(
            "behind a router, ask addresses one by one: sadpctl scan --target 192.168.1.0/24",
        );
    }
    failure = failure.hint("to have this machine looked over: sadpctl doctor");
    failure
}

//! What a scan found, and what to do next.

use sadp_discovery::ScanReport;
use sadp_model::{DeviceCounts, KnownAddresses, State, Warning};
use sadp_ops::DiscoveredDevice;

use crate::{Platform, count, device_counts, reach};

/// The line below the list: how many devices, in which states.
pub fn summary(devices: &[DiscoveredDevice]) -> String {
    device_counts(&DeviceCounts::of(
        devices.iter().map(|found| &*found.entry.device),
    ))
}

/// What to do about the devices found. `site` is all that is known of the site's addresses, listed or not.
pub fn hints(
    devices: &[DiscoveredDevice],
    site: &KnownAddresses,
    platform: Platform,
) -> Vec<String> {
    let shares_address = |found: &&DiscoveredDevice| found.warnings.contains(Warning::DuplicateIp);
    let is_new = |found: &DiscoveredDevice| found.entry.device.state == Some(State::Unactivated);
    let activate = if devices.iter().filter(shares_address).any(is_new) {
        "sadpctl activate --all, then "
    } else {
        ""
    };
    let addresses = format!(
        "an address with another. Commands go by MAC, so none has to be unplugged: \
         {activate}sadpctl net plan --from FIRST-ADDRESS > plan.csv, then sadpctl net apply plan.csv"
    );
    #[rustfmt::skip]
    let noteworthy = [
        (Warning::DuplicateIp.into(), ["device shares", "devices share"], &*addresses),
        (Warning::OtherInterface.into(), ["device was", "devices were"],
            "received on another card than the one this computer sends to that address by: choose other addresses for one of the two networks"),
        (Warning::DuplicateMac.into(), ["device shares", "devices share"],
            "a MAC with another: compare their labels before you change anything"),
        (Warning::ContradictsItself | Warning::SharedSalt, ["device reports", "devices report"],
            "two values for one field, or the salt of another device: another device may pretend to be them; give no password before you know who it is"),
        (Warning::TwoSenders.into(), ["device is", "devices are"],
            "seen from two addresses: another device may pretend to be them; sadpctl show DEVICE shows which, give no password before you know who it is"),
    ];
    let mut hints = Vec::new();
    for (warnings, [one, many], what) in noteworthy {
        let has_one = |it: &&DiscoveredDevice| !it.warnings.is_disjoint(warnings);
        let number = devices.iter().filter(has_one).count() as u64;
        if number > 0 {
            hints.push(format!("{} {what}", count(number, one, many)));
        }
    }
    hints.extend(off_subnet(devices, site, platform));
    hints
}

/// That only packet sockets received replies: they get past a firewall.
pub fn only_frames(report: &ScanReport) -> Option<&'static str> {
    (report.only_frames && report.progress.devices > 0).then_some(
        "these replies came by raw Ethernet frames alone: a firewall on this computer may drop UDP port 37020, and commands would get no reply; to find out: sadpctl doctor",
    )
}

/// The most networks to advise on.
const MAX_NETWORKS: usize = 3;

/// A hint for each of the networks most devices out of reach are in.
fn off_subnet(
    devices: &[DiscoveredDevice],
    site: &KnownAddresses,
    platform: Platform,
) -> Vec<String> {
    let far = devices.iter();
    let far = far.filter(|found| found.warnings.contains(Warning::OffSubnet));
    let mut networks = site.off_subnet(far.map(|found| &found.entry));
    let left = networks.len().saturating_sub(MAX_NETWORKS);
    networks.truncate(MAX_NETWORKS);
    let hints = networks.into_iter().map(|far| {
        let whose = count(far.devices as u64, "device is", "devices are");
        let (network, remedy) = (far.network, reach(&far, platform));
        format!("{whose} in {network}, out of reach; {remedy}")
    });
    let mut hints: Vec<_> = hints.collect();
    if left > 0 {
        hints.push(format!("devices in {left} more networks are out of reach"));
    }
    hints
}

#[cfg(test)]
mod tests {
    use sadp_model::testing::recorded_at;

    use super::*;

    fn told(addresses: &[[u8; 4]], platform: Platform) -> Vec<String> {
        let net: ipnet::Ipv4Net = "10.0.0.1/8".parse().unwrap();
        let devices = DiscoveredDevice::assess_all(recorded_at(addresses), &[net.into()]);
        let all = devices.iter().map(|found| &*found.entry.device);
        off_subnet(&devices, &KnownAddresses::new(all, &[]), platform)
    }

    #[test]
    fn the_command_names_an_address_nobody_has() {
        let devices = [[192, 168, 1, 64], [192, 168, 1, 250], [10, 3, 3, 3]];
        assert_eq!(
            told(&devices, Platform::Linux),
            [
                "2 devices are in 192.168.1.0/24, out of reach; to reach that network: sudo ip addr add 192.168.1.249/24 dev lan0"
            ]
        );
        let other = |platform| told(&devices, platform).concat();
        assert!(
            other(Platform::MacOs)
                .ends_with("sudo ifconfig lan0 alias 192.168.1.249 255.255.255.0")
        );
        assert!(
            other(Platform::Windows)
                .ends_with("netsh interface ipv4 add address \"lan0\" 192.168.1.249 255.255.255.0")
        );
    }

    #[test]
    fn many_networks_give_few_hints() {
        let addresses: Vec<_> = (0..9).map(|third| [172, 16, third, 64]).collect();
        let hints = told(&addresses, Platform::Linux);
        assert_eq!(hints.len(), MAX_NETWORKS + 1);
        assert_eq!(
            hints.last().unwrap(),
            "devices in 6 more networks are out of reach"
        );
    }
}

//! Reports of devices that do not exist.

use std::net::Ipv4Addr;

use sadp_model::{MacAddr, RawFields};
use sadp_proto::{Document, XmlLayout};

/// Makes the report of an invented device.
pub(super) fn invented(mac: MacAddr, address: Ipv4Addr) -> RawFields {
    let (mac, address) = (mac.to_string().replace(':', "-"), address.to_string());
    [
        ("Types", "inquiry"),
        ("DeviceType", "137314"),
        ("DeviceDescription", "DS-2CD2043G2-I"),
        (
            "DeviceSN",
            &*format!("DS-2CD2043G2-I20240101AAWR{}", mac.replace('-', "")),
        ),
        ("CommandPort", "8000"),
        ("HttpPort", "80"),
        ("MAC", &*mac),
        ("IPv4Address", &*address),
        ("IPv4SubnetMask", "255.255.255.0"),
        ("SoftwareVersion", "V5.7.3build 220112"),
        ("DSPVersion", "V7.3 build 220112"),
        ("Activated", "true"),
    ]
    .into_iter()
    .collect()
}

/// Replaces these elements of a report, or adds them at the end.
pub(super) fn with(account: &RawFields, others: &[(&str, &str)]) -> RawFields {
    let kept = account.iter().map(|(name, text)| {
        let other = others.iter().find(|(other, _)| *other == name);
        (name, other.map_or(text, |&(_, text)| text))
    });
    let more = others
        .iter()
        .copied()
        .filter(|(name, _)| account.first(name).is_none());
    kept.chain(more).collect()
}

/// Encodes a report as a reply.
pub(super) fn reply(account: &RawFields) -> Vec<u8> {
    Document::encode("ProbeMatch", account, XmlLayout::RootSharesLine)
}

/// Makes a MAC of an attack, from those that no vendor has.
pub(super) fn mac(attack: u8, number: u32) -> MacAddr {
    let [a, b, c, d] = number.to_be_bytes();
    MacAddr::new([0x02, attack, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_elements_change() {
        let account = invented(mac(1, 1), Ipv4Addr::new(10, 0, 0, 1));
        let changed = with(&account, &[("DeviceSN", "S"), ("OEMinfo", "O")]);
        assert_eq!(changed.first("DeviceSN"), Some("S"));
        assert_eq!(changed.first("OEMinfo"), Some("O"));
        assert_eq!(changed.first("MAC"), account.first("MAC"));
        assert_eq!(changed.len(), account.len() + 1);
    }
}

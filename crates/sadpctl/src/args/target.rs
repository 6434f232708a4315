use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// An address or a network.
pub(super) fn parse(text: &str) -> Result<Ipv4Net, String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(address.into());
    }
    let network: Ipv4Net = text.parse().map_err(|_| {
        String::from("write an IPv4 address or network, e.g. 192.168.1.64 or 192.168.1.0/24")
    })?;
    Ok(network.trunc())
}

/// A multicast group.
pub(super) fn parse_group(text: &str) -> Result<Ipv4Addr, String> {
    text.parse()
        .ok()
        .filter(Ipv4Addr::is_multicast)
        .ok_or_else(|| "write an IPv4 multicast address, e.g. 239.255.255.250".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_read() {
        assert_eq!(parse("10.0.0.5").unwrap().to_string(), "10.0.0.5/32");
        assert_eq!(parse("10.0.0.5/24").unwrap().to_string(), "10.0.0.0/24");
        for bad in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "::1", "camera"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}

//! Values of options.

use std::{net::Ipv4Addr, time::Duration};

use clap::ValueEnum;
use ipnet::Ipv4Net;
use sadp_discovery::LinkLayer;
use sadp_proto::StopCondition;

/// `--wait`: a time, or until asking again brings nothing new.
pub(super) fn wait(text: &str) -> Result<StopCondition, String> {
    if text == "auto" {
        return Ok(StopCondition::Auto);
    }
    let time = duration(text).map_err(|error| format!("{error}, or auto"))?;
    Ok(StopCondition::Fixed(time))
}

/// The longest time anything may be told to take.
const LONGEST: Duration = Duration::from_hours(24);

/// A time such as `3s`, `500ms` or `1m 30s`; at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|_| String::from("write a time with its unit, e.g. 3s, 500ms or 2m"))?;
    if time > LONGEST {
        return Err("write a time of 24h at most, e.g. 3s, 500ms or 2m".into());
    }
    Ok(time)
}

/// `on` or `off`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

/// An address or a network.
pub(super) fn network(text: &str) -> Result<Ipv4Net, String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(address.into());
    }
    let network: Ipv4Net = text.parse().map_err(|_| {
        String::from("write an IPv4 address or network, e.g. 192.168.1.64 or 192.168.1.0/24")
    })?;
    Ok(network.trunc())
}

/// A multicast group.
pub(super) fn multicast_group(text: &str) -> Result<Ipv4Addr, String> {
    text.parse()
        .ok()
        .filter(Ipv4Addr::is_multicast)
        .ok_or_else(|| "write an IPv4 multicast address, e.g. 239.255.255.250".into())
}

/// Whether to use raw Ethernet frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinkLayerMode {
    /// Where it is permitted
    #[default]
    Auto,
    /// Yes; fail where it is not possible
    On,
    /// No
    Off,
}

impl From<LinkLayerMode> for LinkLayer {
    fn from(mode: LinkLayerMode) -> Self {
        match mode {
            LinkLayerMode::Auto => Self::Auto,
            LinkLayerMode::On => Self::On,
            LinkLayerMode::Off => Self::Off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_are_read() {
        assert_eq!(wait("auto"), Ok(StopCondition::Auto));
        assert_eq!(wait("3s"), Ok(StopCondition::Fixed(3000 * MS)));
        assert_eq!(wait("500ms"), Ok(StopCondition::Fixed(500 * MS)));
        for bad in ["", "3", "s", "-1s", "soon", "9999999999999999h", "25h"] {
            assert!(wait(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_and_networks_are_read() {
        assert_eq!(network("10.0.0.5").unwrap().to_string(), "10.0.0.5/32");
        assert_eq!(network("10.0.0.5/24").unwrap().to_string(), "10.0.0.0/24");
        for bad in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "::1", "camera"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}

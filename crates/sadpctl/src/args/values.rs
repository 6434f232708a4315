//! Values of options.

use std::{net::Ipv4Addr, time::Duration};

use clap::ValueEnum;
use ipnet::Ipv4Net;
use jiff::Timestamp;
use sadp_discovery::LinkLayer;
use sadp_ops::time::{NamedZone, NtpHost};
use sadp_proto::{Mailbox, MailboxError, StopCondition};
use sadp_text::zone_remedy;

/// `--wait`: a time, or until asking again brings nothing new.
pub(super) fn wait(text: &str) -> Result<StopCondition, String> {
    if text == "auto" {
        return Ok(StopCondition::Auto);
    }
    let time = above_zero(text).map_err(|error| format!("{error}, or auto"))?;
    Ok(StopCondition::Fixed(time))
}

/// A time that does not end at once.
pub(super) fn above_zero(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() {
        return Err("write a time above 0, e.g. 3s or 500ms".into());
    }
    Ok(time)
}

/// The longest time anything may be told to take.
const LONGEST: Duration = Duration::from_hours(24);

/// A time such as `3s`, `500ms` or `1m 30s`; at most a day. A number alone is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    let time = seconds
        .or_else(|_| humantime::parse_duration(text))
        .map_err(|_| String::from("write a time with its unit, e.g. 3s, 500ms or 2m"))?;
    if time > LONGEST {
        return Err("write a time of 24h at most, e.g. 3s, 500ms or 2m".into());
    }
    Ok(time)
}

/// `on` or `off`.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

/// An address, or one with its network's mask: `10.0.0.5/24`.
pub(super) fn address_in_network(text: &str) -> Result<Ipv4Net, String> {
    let address = text.parse::<Ipv4Addr>().map(Ipv4Net::from);
    let parsed = address.or_else(|_| text.parse());
    parsed.map_err(|_| "write an IPv4 address, e.g. 192.168.1.64 or 192.168.1.64/24".into())
}

/// A subnet mask, or the length of its prefix: `255.255.255.0` or `24`.
pub(crate) fn mask(text: &str) -> Result<Ipv4Addr, String> {
    sadp_model::read_mask(text).ok_or_else(|| {
        format!("{text} is not a valid subnet mask: write it as 255.255.255.0 or 24")
    })
}

/// A multicast group.
pub(super) fn multicast_group(text: &str) -> Result<Ipv4Addr, String> {
    let group = text.parse().ok().filter(Ipv4Addr::is_multicast);
    group.ok_or_else(|| "write an IPv4 multicast address, e.g. 239.255.255.250".into())
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

/// A time server.
pub(super) fn ntp_host(text: &str) -> Result<NtpHost, String> {
    text.parse()
        .map_err(|_| "write a host name or an address, e.g. pool.ntp.org or 192.168.1.1".into())
}

/// The name of a user of ONVIF. Source of the signs that devices do not take: the vendor's
/// guides.
pub(super) fn onvif_user(text: &str) -> Result<Box<str>, String> {
    const LONGEST: usize = 32;
    let fits = (1..=LONGEST).contains(&text.len());
    let is_taken = |c: char| c.is_ascii_graphic() && !"\":\\".contains(c);
    if fits && text.chars().all(is_taken) {
        return Ok(text.into());
    }
    Err("write a name of up to 32 letters, digits and signs, without blanks, \", : and \\".into())
}

/// A time zone that devices can be told.
pub(super) fn time_zone(text: &str) -> Result<NamedZone, String> {
    NamedZone::find(text, Timestamp::now())
        .map_err(|error| format!("{error}; {}", zone_remedy(&error)))
}

/// An e-mail address.
pub(crate) fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse()
        .map_err(|error: MailboxError| error.to_string())
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
        assert_eq!(wait("5"), Ok(StopCondition::Fixed(5000 * MS)));
        for bad in ["", "0", "0s", "s", "-1s", "soon", "25h"] {
            assert!(wait(bad).is_err(), "{bad}");
        }
        assert!(wait("9999999999999999h").is_err());
    }

    #[test]
    fn an_address_may_bring_its_mask() {
        let read = address_in_network("10.0.0.5/24").unwrap();
        assert_eq!((read.addr(), read.prefix_len()), ([10, 0, 0, 5].into(), 24));
        assert_eq!(address_in_network("10.0.0.5").unwrap().prefix_len(), 32);
        for text in ["255.255.255.0", "24", "/24"] {
            assert_eq!(mask(text), Ok([255, 255, 255, 0].into()), "{text}");
        }
        for bad in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "::1", "camera"] {
            assert!(address_in_network(bad).is_err(), "{bad}");
            assert!(mask(bad).is_err(), "{bad}");
        }
        assert!(mask("33").is_err() && mask("255.0.255.0").is_err());
    }
}

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

/// Addresses devices leave the factory with: `192.168.1.64`, and
/// `192.0.0.64` on older firmware.
pub const FACTORY_ADDRESSES: [Ipv4Addr; 2] =
    [Ipv4Addr::new(192, 168, 1, 64), Ipv4Addr::new(192, 0, 0, 64)];

/// A device's IPv4 settings. `None` is "not said"; `0.0.0.0` counts as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv4Settings {
    /// The device's address.
    pub address: Option<Ipv4Addr>,
    /// The subnet mask.
    pub mask: Option<Ipv4Addr>,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Whether the address comes from DHCP.
    pub dhcp: Option<bool>,
}

impl Ipv4Settings {
    /// The network the device believes it is in, where address and mask say
    /// one.
    pub fn network(&self) -> Option<Ipv4Net> {
        Ipv4Net::with_netmask(self.address?, self.mask?).ok()
    }
}

/// A device's IPv6 settings. `None` is "not said"; `::` counts as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv6Settings {
    /// The device's address.
    pub address: Option<Ipv6Addr>,
    /// The prefix length, 0 to 128.
    pub prefix: Option<u8>,
    /// The default gateway.
    pub gateway: Option<Ipv6Addr>,
}

/// TCP ports a device serves on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The vendor's SDK protocol, usually 8000.
    pub sdk: Option<u16>,
    /// HTTP, usually 80.
    pub http: Option<u16>,
    /// The SDK protocol over TLS, usually 8443.
    pub sdk_tls: Option<u16>,
}

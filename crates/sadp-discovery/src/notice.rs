use std::{io, net::Ipv4Addr, sync::Arc};

/// Why a scan cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The named interface does not exist or has no IPv4 address.
    #[error("there is no interface {name} with an IPv4 address")]
    UnknownInterface {
        /// What was asked for.
        name: String,
        /// The interfaces there are, with their addresses.
        known: Vec<String>,
    },
    /// The named interface is down or has no carrier.
    #[error("interface {name} is down")]
    InterfaceDown {
        /// Its name or address, as asked for.
        name: String,
    },
    /// No interface is up, has an IPv4 address and is not loopback.
    #[error("no network interface is up and has an IPv4 address")]
    NoInterface,
    /// The interfaces could not be listed.
    #[error("cannot list the network interfaces")]
    List(#[source] io::Error),
    /// On none of the interfaces could a socket be opened.
    #[error("cannot open a UDP socket on {interface} ({address})")]
    NoSocket {
        /// The first interface that failed.
        interface: Arc<str>,
        /// Its address.
        address: Ipv4Addr,
        /// Why.
        source: io::Error,
    },
}

impl ScanError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::UnknownInterface { known, .. } if known.is_empty() => {
                "no interface of this machine has an IPv4 address: connect a cable and set one".into()
            }
            Self::UnknownInterface { known, .. } => format!("choose one of: {}", known.join(", ")),
            Self::InterfaceDown { .. } => "check the cable, or bring the interface up".into(),
            Self::NoInterface => {
                "connect to the cameras' network and give this machine an address there, e.g. 192.168.1.250/24".into()
            }
            Self::List(_) => "check that this program may read the network configuration".into(),
            Self::NoSocket { .. } => {
                "check that a firewall or security tool lets this program use UDP".into()
            }
        }
    }
}

/// Something that limits what a scan can hear, though it goes on.
#[derive(Debug, thiserror::Error)]
pub enum Notice {
    /// Another program holds the port without sharing it.
    #[error(
        "UDP port {port} is held by another program: devices that answer by multicast are not heard"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The port cannot be opened for another reason.
    #[error("cannot listen on UDP port {port}: devices that answer by multicast are not heard")]
    PortRefused {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The group cannot be joined on an interface.
    #[error(
        "cannot join the multicast group on {interface}: devices there that answer by multicast are not heard"
    )]
    NotJoined {
        /// The interface.
        interface: Arc<str>,
        /// Why.
        source: io::Error,
    },
    /// No socket could be opened on an interface; others work.
    #[error("cannot open a UDP socket on {interface} ({address}): it is not scanned")]
    NoSocket {
        /// The interface.
        interface: Arc<str>,
        /// Its address.
        address: Ipv4Addr,
        /// Why.
        source: io::Error,
    },
    /// Asking on an interface failed, e.g. because it went down.
    #[error("cannot send on {interface}: devices there may be missing")]
    NotSent {
        /// The interface.
        interface: Arc<str>,
        /// Why, the first time.
        source: io::Error,
    },
    /// Target addresses could not be asked.
    #[error("{count} of the target addresses could not be asked")]
    TargetsNotSent {
        /// How many times sending failed.
        count: u64,
        /// Why, the first time.
        source: io::Error,
    },
    /// A socket failed while listening.
    #[error("listening on {interface} failed: devices there may be missing")]
    NotHeard {
        /// The interface, or the port shared by all.
        interface: Arc<str>,
        /// Why.
        source: io::Error,
    },
}

impl Notice {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::PortTaken { .. } => "close other SADP tools and camera software, then scan again",
            Self::PortRefused { .. } => {
                "check that a firewall or security tool lets this program listen"
            }
            Self::NotJoined { .. } => {
                "name the cameras' interface with -i, or disable interfaces not in use"
            }
            Self::NoSocket { .. } | Self::NotSent { .. } | Self::NotHeard { .. } => {
                "check the cable and the interface's address, then scan again"
            }
            Self::TargetsNotSent { .. } => "check the targets and this machine's routes to them",
        }
    }
}

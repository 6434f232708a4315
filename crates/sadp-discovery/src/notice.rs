use std::{collections::BTreeSet, io, net::Ipv4Addr, sync::Arc};

use crate::raw::RawError;

/// Why a scan cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The named interface does not exist or has no IPv4 address.
    #[error("there is no interface {name} with an IPv4 address")]
    UnknownInterface {
        /// The requested name.
        name: String,
        /// The existing interfaces with their addresses.
        known: Vec<String>,
    },
    /// The interface of this name or address, as requested, is down or has no carrier.
    #[error("interface {0} is down")]
    InterfaceDown(String),
    /// No interface is up, has an IPv4 address and is not loopback.
    #[error("no network interface is up and has an IPv4 address")]
    NoInterface,
    /// The interfaces could not be listed.
    #[error("cannot list the network interfaces")]
    List(#[source] io::Error),
    /// No socket could be opened on any interface.
    #[error("cannot open a UDP socket on {interface} ({address})")]
    NoSocket {
        /// The first interface that failed.
        interface: Arc<str>,
        /// Its address.
        address: Ipv4Addr,
        /// The cause.
        source: io::Error,
    },
    /// Raw Ethernet frames were requested, but are not possible.
    #[error("cannot use the link layer on {interface}")]
    Raw {
        /// The interface.
        interface: Arc<str>,
        /// The cause.
        #[source]
        reason: RawError,
    },
}

/// Something that limits what a scan receives; the scan continues.
#[derive(Debug, thiserror::Error)]
pub enum Notice {
    /// Another program holds this port without sharing it.
    #[error(
        "UDP port {0} is held by another program: devices that answer by multicast are not found"
    )]
    PortTaken(u16),
    /// The port cannot be opened for another reason.
    #[error("cannot listen on UDP port {port}: devices that answer by multicast are not found")]
    PortRefused {
        /// The port.
        port: u16,
        /// The cause.
        source: io::Error,
    },
    /// The group cannot be joined on an interface.
    #[error(
        "cannot join the multicast group on {interface}: devices there that answer by multicast are not found"
    )]
    NotJoined {
        /// The interface.
        interface: Arc<str>,
        /// The cause.
        source: io::Error,
    },
    /// No socket could be opened on an interface; others work.
    #[error("cannot open a UDP socket on {interface} ({address}): it is not scanned")]
    NoSocket {
        /// The interface.
        interface: Arc<str>,
        /// Its address.
        address: Ipv4Addr,
        /// The cause.
        source: io::Error,
    },
    /// Sending on an interface failed, e.g. because it went down.
    #[error("cannot send on {interface}: devices there may be missing")]
    NotSent {
        /// The interface.
        interface: Arc<str>,
        /// The cause, the first time.
        source: io::Error,
    },
    /// Nothing could be sent to single addresses.
    #[error("{} could not be asked directly", and_more(addresses))]
    TargetsNotSent {
        /// The addresses.
        addresses: BTreeSet<Ipv4Addr>,
        /// The cause, the first time.
        source: io::Error,
    },
    /// A socket failed while listening.
    #[error("listening on {interface} failed: devices there may be missing")]
    NotHeard {
        /// The interface, or the port shared by all.
        interface: Arc<str>,
        /// The cause.
        source: io::Error,
    },
    /// The system does not report the receiving interface of datagrams, and for some of
    /// them there are several: this one was assumed, the first time.
    #[error(
        "this system does not report on which interface replies arrive: some are assigned to {0}"
    )]
    InterfaceGuessed(Arc<str>),
    /// An interface could not be opened for raw frames, though that is permitted.
    #[error(
        "cannot use the link layer on {interface}: devices that answer only there are not found"
    )]
    NoFrames {
        /// The interface.
        interface: Arc<str>,
        /// The cause.
        source: io::Error,
    },
    /// Only the first IP fragments of some replies arrived: the number of senders without
    /// a whole reply.
    #[error(
        "replies arrived without their last IP fragments (senders: {0}): their content is incomplete"
    )]
    Fragments(u64),
    /// IP fragments contradicted each other, or cannot be part of a datagram: the number
    /// of datagrams.
    #[error("{0} replies in IP fragments were not joined: their fragments overlap or never end")]
    FragmentsRefused(u64),
    /// The recording ends early.
    #[error("the record of this scan is not complete")]
    NotRecorded(#[source] io::Error),
}

/// `192.0.2.1 and 3 more addresses`.
fn and_more(addresses: &BTreeSet<Ipv4Addr>) -> String {
    match (addresses.first(), addresses.len()) {
        (Some(first), 2..) => format!("{first} and {} more addresses", addresses.len() - 1),
        (Some(first), _) => first.to_string(),
        (None, _) => "no address".into(),
    }
}

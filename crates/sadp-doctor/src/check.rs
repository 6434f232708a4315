//! The result of a diagnosis: one check for each fact that was judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use ipnet::Ipv4Net;
use sadp_discovery::{Notice, ScanError};
use sadp_model::{DeviceCounts, MacAddr, OffSubnet};

use crate::{
    Firewall, FirewallState, HostInterface, ListenPort, MulticastLoop, RawEthernet, ReceiveBuffer,
    ReversePath, RouteLookup,
};

/// One fact, judged.
#[derive(Debug)]
pub struct Check {
    /// What was checked.
    pub subject: Subject,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found, with its figures.
    pub finding: Finding,
}

impl Check {
    /// Whether it shows that replies do not get through to this program.
    pub(crate) fn stops_replies(&self) -> bool {
        self.verdict == Verdict::Problem
            && matches!(
                self.finding,
                Finding::Firewall { .. } | Finding::Multicast(_) | Finding::Port(_)
            )
    }

    pub(crate) fn new(subject: Subject, verdict: Verdict, finding: Finding) -> Self {
        Self {
            subject,
            verdict,
            finding,
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It hides no device.
    Ok,
    /// It may hide devices, or cause trouble with them.
    Warning,
    /// It hides devices.
    Problem,
}

/// What a check is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// This computer as a whole.
    Computer,
    /// The program that runs the diagnosis.
    Program,
    /// A network interface, by name.
    Interface(String),
    /// A UDP port of this computer.
    Port(u16),
    /// A firewall of this computer.
    Firewall(Firewall),
    /// The scan.
    Scan,
    /// The network that was scanned.
    Network,
    /// An address that devices use.
    Address(Ipv4Addr),
    /// A MAC address that devices report; `None` where one reported none.
    Mac(Option<MacAddr>),
    /// A subnet that devices are in.
    Subnet(Ipv4Net),
}

/// What was found.
#[derive(Debug)]
pub enum Finding {
    /// A network interface, and whether it is used.
    Interface(HostInterface),
    /// No interface can be used.
    NoUsableInterface,
    /// Whether the devices' port can be listened on.
    Port(ListenPort),
    /// Whether a datagram to the multicast group comes back on an interface.
    Multicast(MulticastLoop),
    /// Whether the reverse path filter drops replies from other subnets.
    ReversePath(ReversePath),
    /// What an active firewall does with UDP to the devices' port.
    Firewall {
        /// The devices' port.
        port: u16,
        /// Whether it is open.
        state: FirewallState,
    },
    /// No firewall filters what comes in.
    NoFirewall,
    /// Whether raw Ethernet frames can be sent and received.
    RawEthernet(RawEthernet),
    /// How many replies a socket holds before they are read.
    ReceiveBuffer(ReceiveBuffer),
    /// Firewall, reverse path filter, routes and port holders cannot be examined
    /// on this operating system.
    NotExamined,
    /// What the scan found.
    Devices(ScanSummary),
    /// The scan could not begin.
    ScanFailed(ScanError),
    /// Something limited the scan.
    ScanLimited(Notice),
    /// Several devices have the address, or report the MAC address, that is the subject.
    Duplicates(Duplicates),
    /// Replies of one device come from several addresses.
    SeveralSenders(BTreeSet<IpAddr>),
    /// Devices are in a subnet that this computer is not in.
    OffSubnet {
        /// The subnet, and how to reach it.
        subnet: OffSubnet,
        /// Where datagrams to it go now.
        route: RouteLookup,
    },
    /// Replies could not be read.
    UnreadableReplies {
        /// Replies that could be read only in part.
        malformed: u64,
        /// Datagrams that could not be read.
        unreadable: u64,
        /// Who sent those that could not be read.
        senders: BTreeSet<IpAddr>,
    },
    /// Other SADP programs send probes too.
    OtherTools(BTreeMap<IpAddr, OtherTool>),
}

/// What a scan found, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanSummary {
    /// How many devices, by state.
    pub devices: DeviceCounts,
    /// How long the scan took.
    pub elapsed: Duration,
    /// How many times it sent probes.
    pub rounds: u32,
    /// How many datagrams came in.
    pub datagrams: u64,
    /// Whether more devices replied than are kept.
    pub truncated: bool,
    /// Whether another check shows that this computer drops replies.
    pub stopped: bool,
}

/// Devices that share what should be unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// How many devices, at least two.
    pub devices: usize,
    /// Their MAC addresses where they share an address, else their serial
    /// numbers.
    pub names: BTreeSet<String>,
}

/// Another SADP program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherTool {
    /// How many probes it sent during the scan.
    pub probes: u64,
    /// Whether it runs on this computer.
    pub here: bool,
}

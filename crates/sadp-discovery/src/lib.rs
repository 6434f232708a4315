//! Network transport of SADP: this computer's interfaces, the UDP sockets on them, the
//! scan that drives a [`Survey`](sadp_proto::Survey), the watcher that drives a
//! [`Watch`](sadp_proto::Watch), and captures of traffic.
//!
//! This crate makes no decisions about the protocol and prints nothing. It needs a
//! tokio runtime, best with two worker threads: one drains the sockets while the other
//! parses what was received.
//!
//! ```text
//!   0.0.0.0:37020, joined to the group on every interface <---- multicast replies
//!   192.168.1.10:ephemeral, one socket for each address ------> probes
//!                                                       <------ unicast replies
//!   eth0, a packet socket where permitted               <-----> frames of type 0x8033
//!                                                       <------ UDP replies that the
//!                                                               kernel would drop
//! ```
//!
//! Begin with `examples/scan.rs`, a scan in ten lines, and `examples/filter.rs`, which
//! selects devices of a capture:
//!
//! - [`Scan`]: finds devices.
//! - [`Dispatch`]: sends commands to many of them, within limits.
//! - [`capture`]: reads SADP from files of Wireshark and tcpdump.
//! - [`messages`]: the messages and devices of any file: captures, XML and dumps.
//! - [`interface`] and [`probe`]: this computer's interfaces, and whether they work.
//! - [`reader`]: reads UDP sockets in batches where the system supports it.
//! - [`VirtualLan`]: a network inside this process, for simulated devices in virtual time.
//!
//! # Limitations
//!
//! - IPv4 only, as SADP itself.
//! - Where another program holds port 37020 exclusively, multicast replies are not
//!   received. The scan reports it.
//! - Replies that the kernel's reverse path filter drops are received only where packet
//!   sockets are permitted.
//! - Some systems, e.g. macOS, do not report the receiving interface of a datagram. It
//!   is then taken to be the one whose network contains the sender. Where several do,
//!   it is a guess, and the scan reports it.

pub mod capture;
mod dispatch;
pub mod interface;
mod links;
pub mod messages;
mod notice;
pub mod probe;
pub mod raw;
pub mod reader;
mod reassembly;
mod receive;
pub mod record;
pub mod redact;
pub mod reverse_path;
mod scan;
pub mod socket;
mod virtual_lan;
mod watch;

pub use dispatch::{
    Dispatch, DispatchConfig, DispatchEvent, DispatchReport, Job, JobReport, Pace, Reaction,
};
pub use links::{DeviceRoute, LinkConfig, LinkInfo};
pub use notice::{Notice, ScanError};
pub use raw::LinkLayer;
pub use record::CaptureRecorder;
pub use scan::{Scan, ScanConfig, ScanReport, local_networks};
pub use virtual_lan::{VirtualDatagram, VirtualDevices, VirtualLan};
pub use watch::{Watcher, WatcherConfig, WatcherEvent};

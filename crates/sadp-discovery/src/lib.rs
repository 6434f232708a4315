//! How SADP travels: this machine's interfaces, the UDP sockets on them, the
//! scan that drives a [`Survey`](sadp_proto::Survey) over them, the watcher that
//! drives a [`Watch`](sadp_proto::Watch), and captures of other people's traffic.
//!
//! This crate decides nothing about the protocol and prints nothing. It needs a
//! tokio runtime, with two worker threads at best: one drains the sockets while
//! the other reads what came.
//!
//! ```text
//!   0.0.0.0:37020, joined to the group on every interface ----> multicast answers
//!   192.168.1.10:ephemeral, one socket an address  -- ask --->
//!                                                  <---------- unicast answers
//!   eth0, a packet socket a card (where permitted) <----------> frames of type 0x8033
//!                                                  <---------- answers by UDP that the
//!                                                              kernel would drop
//! ```
//!
//! Begin with `examples/scan.rs`, a scan in ten lines, and `examples/filter.rs`,
//! which chooses among the devices of a capture:
//!
//! - [`Scan`]: finds devices.
//! - [`Dispatch`]: gives commands to many of them, within bounds.
//! - [`capture`]: SADP in files that Wireshark and tcpdump write.
//! - [`interface`] and [`probe`]: what this machine has, and whether it works.
//! - [`reader`]: UDP sockets read in batches where the system can.
//! - [`VirtualLan`]: a network inside this process, for simulated devices in virtual time.
//!
//! # Limitations
//!
//! - IPv4 only, as SADP itself.
//! - Where another program holds port 37020 exclusively, answers by multicast
//!   are not heard. The scan says so.
//! - Answers that the kernel's reverse-path filter drops are heard only where
//!   packet sockets are permitted.
//! - Not everywhere is it known by which interface a datagram came in; on macOS, for
//!   one, it is not. What came by multicast is then taken to have come in by the
//!   interface whose network its sender is in. Where that leaves several, it is a
//!   guess, and the scan says so.

pub mod capture;
mod dispatch;
pub mod interface;
mod links;
mod notice;
pub mod probe;
mod queue;
pub mod raw;
pub mod reader;
mod reassembly;
mod receive;
pub mod record;
pub mod redact;
pub mod reverse_path;
mod scan;
mod socket;
mod virtual_lan;
mod watch;

pub use dispatch::{
    Dispatch, DispatchConfig, DispatchEvent, DispatchReport, Job, JobReport, Pace, Route,
};
pub use links::{LinkConfig, LinkInfo};
pub use notice::{Notice, ScanError};
pub use raw::LinkLayer;
pub use record::Recorder;
pub use scan::{Scan, ScanConfig, ScanReport};
pub use virtual_lan::{VirtualDatagram, VirtualDevices, VirtualLan};
pub use watch::{News, Watcher, WatcherConfig};

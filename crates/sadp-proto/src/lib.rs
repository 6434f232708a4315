//! The SADP protocol, sans-I/O: messages to and from XML, and the [`Survey`], the
//! state machine that finds devices.
//!
//! This crate opens no socket, reads no clock and draws no random number: all three
//! are arguments, so that every conversation can run in virtual time. It never
//! panics, whatever bytes arrive.
//!
//! ```text
//!   client                     group 239.255.255.250:37020            device
//!     |-- Probe{Uuid, Types=inquiry} ------>|------------------------>|
//!     |<------------------------------------|<-- ProbeMatch{Uuid, ..} |  most firmware
//!     |<--------------------------------------- ProbeMatch{Uuid, ..}  |  newer firmware
//!     |                                     |<-- Hello{..} -----------|  at power-on
//! ```
//!
//! - [`Message`]: one datagram, with the known quirks of real devices.
//! - [`Inquiry`]: the probe that finds devices.
//! - [`frame`]: the older protocol over raw Ethernet.
//! - [`Survey`]: when to send probes, and when enough replies were received.
//! - [`Watch`]: which devices are online, over time.
//! - [`Exchange`]: one command to one device, its key exchange and its reply.
//! - [`Command`]: a request to one device; [`RequestCode`], [`Guid`], [`Question`]
//!   and [`MailQr`]: what its reply contains.
//! - [`seal`]: encryption of passwords and answers against passive listeners.
//!
//! A probe, and a reply:
//!
//! ```
//! use sadp_proto::{Inquiry, Message};
//!
//! let question = Inquiry { uuid: uuid::Uuid::nil() }.encode();
//! assert!(matches!(Message::decode(&question)?, Message::Request(_)));
//!
//! let answer = b"<ProbeMatch><Types>inquiry</Types><MAC>44-47-cc-1d-6d-13</MAC></ProbeMatch>";
//! let Message::Report(report) = Message::decode(answer)? else {
//!     unreachable!("a device tells of itself");
//! };
//! assert_eq!(report.device.mac, "44:47:cc:1d:6d:13".parse().ok());
//! assert_eq!(report.device.serial, None, "what it leaves out is not guessed");
//! # Ok::<(), sadp_proto::DecodeError>(())
//! ```

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

/// Implements `Debug` for secrets as `Type(..)`.
macro_rules! opaque_debug {
    ($($type:ident),+) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}

mod command;
mod document;
mod error;
mod exchange;
pub mod frame;
mod inquiry;
mod message;
mod recovery;
mod refusal;
pub mod seal;
mod survey;
mod watch;

use std::net::Ipv4Addr;

use sadp_model::Protocol;

pub use command::{
    Command, CommandSpec, Credentials, NetworkSettings, Target, Update, UpdateError,
};
pub use document::{Document, XmlLayout};
pub use error::DecodeError;
pub use exchange::{CommandOutcome, Exchange, ExchangeStep};
pub use inquiry::{Inquiry, boolean};
pub use message::{CommandReply, DeviceReport, Header, Message, RequestMessage, Types};
pub use recovery::{
    AnswersError, Code, CodeError, Guid, GuidError, MailQr, Mailbox, MailboxError, Question,
    QuestionList, RequestCode, SecretAnswers, VerificationCode, VerificationCodeError, read_set_up,
};
pub use refusal::{Refusal, RefusalReply};
pub use survey::{
    BadHostRange, Datagram, Destination, DiscoveryStats, HostRange, StopCondition, Survey,
    SurveyConfig, SurveyProgress, Sweep, SweepError, SweepProgress, Transmit,
};
pub use watch::{
    DeviceSnapshot, Footprint, OfflineReason, Watch, WatchConfig, WatchEvent, WatchEventKind,
};

/// The random number generator traits that [`Exchange`] needs.
pub use rsa::rand_core;

/// Where the devices of one discovery protocol listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// How probes to it and replies from it are encoded.
    pub protocol: Protocol,
    /// The multicast group.
    pub group: Ipv4Addr,
    /// The UDP port.
    pub port: u16,
}

impl Endpoint {
    /// SADP's: [`GROUP`] and [`PORT`].
    pub const SADP: Self = Self::sadp(GROUP, PORT);

    /// SADP on another group and port.
    pub const fn sadp(group: Ipv4Addr, port: u16) -> Self {
        Self {
            protocol: Protocol::Sadp,
            group,
            port,
        }
    }
}

/// The UDP port devices listen on.
pub const PORT: u16 = 37020;

/// The multicast group devices listen on. It is SSDP's, on another port.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);

//! Simulated SADP devices, sites of them, and the faults of real networks.
//!
//! It simulates what devices say, not what they do: no video, no web page, no
//! DHCP, no ARP. Devices answer from the machine's own address. Of commands they
//! obey `exchangecode`, `activate`, `update`, `lamp` and those that bring a password
//! back; to others they are silent, as firmware is that does not know them.
//!
//! ```text
//!   Site (a file) ----+
//!                     +--> Vec<Device> --> Fleet (no socket, no clock) --> Server (tokio)
//!   Population (1..) -+                      ^ datagrams, time  | datagrams
//! ```
//!
//! - [`Catalogue`]: profiles of firmware generations, as data.
//! - [`Site`] and [`Population`]: which devices there are, written down or made
//!   up.
//! - [`Conduct`]: how late and which way a device answers, and what goes wrong.
//! - [`Fleet`]: the devices as a state machine, for tests in virtual time.
//! - [`Hostile`]: an attacker beside them, to try programs against.
//! - [`Server`]: a fleet on a real interface, and the attacker where wanted.
//! - [`serve_virtual`]: a fleet on a network inside this process.
//! - [`desk`]: the pretend vendor, who answers requests of these devices alone.
//!
//! `examples/device.rs` plays a device of one's own.
//!
//! A fleet is no amplifier: it answers its own networks only, asks of one asker
//! are bounded, and what it sends is paced.

mod conduct;
pub mod desk;
mod device;
mod factory;
mod fleet;
mod generate;
mod hostile;
mod profile;
mod server;
mod site;
mod virtual_lan;

pub use conduct::{
    Conduct, Delay, DelayError, Faults, LinkAnswer, ParseReplyError, Probability, ProbabilityError,
    Reply,
};
pub use device::{
    Access, Cloud, Device, Extras, Identity, Questions, QuestionsError, Quirks, Recovery, Refuse,
    Secret, Settings, State, Tries,
};
pub use fleet::{Datagram, Executions, Fleet, FleetConfig, FrameTransmit, Heard, Stats, Transmit};
pub use generate::{GenerateError, Population};
pub use hostile::{Attack, Hostile, HostileConfig, HostileStats, HostileTransmit, Speaker};
pub use profile::{Catalogue, Profile};
pub use server::{Interface, InterfaceError, Server, ServerConfig, ServerError, StatsHandle};
pub use site::{Site, SiteError};
pub use virtual_lan::serve_virtual;

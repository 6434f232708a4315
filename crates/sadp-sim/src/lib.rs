//! Simulated SADP devices, sites of them, and the faults of real networks.
//!
//! It simulates the SADP messages of devices and, where that is switched on, their HTTP
//! interface (ISAPI), over HTTPS where configured: no video, no web page, no DHCP, no ARP. Devices answer SADP
//! from the computer's own address. They carry out `exchangecode`,
//! `activate`, `update`, `lamp`, and the commands for recovery and Hik-Connect; they ignore
//! others, like firmware that does not know them.
//!
//! ```text
//!   Site (a file) ----+
//!                     +--> Vec<Device> --> Fleet (no socket, no clock) --> Server (tokio)
//!   Population (1..) -+                      ^ datagrams, time  | datagrams
//!                                            ^ HTTP requests    | HTTP responses
//! ```
//!
//! - [`Profile`]: profiles of firmware generations, as data.
//! - [`Site`] and [`Population`]: the devices of a site, from a file or generated.
//! - [`Behavior`]: transport and delay of replies, and network faults.
//! - [`Fleet`]: the devices as a state machine, for tests in virtual time, HTTP included:
//!   [`Fleet::handle_http`].
//! - [`Hostile`]: an attacker beside them, to test programs against.
//! - [`Server`]: a fleet on a real interface, with an attacker where configured.
//! - [`serve_virtual`]: a fleet on a network inside this process.
//! - [`vendor_support`]: a simulated vendor, which answers requests of these devices only.
//!
//! `examples/device.rs` simulates one device.
//!
//! A fleet is not an amplifier: it answers its own networks only, limits the requests of
//! each sender, and limits its own rate.

mod behavior;
mod device;
mod fleet;
mod generate;
mod hostile;
mod http;
mod profile;
mod random;
mod server;
mod site;
pub mod vendor_support;
mod virtual_lan;

pub use behavior::{
    Behavior, Delay, DelayError, Faults, LinkAnswer, ParseReplyError, Probability,
    ProbabilityError, Reply,
};
pub use device::{
    Access, CloudSettings, Device, DeviceSettings, DeviceState, Extras, Identity, Questions,
    QuestionsError, Quirks, RecoverySettings, Refuse, Secret, Tries,
};
pub use fleet::{
    Executions, Fleet, FleetConfig, FleetDestination, FleetTransmit, Handled, InboundDatagram,
    Stats,
};
pub use generate::{GenerateError, Population};
pub use hostile::{Attack, Hostile, HostileConfig, HostileStats, HostileTransmit, Speaker};
pub use http::{
    HttpAttack, HttpCounts, HttpDelivery, HttpProfile, HttpRequest, HttpResponse, HttpSettings,
    HttpsSettings, TimeService, TlsForm,
};
pub use profile::Profile;
pub use server::{InterfaceError, Server, ServerConfig, ServerError, ServerInterface, StatsHandle};
pub use site::{Site, SiteError, SiteFault};
pub use virtual_lan::serve_virtual;

//! The built binary, run as a user runs it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod activate;
mod audit;
mod cameras;
mod check;
mod cloud;
#[cfg(unix)]
mod contact;
mod decode;
mod errors;
#[cfg(unix)]
mod faults;
mod guid;
mod hands;
mod hostile;
#[cfg(target_os = "linux")]
mod ledger;
mod loopback;
mod mail;
mod name;
mod net;
mod onvif;
mod prepare;
mod prepared;
#[cfg(unix)]
mod prompts;
#[cfg(unix)]
mod pty;
mod questions;
mod report;
mod request;
mod run;
mod secrets;
#[cfg(unix)]
mod signals;
mod sim;
mod talk;
mod time;
mod usage;
mod vendor;
#[cfg(unix)]
mod verified;
#[cfg(unix)]
mod watch;
#[cfg(unix)]
mod width;
#[cfg(target_os = "linux")]
mod wrong;

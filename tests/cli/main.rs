//! The built binary, run as a user runs it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod activate;
mod decode;
mod errors;
mod hands;
mod loopback;
mod net;
mod request;
mod run;
mod secrets;
mod usage;
mod vendor;

//! The page in a real browser: headless Chromium, driven by chromedriver, against the
//! built `sadpctl web` and simulated devices on loopback. Without a browser the tests say
//! that they are left out.
//!
//! What the browser shows is kept as pictures in `target/tmp/web`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod axe;
mod browser;
mod hostile;
mod journeys;
mod ledgers;
mod list;
mod load;
mod neighbour;
#[path = "../cli/run.rs"]
#[expect(dead_code, reason = "the tests of the command line use more of it")]
mod run;
mod server;
#[path = "../cli/sim.rs"]
#[expect(dead_code, reason = "the tests of the command line use more of it")]
mod sim;

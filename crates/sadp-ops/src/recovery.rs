//! Passwords reset by the vendor's own methods.
//!
//! - [`request`]: requests to the vendor's support, exported from devices.
//! - [`History`]: what earlier runs tell of devices.

mod history;
pub mod request;

pub use self::history::History;

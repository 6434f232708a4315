//! The HTTP interface (ISAPI) of Hikvision-style devices, sans-I/O: its documents,
//! its login, and activation over HTTP.
//!
//! It never logs in by itself, never retries a login and never resets a password.
//! [`digest`], [`activation`] and the documents open no socket, read no clock and draw
//! no random number; they never panic, whatever bytes arrive.
//!
//! - [`Body`]: what is read from a reply, whether XML or JSON.
//! - [`ActivateStatus`], [`UserCheck`], [`ResponseStatus`]: the documents.
//! - [`replace_text`]: one value of a document changed, and nothing else.
//! - [`digest`]: the answer to a challenge.
//! - [`activation`]: the first password, sealed for the device.
//!
//! Sources: the vendor's ISAPI guides and replies of real devices in public clients.
//! Where only one source is known, the item says so.

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
    ($($type:ident $(<$life:lifetime>)?),+) => {$(
        impl std::fmt::Debug for $type $(<$life>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(..)"))
            }
        }
    )+};
}

pub mod activation;
mod body;
pub mod digest;
mod edit;
mod request;
mod response_status;
mod status;

pub use body::{Body, BodyError, Document};
pub use edit::{EditError, replace_text};
pub use request::{MediaType, Method, Request, RequestBody};
pub use response_status::{ResponseStatus, SubStatus};
pub use status::{ActivateStatus, LockState, UserCheck};

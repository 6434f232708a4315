//! What this crate does not do: it touches no network and reads no clock, it
//! holds and makes no key or code of the vendor, and its ledger has no place
//! for a password, an answer or a code.
//!
//! How a camera's password comes back, and what has to be remembered on the
//! way: which device is locked until when, how many tries it has left, and what
//! was sent to which device with what result.
//!
//! - [`Ledger`]: the file that remembers it from one run to the next.
//! - [`DeviceKey`]: by what a device is known again there.
//! - [`Attempt`] and [`Verdict`]: the audit, written before and after a command
//!   is sent.

#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod ledger;

pub use ledger::{
    Action, Attempt, AttemptFilter, AttemptId, AttemptRecord, DeviceKey, Ledger, LedgerError,
    Outcome, Refusal, RememberedLock, UnknownWord, Verdict,
};

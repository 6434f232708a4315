//! What is done with devices: find, activate, address, recover, and the rules
//! that make it safe and bring it to an end.
//!
//! This crate prints nothing and asks nothing. It knows no terminal, no exit
//! code and no sentence: what happened is values, from [`Event`] to [`Outcome`].
//! A front end turns them into text.
//!
//! ```text
//!   Session    opened once a run: how devices are reached, the ledger, when to stop
//!   Inventory  what a look found
//!      plan -> Plan            what will be done to which device, what is left out and why
//!      Plan::carry_out -> Report   sends, keeps in the ledger, looks again
//! ```
//!
//! Begin with `examples/activate.rs` and `examples/request.rs`.
//!
//! - [`Session`]: what all operations share.
//! - [`Inventory`]: the devices that a look found; [`DeviceName`] and [`select`]
//!   pick from them.
//! - [`activate`], [`locate`], [`network`], [`owner`], [`recovery`]: the operations,
//!   one module each.
//! - [`Outcome`]: what became of an operation on one device.

pub mod activate;
mod batch;
mod device;
mod event;
mod inventory;
pub mod locate;
pub mod network;
mod offer;
mod outcome;
pub mod owner;
pub mod recovery;
mod safety;
mod session;
mod settle;

pub use batch::BatchReport;
pub use device::{DeviceRef, DiscoveredDevice};
pub use event::{Event, Observer};
pub use inventory::{BlankName, DeviceName, Inventory, SelectionError, select};
pub use offer::{PasswordSettings, Requirements, Selection};
pub use outcome::{
    BlockReason, Impact, NextStep, Offer, Outcome, OutcomeData, OutcomeStatus, Preparation, Reason,
    Report, Seen, StopReason,
};
pub use safety::{Guard, Overrides, SafetyChecks};
pub use session::{Cancellation, LedgerAccess, OpsError, Session, SessionConfig};
pub use settle::SETTLE;

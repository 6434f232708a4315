//! What is done with devices: find, activate, address, recover, and the rules
//! that make it safe and bring it to an end.
//!
//! This crate prints nothing, asks nothing and holds no sentences. It knows no
//! terminal and no exit code: what happens is values, and a front end turns them
//! into text. The wire format is sadp-proto's, the files are sadp-reset's.
//!
//! # From a look to a report
//!
//! - A [`Session`] is opened once a run: how devices are reached, the ledger that
//!   remembers attempts and locks, and the tokens that stop the run.
//! - A *look* is one scan: [`Session::look`]. It returns an [`Inventory`], from which
//!   [`DeviceName`] and [`select`] pick devices.
//! - A *plan* says which device will be sent what, and which ones are left out and
//!   why. Planning sends nothing. A dry run prints the plan's `into_outcomes`, and a
//!   question to the user describes the plan.
//! - `carry_out` sends: each command is written to the ledger before it leaves, and
//!   what a device gives is on the disk before the next device is asked. Where it is
//!   safe, silent devices are looked at again and sent the command again. An
//!   [`Observer`] receives [`Event`]s meanwhile.
//! - A [`Report`] has one [`Outcome`] a device: how it ended, the typed [`Reason`],
//!   and the [`NextStep`] for a person.
//!
//! ```no_run
//! # use sadp_ops::{Cancellation, Event, LedgerAccess, Overrides, Session, SessionConfig, activate};
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut quiet = |_: Event<'_>| {};
//! let mut session = Session::open(SessionConfig {
//!     scan: sadp_discovery::ScanConfig::default(),
//!     state: "/var/lib/sadp".into(),
//!     access: LedgerAccess::Write,
//!     cancellation: Cancellation::default(),
//! })?;
//! let (inventory, _) = session.look(&mut quiet).await?;
//! let plan = activate::plan(&session, inventory.devices.clone(), Overrides::default(), false)?;
//! let activation = activate::Activation {
//!     inventory: &inventory,
//!     password: &"Garden-77x".into(),
//!     parallel: 8,
//!     settle: sadp_ops::SETTLE,
//! };
//! let report = plan.carry_out(&mut session, activation, &mut quiet).await?;
//! let done = |it: &sadp_ops::Outcome| it.status == sadp_ops::OutcomeStatus::Done;
//! assert!(report.outcomes.iter().all(done));
//! # Ok(())
//! # }
//! ```
//!
//! `examples/activate.rs` and `examples/request.rs` do this with simulated devices
//! and run anywhere.
//!
//! # The operations
//!
//! One module each: [`activate`], [`audit`], [`cameras`], [`check`], [`locate`], [`naming`], [`network`], [`onvif`],
//! [`owner`] (Hik-Connect and deactivation), [`recovery`], [`time`] and [`mod@report`] (what a hand-over document
//! contains). Each has a `plan` and says what else it needs.
//! [`verify`] tries the password of those that set one. [`job`] goes the whole way from a look to
//! a report, for a front end that lives on meanwhile.
//! What an outcome can hold, from findings to data, stands below all of them, so an
//! operation never depends on another one's result.

pub mod activate;
pub mod audit;
mod batch;
pub mod cameras;
pub mod check;
mod device;
mod error;
mod event;
mod http;
mod inventory;
pub mod job;
pub mod locate;
mod memory;
pub mod naming;
pub mod network;
mod offer;
pub mod onvif;
mod outcome;
pub mod owner;
pub mod recovery;
pub mod report;
mod safety;
mod session;
mod settle;
pub mod time;
pub mod verify;

pub(crate) use batch::BatchReport;
pub use device::{DeviceRef, DiscoveredDevice};
pub(crate) use error::KeepFailure;
pub use error::OpsError;
pub use event::{Event, Observer};
pub use inventory::{
    BadName, DeviceName, Inventory, Look, Naming, NotSelected, SelectionError, select,
};
pub use memory::REFUSAL_REMEMBERED;
pub(crate) use offer::Requirements;
pub use offer::{PasswordSettings, Selection};
pub use outcome::{
    BlockReason, Impact, NextStep, Offer, Outcome, OutcomeData, OutcomeStatus, Preparation, Reason,
    Report, Seen, StopReason, Unusable,
};
pub use safety::{Guard, Overrides, SafetyChecks};
pub use session::{Cancellation, LedgerAccess, Session, SessionConfig};
pub use settle::SETTLE;

//! The files of password recovery: request packages, answers, the vault and its
//! GUIDs, and settings. They are recorded in the ledger, which knows none of them.

pub(crate) mod answer;
pub(crate) mod guid;
pub(crate) mod last_scan;
pub(crate) mod name;
pub(crate) mod package;
pub(crate) mod qr;
pub(crate) mod questions;
pub(crate) mod recorder_cameras;
mod saved;
pub(crate) mod settings;
mod stale_parts;
pub(crate) mod vault;

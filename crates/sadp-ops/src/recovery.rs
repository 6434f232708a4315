//! Passwords reset by the vendor's own methods.
//!
//! - [`request`]: requests to the vendor's support, exported from devices.
//! - [`answer`]: the vendor's answers, sent to the devices they are for.
//! - [`guid`]: GUIDs, exported, kept and imported.
//! - [`questions`]: security questions, read and set.
//! - [`mail`]: the reserved e-mail address, and the code that is mailed there.
//! - [`prepare`]: all that can be prepared while the password is known, at once.
//! - [`password_reset`]: a new password by a secret of the owner.
//! - [`button`]: devices followed while somebody holds their reset button.
//! - [`methods`]: which methods fit a device, and what is prepared on it.
//! - [`review`] and [`forget`]: the requests that wait.
//! - [`History`]: what earlier runs tell of devices.

pub mod answer;
mod app;
pub mod button;
mod cases;
pub mod guid;
mod history;
pub mod mail;
pub mod methods;
pub mod password_reset;
pub mod prepare;
pub mod questions;
pub mod request;

pub use self::{
    app::AppCheck,
    cases::{CaseStep, ReviewedCase, forget, review},
    history::History,
};

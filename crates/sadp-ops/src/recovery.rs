//! Passwords reset by the vendor's own methods, one module each, and what is prepared for
//! that while the password is known.

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

//! `reset`: how a forgotten password comes back.

mod cases;
mod export;
mod hands;
mod import;
mod ways;

use clap::Subcommand;

pub(crate) use self::{
    cases::{CasesArgs, CasesCommand},
    export::ExportArgs,
    hands::{App, AppArgs, ButtonArgs},
    import::ImportArgs,
    ways::WaysArgs,
};

/// `reset`.
#[derive(Debug, Subcommand)]
pub(crate) enum ResetCommand {
    /// Show every way to bring a password back, best first, and which fit
    Ways(WaysArgs),
    /// Export requests for the vendor's support, a folder a device
    Export(Box<ExportArgs>),
    /// Give devices the vendor's answers, and a new password
    Import(Box<ImportArgs>),
    /// List the requests that wait for an answer
    Cases(CasesArgs),
    /// Guide through the reset button, and wait until it worked
    Button(Box<ButtonArgs>),
    /// Guide through the vendor's apps, and tell whether they fit the device
    App(AppArgs),
}

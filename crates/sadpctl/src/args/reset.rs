//! Ways to bring a password back.

mod hands;

use clap::Subcommand;

pub(crate) use self::hands::{App, AppArgs, ButtonArgs};

/// `reset`.
#[derive(Debug, Subcommand)]
pub(crate) enum ResetCommand {
    /// Guide through the reset button, and wait until it worked
    Button(Box<ButtonArgs>),
    /// Guide through the vendor's apps, and tell whether they fit the device
    App(AppArgs),
}

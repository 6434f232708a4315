//! `cloud` and `deactivate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ChangeArgs, DeviceArgs, PasswordArgs};

/// `cloud`.
#[derive(Debug, Subcommand)]
pub(crate) enum CloudCommand {
    /// Show whether Hik-Connect is on, and whether the device is bound to an
    /// account; needs no password and changes nothing
    Show(DeviceArgs),
    /// Switch Hik-Connect on
    Enable(OwnerArgs),
    /// Switch Hik-Connect off
    Disable(OwnerArgs),
    /// Set the verification code that adds a device to a Hik-Connect account
    Code(CloudCodeArgs),
    /// Unbind a device from its Hik-Connect account
    Unbind(OwnerArgs),
}

/// One device, changed by its current password.
#[derive(Args, Debug)]
pub(crate) struct OwnerArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `cloud code`.
#[derive(Args, Debug)]
#[command(after_help = "\
A code has at most 12 letters and digits; the device checks the rest of its
rules.

Example:
  sadpctl cloud code 44:47:cc:1d:6d:13 --code-file code.txt")]
pub(crate) struct CloudCodeArgs {
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,

    /// Read the code from this file, - for a line of standard input; else it is
    /// asked for twice
    #[arg(long, value_name = "F")]
    pub(crate) code_file: Option<PathBuf>,
}

/// What `deactivate` deletes.
pub(super) const DEACTIVATE_HELP: &str = "\
The device deletes its password, security questions and e-mail address; GUIDs
exported from it become void. The current password is needed. You are asked to
type the serial number again; with --yes, DEVICE must be the full serial number.

Example:
  sadpctl deactivate DS-2CD2143G0-I20190801AAWRD12345678 --yes";

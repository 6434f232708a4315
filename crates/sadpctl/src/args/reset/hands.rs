//! Ways that take a person's hands: the button, the apps.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::{DeviceArgs, ForceArgs, NewPasswordArgs, values::duration};

/// `reset button`.
#[derive(Args, Debug)]
#[command(after_help = "\
Prints what to do at the device, then asks every few seconds who is there until
the device, known by its MAC or else its serial, comes back unactivated. Nothing
is changed by this: Ctrl-C ends it at any time, and it can be run again.

Then it offers to give the device its first password. With --activate it does so
without asking; without a terminal it prints the command that does.

With --format json and ndjson one outcome is printed: of action \"activate\" where
the first password was sent, else of action \"button\". Its result is done (the
device is unactivated), skipped (still active, or not for this device), no-answer
(not seen at the end) or unknown (it restarted, and its firmware does not report
whether it has a password). data.state is what the device said last. Exit code 0
only for done; 4 where the vendor gives no button to this kind.

The device comes back at its factory address, so it has to be on the network that
this computer is on, not behind a router. While waiting, of --target only addresses
named one by one are asked.

Examples:
  sadpctl reset button 44:47:cc:1d:6d:13
  sadpctl reset button 192.168.1.64 --activate --new-password-file pass.txt")]
pub(crate) struct ButtonArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    /// Wait so long at most
    #[arg(long = "for", value_name = "DURATION", default_value = "15m", value_parser = duration)]
    pub(crate) limit: Duration,

    /// Give it its first password as soon as it is back, without a question
    #[arg(long)]
    pub(crate) activate: bool,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,

    #[command(flatten)]
    pub(crate) force: ForceArgs,
}

/// `reset app`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the device what it is and changes nothing. What the vendor's cloud knows, such
as the account a device is bound to, cannot be seen from here.

With --format json and ndjson one object an app is printed: way, advice and availability
(ready, needs, may-work, not-for-this-device), what was checked (checks: holds is true,
false, or null where it is not known), what cannot be checked (unseen), and the steps.
Exit code 0 whether an app fits or not.

Examples:
  sadpctl reset app 44:47:cc:1d:6d:13
  sadpctl reset app 192.168.1.100 --app hik-connect")]
pub(crate) struct AppArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    /// Only this app; by default both
    #[arg(long, value_enum)]
    pub(crate) app: Option<App>,
}

/// The vendor's apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum App {
    /// The owner's
    HikConnect,
    /// The installer's
    #[value(name = "hik-proconnect")]
    HikProConnect,
}

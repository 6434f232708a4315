use std::path::PathBuf;

use clap::{Args, Subcommand};
use sadp_proto::Mailbox;

use crate::args::{ChangeArgs, ChoiceArgs, DeviceArgs, PasswordArgs, SecretResetArgs, mailbox};

/// `reset mail`.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// Set the reserved e-mail address
    Set(Box<MailSetArgs>),
    /// Fetch the QR code for which the vendor mails a code
    Qr(MailQrArgs),
    /// Set a new password by the code that came by e-mail
    Confirm(Box<MailConfirmArgs>),
}

/// `reset mail set`.
#[derive(Args, Debug)]
#[command(after_help = "\
Needs the current password, which leaves for one device at a time; the first
wrong one ends it. The address itself is not encrypted on the network.

Example:
  sadpctl reset mail set --all --where kind=nvr --mailbox owner@example.com")]
pub(crate) struct MailSetArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// The address at which codes are to arrive
    #[arg(long, value_name = "ADDRESS", value_parser = mailbox)]
    pub(crate) mailbox: Mailbox,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `reset mail qr`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each QR code makes the one before, and the code mailed for it, void. So where one
was fetched within 48 hours, this asks first.

Example:
  sadpctl reset mail qr 192.168.1.100 --png code.png")]
pub(crate) struct MailQrArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    /// Write the QR code into this new file, too, as a picture
    #[arg(long, value_name = "F")]
    pub(crate) png: Option<PathBuf>,

    /// Do not ask where an earlier QR code becomes void
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Send nothing; show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `reset mail confirm`.
#[derive(Args, Debug)]
#[command(after_help = "\
The code goes out once: a wrong one costs a try, and too many lock the device. It
is void after a restart of the device, and once a newer QR code was fetched.

Example:
  sadpctl reset mail confirm 192.168.1.100 --code-file code.txt")]
pub(crate) struct MailConfirmArgs {
    #[command(flatten)]
    pub(crate) reset: SecretResetArgs,

    /// Read the code that came by e-mail from this file
    ///
    /// F is - for a line of standard input. Without it, it is asked for
    #[arg(long, value_name = "F")]
    pub(crate) code_file: Option<PathBuf>,
}

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sadp_ops::DeviceName;
use sadp_text::select::Filter;

use crate::args::{AskArgs, ChangeArgs, ChoiceArgs, NewPasswordArgs, PasswordArgs, VerifyArgs};

/// `reset guid`.
#[derive(Debug, Subcommand)]
pub(crate) enum GuidCommand {
    /// Have devices export their GUID, and keep it in the vault
    Export(Box<GuidExportArgs>),
    /// Set a new password by a GUID exported earlier
    Import(Box<GuidImportArgs>),
    /// List the GUIDs in the vault; asks no device
    #[command(after_help = "Example:\n  sadpctl reset guid list --format json")]
    List,
}

/// `reset guid export`.
#[derive(Args, Debug)]
#[command(after_help = "\
A GUID sets a new password once the present one is forgotten. It works once, on
its own device, until the password changes. Each goes into the vault, a folder
beside the ledger (see --state), in a file of its own, as soon as it arrives.
Whoever holds such a file can take the device over: --encrypt asks for a
passphrase twice, --passphrase-file reads one; without either, the file is
readable by this user alone and not encrypted. Nobody can bring a lost
passphrase back.

The password leaves for one device at a time, and the first wrong one ends it.

Examples:
  sadpctl reset guid export 192.168.1.20
  sadpctl reset guid export --all --where kind=nvr --encrypt")]
pub(crate) struct GuidExportArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,

    /// Encrypt the file with a passphrase
    ///
    /// From `SADPCTL_PASSPHRASE`, or asked for twice
    #[arg(long)]
    pub(crate) encrypt: bool,

    /// Encrypt it with the passphrase in this file
    ///
    /// F is - for a line of standard input
    #[arg(hide_short_help = true, long, value_name = "F")]
    pub(crate) passphrase_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `reset guid import`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without FILE the newest GUID of the device that is in the vault and not known to
be void is taken. FILE may be a file of the vault or of any other tool: the 128
bytes of the GUID, or its base64 text, which may be longer. A GUID works once: export a new one
afterwards. Seven wrong ones typically lock a device for half an hour, so none
is sent twice, from the vault or as FILE, once the device took it or called it
invalid; nor one that another device exported: --force refused-before sends FILE anyway.

Examples:
  sadpctl reset guid import 192.168.1.20
  sadpctl reset guid import --all --new-password-file pass.txt --yes")]
pub(crate) struct GuidImportArgs {
    /// The device, by its serial, label number, MAC or IPv4 address
    #[arg(required_unless_present = "all")]
    pub(crate) device: Option<DeviceName>,

    /// A GUID file from elsewhere; by default the newest in the vault
    pub(crate) file: Option<PathBuf>,

    /// All devices found of which a GUID is in the vault
    #[arg(long, conflicts_with_all = ["device", "file"])]
    pub(crate) all: bool,

    /// Of all, only these, e.g. kind=nvr
    ///
    /// As for scan
    #[arg(long = "where", value_name = "EXPR", requires = "all")]
    pub(crate) filter: Option<Filter>,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,

    #[command(flatten)]
    pub(crate) verify: VerifyArgs,

    /// Read the passphrase of encrypted GUIDs from this file
    ///
    /// F is - for a line of standard input. Without it `SADPCTL_PASSPHRASE` is used, or it is
    /// asked for
    #[arg(hide_short_help = true, long, value_name = "F")]
    pub(crate) passphrase_file: Option<PathBuf>,

    /// Have recorders that offer it pass the new password on to their cameras
    #[arg(hide_short_help = true, long)]
    pub(crate) sync_cameras: bool,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,

    /// At most N devices at once
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

//! `reset`: how a forgotten password comes back.

mod guid;
mod hands;
mod mail;
mod prepare;
mod questions;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sadp_ops::DeviceName;
use sadp_reset::CaseId;

pub(crate) use self::{
    guid::{GuidCommand, GuidExportArgs, GuidImportArgs},
    hands::{App, AppArgs, ButtonArgs},
    mail::{MailCommand, MailConfirmArgs, MailQrArgs, MailSetArgs},
    prepare::{PreparationArgs, PrepareArgs},
    questions::{
        AnswersArgs, QuestionsAnswerArgs, QuestionsCommand, QuestionsSetArgs, QuestionsShowArgs,
    },
};

use super::{AskArgs, ChangeArgs, ChoiceArgs, DeviceArgs, NewPasswordArgs, VerifyArgs};

/// `reset`.
#[derive(Debug, Subcommand)]
pub(crate) enum ResetCommand {
    /// Show every recovery method, best first, and which fit
    Ways(WaysArgs),
    /// Export requests for the vendor's support, a folder a device
    Export(Box<ExportArgs>),
    /// Give devices the vendor's answers, and a new password
    Import(Box<ImportArgs>),
    /// List the requests that wait for an answer
    Cases(CasesArgs),
    /// By a GUID exported earlier: export, keep and use it
    #[command(subcommand)]
    Guid(GuidCommand),
    /// By security questions: show, set and answer them
    #[command(subcommand)]
    Questions(QuestionsCommand),
    /// By the reserved e-mail address: set it, fetch the QR code, give the code
    #[command(subcommand)]
    Mail(MailCommand),
    /// While the password is known: GUID, e-mail address and questions at once
    Prepare(Box<PrepareArgs>),
    /// Guide through the reset button, and wait until it worked
    Button(Box<ButtonArgs>),
    /// Guide through the vendor's apps, and show whether they fit the device
    App(AppArgs),
}

/// `reset ways`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each way is ready, needs something, or is not for the device, with the reason.
Devices that take security questions are asked which are set. Where a device
does not say by SADP whether it offers a way, it is asked over HTTP, without a
login: such a way may work. Neither changes anything on it or costs a try. What
only a command with an effect would tell, such as whether an e-mail address is
reserved, is known from earlier commands or not at all.

Examples:
  sadpctl reset ways 192.168.1.64
  sadpctl reset ways --all --where kind=nvr --format json")]
pub(crate) struct WaysArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Do not ask devices which ways they have set up or offer over HTTP
    #[arg(long)]
    pub(crate) no_ask: bool,
}

/// `reset export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes a folder for each device into DIR: the request as a file, as a QR code
where the device takes a key, and request.txt with what the vendor's support
asks for. For all requests in DIR that wait, requests.eml is one e-mail to be
sent from any mail program; request-letter.txt and requests.zip have the same.
Nothing is sent to anybody but the device. contact.toml fills the form and the
addresses, by default the one in the configuration folder (sadpctl contact):
  name = \"...\"    email = \"...\"    phone = \"...\"     company = \"...\"
  country = \"...\"   role = \"installer\"   purchase-channel = \"...\"
  support-email = \"...\"   (of the vendor's support of your country)

A device remembers its last request only. So one that still waits for an answer
is left out, unless the request is no longer valid; --again exports again and
makes the older request void. --yes alone never does that.

Examples:
  sadpctl reset export 192.168.1.64 --out requests
  sadpctl reset export --all --where model~DS-2CD --out requests")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Where to write the request packages
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Export again, even where that makes an open request void
    #[arg(long)]
    pub(crate) again: bool,

    /// Who asks the vendor's support
    ///
    /// By default contact.toml in the configuration folder
    #[arg(hide_short_help = true, long, value_name = "F")]
    pub(crate) contact: Option<PathBuf>,

    /// Do not ask before anything is sent
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Send and write nothing; show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// At most N devices at once
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
}

/// `reset import`.
#[derive(Args, Debug)]
#[command(after_help = "\
PATH is an answer file, an e-mail (.eml) or a ZIP archive with answers, also one
attached to the e-mail, a request package into which one was saved, or a folder
of such packages. An answer is an encrypted file or a key of 8 characters;
letters, tables and pictures are refused by name. It belongs to the package it
lies in, to the request or device named with --case or --device, or to the one
whose serial or MAC is in its name. On a terminal it is asked for which open
request any other is; what is not clear is not sent. Files are never changed.

A key is read from --key-file, or asked for, and needs --case or --device. Old
devices take the vendor's dated code that way: they return to the default
password of their own manual and get no new one here.

Each answer is sent once. One whose device has restarted since, whose request is
older than 48 hours or was exported again, is left out; --force stale-request
sends it anyway. Where another request was asked for and none arrived, the
older one may be void: the question before sending says so. The others go on. It
can be run again: only devices that still wait are asked.

Where only the folder shows whose answers they are, the first goes alone until a
device took its own. Once a device refuses an answer as another's, no more of
them are sent, whatever --force says: the folders may be mixed up. Answers whose
names show it go on.

Examples:
  sadpctl reset import requests
  sadpctl reset import answers.zip
  sadpctl reset import answer.eml --case 7
  sadpctl reset import --device 192.168.1.64 --key-file key.txt")]
pub(crate) struct ImportArgs {
    /// Answer files, request packages, or folders of them
    #[arg(value_name = "PATH", required_unless_present = "whose")]
    pub(crate) paths: Vec<PathBuf>,

    /// The device that the answer or key is for
    ///
    /// Its full serial number, label number, MAC or IPv4 address
    #[arg(long, value_name = "DEVICE", group = "whose")]
    pub(crate) device: Option<DeviceName>,

    /// The request that it is for, by its number
    ///
    /// As reset cases lists them
    #[arg(long, value_name = "N", group = "whose")]
    pub(crate) case: Option<CaseId>,

    /// Read the vendor's key from this file
    ///
    /// F is - for a line of standard input. Without it, it is asked for
    #[arg(long, value_name = "F", requires = "whose", conflicts_with = "paths")]
    pub(crate) key_file: Option<PathBuf>,

    /// Have recorders pass the new password on to their cameras
    ///
    /// Those that do not offer it are left out
    #[arg(hide_short_help = true, long)]
    pub(crate) sync_cameras: bool,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,

    #[command(flatten)]
    pub(crate) verify: VerifyArgs,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,

    /// At most N devices at once
    #[arg(hide_short_help = true, long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// A new password for one device, set by a secret of its owner.
#[derive(Args, Debug)]
pub(crate) struct SecretResetArgs {
    #[command(flatten)]
    pub(crate) target: DeviceArgs,

    #[command(flatten)]
    pub(crate) password: NewPasswordArgs,

    #[command(flatten)]
    pub(crate) verify: VerifyArgs,

    /// Have a recorder that offers it pass the new password on to its cameras
    #[arg(hide_short_help = true, long)]
    pub(crate) sync_cameras: bool,

    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// `reset cases`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Read from the ledger alone, without the network. With --look the network is
scanned first, to find which devices have restarted since or are not seen.

Examples:
  sadpctl reset cases --look
  sadpctl reset cases forget 7"
)]
pub(crate) struct CasesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<CasesCommand>,

    /// Those that are closed, too
    #[arg(long)]
    pub(crate) all: bool,

    /// Scan, and judge by what is seen
    #[arg(long)]
    pub(crate) look: bool,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// What `reset cases` does besides listing.
#[derive(Debug, Subcommand)]
pub(crate) enum CasesCommand {
    /// Close a request for which no answer is awaited any more
    #[command(after_help = "Example:\n  sadpctl reset cases forget 7")]
    Forget {
        /// Its number, as listed
        #[arg(value_name = "ID")]
        id: CaseId,
    },
}

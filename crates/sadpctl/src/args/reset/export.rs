use std::path::PathBuf;

use clap::Args;

use crate::args::{AskArgs, ChoiceArgs};

/// `reset export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes a folder for each device into DIR: the request as a file, as a QR code
where the device takes a key, and request.txt with what the vendor's support
asks for. Nothing is sent to anybody but the device. contact.toml fills the
form, by default the one in the configuration folder:
  name = \"...\"    email = \"...\"    phone = \"...\"     company = \"...\"
  country = \"...\"   role = \"installer\"   purchase-channel = \"...\"

A device remembers its last request only. So one that still waits for an answer
is left out, unless the request is no longer valid; --again exports anew and
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

    /// Export anew even where an open request becomes void by that
    #[arg(long)]
    pub(crate) again: bool,

    /// Who asks the vendor's support; by default contact.toml in the
    /// configuration folder
    #[arg(long, value_name = "F")]
    pub(crate) contact: Option<PathBuf>,

    /// Do not ask before anything is sent
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Send and write nothing; tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// So many devices at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

use clap::Args;

use super::{ChoiceArgs, ForceArgs, HttpArgs, PasswordArgs};

/// `cameras`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks a recorder over HTTP, with its current password, which camera each channel is
to show, whether it is online and why not, and which cameras the recorder finds in
its own network, e.g. at its PoE ports. The password is tried once; nothing is
changed. audit and report then tell of cameras that SADP cannot see from here.

Examples:
  sadpctl cameras 192.168.1.100
  sadpctl cameras --all --out cameras.xlsx")]
pub(crate) struct CamerasArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    #[command(flatten)]
    pub(crate) password: PasswordArgs,

    /// Send nothing over HTTP; show which recorders would be asked
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) http: HttpArgs,

    #[command(flatten)]
    pub(crate) force: ForceArgs,
}

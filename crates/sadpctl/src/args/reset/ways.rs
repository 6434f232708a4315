use clap::Args;

use crate::args::{AskArgs, ChoiceArgs};

/// `reset ways`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each way is ready, needs something, or is not for the device, with the reason.
Devices that take security questions are asked which are set; that changes
nothing on them. What only a command with an effect would tell, such as whether
an e-mail address is reserved, is known from earlier commands or not at all.

Examples:
  sadpctl reset ways 192.168.1.64
  sadpctl reset ways --all --where kind=nvr --format json")]
pub(crate) struct WaysArgs {
    #[command(flatten)]
    pub(crate) choice: ChoiceArgs,

    /// Do not ask devices which security questions are set
    #[arg(long)]
    pub(crate) no_ask: bool,

    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

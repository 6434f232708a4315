use clap::{Args, Subcommand};
use sadp_reset::CaseId;

use crate::args::AskArgs;

/// `reset cases`.
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Read from the ledger alone, without the network. With --look the network is
scanned first, to tell which devices have restarted since or are not seen.

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
    Forget {
        /// Its number, as listed
        #[arg(value_name = "ID")]
        id: CaseId,
    },
}

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sadp_discovery::LinkLayer;

/// Whether to use bare Ethernet frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinkLayerMode {
    /// Where it is permitted
    #[default]
    Auto,
    /// Yes; fail where it is not possible
    On,
    /// No
    Off,
}

impl From<LinkLayerMode> for LinkLayer {
    fn from(mode: LinkLayerMode) -> Self {
        match mode {
            LinkLayerMode::Auto => Self::Auto,
            LinkLayerMode::On => Self::On,
            LinkLayerMode::Off => Self::Off,
        }
    }
}

/// Whether to keep a record.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// Write what is sent and heard into this new file, a capture that decode
    /// and packet analysers read
    #[arg(long, value_name = "FILE.pcapng")]
    pub(crate) record: Option<PathBuf>,
}

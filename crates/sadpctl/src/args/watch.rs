use std::time::Duration;

use clap::Args;

use super::{ReachArgs, RecordArgs, values::duration};
use sadp_text::select::Filter;

/// `watch`.
#[derive(Args, Debug)]
#[command(after_help = "\
On a terminal it fills the screen: by keys devices are marked, activated, given
addresses and more; ? lists them. Elsewhere, and with --plain, it prints a line
for each event. With --format ndjson an event is a JSON object: event is online,
updated, offline or rebooted; device is as for scan; changes lists field, before
and after.

Examples:
  sadpctl watch
  sadpctl watch --where model~DS-2CD --every 30s
  sadpctl watch --format ndjson | jq -r 'select(.event == \"offline\") | .device.mac'")]
pub(crate) struct WatchArgs {
    /// Ask again this often, at least 1s
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = gentle)]
    pub(crate) every: Duration,

    /// Take a device for offline when it is silent so long
    ///
    /// It is asked before. By default twice --every
    #[arg(long, value_name = "DURATION", value_parser = gentle)]
    pub(crate) offline_after: Option<Duration>,

    /// Show only devices that fit, e.g. state=inactive: as for scan
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) filter: Option<Filter>,

    /// Print a line for each event on a terminal too
    #[arg(long)]
    pub(crate) plain: bool,

    #[command(flatten)]
    pub(crate) reach: ReachArgs,

    #[command(flatten)]
    pub(crate) record: RecordArgs,
}

impl WatchArgs {
    /// How long a device may be silent.
    pub(crate) fn offline_after(&self) -> Duration {
        self.offline_after
            .unwrap_or_else(|| self.every.saturating_mul(2))
    }
}

/// Asking more often than this helps nobody and troubles the network.
const SHORTEST: Duration = Duration::from_secs(1);

fn gentle(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time < SHORTEST {
        return Err("write a time of 1s at least".into());
    }
    Ok(time)
}

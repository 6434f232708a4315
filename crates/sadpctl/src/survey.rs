//! How devices are found: what the arguments ask for, and what is shown meanwhile.

use std::net::Ipv4Addr;

use sadp_discovery::{LinkConfig, Notice, ScanConfig};
use sadp_proto::{Endpoint, HostRange, StopCondition, SurveyProgress, Sweep};
use tokio::runtime::{Builder, Runtime};

use sadp_text::{Remedy, with_cause};

use crate::{
    args::{GlobalArgs, ReachArgs},
    failure::{Exit, Failure},
    interrupt,
    terminal::Terminal,
};

/// The scan that the arguments ask for, until asking again brings nothing new. `also` are
/// asked besides the targets.
pub(crate) fn config(
    reach: &ReachArgs,
    global: &GlobalArgs,
    also: impl IntoIterator<Item = Ipv4Addr>,
) -> Result<ScanConfig, Failure> {
    Ok(ScanConfig {
        link: link(reach, global),
        stop: StopCondition::Auto,
        sweep: sweep(reach, also)?,
        broadcast: reach.broadcast,
    })
}

/// The links that the arguments ask for.
pub(crate) fn link(reach: &ReachArgs, global: &GlobalArgs) -> LinkConfig {
    LinkConfig {
        interfaces: global.interfaces.clone(),
        endpoints: vec![Endpoint::sadp(reach.group.group, reach.group.port)],
        link_layer: reach.link_layer.into(),
        recorder: None,
        network: None,
    }
}

/// The sweep that the arguments ask for. `also` are asked besides the targets.
pub(crate) fn sweep(
    reach: &ReachArgs,
    also: impl IntoIterator<Item = Ipv4Addr>,
) -> Result<Option<Sweep>, Failure> {
    let mut targets = reach.targets.clone();
    targets.extend(also.into_iter().map(HostRange::from));
    let sweep = (!targets.is_empty()).then(|| Sweep::new(&targets, reach.rate));
    sweep.transpose().map_err(|error| {
        Failure::new(Exit::Usage, error)
            .hint("name smaller networks with --target, one after the other")
    })
}

/// A runtime for sockets: one thread drains them while the other reads. From
/// now on Ctrl-C is what [`interrupted`] says.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let build = || {
        interrupt::listen()?;
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
    };
    build().map_err(|error| {
        let what = "cannot start the network threads";
        Failure::because(Exit::Machine, what, error).hint("close other programs and try again")
    })
}

/// Tells what limits hearing or asking, and what to do about it.
pub(crate) fn warn(notice: &Notice, terminal: &mut Terminal) {
    terminal.warn(&with_cause(notice));
    terminal.hint(&notice.remedy().to_string());
}

/// What an interrupted scan did not do. `None` where it had no sweep.
pub(crate) fn unfinished(progress: &SurveyProgress) -> Option<String> {
    let sweep = progress.sweep.filter(|sweep| !sweep.is_over)?;
    let again = if sweep.pass > 1 { " a second time" } else { "" };
    Some(format!(
        "interrupted: {} of {} addresses were asked{again}",
        sweep.probed, sweep.addresses
    ))
}

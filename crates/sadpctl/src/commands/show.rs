use sadp_ops::DiscoveredDevice;

use super::{set_up::SetUpReader, survey};
use crate::{
    advice,
    args::{GlobalArgs, ShowArgs},
    failure::{Exit, Failure},
    output, state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // An address may be beyond a router, where only asking it directly helps.
    let config = survey::config(&args.ask, global, args.device.address())?;
    let runtime = survey::runtime()?;
    let mut report = runtime.block_on(survey::run(&config, terminal))?;
    let mut entries = std::mem::take(&mut report.entries);
    state::mark_locks(&mut entries, global, terminal);
    if entries.is_empty() {
        return Err(advice::nothing_found(
            &report,
            !args.ask.reach.targets.is_empty(),
        ));
    }
    let mut found = args
        .device
        .choose_to_read(DiscoveredDevice::assess_all(entries, &report.local))?;
    let reader = SetUpReader {
        runtime: &runtime,
        link: &config.link,
        local: &report.local,
        global,
    };
    // What the device reported by itself is shown all the same.
    if let Err(failure) = reader.read(std::slice::from_mut(&mut found), terminal) {
        terminal.warn(&format!(
            "could not ask which recovery ways are set up: {:#}",
            failure.error
        ));
    }
    output::print_device(&found, global.format, terminal)?;
    Ok(Exit::Done)
}

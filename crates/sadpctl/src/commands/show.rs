use super::survey;
use crate::{
    advice,
    args::{GlobalArgs, ShowArgs},
    failure::{Exit, Failure},
    found::Found,
    output::{self, Layout},
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // An address may be beyond a router, where only asking it directly helps.
    let config = survey::config(&args.ask, global, args.device.address())?;
    let mut report = survey::runtime()?.block_on(survey::run(&config, terminal))?;
    let mut entries = std::mem::take(&mut report.entries);
    state::mark_locks(&mut entries, global, terminal);
    if entries.is_empty() {
        return Err(advice::nothing_found(
            &report,
            !args.ask.reach.targets.is_empty(),
        ));
    }
    let found = args
        .device
        .choose_to_read(Found::assess_all(entries, &report.local))?;
    let layout = Layout {
        width: terminal.width(),
        wide: false,
    };
    output::write_device(terminal.out(), &found, global.format, layout)?;
    Ok(Exit::Done)
}

use sadp_discovery::ScanReport;
use sadp_model::KnownAddresses;
use sadp_ops::DiscoveredDevice;

use super::{list, record, survey};
use crate::{
    advice::{self, Platform},
    args::{GlobalArgs, ListArgs, ScanArgs},
    failure::{Exit, Failure},
    state,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &ScanArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut config = survey::config(&args.ask, global, None)?;
    config.link.recorder = record::begin(&args.record)?;
    let mut report = survey::runtime()?.block_on(survey::run(&config, terminal))?;
    record::tell(&args.record, terminal);
    state::mark_locks(&mut report.entries, global, terminal);
    print_report(report, &args.list, global, terminal, config.sweep.is_some())?;
    Ok(Exit::Done)
}

/// Prints what a scan found and what to do about it. Returns the devices
/// listed.
pub(super) fn print_report(
    mut report: ScanReport,
    args: &ListArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
    targeted: bool,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    let entries = std::mem::take(&mut report.entries);
    let all = entries.len();
    let site = KnownAddresses::new(entries.iter().map(|entry| &entry.device), &report.local);
    let devices = DiscoveredDevice::assess_all(entries, &report.local);
    let printed = list::print(devices, args, global.format, terminal)?;
    if all == 0 {
        return Err(advice::nothing_found(&report, targeted));
    }
    if let Some(filter) = &args.filter
        && printed.is_empty()
    {
        return Err(list::none_chosen(all, filter));
    }
    let left_out = all - printed.len();
    let filtered = if left_out > 0 {
        format!(" ({left_out} more left out by --where)")
    } else {
        String::new()
    };
    let took = advice::seconds(report.progress.elapsed);
    terminal.note(&format!(
        "{}{filtered}; took {took}",
        advice::summary(&printed)
    ));
    for (asker, times) in &report.stats.other_askers {
        let times = count(*times, "time", "times");
        terminal.detail(&format!("another SADP program asked from {asker}, {times}"));
    }
    for hint in advice::hints(&printed, &site, Platform::HERE) {
        terminal.hint(&hint);
    }
    if let Some(hint) = advice::filtered(&report) {
        terminal.hint(&hint);
    }
    Ok(printed)
}

use sadp_model::KnownAddresses;
use sadp_ops::{LedgerAccess, recovery::methods};

use super::{list, record};
use crate::{
    args::{Context, DeviceArgs, ScanArgs},
    failure::{Exit, Failure},
    output,
    run::Run,
    state, survey,
};
use sadp_text::{Platform, count, scan, seconds, with_cause};

pub(super) fn run(args: &ScanArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let mut run = Run::open(&args.ask, None, LedgerAccess::Optional, context)?;
    if let Some(recorder) = record::begin(&args.record)? {
        run.session.record(recorder);
    }
    let (inventory, report) =
        run.block_on(async |session, observer| session.look_until_stopped(observer).await)?;
    let interrupted = run.session.cancellation().stop.is_cancelled();
    let mut context = run.into_context();
    record::tell(&args.record, context.terminal);
    let unfinished = interrupted
        .then(|| survey::unfinished(&report.progress))
        .flatten();
    let all = inventory.devices.len();
    let devices = inventory.devices.iter().map(|found| &*found.entry.device);
    let site = KnownAddresses::new(devices, &inventory.local);
    if all > 0
        && let Err(failure) = state::keep_scan(context.global, &inventory.devices)
    {
        let text = format!(
            "the devices are not kept for completion: {:#}",
            failure.error
        );
        context.terminal.detail(&text);
    }
    let printed = list::print(inventory.devices, &args.list, &mut context)?;
    if all == 0 && unfinished.is_none() {
        let text = sadp_text::nothing_found(&report);
        return Err(Failure::told(Exit::NotFound, text));
    }
    let terminal = context.terminal;
    let left_out = all - printed.len();
    let filtered = if left_out > 0 {
        format!(" ({left_out} more left out by --where)")
    } else {
        String::new()
    };
    let took = seconds(report.progress.elapsed);
    terminal.note(&format!(
        "{}{filtered}; took {took}",
        scan::summary(&printed)
    ));
    for (asker, times) in &report.stats.other_askers {
        let times = count(*times, "time", "times");
        terminal.detail(&format!("another SADP program asked from {asker}, {times}"));
    }
    for hint in scan::hints(&printed, &site, Platform::HERE) {
        terminal.hint(&hint);
    }
    if let Some(hint) = sadp_text::filtered(&report) {
        terminal.hint(&hint.to_string());
    }
    if let Some(hint) = scan::only_frames(&report) {
        terminal.hint(hint);
    }
    match unfinished {
        Some(unfinished) => Err(Failure::words(Exit::Refused, unfinished)
            .hint("run it again for the rest, or name fewer addresses with --target")),
        None => Ok(Exit::Done),
    }
}

/// `show`.
pub(super) fn show(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let format = context.global.format;
    let (mut run, inventory, mut device) = Run::find(args, LedgerAccess::Optional, context)?;
    let read = run.block_on(async |session, observer| {
        let devices = std::slice::from_mut(&mut device);
        methods::read_set_up(session, &inventory, devices, observer).await
    });
    // What the device reported by itself is shown anyway.
    if let Err(error) = read {
        run.terminal.warn(&format!(
            "could not read which recovery methods are set up: {}",
            with_cause(&error)
        ));
    }
    output::print_device(&device, format, run.into_terminal())?;
    Ok(Exit::Done)
}

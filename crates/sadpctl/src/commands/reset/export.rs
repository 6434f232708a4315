//! Requests for the vendor's support, on the disk the moment a device tells them.

mod choose;
mod contact;
mod write;

use sadp_discovery::{Pace, ScanConfig};
use sadp_proto::Command;
use sadp_reset::{Action, RequestCommand, RequestKind};
use tokio::runtime::Runtime;

use self::{
    choose::{Choice, Fit},
    write::Writer,
};
use super::{past::Past, qr};
use crate::{
    args::{ChangeArgs, ExportArgs, GlobalArgs},
    commands::{
        batch::{self, Order, Orders, Sending, Site},
        survey,
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    output::Format,
    select::DeviceName,
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ExportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        force: false,
    };
    batch::check_format(global)?;
    batch::must_be_asked(change)?;
    let contact = contact::read(args.contact.as_deref(), terminal)?;
    let named = args.choice.devices.iter();
    let config = survey::config(&args.ask, global, named.filter_map(DeviceName::address))?;
    let runtime = survey::runtime()?;
    let mut site = Site::look(&runtime, &config, global, terminal)?;
    let chosen = batch::choose(&args.choice, std::mem::take(&mut site.devices))?;
    let past = Past::open(global)?;
    let mut choice = Choice::of(chosen, args, (&past, global))?;
    if Terminal::can_ask() && !change.yes && !change.dry_run {
        choice.ask_for_waiting(&runtime, terminal);
    }
    let (fit, mut outcomes) = choice.settle();
    if change.dry_run || fit.is_empty() {
        outcomes.extend(fit.iter().map(planned));
        return batch::print(&outcomes, None, global, terminal);
    }
    let devices: Vec<_> = fit.iter().map(|fit| fit.found.clone()).collect();
    let plan = batch::plan(
        "a request to the vendor's support is exported from",
        &devices,
    );
    batch::confirm(&runtime, &plan, change, terminal)?;
    let mut writer = Writer::new(&args.out, contact)?;
    let there = There {
        runtime: &runtime,
        config: &config,
        site: &site,
        parallel: args.parallel.into(),
    };
    let (exported, trouble) = export(fit, &mut writer, there, (global, &mut *terminal))?;
    outcomes.extend(exported);
    let exit = batch::print(&outcomes, trouble, global, terminal);
    if let (Format::Table, [_], Some(code)) = (global.format, &outcomes[..], writer.key_request()) {
        qr::draw(code, terminal)?;
    }
    exit
}

/// How devices are reached.
#[derive(Clone, Copy)]
struct There<'a> {
    runtime: &'a Runtime,
    config: &'a ScanConfig,
    site: &'a Site,
    parallel: usize,
}

/// Exports a request of each device, and says what ended it on this machine.
fn export(
    fit: Vec<Fit>,
    writer: &mut Writer,
    there: There<'_>,
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<(Vec<Outcome>, Option<Failure>), Failure> {
    let (asked, known): (Vec<_>, Vec<_>) = fit.into_iter().partition(|fit| command(fit).is_some());
    let mut outcomes = Vec::new();
    if !known.is_empty() {
        let mut ledger = state::open(global)?;
        for fit in known {
            // What it said in the scan is all there is to its request.
            let told = Outcome::new(&fit.found, Action::ExportRequest, Ending::Done, "done");
            let written = writer.write(&mut ledger, &fit, None);
            outcomes.push(writer.conclude(&fit, told));
            if let Err(failure) = written {
                return Ok((outcomes, Some(failure)));
            }
        }
    }
    if asked.is_empty() {
        return Ok((outcomes, None));
    }
    let order = |fit: &Fit| {
        let found = fit.found.clone();
        command(fit).map(|command| Order { found, command })
    };
    let orders: Vec<_> = asked.iter().filter_map(order).collect();
    let keep = |ledger: &mut _, arrived: batch::Arrived<'_>| match asked.get(arrived.place) {
        Some(fit) => writer.keep(ledger, fit, arrived.reply),
        None => Ok(()),
    };
    let sending = Sending {
        action: Action::ExportRequest,
        // It carries no secret.
        pace: Pace::Together,
        parallel: there.parallel,
        link: &there.config.link,
        local: &there.site.local,
    };
    let orders = Orders::keeping(orders, keep);
    let sent = batch::send(there.runtime, sending, orders, (global, terminal))?;
    for (fit, (_, outcome)) in asked.iter().zip(sent.outcomes) {
        outcomes.push(writer.conclude(fit, outcome));
    }
    Ok((outcomes, sent.trouble))
}

/// What brings a device's code. Legacy devices have none.
fn command(fit: &Fit) -> Option<Command> {
    Some(match fit.kind.command()? {
        RequestCommand::GetCode => Command::GetCode,
        RequestCommand::GetEncryptString => Command::GetEncryptString,
    })
}

fn planned(fit: &Fit) -> Outcome {
    let message = match fit.kind {
        RequestKind::LegacyCode => "would write what support needs to know, and ask it nothing",
        RequestKind::File => "would export a request file",
        RequestKind::FileOrKey => "would export a request file and its QR code",
    };
    Outcome::new(&fit.found, Action::ExportRequest, Ending::Planned, message)
}

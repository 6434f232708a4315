use std::{io::Write as _, path::Path};

use sadp_model::State;
use sadp_ops::{
    LedgerAccess,
    network::{AddressRange, Proposal},
};
use sadp_text::{Sheet, count};

use crate::{
    args::{Context, NetPlanArgs},
    commands::list,
    failure::{Exit, Failure},
    output::Format,
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(args: &NetPlanArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let format = context.global.format;
    if !matches!(format, Format::Table | Format::Csv | Format::Xlsx) {
        let message = "a plan is CSV or a workbook, in no other format";
        let hint = "leave --format out, or use --out plan.xlsx";
        return Err(Failure::usage(message).hint(hint));
    }
    let file = context.global.out.as_deref();
    let mut run = Run::open(&args.ask, None, LedgerAccess::Read, context)?;
    let inventory = run.look()?;
    let filter = args.filter.as_ref();
    let mut chosen = list::of_all(&inventory, filter)?;
    let mut others = inventory.devices;
    others.retain(|found| filter.is_some_and(|filter| !filter.holds(found)));
    let range = AddressRange {
        first: args.from,
        mask: args.mask,
        gateway: args.gateway,
    };
    let mut keeping = 0;
    if !args.all && filter.is_none() {
        let split = range.split(chosen, &inventory.local);
        let (needing, kept) = split.map_err(|error| Failure::remedied(Exit::Usage, error))?;
        keeping = kept.len();
        chosen = needing;
        others.extend(kept);
    }
    let proposal = Proposal::new(chosen, &others, &inventory.local, range);
    let proposal = proposal.map_err(|error| Failure::remedied(Exit::Usage, error))?;
    let terminal = run.into_terminal();
    if format == Format::Xlsx {
        let (titles, rows) = proposal.table();
        let name = "Plan";
        let bytes = Sheet::workbook(&[Sheet { name, titles, rows }])?;
        terminal.out().write_all(&bytes)?;
    } else {
        proposal.write(terminal.out())?;
    }
    terminal.flush()?;
    show(&proposal, keeping, terminal);
    if !proposal.rows.is_empty() {
        let file = file.unwrap_or_else(|| Path::new("plan.csv")).display();
        terminal.hint(&format!("check the plan, then: sadpctl net apply {file}"));
    }
    Ok(Exit::Done)
}

fn show(proposal: &Proposal, keeping: usize, terminal: &mut Terminal) {
    let planned = count(proposal.rows.len() as u64, "device", "devices");
    terminal.note(&format!("{planned} planned; nothing was sent"));
    if let (Some((_, first)), Some((_, last))) = (proposal.rows.first(), proposal.rows.last()) {
        let gateway = first.gateway();
        let gateway = gateway.map_or_else(|| "none".into(), |gateway| gateway.to_string());
        terminal.note(&format!(
            "addresses {} to {}, mask {}, gateway {gateway}; --mask and --gateway give others",
            first.address(),
            last.address(),
            first.mask()
        ));
    }
    if keeping > 0 {
        let kept = count(keeping as u64, "device keeps its", "devices keep their");
        terminal.note(&format!("{kept} address; --all plans new ones for all"));
    }
    if proposal.rows.is_empty() {
        return;
    }
    if !proposal.left_out.is_empty() {
        let left_out = count(proposal.left_out.len() as u64, "device", "devices");
        terminal.warn(&format!(
            "{left_out} left out, without a MAC or with one that another has"
        ));
    }
    if proposal.gateway.is_none() {
        terminal.warn("no gateway is known there, so the plan has none: --gateway gives one");
    }
    let states = proposal.rows.iter().map(|(it, _)| it.entry.device.state);
    let unactivated = states.filter(|it| *it == Some(State::Unactivated)).count();
    if unactivated > 0 {
        terminal.hint(&format!(
            "{} must be activated first: sadpctl activate",
            count(unactivated as u64, "device", "devices")
        ));
    }
}

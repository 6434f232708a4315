use sadp_model::State;
use sadp_ops::{
    LedgerAccess,
    network::{AddressRange, Proposal},
};
use sadp_text::Remedy;

use crate::{
    args::{GlobalArgs, NetPlanArgs},
    commands::list,
    failure::{Exit, Failure},
    output::Format,
    run::Run,
    select,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &NetPlanArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if !matches!(global.format, Format::Table | Format::Csv) {
        return Err(
            Failure::words(Exit::Usage, "a plan is CSV, in no other format")
                .hint("leave --format out"),
        );
    }
    let mut run = Run::open(&args.ask, None, LedgerAccess::Read, global, terminal)?;
    let inventory = run.look()?;
    let all = inventory.devices.len();
    let filter = args.filter.as_ref();
    let (mut chosen, others): (Vec<_>, Vec<_>) = inventory
        .devices
        .into_iter()
        .partition(|found| filter.is_none_or(|filter| filter.holds(found)));
    if let Some(filter) = filter.filter(|_| chosen.is_empty()) {
        return Err(list::none_chosen(all, filter));
    }
    select::by_urgency(&mut chosen);
    let range = AddressRange {
        first: args.from,
        mask: args.mask,
        gateway: args.gateway,
    };
    let proposal = Proposal::new(chosen, &others, &inventory.local, range);
    let proposal = proposal.map_err(|error| {
        let hint = error.remedy();
        Failure::new(Exit::Usage, error).hint(hint)
    })?;
    let terminal = run.into_terminal();
    proposal.write(terminal.out())?;
    terminal.flush()?;
    show(&proposal, terminal);
    Ok(Exit::Done)
}

fn show(proposal: &Proposal, terminal: &mut Terminal) {
    let planned = count(proposal.rows.len() as u64, "device", "devices");
    terminal.note(&format!("{planned} planned; nothing was sent"));
    if !proposal.left_out.is_empty() {
        let left_out = count(proposal.left_out.len() as u64, "device", "devices");
        terminal.warn(&format!(
            "{left_out} left out, without a MAC or with one that another has"
        ));
    }
    if proposal.gateway.is_none() {
        terminal.warn("no gateway is known there, so the plan has none: --gateway gives one");
    }
    let states = proposal
        .rows
        .iter()
        .map(|(found, _)| found.entry.device.state);
    let unactivated = states
        .filter(|state| *state == Some(State::Unactivated))
        .count();
    if unactivated > 0 {
        terminal.hint(&format!(
            "{} must be activated first: sadpctl activate",
            count(unactivated as u64, "device", "devices")
        ));
    }
    terminal.hint("look the plan over, then: sadpctl net apply plan.csv");
}

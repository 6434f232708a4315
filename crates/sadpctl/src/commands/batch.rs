//! What every command that asks something of devices does: look, choose, ask,
//! send, look again, tell.

mod consent;
mod reply;
mod send;
mod site;
mod stopped;
mod vet;

pub(crate) use self::consent::{GO_ON, confirm, not_confirmed, plan};
pub(super) use self::{
    consent::{ask, must_be_asked},
    send::{Arrived, Order, Orders, Sending, Sent, guarded, send},
    site::Site,
    vet::vet,
};
pub(super) use super::list::choose;
use crate::{
    args::GlobalArgs,
    failure::{Exit, Failure},
    outcome::{self, Outcome, Who},
    output::{self, Format},
    terminal::Terminal,
};

/// Refuses formats that outcomes do not have, before anything is done.
pub(crate) fn check_format(global: &GlobalArgs) -> Result<(), Failure> {
    let checked = global.format.check::<Outcome>();
    checked.map_err(|failure| failure.hint("nothing was sent"))
}

/// Prints outcomes and what to do next. `trouble` is what ended the batch on
/// this machine; it outweighs them.
pub(crate) fn print(
    outcomes: &[Outcome],
    trouble: Option<Failure>,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // What was done is told, whatever was asked for.
    let format = match global.format {
        format if format.is_of::<Outcome>() => format,
        _ => Format::Table,
    };
    let written = output::print(outcomes, format, terminal);
    // What was done must be told somewhere, whatever becomes of the output.
    terminal.note(&outcome::summary(outcomes));
    for (next, who) in next_steps(outcomes) {
        let names = names(&who);
        // What became of a file may be about no device.
        let whose = if names.is_empty() {
            names
        } else {
            names + ": "
        };
        terminal.hint(&format!("{whose}{next}"));
    }
    let unwritten = written.err().filter(|failure| !failure.is_broken_pipe());
    match trouble.or(unwritten) {
        Some(failure) => Err(failure),
        None => Ok(outcome::exit(outcomes)),
    }
}

/// The steps to take, each once, with the devices they are for.
fn next_steps(outcomes: &[Outcome]) -> Vec<(&str, Vec<&Who>)> {
    let mut steps: Vec<(&str, Vec<&Who>)> = Vec::new();
    for outcome in outcomes {
        let Some(next) = outcome.next.as_deref() else {
            continue;
        };
        match steps.iter_mut().find(|(step, _)| *step == next) {
            Some((_, who)) => who.push(&outcome.device),
            None => steps.push((next, vec![&outcome.device])),
        }
    }
    steps
}

/// The devices by MAC, the first few of them.
fn names(who: &[&Who]) -> String {
    const NAMED: usize = 3;
    let name = |who: &&Who| who.mac.clone().or_else(|| who.serial.clone());
    let mut names: Vec<_> = who.iter().take(NAMED).filter_map(name).collect();
    if who.len() > NAMED {
        names.push(format!("{} more", who.len() - NAMED));
    }
    names.join(", ")
}

//! Network settings: of one device, and of many by a plan.

mod apply;
mod plan;
mod set;

use sadp_ops::LedgerAccess;

use super::list::ToRead;
use crate::{
    args::{Context, DeviceArgs, NetCommand},
    failure::{Exit, Failure},
    output::{self, Format},
    run::Run,
};

pub(super) fn run(command: &NetCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        NetCommand::Show(args) => show(args, context),
        NetCommand::Set(args) => set::run(args, context),
        NetCommand::Plan(args) => plan::run(args, context),
        NetCommand::Apply(args) => apply::run(args, context),
    }
}

fn show(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let format = context.global.format;
    let (run, _, found) = Run::find(&ToRead(args), LedgerAccess::Read, context)?;
    let terminal = run.into_terminal();
    if format == Format::Table {
        output::write_network(terminal.out(), &found)?;
        return Ok(Exit::Done);
    }
    output::print_device(&found, format, terminal)?;
    Ok(Exit::Done)
}

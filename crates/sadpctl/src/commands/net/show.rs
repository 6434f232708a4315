use sadp_ops::LedgerAccess;

use crate::{
    args::{Context, DeviceArgs},
    commands::list::ToRead,
    failure::{Exit, Failure},
    output::{self, Format},
    run::Run,
};

pub(super) fn run(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
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

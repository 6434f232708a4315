use sadp_ops::LedgerAccess;

use crate::{
    args::{GlobalArgs, NetShowArgs},
    failure::{Exit, Failure},
    output::{self, Format},
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(
    args: &NetShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let address = args.device.address();
    let mut run = Run::open(&args.ask, address, LedgerAccess::Read, global, terminal)?;
    let inventory = run.look()?;
    let found = args.device.choose_to_read(inventory.devices)?;
    let terminal = run.into_terminal();
    if global.format == Format::Table {
        output::write_network(terminal.out(), &found)?;
        return Ok(Exit::Done);
    }
    output::print_device(&found, global.format, terminal)?;
    Ok(Exit::Done)
}

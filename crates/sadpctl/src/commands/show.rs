use sadp_ops::{LedgerAccess, recovery::methods};
use sadp_text::with_cause;

use crate::{
    args::{GlobalArgs, ShowArgs},
    failure::{Exit, Failure},
    output,
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    // An address may be beyond a router, where only asking it directly helps.
    let address = args.device.address();
    let mut run = Run::open(&args.ask, address, LedgerAccess::Optional, global, terminal)?;
    let inventory = run.look_until_stopped()?;
    let mut device = args.device.choose_to_read(inventory.devices.clone())?;
    let read = run.block_on(async |session, observer| {
        let devices = std::slice::from_mut(&mut device);
        methods::read_set_up(session, &inventory, devices, observer).await
    });
    let terminal = run.into_terminal();
    // What the device reported by itself is shown all the same.
    if let Err(error) = read {
        terminal.warn(&format!(
            "could not ask which recovery ways are set up: {}",
            with_cause(&error)
        ));
    }
    output::print_device(&device, global.format, terminal)?;
    Ok(Exit::Done)
}

use sadp_ops::{LedgerAccess, recovery::methods};
use sadp_text::with_cause;

use super::list::ToRead;
use crate::{
    args::{Context, DeviceArgs},
    failure::{Exit, Failure},
    output,
    run::{Run, Target},
};

pub(super) fn run(args: &DeviceArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let target = ToRead(args);
    let format = context.global.format;
    // An address may be beyond a router, where only asking it directly helps.
    let addresses = target.addresses();
    let mut run = Run::open(&args.ask, addresses, LedgerAccess::Optional, context)?;
    let inventory = run.look_until_stopped()?;
    let mut device = target.choose(&inventory)?;
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

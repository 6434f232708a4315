use sadp_ops::{
    LedgerAccess, Report,
    locate::{self, Lamp},
};

use crate::{
    args::{GlobalArgs, LocateArgs, Switch},
    failure::{Exit, Failure},
    output,
    run::Run,
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &LocateArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    output::check_outcomes(global.format)?;
    let access = if args.dry_run {
        LedgerAccess::Read
    } else {
        LedgerAccess::Write
    };
    let mut run = Run::open(&args.ask, args.device.address(), access, global, terminal)?;
    let inventory = run.look()?;
    let device = args.device.choose(inventory.devices.clone())?;
    let lamp = match args.lamp {
        Some(Switch::On) => Lamp::On,
        Some(Switch::Off) => Lamp::Off,
        None => Lamp::For(args.duration),
    };
    let plan = locate::plan(&run.session, device, lamp).map_err(state::failed)?;
    if args.dry_run || plan.devices.is_empty() {
        return run.print(Report::new(plan.into_outcomes()));
    }
    run.carry_out(async |session, observer| plan.carry_out(session, &inventory, observer).await)
}

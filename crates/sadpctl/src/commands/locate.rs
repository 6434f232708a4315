use sadp_ops::{
    LedgerAccess,
    locate::{self, Lamp},
};

use crate::{
    args::{Context, LocateArgs},
    failure::{Exit, Failure},
    output,
    run::Run,
};

pub(super) fn run(args: &LocateArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let (run, inventory, device) = Run::find(&args.target, LedgerAccess::Record, context)?;
    let lamp = match args.lamp {
        Some(true) => Lamp::On,
        Some(false) => Lamp::Off,
        None => Lamp::For(args.duration),
    };
    let plan = locate::plan(&run.session, device, lamp)?;
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    run.carry_out(async |session, observer| plan.carry_out(session, &inventory, observer).await)
}

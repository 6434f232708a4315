use sadp_ops::{
    DeviceName, Report,
    activate::{self, Activation},
};

use super::{list, new_password};
use crate::{
    args::{ActivateArgs, GlobalArgs},
    failure::{Exit, Failure},
    run::{self, Run},
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ActivateArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    run::check(args.change, global)?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let also = args.choice.devices.iter().filter_map(DeviceName::address);
    let mut run = Run::open(&args.ask, also, args.change.access(), global, terminal)?;
    let inventory = run.look()?;
    let devices = list::choose(&args.choice, inventory.devices.clone())?;
    let plan = activate::plan(&run.session, devices, args.change.overrides());
    let plan = plan.map_err(state::failed)?;
    let wanted = !args.change.dry_run && !plan.devices.is_empty();
    let Some(password) = password.filter(|_| wanted) else {
        return run.print(Report::new(plan.into_outcomes()));
    };
    run.confirm("the first password is set on", &plan.devices, args.change)?;
    let activation = Activation {
        inventory: &inventory,
        password: &password,
        parallel: args.parallel.into(),
        settle: args.settle.settle,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, activation, observer).await)
}

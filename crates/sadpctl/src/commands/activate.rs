use sadp_ops::activate::{self, Activation};
use sadp_text::{Announcement, already_active};

use super::new_password;
use crate::{
    args::{ActivateArgs, Context},
    failure::{Exit, Failure},
    run::{self, Run},
};

pub(super) fn run(args: &ActivateArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let password = new_password::pending(&args.password, args.change)?;
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change.access(), context)?;
    let plan = activate::plan(
        &run.session,
        devices,
        args.change.overrides(),
        !args.choice.all,
    )?;
    if plan.already_active > 0 {
        run.terminal.note(&already_active(plan.already_active));
    }
    let devices = &plan.selection.devices;
    let wanted = !args.change.dry_run && !devices.is_empty();
    if !wanted {
        if !args.change.dry_run {
            plan.record_earlier(&mut run.session)?;
        }
        return run.print_planned(plan.selection.into_outcomes());
    }
    run.confirm(&Announcement::ACTIVATE.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let activation = Activation {
            inventory: &inventory,
            password: &password,
            parallel: args.parallel.into(),
            settle: args.settle.settle,
        };
        plan.carry_out(session, activation, observer).await
    })
}

//! `time`: the clocks of devices, shown and set.

use sadp_ops::{check::LoginTrial, time};
use sadp_text::Announcement;

use crate::{
    args::{Context, LoginArgs, TimeCommand, TimeSetArgs},
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret,
};

pub(super) fn run(command: &TimeCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        TimeCommand::Show(args) => show(args, context),
        TimeCommand::Set(args) => set(args, context),
    }
}

fn show(args: &LoginArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let reached = args.reached()?;
    let password = secret::current(args.dry_run, &args.password)?;
    let (run, _, devices) = Run::find_for_http(&args.choice, args.access(), context)?;
    let plan = time::plan(&run.session, args.chosen(devices), None)?;
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let login = LoginTrial::new(&password, args.force.overrides);
        plan.carry_out(session, &reached, login, observer).await
    })
}

fn set(args: &TimeSetArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let (wanted, args) = (args.wanted.settings(), &args.change);
    run::check(args.change, context.global)?;
    let reached = args.reached()?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let (mut run, _, devices) = Run::find_for_http(&args.choice, args.change, context)?;
    let announcement = Announcement::time(&wanted);
    let plan = time::plan(&run.session, args.chosen(devices), Some(wanted))?;
    let devices = &plan.selection.devices;
    if args.change.dry_run || devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    run.confirm(&announcement.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let login = LoginTrial::new(&password, args.change.overrides());
        plan.carry_out(session, &reached, login, observer).await
    })
}

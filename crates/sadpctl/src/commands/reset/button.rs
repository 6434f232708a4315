//! The reset button: what to do at the device, the wait until it is back without a
//! password, and its first password.

use sadp_ops::{
    Inventory, LedgerAccess, Overrides, Report,
    activate::{self, Activation},
    recovery::button::{self, Plan, Reset, Settings},
};
use sadp_proto::Sweep;
use sadp_text::{Announcement, ButtonSteps};
use secrecy::SecretString;

use crate::{
    args::{ButtonArgs, ChangeArgs, Context},
    commands::new_password,
    failure::{Exit, Failure},
    output,
    run::Run,
    terminal::Terminal,
};

pub(super) fn run(args: &ButtonArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let change = ChangeArgs {
        yes: args.activate,
        dry_run: false,
        force: args.force,
    };
    // A password that will not do is reported before the wait.
    let (access, password) = if args.activate {
        let password = new_password::pending(&args.password, change)?;
        (LedgerAccess::Read, Some(password.get(context.terminal)?))
    } else {
        (LedgerAccess::Optional, None)
    };
    let (mut run, inventory, device) = Run::find(&args.target, access, context)?;
    let plan = button::plan(device, &inventory.local, change.overrides());
    let reset = follow(plan, args, &mut run);
    let report = Report::new(vec![reset.outcome]);
    let Some(inventory) = reset.unactivated else {
        return run.print(report);
    };
    let password = match password {
        None if Terminal::can_ask() => ask(args, &mut run),
        password => Ok(password),
    };
    match password {
        Ok(Some(password)) => activate(&inventory, &password, run),
        Ok(None) => run.print(report),
        Err(failure) => run.print_after(report, Some(failure), None),
    }
}

/// Tells what to do at the device and waits until it is done, unless that was settled
/// before.
fn follow(plan: Result<Plan, Box<Reset>>, args: &ButtonArgs, run: &mut Run<'_>) -> Reset {
    let plan = match plan {
        Ok(plan) => plan,
        Err(reset) => {
            if reset.unactivated.is_some() {
                run.terminal.note(&sadp_text::message(&reset.outcome));
            }
            return *reset;
        }
    };
    let device = &plan.device.entry.device;
    let steps = ButtonSteps::new(device, &plan.fit);
    run.terminal.tell(&steps.to_string());
    let (limit, sweep) = (args.limit, single_targets(args));
    let settings = Settings { limit, sweep };
    run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)
}

/// Sets the first password.
fn activate(
    inventory: &Inventory,
    password: &SecretString,
    mut run: Run<'_>,
) -> Result<Exit, Failure> {
    run.claim()?;
    let devices = inventory.devices.clone();
    let plan = activate::plan(&run.session, devices, Overrides::default(), true)?;
    let devices = &plan.selection.devices;
    if !devices.is_empty() {
        let question = Announcement::ACTIVATE.question(devices);
        run.terminal.note(&question.plan);
    }
    let activation = Activation {
        inventory,
        password,
        parallel: 1,
        settle: sadp_ops::SETTLE,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, activation, observer).await)
}

/// The targets that were named one by one: networks take too long while waiting.
fn single_targets(args: &ButtonArgs) -> Option<Sweep> {
    let reach = &args.target.ask.reach;
    let mut targets = reach.targets.clone();
    targets.retain(|hosts| hosts.single().is_some());
    let sweep = Sweep::new(&targets, reach.rate).ok();
    sweep.filter(|_| !targets.is_empty())
}

/// Asks for the first password. `None` where it is not wanted now.
fn ask(args: &ButtonArgs, run: &mut Run<'_>) -> Result<Option<SecretString>, Failure> {
    if !run.prompt_yes_no("Activate it now?") {
        return Ok(None);
    }
    let change = ChangeArgs {
        yes: false,
        dry_run: false,
        force: args.force,
    };
    let password = new_password::pending(&args.password, change)?;
    let loaded = run.wait_for(move || password.load());
    Ok(loaded.transpose()?.map(|given| given.told(run.terminal)))
}

//! The reset button: what to do at the device, the wait until it is back without a
//! password, and its first password.

use sadp_ops::{
    LedgerAccess, Overrides, Report,
    activate::{self, Activation},
    recovery::button::{self, Reset, Settings},
};
use sadp_proto::Sweep;
use sadp_text::Announcement;
use secrecy::SecretString;

use crate::{
    args::{ButtonArgs, ChangeArgs, Context},
    commands::new_password,
    failure::{Exit, Failure},
    output,
    run::Run,
    secret::Secret,
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
        let password = new_password::read(&args.password, change, context.terminal)?;
        (LedgerAccess::Read, password)
    } else {
        (LedgerAccess::Optional, None)
    };
    let (mut run, inventory, device) = Run::find(&args.target, access, context)?;
    let reset = match button::plan(device, &inventory.local, change.overrides()) {
        Ok(plan) => {
            let device = &plan.device.entry.device;
            run.terminal
                .tell(&sadp_text::button_steps(device, &plan.fit));
            let settings = Settings {
                limit: args.limit,
                sweep: single_targets(args),
            };
            run.block_on(async |session, observer| {
                plan.carry_out(session, settings, observer).await
            })
        }
        Err(reset) => {
            if reset.unactivated.is_some() {
                run.terminal.note(&sadp_text::message(&reset.outcome));
            }
            *reset
        }
    };
    let Reset {
        outcome,
        unactivated: Some(inventory),
    } = reset
    else {
        return run.print_planned(vec![reset.outcome]);
    };
    let outcome = Report::new(vec![outcome]);
    let password = match password {
        None if Terminal::can_ask() => match ask(args, &mut run) {
            Ok(password) => password,
            Err(failure) => return run.print_after(outcome, Some(failure), None),
        },
        password => password,
    };
    let Some(password) = password else {
        return run.print(outcome);
    };
    run.claim()?;
    let devices = inventory.devices.clone();
    let plan = activate::plan(&run.session, devices, Overrides::default(), true)?;
    let devices = &plan.selection.devices;
    if devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    run.terminal
        .note(&Announcement::ACTIVATE.question(devices).plan);
    let activation = Activation {
        inventory: &inventory,
        password: &password,
        parallel: 1,
        settle: sadp_ops::SETTLE,
    };
    run.carry_out(async |session, observer| plan.carry_out(session, activation, observer).await)
}

/// The targets that were named one by one: networks take too long while waiting.
fn single_targets(args: &ButtonArgs) -> Option<Sweep> {
    let reach = &args.target.ask.reach;
    let mut targets = reach.targets.clone();
    targets.retain(|network| network.prefix_len() == 32);
    let sweep = Sweep::new(&targets, reach.rate).ok();
    sweep.filter(|_| !targets.is_empty())
}

/// Asks for the first password. `None` where it is not wanted now.
fn ask(args: &ButtonArgs, run: &mut Run<'_>) -> Result<Option<SecretString>, Failure> {
    if !run.prompt_yes_no("Activate it now?") {
        return Ok(None);
    }
    let file = args.password.new_password_file.clone();
    let Some(password) = run.wait_for(move || Secret::NEW.load(file.as_deref())) else {
        return Ok(None);
    };
    let password = password?.told(run.terminal);
    new_password::check(&password, args.force.overrides, run.terminal)?;
    Ok(Some(password))
}

use sadp_ops::{
    DeviceRef, DiscoveredDevice, Inventory, NextStep, OutcomeStatus, Report,
    activate::{self, Activation},
    recovery::prepare::{Settings, WantedPreparation},
    verify::{self, Verification},
};
use sadp_reset::{Action, DeviceKey};
use sadp_text::{Announcement, already_active, answers_kept, count};

use super::{
    new_password::{self, NewPassword},
    reset,
};
use crate::{
    args::{ActivateArgs, ActivationVia, ChangeArgs, Context},
    failure::{Exit, Failure},
    run::{self, Run},
    secret::PendingSecret,
    terminal::Terminal,
};

pub(super) fn run(args: &ActivateArgs, context: Context<'_>) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let reached = args.verify.access()?;
    let password = new_password::pending(&args.password, args.change)?;
    if args.via == ActivationVia::Http {
        return over_http(args, password, context);
    }
    let (wanted, passphrase) = wanted(args)?.unzip();
    let passphrase = passphrase.flatten();
    let (mut run, inventory, devices) = Run::find(&args.choice, args.change, context)?;
    let (overrides, named) = (args.change.overrides(), !args.choice.all);
    let plan = activate::plan(&run.session, devices, overrides, named)?;
    note_active(&plan, run.terminal);
    let devices = &plan.selection.devices;
    if args.change.dry_run || devices.is_empty() {
        return end_planned(plan, run, args.change);
    }
    let announcement = match &wanted {
        Some(_) => Announcement::ACTIVATE_AND_PREPARE,
        None => Announcement::ACTIVATE,
    };
    run.confirm(&announcement.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    let passphrase = passphrase.map(|it| it.get(run.terminal)).transpose()?;
    let mut report = run.block_on(async |session, observer| {
        let activation = Activation {
            inventory: &inventory,
            password: &password,
            parallel: args.parallel.into(),
            settle: args.settle.settle,
        };
        plan.carry_out(session, activation, observer).await
    })?;
    let settings = Settings {
        inventory: &inventory,
        password: &password,
        passphrase: passphrase.as_ref(),
        parallel: args.parallel.into(),
        settle: args.settle.settle,
    };
    let wanted = wanted.filter(|_| report.failure.is_none());
    let later = wanted.and_then(|it| prepare(&mut report, it, settings, &mut run).err());
    let verification = args.verify.verification(&password, &reached);
    if let (Some(verification), None) = (verification, &later) {
        run.block_on(async |session, observer| {
            verify::verify(session, &mut report, verification, observer).await;
        });
    }
    drop((password, passphrase));
    run.print_after(report, later, None)
}

fn note_active<T>(plan: &activate::Plan<T>, terminal: &mut Terminal) {
    if plan.already_active > 0 {
        terminal.note(&already_active(plan.already_active));
    }
}

/// Ends where nothing is to be sent. What is proven of earlier runs is written down, unless
/// this is a dry run.
fn end_planned<T>(
    plan: activate::Plan<T>,
    mut run: Run<'_>,
    change: ChangeArgs,
) -> Result<Exit, Failure> {
    if !change.dry_run {
        plan.record_earlier(&mut run.session)?;
    }
    run.print_planned(plan.selection.into_outcomes())
}

/// `activate --via http`.
fn over_http(
    args: &ActivateArgs,
    password: NewPassword,
    context: Context<'_>,
) -> Result<Exit, Failure> {
    let reached = args.verify.access()?;
    if args.prepare {
        let message = "recovery is prepared over SADP, not with --via http";
        return Err(Failure::usage(message)
            .hint("leave out --prepare, and prepare it afterwards: sadpctl reset prepare DEVICE"));
    }
    let (mut run, _, devices) = Run::find_for_http(&args.choice, args.change, context)?;
    let overrides = args.change.overrides();
    let plan = run.block_on(async |session, observer| {
        activate::plan_over_http(session, devices, overrides, !args.choice.all, observer).await
    })?;
    note_active(&plan, run.terminal);
    let devices = &plan.selection.devices;
    if args.change.dry_run || devices.is_empty() {
        return end_planned(plan, run, args.change);
    }
    let announcement = if plan.is_v3() {
        Announcement::ACTIVATE_OVER_HTTP_V3
    } else {
        Announcement::ACTIVATE_OVER_HTTP
    };
    run.confirm(&announcement.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let (password, access) = (&password, &reached);
        let verification = Verification { password, access };
        plan.carry_out(session, verification, args.verify.verify, observer)
            .await
    })
}

/// What is to be prepared afterwards, if anything.
fn wanted(
    args: &ActivateArgs,
) -> Result<Option<(WantedPreparation, Option<PendingSecret>)>, Failure> {
    if args.prepare {
        return reset::prepare::read(&args.preparation, args.change).map(Some);
    }
    match args.preparation.given() {
        Some(option) => {
            let message = format!("{option} says how recovery is prepared, which needs --prepare");
            Err(Failure::usage(message).hint("add --prepare; nothing was sent"))
        }
        None => Ok(None),
    }
}

/// Prepares recovery of the devices that were activated. What became of that is added to
/// the report.
fn prepare(
    report: &mut Report,
    wanted: WantedPreparation,
    settings: Settings<'_>,
    run: &mut Run<'_>,
) -> Result<(), Failure> {
    for outcome in &mut report.outcomes {
        outcome
            .next
            .take_if(|it| matches!(it, NextStep::Prepare(_)));
    }
    let (inventory, devices) = find_again(&activated(report), run)?;
    let plan = run.block_on(async |session, observer| {
        wanted.plan(session, &inventory, devices, observer).await
    })?;
    let answers = plan.keep_answers()?.map(answers_kept);
    for note in reset::prepare::unwanted(&plan).into_iter().chain(answers) {
        run.terminal.note(&note);
    }
    let settings = Settings {
        inventory: &inventory,
        ..settings
    };
    let prepared =
        run.block_on(async |session, observer| plan.carry_out(session, settings, observer).await)?;
    report.outcomes.extend(prepared.outcomes);
    report.failure = prepared.failure;
    Ok(())
}

/// The devices that were activated.
fn activated(report: &Report) -> Vec<DeviceKey> {
    let outcomes = report.outcomes.iter();
    let activated =
        outcomes.filter(|it| it.action == Action::Activate && it.status == OutcomeStatus::Done);
    let keys = activated.filter_map(|it| {
        let DeviceRef { mac, serial, .. } = &it.device;
        DeviceKey::new(*mac, serial.clone())
    });
    keys.collect()
}

/// Looks for devices that restarted, and warns of those that are not back.
fn find_again(
    keys: &[DeviceKey],
    run: &mut Run<'_>,
) -> Result<(Inventory, Vec<DiscoveredDevice>), Failure> {
    let inventory =
        run.look_by(async |session, observer| session.look_with(keys, observer).await)?;
    let all = inventory.devices.iter();
    let found = all.filter(|it| keys.iter().any(|key| it.is(key)));
    let devices: Vec<_> = found.cloned().collect();
    let missing = keys.len().saturating_sub(devices.len());
    if missing > 0 {
        let missing = count(missing as u64, "device was", "devices were");
        let terminal = &mut *run.terminal;
        terminal.warn(&format!("{missing} not found again, and not prepared"));
        terminal.hint("prepare them when they are back: sadpctl reset prepare --all");
    }
    Ok((inventory, devices))
}

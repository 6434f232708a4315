//! `activate --via http`.

use sadp_ops::{activate, verify::Verification};
use sadp_text::{Announcement, already_active};

use crate::{
    args::{ActivateArgs, Context},
    commands::new_password::NewPassword,
    failure::{Exit, Failure},
    run::Run,
};

pub(super) fn run(
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
    if plan.already_active > 0 {
        run.terminal.note(&already_active(plan.already_active));
    }
    let devices = &plan.selection.devices;
    if args.change.dry_run || devices.is_empty() {
        if !args.change.dry_run {
            plan.record_earlier(&mut run.session)?;
        }
        return run.print_planned(plan.selection.into_outcomes());
    }
    let announcement = if plan.is_v3() {
        Announcement::ACTIVATE_OVER_HTTP_V3
    } else {
        Announcement::ACTIVATE_OVER_HTTP
    };
    run.confirm(&announcement.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let verification = Verification {
            password: &password,
            access: &reached,
        };
        plan.carry_out(session, verification, args.verify.verify, observer)
            .await
    })
}

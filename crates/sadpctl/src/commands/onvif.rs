//! `onvif`: the switch and its user.

use sadp_ops::{
    check::LoginTrial,
    onvif::{self, OnvifSecrets, OnvifSettings},
};
use sadp_text::Announcement;

use super::new_password::NewPassword;
use crate::{
    args::{Context, LoginArgs, LoginChangeArgs, OnvifCommand, OnvifOnArgs},
    failure::{Exit, Failure},
    output,
    run::{self, Run},
    secret::{self, Secret},
};

pub(super) fn run(command: &OnvifCommand, context: Context<'_>) -> Result<Exit, Failure> {
    match command {
        OnvifCommand::Show(args) => show(args, context),
        OnvifCommand::On(args) => set(args.settings(), Some(args), &args.change, context),
        OnvifCommand::Off(args) => {
            let settings = OnvifSettings {
                enable: false,
                user: None,
            };
            set(settings, None, args, context)
        }
    }
}

fn show(args: &LoginArgs, context: Context<'_>) -> Result<Exit, Failure> {
    output::check_outcomes(context.global.format)?;
    let reached = args.reached()?;
    let password = secret::current(args.dry_run, &args.password)?;
    let (run, _, devices) = Run::find_for_http(&args.choice, args.access(), context)?;
    let plan = onvif::plan(&run.session, args.chosen(devices), None)?;
    if args.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    let password = password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let login = LoginTrial::new(&password, args.force.overrides);
        let secrets = OnvifSecrets { login, user: None };
        plan.carry_out(session, &reached, secrets, observer).await
    })
}

fn set(
    wanted: OnvifSettings,
    on: Option<&OnvifOnArgs>,
    args: &LoginChangeArgs,
    context: Context<'_>,
) -> Result<Exit, Failure> {
    run::check(args.change, context.global)?;
    let reached = args.reached()?;
    let password = secret::current(args.change.dry_run, &args.password)?;
    let user_password = on.map(user_password).transpose()?.flatten();
    let (mut run, _, devices) = Run::find_for_http(&args.choice, args.change, context)?;
    let announcement = Announcement::onvif(&wanted);
    let plan = onvif::plan(&run.session, args.chosen(devices), Some(wanted))?;
    let devices = &plan.selection.devices;
    if args.change.dry_run || devices.is_empty() {
        return run.print_planned(plan.into_outcomes());
    }
    run.confirm(&announcement.question(devices), args.change)?;
    let password = password.get(run.terminal)?;
    let user = user_password.map(|it| it.get(run.terminal)).transpose()?;
    run.carry_out(async move |session, observer| {
        let login = LoginTrial::new(&password, args.change.overrides());
        let secrets = OnvifSecrets {
            login,
            user: user.as_ref(),
        };
        plan.carry_out(session, &reached, secrets, observer).await
    })
}

/// The password of the user of ONVIF, where one is named.
fn user_password(args: &OnvifOnArgs) -> Result<Option<NewPassword>, Failure> {
    let Some(user) = &args.user else {
        return Ok(None);
    };
    let (file, change) = (args.user_password_file.as_deref(), args.change.change);
    let pending = Secret::ONVIF.pending(file, change.dry_run)?;
    NewPassword::of(user, pending, change).map(Some)
}

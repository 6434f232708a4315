//! `cameras`, `time` and `onvif`: what is behind a login over HTTP.

use clap::Args;
use sadp_ops::{
    OutcomeData, cameras,
    check::{HttpAccess, LoginTrial},
    onvif::{self, OnvifSecrets, OnvifSettings},
    time::{self, ChosenDevices},
};
use sadp_text::Announcement;

use super::new_password::NewPassword;
use crate::{
    args::{
        ChangeArgs, ChoiceArgs, Context, GlobalArgs, LoginArgs, OnvifCommand, OnvifOnArgs,
        TimeCommand,
    },
    failure::{Exit, Failure},
    output::{self, CameraRow, Outcome},
    run::{self, Purpose, Run},
    secret::{self, PendingSecret, Secret},
};

/// What devices are to be logged in to for, as it is known before they are looked for.
struct Errand<'a> {
    choice: &'a ChoiceArgs,
    purpose: Purpose,
    change: ChangeArgs,
    reached: HttpAccess,
    password: PendingSecret,
}

impl<'a> Errand<'a> {
    /// Checks the arguments, and reads the password where it is given.
    fn read<C>(args: &'a LoginArgs<C>, global: &GlobalArgs) -> Result<Self, Failure>
    where
        C: Args + Copy + Into<ChangeArgs> + Into<Purpose>,
    {
        let change: ChangeArgs = args.change.into();
        run::check(change, global)?;
        Ok(Self {
            choice: &args.choice,
            purpose: args.change.into(),
            change,
            reached: args.http.access(true, args.choice.devices.len())?,
            password: secret::current(change.dry_run, &args.password)?,
        })
    }

    /// Looks for the devices.
    fn find<'r>(&self, context: Context<'r>) -> Result<(Run<'r>, ChosenDevices), Failure> {
        let (run, _, devices) = Run::find_for_http(self.choice, self.purpose, context)?;
        let chosen = ChosenDevices {
            devices,
            overrides: self.change.overrides(),
            named: !self.choice.all,
        };
        Ok((run, chosen))
    }
}

pub(super) fn time(command: &TimeCommand, context: Context<'_>) -> Result<Exit, Failure> {
    let global = context.global;
    let (login, wanted) = match command {
        TimeCommand::Show(args) => (Errand::read(args, global)?, None),
        TimeCommand::Set(args) => {
            let login = Errand::read(&args.change, global)?;
            (login, Some(args.wanted.settings()))
        }
    };
    let (mut run, devices) = login.find(context)?;
    let announcement = wanted.as_ref().map(Announcement::time);
    let plan = time::plan(&run.session, devices, wanted)?;
    if !run.announce(announcement.as_ref(), &plan.selection.devices, login.change)? {
        return run.print_planned(plan.into_outcomes());
    }
    let password = login.password.get(run.terminal)?;
    run.carry_out(async move |session, observer| {
        let trial = LoginTrial::new(&password, login.change.overrides());
        plan.carry_out(session, &login.reached, trial, observer)
            .await
    })
}

pub(super) fn onvif(command: &OnvifCommand, context: Context<'_>) -> Result<Exit, Failure> {
    let global = context.global;
    let (login, wanted, user) = match command {
        OnvifCommand::Show(args) => (Errand::read(args, global)?, None, None),
        OnvifCommand::On(args) => {
            let login = Errand::read(&args.change, global)?;
            (login, Some(args.settings()), user_password(args)?)
        }
        OnvifCommand::Off(args) => {
            let (enable, user) = (false, None);
            let off = OnvifSettings { enable, user };
            (Errand::read(args, global)?, Some(off), None)
        }
    };
    let (mut run, devices) = login.find(context)?;
    let announcement = wanted.as_ref().map(Announcement::onvif);
    let plan = onvif::plan(&run.session, devices, wanted)?;
    if !run.announce(announcement.as_ref(), &plan.selection.devices, login.change)? {
        return run.print_planned(plan.into_outcomes());
    }
    let password = login.password.get(run.terminal)?;
    let user = user.map(|it| it.get(run.terminal)).transpose()?;
    run.carry_out(async move |session, observer| {
        let secrets = OnvifSecrets {
            login: LoginTrial::new(&password, login.change.overrides()),
            user: user.as_ref(),
        };
        plan.carry_out(session, &login.reached, secrets, observer)
            .await
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

pub(super) fn cameras(args: &LoginArgs, context: Context<'_>) -> Result<Exit, Failure> {
    let login = Errand::read(args, context.global)?;
    let (mut run, chosen) = login.find(context)?;
    let plan = cameras::plan(chosen.devices, chosen.named);
    if login.change.dry_run || plan.selection.devices.is_empty() {
        return run.print_planned(plan.selection.into_outcomes());
    }
    let password = login.password.get(run.terminal)?;
    let report = run.block_on(async move |session, observer| {
        let trial = LoginTrial::new(&password, login.change.overrides());
        plan.carry_out(session, &login.reached, trial, observer)
            .await
    })?;
    let listed = report.outcomes.iter().flat_map(|outcome| {
        let cameras = match &outcome.data {
            OutcomeData::Cameras(cameras) => &cameras[..],
            _ => &[],
        };
        let rows = cameras.iter();
        rows.map(|camera| CameraRow::new(&outcome.device, camera))
    });
    let rows: Vec<_> = listed.collect();
    let outcomes: Vec<_> = report.outcomes.into_iter().map(Outcome::from).collect();
    let Context { global, terminal } = run.into_context();
    let failure = report.failure.map(Failure::from);
    output::print_lists(&rows, &outcomes, failure, global.format, terminal)
}
